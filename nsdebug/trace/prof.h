/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prof - where the target's threads spend their time: loads bpf/prof.bpf.c, folds what it tells.
 *
 * On the processor: each processor has a clock that ticks so often in a second, and a tick that
 * meets a thread of the target is a sample, of the weight of its period. Off it: each time that a
 * thread waits is told, with how long it took. Stacks are unwound here, from the bytes that were
 * copied.
 *
 * Traces with --stack keep a log of code that is mapped, by programs on each system call of the
 * node (bpf/changes.h). That would cost more than all samples do, so here it is left out: that
 * other code has been mapped is seen by how many pages of it the process has.
 */
#ifndef NSDEBUG_TRACE_PROF_H
#define NSDEBUG_TRACE_PROF_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/prof.h"
#include "nsdebug/base/map.h"
#include "nsdebug/code/debugfile.h"
#include "nsdebug/trace/profile.h"
#include "nsdebug/trace/stacks.h"
#include "nsdebug/trace/tracer.h"

struct aids;
struct bpf_program;

#define PROF_HZ_MAX 10000u

enum prof_by { PROF_BY_NAME, PROF_BY_THREAD, PROF_BY_PROCESS, PROF_BY_NONE };

struct prof_want {
	bool off;		/* who waits, not who runs */
	bool cycles;		/* by the processor's cycles, not by its clock */
	enum prof_by by;
	uint64_t hz, min_ns;	/* off: shorter waits are only counted */
	uint32_t stack_bytes;
	const struct aids *aids;
};

struct prof_note {
	uint64_t count;
	char why[128];			/* of the first */
};

struct prof {
	struct tracer tracer;
	struct stacks stacks;
	struct debugfiles files;
	struct profile profile;
	const struct prof_want *want;
	struct map waits;		/* struct wait, by host tid */
	size_t raw;			/* of these, whose stack is not unwound */
	const volatile __u64 *crowded;
	int open;			/* read at the end: who waits still, in the kernel; or -1 */
	int usage;			/* cpu.stat of the target's cgroup, or -1 */
	uint64_t usage_ns;
	bool has_usage;			/* it could be read, then and at the end */
	uint64_t from_boot_ns;		/* CLOCK_BOOTTIME: when it began */
	uint64_t short_waits, short_ns;	/* shorter than min_ns */
	struct prof_note early;		/* samples whose stack ends early */
	struct prof_note guessed;	/* and with frames that are a guess */
	uint64_t programs_ns, own_ns;
};

/* Until the end. What goes wrong is emitted, and what is incomplete said; then false, or the
 * profile is complete and has names. */
bool prof_run(struct prof *p, const struct prof_want *want, struct inside *in,
	      const struct tracer_opts *opts, const struct target *target);
void prof_free(struct prof *p);

/* Has the program run so often in a second by this processor's clock, or by its cycles: a link, or
 * a negative errno; -ENODEV: it is switched off. When it is closed, the clock is gone with it. */
int prof_clock(const struct bpf_program *prog, int cpu, uint64_t hz, bool cycles);

#endif
