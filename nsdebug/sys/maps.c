/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/maps.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/map.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/mounts.h"

static bool skip(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

static bool parse_device(const char **p, struct vma *v)
{
	uint64_t major, minor;

	if (!scan_hex(p, &major) || !skip(p, ':') || !scan_hex(p, &minor))
		return false;
	v->major = (uint32_t)major;
	v->minor = (uint32_t)minor;
	return true;
}

/* "55d6-55d8 r-xp 00002000 fe:00 247498      /usr/bin/head"; ends with a newline or a NUL. */
static bool parse_line(const char *p, const char *end, struct vma *v)
{
	if (!scan_hex(&p, &v->start) || !skip(&p, '-') || !scan_hex(&p, &v->end) ||
	    !skip(&p, ' ') || end - p < 5 || v->end <= v->start)
		return false;
	v->read = p[0] == 'r';
	v->write = p[1] == 'w';
	v->exec = p[2] == 'x';
	v->shared = p[3] == 's';
	p += 4;
	if (!skip(&p, ' ') || !scan_hex(&p, &v->offset) || !skip(&p, ' ') ||
	    !parse_device(&p, v) || !skip(&p, ' ') || !scan_u64(&p, &v->inode))
		return false;
	while (p < end && *p == ' ')
		p++;
	v->path = (struct bytes){ p, (size_t)(end - p) };
	return true;
}

void maps_parse(struct maps *m, const char *text, size_t len, struct arena *a)
{
	const char *copy = arena_dup(a, text, len), *stop = copy + len, *end;
	auto_free struct vma *found = NULL;
	size_t n = 0;

	*m = (struct maps){ 0 };
	for (const char *line = copy; line < stop; line = end + 1) {
		struct vma v = { 0 };

		end = memchr(line, '\n', (size_t)(stop - line));
		if (!end)
			end = stop;
		if (!parse_line(line, end, &v) || (n && v.start < found[n - 1].end))
			continue;
		if (n == MAPS_COUNT_MAX) {
			m->cut = true;
			break;
		}
		found = mem_more(found, n);
		found[n++] = v;
	}
	m->items = arena_alloc(a, (n + 1) * sizeof(*m->items));
	if (n)
		memcpy(m->items, found, n * sizeof(*found));
	m->count = n;
}

int maps_read(struct maps *m, int dir, struct arena *a)
{
	auto_buf struct buf b = { 0 };
	int more = fd_read_file(dir, "maps", &b, MAPS_BYTES_MAX);

	*m = (struct maps){ 0 };
	if (more < 0)
		return -1;
	if (b.len)
		maps_parse(m, b.bytes, b.len, a);
	m->cut |= more > 0;
	return 0;
}

const struct vma *maps_find(const struct maps *m, uint64_t addr)
{
	size_t lo = 0, hi = m->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (addr >= m->items[mid].end)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < m->count && addr >= m->items[lo].start ? &m->items[lo] : NULL;
}

/* ---- one after the other ---- */

#define CHUNK (64u << 10)
#define LINE_ROOM (64u << 10)	/* a path has 4096 bytes, four times as many when escaped */

static const struct { const char *key; size_t offset; } uses[] = {
#define U(k, f) { k, offsetof(struct vma_use, f) }
	U("Rss", rss), U("Pss", pss), U("Pss_Dirty", pss_dirty), U("Shared_Clean", shared_clean),
	U("Shared_Dirty", shared_dirty), U("Private_Clean", private_clean),
	U("Private_Dirty", private_dirty), U("Referenced", referenced), U("Anonymous", anon),
	U("KSM", ksm), U("LazyFree", lazy_free), U("AnonHugePages", anon_huge),
	U("ShmemPmdMapped", shmem_huge), U("FilePmdMapped", file_huge),
	U("Shared_Hugetlb", shared_hugetlb), U("Private_Hugetlb", private_hugetlb),
	U("Swap", swap), U("SwapPss", swap_pss), U("Locked", locked),
	U("KernelPageSize", page_size), U("Pss_Anon", pss_anon), U("Pss_File", pss_file),
	U("Pss_Shmem", pss_shmem),
#undef U
};

static uint64_t *use_at(struct vma_use *u, size_t i)
{
	return (uint64_t *)((char *)u + uses[i].offset);
}

static void no_use(struct vma_use *u)
{
	for (size_t i = 0; i < ARRAY_SIZE(uses); i++)
		*use_at(u, i) = UINT64_MAX;
	u->flags[0] = '\0';
}

/* "Rss:                 12 kB", "VmFlags: rd wr mr " */
static void parse_use(const char *line, struct vma_use *u)
{
	const char *colon = strchr(line, ':'), *p = colon ? colon + 1 : NULL;
	size_t len = colon ? (size_t)(colon - line) : 0;
	uint64_t n;

	while (p && *p == ' ')
		p++;
	if (len == 7 && !memcmp(line, "VmFlags", 7)) {
		snprintf(u->flags, sizeof(u->flags), "%s", p);
		for (len = strlen(u->flags); len && u->flags[len - 1] == ' '; len--)
			u->flags[len - 1] = '\0';
		return;
	}
	for (size_t i = 0; len && i < ARRAY_SIZE(uses); i++)
		if (strlen(uses[i].key) == len && !memcmp(line, uses[i].key, len) &&
		    scan_u64(&p, &n) && n <= UINT64_MAX / 1024)
			*use_at(u, i) = n * 1024;
}

int maps_walk_open(struct maps_walk *w, int dir, const char *file)
{
	*w = (struct maps_walk){ .fd = openat(dir, file, O_RDONLY | O_CLOEXEC) };
	buf_reserve(&w->text, CHUNK);
	return w->fd < 0 ? -1 : 0;
}

void maps_walk_close(struct maps_walk *w)
{
	own_close(&w->fd);
	buf_free(&w->text);
	buf_free(&w->path);
	buf_free(&w->ahead_path);
}

static int more_text(struct maps_walk *w)
{
	ssize_t n;

	memmove(w->text.bytes, w->text.bytes + w->at, w->text.len - w->at);
	w->text.len -= w->at;
	w->at = 0;
	buf_reserve(&w->text, CHUNK);
	do
		n = read(w->fd, w->text.bytes + w->text.len, CHUNK);
	while (n < 0 && errno == EINTR);
	if (n > 0)
		w->text.len += (size_t)n;
	return n > 0 ? 1 : (int)n;
}

/* The next line, its newline made a NUL; *ret NULL at the end. One that is too long is cut up. */
static int next_line(struct maps_walk *w, char **ret, size_t *len)
{
	size_t seen = 0;
	char *end;
	int n;

	while (!(end = memchr(w->text.bytes + w->at + seen, '\n', w->text.len - w->at - seen))) {
		seen = w->text.len - w->at;
		n = seen < LINE_ROOM ? more_text(w) : 0;
		if (n < 0)
			return -1;
		if (!n)
			break;
	}
	*ret = w->text.bytes + w->at;
	*len = end ? (size_t)(end - *ret) : w->text.len - w->at;
	if (!end && !*len) {
		*ret = NULL;
		return 0;
	}
	buf_reserve(&w->text, 1);
	*ret = w->text.bytes + w->at;
	(*ret)[*len] = '\0';
	w->at += *len + (end ? 1 : 0);
	return 1;
}

/* The mapping whose line was met becomes the current one. */
static void take_ahead(struct maps_walk *w)
{
	struct buf b = w->path;

	w->path = w->ahead_path;
	w->ahead_path = b;
	w->vma = w->ahead;
	w->vma.path.p = w->path.bytes;
	no_use(&w->use);
	w->has_ahead = false;
}

int maps_walk_next(struct maps_walk *w)
{
	uint64_t after = w->vma.end;
	bool current = false;
	size_t len;
	char *line;
	int n;

	if (w->has_ahead) {
		take_ahead(w);
		current = true;
	}
	while ((n = next_line(w, &line, &len)) > 0) {
		struct vma v = { 0 };

		if (!parse_line(line, line + len, &v)) {
			if (current)
				parse_use(line, &w->use);
			continue;
		}
		if (v.start < (current ? w->vma.end : after))
			continue;
		buf_clear(&w->ahead_path);
		buf_add(&w->ahead_path, v.path.p, v.path.len);
		w->ahead = v;
		w->has_ahead = true;
		if (current)
			return 1;
		take_ahead(w);
		current = true;
	}
	return n < 0 ? -1 : current;
}

int maps_sums(int dir, struct vma_use *ret)
{
	auto_walk struct maps_walk w = { .fd = -1 };
	int n;

	if (maps_walk_open(&w, dir, "smaps_rollup") < 0)
		return -1;
	n = maps_walk_next(&w);
	if (!n)
		errno = ESRCH;
	*ret = w.use;
	return n > 0 ? 0 : -1;
}

static uint64_t known(uint64_t n)
{
	return n == UINT64_MAX ? 0 : n;
}

uint64_t maps_private(const struct vma_use *u)
{
	if (u->private_clean == UINT64_MAX)
		return UINT64_MAX;
	return u->private_clean + known(u->private_dirty) + known(u->private_hugetlb);
}

/* ---- what a mapping is ---- */

static bool begins(const struct vma *v, const char *with)
{
	return v->path.len >= strlen(with) && !memcmp(v->path.p, with, strlen(with));
}

const char *maps_kind(const struct vma *v, const struct map *mounted)
{
	const char *kind;

	if (!v->inode && !v->major && !v->minor) {
		if (!v->path.len || begins(v, "[anon:"))
			return "anon";
		if (begins(v, "[heap]"))
			return "heap";
		return begins(v, "[stack") ? "stack" : "kernel";
	}
	/* the path of a file begins with a slash */
	if (begins(v, "[anon_shmem:"))
		return "shm";
	kind = begins(v, "/memfd:") ? "memfd" :
		begins(v, "/SYSV") || begins(v, "/dev/zero") ? "shm" : "file";
	/* these are on mounts of the kernel's own, which are in no table; files may be called so */
	if (kind[0] != 'f' && map_get(mounted, mounts_device(v->major, v->minor)))
		return "file";
	return kind;
}

int maps_deleted(int dir, const struct vma *v)
{
	char path[64];
	struct statx st;

	snprintf(path, sizeof(path), "map_files/%llx-%llx", (unsigned long long)v->start,
		 (unsigned long long)v->end);
	/* no server is asked; what the kernel knows of the links is enough */
	if (statx(dir, path, AT_STATX_DONT_SYNC, STATX_NLINK, &st) < 0)
		return -1;
	return st.stx_nlink == 0;
}
