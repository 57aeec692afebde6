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

_Static_assert(sizeof(struct who) == 48, "both sides see the same record");

#endif
