/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/coreplan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/map.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/sorted.h"
#include "nsdebug/code/snapshot.h"
#include "nsdebug/sys/served.h"

/* Without the heap, of each stack so much; and what else is as small as what the loader keeps of
 * the libraries. */
#define STACK_MAX (1ull << 20)
#define SMALL_MAX (256ull << 10)

static uint64_t or_zero(uint64_t n)
{
	return n == UINT64_MAX ? 0 : n;
}

static bool has_flag(const char *flags, const char *flag)
{
	for (const char *p = flags; *p; p += strcspn(p, " "), p += *p == ' ')
		if (!strncmp(p, flag, 2))
			return true;
	return false;
}

int coreplan_uses(struct core_uses *u, int dir, struct arena *a)
{
	auto_walk struct maps_walk w = { .fd = -1 };
	struct core_use *items = NULL;
	int n = 0;

	*u = (struct core_uses){ 0 };
	if (maps_walk_open(&w, dir, "smaps") < 0)
		return -1;
	while (u->count < MAPS_COUNT_MAX && (n = maps_walk_next(&w)) > 0) {
		items = mem_more(items, u->count);
		items[u->count++] = (struct core_use){
			.start = w.vma.start, .end = w.vma.end, .anon = or_zero(w.use.anon),
			.held = or_zero(w.use.rss) + or_zero(w.use.swap),
			.dontdump = has_flag(w.use.flags, "dd"),
			.device = has_flag(w.use.flags, "io") || has_flag(w.use.flags, "pf"),
			.huge = has_flag(w.use.flags, "ht"),
		};
	}
	u->items = arena_alloc(a, (u->count + 1) * sizeof(*items));
	if (u->count)
		memcpy(u->items, items, u->count * sizeof(*items));
	free(items);
	return n < 0 ? -1 : 0;
}

static const struct core_use *use_of(const struct core_uses *u, const struct vma *v)
{
	size_t low = 0, high = u->count;

	/* the first that ends behind its start */
	while (low < high) {
		size_t mid = (low + high) / 2;

		if (u->items[mid].end <= v->start)
			low = mid + 1;
		else
			high = mid;
	}
	return low < u->count && u->items[low].start < v->end ? &u->items[low] : NULL;
}

bool coreplan_is_new(const struct core_uses *u, const struct maps *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->items[i].read && !use_of(u, &m->items[i]))
			return true;
	return false;
}

uint64_t coreplan_estimate(const struct core_uses *u)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < u->count; i++)
		if (!u->items[i].dontdump && !u->items[i].device)
			sum += u->items[i].anon ? u->items[i].held : CORE_PAGE;
	return sum;
}

static bool is_named(const struct vma *v, const char *name)
{
	return !v->inode && v->path.len == strlen(name) &&
		!memcmp(v->path.p, name, v->path.len);
}

static bool has_stack(const struct vma *v, const uint64_t *sps, size_t nsps)
{
	size_t i = sorted_at(sps, nsps, sizeof(*sps), 0, v->start);

	return i < nsps && sps[i] < v->end;
}

static enum core_what of_file(const struct vma *v, const struct core_use *u,
			      const struct map *mounted)
{
	if (v->shared)
		return strcmp(maps_kind(v, mounted), "file") ? CORE_SHARED : CORE_FILE;
	return (u && u->anon) || v->write ? CORE_DATA : CORE_FILE;
}

struct planner {
	struct core_plan *p;
	const struct core_uses *u;
	const struct core_choice *c;
	struct served *served;
	int dir;
	struct map mounted;
	const uint64_t *sps;
	size_t nsps;
	struct core_segment *out;
	size_t count;
};

static enum core_what what_of(struct planner *p, const struct vma *v)
{
	const struct core_use *u = use_of(p->u, v);

	if ((u && u->device) || is_named(v, "[vsyscall]"))
		return CORE_DEVICE;
	if (u && u->dontdump)
		return CORE_DONTDUMP;
	if (!v->read)
		return CORE_UNREADABLE;
	if (v->inode && served_device(p->served, p->dir, v->major, v->minor))
		return CORE_SERVED;
	if (is_named(v, "[vdso]"))
		return CORE_VDSO;
	if (u && u->huge)
		return CORE_HUGE;
	if (has_stack(v, p->sps, p->nsps))
		return CORE_STACK;
	return v->inode ? of_file(v, u, &p->mounted) : CORE_ANON;
}

static bool is_chosen(const struct planner *p, const struct vma *v, enum core_what what)
{
	switch (what) {
	case CORE_ANON:
		return !p->c->no_heap ||
			(v->end - v->start <= SMALL_MAX && !is_named(v, "[heap]"));
	case CORE_SHARED:
		return !p->c->no_shared && !p->c->no_heap;
	case CORE_HUGE:
		return !p->c->no_huge && !p->c->no_heap && (!v->shared || !p->c->no_shared);
	case CORE_FILE:
		return p->c->files && !p->c->no_heap;
	default:
		return what < CORE_FILE;
	}
}

