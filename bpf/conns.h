/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * conns - TCP connections: begun, accepted, over. Loaded only for those who ask for them.
 */
#ifndef BPF_CONNS_H
#define BPF_CONNS_H

#include "bpf/netevent.h"
#include "bpf/regs.h"

#define NR_ACCEPT 43
#define NR_ACCEPT4 288

enum tcp_state {
	ESTABLISHED = 1, SYN_SENT, SYN_RECV, FIN_WAIT1, FIN_WAIT2, TIME_WAIT, CLOSE, CLOSE_WAIT,
	LAST_ACK, LISTEN,
};

#define KNOWN_ASYNC (1u << 31)	/* connect(2) has returned before it was decided */

/* Of a connection, while there is one. */
struct known {
	struct who who, closer;
	__u64 began, since;	/* the first SYN; the connection */
	__u64 told;		/* when it was told that it failed, which connect(2) says too */
	__u64 stack_at;
	__u32 flags, stack, key;
	__s32 soft;		/* what ICMP said while the program was in connect(2) */
};

/* Each takes some 200 bytes, whether there is a connection or not. */
#define KNOWN_MAX 65536

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, KNOWN_MAX);
	__type(key, __u64);
	__type(value, struct known);
} known SEC(".maps");

__s64 known_now;	/* in the map, and what had to make room there */
__u32 known_full;	/* from now on some may have been forgotten */

/* Some processors' shares of the map are full before the whole is. */
static __noinline struct known *make_known(__u64 key, __u32 flags)
{
	struct known k;

	__builtin_memset(&k, 0, sizeof(k));
	k.flags = flags;
	if (!bpf_map_update_elem(&known, &key, &k, BPF_NOEXIST))
		__sync_fetch_and_add(&known_now, 1);
	else
		bpf_map_update_elem(&known, &key, &k, BPF_ANY);
	if (known_now > KNOWN_MAX / 8 * 7)
		known_full = 1;
	return bpf_map_lookup_elem(&known, &key);
}

static __always_inline void forget_known(__u64 key)
{
	if (!bpf_map_delete_elem(&known, &key))
		__sync_fetch_and_add(&known_now, -1);
}

/* In connect(2), on the way to the first SYN: whoever runs has asked for it. */
static __always_inline void begin_connection(struct sock *sk, __u64 now)
{
	struct known *k;

	if (!is_ours())
		return;
	k = make_known((__u64)sk, NET_BEGUN | NET_TAKEN);
	if (!k)
		return;
	k->began = now;
	fill_current(&k->who);
	k->stack_at = now;
	k->key = key_of(sk, now);
	k->stack = send_stack(k->key, now);
}

static __noinline void fill_counts(struct net_event *e, struct sock *sk)
{
	struct tcp_sock *t = (struct tcp_sock *)sk;
	__u64 flags = BPF_CORE_READ(sk, __sk_common.skc_flags);

	e->sent = BPF_CORE_READ(t, bytes_sent) - BPF_CORE_READ(t, bytes_retrans);
	e->received = BPF_CORE_READ(t, bytes_received);
	/* a FIN is counted as a byte */
	if (e->received && flags >> SOCK_DONE_BIT & 1)
		e->received--;
	e->retransmits = BPF_CORE_READ(t, total_retrans);
}

static __noinline void tell_change(enum net_kind kind, struct sock *sk, struct known *k,
					__u64 now)
{
	struct net_event *e = begin_event(kind, sk, now);

	if (!e)
		return;
	e->ret = -BPF_CORE_READ(sk, sk_err);
	/* which does not end the attempt yet */
	if (!e->ret && kind == NET_CONNECTED && k->flags & NET_LOCAL_FIRST)
		e->ret = -k->soft;
	e->flags = k->flags & ~KNOWN_ASYNC;
	if (known_full && !(k->flags & (NET_BEGUN | NET_TAKEN)))
		e->flags |= NET_FORGOTTEN;
	e->since = kind == NET_CONNECTED ? k->began : k->since;
	__builtin_memcpy(&e->who, k->closer.tid ? &k->closer : &k->who, sizeof(e->who));
	if (k->closer.tid)
		e->flags |= NET_CLOSER;
	e->stack = k->stack;
	e->stack_key = k->key;
	e->stack_at = k->stack_at;
	fill_counts(e, sk);
	submit(e);
}

/* Only where whoever runs does it himself. */
static __noinline void note_closer(struct sock *sk, struct known *k, __u64 now)
{
	if (k->closer.tid)
		return;
	if (!is_ours()) {
		k->stack = STACK_OUTSIDE;
		return;
	}
	fill_current(&k->closer);
	k->stack_at = now;
	k->key = key_of(sk, now);
	k->stack = send_stack(k->key, now);
}

static __always_inline void end_connection(struct sock *sk, struct known *k, __u32 before,
					   __u64 now)
{
	__u64 key = (__u64)sk;

	if (before == SYN_SENT) {
		if (!BPF_CORE_READ(sk, sk_err))
			k->flags |= NET_LOCAL_FIRST;
		tell_change(NET_CONNECTED, sk, k, now);
		/* who waits in connect(2) is about to be told, too */
		if (!(k->flags & (KNOWN_ASYNC | NET_LOCAL_FIRST))) {
			k->told = now;
			return;
		}
	} else if (before != SYN_RECV) {
		if ((before == ESTABLISHED || before == CLOSE_WAIT) &&
		    !(k->flags & NET_RESET) && !BPF_CORE_READ(sk, sk_err)) {
			k->flags |= NET_ABORTED | (before == ESTABLISHED ? NET_LOCAL_FIRST : 0);
			note_closer(sk, k, now);
		}
		tell_change(NET_CLOSED, sk, k, now);
	}
	forget_known(key);
}

