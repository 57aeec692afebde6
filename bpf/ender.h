/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * ender - which thread ended its process, and the stack of that one. Loaded only if stacks are
 * asked for.
 *
 * Every thread passes sched_process_exit, in any order. That which ended the process is told by
 * what it was doing and by its not being killed: the kernel makes SIGKILL pending for all threads
 * but the one that calls exit_group() first or that takes the deadly signal. Others that were in
 * the same call, or had a fault of their own, have SIGKILL or their signal pending still. Where two
 * look like it, it is neither.
 */
#ifndef BPF_ENDER_H
#define BPF_ENDER_H

#include "bpf/end.h"
#include "bpf/filter.h"
#include "bpf/life.h"
#include "bpf/stack.h"

#define ENDER_EXIT 60
#define ENDER_EXIT_GROUP 231
#define ENDER_ENOSYS (-38ul)	/* what a call returns until it returns */
#define ENDER_SIGABRT 6
#define ENDER_SIGKILL 9
#define SI_TKILL -6

/* SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV, SIGSYS */
#define FAULTS (1u << 4 | 1u << 5 | 1u << 7 | 1u << 8 | 1u << 11 | 1u << 31)
#define ENDER_OWN (FAULTS | 1u << ENDER_SIGABRT)

/* What is known of a process: who sent itself this signal, or one of these. */
enum ender_what { ENDER_IT = 0, ENDER_ANY = 1 };

struct ender_key {
	__u64 process;
	__u64 what;		/* signal, or enum ender_what */
};

struct ender {
	__u64 at;
	__u32 tid, ns_tid;	/* tid 0: more than one, or in doubt */
	__u32 stack, unused;
};

/* Of processes that are about to end: the end takes them out. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct ender_key);
	__type(value, struct ender);
} enders SEC(".maps");

__u32 enders_lost;	/* there was no room for one: that there is none proves nothing */

static __always_inline void note_ender(struct ender_key *key, struct ender *n)
{
	long ret = bpf_map_update_elem(&enders, key, n, BPF_NOEXIST);
	struct ender *old;

	if (!ret)
		return;
	if (ret != -EEXIST)
		enders_lost = 1;
	old = bpf_map_lookup_elem(&enders, key);
	if (old && old->tid != n->tid)
		old->tid = 0;
}

static __always_inline bool is_own_signal(__u32 sig)
{
	return sig < 32 && ENDER_OWN >> sig & 1;
}

static __always_inline bool is_signal_pending(struct task_struct *t, __u32 sig)
{
	return BPF_CORE_READ(t, pending.signal.sig[0]) >> ((sig - 1) & 63) & 1;
}

/* Has it called what ends the process, with this code? A call that was refused has another ax. */
static __always_inline bool calls_end(struct task_struct *t, __s32 code)
{
	struct pt_regs *p = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	__u32 nr = (__u32)p->orig_ax;

	if (is_compat() || p->ax != ENDER_ENOSYS || (p->di & 0xff) << 8 != (__u32)code)
		return false;
	if (nr == ENDER_EXIT_GROUP)
		return BPF_CORE_READ(t, signal, flags) & SIGNAL_GROUP_EXIT;
	return nr == ENDER_EXIT && !BPF_CORE_READ(t, signal, live.counter);
}

/* Is it, beyond doubt, this thread that ends its process? */
static __always_inline bool is_ender(struct task_struct *t, struct ender_key *key, __s32 code)
{
	__u32 sig = (__u32)code & 0x7f;
	struct ender *n;

	if (is_signal_pending(t, ENDER_SIGKILL))
		return false;
	if (!sig)
		return calls_end(t, code);
	if (!is_own_signal(sig) || is_signal_pending(t, sig))
		return false;
	key->what = sig;
	n = bpf_map_lookup_elem(&enders, key);
	return n && n->tid == (__u32)BPF_CORE_READ(t, pid);
}

/* Comes first in its object, so it has run when the end of the process is told. */
SEC("raw_tp/sched_process_exit")
int leave(struct raw_tracepoint *ctx)
{
	struct task_struct *t = (struct task_struct *)ctx->args[0];
	struct ender_key key = { .process = process_key(t), .what = ENDER_ANY };
	struct ender n = { .at = bpf_ktime_get_boot_ns(), .tid = (__u32)BPF_CORE_READ(t, pid) };

	if (!(BPF_CORE_READ(t, signal, flags) & SIGNAL_GROUP_EXIT) &&
	    BPF_CORE_READ(t, signal, live.counter))
		return 0;
	if (!is_current_target() || bpf_map_lookup_elem(&ended, &key.process))
		return 0;
	note_ender(&key, &n);
	if (!is_ender(t, &key, exit_code(t)))
		return 0;
	key.what = ENDER_IT;
	n.ns_tid = pid_in_target(t);
	n.stack = send_stack(n.tid, n.at);
	note_ender(&key, &n);
	return 0;
}

