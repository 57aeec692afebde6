/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/profile.h"

#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/enter/emit.h"

#define FEW 1024	/* between two looks at the clock */

static const char too_many[] = "[more different stacks than are kept]";

void profile_init(struct profile *p)
{
	*p = (struct profile){ .arena = arena_new() };
	names_init(&p->names);
}

void profile_free(struct profile *p)
{
	map_free(&p->by_place);
	map_free(&p->by_who);
	map_free(&p->by_stack);
	map_free(&p->by_frame);
	map_free(&p->by_node);
	free(p->places);
	free(p->whos);
	free(p->stacks);
	free(p->frames);
	free(p->nodes);
	names_free(&p->names);
	arena_free(&p->arena);
}

/* A map's slots and an array grow by doubling: while they do there are both. And a place gets a
 * name, which has room of its own. */
static bool is_full(const struct profile *p)
{
	return arena_bytes(p->arena) + p->nplaces * 256 + p->nstacks * 96 > PROFILE_BYTES_MAX;
}

/* ---- places ---- */

static bool same_place(const struct profile_place *a, const struct profile_place *b)
{
	return a->kind == b->kind && a->module == b->module && a->at == b->at &&
		a->pid == b->pid && a->euid == b->euid && a->start == b->start &&
		a->mark == b->mark;
}

static uint32_t intern(struct profile *p, const struct profile_place *want)
{
	uint64_t h = map_hash(want->kind + 1, &want->at, sizeof(want->at));
	struct profile_place *first, *l;

	h = map_hash(h, &want->module, sizeof(want->module));
	h = map_hash(h, &want->mark, sizeof(want->mark));
	first = map_get(&p->by_place, h);
	for (l = first; l; l = l->next)
		if (same_place(l, want))
			return l->index;
	if (want->kind != PLACE_MARK && is_full(p))
		return profile_mark(p, too_many);
	l = arena_alloc(p->arena, sizeof(*l));
	*l = *want;
	l->next = first;
	l->index = (uint32_t)p->nplaces;
	map_put(&p->by_place, h, l);
	p->places = mem_more(p->places, p->nplaces);
	p->places[p->nplaces++] = l;
	return l->index;
}

uint32_t profile_place(struct profile *p, enum place_kind kind, struct module *m, uint64_t at)
{
	return intern(p, &(struct profile_place){ .kind = kind, .module = m, .at = at });
}

uint32_t profile_memory(struct profile *p, pid_t pid, uint32_t euid, uint64_t start, uint64_t at,
			const char *none)
{
	return intern(p, &(struct profile_place){ .kind = PLACE_MEMORY, .at = at, .pid = pid,
		      .euid = euid, .start = start, .mark = none });
}

uint32_t profile_mark(struct profile *p, const char *why)
{
	return intern(p, &(struct profile_place){ .kind = PLACE_MARK, .mark = why });
}

/* ---- stacks ---- */

static const struct bytes others = { "[others]", 8 };

const struct profile_who *profile_who(struct profile *p, struct bytes name, uint32_t pid,
				      uint32_t tid)
{
	uint64_t h = map_hash(((uint64_t)pid << 32 | tid) + 1, name.p, name.len);
	struct profile_who *first = map_get(&p->by_who, h), *w;

	for (w = first; w; w = w->next)
		if (w->pid == pid && w->tid == tid && bytes_same(w->name, name))
			return w;
	if (is_full(p) && !bytes_same(name, others))
		return profile_who(p, others, 0, 0);
	w = arena_alloc(p->arena, sizeof(*w));
	w->next = first;
	w->name = (struct bytes){ arena_dup(p->arena, name.p, name.len), name.len };
	w->pid = pid;
	w->tid = tid;
	w->index = (uint32_t)p->nwhos;
	map_put(&p->by_who, h, w);
	p->whos = mem_more(p->whos, p->nwhos);
	p->whos[p->nwhos++] = w;
	return w;
}

static bool same_stack(const struct profile_stack *s, const struct profile_who *who,
		       const uint32_t *places, size_t count)
{
	return s->who == who && s->count == count &&
		!memcmp(s->places, places, count * sizeof(*places));
}

