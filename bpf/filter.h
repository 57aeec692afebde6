/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * filter - is this task of the target? Asked first by every program.
 *
 * A container that is not there yet is told by cgroups that are noticed when they are made
 * (bpf/next.h). One that is, by cgroup where it has one of its own on the v2 hierarchy: cgroups
 * below it count, and a process of ours that entered the mount namespace does not. Else by mount
 * namespace, which the front says. What programs know of a lost event is counted here too.
 */
#ifndef BPF_FILTER_H
#define BPF_FILTER_H

#include "bpf/shared.h"
#include "bpf/types.h"

/* Linux 5.15: bpf_task_pt_regs, and what came before it: task storage, bpf_get_current_task_btf,
 * whose memory programs read themselves. Dearer ways are there for older ones. */
const volatile bool is_modern;

const volatile __u32 filter_kind;
const volatile __u64 filter_cgroup_id;
const volatile __u32 filter_mntns;
const volatile __u32 filter_pidns;	/* the target's; with FILTER_NEXT ours */
const volatile __u32 filter_depth;	/* of the target's pid namespace, the host's is 0 */

#define CGROUP_DEPTH_MAX 32	/* a target deeper than this below the root is not found */

struct {
	__uint(type, BPF_MAP_TYPE_CGROUP_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} filter_cgroup SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);	/* the front says how large */
} ring SEC(".maps");

__u64 lost;	/* events for which there was no room */

/* Of FILTER_NEXT: cgroups of the container by their address, which no two hierarchies share. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u32);		/* enum next_match */
} born SEC(".maps");

__u32 next_born;	/* there is one */
__u32 next_begun;	/* its first program has been started, or could not be */

/* By its cgroup on the v2 hierarchy or on that which counts processes. */
static __always_inline bool in_born(struct task_struct *t)
{
	struct css_set *set = BPF_CORE_READ(t, cgroups);
	struct cgroup_subsys_state *css = NULL;
	__u64 key = (__u64)BPF_CORE_READ(set, dfl_cgrp);
	__u64 at = bpf_core_field_offset(struct css_set, subsys);

	if (!next_born)
		return false;
	if (bpf_map_lookup_elem(&born, &key))
		return true;
	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id))
		return false;
	at += sizeof(css) * bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id);
	bpf_probe_read_kernel(&css, sizeof(css), (char *)set + at);
	key = (__u64)BPF_CORE_READ(css, cgroup);
	return bpf_map_lookup_elem(&born, &key);
}

static __always_inline bool in_mntns(struct task_struct *t)
{
	return BPF_CORE_READ(t, nsproxy, mnt_ns, ns.inum) == filter_mntns;
}

/* Every process of the node is asked this at every call. */
static __always_inline bool is_current_in_mntns(void)
{
	if (is_modern)
		return bpf_get_current_task_btf()->nsproxy->mnt_ns->ns.inum == filter_mntns;
	return in_mntns((struct task_struct *)bpf_get_current_task());
}

static __always_inline bool is_current_target(void)
{
	if (filter_kind == FILTER_CGROUP)
		return bpf_current_task_under_cgroup(&filter_cgroup, 0) == 1;
	if (filter_kind == FILTER_NEXT)
		return next_begun && in_born((struct task_struct *)bpf_get_current_task());
	return is_current_in_mntns();
}

/* The id of the cgroup that is `level` steps below the root on the way to c. */
static __always_inline __u64 ancestor(struct cgroup *c, __u32 level)
{
	struct cgroup___before_6_1 *old = (void *)c;
	struct cgroup *above = NULL;
	__u64 id = 0;

	if (!bpf_core_field_exists(c->ancestors)) {
		bpf_probe_read_kernel(&id, sizeof(id), (char *)c + level * sizeof(id) +
				      bpf_core_field_offset(old->ancestor_ids));
		return id;
	}
	bpf_probe_read_kernel(&above, sizeof(above), (char *)c + level * sizeof(above) +
			      bpf_core_field_offset(c->ancestors));
	return BPF_CORE_READ(above, kn, id);
}

/* Is it the target's, or one below? From the root down, for the target's cgroup lies where its
 * runtime made it: a container can nest its own as deep as it likes. */
