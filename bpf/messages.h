/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * messages - what is sent and received by UDP, and by whatever means to and from servers of the
 * DNS. Loaded only for those who ask for them.
 */
#ifndef BPF_MESSAGES_H
#define BPF_MESSAGES_H

#include "bpf/end.h"
#include "bpf/netevent.h"
#include "bpf/regs.h"

#define NR_READ 0
#define NR_WRITE 1
#define NR_CLOSE 3
#define NR_READV 19
#define NR_WRITEV 20
#define NR_SENDTO 44
#define NR_RECVFROM 45
#define NR_SENDMSG 46
#define NR_RECVMSG 47
#define NR_RECVMMSG 299
#define NR_SENDMMSG 307
#define MSG_PEEK 2

#define MMSG_SIZE 64		/* struct mmsghdr: a message and how many bytes it had */

/* The call that is being told. */
struct call {
	struct net_event e;
	__u8 data[2 * NET_BYTES_MAX];	/* one half is room for the verifier's doubts */
	struct vector one, *vectors;
	__u64 count, messages, sk;
	void *name;
	__u32 name_len;
	struct net_end peer;		/* the socket's own */
};

/* Only of programs at sys_exit, which do not interrupt each other. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct call);
} calls SEC(".maps");

/* Sockets that the target has used, by their key. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, __u32);
} used SEC(".maps");

struct leaving {
	__u64 sk, key;
};

/* Of these, by process and descriptor. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 8192);
	__type(key, __u64);
	__type(value, struct leaving);
} left SEC(".maps");

static __always_inline void copy_bytes(struct call *c)
{
	struct vector v = { 0 };
	__u64 n, all = c->e.ret > 0 ? (__u32)c->e.ret : 0;

	c->e.asked = (__u32)all;
	if (c->e.ret < 0 && c->e.kind == NET_SENT)	/* it is there all the same */
		all = NET_BYTES_MAX;
	for (__u32 i = 0; i < 8; i++) {
		__u64 at = c->e.len;

		if (i >= c->count || at >= all || at >= NET_BYTES_MAX)
			break;
		if (c->vectors)
			bpf_probe_read_user(&v, sizeof(v), c->vectors + i);
		else
			v = c->one;
		n = v.len < all - at ? v.len : all - at;
		if (n > NET_BYTES_MAX)
			n = NET_BYTES_MAX;
		asm volatile("" : "+r"(n), "+r"(at));
		if (!n)
			continue;
		if (n > NET_BYTES_MAX || at >= NET_BYTES_MAX ||
		    bpf_probe_read_user(c->data + at, (__u32)n, v.base))
			break;
		c->e.len = (__u32)(at + n);
	}
	if (c->e.len > NET_BYTES_MAX)
		c->e.len = NET_BYTES_MAX;
	if (c->e.len < c->e.asked)
		c->e.flags |= NET_CUT;
}

static __always_inline bool is_dns(struct call *c)
{
	__u32 one = 1;

	if (c->e.remote.port == dns_port) {
		if (c->e.kind == NET_SENT)
			bpf_map_update_elem(&used, &c->e.sock, &one, BPF_ANY);
		return true;
	}
	/* to one that is connected elsewhere by now no server can answer */
	return c->e.kind == NET_RECEIVED && c->e.local.port != dns_port && !c->peer.port &&
		bpf_map_lookup_elem(&used, &c->e.sock);
}

/* A message with each stack would be a stack with each packet. */
static __always_inline bool is_new(struct call *c)
{
	__u64 key = c->e.sock ^ (__u64)c->e.remote.port << 48;
	__u32 one = 1;

	for (int i = 0; i < 16; i++)
		key = (key << 5 | key >> 59) ^ c->e.remote.addr[i];
	if (bpf_map_lookup_elem(&used, &key))
		return false;
	bpf_map_update_elem(&used, &key, &one, BPF_ANY);
	return true;
}

static __always_inline void note_descriptor(__u32 fd, __u64 sk, __u64 sock)
{
	__u64 key = bpf_get_current_pid_tgid() >> 32 << 32 | fd;
	struct leaving value = { sk, sock };

	bpf_map_update_elem(&left, &key, &value, BPF_ANY);
}

/* A global function is verified once, by itself, and before Linux 6.8 also where nobody calls it:
 * in a mode without messages its maps are not there. */
static __always_inline bool has_messages(void)
{
	return mode == NET_UDP || mode == NET_DNS;
}

