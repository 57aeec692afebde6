/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * net - connections, packets and bound addresses of the target's sockets.
 *
 * Of connections the kernel tells each change of state, mostly in an interrupt, where whoever runs
 * has nothing to do with it: who connected and who accepted is noted when they do, by socket. A
 * socket that nobody is known of is the target's if its cgroup is. What is sent, received, bound
 * and accepted is told when the call returns, where the socket is found by its descriptor.
 */
#ifndef BPF_NET_H
#define BPF_NET_H

#include "bpf/shared.h"

#define NET_BYTES_MAX 4096	/* of a message */
#define NET_MESSAGES_MAX 64	/* of one sendmmsg(2) or recvmmsg(2) */

/* Which of them are asked for. */
enum net_mode { NET_TCP = 1, NET_UDP, NET_BIND, NET_DNS };

/* Ring records begin with their kind; or it is a RECORD_STACK. */
enum net_kind {
	NET_CONNECTED = 1,	/* or not: .ret */
	NET_ACCEPTED,
	NET_CLOSED,		/* TCP: the kernel is done with the connection */
	NET_BOUND,
	NET_LISTENS,
	NET_SENT,
	NET_RECEIVED,
	NET_DROPPED,		/* UDP: there was no room for what came */
	NET_LEFT,		/* nobody has one any more that had sent or received */
	NET_ENDED,		/* a process has ended */
};

enum net_flag {
	NET_LOCAL_FIRST = 1,	/* closed: our end said first that it sends no more */
	NET_REMOTE_FIRST = 2,
	NET_RESET = 4,		/* the other end reset it */
	NET_BEGUN = 8,		/* its begin was seen: .since */
	NET_TAKEN = 16,		/* it has been accepted, or was connected from here */
	NET_CUT = 32,		/* not all bytes or messages of it are here */
	NET_CLOSER = 64,	/* .who is who closed it, not who has it */
	NET_PASSIVE = 128,	/* the other end connected */
	NET_REUSEADDR = 256, NET_REUSEPORT = 512, NET_V6ONLY = 1024,
	NET_CHOSEN = 2048,	/* bind: port 0 was asked for */
	NET_LOW = 4096,		/* bind: a port that needs CAP_NET_BIND_SERVICE */
	NET_ABORTED = 8192,	/* our end sent a reset */
	NET_FORGOTTEN = 16384,	/* nothing is known of it, maybe because there were too many */
};

struct net_end {
	__u8 addr[16];		/* IPv4 as ::ffff:a.b.c.d */
	__u16 port, family;	/* AF_INET, AF_INET6; 0: not known */
};

struct net_event {
	__u32 kind;		/* enum net_kind */
	__s32 ret;		/* 0 or -errno; bind: result; sent, received: bytes */
	__u64 at;
	struct who who;		/* tid 0: not known */
	__u64 sock;		/* the same while it is the same one */
	struct net_end local, remote;
	__u64 since;		/* connected: of the first SYN; else of the connection; 0: before */
	__u64 sent, received;	/* TCP, bytes */
	__u32 retransmits;
	__s32 backlog, limit;	/* listens: as asked for, and as it is */
	__u32 protocol, flags, fd;
	__u32 stack;		/* enum stack_state */
	__u32 stack_key;	/* its .tid */
	__u64 stack_at;
	__u32 len;		/* bytes that follow */
	__u32 asked;		/* of that many */
};

_Static_assert(sizeof(struct net_end) == 20, "both sides see the same record");
_Static_assert(sizeof(struct net_event) == 184, "and this one");

#endif
