/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sys - system calls of the target, as bpf/sys.bpf.c tells them; or only how many there were.
 */
#ifndef NSDEBUG_TRACE_SYS_H
#define NSDEBUG_TRACE_SYS_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/sys.h"
#include "nsdebug/base/map.h"
#include "nsdebug/trace/box.h"
#include "nsdebug/trace/denials.h"
#include "nsdebug/trace/stacks.h"
#include "nsdebug/trace/sysset.h"
#include "nsdebug/trace/tracer.h"

struct aids;
struct judging;

struct sys_want {
	struct sysset set;
	bool timed, failed, count;
	bool denied;		/* refusals, with struct denials: of the rest only stacks and the
				 * ring count */
	struct judging *judging;	/* with denied: asked for once it is there */
	const struct aids *aids;	/* with denied: so that what is only asked is left out */
	bool life;		/* also programs that start and processes that end, always */
	bool files;		/* also SYS_FILE of a first argument that is a descriptor */
	uint64_t slower_ns;	/* 0: any */
	uint64_t ring;		/* bytes, a power of two of pages; 0: a default */
	uint64_t last_ns;	/* flight recorder: shown when asked, and at the end; 0: none */
	struct guard *guard;	/* lossless: stop the target when the ring fills; or NULL */
	uint32_t stack_bytes;	/* 0: no stacks */
	const char *cure, *idle;	/* struct tracer */
};

/* The call, with struct sys_data behind it, and its thread; they live until the function
 * returns. */
typedef void sys_fn(void *ctx, const struct sys_call *c, const struct who *w);

struct sys_trace {
	struct tracer tracer;
	const struct sys_want *want;
	sys_fn *fn;
	void *ctx;
	/* struct who, by host tid: of this generation, and of those before, whose events may still
	 * come */
	struct map threads, older;
	size_t known;
	struct stacks stacks;		/* with want->stack_bytes: sys_fn asks for its frames */
	volatile __u32 *generation;	/* in the programs' memory: they tell of all again */
	const volatile __u64 *compat, *strange, *uring;
	const struct sys_count *counts;	/* by processor, then number */
	unsigned int processors;
	struct denials denied;		/* with want->denied */
	struct box box;			/* with want->last_ns */
};

/* Calls t->fn for each call that is wanted until the end, or counts. What goes wrong is emitted, as
 * is what cannot be shown: 32-bit calls, io_uring. */
void sys_run(struct sys_trace *t, const struct sys_want *want, struct inside *in,
	     const struct tracer_opts *opts, const struct target *target);
/* After sys_run() with want->count: the sum of all processors. */
struct sys_count sys_count_of(const struct sys_trace *t, unsigned int nr);

#endif
