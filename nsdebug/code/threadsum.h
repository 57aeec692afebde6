/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threadsum - what all threads come to: the last line of `stack`, and what its rounds add up.
 */
#ifndef NSDEBUG_CODE_THREADSUM_H
#define NSDEBUG_CODE_THREADSUM_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/base/str.h"
#include "nsdebug/out/col.h"

struct buf;
struct emit;
struct process;
struct thread;
struct trace;

struct thread_sum {
	uint64_t threads, taken, stopped, longest;
	uint64_t cut, missed;	/* stacks cut by a limit; living threads not taken */
	uint64_t go, goroutines, lost;	/* processes of Go; those shown; without frames */
	uint64_t apart;		/* processes that were to be held at once, and were not */
	uint64_t over;		/* rounds that reached a limit of the snapshot */
};

extern const struct col thread_sum_cols[];

/* From one round to the next. */
void thread_sum_put(struct buf *b, const struct thread_sum *t);
bool thread_sum_get(struct bytes *in, struct thread_sum *t);
/* A thread. What is incomplete in it counts if it is shown (emit_row()). */
void thread_sum_add(struct thread_sum *sum, const struct process *p, const struct thread *t,
		    const struct trace *trace, bool shown);
/* goroutines: they were asked for; at_once: threads of a process were stopped together; core: they
 * are a core's. */
void thread_sum_emit(struct emit *e, const struct thread_sum *t, bool goroutines, bool at_once,
		     bool core);
/* Says what is missing in it. */
void thread_sum_cuts(struct emit *e, const struct thread_sum *t);

#endif
