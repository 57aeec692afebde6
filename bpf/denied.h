/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * denied - system calls of the target that were refused, and as whom.
 *
 * Of a refusal there are several records, one behind the other: paths at which names of its
 * arguments begin, as whom it was asked, and the call itself (struct sys_call). All have its time
 * and its thread.
 */
#ifndef BPF_DENIED_H
#define BPF_DENIED_H

#include "bpf/path.h"
#include "bpf/sys.h"

#define DENIED_GROUPS_MAX 32
#define DENIED_LIMITS 16
#define DENIED_CGROUP_MAX 64
#define DENIED_QUOTA 58		/* stands for EDQUOT, which is more than fits a word's bits; it is
				 * no error itself */

enum denied_record { DENIED_AS = 3, DENIED_PATH };

enum denied_flag {
	DENIED_UNENTERED = 1,	/* the kernel did not come to the call: seccomp, or a tracer */
	DENIED_FIRST = 2,	/* it is not known whether it did: the thread's first that we saw */
	DENIED_TRACED = 4,	/* by ptrace, which may answer calls, too */
	DENIED_NNP = 8,		/* no_new_privs */
	DENIED_KILLED = 16,	/* seccomp ended the thread or the process */
	DENIED_TRAPPED = 32,	/* seccomp sent a SIGSYS for which there is a handler */
	DENIED_CAPS = 64,	/* .refused is complete: the kernel tells of capabilities */
	DENIED_SUPERVISED = 128,	/* a process may answer in a filter's place (USER_NOTIF) */
};

struct denied_as {
	__u32 record, tid;
	__u64 at;
	struct who who;
	__u32 uid, gid, fsuid, fsgid;	/* the first two real */
	__u32 user_ns, seccomp;
	__u32 flags, unused;
	__u32 ping_first, ping_last;	/* net.ipv4.ping_group_range: ids of the host */
	__u64 effective, permitted, bounding;	/* capabilities */
	__u64 refused;			/* asked for in this call and not had */
	__u32 last, last_ns;		/* the last of them, and in which user namespace */
	__s32 port_start;		/* net.ipv4.ip_unprivileged_port_start */
	__u32 ngroups;			/* all there are */
	__u32 groups[DENIED_GROUPS_MAX];
	__u64 limits[DENIED_LIMITS][2];	/* RLIMIT_*: soft, hard */
	__u64 pids, pids_max;	/* of a cgroup above it that is full; or 0 */
	char pids_cgroup[DENIED_CGROUP_MAX];	/* what it is called */
	__u32 mnt_ns, root_mount;	/* inode number; which mount its root is on */
	__u64 root_ino;			/* of its root; 0: the mount's own */
	__u64 total_vm, data_vm, locked_vm;	/* pages of its memory, now */
	__u64 map_count;
};

#define DENIED_CWD SYS_ARGS

struct denied_path {
	__u32 record, tid;
	__u64 at;
	__u32 arg;		/* whose file this is; DENIED_CWD: the working directory */
	__u32 unused;
	struct path_names names;
};

_Static_assert(sizeof(struct denied_as) == 664, "both sides see the same record");
_Static_assert(sizeof(struct denied_path) == 24 + 1032, "and this one");

#endif
