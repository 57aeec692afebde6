/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/cgstat.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/sys/cgset.h"

#define NONE UINT64_MAX
/* v1 has page counts in a long; without a limit that many, in bytes: 0x7ffffffffffff000, and less
 * where pages are larger. */
#define V1_NO_LIMIT 0x7fffffff00000000ull
#define STAT_MAX (64u << 10)

/* ---- numbers and keys ---- */

bool cgstat_parse_number(const char *text, uint64_t *ret)
{
	if (str_prefix(text, "max\n") || str_prefix(text, "-1\n")) {
		*ret = NONE;
		return true;
	}
	if (!scan_u64(&text, ret) || (*text && *text != '\n' && *text != ' '))
		return false;
	if (*ret >= V1_NO_LIMIT)
		*ret = NONE;
	return true;
}

bool cgstat_number(int dir, const char *file, uint64_t *ret)
{
	char text[64];

	return fd_read_at(dir, file, text, sizeof(text)) > 0 && cgstat_parse_number(text, ret);
}

static uint64_t number(int dir, const char *file)
{
	uint64_t n;

	return cgstat_number(dir, file, &n) ? n : NONE;
}

uint64_t cgstat_key(const char *text, const char *key)
{
	size_t len = strlen(key);
	uint64_t n;

	for (const char *line = text; *line;) {
		const char *end = strchrnul(line, '\n'), *p = line + len;

		if ((size_t)(end - line) > len && !memcmp(line, key, len) && *p == ' ')
			return p++, scan_u64(&p, &n) ? n : NONE;
		line = *end ? end + 1 : end;
	}
	return NONE;
}

uint64_t cgstat_file_key(int dir, const char *file, const char *key)
{
	auto_buf struct buf b = { 0 };

	if (fd_read_file(dir, file, &b, STAT_MAX) < 0 || !b.len)
		return NONE;
	return cgstat_key(b.bytes, key);
}

/* ---- memory ---- */

static uint64_t known(uint64_t n)
{
	return n == NONE ? 0 : n;
}

static uint64_t less(uint64_t n, uint64_t by)
{
	return n == NONE ? NONE : n > known(by) ? n - known(by) : 0;
}

static void parse_v1(struct cgmem *m, const char *stat, uint64_t kmem)
{
	/* total_: with the cgroups below, as usage_in_bytes counts */
	m->anon = cgstat_key(stat, "total_rss");
	m->shmem = cgstat_key(stat, "total_shmem");
	m->file = less(cgstat_key(stat, "total_cache"), m->shmem);
	m->kernel = kmem;
	m->inactive_file = cgstat_key(stat, "total_inactive_file");
	m->mapped = cgstat_key(stat, "total_mapped_file");
	m->dirty = cgstat_key(stat, "total_dirty");
	m->writeback = cgstat_key(stat, "total_writeback");
	m->swap = cgstat_key(stat, "total_swap");
}

static const struct { const char *key; size_t offset; } v2_keys[] = {
#define K(k, f) { k, offsetof(struct cgmem, f) }
	K("anon", anon), K("shmem", shmem), K("kernel", kernel), K("sock", sock),
	K("hugetlb", hugetlb), K("kernel_stack", kernel_stack), K("pagetables", page_tables),
	K("slab", slab), K("percpu", percpu), K("vmalloc", vmalloc),
	K("inactive_file", inactive_file), K("file_mapped", mapped), K("file_dirty", dirty),
	K("file_writeback", writeback), K("slab_reclaimable", slab_reclaimable),
#undef K
};

static void parse_v2(struct cgmem *m, const char *stat)
{
	uint64_t parts;

	for (size_t i = 0; i < ARRAY_SIZE(v2_keys); i++)
		*(uint64_t *)((char *)m + v2_keys[i].offset) = cgstat_key(stat, v2_keys[i].key);
	m->file = less(cgstat_key(stat, "file"), m->shmem);
	parts = known(m->kernel_stack) + known(m->page_tables) + known(m->slab) +
		known(m->percpu) + known(m->vmalloc);
	/* the sum is told since Linux 5.18 */
	if (m->kernel == NONE && m->kernel_stack != NONE)
		m->kernel = parts;
	m->kernel_other = less(m->kernel, parts);
}

static void none(struct cgmem *m, bool v2)
{
	memset(m, 0xff, sizeof(*m));
	m->v2 = v2;
}

void cgmem_parse(struct cgmem *m, const char *stat, uint64_t kmem, bool v2)
{
	none(m, v2);
	if (v2)
		parse_v2(m, stat);
	else
		parse_v1(m, stat, kmem);
}

static uint64_t parts_of(const struct cgmem *m)
{
	return known(m->anon) + known(m->file) + known(m->shmem) + known(m->kernel) +
		known(m->sock) + known(m->hugetlb);
}

bool cgmem_rest(struct cgmem *m)
{
	uint64_t parts = parts_of(m);

	m->other = m->usage > parts ? m->usage - parts : 0;
	m->working_set = less(m->usage, m->inactive_file);
	return m->usage >= parts;
}

