/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * shared - what programs and front both say of a task. Times are nanoseconds of CLOCK_BOOTTIME
 * where the kernel has bpf_ktime_get_boot_ns (Linux 5.8), ids are the host's unless named ns_.
 */
#ifndef BPF_SHARED_H
#define BPF_SHARED_H

#include <linux/types.h>

enum filter_kind { FILTER_CGROUP, FILTER_MNTNS, FILTER_NEXT };

/* Of a container that is not there yet: what its cgroup may be called. */
#define NEXT_NAME_MAX 128	/* with what a runtime adds to an id, and a NUL */
#define NEXT_NAMES_MAX 16

struct next_name {
	union {
		char text[NEXT_NAME_MAX];
		__u64 words[NEXT_NAME_MAX / 8];
	};
};

/* It is called so; it is one below what is called so. */
enum next_match { NEXT_ITSELF = 1, NEXT_BELOW = 2 };

/* Who made it: a runtime, or somebody else who is root of the host. */
struct next_maker {
	__u32 pid, mntns;
	char comm[16];
	char parent[NEXT_NAME_MAX];	/* what the cgroup above it is called; the root: nothing */
};

struct who {
	__u32 pid, tid, ns_pid, ns_tid;
	__u32 uid, gid;		/* effective */
	__u32 ns_uid, ns_gid;	/* only with FILTER_NEXT; 2^32 - 1 if it has none */
	char comm[16];
};

#define RECORD_STACK 0x1000	/* no other record of a ring begins with this */
#define STACK_MAX (64u << 10)	/* bytes of a stack */

/* Registers and stack of a thread; the next event of this thread is what it was in. Without a tid
 * it only says that the process is there, or has mapped code. */
struct thread_stack {
	__u32 record, tid, pid;
	__u32 len;		/* bytes that follow */
	__u64 when;		/* time of that event */
	__u64 at;		/* address of the first */
	__u64 exec, code;	/* another one: it runs another program; it has other code mapped */
	__u64 mm, start;	/* which memory, which is no address here; when it was forked */
	__u64 regs[17];		/* rax rdx rcx rbx rsi rdi rbp rsp r8 ... r15 rip */
};

/* Is there one? If not, why not. */
enum stack_state {
	STACK_NONE,
	STACK_COPIED,
	STACK_COMPAT,		/* a 32-bit call */
	STACK_GONE,		/* the process has no memory any more */
	STACK_OUTSIDE,		/* the thread is not of the target */
	STACK_KERNEL,		/* no thread did it */
	STACK_NEW,		/* a program that has not begun */
	STACK_SIGNALLED,	/* no thread did it: the process was sent a signal */
	STACK_UNSURE,		/* it is not known which thread did it */
	STACK_CLAIMED,		/* it is not known whether a thread did it */
};

_Static_assert(sizeof(struct who) == 48, "both sides see the same record");
_Static_assert(sizeof(struct thread_stack) == 200, "both sides see the same record");

#endif
