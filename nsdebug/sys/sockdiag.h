/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sockdiag - the sockets of a network namespace, asked of the kernel by NETLINK_SOCK_DIAG.
 *
 * /proc/net/unix and its like are text into which a socket's name writes what it wants; here every
 * field has its length. Formats: sock_diag(7) and the headers linux/NAME_diag.h, NAME being sock,
 * inet, unix, packet, netlink, vm_sockets, of Linux 3.3 (vsock: 4.15) and newer; attributes that a
 * kernel does not send are "not told".
 *
 * The descriptor is a NETLINK_SOCK_DIAG socket that was made in that namespace. Whoever has
 * CAP_NET_ADMIN in there can send to it as well unless it is connected to the kernel, so a datagram
 * counts only if the kernel sent it.
 *
 * The kernel lists no TCP or UDP socket that was never bound or connected. Sockets without a file
 * (TIME-WAIT, SYN-RECV) have inode 0.
 */
#ifndef NSDEBUG_SYS_SOCKDIAG_H
#define NSDEBUG_SYS_SOCKDIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/base/str.h"

#define SOCK_NOT_TOLD UINT32_MAX

/* An end of an internet socket. IPv4 takes the first four bytes. */
struct sock_end {
	uint8_t addr[16];
	uint16_t port;
};

struct sock {
	uint8_t family;		/* AF_INET ... */
	uint8_t type;		/* SOCK_STREAM ...; 0: not told, follows from the protocol */
	uint16_t protocol;	/* IPPROTO_*, NETLINK_*, or the ETH_P_* of a packet socket */
	uint8_t state;		/* TCP_ESTABLISHED 1 ... TCP_LISTEN 10, of all that have one */
	uint8_t shutdown;	/* 1: does not receive, 2: does not send */
	uint32_t inode;		/* of the socket's file, on sockfs; 0: it has none */
	uint32_t uid;		/* of the owner, a host id; SOCK_NOT_TOLD */
	uint32_t ifindex;	/* bound to this interface; 0: none */
	/* In bytes. Of a listening socket: connections that wait, and how many may. */
	uint32_t rqueue, wqueue;	/* SOCK_NOT_TOLD */
	struct sock_end local, remote;	/* AF_INET, AF_INET6; ports of AF_VSOCK are in vsock */
	struct {
		uint32_t peer;		/* inode of the connected socket, 0: none */
		uint32_t vfs_inode, vfs_dev;	/* of the socket's name in a file system; 0: none */
		struct bytes name;	/* sun_path, or what follows its first NUL */
		bool abstract;
	} un;
	struct {
		uint32_t portid, to_portid, to_group;
	} nl;
	struct {
		uint32_t cid, port, to_cid, to_port;
	} vm;
};

/* name points into a receive buffer: it is gone when fn returns. */
typedef void sockdiag_fn(void *ctx, const struct sock *s);

struct sockdiag_want {
	uint8_t family;
	uint16_t protocol;	/* AF_INET and AF_INET6: IPPROTO_TCP ... MPTCP (5.9) */
	uint32_t states;	/* a bit a state; 0: all */
};

/*
 * Calls fn for every socket of the namespace that is wanted. 0; 1 if the kernel said that its table
 * changed meanwhile, so that one may be missing or come twice; or -1 with errno: ENOENT if this
 * kernel cannot tell of that family or protocol.
 */
int sockdiag_each(int fd, const struct sockdiag_want *w, sockdiag_fn *fn, void *ctx);

/* An IPv4 address that an IPv6 socket wears (::ffff:192.0.2.1) as what it is; its family. */
uint8_t sock_unmap(uint8_t family, const struct sock_end *e, struct sock_end *ret);

/* The body of one message of the kernel. False if it is none of a family that is known here. */
bool sockdiag_parse(const void *body, size_t len, uint16_t protocol, struct sock *ret);

#endif
