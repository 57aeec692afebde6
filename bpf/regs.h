/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * regs - the registers of the system call that the running task is in.
 */
#ifndef BPF_REGS_H
#define BPF_REGS_H

#include "bpf/filter.h"

/* Registers of a system call, as far as they tell of it: a part of struct pt_regs. */
struct regs {
	__u64 r10, r9, r8, ax, cx, dx, si, di, orig_ax;
};

static __always_inline bool get_regs(struct regs *to, struct pt_regs *p)
{
	if (is_modern) {	/* the same ones, that may be read as they are */
		p = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
		*to = (struct regs){ p->r10, p->r9, p->r8, 0, 0, p->dx, p->si, p->di, p->orig_ax };
		return true;
	}
	return !bpf_probe_read_kernel(to, sizeof(*to), &p->r10);
}

#define THREAD_SIZE 16384	/* arch/x86/include/asm/page_64_types.h */

/* What bpf_task_pt_regs() would say of the running task: they are at the end of its stack in the
 * kernel. Later kernels may keep some room behind them, but those are modern. */
static __always_inline struct pt_regs *old_regs(void)
{
	struct task_struct *t = (struct task_struct *)bpf_get_current_task();

	return (struct pt_regs *)((char *)BPF_CORE_READ(t, stack) + THREAD_SIZE) - 1;
}

#endif
