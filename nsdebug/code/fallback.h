/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fallback - the caller of a frame that has no unwind tables, or whose tables want a register that
 * is not known.
 *
 * In this order: its code is followed to its return (sim.h); the frame pointer's chain, which code
 * made at run time keeps; and at last the stack is searched upward. Where words that could be other
 * return addresses stand below the chain's, its answer is certain only if a way through the code
 * comes to the same one; else it is a guess, but a better one than the search's. Whatever comes out
 * as a return
 * address stands behind a call instruction, and if that names its target, the target leads to the
 * frame. A stack is searched for what is certain first: an address behind a call of this very
 * function, or, with nothing in between that could be another frame, where a thread or the program
 * begins. What is found otherwise is a guess, and said to be one: so is what follows from code that
 * may be another function's, which stands behind a call of what never returns.
 */
#ifndef NSDEBUG_CODE_FALLBACK_H
#define NSDEBUG_CODE_FALLBACK_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/code/snapshot.h"
#include "nsdebug/code/unwind.h"

#define SCAN_WORDS 4096u	/* of a stack, that are searched for one frame */
#define SCAN_LOOKS 64u		/* of these, return addresses that are looked into */

struct fallback;

/* What is known of a frame. */
struct at {
	struct regs regs;
	bool exact;		/* as in struct frame */
};

enum fallback_end {
	FALLBACK_FOUND,
	FALLBACK_WHOLE,		/* it is the outermost */
	FALLBACK_REGISTER,	/* *reg would be needed */
	FALLBACK_NONE,
};

struct fallback *fallback_new(const struct process *p);
void fallback_free(struct fallback **f);

/* *method and *guess are how the caller is known. */
enum fallback_end fallback_step(struct fallback *f, const struct thread *t, const struct at *frame,
				struct at *caller, enum method *method, bool *guess,
				unsigned int *reg);

#endif
