/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * snap - threads as they stand: all their registers, and their stacks.
 */
#ifndef BPF_SNAP_H
#define BPF_SNAP_H

#include <linux/types.h>

#define SNAP_REGS 17		/* rax rdx rcx rbx rsi rdi rbp rsp r8 ... r15 rip */
#define SNAP_RED_ZONE 128	/* below the stack pointer, x86_64 psABI 3.2.2 */
#define SNAP_PAGE 4096
#define SNAP_STACK_PAGES 65	/* of one thread: 256 KiB and the red zone */
#define SNAP_PAGES 512		/* of those that are told at once */

enum snap_flag {
	SNAP_TAKEN = 1,		/* registers and stack are one moment's */
	SNAP_IN_CALL = 2,	/* it is in a system call, not interrupted somewhere */
	SNAP_CUT = 4,		/* there is more of the stack than was asked for */
};

struct snap_task {
	__u32 tid, ns_tid;	/* as the host numbers it; as the target does, or 0 */
	__u32 flags;
	__u32 state;		/* __state | exit_state of include/linux/sched.h */
	char comm[16];
	__u64 start;		/* nanoseconds of CLOCK_BOOTTIME */
	__u64 switches;		/* of it off the processors, so far */
	__u64 stack_at;
	__u32 stack_len, page;	/* where it is in the array of pages */
	__u64 regs[SNAP_REGS];
};

_Static_assert(sizeof(struct snap_task) == 200, "both sides see the same record");

#endif
