/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * hold - processes of the target that the programs have stopped because the reader is behind.
 *
 * One value in memory that the programs, the tracer and the guardian all see. The programs stop a
 * process by SIGSTOP at the end of its system call and count that; the guardian continues those
 * whose count has grown. Nobody stops anything once `open` is 0, and a stop that was decided before
 * shows in `begun` until it is in `stopped`: who has closed and then found them equal has seen all.
 */
#ifndef BPF_HOLD_H
#define BPF_HOLD_H

#include <linux/types.h>

#define HOLD_SLOTS 4096		/* processes that were held, and live */
#define HOLD_TRIES 8		/* slots in which a process may be, from its pid on */
#define HOLD_GROUP 64		/* slots that are counted together */

struct hold_slot {
	__u32 pid;		/* on the host; 0: free */
	__u32 theirs;		/* somebody else has stopped it: not ours to continue */
	__u64 since;		/* CLOCK_BOOTTIME at which it began */
	__u64 begun, stopped;	/* never set back, not even for the next process */
};

struct holds {
	__u64 open;
	__u64 stops;		/* of all */
	__u64 released;		/* the guardian's last word: none is left stopped */
	__u64 groups[HOLD_SLOTS / HOLD_GROUP];
	struct hold_slot slots[HOLD_SLOTS];
};

#endif
