/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/limits.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/out/col.h"
#include "nsdebug/out/text.h"
#include "nsdebug/sys/cgstat.h"

#define LLU(n) ((unsigned long long)(n))
#define TIGHT 80	/* percent */
#define FULL 98		/* of what cannot be given back at once */
#define THROTTLED 5	/* percent of the periods */

/* A level of a hierarchy: its directory, and how far above the process's own cgroup it is. */
struct level {
	const struct cgset_at *at;
	unsigned int up;
	int dir;
	bool own, v2;
};

/* ---- a limit ---- */

struct limit limit_new(const char *name, const char *kind, const char *unit)
{
	struct limit l;

	memset(&l, 0xff, sizeof(l));
	l.name = name;
	l.kind = kind;
	l.unit = unit;
	l.state = NULL;
	l.throttled_s = l.stalled_s = NONE_I64;
	l.level = l.note = (struct bytes){ NULL, 0 };
	l.shows_max = true;
	return l;
}

static uint64_t percent_of(uint64_t n, uint64_t of)
{
	if (!of)
		return n ? 100 : 0;
	return (uint64_t)((double)n / (double)of * 100);
}

void limit_judge(struct limit *l)
{
	uint64_t limit = l->soft != NONE_U64 ? l->soft : l->hard;

	if (limit != NONE_U64 && l->use != NONE_U64) {
		l->headroom = limit > l->use ? limit - l->use : 0;
		l->used_percent = percent_of(l->use, limit);
		l->headroom_percent = l->used_percent < 100 ? 100 - l->used_percent : 0;
	}
	if (l->state)
		return;
	l->state = l->used_percent == NONE_U64 || l->used_percent < TIGHT ? "ok" :
		l->headroom ? "tight" : "full";
}

bool limit_is_trouble(const struct limit *l)
{
	return strcmp(l->state, "ok") && strcmp(l->state, "cache") && strcmp(l->state, "unknown");
}

static struct bytes keep(struct limits *s, const struct buf *b)
{
	return (struct bytes){ b->len ? arena_dup(s->arena, b->bytes, b->len) : NULL, b->len };
}

static struct bytes level_name(const struct level *l)
{
	static const char own[] = "container";

	if (!l->own)
		return cgset_path(l->at, l->up);
	return (struct bytes){ own, sizeof(own) - 1 };
}

static void put(struct limits *s, struct limit *row)
{
	limit_judge(row);
	s->found(s->ctx, row);
}

/* ---- levels ---- */

typedef void level_fn(struct limits *s, const struct level *l);

static void each_level_of(struct limits *s, const struct cgset_at *at, level_fn *fn)
{
	for (unsigned int up = 0; up <= at->depth && up <= CGSET_DEPTH_MAX; up++) {
		auto_close int dir = cgset_level(at, up);
		struct level l = { at, up, dir, at->own && !up, !at->controllers[0] };

		s->tick(s->ctx);
		if (dir >= 0)
			fn(s, &l);
	}
}

static void each_level(struct limits *s, const char *controller, level_fn *fn)
{
	const struct cgset_at *at = cgset_find(s->cgroups, controller);

	if (at)
		each_level_of(s, at, fn);
}

/* Where nothing is limited only the container's own level is worth a line. */
static bool read_limit(struct limits *s, const struct level *l, struct limit *row,
		       const char *limit, const char *use)
{
	if (!cgstat_number(l->dir, limit, &row->hard) ||
	    (use && !cgstat_number(l->dir, use, &row->use)) ||
	    (row->hard == NONE_U64 && !l->own))
		return false;
	row->up = l->up;
	row->level = level_name(l);
	return true;
}

static void put_pids(struct limits *s, const struct level *l)
{
	struct limit row = limit_new("pids", "cgroup", "count");
	auto_buf struct buf note = { 0 };

	if (!read_limit(s, l, &row, "pids.max", "pids.current"))
		return;
	row.events = cgstat_file_key(l->dir, "pids.events", "max");
	if (row.events && row.events != NONE_U64)
		buf_addf(&note, "fork refused %llu time%s", LLU(row.events),
			 row.events == 1 ? "" : "s");
	row.note = keep(s, &note);
	put(s, &row);
}

/* ---- memory ---- */

/* What file cache fills. */
enum filled { OF_CACHE = 1, SOFTLY = 2 };

