/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * holding - stops the process that makes events faster than they are read (hold.h).
 *
 * Without atomic exchanges, which are Linux 5.12: a slot is claimed by a new key of a hash, and
 * counters are only added to.
 */
#ifndef BPF_HOLDING_H
#define BPF_HOLDING_H

#include "bpf/filter.h"
#include "bpf/hold.h"

#define SIGCONT 18
#define SIGSTOP 19
#define SENT_BY_KERNEL 1	/* SEND_SIG_PRIV, in the place of a siginfo */
#define WAS_IGNORED 1		/* TRACE_SIGNAL_IGNORED */

const volatile bool lossless;
const volatile __u64 hold_above;	/* bytes that wait in the ring */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct holds);
} holds SEC(".maps");

/* Slots that have an owner, by number. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, HOLD_SLOTS);
	__type(key, __u32);
	__type(value, __u32);
} claims SEC(".maps");

static __always_inline struct hold_slot *slot_at(struct holds *h, __u32 n)
{
	n &= HOLD_SLOTS - 1;
	asm volatile("" : "+r"(n));
	return n < HOLD_SLOTS ? &h->slots[n] : NULL;
}

/* The slot of a process, a new one if it has none; NULL: there is no room, or it is being made. */
static __always_inline struct hold_slot *find_slot(struct holds *h, __u32 pid, __u64 since,
						   __u32 *ret)
{
	struct hold_slot *s;

	for (__u32 i = 0; i < HOLD_TRIES; i++) {
		*ret = (pid + i) & (HOLD_SLOTS - 1);
		s = slot_at(h, *ret);
		if (s && s->pid == pid && s->since == since)
			return s;
	}
	for (__u32 i = 0; i < HOLD_TRIES; i++) {
		*ret = (pid + i) & (HOLD_SLOTS - 1);
		s = slot_at(h, *ret);
		if (!s || s->pid)
			continue;
		if (bpf_map_update_elem(&claims, ret, &pid, BPF_NOEXIST))
			return NULL;
		s->since = since;
		s->theirs = 0;
		asm volatile("" : : : "memory");
		s->pid = pid;
		return s;
	}
	return NULL;
}

static __always_inline __u64 began_at(struct task_struct *t)
{
	return BPF_CORE_READ(t, group_leader, start_boottime);
}

/*
 * The signal is the thread's own, though it stops the process: one that is the process's is noticed
 * by the one thread that the kernel chooses, and while that is not running the others go on.
 */
static __attribute__((noinline)) int hold_current(void)
{
	struct task_struct *t = (struct task_struct *)bpf_get_current_task();
	__u32 zero = 0, n, pid = (__u32)(bpf_get_current_pid_tgid() >> 32);
	struct holds *h = bpf_map_lookup_elem(&holds, &zero);
	struct hold_slot *s = h ? find_slot(h, pid, began_at(t), &n) : NULL;

	if (!s)
		return 0;
	/* decided before the last look at `open`: whoever closes it sees one or the other */
	__sync_fetch_and_add(&s->begun, 1);
	if (!*(volatile __u64 *)&h->open || s->theirs || bpf_send_signal_thread(SIGSTOP)) {
		__sync_fetch_and_add(&s->begun, -1);
		return 0;
	}
	__sync_fetch_and_add(&s->stopped, 1);
	n = n / HOLD_GROUP & (HOLD_SLOTS / HOLD_GROUP - 1);
	asm volatile("" : "+r"(n));
	if (n < HOLD_SLOTS / HOLD_GROUP)
		__sync_fetch_and_add(&h->groups[n], 1);
	__sync_fetch_and_add(&h->stops, 1);
	return 0;
}

/* How an event goes to the ring. */
static __always_inline __u64 ring_flags(void)
{
	if (!lossless || bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) < hold_above)
		return BPF_RB_NO_WAKEUP;
	hold_current();
	return BPF_RB_FORCE_WAKEUP;
}

/*
 * Who else stops a process of the target means it, and what he has stopped is not ours to continue.
 * Seen under the lock of the process's signals, so in the order in which they count.
 */
SEC("raw_tp/signal_generate")
int on_signal(struct raw_tracepoint *ctx)
{
	struct task_struct *t = (struct task_struct *)ctx->args[2];
	__u64 sig = ctx->args[0];
	struct hold_slot *s;
	struct holds *h;
	__u32 zero = 0, n;

	if ((sig != SIGSTOP && sig != SIGCONT) || !is_target(t))
		return 0;
	if (sig == SIGSTOP && (ctx->args[1] == SENT_BY_KERNEL || ctx->args[4] == WAS_IGNORED))
		return 0;
	h = bpf_map_lookup_elem(&holds, &zero);
	s = h ? find_slot(h, (__u32)BPF_CORE_READ(t, tgid), began_at(t), &n) : NULL;
	if (s)
		s->theirs = sig == SIGSTOP;
	return 0;
}

/* Of a process whose last thread ends. */
static __always_inline void forget_slot(struct task_struct *t)
{
	__u32 zero = 0, n, pid = (__u32)BPF_CORE_READ(t, tgid);
	struct holds *h = lossless ? bpf_map_lookup_elem(&holds, &zero) : NULL;
	struct hold_slot *s;

	if (!h || BPF_CORE_READ(t, signal, live.counter))
		return;
	for (__u32 i = 0; i < HOLD_TRIES; i++) {
		n = (pid + i) & (HOLD_SLOTS - 1);
		s = slot_at(h, n);
		if (!s || s->pid != pid)
			continue;
		s->pid = 0;
		asm volatile("" : : : "memory");
		bpf_map_delete_elem(&claims, &n);
	}
}

#endif