static __always_inline void change(struct sock *sk, struct known *k, __u32 before, __u32 after,
				   __u64 now)
{
	if (after == ESTABLISHED) {
		k->since = now;
		if (before == SYN_SENT)
			tell_change(NET_CONNECTED, sk, k, now);
		k->stack = STACK_KERNEL;	/* what comes next is not of this call */
	} else if (before == ESTABLISHED && after == FIN_WAIT1) {
		k->flags |= NET_LOCAL_FIRST;
		note_closer(sk, k, now);
	} else if (before == ESTABLISHED && after == CLOSE_WAIT) {
		k->flags |= NET_REMOTE_FIRST;
	} else if (after == LAST_ACK) {
		note_closer(sk, k, now);
	} else if (after == CLOSE) {
		end_connection(sk, k, before, now);
	}
}

SEC("raw_tp/inet_sock_set_state")
int on_state(struct raw_tracepoint *ctx)
{
	struct sock *sk = (struct sock *)ctx->args[0];
	__u32 before = (__u32)ctx->args[1], after = (__u32)ctx->args[2], flags = 0;
	__u64 key = (__u64)sk, now = bpf_ktime_get_boot_ns();
	struct known *k;

	if (before == after || before == LISTEN || after == LISTEN ||
	    BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		return 0;
	if (after == SYN_SENT) {
		begin_connection(sk, now);
		return 0;
	}
	k = bpf_map_lookup_elem(&known, &key);
	if (!k) {
		if (before == SYN_SENT || before == CLOSE || !is_sock_target(sk))
			return 0;
		if (before == SYN_RECV && after == ESTABLISHED)
			flags = NET_BEGUN | NET_PASSIVE;
		k = make_known(key, flags);
	}
	if (k)
		change(sk, k, before, after, now);
	return 0;
}

/* In front of the change of state that it leads to. */
SEC("raw_tp/tcp_receive_reset")
int on_reset(struct raw_tracepoint *ctx)
{
	__u64 key = ctx->args[0];
	struct known *k = bpf_map_lookup_elem(&known, &key);

	if (!k && is_sock_target((struct sock *)key))
		k = make_known(key, 0);
	if (k)
		k->flags |= NET_RESET;
	return 0;
}

#define SECOND 1000000000ull

/* connect(2) that never came to a SYN: there is no route, no port, no right. */
static __always_inline void connect_call(const struct regs *r, __s64 ret, __u64 now)
{
	struct sock *sk = sock_of((__u32)r->di, IPPROTO_TCP);
	__u64 key = (__u64)sk;
	struct known *k = sk ? bpf_map_lookup_elem(&known, &key) : NULL;
	struct net_event *e;
	__u32 stack;

	if (k && k->told) {
		bool same = now - k->told < SECOND;

		forget_known(key);
		if (same)
			return;
	} else if (k) {
		if (ret < 0) {
			k->flags |= KNOWN_ASYNC;
			/* whoever asks with SO_ERROR takes it away */
			k->soft = BPF_CORE_READ(sk, sk_err_soft);
		}
		return;
	}
	if (!sk || ret >= 0 || is_later(ret))
		return;
	stack = send_stack(key_of(sk, now), now);
	e = begin_event(NET_CONNECTED, sk, now);
	if (!e)
		return;
	e->ret = (__s32)ret;
	read_address(&e->remote, (void *)r->si, (__u32)r->dx);
	fill_current(&e->who);
	e->stack = stack;
	e->stack_key = key_of(sk, now);
	e->stack_at = now;
	submit(e);
}

static __always_inline void accept_call(const struct regs *r, __s64 ret, __u64 now)
{
	struct sock *sk = sock_of(ret < 0 ? (__u32)r->di : (__u32)ret, IPPROTO_TCP);
	__u64 key = (__u64)sk;
	struct net_event *e;
	struct known *k;
	__u32 stack;

	if (!sk || is_later(ret))
		return;
	stack = send_stack(key_of(sk, now), now);
	e = begin_event(NET_ACCEPTED, sk, now);
	if (!e)
		return;
	e->ret = ret < 0 ? (__s32)ret : 0;
	e->fd = (__u32)ret;
	fill_current(&e->who);
	e->stack = stack;
	e->stack_key = key_of(sk, now);
	e->stack_at = now;
	e->flags = NET_PASSIVE;
	/* a connection that is over already was told as it ended */
	if (ret >= 0 && BPF_CORE_READ(sk, __sk_common.skc_state) != CLOSE) {
		k = bpf_map_lookup_elem(&known, &key);
		if (!k)
			k = make_known(key, NET_PASSIVE);
		if (k) {
			k->flags |= NET_TAKEN;
			e->since = k->since;
			if (!k->since)	/* told by no cgroup, it is known from now on */
				k->since = now;
			__builtin_memcpy(&k->who, &e->who, sizeof(k->who));
		}
	}
	submit(e);
}

static __always_inline void tcp_call(const struct regs *r, __s64 ret, __u64 now)
{
	__u32 nr = (__u32)r->orig_ax;

	if (nr == NR_CONNECT)
		connect_call(r, ret, now);
	else if (nr == NR_ACCEPT || nr == NR_ACCEPT4)
		accept_call(r, ret, now);
}

#endif