static const struct memory_limit {
	const char *name, *limit, *use;
	unsigned int filled;
} memory_v1[] = {
	{ "memory", "memory.limit_in_bytes", "memory.usage_in_bytes", OF_CACHE },
	{ "memory soft limit", "memory.soft_limit_in_bytes", "memory.usage_in_bytes", SOFTLY },
	{ "memory+swap", "memory.memsw.limit_in_bytes", "memory.memsw.usage_in_bytes", OF_CACHE },
	{ "kernel memory", "memory.kmem.limit_in_bytes", "memory.kmem.usage_in_bytes", 0 },
	{ "tcp memory", "memory.kmem.tcp.limit_in_bytes", "memory.kmem.tcp.usage_in_bytes", 0 },
	{ NULL }
}, memory_v2[] = {
	{ "memory", "memory.max", "memory.current", OF_CACHE },
	{ "memory.high", "memory.high", "memory.current", OF_CACHE },
	{ "swap", "memory.swap.max", "memory.swap.current", 0 },
	{ "zswap", "memory.zswap.max", "memory.zswap.current", 0 },
	{ NULL }
};

/* What can be given back at once is no shortage: the kernel fills every limit with file cache. */
static void judge_cache(struct limit *row, const struct cgmem *m)
{
	uint64_t needed = row->use;

	if (row->hard == NONE_U64 || percent_of(row->use, row->hard) < TIGHT)
		return;
	if (m->inactive_file != NONE_U64)
		needed = row->use > m->inactive_file ? row->use - m->inactive_file : 0;
	row->state = percent_of(needed, row->hard) < TIGHT ? "cache" :
		percent_of(needed, row->hard) < FULL ? "tight" : "full";
}

static void note_memory(struct limits *s, struct limit *row, const struct cgmem *m)
{
	auto_buf struct buf note = { 0 };

	row->events = m->oom_kills;
	if (row->hard != NONE_U64 && row->hard) {
		buf_str(&note, "working set ");
		text_human(&note, m->working_set);
	}
	if (m->max_events && m->max_events != NONE_U64)
		buf_addf(&note, "%slimit hit %llu time%s", note.len ? "; " : "",
			 LLU(m->max_events), m->max_events == 1 ? "" : "s");
	if (m->oom_kills && m->oom_kills != NONE_U64) {
		row->state = "oom";
		buf_addf(&note, "%soom kills: %llu", note.len ? "; " : "", LLU(m->oom_kills));
	}
	if (m->under_oom && m->under_oom != NONE_U64) {
		row->state = "oom";
		buf_addf(&note, "%sout of memory, its processes wait", note.len ? "; " : "");
	}
	row->note = keep(s, &note);
}

static void put_memory(struct limits *s, const struct level *l)
{
	const struct memory_limit *all = l->v2 ? memory_v2 : memory_v1;
	struct cgmem mem;
	bool known = cgmem_read(&mem, l->dir, l->v2) == 0;

	for (const struct memory_limit *m = all; m->name; m++) {
		struct limit row = limit_new(m->name, "cgroup", "bytes");

		if (!read_limit(s, l, &row, m->limit, m->use) ||
		    (m != all && row.hard == NONE_U64))
			continue;
		if (known && m->filled == OF_CACHE)
			judge_cache(&row, &mem);
		else if (m->filled == SOFTLY)
			row.state = "ok";	/* more than that is reclaimed first, no more */
		if (known && m == all)
			note_memory(s, &row, &mem);
		put(s, &row);
	}
}

/* ---- processor ---- */

static uint64_t known(uint64_t n)
{
	return n == NONE_U64 ? 0 : n;
}

static struct limit_cpu read_cpu(struct limits *s, const struct level *l)
{
	const struct cgset_at *acct = cgset_find(s->cgroups, "cpuacct");
	auto_close int dir = l->v2 || !acct ? -1 : cgset_level(acct, l->up);
	uint64_t us = cgstat_file_key(l->dir, "cpu.stat", "throttled_usec");
	struct limit_cpu now = {
		.periods = cgstat_file_key(l->dir, "cpu.stat", "nr_periods"),
		.throttled = cgstat_file_key(l->dir, "cpu.stat", "nr_throttled"),
		.throttled_ns = us != NONE_U64 ? us * 1000 :
			cgstat_file_key(l->dir, "cpu.stat", "throttled_time"),
		.used_ns = NONE_U64,
	};

