/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "nsdebug/enter/enter.h"
#include "nsdebug/enter/nets.h"
#include "nsdebug/sys/ns.h"
#include "nsdebug/why/capable.h"

static unsigned int type_of(const uint64_t args[SOCKET_ARGS])
{
	return (unsigned int)args[1] & ~(unsigned int)(SOCK_CLOEXEC | SOCK_NONBLOCK);
}

static bool is_internet(uint64_t family)
{
	return family == AF_INET || family == AF_INET6;
}

static bool is_icmp(const uint64_t args[SOCKET_ARGS], unsigned int type)
{
	return is_internet(args[0]) && type_of(args) == type &&
		args[2] == (args[0] == AF_INET ? (uint64_t)IPPROTO_ICMP : (uint64_t)IPPROTO_ICMPV6);
}

bool socket_is_ping(const uint64_t args[SOCKET_ARGS])
{
	return is_icmp(args, SOCK_DGRAM);
}

bool socket_is_raw_ping(const uint64_t args[SOCKET_ARGS])
{
	return is_icmp(args, SOCK_RAW);
}

bool socket_pings(const struct creds *c, int64_t first, int64_t last)
{
	if (first <= c->egid && c->egid <= last)
		return true;
	for (uint32_t i = 0; i < c->ngroups; i++)
		if (first <= c->groups[i] && c->groups[i] <= last)
			return true;
	return false;
}

const struct net *socket_net(const struct inside *in, int dir)
{
	return in->nnets && ns_id(dir, "net") == in->nets[0].id ? &in->nets[0] : NULL;
}

static void judge_ping(const struct net *n, const struct creds *c, struct reason *ret)
{
	if (!n || n->ping_first < 0) {
		ret->kind = WHY_UNKNOWN;
		snprintf(ret->word, sizeof(ret->word), "net.ipv4.ping_group_range of its network "
			 "namespace decides, which could not be read");
	} else if (!socket_pings(c, n->ping_first, n->ping_last)) {
		ret->kind = WHY_PING;
		ret->err = EACCES;
		ret->number = (uint64_t)n->ping_first;
		ret->limit = (uint64_t)n->ping_last;
		ret->id = c->egid;
		ret->guess = c->groups_cut;
	}
}

void socket_judge(const struct net *n, const struct creds *c, const struct capable *over,
		  const uint64_t args[SOCKET_ARGS], unsigned int unknown, struct reason *ret)
{
	bool raw = args[0] == AF_PACKET;

	if (unknown & 1)
		return;
	if (!(unknown & 2))
		raw |= is_internet(args[0]) && type_of(args) == SOCK_RAW;
	if (raw && !(over->caps[OVER_NET] & CREDS_CAP(NET_RAW))) {
		ret->kind = WHY_CAPABILITY;
		ret->err = EPERM;
		ret->caps = CREDS_CAP(NET_RAW);
		ret->word[0] = '\0';
		ret->hint = unknown & 7 || !socket_is_raw_ping(args) ? 0 : HINT_PING |
			(n && n->ping_first >= 0 && socket_pings(c, n->ping_first, n->ping_last) ?
			 HINT_PINGS : 0);
	} else if (!(unknown & 7) && socket_is_ping(args)) {
		judge_ping(n, c, ret);
	}
}
