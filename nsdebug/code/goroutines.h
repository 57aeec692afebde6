/* SPDX-License-Identifier: Apache-2.0 */
/*
 * goroutines - what the copied words of a Go runtime say: its goroutines, and where each is.
 *
 * struct g is another one in each version of Go, so its fields are found, not known: the goid is
 * the word that is another small number in each, behind a word that is a status in each; where its
 * function begins is the word that is the begin of a function in each; and so on. Format: Go's
 * runtime/runtime2.go, of which is used what Go 1.18 to 1.26 have in common. What a goroutine waits
 * for is a number whose words the program has.
 *
 * One that was put aside is walked from where it was (gostack.h), as the runtime does it; one that
 * runs is walked from the registers of its thread, if that was taken on the goroutine's stack. Runs
 * in the parser: every word is the target's, and what does not fit is said not to.
 */
#ifndef NSDEBUG_CODE_GOROUTINES_H
#define NSDEBUG_CODE_GOROUTINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/base/map.h"
#include "nsdebug/code/gostack.h"
#include "nsdebug/code/gotake.h"
#include "nsdebug/code/unwind.h"

#define GO_REASONS_MAX 64u
#define GO_STATE_MAX 48u

/* Which words of struct g are what; 0: not found. */
struct go_layout {
	unsigned int goid, start, parent, locked;
	unsigned int procid;		/* of struct m */
};

struct goroutines {
	const struct process *p;
	const struct process *held;	/* the same with threads taken by a stop, or NULL */
	const struct go_taken *t;
	struct go_layout at;
	struct map threads;		/* by the id that they know themselves */
	char reasons[GO_REASONS_MAX][GO_STATE_MAX];
	size_t nreasons;
	struct unwinder *unwinder, *held_unwinder;
	struct gostack go;
	char why[96];			/* why it has none */
};

struct goroutine {
	uint64_t goid, parent;		/* parent: who created it; 0: not told */
	uint64_t created, start;	/* code: where it was created; its function. 0: not told */
	uint64_t waits_ns;		/* at least; 0: not told */
	bool running, locked, system;
	char state[GO_STATE_MAX + 32];	/* as the runtime has it: "chan receive", "running" */
	const struct go_g *g;
	const struct thread *on;	/* the thread it is on; NULL: none, or not taken */
	char note[96];			/* why it has no frames, or what to know of them */
};

/* False: x->why. held may be NULL. */
bool goroutines_init(struct goroutines *x, const struct process *p, const struct process *held,
		     const struct go_taken *t);
void goroutines_free(struct goroutines *x);
/* The one of t->gs[i]. False: there is none (any more). */
bool goroutines_get(struct goroutines *x, size_t i, struct goroutine *ret);
/* Fills r, and g->note. */
void goroutines_walk(struct goroutines *x, struct goroutine *g, size_t max_frames,
		     struct trace *r);

#endif
