/* SPDX-License-Identifier: Apache-2.0 */
/*
 * socket - may somebody make a socket of this kind? inet_create() and packet_create() of Linux 6.1,
 * ping_init_sock() of net/ipv4/ping.c.
 */
#ifndef NSDEBUG_WHY_SOCKET_H
#define NSDEBUG_WHY_SOCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/why/creds.h"
#include "nsdebug/why/reason.h"

struct capable;
struct inside;
struct net;

#define SOCKET_ARGS 3		/* family, type, protocol */

/* Sends and receives ICMP echo without a capability: socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP). */
bool socket_is_ping(const uint64_t args[SOCKET_ARGS]);
/* The same with SOCK_RAW, for which a capability is asked. */
bool socket_is_raw_ping(const uint64_t args[SOCKET_ARGS]);
/* Is one of its groups in net.ipv4.ping_group_range, whose ends are ids of the host? */
bool socket_pings(const struct creds *c, int64_t first, int64_t last);

/* In a ROLE_PROC child with NETS_OWN, before it becomes a parser; dir: /proc/PID of who asks. NULL:
 * its network namespace could not be looked into. */
const struct net *socket_net(const struct inside *in, int dir);
/* unknown: bit n of argument n, of which nothing is said then. Fills *ret only if it is refused, or
 * cannot be told. */
void socket_judge(const struct net *n, const struct creds *c, const struct capable *over,
		  const uint64_t args[SOCKET_ARGS], unsigned int unknown, struct reason *ret);

#endif