__attribute__((noinline)) int tell_message(void)
{
	__u32 zero = 0, one = 1, len;
	struct call *c;

	if (!has_messages())
		return 0;
	c = bpf_map_lookup_elem(&calls, &zero);
	if (!c)
		return 0;
	c->e.len = c->e.asked = 0;
	c->e.flags &= ~NET_CUT;
	c->e.stack = STACK_NONE;
	if (!read_address(&c->e.remote, c->name, c->name_len))
		__builtin_memcpy(&c->e.remote, &c->peer, sizeof(c->peer));
	if (mode == NET_DNS) {
		if (!is_dns(c))
			return 0;
		if (c->e.kind == NET_SENT)
			note_descriptor(c->e.fd, c->sk, c->e.sock);
		copy_bytes(c);
	} else {
		bpf_map_update_elem(&used, &c->e.sock, &one, BPF_ANY);
	}
	c->e.stack_at = c->e.at;
	c->e.stack_key = key_of((struct sock *)c->sk, c->e.at);
	if (stack_bytes && (mode == NET_DNS ? c->e.kind == NET_SENT : is_new(c)))
		c->e.stack = send_stack(c->e.stack_key, c->e.at);
	len = c->e.len;
	asm volatile("" : "+r"(len));
	if (len <= NET_BYTES_MAX &&
	    bpf_ringbuf_output(&ring, c, sizeof(c->e) + len, BPF_RB_NO_WAKEUP))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

static __always_inline void take_message(struct call *c, void *from)
{
	struct message m;

	if (bpf_probe_read_user(&m, sizeof(m), from))
		__builtin_memset(&m, 0, sizeof(m));
	c->name = m.name;
	c->name_len = m.name_len;
	c->vectors = m.vectors;
	c->count = m.vectors ? m.count : 0;
}

/* Message i of sendmmsg(2) or recvmmsg(2). */
__attribute__((noinline)) int tell_one_of(__u32 i)
{
	__u32 zero = 0;
	struct call *c;
	char *from;

	if (!has_messages())
		return 0;
	c = bpf_map_lookup_elem(&calls, &zero);
	if (!c)
		return 0;
	from = (char *)c->messages + (__u64)i * MMSG_SIZE;
	take_message(c, from);
	c->e.ret = 0;
	bpf_probe_read_user(&c->e.ret, sizeof(c->e.ret), from + sizeof(struct message));
	if (c->e.ret < 0)
		return 0;
	return tell_message();
}

static __always_inline void tell_many(struct call *c, __s64 ret, __u64 messages)
{
	c->messages = messages;
	for (__u32 i = 0; i < NET_MESSAGES_MAX; i++) {
		if (i >= ret)
			break;
		tell_one_of(i);
	}
	if (ret > NET_MESSAGES_MAX)
		__sync_fetch_and_add(&lost, ret - NET_MESSAGES_MAX);
}

/* enum net_kind, or 0: the call is none of these. */
static __always_inline __u32 message_kind(const struct regs *r)
{
	__u64 flags = r->orig_ax == NR_RECVMSG ? r->dx : r->r10;

	switch (r->orig_ax) {
	case NR_RECVFROM:
	case NR_RECVMSG:
	case NR_RECVMMSG:
		return flags & MSG_PEEK ? 0 : NET_RECEIVED;
	case NR_READ:
	case NR_READV:
		return NET_RECEIVED;
	case NR_WRITE:
	case NR_WRITEV:
	case NR_SENDTO:
	case NR_SENDMSG:
	case NR_SENDMMSG:
		return NET_SENT;
	default:
		return 0;
	}
}

static __always_inline void take_plain(struct call *c, const struct regs *r)
{
	bool to = r->orig_ax == NR_SENDTO, from = r->orig_ax == NR_RECVFROM;
	__u32 len = 0;

	c->one = (struct vector){ (void *)r->si, r->dx };
	c->vectors = NULL;
	c->count = 1;
	c->name = to || from ? (void *)r->r8 : NULL;
	if (to)
		len = (__u32)r->r9;
	else if (from && r->r9)
		bpf_probe_read_user(&len, sizeof(len), (void *)r->r9);
	c->name_len = len;
}

static __always_inline void close_call(const struct regs *r, __u64 now)
{
	__u64 key = bpf_get_current_pid_tgid() >> 32 << 32 | (__u32)r->di;
	struct leaving *v = bpf_map_lookup_elem(&left, &key);
	struct net_event *e;
	__u64 sock;

	if (!v)
		return;
	sock = v->key;
	/* another descriptor of it, or another process has it still */
	if (!is_gone((struct sock *)v->sk, sock)) {
		bpf_map_delete_elem(&left, &key);
		return;
	}
	e = reserve(sizeof(*e));
	if (!e)
		return;
	__builtin_memset(e, 0, sizeof(*e));
	e->kind = NET_LEFT;
	e->at = now;
	e->sock = sock;
	fill_current(&e->who);
	submit(e);
	bpf_map_delete_elem(&left, &key);
}

/* A server that cannot be reached is often found out before anything is sent. */
static __always_inline void dns_connect_call(const struct regs *r, __s64 ret, __u64 now)
{
	struct net_end to = { 0 };
	struct net_event *e;
	struct sock *sk;

	if (ret >= 0 || is_later(ret) || !read_address(&to, (void *)r->si, (__u32)r->dx) ||
	    to.port != dns_port)
		return;
	sk = sock_of((__u32)r->di, 0);
	e = sk ? begin_event(NET_CONNECTED, sk, now) : NULL;
	if (!e)
		return;
	e->ret = (__s32)ret;
	e->remote = to;
	e->sock = sock_key(sk);
	fill_current(&e->who);
	submit(e);
}

static __always_inline void message_call(const struct regs *r, __s64 ret, __u64 now)
{
	__u32 zero = 0, kind = message_kind(r);
	struct sock *sk;
	struct call *c;

	if (r->orig_ax == NR_CLOSE)
		close_call(r, now);
	if (mode == NET_DNS && r->orig_ax == NR_CONNECT)
		dns_connect_call(r, ret, now);
	if (!kind || is_later(ret))
		return;
	sk = sock_of((__u32)r->di, mode == NET_UDP ? IPPROTO_UDP : 0);
	c = sk ? bpf_map_lookup_elem(&calls, &zero) : NULL;
	if (!c)
		return;
	__builtin_memset(&c->e, 0, sizeof(c->e));
	c->e.kind = kind;
	c->e.ret = (__s32)ret;
	c->e.at = now;
	c->e.sock = sock_key(sk);
	c->e.fd = (__u32)r->di;
	c->e.protocol = BPF_CORE_READ(sk, sk_protocol);
	if (c->e.protocol != IPPROTO_UDP && c->e.protocol != IPPROTO_TCP)
		return;
	fill_ends(&c->e, sk);
	__builtin_memcpy(&c->peer, &c->e.remote, sizeof(c->peer));
	fill_current(&c->e.who);
	c->sk = (__u64)sk;
	if (mode == NET_UDP)
		note_descriptor(c->e.fd, c->sk, c->e.sock);
	if ((r->orig_ax == NR_SENDMMSG || r->orig_ax == NR_RECVMMSG) && ret > 0) {
		tell_many(c, ret, r->si);
		return;
	}
	if (r->orig_ax == NR_SENDMSG || r->orig_ax == NR_RECVMSG) {
		take_message(c, (void *)r->si);
	} else if (r->orig_ax == NR_READV || r->orig_ax == NR_WRITEV) {
		take_plain(c, r);
		c->vectors = (struct vector *)r->si;
		c->count = r->dx;
	} else {
		take_plain(c, r);
	}
	tell_message();
}

/* Where what came is queued, in an interrupt. */
SEC("raw_tp/udp_fail_queue_rcv_skb")
int on_drop(struct raw_tracepoint *ctx)
{
	struct sock *sk = (struct sock *)ctx->args[1];
	__u64 key = sock_key(sk);
	struct net_event *e;

	if (!is_sock_target(sk) && !bpf_map_lookup_elem(&used, &key))
		return 0;
	e = begin_event(NET_DROPPED, sk, bpf_ktime_get_boot_ns());
	if (!e)
		return 0;
	e->ret = (__s32)ctx->args[0];
	e->sock = key;
	submit(e);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int on_end(struct raw_tracepoint *ctx)
{
	struct task_struct *t = current();
	struct net_event *e;

	if (!is_ours() || !is_end(t))
		return 0;
	e = reserve(sizeof(*e));
	if (!e)
		return 0;
	__builtin_memset(e, 0, sizeof(*e));
	e->kind = NET_ENDED;
	e->at = bpf_ktime_get_boot_ns();
	fill_current(&e->who);
	submit(e);
	return 0;
}

#endif
