/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stacks - what stood on the stack of the thread that an event is about.
 *
 * The programs copy registers and the upper end of the stack at the event, which costs the thread a
 * moment and stops nobody. Where code is, and its files, the mapper (mapper.h) tells, once for a
 * program that a process runs and again when other code is mapped; unwinding and names are
 * code/'s, in this sealed child. A process that ends before the mapper looked has only addresses.
 * Of events that come with its end the look must come before: programs that tell of code that is
 * mapped (bpf/looking.h) give the occasion. Before or after, an address to which other code may
 * have come between the two (changed.h) is not named by it.
 */
#ifndef NSDEBUG_TRACE_STACKS_H
#define NSDEBUG_TRACE_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/change.h"
#include "bpf/shared.h"
#include "nsdebug/base/map.h"
#include "nsdebug/code/frames.h"
#include "nsdebug/code/snapshot.h"
#include "nsdebug/code/unwind.h"
#include "nsdebug/trace/tracer.h"

struct emit;
struct err;
struct layout;
struct mapped;

struct stacks_opts {
	bool on;
	uint64_t bytes;		/* 0: a default */
};

/* What the options of a trace that has stacks begin with. */
struct stacked_opts {
	struct tracer_opts tracer;
	struct stacks_opts stacks;
};

/* The columns, of a row with these fields, or with them in its `base`. */
#define STACKS_COLS(s) STACKS_COLS_(COL, s)
#define STACKS_BASE_COLS(s) STACKS_COLS_(COL_BASE, s)
#define STACKS_COLS_(col, s) \
	col(COL_ROWS, s, frames, COL_HIDE, "with --stack: innermost first", .sub = frame_cols), \
	col(COL_BYTES, s, frames_end, COL_HIDE, "why the frames end early; null: they do not")

#define STACKS_OPTS(s) \
	OPT(0, "stack", OPT_FLAG, s, stacks.on, NULL, \
	    "the call stack of each event's thread, by its mappings as read a moment later"), \
	OPT(0, "stack-bytes", OPT_SIZE, s, stacks.bytes, "SIZE", \
	    "bytes copied of a stack at most, up to 64K (16K); implies --stack")

struct stacks {
	/* In the programs' memory; NULL: it would cost too much (trace/prof.h), and what has
	 * changed is only seen by how much code is mapped. */
	const volatile struct change_log *log;
	uint64_t checked;	/* the latest of the log when what is kept was compared with it */
	uint64_t again;		/* when some of it is to be compared at the latest; 0: no time */
	bool full;	/* the mapper tells no more, which was said */
	bool asked;	/* since it was last made false: that took time */
	int peer;		/* to the mapper; -1: there is none (any more) */
	struct snapshot s;	/* modules */
	struct map processes;	/* struct mapped, by host pid */
	struct mapped *newest, *oldest;	/* of these, by when they were last wanted */
	size_t bytes;		/* that these take */
	struct map kept;	/* struct kept, by host tid */
	size_t kept_bytes;
	struct names apart;	/* of a row whose frames end where code has changed */
	struct arena *row;	/* of the row that is being made */
};

/* For struct tool: a mapper is wanted. The options begin with struct stacked_opts. */
bool stacks_mapper(const void *opts);

/* For setup(): what a table shows with stacks, if it is not said which columns. The options begin
 * with struct stacked_opts. */
void stacks_fields(const void *opts, struct layout *l, const char *fields);

/* ST_REFUSED if this kernel's programs are not told registers. Before the seal. */
int stacks_possible(struct err *e);

/* The programs' stack_bytes: 0: none. */
uint32_t stacks_bytes(const struct stacks_opts *o);

void stacks_init(struct stacks *k, int peer, struct emit *emit);
/* A struct thread_stack of the ring, len bytes: kept for the event that follows; or, without a
 * tid, the occasion to ask where the code of that process is. */
void stacks_keep(struct stacks *k, const struct thread_stack *s, size_t len);
/* To be called often: notes of what is kept what the log says, which forgets. */
void stacks_check(struct stacks *k);
/* This process has ended, and its last event was shown. */
void stacks_forget(struct stacks *k, uint32_t pid);
/* The frames for the event of this thread at this time, and why they end early, or nothing; both
 * live until the next call. Empty: there are none. */
struct col_rows stacks_frames(struct stacks *k, uint32_t tid, uint64_t when, struct bytes *end);
/* The same without names, for who folds them: false if there are none. `interrupted`: the thread
 * may have been anywhere, not behind a system call. free() the frames; the process lives until the
 * next call. */
bool stacks_trace(struct stacks *k, uint32_t tid, uint64_t when, bool interrupted,
		  struct trace *ret, const struct process **process);
/* Of this thread nothing need be kept any more. */
void stacks_drop(struct stacks *k, uint32_t tid);
void stacks_free(struct stacks *k);

#endif
