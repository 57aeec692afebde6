/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/socks.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/enter/emit.h"
#include "nsdebug/enter/enter.h"

/* In the order in which they are likely; raw and the rest need modules that few kernels have. */
static const struct sockdiag_want kinds[] = {
	{ AF_UNIX, 0, 0 }, { AF_INET, IPPROTO_TCP, 0 }, { AF_INET6, IPPROTO_TCP, 0 },
	{ AF_INET, IPPROTO_UDP, 0 }, { AF_INET6, IPPROTO_UDP, 0 }, { AF_NETLINK, 0, 0 },
	{ AF_PACKET, 0, 0 }, { AF_INET, IPPROTO_RAW, 0 }, { AF_INET6, IPPROTO_RAW, 0 },
	{ AF_INET, IPPROTO_SCTP, 0 }, { AF_INET6, IPPROTO_SCTP, 0 },
	{ AF_INET, IPPROTO_UDPLITE, 0 }, { AF_INET6, IPPROTO_UDPLITE, 0 }, { AF_VSOCK, 0, 0 },
};

#define KINDS_TCP 1	/* index of the two of TCP */
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

static void ask(struct socks *k, const struct net *n, const struct sockdiag_want *w,
		sockdiag_fn *fn)
{
	int more = 1;

	k->net = n->id;
	for (int try = 0; more > 0 && try < TRIES; try++)
		more = sockdiag_each(n->diag, w, fn, k);
	/* a protocol that this kernel, or this build of it, cannot tell of */
	if (more < 0 && errno != ENOENT && errno != EOPNOTSUPP && errno != EINVAL &&
	    errno != EPROTONOSUPPORT)
		k->failed = errno;
}

static void find_in(struct socks *k, const struct net *n)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (k->found == k->wanted)
			return;
		ask(k, n, &kinds[i], take_wanted);
	}
}

/* ---- the other ends of TCP connections ---- */

/* FNV-1a of the two ends in that order. */
static uint64_t hash_ends(const struct sock *s, bool turned)
{
	struct sock_end e[2];
	uint64_t h = 0xcbf29ce484222325;

	sock_unmap(s->family, turned ? &s->remote : &s->local, &e[0]);
	sock_unmap(s->family, turned ? &s->local : &s->remote, &e[1]);
	for (int i = 0; i < 2; i++) {
		for (size_t at = 0; at < sizeof(e[i].addr); at++)
			h = (h ^ e[i].addr[at]) * 0x100000001b3;
		h = (h ^ e[i].port) * 0x100000001b3;
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

static void take_other_end(void *ctx, const struct sock *s)
{
	struct socks *k = ctx;
	struct known_sock *known;

	emit_tick(k->emit);
	if (!s->inode || !s->remote.port)
		return;
	for (known = map_get(&k->by_ends, hash_ends(s, true)); known; known = known->same)
		if (!known->peer && same_end(s, &s->local, &known->s, &known->s.remote) &&
		    same_end(s, &s->remote, &known->s, &known->s.local))
			known->peer = s->inode;
}

static struct socks *filling;	/* map_each(3) has no context argument */

static void want_other_end(void *value)
{
	struct known_sock *known = value;
	uint64_t h;

	if ((known->s.family != AF_INET && known->s.family != AF_INET6) ||
	    known->s.protocol != IPPROTO_TCP || !known->s.remote.port)
		return;
	h = hash_ends(&known->s, false);
	known->same = map_get(&filling->by_ends, h);
	map_put(&filling->by_ends, h, known);
}

static void find_other_ends(struct socks *k, const struct inside *in)
{
	filling = k;
	socks_each(k, want_other_end);
	for (size_t i = 0; k->by_ends.used && i < in->nnets; i++)
		for (int tcp = 0; tcp < 2; tcp++)
			ask(k, &in->nets[i], &kinds[KINDS_TCP + tcp], take_other_end);
}

void socks_find(struct socks *k, const struct inside *in)
{
	for (size_t i = 0; i < in->nnets && k->found < k->wanted; i++)
		find_in(k, &in->nets[i]);
	if (in->nnets)
		find_other_ends(k, in);
}