	us = cgstat_file_key(l->dir, "cpu.stat", "usage_usec");
	if (us != NONE_U64)
		now.used_ns = us * 1000;
	else if (dir >= 0 && !strcmp(acct->path, l->at->path))
		cgstat_number(dir, "cpuacct.usage", &now.used_ns);
	return now;
}

static void remember_cpu(struct limits *s, const struct level *l)
{
	s->before[l->up] = read_cpu(s, l);
}

/* Quota and period in us. */
static bool read_quota(const struct level *l, uint64_t *quota, uint64_t *period)
{
	char text[64];
	const char *p;

	if (!l->v2)
		return cgstat_number(l->dir, "cpu.cfs_quota_us", quota) &&
			cgstat_number(l->dir, "cpu.cfs_period_us", period) && *period;
	if (fd_read_at(l->dir, "cpu.max", text, sizeof(text)) <= 0 || !(p = strchr(text, ' ')))
		return false;
	*quota = NONE_U64;
	p++;
	return (str_prefix(text, "max ") || cgstat_parse_number(text, quota)) &&
		scan_u64(&p, period) && *period;
}

static void judge_cpu(struct limits *s, struct limit *row, const struct limit_cpu *now,
		      const struct limit_cpu *from)
{
	auto_buf struct buf note = { 0 };
	uint64_t throttled = known(now->throttled) - known(from->throttled);

	row->periods = known(now->periods) - known(from->periods);
	row->events = throttled;
	row->throttled_s = (int64_t)(known(now->throttled_ns) - known(from->throttled_ns));
	if (!row->periods)
		return;
	row->throttled_percent = throttled * 100 / row->periods;
	/* once at the start is what a quota is for */
	if (row->throttled_percent >= THROTTLED && (throttled > 2 || s->sampled_ns))
		row->state = "throttled";
	if (throttled)
		buf_addf(&note, "throttled in %llu %% of %llu periods, threads waited %.3g s",
			 LLU(row->throttled_percent), LLU(row->periods),
			 (double)row->throttled_s / 1e9);
	row->note = keep(s, &note);
}

static void put_cpu(struct limits *s, const struct level *l)
{
	struct limit row = limit_new("cpu", "cgroup", "millicpu");
	struct limit_cpu now = read_cpu(s, l), from = { 0 };
	uint64_t quota, period;

	if (!read_quota(l, &quota, &period) || (quota == NONE_U64 && !l->own))
		return;
	row.up = l->up;
	row.level = level_name(l);
	if (quota != NONE_U64)
		row.hard = (uint64_t)((double)quota * 1000 / (double)period);
	if (s->sampled_ns) {
		from = s->before[l->up];
		if (now.used_ns != NONE_U64 && from.used_ns != NONE_U64)
			row.use = (uint64_t)((double)(now.used_ns - from.used_ns) * 1000 /
					     (double)s->sampled_ns);
	}
	judge_cpu(s, &row, &now, &from);
	put(s, &row);
}

static void put_weight(struct limits *s, const struct level *l)
{
	struct limit row = limit_new(l->v2 ? "cpu.weight" : "cpu.shares", "cgroup", "count");
	auto_buf struct buf note = { 0 };

	if (!l->own || !cgstat_number(l->dir, row.name, &row.use))
		return;
	row.up = l->up;
	row.level = level_name(l);
	buf_addf(&note, "share when processors are short; %d is the default", l->v2 ? 100 : 1024);
	row.note = keep(s, &note);
	row.shows_max = false;
	put(s, &row);
}

/* "0-3,8": how many. */
static uint64_t count_list(const char *p)
{
	uint64_t n = 0, from, to;

	for (; scan_u64(&p, &from); p += *p == ',') {
		to = from;
		if (*p == '-' && (p++, !scan_u64(&p, &to)))
			break;
		n += to >= from && to - from < 1u << 16 ? to - from + 1 : 0;
	}
	return n;
}

static void read_list(int dir, const char *v2, const char *v1, char *text, size_t room)
{
	if (fd_read_at(dir, v2, text, room) <= 0 && fd_read_at(dir, v1, text, room) <= 0)
		text[0] = '\0';
	text[strcspn(text, "\n")] = '\0';
}

