/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * capable - a check of a capability, for programs at raw_tp/cap_capable (Linux 6.14). That has
 *
 *	args[0]	struct cred *: who is asked for it; mostly the running task's
 *	args[1]	struct user_namespace *: where it must be held
 *	args[3]	the capability
 *	args[4]	0, or -EPERM
 *
 * Included behind bpf/filter.h. The kernel also asks when it only wants to know: whether the last
 * pages of memory are for root, whether to tell addresses. What comes out of that is no refusal and
 * no need, and not audited (CAP_OPT_NOAUDIT). The tracepoint does not tell, but the way to it does:
 * all such checks are made through one of few functions, and the instruction that called it stands
 * in front of the address that it returns to.
 */
#ifndef BPF_CAPABLE_H
#define BPF_CAPABLE_H

#include "bpf/cap.h"
#include "bpf/filter.h"
#include "bpf/walking.h"

/* Addresses of those functions (nsdebug/trace/capable.h); 0: not known. */
const volatile __u64 cap_askers[CAP_ASKERS];

static __always_inline enum cap_ns cap_ns_of(struct task_struct *t, struct user_namespace *ns)
{
	struct user_namespace *own = BPF_CORE_READ(t, cred, user_ns);
	int level = BPF_CORE_READ(ns, level);

	if (!level)
		return CAP_NS_HOST;
	if (ns == own)
		return CAP_NS_OWN;
	return level > BPF_CORE_READ(own, level) ? CAP_NS_INNER : CAP_NS_OUTER;
}

#define CAP_FRAMES 8		/* two of the program, and then some */
#define CAP_CALL 0xe8		/* call rel32 */
#define CAP_ENTRY 16		/* bytes: a call may be patched to skip a function's first ones */

static __always_inline bool is_asker(__u64 to)
{
	for (int i = 0; i < CAP_ASKERS; i++)
		if (cap_askers[i] && to - cap_askers[i] < CAP_ENTRY)
			return true;
	return false;
}

/* A function may be left by a jump, and then is not on the stack: but it was called. */
static __always_inline bool is_only_asked(void *ctx)
{
	__u64 frames[CAP_FRAMES] = { 0 }, before;

	if (!cap_askers[0] || bpf_get_stack(ctx, frames, sizeof(frames), 0) <= 0)
		return false;
	for (int i = 0; i < CAP_FRAMES; i++) {
		if (!frames[i] ||
		    bpf_probe_read_kernel(&before, sizeof(before), (void *)(frames[i] - 8)))
			continue;
		if ((before >> 24 & 0xff) == CAP_CALL &&
		    is_asker(frames[i] + (__u64)(__s64)(__s32)(before >> 32)))
			return true;
	}
	return false;
}

/*
 * Is it a process that enters the container, but is still its runtime's (runc init), with rights
 * that it gives up before it starts a program? It was started from outside, and runs a file that
 * is not mounted in the container. The first process could make itself look like that, so what is
 * left out for it is counted.
 */
static __always_inline bool is_entering(struct task_struct *t)
{
	struct file *exe = BPF_CORE_READ(t, mm, exe_file);
	struct mount *m;

	if (!exe)
		return false;
	m = mount_of(BPF_CORE_READ(exe, f_path.mnt));
	return BPF_CORE_READ(m, mnt_ns) != BPF_CORE_READ(t, nsproxy, mnt_ns) &&
		!is_target(BPF_CORE_READ(t, real_parent));
}

#endif
