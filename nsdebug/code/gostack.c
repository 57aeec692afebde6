/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/gostack.h"

#include <stdio.h>
#include <string.h>

#include "nsdebug/code/pclntab.h"

struct place {
	struct code *code;
	uint64_t bias;
	struct go_func fn;
	char name[80];
};

static bool place_at(const struct process *p, uint64_t addr, struct place *ret)
{
	struct module *m;

	if (!process_code(p, addr, &m, &ret->bias))
		return false;
	ret->code = m->code;
	return pclntab_find(&ret->code->go, &ret->code->elf, addr - ret->bias, &ret->fn) &&
		ret->fn.pcsp;
}

/*
 * Is the stack at its end in this function? What the runtime says of it comes first, then what it
 * knows by name: there are such functions that are marked outermost, but were called nonetheless.
 */
static bool ends(const struct place *at, struct trace *r)
{
	const char *name = at->name;

	if (!strcmp(name, "runtime.sigtramp")) {
		trace_end(r, "handles a signal on a stack of its own");
	} else if (at->fn.top || !strcmp(name, "runtime.mcall")) {
		r->whole = true;
	} else if (at->fn.moves) {
		trace_end(r, "came from another stack, which was not copied: %s", name);
	} else {
		return false;
	}
	return true;
}

/* A fault or a preemption makes it look as if the instruction to be executed next had called. */
static bool is_injected(const struct place *at)
{
	return !strcmp(at->name, "runtime.sigpanic") || !strcmp(at->name, "runtime.asyncPreempt");
}

/* The caller's pc and stack pointer. False: r says why not. */
static bool step(const struct thread *t, const struct place *at, uint64_t *pc, uint64_t *sp,
		 struct trace *r)
{
	uint64_t depth, from;

	if (!pclntab_depth(&at->code->go, &at->code->elf, &at->fn, *pc - at->bias, &depth)) {
		trace_end(r, "Go's table is broken for %s", at->name);
		return false;
	}
	from = *sp + depth;
	if (from < *sp || from + 8 < from || !thread_word(t, from, pc)) {
		trace_end_memory(r, t, from);
		return false;
	}
	*sp = from + 8;
	return true;
}

/* One more frame: at becomes its place. False: the stack ends in the last one. */
static bool next(const struct process *p, const struct thread *t, struct place *at, uint64_t *sp,
		 struct trace *r)
{
	const struct frame *f = &r->frames[r->count - 1];
	/* at a return address the depth is that of the call, which may be the last instruction */
	uint64_t pc = f->pc - !f->exact;
	bool exact;

	if (pclntab_name(&at->code->go, &at->code->elf, &at->fn, at->name, sizeof(at->name)) < 0)
		at->name[0] = '\0';
	if (ends(at, r) || !step(t, at, &pc, sp, r))
		return false;
	exact = is_injected(at);
	if (!place_at(p, pc - !exact, at)) {
		trace_end(r, "return address 0x%llx is not in Go's code", (unsigned long long)pc);
		return false;
	}
	trace_add(r, pc, METHOD_PCSP, exact);
	return true;
}

bool gostack_walk(const struct process *p, const struct thread *t, uint64_t sp, size_t max,
		  struct trace *r)
{
	const struct frame *f = &r->frames[r->count - 1];
	struct place at;

	if (!place_at(p, f->pc - !f->exact, &at))
		return false;
	while (next(p, t, &at, &sp, r)) {
		if (r->count < max)
			continue;
		r->cut = true;
		trace_end(r, "%zu frames are shown (--max-frames)", max);
		break;
	}
	return true;
}
