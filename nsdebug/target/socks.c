/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/socks.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/enter/emit.h"
#include "nsdebug/enter/enter.h"

/* What is asked for, in the order in which it is likely; and what the kernel calls such sockets. */
static const struct kind {
	struct sockdiag_want want;
	const char *protocol;
} kinds[SOCKS_KINDS] = {
	{ { AF_UNIX, 0, 0 }, "UNIX" },
	/* before TCP, which lists their parts under the same inode */
	{ { AF_INET, IPPROTO_MPTCP, 0 }, "MPTCP" }, { { AF_INET6, IPPROTO_MPTCP, 0 }, "MPTCPv6" },
	{ { AF_INET, IPPROTO_TCP, 0 }, "TCP" }, { { AF_INET6, IPPROTO_TCP, 0 }, "TCPv6" },
	{ { AF_INET, IPPROTO_UDP, 0 }, "UDP" }, { { AF_INET6, IPPROTO_UDP, 0 }, "UDPv6" },
	{ { AF_NETLINK, 0, 0 }, "NETLINK" },
	{ { AF_PACKET, 0, 0 }, "PACKET" },
	{ { AF_INET, IPPROTO_RAW, 0 }, "RAW" }, { { AF_INET6, IPPROTO_RAW, 0 }, "RAWv6" },
	{ { AF_INET, IPPROTO_SCTP, 0 }, "SCTP" }, { { AF_INET6, IPPROTO_SCTP, 0 }, "SCTPv6" },
	{ { AF_INET, IPPROTO_UDPLITE, 0 }, "UDP-Lite" },
	{ { AF_INET6, IPPROTO_UDPLITE, 0 }, "UDPLITEv6" },
	{ { AF_VSOCK, 0, 0 }, "AF_VSOCK" },
};

#define TRIES 3		/* while the kernel says that its table changed */

void socks_init(struct socks *k, struct emit *emit)
{
	*k = (struct socks){ .arena = arena_new(), .emit = emit };
}

void socks_free(struct socks *k)
{
	map_free(&k->by_inode);
	map_free(&k->by_ends);
	arena_free(&k->arena);
}

void socks_want(struct socks *k, uint64_t inode)
{
	struct known_sock *s;

	if (map_get(&k->by_inode, inode))
		return;
	s = arena_alloc(k->arena, sizeof(*s));
	s->inode = inode;
	map_put(&k->by_inode, inode, s);
	k->wanted++;
}

const struct known_sock *socks_get(const struct socks *k, uint64_t inode)
{
	return map_get(&k->by_inode, inode);
}

void socks_each(const struct socks *k, void (*fn)(void *known))
{
	map_each(&k->by_inode, fn);
}

/* ---- the sockets themselves ---- */

static void take_wanted(void *ctx, const struct sock *s)
{
	struct socks *k = ctx;
	struct known_sock *known = s->inode ? map_get(&k->by_inode, s->inode) : NULL;

	emit_tick(k->emit);
	if (!known || known->s.inode)
		return;
	known->s = *s;
	known->s.un.name.p = arena_dup(k->arena, s->un.name.p, s->un.name.len);
	known->net = k->net;
	known->peer = s->un.peer;
	k->found++;
}

/* 0 if this kernel, or this build of it, cannot tell of that kind. */
static bool ask(struct socks *k, const struct net *n, const struct sockdiag_want *w,
		sockdiag_fn *fn)
{
	int more = 1;

	k->net = n->id;
	k->protocol = w->protocol;
	for (int try = 0; more > 0 && try < TRIES; try++)
		more = sockdiag_each(n->diag, w, fn, k);
	if (more >= 0)
		return true;
	if (errno == ENOENT || errno == EOPNOTSUPP || errno == EINVAL || errno == EPROTONOSUPPORT)
		return false;
	k->failed = errno;
	return true;
}

static void find_in(struct socks *k, const struct net *n)
{
	for (unsigned int i = 0; i < SOCKS_KINDS; i++) {
		if (k->found == k->wanted)
			return;
		if (!(k->untold >> i & 1) && !ask(k, n, &kinds[i].want, take_wanted))
			k->untold |= 1u << i;
	}
}

