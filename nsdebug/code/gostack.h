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

#include "nsdebug/code/unwind.h"

/* Goes on from the last frame of the trace, with the stack pointer that it has, to the end of the
 * stack. False: that frame is not in Go's code. */
bool gostack_walk(const struct process *p, const struct thread *t, uint64_t sp, size_t max,
		  struct trace *r);

#endif
