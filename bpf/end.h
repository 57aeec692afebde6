/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * end - is this the end of a process, and how did it end? For programs at sched_process_exit.
 */
#ifndef BPF_END_H
#define BPF_END_H

#include "bpf/types.h"

#define SIGNAL_GROUP_EXIT 4	/* include/linux/sched/signal.h */
#define EEXIST 17

/* Processes whose end was told: their last two threads may both see that none is left. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, __u64);
	__type(value, __u32);
} ended SEC(".maps");

/* No other process, before or after, has the same. */
static __always_inline __u64 process_key(struct task_struct *t)
{
	return BPF_CORE_READ(t, group_leader, start_boottime) ^
		(__u64)BPF_CORE_READ(t, tgid) << 42;
}

/* Asked last, for it is true only once of a process. */
static __always_inline bool is_end(struct task_struct *t)
{
	__u64 which = process_key(t);
	__u32 one = 1;

	/* that it cannot be noted for want of room is no reason to be silent */
	return !BPF_CORE_READ(t, signal, live.counter) &&
		bpf_map_update_elem(&ended, &which, &one, BPF_NOEXIST) != -EEXIST;
}

/* As its parent is told: do_wait() of kernel/exit.c. */
static __always_inline __s32 exit_code(struct task_struct *t)
{
	struct signal_struct *s = BPF_CORE_READ(t, signal);

	if (BPF_CORE_READ(s, flags) & SIGNAL_GROUP_EXIT)
		return BPF_CORE_READ(s, group_exit_code);
	return BPF_CORE_READ(t, group_leader, exit_code);
}

#endif
