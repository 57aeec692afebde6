/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * usedsocks - sockets that are made use of, where messages go, and descriptors that come with them.
 * A part of bpf/used.bpf.c.
 */
#ifndef BPF_USEDSOCKS_H
#define BPF_USEDSOCKS_H

#include "bpf/regs.h"
#include "bpf/usedfiles.h"

#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define AF_INET 2
#define AF_INET6 10
#define SOCK_BINDPORT_LOCK 8
#define TCP_LISTEN 10
#define TCP_CLOSE 7
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define IPPROTO_MPTCP 262

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct in6_addr {
	union {
		__u8 u6_addr8[16];
	} in6_u;
};

struct sock_common {
	__u32 skc_rcv_saddr;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	__u16 sk_type, sk_protocol;	/* since 5.6 */
	__u8 sk_userlocks : 4;
};

struct socket {
	struct sock *sk;
};

#pragma clang attribute pop

__u16 families[64];		/* of sockets: bit n: of type n */
__u64 outside;			/* descriptors it was given of files that are mounted elsewhere */

static __always_inline void note_family(__u32 family, __u32 type)
{
	__u16 bit = 1u << (type & 15);

	if (family >= 64)
		return;
	asm volatile("" : "+r"(family));
	family &= 63;
	if (!(families[family] & bit))
		families[family] |= bit;
}

__attribute__((noinline)) int note_socket(__u64 file, __u32 before)
{
	struct file *f = (struct file *)file;
	struct used_port p = { .record = USED_PORT, .before = (__u8)before };
	struct socket *socket = BPF_CORE_READ(f, private_data);
	struct sock *sk;
	struct seen key;
	__u8 state;

	if ((BPF_CORE_READ(f, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	sk = BPF_CORE_READ(socket, sk);
	if (!sk)
		return 0;
	p.family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (before)
		note_family(p.family, BPF_CORE_READ(sk, sk_type));
	state = BPF_CORE_READ(sk, __sk_common.skc_state);
	p.port = BPF_CORE_READ(sk, __sk_common.skc_num);
	p.protocol = BPF_CORE_READ(sk, sk_protocol);
	p.listens = state == TCP_LISTEN;
	/* of that one its first way knows */
	p.chosen = p.protocol != IPPROTO_MPTCP &&
		!(BPF_CORE_READ_BITFIELD_PROBED(sk, sk_userlocks) & SOCK_BINDPORT_LOCK);
	if (p.protocol == IPPROTO_MPTCP)
		p.protocol = IPPROTO_TCP;
	if ((p.family != AF_INET && p.family != AF_INET6) || !p.port ||
	    (before && state != TCP_LISTEN && (p.protocol != IPPROTO_UDP || state != TCP_CLOSE)))
		return 0;
	if (p.family == AF_INET)
		BPF_CORE_READ_INTO((__u32 *)p.addr, sk, __sk_common.skc_rcv_saddr);
	else
		BPF_CORE_READ_INTO(&p.addr, sk, __sk_common.skc_v6_rcv_saddr.in6_u.u6_addr8);
	key = (struct seen){ .what = USED_PORT | (__u64)p.listens << 32,
		.where = (__u64)p.family << 32 | (__u64)p.protocol << 16 | p.port,
		.how = *(__u64 *)p.addr ^ *(__u64 *)(p.addr + 8) };
	if (is_new(&key, USED_TOUCH, before ? SCRATCH_LOOK : SCRATCH_LIVE))
		tell(&key, &p, sizeof(p));
	return 0;
}

/* ---- messages ---- */

/* struct user_msghdr: include/linux/socket.h */
struct message_to {
	__u64 name;
	__u32 len;
};

static __always_inline void note_sending(const struct regs *r, __u32 nr, bool is_struct)
{
	struct message_to to = { r->r8, (__u32)r->r9 };

	if (is_struct && bpf_probe_read_user(&to, sizeof(to), (void *)r->si))
		return;
	if (to.name)
		note_address(to.name, to.len, nr);
}

#define SOL_SOCKET 1
#define SCM_RIGHTS 1
#define SCM_MAX_FD 253

/* struct user_msghdr from its .msg_control on, and struct cmsghdr: include/linux/socket.h */
struct message_with {
	__u64 control, len;
};

struct control {
	__u64 len;
	__u32 level, type;
};

static __always_inline void note_given(__u32 fd)
{
	struct task_struct *t = current();
	struct file *f = file_at(t, fd);
	struct vfsmount *mnt;

	if (!f)
		return;
	mnt = BPF_CORE_READ(f, f_path.mnt);
	if (!(BPF_CORE_READ(mnt, mnt_sb, s_flags) & SB_NOUSER) &&
	    BPF_CORE_READ(mount_of(mnt), mnt_ns) != BPF_CORE_READ(t, nsproxy, mnt_ns))
		__sync_fetch_and_add(&outside, 1);
	note_file((__u64)t, (__u64)f, access_of(f), SCRATCH_LIVE);
}

/* Descriptors that came with a message, which say themselves what they are of. */
__attribute__((noinline)) int note_received(__u64 message)
{
	struct message_with m = { 0 };
	struct control c = { 0 };
	__u64 at;

	if (bpf_probe_read_user(&m, sizeof(m), (void *)(message + 32)) || !m.control ||
	    m.len < sizeof(c) + sizeof(__u32))
		return 0;
	at = m.control;
#pragma clang loop unroll(disable)
	for (int i = 0; i < 4; i++) {
		if (at - m.control + sizeof(c) > m.len ||
		    bpf_probe_read_user(&c, sizeof(c), (void *)at) || c.len < sizeof(c))
			return 0;
		if (c.level == SOL_SOCKET && c.type == SCM_RIGHTS)
			break;
		at += (c.len + 7) & ~7ull;
	}
	if (c.level != SOL_SOCKET || c.type != SCM_RIGHTS)
		return 0;
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < SCM_MAX_FD && sizeof(c) + (i + 1) * sizeof(__u32) <= c.len; i++) {
		__u32 fd = 0;

		if (bpf_probe_read_user(&fd, sizeof(fd), (void *)(at + sizeof(c) + i * sizeof(fd))))
			return 0;
		note_given(fd);
	}
	return 0;
}

#endif
