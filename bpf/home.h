/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * home - the target's own user and mount namespace, and those that it has made. What it may do in
 * the latter nobody has given it, and a path there is another file than it is at home. Those of a
 * container that is waited for are those of its first program.
 */
#ifndef BPF_HOME_H
#define BPF_HOME_H

#include "bpf/filter.h"
#include "bpf/walking.h"

const volatile __u32 filter_userns;	/* 0: not known */

__u32 home_user, home_mnt;	/* of FILTER_NEXT */
__u64 home_root;		/* the directory at the top of its mounts, if that is known */

#define NS_DEPTH_MAX 33		/* the kernel nests no more */

#define MOUNTS_MAX 32

/* The directory at the top of the tree of mounts that this one is in. Above it there is only the
 * mount that every tree begins with. */
__attribute__((noinline)) __u64 top_of(__u64 vfsmount)
{
	struct mount *m = mount_of((struct vfsmount *)vfsmount);

#pragma clang loop unroll(disable)
	for (int i = 0; i < MOUNTS_MAX; i++) {
		struct mount *above = BPF_CORE_READ(m, mnt_parent);

		if (above == m || BPF_CORE_READ(above, mnt_parent) == above)
			break;
		m = above;
	}
	return (__u64)BPF_CORE_READ(m, mnt.mnt_root);
}

/* Of one of its tasks. */
static __always_inline void come_home(struct task_struct *t)
{
	if (home_root)
		return;
	if (filter_kind != FILTER_NEXT) {
		if (in_mntns(t))
			home_root = top_of((__u64)BPF_CORE_READ(t, fs, root.mnt));
		return;
	}
	home_root = top_of((__u64)BPF_CORE_READ(t, fs, root.mnt));
	home_user = BPF_CORE_READ(t, cred, user_ns, ns.inum);
	home_mnt = BPF_CORE_READ(t, nsproxy, mnt_ns, ns.inum);
}

/* Is this user namespace one below the target's? */
__attribute__((noinline)) int is_inner(__u64 address)
{
	struct user_namespace *ns = (struct user_namespace *)address;
	__u32 home = filter_kind == FILTER_NEXT ? home_user : filter_userns;

	if (!home)
		return 0;
#pragma clang loop unroll(disable)
	for (int i = 0; i < NS_DEPTH_MAX && ns; i++) {
		if (BPF_CORE_READ(ns, ns.inum) == home)
			return i > 0;
		ns = BPF_CORE_READ(ns, parent);
	}
	return 0;
}

/* Is it in a mount namespace other than the target's, and in another tree there? In a mere copy,
 * paths are what they are at home. */
static __always_inline bool is_elsewhere(struct task_struct *t, struct vfsmount *mnt)
{
	__u32 home = filter_kind == FILTER_NEXT ? home_mnt : filter_mntns;

	return home && BPF_CORE_READ(t, nsproxy, mnt_ns, ns.inum) != home &&
		top_of((__u64)mnt) != home_root;
}

#endif