static void put_cpuset(struct limits *s, const struct level *l)
{
	struct limit row = limit_new("cpuset", "cgroup", "count");
	char cpus[1024], mems[1024];
	auto_buf struct buf note = { 0 };

	if (!l->own)
		return;
	read_list(l->dir, "cpuset.cpus.effective", "cpuset.effective_cpus", cpus, sizeof(cpus));
	read_list(l->dir, "cpuset.mems.effective", "cpuset.effective_mems", mems, sizeof(mems));
	if (!cpus[0])
		return;
	row.up = l->up;
	row.level = level_name(l);
	row.hard = count_list(cpus);
	buf_addf(&note, "processors %s, memory nodes %s", cpus, mems);
	row.note = keep(s, &note);
	row.shows_max = false;
	put(s, &row);
}

/* ---- disks, huge pages ---- */

/* One limit of one disk: "8:0", "read_bps". */
static void put_disk(struct limits *s, const struct level *l, const char *disk, size_t len,
		     const char *what, const char *unit, uint64_t limit)
{
	struct limit row = limit_new(NULL, "cgroup", unit);
	auto_buf struct buf name = { 0 };

	buf_addf(&name, "io %s %.*s", what, (int)len, disk);
	row.name = keep(s, &name).p;
	row.hard = limit;
	row.up = l->up;
	row.level = level_name(l);
	put(s, &row);
}

/* Lines "8:0 1048576" of v1. */
static void put_disks_v1(struct limits *s, const struct level *l, const char *file,
			 const char *what, const char *unit)
{
	auto_buf struct buf b = { 0 };

	if (fd_read_file(l->dir, file, &b, 64 << 10) < 0 || !b.len)
		return;
	for (const char *line = b.bytes; *line; line += *line == '\n') {
		const char *p = line + strcspn(line, " \n");
		size_t len = (size_t)(p - line);
		uint64_t n;

		if (*p++ == ' ' && scan_u64(&p, &n))
			put_disk(s, l, line, len, what, unit, n);
		line += strcspn(line, "\n");
	}
}

/* Lines "8:0 rbps=1048576 wbps=max riops=max wiops=max" of v2. */
static void put_disks_v2(struct limits *s, const struct level *l, const char *key,
			 const char *what, const char *unit)
{
	auto_buf struct buf b = { 0 };

	if (fd_read_file(l->dir, "io.max", &b, 64 << 10) < 0 || !b.len)
		return;
	for (const char *line = b.bytes; *line; line += *line == '\n') {
		const char *end = line + strcspn(line, "\n"), *p = strstr(line, key);
		uint64_t n;

		if (p && p < end && (p += strlen(key), scan_u64(&p, &n)))
			put_disk(s, l, line, strcspn(line, " "), what, unit, n);
		line = end;
	}
}