static __always_inline bool is_below(struct cgroup *c)
{
	__u32 level = (__u32)BPF_CORE_READ(c, level);

	for (__u32 i = 0; i < CGROUP_DEPTH_MAX && i <= level; i++)
		if (ancestor(c, i) == filter_cgroup_id)
			return true;
	return false;
}

/* Any task, not only the one that runs. */
static __always_inline bool is_target(struct task_struct *t)
{
	if (filter_kind == FILTER_NEXT)
		return next_begun && in_born(t);
	if (filter_kind != FILTER_CGROUP)
		return in_mntns(t);
	return is_below(BPF_CORE_READ(t, cgroups, dfl_cgrp));
}

/* Number of a task in the target's pid namespace; 0: it has none there. */
static __always_inline __u32 pid_in_target(struct task_struct *t)
{
	struct pid *p = BPF_CORE_READ(t, thread_pid);
	__u32 depth = filter_depth;

	/* what the container's namespace will be only its processes tell */
	if (filter_kind == FILTER_NEXT)
		depth = p ? BPF_CORE_READ(p, level) : 0;
	if (!p || BPF_CORE_READ(p, level) < depth)
		return 0;
	if (filter_kind == FILTER_NEXT)
		return depth || in_born(t) ? pid_at(p, depth) : 0;
	return pidns_at(p, depth) == filter_pidns ? pid_at(p, depth) : 0;
}

/* The kernel keeps up to five extents here, and more elsewhere: those are not looked for. */
static __always_inline __u32 map_id(struct uid_gid_map *map, __u32 id)
{
	__u32 count = BPF_CORE_READ(map, nr_extents);
	__u64 at = bpf_core_field_offset(struct uid_gid_map, extent);

	for (__u32 i = 0; i < 5 && i < count && count <= 5; i++) {
		struct uid_gid_extent e = { 0 };

		bpf_probe_read_kernel(&e, sizeof(e), (char *)map + at + i * sizeof(e));
		if (id - e.lower_first < e.count)
			return id - e.lower_first + e.first;
	}
	return ~0u;
}

static __always_inline void fill_ids(struct who *w, struct task_struct *t)
{
	struct user_namespace *ns;

	w->ns_uid = w->ns_gid = ~0u;
	if (filter_kind != FILTER_NEXT)
		return;
	ns = BPF_CORE_READ(t, cred, user_ns);
	w->ns_uid = map_id((void *)((char *)ns +
			   bpf_core_field_offset(struct user_namespace, uid_map)), w->uid);
	w->ns_gid = map_id((void *)((char *)ns +
			   bpf_core_field_offset(struct user_namespace, gid_map)), w->gid);
}

/* A function: in line in each program, it would be a large part of all of them. */
static __attribute__((noinline, unused)) int fill_who(struct who *w, struct task_struct *t)
{
	w->tid = (__u32)BPF_CORE_READ(t, pid);
	w->pid = (__u32)BPF_CORE_READ(t, tgid);
	w->ns_tid = pid_in_target(t);
	w->ns_pid = pid_in_target(BPF_CORE_READ(t, group_leader));
	w->uid = BPF_CORE_READ(t, cred, euid.val);
	w->gid = BPF_CORE_READ(t, cred, egid.val);
	fill_ids(w, t);
	BPF_CORE_READ_INTO(&w->comm, t, comm);
	return 0;
}

#define TS_COMPAT 2	/* arch/x86/include/asm/thread_info.h */

/* Is it in a 32-bit call? Then numbers and arguments are another table's. */
static __always_inline bool is_compat(void)
{
	struct task_struct___x86 *t;

	if (is_modern) {
		t = (void *)bpf_get_current_task_btf();
		return t->thread_info.status & TS_COMPAT;
	}
	t = (void *)bpf_get_current_task();
	return BPF_CORE_READ(t, thread_info.status) & TS_COMPAT;
}

static __always_inline void *reserve(__u64 size)
{
	void *p = bpf_ringbuf_reserve(&ring, size, 0);

	if (!p)
		__sync_fetch_and_add(&lost, 1);
	return p;
}

/* No wake-up: the reader comes by itself every few milliseconds. */
static __always_inline void submit(void *p)
{
	bpf_ringbuf_submit(p, BPF_RB_NO_WAKEUP);
}

#endif
