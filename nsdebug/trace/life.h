/* SPDX-License-Identifier: Apache-2.0 */
/*
 * life - events of bpf/life.bpf.c: processes that begin, end, get signals, run out of memory, are
 * asked for capabilities.
 */
#ifndef NSDEBUG_TRACE_LIFE_H
#define NSDEBUG_TRACE_LIFE_H

#include "bpf/life.h"
#include "nsdebug/trace/capable.h"
#include "nsdebug/trace/stacks.h"
#include "nsdebug/trace/tracer.h"

/* The event as the programs wrote it; it lives until the function returns. */
typedef void life_fn(void *ctx, const struct life_event *e);

struct life_trace {
	struct tracer tracer;
	enum life_kind kind;
	life_fn *fn;
	void *ctx;
	uint32_t stack_bytes;	/* 0: no stacks */
	struct stacks stacks;
	/* LIFE_CAP: what is wanted, and how the kernel tells of it */
	bool cap_count, cap_all;
	struct capable capable;
};

/* Loads and attaches what this kind needs, seals the child, and calls l->fn for each event until
 * the end. What goes wrong is emitted. The options begin with struct stacked_opts. */
void life_run(struct life_trace *l, enum life_kind kind, struct inside *in, const void *opts,
	      const struct target *target);
/* For a life_fn: the frames of who did it, thread `tid`, or why there are none; both live until the
 * next call. Nothing without l->stack_bytes. */
struct col_rows life_frames(struct life_trace *l, const struct life_event *e, uint32_t tid,
			    struct bytes *end);

#endif
