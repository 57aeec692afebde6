/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * shared - what programs and front both say of a task. Times are nanoseconds of CLOCK_BOOTTIME
 * where the kernel has bpf_ktime_get_boot_ns (Linux 5.8), ids are the host's unless named ns_.
 */
#ifndef BPF_SHARED_H
#define BPF_SHARED_H

#include <linux/types.h>

enum filter_kind { FILTER_CGROUP, FILTER_MNTNS };

struct who {
	__u32 pid, tid, ns_pid, ns_tid;
	__u32 uid, gid;		/* effective */
	char comm[16];
};

_Static_assert(sizeof(struct who) == 40, "both sides see the same record");

#endif
