/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gostack - the frames of a thread that is in Go's code, by pclntab.
 *
 * The table says for every instruction how far the stack pointer is below the return address, so
 * no register but it is needed, and no frame is lost. As the runtime's own traceback (runtime/
 * traceback.go) it ends at functions that are marked outermost, and not otherwise.
 *
 * What runs on a thread's own stack (g0) on behalf of a goroutine was called on the goroutine's
 * stack, which is elsewhere and not copied: systemstack, asmcgocall, morestack. There it ends with
 * a mark. mcall is an end: it gave the goroutine up, and what it calls does not return.
 */
#ifndef NSDEBUG_CODE_GOSTACK_H
#define NSDEBUG_CODE_GOSTACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/base/map.h"
#include "nsdebug/code/unwind.h"

enum go_end {
	GO_CALLED,
	GO_WHOLE,		/* nothing called it: the stack ends here */
	GO_SIGNAL,		/* it handles a signal, on a stack of its own */
	GO_ELSEWHERE,		/* it was called on another stack */
};

/* An instruction of Go's code. */
struct go_place {
	uint64_t entry;		/* of its function, in the process */
	uint64_t depth;		/* bytes from the stack pointer to the return address */
	bool walks;		/* its function has a table of depths */
	bool deep;		/* which says the depth */
	enum go_end end;
	bool injected;		/* what "called" it is executed next: a fault, a preemption */
	char name[80];		/* of the function, shortened; "": none */
};

/* What is known of the code of one process: each address is looked up once. {0} at first. */
struct gostack {
	struct map places;
	struct go_place last;	/* one that is not kept */
};

void gostack_free(struct gostack *g);
/* NULL: it is not in Go's code. Good until the next call. */
const struct go_place *gostack_at(struct gostack *g, const struct process *p, uint64_t addr);
/* Goes on from the last frame of the trace, with the stack pointer that it has, to the end of the
 * stack. False: that frame is not in Go's code. */
bool gostack_walk(struct gostack *g, const struct process *p, const struct thread *t, uint64_t sp,
		  size_t max, struct trace *r);

#endif
