/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nets - netlink sockets in network namespaces, made before a ROLE_PROC child is sealed.
 *
 * The child joins a network namespace only to make a socket in it, and is back in the host's before
 * it looks at anything; a socket stays in the namespace that it was made in. Sealed, the child has
 * no socket(2) and no setns(2), and without CAP_NET_ADMIN what it can do with NETLINK_SOCK_DIAG is
 * to ask: the kernel refuses SOCK_DESTROY.
 */
#ifndef NSDEBUG_ENTER_NETS_H
#define NSDEBUG_ENTER_NETS_H

#include <stddef.h>
#include <stdint.h>

struct err;
struct inside;

enum nets {
	NETS_NONE,
	NETS_OWN,	/* the target's network namespace */
	NETS_NODE,	/* and those of all processes of the node, up to NETS_MAX */
};

#define NETS_MAX 512

struct net {
	uint64_t id;	/* inode number of the namespace */
	int diag;	/* NETLINK_SOCK_DIAG socket */
	int64_t first_port;	/* of the target's: net.ipv4.ip_unprivileged_port_start; -1: not
				 * known (before Linux 4.11 it is always 1024) */
	int64_t ping_first, ping_last;	/* the same of net.ipv4.ping_group_range, host's ids */
};

/* Fills in->nets, the target's first. What is not permitted leaves it empty and in->nets_err set;
 * -1 only if the host's namespace could not be joined again. */
int nets_open(struct inside *in, enum nets which, struct err *e);

#endif