static struct profile_stack *stack_of(struct profile *p, const struct profile_who *who,
				      const uint32_t *places, size_t count)
{
	uint64_t h = map_hash(who->index + 1, places, count * sizeof(*places));
	struct profile_stack *first = map_get(&p->by_stack, h), *s;

	for (s = first; s; s = s->next)
		if (same_stack(s, who, places, count))
			return s;
	s = arena_alloc(p->arena, sizeof(*s) + count * sizeof(*places));
	s->next = first;
	s->who = who;
	s->count = (uint32_t)count;
	memcpy(s->places, places, count * sizeof(*places));
	map_put(&p->by_stack, h, s);
	p->stacks = mem_more(p->stacks, p->nstacks);
	p->stacks[p->nstacks++] = s;
	return s;
}

void profile_add(struct profile *p, const struct profile_who *who, const uint32_t *places,
		 size_t count, uint64_t value)
{
	struct profile_stack *s;
	uint32_t mark;

	if (is_full(p)) {
		p->beyond++;
		mark = profile_mark(p, too_many);
		s = stack_of(p, profile_who(p, others, 0, 0), &mark, 1);
	} else {
		s = stack_of(p, who, places, count);
	}
	s->samples++;
	s->value += value;
	p->samples++;
	p->value += value;
}

/* ---- the tree ---- */

const struct profile_frame *profile_frame_of(const struct profile *p,
					     const struct profile_node *n)
{
	return p->frames[n->frame];
}

static uint32_t child_of(struct profile *p, uint32_t parent, uint32_t frame)
{
	uint64_t key = (uint64_t)parent << 32 | frame;
	uint32_t nr = (uint32_t)(uintptr_t)map_get(&p->by_node, key);

	if (nr)
		return nr;
	nr = (uint32_t)p->nnodes;
	p->nodes = mem_more(p->nodes, p->nnodes);
	p->nodes[p->nnodes++] = (struct profile_node){
		.frame = frame, .parent = parent, .sibling = p->nodes[parent].child,
		.depth = p->nodes[parent].depth + 1,
	};
	p->nodes[parent].child = nr;
	map_put(&p->by_node, key, (void *)(uintptr_t)nr);
	return nr;
}

/* A frame that is there several times, by recursion, counts once. */
static void count_frame(struct profile *p, uint32_t frame, const struct profile_stack *s,
			uint64_t number)
{
	struct profile_frame *f = p->frames[frame];

	if (f->seen != number)
		f->total += s->value;
	f->seen = number;
}

#define SCHEDULER_DEPTH 12

static bool is_called(const struct profile *p, uint32_t place, const char *name)
{
	const struct profile_place *l = p->places[place];

	return l->kind == PLACE_KERNEL && bytes_same(p->frames[l->frame]->name,
						     (struct bytes){ name, strlen(name) });
}

uint32_t profile_first(const struct profile *p, const struct profile_stack *s)
{
	uint32_t first = 0;

	for (uint32_t i = 0; p->waits && i + 1 < s->count && i < SCHEDULER_DEPTH; i++)
		if (is_called(p, s->places[i], "__schedule") ||
		    is_called(p, s->places[i], "schedule"))
			first = i + 1;
	return first;
}

static uint32_t step_to(struct profile *p, uint32_t from, uint32_t frame,
			const struct profile_stack *s)
{
	uint32_t at = child_of(p, from, frame);

	p->nodes[at].total += s->value;
	return at;
}

static void grow(struct profile *p, const struct profile_stack *s, uint64_t number)
{
	bool room = p->nnodes + s->count + 2 <= PROFILE_NODES_MAX || !p->others;
	uint32_t first = profile_first(p, s), frame = 0;
	uint32_t at = step_to(p, 0, room ? s->who->frame : p->others->frame, s);

	p->nodes[0].total += s->value;
	for (uint32_t i = s->count; i-- > first;) {
		frame = p->places[s->places[i]]->frame;
		count_frame(p, frame, s, number);
		if (room)
			at = step_to(p, at, frame, s);
	}
	p->nodes[at].self += s->value;
	p->nodes[at].samples += s->samples;
	if (!room)
		p->beyond += s->samples;
	if (s->count) {
		p->frames[frame]->self += s->value;
		p->frames[frame]->samples += s->samples;
	}
}