static void put_io(struct limits *s, const struct level *l)
{
	static const struct { const char *v1, *v2, *what, *unit; } kinds[] = {
		{ "blkio.throttle.read_bps_device", " rbps=", "read", "bytes" },
		{ "blkio.throttle.write_bps_device", " wbps=", "write", "bytes" },
		{ "blkio.throttle.read_iops_device", " riops=", "reads", "count" },
		{ "blkio.throttle.write_iops_device", " wiops=", "writes", "count" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		(l->v2 ? put_disks_v2 : put_disks_v1)(s, l, l->v2 ? kinds[i].v2 : kinds[i].v1,
						      kinds[i].what, kinds[i].unit);
}

static void put_huge_pages(struct limits *s, const struct level *l)
{
	static const char *const sizes[] = { "64KB", "1MB", "2MB", "16MB", "32MB", "512MB", "1GB",
		"2GB", "16GB" };

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		struct limit row = limit_new(NULL, "cgroup", "bytes");
		char limit[48], use[48], events[48];

		snprintf(limit, sizeof(limit), l->v2 ? "hugetlb.%s.max" :
			 "hugetlb.%s.limit_in_bytes", sizes[i]);
		snprintf(use, sizeof(use), l->v2 ? "hugetlb.%s.current" :
			 "hugetlb.%s.usage_in_bytes", sizes[i]);
		snprintf(events, sizeof(events), "hugetlb.%s.events", sizes[i]);
		if (!read_limit(s, l, &row, limit, use) || (row.hard == NONE_U64 && !row.use))
			continue;
		row.name = arena_dup(s->arena, limit, strlen("hugetlb.") + strlen(sizes[i]));
		row.events = cgstat_file_key(l->dir, events, "max");
		put(s, &row);
	}
}

/* ---- all of it ---- */

void limits_sample(struct limits *s)
{
	each_level(s, "cpu", remember_cpu);
}

void limits_of_cgroups(struct limits *s)
{
	each_level(s, "pids", put_pids);
	each_level(s, "memory", put_memory);
	each_level(s, "cpu", put_cpu);
	each_level(s, "cpu", put_weight);
	each_level(s, "cpuset", put_cpuset);
	each_level(s, "blkio", put_io);
	each_level(s, "hugetlb", put_huge_pages);
}

/* ---- pressure ---- */

#define SOME_IS_BAD 2000	/* hundredths of a percent of the last 10 s */
#define FULL_IS_BAD 1000

static void put_line(struct limits *s, const struct level *l, const char *name,
		     const struct psi_line *line, uint64_t bad)
{
	struct limit row = limit_new(name, "pressure", "percent");
	auto_buf struct buf note = { 0 };

	if (line->avg10 == NONE_U64)
		return;
	row.use = row.avg10 = (line->avg10 + 50) / 100;
	row.avg60 = (line->avg60 + 50) / 100;
	row.avg300 = (line->avg300 + 50) / 100;
	row.stalled_s = line->total_ns;
	row.state = line->avg10 >= bad ? "pressure" : "ok";
	row.shows_max = false;
	row.up = l->up;
	row.level = level_name(l);
	buf_addf(&note, "of the last 10 s; 60 s: %llu%%, 300 s: %llu%%", LLU(row.avg60),
		 LLU(row.avg300));
	row.note = keep(s, &note);
	put(s, &row);
}

static void put_no_pressure(struct limits *s, const char *why)
{
	struct limit row = limit_new("pressure", "pressure", "percent");

	row.state = "unknown";
	row.shows_max = false;
	row.note = (struct bytes){ why, strlen(why) };
	put(s, &row);
}

void limits_of_pressure(struct limits *s)
{
	static const struct { const char *file, *some, *full; } kinds[] = {
		{ "cpu.pressure", "cpu.pressure some", "cpu.pressure full" },
		{ "memory.pressure", "memory.pressure some", "memory.pressure full" },
		{ "io.pressure", "io.pressure some", "io.pressure full" },
	};
	const struct cgset_at *at = cgset_v2(s->cgroups);
	struct level l = { at, 0, at ? at->dir : -1, at && at->own, true };

	if (!l.own) {
		put_no_pressure(s, "not told: the kernel counts it by cgroup v2, and the container "
				"has none of its own");
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		struct psi p;

		if (psi_read(&p, l.dir, kinds[i].file) < 0) {
			put_no_pressure(s, errno == EOPNOTSUPP ?
					"not told: switched off, the kernel wants psi=1" :
					"not told: this kernel has no CONFIG_PSI, or it is "
					"switched off");
			return;
		}
		put_line(s, &l, kinds[i].some, &p.some, SOME_IS_BAD);
		put_line(s, &l, kinds[i].full, &p.full, FULL_IS_BAD);
	}
}

/* ---- freezer ---- */

static bool is_frozen(const struct level *l)
{
	char text[256];

	if (fd_read_at(l->dir, l->v2 ? "cgroup.events" : "freezer.state", text,
		       sizeof(text)) <= 0)
		return false;
	return l->v2 ? cgstat_key(text, "frozen") == 1 : !str_prefix(text, "THAWED");
}

/* Is it this level that asks for it? The ones below only inherit. */
static bool freezes(const struct level *l)
{
	uint64_t n;

	return cgstat_number(l->dir, l->v2 ? "cgroup.freeze" : "freezer.self_freezing", &n) && n;
}

static void put_frozen(struct limits *s, const struct level *l)
{
	struct limit row = limit_new("freezer", "state", "count");
	static const char note[] = "frozen: its processes do not run";

	if (!freezes(l) || !is_frozen(l))
		return;
	row.state = "frozen";
	row.shows_max = false;
	row.up = l->up;
	row.level = level_name(l);
	row.note = (struct bytes){ note, sizeof(note) - 1 };
	put(s, &row);
}

void limits_of_freezer(struct limits *s)
{
	const struct cgset_at *v1 = cgset_find(s->cgroups, "freezer"), *v2 = cgset_v2(s->cgroups);

	if (v1)
		each_level_of(s, v1, put_frozen);
	if (v2 && v2 != v1)
		each_level_of(s, v2, put_frozen);
}