bool socks_told(const struct socks *k, const char *protocol)
{
	for (unsigned int i = 0; i < SOCKS_KINDS; i++)
		/* "UNIX-STREAM" since Linux 5.15 */
		if (!strcmp(kinds[i].protocol, protocol) ||
		    (kinds[i].want.family == AF_UNIX && str_prefix(protocol, "UNIX")))
			return !(k->untold >> i & 1);
	return false;
}

/* ---- the other ends of TCP connections ---- */

/* Of the two ends in that order. */
static uint64_t hash_ends(const struct sock *s, bool turned)
{
	struct sock_end e[2];
	uint64_t h = MAP_HASH;

	sock_unmap(s->family, turned ? &s->remote : &s->local, &e[0]);
	sock_unmap(s->family, turned ? &s->local : &s->remote, &e[1]);
	for (int i = 0; i < 2; i++) {
		h = map_hash(h, e[i].addr, sizeof(e[i].addr));
		h = map_hash(h, &e[i].port, sizeof(e[i].port));
	}
	return h;
}

static bool same_end(const struct sock *a, const struct sock_end *x, const struct sock *b,
		     const struct sock_end *y)
{
	struct sock_end p, q;

	return sock_unmap(a->family, x, &p) == sock_unmap(b->family, y, &q) &&
		p.port == q.port && !memcmp(p.addr, q.addr, sizeof(p.addr));
}

/* Does it mean the same in other network namespaces? Not a loopback address, nor one's own. */
static bool can_leave(const struct sock *s)
{
	static const uint8_t loopback[16] = { [15] = 1 };
	struct sock_end local, remote;
	uint8_t family = sock_unmap(s->family, &s->local, &local);

	if (sock_unmap(s->family, &s->remote, &remote) != family)
		return true;
	if (family == AF_INET ? local.addr[0] == 127 || remote.addr[0] == 127 :
	    !memcmp(local.addr, loopback, 16) || !memcmp(remote.addr, loopback, 16))
		return false;
	return memcmp(local.addr, remote.addr, sizeof(local.addr)) != 0;
}

/* The same addresses may be in use in several namespaces: its own goes first, and of others it is
 * none if there are two. */
static void take_match(struct known_sock *known, const struct sock *s, uint64_t net)
{
	if (net == known->net) {
		known->peer = s->inode;
		known->peer_net = net;
	} else if (known->peer_net != known->net && can_leave(s)) {
		known->peer = !known->peer_net || known->peer == s->inode ? s->inode : 0;
		known->peer_net = net;
	}
}

static void take_other_end(void *ctx, const struct sock *s)
{
	struct socks *k = ctx;
	struct known_sock *known;

	emit_tick(k->emit);
	if (!s->inode || !s->remote.port)
		return;
	for (known = map_get(&k->by_ends, hash_ends(s, true)); known; known = known->same)
		if (known->s.protocol == k->protocol &&
		    same_end(s, &s->local, &known->s, &known->s.remote) &&
		    same_end(s, &s->remote, &known->s, &known->s.local))
			take_match(known, s, k->net);
}

static struct socks *filling;	/* map_each(3) has no context argument */

static bool is_tcp(uint8_t family, uint16_t protocol)
{
	return (family == AF_INET || family == AF_INET6) &&
		(protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP);
}

static void want_other_end(void *value)
{
	struct known_sock *known = value;
	uint64_t h;

	if (!is_tcp(known->s.family, known->s.protocol) || !known->s.remote.port)
		return;
	filling->protocols |= known->s.protocol == IPPROTO_MPTCP ? 2 : 1;
	h = hash_ends(&known->s, false);
	known->same = map_get(&filling->by_ends, h);
	map_put(&filling->by_ends, h, known);
}

static void find_other_ends(struct socks *k, const struct inside *in)
{
	filling = k;
	socks_each(k, want_other_end);
	for (size_t i = 0; k->by_ends.used && i < in->nnets; i++)
		for (size_t n = 0; n < SOCKS_KINDS; n++)
			if (is_tcp(kinds[n].want.family, kinds[n].want.protocol) &&
			    (k->protocols & (kinds[n].want.protocol == IPPROTO_MPTCP ? 2 : 1)))
				ask(k, &in->nets[i], &kinds[n].want, take_other_end);
}

void socks_find(struct socks *k, const struct inside *in)
{
	for (size_t i = 0; i < in->nnets && k->found < k->wanted; i++)
		find_in(k, &in->nets[i]);
	if (in->nnets)
		find_other_ends(k, in);
}
