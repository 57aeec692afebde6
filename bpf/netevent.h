/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * netevent - what all programs about sockets begin their events with.
 */
#ifndef BPF_NETEVENT_H
#define BPF_NETEVENT_H

#include "bpf/socks.h"
#include "bpf/stack.h"

#define NR_CONNECT 42
#define EINTR 4
#define EAGAIN 11
#define EISCONN 106
#define EALREADY 114
#define EINPROGRESS 115
#define ERESTART 512		/* and some numbers from there on: the call begins anew */

const volatile __u32 mode;		/* enum net_mode */
const volatile __u16 dns_port;

static __always_inline struct task_struct *current(void)
{
	return (struct task_struct *)bpf_get_current_task();
}

static __noinline void fill_current(struct who *w)
{
	fill_who(w, current());
}

static __noinline bool is_ours(void)
{
	return is_current_target();
}

/* No thread has such a number: what is kept of one event is not replaced by the thread's next. */
static __always_inline __u32 key_of(struct sock *sk, __u64 now)
{
	return (__u32)(now ^ (__u64)sk >> 4) | 1u << 31;
}

/* Inlined: before Linux 5.11 the verifier would not see that who gets NULL has none to submit. */
static __always_inline struct net_event *begin_event(enum net_kind kind, struct sock *sk, __u64 now)
{
	struct net_event *e = reserve(sizeof(*e));

	if (!e)
		return NULL;
	__builtin_memset(e, 0, sizeof(*e));
	e->kind = kind;
	e->at = now;
	e->sock = (__u64)sk;
	e->protocol = BPF_CORE_READ(sk, sk_protocol);
	fill_ends(e, sk);
	return e;
}

/* Begun anew, tried again, or still on the way. */
static __always_inline bool is_later(__s64 ret)
{
	return ret <= -ERESTART || ret == -EINTR || ret == -EAGAIN || ret == -EISCONN ||
		ret == -EALREADY || ret == -EINPROGRESS;
}

#endif
