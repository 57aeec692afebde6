/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * change - a log of calls by which other code may have come to an address of a process.
 *
 * Where code was at an event is looked up later. It still holds for an address unless one of these
 * calls was under way, and covers it, between the event and that look. Calls that only take code
 * away are left out: then there is nothing at the address. Times are of CLOCK_BOOTTIME.
 */
#ifndef BPF_CHANGE_H
#define BPF_CHANGE_H

#include "bpf/shared.h"

#define CHANGES 1024	/* a power of two */

#define CHANGE_HASHES 256

static inline __u32 change_hash(__u64 mm_or_pid)
{
	return (__u32)(mm_or_pid * 0x9e3779b97f4a7c15ull >> 56);
}

struct change {
	__u64 number;		/* this is its slot as long as it has it; 0: is being written */
	__u64 began, done;	/* done 0: not yet */
	__u64 mm;		/* as in struct thread_stack; 0: of an exec */
	__u64 start, end;
	__u32 pid, tid;
};

struct change_log {
	__u64 latest;		/* number */
	/* What is not in the log any more, by change_hash() of its memory and of its pid: how many
	 * are under way, and when the last one was done. To be read in this order. */
	__u64 lasting[CHANGE_HASHES], forgotten[CHANGE_HASHES];
	struct change slots[CHANGES];
};

#endif
