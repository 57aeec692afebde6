/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * looking - tells which processes there are and that they have mapped code, for stacks of events
 * that come with the end of a process: where its code was must be known before. Loaded only if
 * stacks are asked for.
 */
#ifndef BPF_LOOKING_H
#define BPF_LOOKING_H

#include "bpf/filter.h"

#define LOOK_MMAP 9		/* its number on x86-64 */
#define LOOK_PROT_EXEC 4

static __always_inline void look_at(struct task_struct *t)
{
	struct mm_struct *mm = BPF_CORE_READ(t, mm);
	struct thread_stack s = { .record = RECORD_STACK };

	if (!mm)
		return;
	s.pid = (__u32)BPF_CORE_READ(t, tgid);
	s.when = bpf_ktime_get_boot_ns();
	s.exec = BPF_CORE_READ(mm, arg_start);
	s.code = BPF_CORE_READ(mm, exec_vm);
	s.mm = (__u64)mm;
	s.start = BPF_CORE_READ(t, group_leader, start_boottime);
	/* lost, it is no event */
	bpf_ringbuf_output(&ring, &s, sizeof(s), BPF_RB_NO_WAKEUP);
}

/* Those that are there already: read once, when the others are attached. */
SEC("iter/task")
int look_task(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;

	if (t && BPF_CORE_READ(t, pid) == BPF_CORE_READ(t, tgid) && is_target(t))
		look_at(t);
	return 0;
}

SEC("raw_tp/sched_process_exec")
int look_exec(struct raw_tracepoint *ctx)
{
	if (is_current_target())
		look_at((struct task_struct *)bpf_get_current_task());
	return 0;
}

SEC("raw_tp/sched_process_fork")
int look_fork(struct raw_tracepoint *ctx)
{
	struct task_struct *t = (struct task_struct *)ctx->args[1];

	if (is_current_target() && BPF_CORE_READ(t, pid) == BPF_CORE_READ(t, tgid))
		look_at(t);
	return 0;
}

SEC("raw_tp/sys_exit")
int look_mapped(struct raw_tracepoint *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)ctx->args[0];

	if ((long)ctx->args[1] < 0 || BPF_CORE_READ(regs, orig_ax) != LOOK_MMAP ||
	    !(BPF_CORE_READ(regs, dx) & LOOK_PROT_EXEC) || is_compat() || !is_current_target())
		return 0;
	look_at((struct task_struct *)bpf_get_current_task());
	return 0;
}

#endif
