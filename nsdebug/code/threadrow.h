/* SPDX-License-Identifier: Apache-2.0 */
/*
 * threadrow - a thread or a goroutine and its stack as a row: what `stack` shows of it, in text and
 * in JSON.
 */
#ifndef NSDEBUG_CODE_THREADROW_H
#define NSDEBUG_CODE_THREADROW_H

#include <stdint.h>

#include "nsdebug/base/str.h"
#include "nsdebug/out/col.h"

struct arena;
struct goroutine;
struct names;
struct process;
struct thread;
struct trace;

struct thread_row {
	uint64_t pid, host_pid, tid, host_tid;
	struct bytes comm, wchan, note, process, thread, doing, tids;
	const char *kind, *state, *how;
	int64_t held_s;
	struct col_rows frames;
	/* goroutines */
	uint64_t order, goid, creator, created_offset, locked, system;
	struct bytes goids, gstate, created_by;
	int64_t wait_s;
};

extern const struct col thread_cols[];

/* What it points to is the arena's, the thread's, or of the names. */
struct thread_row thread_row(const struct process *p, const struct thread *t, struct trace *trace,
			     struct names *names, struct arena *a);
struct thread_row goroutine_row(const struct process *p, const struct goroutine *g,
				struct trace *trace, struct names *names, struct arena *a);

#endif
