/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk - for the fuzzers of stacks: one program's code and stack of which every byte is hostile.
 *
 * A stack is written in steps of three bytes: words that begin with 'C' stand for addresses in the
 * code, those with 'S' for such in the stack. Whatever it is, each stack ends, says how, and is the
 * same when it is walked again.
 */
#ifndef TESTS_FUZZ_WALK_H
#define TESTS_FUZZ_WALK_H

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/code/snapshot.h"
#include "nsdebug/code/unwind.h"
#include "nsdebug/code/work.h"

#define TEXT 0x400000u
#define STACK_AT 0x7f0000000000ull
#define STACK_WORDS 512u
#define FRAMES_MAX 64
#define WORK_LEFT (1u << 20)	/* that much is allowed: an endless expression ends soon */

struct program {
	struct elf_load load;
	struct code code;
	struct module module, *of[1];
	struct vma vma;
	struct process process;
	uint64_t stack[STACK_WORDS];
	size_t words;
};

static inline void program_init(struct program *p, const uint8_t *image, size_t len)
{
	*p = (struct program){ 0 };
	p->load = (struct elf_load){ .vaddr = TEXT, .filesz = len, .memsz = len, .exec = true };
	p->code.elf = (struct elf){ .fd = -1, .bytes = image, .size = len, .sections = true,
		.machine = EM_X86_64, .entry = TEXT, .loads = &p->load, .load_count = 1 };
	p->module = (struct module){ .fd = -1, .code = &p->code };
	p->of[0] = &p->module;
	p->vma = (struct vma){ .start = TEXT, .end = TEXT + 0x10000, .read = true, .exec = true };
	p->process = (struct process){ .maps = { .items = &p->vma, .count = 1 },
		.modules = p->of };
}

static inline void program_stack(struct program *p, const uint8_t *bytes, size_t len)
{
	p->words = len / 3 < STACK_WORDS ? len / 3 : STACK_WORDS;
	for (size_t i = 0; i < p->words; i++) {
		const uint8_t *at = bytes + 3 * i;
		uint64_t low = at[1] | (uint64_t)at[2] << 8;

		p->stack[i] = at[0] == 'C' ? TEXT + low : at[0] == 'S' ? STACK_AT + low : low;
	}
}

static inline struct thread program_thread(const struct program *p, enum how how, uint32_t known)
{
	return (struct thread){ .how = how, .stack = (const uint8_t *)p->stack,
		.stack_at = STACK_AT, .stack_len = 8 * p->words, .regs = { .known = known } };
}

static inline void walk_once(struct program *p, const struct thread *t, struct trace *r)
{
	struct unwinder *u = unwinder_new(&p->process);

	work = (struct work){ .since = clock_ns(), .done = WORK_MAX - WORK_LEFT };
	cfi_free(&p->code.cfi);
	unwind_thread(u, t, FRAMES_MAX, r);
	unwinder_free(&u);
	if (!r->count || r->count > FRAMES_MAX || (!r->whole && !r->end[0]) ||
	    (!work.round && work.done > WORK_MAX))
		abort();
}

static inline void check_frame(const struct trace *r, size_t i, const struct trace *other)
{
	const struct frame *a = &r->frames[i], *b = &other->frames[i];

	if (a->pc != b->pc || a->method != b->method || a->exact != b->exact ||
	    a->guess != b->guess)
		abort();
	/* what follows from a guess is one */
	if (i && r->frames[i - 1].guess && !a->guess)
		abort();
}

static inline void walk(struct program *p, const struct thread *t)
{
	struct trace r, again;

	walk_once(p, t, &r);
	walk_once(p, t, &again);
	/* a machine that stood still in between has given one of them more work */
	if (!work.round) {
		if (r.count != again.count || r.whole != again.whole || r.cut != again.cut ||
		    r.want_regs != again.want_regs || strcmp(r.end, again.end) ||
		    strcmp(r.lost, again.lost))
			abort();
		for (size_t i = 0; i < r.count; i++)
			check_frame(&r, i, &again);
	}
	free(r.frames);
	free(again.frames);
}

#endif
