/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * next - a container that is not born yet: known by the name of the cgroup that it will get.
 *
 * Its runtime makes the cgroup before anything runs in there, so a filter that begins with it
 * misses nothing. What a runtime does in there by itself, some hundred calls, is left out unless it
 * is asked for: the container begins with the first execve in another mount namespace than that of
 * who made the cgroup, whether or not it succeeds. Cgroups that are made below a known one are
 * known by that. Whoever may make cgroups can call one as he likes, a container with a cgroup of
 * its own, too: the first counts only if a process of our pid namespace has made it whose user is
 * the host's root. That is all runtimes but those of a user, and systemd. Names are compared here
 * as the kernel has them, the last component alone; the front knows which a runtime makes of an id.
 * Loaded only if asked for.
 */
#ifndef BPF_NEXT_H
#define BPF_NEXT_H

#include "bpf/filter.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NEXT_NAMES_MAX);
	__type(key, struct next_name);
	__type(value, __u32);		/* enum next_match */
} next_names SEC(".maps");

struct next_name next_known;	/* which it was: the same in all hierarchies */
struct next_maker next_maker;
__u32 next_ended;
__u32 next_passed;		/* cgroups of that name that others made */
const volatile bool next_early;

#define NEXT_EXECVE 59
#define NEXT_EXECVEAT 322

static __always_inline struct cgroup *parent_of(struct cgroup *c)
{
	return BPF_CORE_READ(c, self.parent, cgroup);
}

/* Made by its runtime in the v2 hierarchy, or where processes are counted. */
static __always_inline bool is_of_processes(struct cgroup *c)
{
	struct cgroup_subsys_state *css = NULL;
	__u64 at = bpf_core_field_offset(struct cgroup, subsys);

	if (!BPF_CORE_READ(c, root, hierarchy_id))
		return true;
	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id))
		return false;
	at += sizeof(css) * bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id);
	bpf_probe_read_kernel(&css, sizeof(css), (char *)c + at);
	return css;
}

static __always_inline bool has_name(struct cgroup *c, struct next_name *name, __u32 match)
{
	__u32 *how;

	__builtin_memset(name, 0, sizeof(*name));
	bpf_probe_read_kernel_str(name, sizeof(*name), BPF_CORE_READ(c, kn, name));
	how = bpf_map_lookup_elem(&next_names, name);
	return how && *how & match;
}

static __always_inline __u32 pidns_of(struct task_struct *t)
{
	struct pid *p = BPF_CORE_READ(t, thread_pid);

	return pidns_at(p, BPF_CORE_READ(p, level));
}

/* May who makes a cgroup now be believed that it is the container's? */
static __always_inline bool is_runtime(void)
{
	struct task_struct *t = (struct task_struct *)bpf_get_current_task();

	/* real, as it was before a setuid program; and as the first user namespace has it */
	if (!BPF_CORE_READ(t, cred, uid.val) && pidns_of(t) == filter_pidns)
		return true;
	__sync_fetch_and_add(&next_passed, 1);
	return false;
}

/* The first that fits is meant, and what bears its name in other hierarchies. */
static __always_inline bool is_the_one(struct cgroup *c)
{
	struct next_name name;

	if (!has_name(parent_of(c), &name, NEXT_BELOW) && !has_name(c, &name, NEXT_ITSELF))
		return false;
	if (!is_runtime())
		return false;
	__builtin_memset(&name, 0, sizeof(name));
	bpf_probe_read_kernel_str(&name, sizeof(name), BPF_CORE_READ(c, kn, name));
	if (!next_born)
		__builtin_memcpy(&next_known, &name, sizeof(name));
	for (__u32 i = 0; i < NEXT_NAME_MAX / 8; i++)
		if (next_known.words[i] != name.words[i])
			return false;
	return true;
}

static __always_inline __u32 mntns_of(struct task_struct *t)
{
	return BPF_CORE_READ(t, nsproxy, mnt_ns, ns.inum);
}

static __always_inline void begin_with(struct task_struct *t)
{
	if (in_born(t) && mntns_of(t) != next_maker.mntns)
		next_begun = 1;
}

/* This file comes first in each object, so these two run before what tells of the same event. */
SEC("raw_tp/sched_process_exec")
int next_exec(struct raw_tracepoint *ctx)
{
	if (next_born && !next_begun)
		begin_with((struct task_struct *)bpf_get_current_task());
	return 0;
}

SEC("raw_tp/sys_exit")
int next_exec_failed(struct raw_tracepoint *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)ctx->args[0];
	__u64 nr;

	if (!next_born || next_begun || (long)ctx->args[1] >= 0)
		return 0;
	nr = BPF_CORE_READ(regs, orig_ax);
	if (nr == NEXT_EXECVE || nr == NEXT_EXECVEAT)
		begin_with((struct task_struct *)bpf_get_current_task());
	return 0;
}

SEC("raw_tp/cgroup_mkdir")
int next_mkdir(struct raw_tracepoint *ctx)
{
	struct cgroup *c = (struct cgroup *)ctx->args[0];
	__u64 key = (__u64)c, above = (__u64)parent_of(c);
	__u32 how = NEXT_BELOW;

	if (next_ended)
		return 0;
	if (!bpf_map_lookup_elem(&born, &above)) {
		if (!is_of_processes(c) || !is_the_one(c))
			return 0;
		how = NEXT_ITSELF;
	}
	/* without room nothing that runs in there is seen */
	if (bpf_map_update_elem(&born, &key, &how, BPF_ANY))
		__sync_fetch_and_add(&lost, 1);
	if (next_born)
		return 0;
	next_maker.pid = (__u32)(bpf_get_current_pid_tgid() >> 32);
	next_maker.mntns = mntns_of((struct task_struct *)bpf_get_current_task());
	bpf_get_current_comm(next_maker.comm, sizeof(next_maker.comm));
	bpf_probe_read_kernel_str(next_maker.parent, sizeof(next_maker.parent),
				  BPF_CORE_READ((struct cgroup *)above, kn, name));
	next_begun = next_early;
	next_born = 1;
	return 0;
}

SEC("raw_tp/cgroup_rmdir")
int next_rmdir(struct raw_tracepoint *ctx)
{
	__u64 key = ctx->args[0];
	__u32 *how = bpf_map_lookup_elem(&born, &key);

	if (how && *how == NEXT_ITSELF)
		next_ended = 1;
	bpf_map_delete_elem(&born, &key);
	return 0;
}

/* Its last process is gone, and with it the container. */
SEC("raw_tp/cgroup_notify_populated")
int next_populated(struct raw_tracepoint *ctx)
{
	__u64 key = ctx->args[0];
	__u32 *how = bpf_map_lookup_elem(&born, &key);

	if (how && *how == NEXT_ITSELF && !(int)ctx->args[2])
		next_ended = 1;
	return 0;
}

#endif
