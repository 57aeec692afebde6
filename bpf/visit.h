/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * visit - which tasks an iterator is asked about: those of one process, or one of its threads.
 */
#ifndef BPF_VISIT_H
#define BPF_VISIT_H

#include "bpf/types.h"

#define VISIT_TICK_NS 10000000	/* of CLOCK_BOOTTIME; /proc counts in USER_HZ, 100 a second */

/* The process: its pid, and when its first thread began, in ticks. */
__u32 want_pid;
__u64 want_start;
__u32 want_tid;		/* 0: all of them */

/* Ids here are the initial namespace's: who asks must count in the same way. */
static __always_inline bool is_asker_host(void)
{
	struct task_struct *t = (struct task_struct *)bpf_get_current_task();

	return BPF_CORE_READ(t, thread_pid, level) == 0;
}

static __always_inline bool is_wanted(struct task_struct *t)
{
	return is_asker_host() && (__u32)BPF_CORE_READ(t, tgid) == want_pid &&
		(!want_tid || (__u32)BPF_CORE_READ(t, pid) == want_tid) &&
		BPF_CORE_READ(t, group_leader, start_boottime) / VISIT_TICK_NS == want_start;
}

#endif
