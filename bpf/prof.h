/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * prof - where the target's threads are: at each tick of a processor's clock, or when they give the
 * processor up because they wait.
 *
 * In front of each sample, and of each wait when it begins, goes its stack (struct thread_stack).
 * How long a wait took is only known when it is over, which is a record of its own.
 */
#ifndef BPF_PROF_H
#define BPF_PROF_H

#include "bpf/shared.h"

#define PROF_KERNEL_MAX 127	/* frames in the kernel: kernel.perf_event_max_stack by default */
#define PROF_WAITS_MAX 65536	/* threads that wait at once */

enum prof_record { PROF_SAMPLE = 1, PROF_WAIT, PROF_BACK };

enum prof_flag {
	PROF_ANYWHERE = 1,	/* its pc in the program is not behind a system call */
	PROF_CUT = 2,		/* more frames in the kernel than are copied */
};

struct prof_event {
	__u32 record, tid;
	__u64 at;		/* of its stack; PROF_BACK: when that wait began */
	__u64 value;		/* PROF_SAMPLE: of the event's period; PROF_BACK: nanoseconds */
	__u32 pid, ns_pid, ns_tid;
	__u32 own_pid, euid;	/* of its own pid namespace; the host's */
	__u32 stack;		/* enum stack_state */
	__u32 flags, count;	/* of kernel[] that follow, the innermost first */
	char comm[16];
	__u64 kernel[PROF_KERNEL_MAX];
};

/* Of a wait that is not over, as the iterator tells it. */
struct prof_open {
	__u32 tid, unused;
	__u64 from;
};

#define PROF_HEAD (sizeof(struct prof_event) - PROF_KERNEL_MAX * sizeof(__u64))

_Static_assert(PROF_HEAD == 72, "both sides see the same record");

#endif
