/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/gostack.h"

#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/code/pclntab.h"

#define PLACES_MAX 16384u	/* that are kept; a program's stacks have some hundreds */

/*
 * Is the stack at its end in this function? What the runtime says of it comes first, then what it
 * knows by name: there are such functions that are marked outermost, but were called nonetheless.
 */
static enum go_end end_of(const struct go_func *fn, const char *name)
{
	if (!strcmp(name, "runtime.sigtramp"))
		return GO_SIGNAL;
	if (fn->top || !strcmp(name, "runtime.mcall"))
		return GO_WHOLE;
	return fn->moves ? GO_ELSEWHERE : GO_CALLED;
}

static bool look_up(const struct process *p, uint64_t addr, struct go_place *ret)
{
	struct module *m;
	struct go_func fn;
	uint64_t bias;
	struct code *c;

	if (!process_code(p, addr, &m, &bias))
		return false;
	c = m->code;
	if (!pclntab_find(&c->go, &c->elf, addr - bias, &fn))
		return false;
	*ret = (struct go_place){ .entry = fn.entry + bias, .walks = fn.pcsp };
	if (pclntab_name(&c->go, &c->elf, &fn, ret->name, sizeof(ret->name)) < 0)
		ret->name[0] = '\0';
	ret->end = end_of(&fn, ret->name);
	/* A fault or a preemption makes it look as if the instruction to be executed next had
	 * called. */
	ret->injected = !strcmp(ret->name, "runtime.sigpanic") ||
		!strcmp(ret->name, "runtime.asyncPreempt");
	ret->deep = pclntab_depth(&c->go, &c->elf, &fn, addr - bias, &ret->depth);
	return true;
}

const struct go_place *gostack_at(struct gostack *g, const struct process *p, uint64_t addr)
{
	struct go_place *at = map_get(&g->places, addr);

	if (at)
		return at;
	if (!look_up(p, addr, &g->last))
		return NULL;
	if (g->places.used >= PLACES_MAX)
		return &g->last;
	at = mem_alloc(sizeof(*at));
	*at = g->last;
	map_put(&g->places, addr, at);
	return at;
}

void gostack_free(struct gostack *g)
{
	map_each(&g->places, free);
	map_free(&g->places);
}

static bool ends(const struct go_place *at, struct trace *r)
{
	if (at->end == GO_SIGNAL)
		trace_end(r, "handles a signal on a stack of its own");
	else if (at->end == GO_ELSEWHERE)
		trace_end(r, "came from another stack, which was not copied: %s", at->name);
	else
		r->whole = at->end == GO_WHOLE;
	r->ended = at->end != GO_CALLED;
	return r->ended;
}

/* The caller's pc and stack pointer. False: r says why not. */
static bool step(const struct thread *t, const struct go_place *at, uint64_t *pc, uint64_t *sp,
		 struct trace *r)
{
	uint64_t from = *sp + at->depth;

	if (!at->deep) {
		trace_end(r, "Go's table is broken for %s", at->name);
		return false;
	}
	if (from < *sp || from + 8 < from || !thread_word(t, from, pc)) {
		trace_end_memory(r, t, from);
		return false;
	}
	*sp = from + 8;
	return true;
}

/* Where a walk can go on. */
static const struct go_place *place_at(struct gostack *g, const struct process *p, uint64_t addr)
{
	const struct go_place *at = gostack_at(g, p, addr);

	return at && at->walks ? at : NULL;
}

/* One more frame, and its place. NULL: the stack ends in the last one. */
static const struct go_place *next(struct gostack *g, const struct process *p,
				   const struct thread *t, const struct go_place *at, uint64_t *sp,
				   struct trace *r)
{
	bool exact;
	uint64_t pc;

	if (ends(at, r) || !step(t, at, &pc, sp, r))
		return NULL;
	exact = at->injected;
	at = place_at(g, p, pc - !exact);
	if (at)
		trace_add(r, pc, METHOD_PCSP, exact);
	else
		trace_end(r, "return address 0x%llx is not in Go's code", (unsigned long long)pc);
	return at;
}

bool gostack_walk(struct gostack *g, const struct process *p, const struct thread *t, uint64_t sp,
		  size_t max, struct trace *r)
{
	const struct frame *f = &r->frames[r->count - 1];
	/* at a return address the depth is that of the call, which may be the last instruction */
	const struct go_place *at = place_at(g, p, f->pc - !f->exact);

	if (!at)
		return false;
	while ((at = next(g, p, t, at, &sp, r))) {
		if (r->count < max)
			continue;
		r->cut = true;
		trace_end(r, "%zu frames are shown (--max-frames)", max);
		break;
	}
	return true;
}
