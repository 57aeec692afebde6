/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * checks - a check of a capability, however the kernel tells of it: which sort it is, counters by
 * system call, and the programs that are told. Included behind bpf/capable.h; the counters only
 * take memory where they are wanted.
 */
#ifndef BPF_CHECKS_H
#define BPF_CHECKS_H

#include "bpf/capable.h"
#include "bpf/regs.h"

#define PF_IO_WORKER 0x10	/* include/linux/sched.h; its registers are of no call */

/* In one array, which the reader has mapped. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, CAP_CALLS * CAP_MAX);
	__type(key, __u32);
	__type(value, struct cap_count);
} cap_counts SEC(".maps");

/* The system call that the running task is in, or CAP_NO_CALL; a fault is none. */
static __always_inline __u32 call_of(struct task_struct *t)
{
	struct regs r;

	if (BPF_CORE_READ(t, flags) & PF_IO_WORKER || is_compat() ||
	    !get_regs(&r, is_modern ? NULL : old_regs()) || r.orig_ax >= CAP_NO_CALL)
		return CAP_NO_CALL;
	return (__u32)r.orig_ax;
}

static __always_inline void count_check(__u32 call, __u32 cap, __u32 ns, __u32 sort)
{
	__u32 key = call * CAP_MAX + cap;
	struct cap_count *c = bpf_map_lookup_elem(&cap_counts, &key);

	asm volatile("" : "+r"(ns), "+r"(sort));
	if (c && cap < CAP_MAX && ns < CAP_NS_COUNT && sort < CAP_SORT_COUNT)
		__sync_fetch_and_add(&c->n[ns][sort], 1);
}

/* Kernels differ in how they tell of a check, not in what they tell. */
struct check {
	const struct cred *cred;
	struct user_namespace *ns;
	__u32 cap;
	__s32 ret;
	bool asked;
};

#define NR_PRCTL 157
#define NR_SECCOMP 317
#define CAP_SYS_ADMIN 21

/* Of a seccomp filter without no_new_privs the kernel asks without audit, and means it. */
static __always_inline bool is_meant(__u32 call, __u32 cap)
{
	return cap == CAP_SYS_ADMIN && (call == NR_PRCTL || call == NR_SECCOMP);
}

static __always_inline enum cap_sort sort_of(const struct check *k, struct task_struct *t,
					     __u32 call)
{
	return k->asked && !is_meant(call, k->cap) ? CAP_ASKED :
		is_entering(t) ? CAP_RUNTIME :
		k->cred != BPF_CORE_READ(t, real_cred) ? CAP_BORROWED :
		k->ret ? CAP_REFUSED : CAP_USED;
}

/* Of raw_tp/cap_capable; whether the kernel only asks is not told. */
static __always_inline struct check told_check(struct raw_tracepoint *ctx)
{
	return (struct check){
		.cred = (struct cred *)ctx->args[0],
		.ns = (struct user_namespace *)ctx->args[1],
		.cap = (__u32)ctx->args[3], .ret = (__s32)ctx->args[4],
	};
}

#define CAP_OPT_NOAUDIT 2	/* include/linux/security.h; told as a bit since Linux 5.1 */

/* Of fexit/cap_capable: its own arguments, and result. */
static __always_inline struct check returned_check(struct raw_tracepoint *ctx)
{
	return (struct check){
		.cred = (struct cred *)ctx->args[0],
		.ns = (struct user_namespace *)ctx->args[1],
		.cap = (__u32)ctx->args[2], .ret = (__s32)ctx->args[4],
		.asked = ctx->args[3] & CAP_OPT_NOAUDIT,
	};
}

/* What an object does with a check of its target's. */
static int take_check(const struct check *k);

SEC("raw_tp/cap_capable")
int on_check(struct raw_tracepoint *ctx)
{
	struct check k = told_check(ctx);

	if (!is_current_target())
		return 0;
	k.asked = is_only_asked(ctx);
	return take_check(&k);
}

/* Before there was a tracepoint, where the kernel allows this. */
SEC("fexit/cap_capable")
int on_check_exit(struct raw_tracepoint *ctx)
{
	struct check k = returned_check(ctx);

	return is_current_target() ? take_check(&k) : 0;
}

#endif