static void add(struct planner *p, const struct vma *v, uint64_t start, uint64_t end,
		enum core_what what, bool copy)
{
	const struct core_use *u = use_of(p->u, v);

	if (start >= end)
		return;
	p->out = mem_more(p->out, p->count);
	p->out[p->count++] = (struct core_segment){
		.start = start, .end = end, .vma = v, .what = what, .copy = copy,
		.held = u ? u->held : UINT64_MAX,
	};
}

/* Of a mapping with stacks, which may be the whole heap of a Go program, only these. */
static void add_stacks(struct planner *p, const struct vma *v)
{
	uint64_t at = v->start;

	for (size_t i = sorted_at(p->sps, p->nsps, sizeof(*p->sps), 0, v->start);
	     i < p->nsps && p->sps[i] < v->end; i++) {
		uint64_t sp = p->sps[i] - v->start > STACK_RED_ZONE ? p->sps[i] - STACK_RED_ZONE :
			v->start;
		uint64_t from = sp & ~(uint64_t)(CORE_PAGE - 1), to = v->end;

		if (to - from > STACK_MAX)
			to = from + STACK_MAX;
		if (from < at)
			from = at;
		add(p, v, at, from, CORE_ANON, false);
		add(p, v, from, to, CORE_STACK, true);
		if (to > at)
			at = to;
	}
	add(p, v, at, v->end, CORE_ANON, false);
}

static void add_mapping(struct planner *p, const struct vma *v)
{
	enum core_what what = what_of(p, v);
	bool chosen = is_chosen(p, v, what);
	uint64_t head = v->start;

	if (what == CORE_STACK && p->c->no_heap) {
		add_stacks(p, v);
		return;
	}
	if (what == CORE_FILE && !chosen && !v->shared && !v->offset)
		head += CORE_PAGE;
	add(p, v, v->start, head, CORE_HEAD, true);
	add(p, v, head, v->end, what, chosen);
}

void coreplan_make(struct core_plan *plan, const struct maps *m, const struct core_uses *u,
		   const struct core_choice *c, struct served *served, int dir,
		   const uint64_t *sps, size_t nsps, struct arena *a)
{
	struct planner p = { .p = plan, .u = u, .c = c, .served = served, .dir = dir, .sps = sps,
		.nsps = nsps };

	if (served->target)
		mounts_devices(served->target, &p.mounted);
	for (size_t i = 0; i < m->count; i++)
		add_mapping(&p, &m->items[i]);
	plan->count = p.count;
	plan->segments = arena_alloc(a, (p.count + 1) * sizeof(*p.out));
	if (p.count)
		memcpy(plan->segments, p.out, p.count * sizeof(*p.out));
	free(p.out);
	map_free(&p.mounted);
}

uint64_t coreplan_apart(const struct core_plan *p, const char **why)
{
	uint64_t sum = 0;

	*why = NULL;
	for (size_t i = 0; i < p->count; i++) {
		const struct core_segment *s = &p->segments[i];

		if (!s->cut || !s->lost)
			continue;
		sum += s->end - s->start - s->filesz;
		*why = s->lost;
	}
	return sum;
}

const char *coreplan_name(enum core_what what)
{
	static const char *const names[] = {
		[CORE_STACK] = "stacks", [CORE_VDSO] = "vdso",
		[CORE_HEAD] = "first pages of files", [CORE_DATA] = "data of files",
		[CORE_ANON] = "heap, anonymous", [CORE_SHARED] = "shared memory",
		[CORE_HUGE] = "huge pages", [CORE_FILE] = "as in files",
		[CORE_UNREADABLE] = "not readable", [CORE_DONTDUMP] = "MADV_DONTDUMP",
		[CORE_DEVICE] = "devices, kernel", [CORE_SERVED] = "served files",
	};

	return names[what];
}

const char *coreplan_why(enum core_what what, const struct core_choice *c)
{
	static const char *const why[] = {
		[CORE_SHARED] = "--no-shared", [CORE_HUGE] = "--no-huge",
		[CORE_FILE] = "the files have it (--files)",
		[CORE_UNREADABLE] = "without the right to read it",
		[CORE_DONTDUMP] = "the program asked for that",
		[CORE_DEVICE] = "not memory of the process",
		[CORE_SERVED] = "their file system may ask a server",
	};

	if (what <= CORE_FILE && c->no_heap)
		return "--no-heap";
	return why[what] ? why[what] : "";
}
