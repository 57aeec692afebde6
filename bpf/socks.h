/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * socks - the kernel's sockets: by descriptor, and what they are. Fields as of Linux 6.1,
 * include/net (bpf/types.h says how). What is asked for in several places is a function of its own:
 * these events are rare, and objects are to be small.
 */
#ifndef BPF_SOCKS_H
#define BPF_SOCKS_H

#include "bpf/filter.h"
#include "bpf/net.h"
#include <bpf/bpf_endian.h>

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct { struct net *net; } possible_net_t;

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct sock_common {
	__u32 skc_daddr, skc_rcv_saddr;
	__u16 skc_dport, skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr, skc_v6_rcv_saddr;
	unsigned long skc_flags;
};

struct sock_cgroup_data {
	struct cgroup *cgroup;		/* since 5.15 */
};

struct sock_cgroup_data___before_5_15 {
	__u64 val;
};

struct sock {
	struct sock_common __sk_common;
	struct sock_cgroup_data sk_cgrp_data;
	__u16 sk_protocol;		/* since 5.6 */
	int sk_err, sk_err_soft;
	struct socket *sk_socket;
	__u32 sk_max_ack_backlog;
};

struct inet_sock {
	__u16 inet_sport;
};

struct tcp_sock {
	__u64 bytes_received, bytes_sent, bytes_retrans;
	__u32 total_retrans;
};

struct file___socket {
	struct inode *f_inode;
	void *private_data;
	atomic_long_t f_count;		/* until 6.12 */
};

struct socket {
	struct sock *sk;
	struct file___socket *file;
};

#pragma clang attribute pop

#define AF_INET 2
#define AF_INET6 10
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define SOCK_DONE_BIT 1		/* include/net/sock.h, enum sock_flags: the other end's FIN came */

/* The socket behind a descriptor of the running task, of IP and of this protocol; or NULL. */
static __noinline struct sock *sock_of(__u32 fd, __u32 protocol)
{
	struct task_struct *t = (void *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(t, files, fdt);
	struct file___socket *file = NULL;
	char *files = (char *)BPF_CORE_READ(table, fd);
	struct socket *socket;
	struct sock *sk;
	__u16 family;

	if (fd >= BPF_CORE_READ(table, max_fds) ||
	    bpf_probe_read_kernel(&file, sizeof(file), files + fd * sizeof(file)) || !file ||
	    (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return NULL;
	socket = BPF_CORE_READ(file, private_data);
	sk = BPF_CORE_READ(socket, sk);
	family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (!sk || (family != AF_INET && family != AF_INET6))
		return NULL;
	return !protocol || BPF_CORE_READ(sk, sk_protocol) == protocol ? sk : NULL;
}

/* Of a socket that a process has: no other one, before or after it, has the same. */
static __noinline __u64 sock_key(struct sock *sk)
{
	return (__u64)sk << 20 ^ BPF_CORE_READ(sk, sk_socket, file, f_inode, i_ino);
}

/* When close(2) returns: has nobody a descriptor any more of what had this key? The kernel takes a
 * file apart before that, or (before Linux 6.6) soon after. */
static __noinline bool is_gone(struct sock *sk, __u64 key)
{
	struct file___socket *file = BPF_CORE_READ(sk, sk_socket, file);

	if (!file || sock_key(sk) != key)
		return true;
	return bpf_core_field_exists(file->f_count) && !BPF_CORE_READ(file, f_count.counter);
}

static __always_inline struct cgroup *cgroup_of(struct sock *sk)
{
	struct sock_cgroup_data *d = (void *)((char *)sk +
					      bpf_core_field_offset(struct sock, sk_cgrp_data));
	struct sock_cgroup_data___before_5_15 *old = (void *)d;
	__u64 val;

	if (bpf_core_field_exists(d->cgroup))
		return BPF_CORE_READ(d, cgroup);
	val = BPF_CORE_READ(old, val);
	/* bit 0: no cgroup, but what net_prio and net_cls keep there; bit 1: a flag */
	return val & 1 ? NULL : (struct cgroup *)(val & ~3ull);
}

/* Was it made in the target's cgroup? Of a target that has none this cannot be known. */
static __noinline bool is_sock_target(struct sock *sk)
{
	struct cgroup *c;
	__u64 key;

	if (filter_kind == FILTER_MNTNS)
		return false;
	c = cgroup_of(sk);
	key = (__u64)c;
	if (filter_kind == FILTER_NEXT)
		return next_begun && c && bpf_map_lookup_elem(&born, &key);
	return c && is_below(c);
}

static __always_inline void map_v4(struct net_end *to, __u32 addr)
{
	__builtin_memset(to->addr, 0, 10);
	to->addr[10] = to->addr[11] = 0xff;
	__builtin_memcpy(to->addr + 12, &addr, sizeof(addr));
}

static __noinline void fill_ends(struct net_event *e, struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);

	e->local.family = e->remote.family = family;
	e->local.port = BPF_CORE_READ(sk, __sk_common.skc_num);
	/* one that was closed has given its port back already */
	if (!e->local.port)
		e->local.port = bpf_ntohs(BPF_CORE_READ((struct inet_sock *)sk, inet_sport));
	e->remote.port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
	if (family == AF_INET) {
		map_v4(&e->local, BPF_CORE_READ(sk, __sk_common.skc_rcv_saddr));
		map_v4(&e->remote, BPF_CORE_READ(sk, __sk_common.skc_daddr));
		return;
	}
	BPF_CORE_READ_INTO(&e->local.addr, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
	BPF_CORE_READ_INTO(&e->remote.addr, sk, __sk_common.skc_v6_daddr.in6_u.u6_addr8);
}

/* An address as the program has it: struct sockaddr_in or _in6. False: it is none. */
static __noinline bool read_address(struct net_end *to, const void *from, __u32 len)
{
	__u8 a[24];

	__builtin_memset(a, 0, sizeof(a));
	if (!from || len < 16 || bpf_probe_read_user(a, 16, from))
		return false;
	to->family = *(__u16 *)a;
	to->port = bpf_ntohs(*(__u16 *)(a + 2));
	if (to->family == AF_INET) {
		map_v4(to, *(__u32 *)(a + 4));
		return true;
	}
	if (to->family != AF_INET6 || len < 24 || bpf_probe_read_user(a, 24, from))
		return false;
	__builtin_memcpy(to->addr, a + 8, 16);
	return true;
}

#endif