static int read_parts(struct cgmem *m, int dir, bool v2)
{
	const char *usage = v2 ? "memory.current" : "memory.usage_in_bytes";
	auto_buf struct buf b = { 0 };
	uint64_t before, after;

	errno = ENOENT;
	if (!cgstat_number(dir, usage, &before) ||
	    fd_read_file(dir, "memory.stat", &b, STAT_MAX) < 0)
		return -1;
	cgmem_parse(m, b.len ? b.bytes : "", v2 ? NONE :
		    number(dir, "memory.kmem.usage_in_bytes"), v2);
	m->usage = cgstat_number(dir, usage, &after) ? after : before;
	/* it shrank meanwhile: the parts are of a moment before */
	if (!cgmem_rest(m) && before > m->usage) {
		m->usage = before;
		return cgmem_rest(m);
	}
	return m->usage >= parts_of(m);
}

static void read_events(struct cgmem *m, int dir)
{
	auto_buf struct buf b = { 0 };
	const char *text;

	if (fd_read_file(dir, m->v2 ? "memory.events" : "memory.oom_control", &b, STAT_MAX) < 0 ||
	    !b.len)
		return;
	text = b.bytes;
	m->oom_kills = cgstat_key(text, "oom_kill");
	if (m->v2) {
		m->max_events = cgstat_key(text, "max");
		m->high_events = cgstat_key(text, "high");
		m->oom_events = cgstat_key(text, "oom");
	} else {
		m->max_events = number(dir, "memory.failcnt");
		m->under_oom = cgstat_key(text, "under_oom");
	}
}

#define TRIES 5

int cgmem_read(struct cgmem *m, int dir, bool v2)
{
	int n;

	for (int i = 0; (n = read_parts(m, dir, v2)) == 0 && i < TRIES; i++)
		;
	if (n < 0)
		return -1;
	if (v2) {
		m->swap = number(dir, "memory.swap.current");
		m->peak = number(dir, "memory.peak");
		m->high = number(dir, "memory.high");
		m->low = number(dir, "memory.low");
		m->min = number(dir, "memory.min");
	} else {
		m->peak = number(dir, "memory.max_usage_in_bytes");
		m->soft_limit = number(dir, "memory.soft_limit_in_bytes");
	}
	read_events(m, dir);
	return 0;
}

/* ---- limits ---- */

static uint64_t left(const struct cglimit *l)
{
	return l->limit == NONE ? NONE : less(l->limit, l->use);
}

void cglimit_find(const struct cgset_at *at, const char *limit, const char *use,
		  struct cglimit *smallest, struct cglimit *tightest)
{
	*smallest = *tightest = (struct cglimit){ .limit = NONE, .use = NONE };
	for (unsigned int up = 0; up <= at->depth && up <= CGSET_DEPTH_MAX; up++) {
		auto_close int dir = cgset_level(at, up);
		struct cglimit l = { .up = up };

		if (dir < 0 || !cgstat_number(dir, limit, &l.limit) ||
		    !cgstat_number(dir, use, &l.use))
			continue;
		if (l.limit < smallest->limit)
			*smallest = l;
		if (left(&l) < left(tightest))
			*tightest = l;
	}
}

/* ---- pressure ---- */

/* "12.34" */
static bool scan_percent(const char **p, uint64_t *ret)
{
	uint64_t whole, part;

	if (!scan_u64(p, &whole) || whole > 100 || **p != '.')
		return false;
	(*p)++;
	if (!scan_u64(p, &part) || part > 99)
		return false;
	*ret = whole * 100 + part;
	return true;
}

static bool skip(const char **p, const char *word)
{
	if (!str_prefix(*p, word))
		return false;
	*p += strlen(word);
	return true;
}

/* "some avg10=0.00 avg60=0.00 avg300=0.00 total=0"; the second digit behind the dot is always
 * there. */
static bool parse_line(const char *p, struct psi_line *l)
{
	uint64_t us;

	if (!skip(&p, " avg10=") || !scan_percent(&p, &l->avg10) || !skip(&p, " avg60=") ||
	    !scan_percent(&p, &l->avg60) || !skip(&p, " avg300=") ||
	    !scan_percent(&p, &l->avg300) || !skip(&p, " total=") || !scan_u64(&p, &us))
		return false;
	l->total_ns = us > INT64_MAX / 1000 ? INT64_MAX : (int64_t)us * 1000;
	return true;
}

bool psi_parse(struct psi *p, const char *text)
{
	bool some = false;

	*p = (struct psi){ .some.avg10 = NONE, .full.avg10 = NONE };
	for (const char *line = text; *line;) {
		const char *end = strchrnul(line, '\n'), *rest = line;

		if (skip(&rest, "some"))
			some = parse_line(rest, &p->some);
		else if (skip(&rest, "full") && !parse_line(rest, &p->full))
			p->full.avg10 = NONE;
		line = *end ? end + 1 : end;
	}
	return some;
}

int psi_read(struct psi *p, int dir, const char *file)
{
	char text[512];

	if (fd_read_at(dir, file, text, sizeof(text)) < 0)
		return -1;
	errno = EPROTO;
	return psi_parse(p, text) ? 0 : -1;
}