static const struct profile *sorted;

static int by_name(const void *a, const void *b)
{
	const struct profile_node *x = &sorted->nodes[*(const uint32_t *)a];
	const struct profile_node *y = &sorted->nodes[*(const uint32_t *)b];
	struct bytes n = sorted->frames[x->frame]->name, m = sorted->frames[y->frame]->name;
	int c = memcmp(n.p, m.p, n.len < m.len ? n.len : m.len);

	if (!c)
		c = (n.len > m.len) - (n.len < m.len);
	return c ? c : (x->frame > y->frame) - (x->frame < y->frame);
}

static void sort_children(struct profile *p, uint32_t parent)
{
	uint32_t *all = NULL;
	size_t n = 0;

	for (uint32_t i = p->nodes[parent].child; i; i = p->nodes[i].sibling) {
		all = mem_more(all, n);
		all[n++] = i;
	}
	if (n > 1) {
		sorted = p;
		qsort(all, n, sizeof(*all), by_name);
		p->nodes[parent].child = all[0];
		for (size_t i = 0; i < n; i++)
			p->nodes[all[i]].sibling = i + 1 < n ? all[i + 1] : 0;
	}
	free(all);
}

static int stacks_order(const void *a, const void *b)
{
	const struct profile_stack *x = *(struct profile_stack *const *)a;
	const struct profile_stack *y = *(struct profile_stack *const *)b;

	return x->value < y->value ? 1 : x->value > y->value ? -1 : 0;
}

void profile_choose(struct profile *p)
{
	uint64_t most = 1;

	for (size_t i = 0; i < p->nstacks; i++)
		most += p->stacks[i]->count + 1;
	if (most <= PROFILE_NODES_MAX)
		return;
	p->others = profile_who(p, others, 0, 0);
	qsort(p->stacks, p->nstacks, sizeof(*p->stacks), stacks_order);
}

static void tick(const struct profile *p, size_t i)
{
	if (p->emit && i % FEW == 0)
		emit_tick(p->emit);
}

void profile_tree(struct profile *p)
{
	p->nodes = mem_more(p->nodes, p->nnodes);
	p->nodes[p->nnodes++] = (struct profile_node){ 0 };
	for (size_t i = 0; i < p->nstacks; i++) {
		grow(p, p->stacks[i], i + 1);
		tick(p, i);
	}
	for (size_t i = 0; i < p->nnodes; i++) {
		sort_children(p, (uint32_t)i);
		tick(p, i);
	}
}

/* ---- the heaviest ---- */

static int frames_order(const void *a, const void *b)
{
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	const struct profile_frame *x = sorted->frames[i], *y = sorted->frames[k];

	if (x->self != y->self)
		return x->self < y->self ? 1 : -1;
	if (x->total != y->total)
		return x->total < y->total ? 1 : -1;
	return i < k ? -1 : i > k;
}

static int nodes_order(const void *a, const void *b)
{
	uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
	const struct profile_node *x = &sorted->nodes[i], *y = &sorted->nodes[k];

	if (x->self != y->self)
		return x->self < y->self ? 1 : -1;
	return i < k ? -1 : i > k;
}

static uint32_t *order(const struct profile *p, size_t count,
		       int (*compare)(const void *a, const void *b))
{
	uint32_t *all = mem_alloc((count + 1) * sizeof(*all));

	for (size_t i = 0; i < count; i++)
		all[i] = (uint32_t)i;
	sorted = p;
	qsort(all, count, sizeof(*all), compare);
	return all;
}

uint32_t *profile_frames_by_self(const struct profile *p)
{
	return order(p, p->nframes, frames_order);
}

uint32_t *profile_nodes_by_self(const struct profile *p)
{
	return order(p, p->nnodes, nodes_order);
}
