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

struct change {
	__u64 number;		/* this is its slot as long as it has it; 0: is being written */
	__u64 began, done;	/* done 0: not yet */
	__u64 mm;		/* as in struct thread_stack; 0: of an exec */
	__u64 start, end;
	__u64 pid;
};

struct change_log {
	__u64 latest;		/* number */
	__u64 forgotten;	/* when the last one was done that is not in the log any more */
	struct change slots[CHANGES];
};

#endif
