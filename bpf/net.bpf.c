/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#include "bpf/net.h"

#include "bpf/changes.h"
#include "bpf/next.h"
#include "bpf/conns.h"
#include "bpf/messages.h"
#include "bpf/uring.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define NR_BIND 49
#define NR_LISTEN 50

__u64 compat;	/* of the target: 32-bit calls about sockets */

/* ---- addresses that are bound ---- */

/* Behind skc_state in all kernels: skc_reuse:4, skc_reuseport:1, skc_ipv6only:1. */
static __always_inline __u32 reuse_of(struct sock *sk)
{
	__u8 bits = 0;

	bpf_probe_read_kernel(&bits, 1, (char *)sk + 1 +
			      bpf_core_field_offset(struct sock, __sk_common.skc_state));
	return (bits & 15 ? NET_REUSEADDR : 0) | (bits & 16 ? NET_REUSEPORT : 0) |
		(bits & 32 ? NET_V6ONLY : 0);
}

static __always_inline bool is_low(struct sock *sk, __u16 port)
{
	int from = 1024;

	if (bpf_core_field_exists(struct netns_ipv4, sysctl_ip_prot_sock))
		from = BPF_CORE_READ(sk, __sk_common.skc_net.net, ipv4.sysctl_ip_prot_sock);
	return port && port < from;
}

static __always_inline void bind_call(const struct regs *r, __s64 ret, __u64 now)
{
	__u32 nr = (__u32)r->orig_ax, stack;
	struct net_end asked = { 0 };
	struct net_event *e;
	struct sock *sk;

	if (nr != NR_BIND && nr != NR_LISTEN)
		return;
	sk = sock_of((__u32)r->di, 0);
	if (!sk)
		return;
	stack = send_stack(key_of(sk, now), now);
	e = begin_event(nr == NR_BIND ? NET_BOUND : NET_LISTENS, sk, now);
	if (!e)
		return;
	e->ret = (__s32)ret;
	e->fd = (__u32)r->di;
	e->flags = reuse_of(sk);
	fill_current(&e->who);
	e->stack = stack;
	e->stack_key = key_of(sk, now);
	e->stack_at = now;
	if (nr == NR_LISTEN) {
		e->backlog = (__s32)r->si;
		e->limit = (__s32)BPF_CORE_READ(sk, sk_max_ack_backlog);
	} else if (read_address(&asked, (void *)r->si, (__u32)r->dx)) {
		if (ret)
			e->local = asked;
		else if (!asked.port)
			e->flags |= NET_CHOSEN;
	}
	if (is_low(sk, e->local.port))
		e->flags |= NET_LOW;
	submit(e);
}

/* ---- all of them ---- */

/* 32-bit: socketcall(2), and since Linux 4.3 each for itself. */
static __always_inline bool is_socket_32(__u64 nr)
{
	return nr == 102 || (nr >= 359 && nr <= 373);
}

SEC("raw_tp/sys_exit")
int on_call(struct raw_tracepoint *ctx)
{
	__s64 ret = (__s64)ctx->args[1];
	struct regs r;
	__u64 now;

	if (!is_current_target() || !get_regs(&r, (struct pt_regs *)ctx->args[0]))
		return 0;
	if (is_compat()) {
		if (is_socket_32(r.orig_ax))
			__sync_fetch_and_add(&compat, 1);
		return 0;
	}
	now = bpf_ktime_get_boot_ns();
	if (mode == NET_TCP)
		tcp_call(&r, ret, now);
	else if (mode == NET_BIND)
		bind_call(&r, ret, now);
	else
		message_call(&r, ret, now);
	return 0;
}