/* A signal that ends its process will be taken by its own thread only if nobody else can take it:
 * a fault, or what a thread sends to itself alone. */
static __always_inline bool is_for_itself(struct raw_tracepoint *ctx, struct task_struct *to)
{
	struct kernel_siginfo *info = (struct kernel_siginfo *)ctx->args[1];
	__s32 code;

	if ((__u64)to != bpf_get_current_task() || ctx->args[1] < 2 || ctx->args[3])
		return false;
	code = BPF_CORE_READ(info, si_code);
	return code == SI_TKILL || (code > 0 && FAULTS >> (ctx->args[0] & 31) & 1);
}

static __always_inline __u64 handler_of(struct task_struct *to, __u32 sig)
{
	__u64 handler = 0, at = bpf_core_field_offset(struct sighand_struct, action);
	struct sighand_struct *all = BPF_CORE_READ(to, sighand);

	at += ((sig - 1) & 63) * bpf_core_type_size(struct k_sigaction) +
		bpf_core_field_offset(struct k_sigaction, sa.sa_handler);
	bpf_probe_read_kernel(&handler, sizeof(handler), (char *)all + at);
	return handler;
}

static __always_inline bool is_blocked(struct task_struct *to, __u32 sig)
{
	return BPF_CORE_READ(to, blocked.sig[0]) >> ((sig - 1) & 63) & 1;
}

/* A handler, too, may end its process, by another signal then. */
SEC("raw_tp/signal_generate")
int on_fault(struct raw_tracepoint *ctx)
{
	struct task_struct *to = (struct task_struct *)ctx->args[2];
	__u32 sig = (__u32)ctx->args[0];
	struct ender n = { .at = bpf_ktime_get_boot_ns() };
	struct ender_key key = { .what = sig };
	struct ender *old;

	if (!is_own_signal(sig) || ctx->args[4] == LIFE_IGNORED || !is_target(to))
		return 0;
	key.process = process_key(to);
	if (is_for_itself(ctx, to) && ctx->args[4] != LIFE_PENDING && !is_blocked(to, sig)) {
		n.tid = (__u32)BPF_CORE_READ(to, pid);
		if (!handler_of(to, sig))
			note_ender(&key, &n);
		return 0;
	}
	old = bpf_map_lookup_elem(&enders, &key);
	if (old)
		old->tid = 0;
	return 0;
}

static __always_inline void forget_enders(__u64 process)
{
	struct ender_key key = { .process = process };

#pragma unroll
	for (__u32 i = 0; i < 32; i++) {
		if (i > ENDER_ANY && !is_own_signal(i))
			continue;
		key.what = i;
		bpf_map_delete_elem(&enders, &key);
	}
}

/* Had it no other thread when the signal came? One that was there has passed, or is counted. */
static __always_inline bool was_alone(struct task_struct *t, struct ender_key *key)
{
	struct ender *n;

	key->what = ENDER_ANY;
	n = bpf_map_lookup_elem(&enders, key);
	return n && n->tid == (__u32)BPF_CORE_READ(t, pid) && !enders_lost &&
		BPF_CORE_READ(t, signal, nr_threads) == 1;
}

/* Of a process that ends now, by its last thread: whose stack is it, or why is there none? */
static __always_inline void find_ender(struct ender *to, struct task_struct *t, __s32 code)
{
	struct ender_key key = { .process = process_key(t), .what = ENDER_IT };
	struct ender *n = bpf_map_lookup_elem(&enders, &key);
	__u32 sig = (__u32)code & 0x7f;

	if (n) {
		*to = *n;
		if (!to->tid)
			to->stack = STACK_UNSURE;
		return;
	}
	key.what = sig;
	if (!sig) {
		to->stack = is_compat() ? STACK_COMPAT : STACK_UNSURE;
	} else if (is_own_signal(sig) && bpf_map_lookup_elem(&enders, &key)) {
		to->stack = STACK_UNSURE;
	} else if (was_alone(t, &key)) {
		to->at = bpf_ktime_get_boot_ns();
		to->tid = (__u32)BPF_CORE_READ(t, pid);
		to->ns_tid = pid_in_target(t);
		to->stack = send_stack(to->tid, to->at);
	} else {
		to->stack = STACK_SIGNALLED;
	}
}

#endif
