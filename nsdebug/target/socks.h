/* SPDX-License-Identifier: Apache-2.0 */
/*
 * socks - sockets that processes of a container hold, looked up by the numbers of their inodes, in
 * a ROLE_PROC child that was given in->nets.
 *
 * Looked for in the target's network namespace first, and what is not there, in the others of the
 * node: a process may have got a socket from elsewhere. The other end of a TCP connection is
 * found if it is on this node and no address was translated in between: by the addresses alone, so
 * that whoever gives himself the address of another host can pass for it.
 */
#ifndef NSDEBUG_TARGET_SOCKS_H
#define NSDEBUG_TARGET_SOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/base/map.h"
#include "nsdebug/sys/sockdiag.h"

struct arena;
struct emit;
struct inside;

struct known_sock {
	struct sock s;			/* inode 0: not found */
	uint64_t inode;			/* that is looked for */
	uint64_t net;			/* the namespace it is in */
	uint64_t peer;			/* inode of the other end, 0: none or not on this node */
	uint64_t peer_net;		/* of TCP: the namespace where one was found, or 0 */
	struct known_sock *same;	/* the next with an equal hash of addresses */
};

#define SOCKS_KINDS 16

struct socks {
	struct arena *arena;
	struct map by_inode, by_ends;
	size_t wanted, found;
	int failed;			/* errno of a question that had no answer, or 0 */
	uint32_t untold;		/* a bit a kind: this kernel does not list it */
	unsigned int protocols;		/* that other ends are looked for of: 1 TCP, 2 MPTCP */
	/* of the question that is asked just now */
	uint64_t net;
	uint16_t protocol;
	struct emit *emit;
};

void socks_init(struct socks *k, struct emit *emit);
void socks_want(struct socks *k, uint64_t inode);
/* Asks about all that are wanted. */
void socks_find(struct socks *k, const struct inside *in);
/* NULL if it was not wanted. */
const struct known_sock *socks_get(const struct socks *k, uint64_t inode);
/* Does this kernel list sockets of the protocol that it calls so (system.sockprotoname)? Then one
 * that was not found is elsewhere, or is a TCP or UDP socket that was never bound. */
bool socks_told(const struct socks *k, const char *protocol);
/* Calls fn for each. */
void socks_each(const struct socks *k, void (*fn)(void *known));
void socks_free(struct socks *k);

#endif
