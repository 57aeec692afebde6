/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/sockdiag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/netlink_diag.h>
#include <linux/packet_diag.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <linux/vm_sockets_diag.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#ifndef AF_VSOCK
#define AF_VSOCK 40
#endif

#define RECEIVE_SIZE (64 * 1024)	/* the kernel sends at most 32 KiB at a time */
#define FOREIGN_MAX 100000		/* datagrams of others among the kernel's */

/* ---- one message ---- */

/* The attributes behind the fixed part: found by type, never beyond `len`. */
struct attrs {
	const unsigned char *p;
	size_t len;
};

static struct bytes attr_find(struct attrs a, uint16_t type)
{
	while (a.len >= NLA_HDRLEN) {
		struct nlattr h;
		size_t step;

		memcpy(&h, a.p, sizeof(h));
		if (h.nla_len < NLA_HDRLEN || h.nla_len > a.len)
			break;
		if ((h.nla_type & NLA_TYPE_MASK) == type)
			return (struct bytes){ (const char *)a.p + NLA_HDRLEN,
				h.nla_len - (size_t)NLA_HDRLEN };
		step = NLA_ALIGN((size_t)h.nla_len);
		if (step >= a.len)
			break;
		a.p += step;
		a.len -= step;
	}
	return (struct bytes){ NULL, 0 };
}

/* A fixed structure, from the message or an attribute: all of it or nothing. */
static bool take(void *to, size_t size, struct bytes from)
{
	if (!from.p || from.len < size)
		return false;
	memcpy(to, from.p, size);
	return true;
}

static void end_of(struct sock_end *e, const void *addr, uint16_t port)
{
	memcpy(e->addr, addr, sizeof(e->addr));
	e->port = ntohs(port);
}

static bool parse_inet(struct bytes body, struct attrs a, uint16_t protocol, struct sock *s)
{
	struct inet_diag_msg m;
	uint8_t shut;

	if (!take(&m, sizeof(m), body))
		return false;
	s->protocol = protocol;
	s->state = m.idiag_state;
	s->inode = m.idiag_inode;
	s->uid = m.idiag_uid;
	s->ifindex = m.id.idiag_if;
	s->rqueue = m.idiag_rqueue;
	s->wqueue = m.idiag_wqueue;
	end_of(&s->local, m.id.idiag_src, m.id.idiag_sport);
	end_of(&s->remote, m.id.idiag_dst, m.id.idiag_dport);
	if (take(&shut, sizeof(shut), attr_find(a, INET_DIAG_SHUTDOWN)))
		s->shutdown = shut;
	return true;
}

static void unix_name(struct sock *s, struct bytes name)
{
	if (!name.len)
		return;
	s->un.abstract = !name.p[0];
	if (s->un.abstract)
		s->un.name = (struct bytes){ name.p + 1, name.len - 1 };
	else
		s->un.name = (struct bytes){ name.p, strnlen(name.p, name.len) };
}

static bool parse_unix(struct bytes body, struct attrs a, struct sock *s)
{
	struct unix_diag_msg m;
	struct unix_diag_vfs vfs;
	struct unix_diag_rqlen queue;
	uint8_t shut;

	if (!take(&m, sizeof(m), body))
		return false;
	s->type = m.udiag_type;
	s->state = m.udiag_state;
	s->inode = m.udiag_ino;
	unix_name(s, attr_find(a, UNIX_DIAG_NAME));
	if (take(&vfs, sizeof(vfs), attr_find(a, UNIX_DIAG_VFS))) {
		s->un.vfs_inode = vfs.udiag_vfs_ino;
		s->un.vfs_dev = vfs.udiag_vfs_dev;
	}
	if (take(&queue, sizeof(queue), attr_find(a, UNIX_DIAG_RQLEN))) {
		s->rqueue = queue.udiag_rqueue;
		s->wqueue = queue.udiag_wqueue;
	}
	take(&s->un.peer, sizeof(s->un.peer), attr_find(a, UNIX_DIAG_PEER));
	take(&s->uid, sizeof(s->uid), attr_find(a, UNIX_DIAG_UID));
	if (take(&shut, sizeof(shut), attr_find(a, UNIX_DIAG_SHUTDOWN)))
		s->shutdown = shut;
	return true;
}

static bool parse_netlink(struct bytes body, struct sock *s)
{
	struct netlink_diag_msg m;

	if (!take(&m, sizeof(m), body))
		return false;
	s->type = m.ndiag_type;
	s->protocol = m.ndiag_protocol;
	s->inode = m.ndiag_ino;
	s->nl.portid = m.ndiag_portid;
	s->nl.to_portid = m.ndiag_dst_portid;
	s->nl.to_group = m.ndiag_dst_group;
	return true;
}

static bool parse_packet(struct bytes body, struct attrs a, struct sock *s)
{
	struct packet_diag_msg m;
	struct packet_diag_info info;

	if (!take(&m, sizeof(m), body))
		return false;
	s->type = m.pdiag_type;
	s->protocol = m.pdiag_num;
	s->inode = m.pdiag_ino;
	if (take(&info, sizeof(info), attr_find(a, PACKET_DIAG_INFO)))
		s->ifindex = info.pdi_index;
	take(&s->uid, sizeof(s->uid), attr_find(a, PACKET_DIAG_UID));
	return true;
}

static bool parse_vsock(struct bytes body, struct sock *s)
{
	struct vsock_diag_msg m;

	if (!take(&m, sizeof(m), body))
		return false;
	s->type = m.vdiag_type;
	s->state = m.vdiag_state;
	s->shutdown = m.vdiag_shutdown;
	s->inode = m.vdiag_ino;
	s->vm.cid = m.vdiag_src_cid;
	s->vm.port = m.vdiag_src_port;
	s->vm.to_cid = m.vdiag_dst_cid;
	s->vm.to_port = m.vdiag_dst_port;
	return true;
}

static size_t fixed_size(uint8_t family)
{
	switch (family) {
	case AF_INET:
	case AF_INET6: return sizeof(struct inet_diag_msg);
	case AF_UNIX: return sizeof(struct unix_diag_msg);
	case AF_NETLINK: return sizeof(struct netlink_diag_msg);
	case AF_PACKET: return sizeof(struct packet_diag_msg);
	case AF_VSOCK: return sizeof(struct vsock_diag_msg);
	default: return 0;
	}
}

bool sockdiag_parse(const void *body, size_t len, uint16_t protocol, struct sock *ret)
{
	uint8_t family = len ? *(const uint8_t *)body : 0;
	struct bytes b = { body, len };
	size_t fixed = NLMSG_ALIGN(fixed_size(family));
	struct attrs a = { body, 0 };

	if (fixed && len > fixed)
		a = (struct attrs){ (const unsigned char *)body + fixed, len - fixed };
	*ret = (struct sock){
		.family = family, .uid = SOCK_NOT_TOLD, .rqueue = SOCK_NOT_TOLD,
		.wqueue = SOCK_NOT_TOLD,
	};
	switch (family) {
	case AF_INET:
	case AF_INET6: return parse_inet(b, a, protocol, ret);
	case AF_UNIX: return parse_unix(b, a, ret);
	case AF_NETLINK: return parse_netlink(b, ret);
	case AF_PACKET: return parse_packet(b, a, ret);
	case AF_VSOCK: return parse_vsock(b, ret);
	default: return false;
	}
}

/* ---- asking ---- */

union request {
	struct sock_diag_req any;
	struct {
		struct inet_diag_req_v2 req;
		/* a protocol that is no byte */
		struct nlattr attr;
		uint32_t protocol;
	} inet;
	struct unix_diag_req un;
	struct netlink_diag_req nl;
	struct packet_diag_req packet;
	struct vsock_diag_req vm;
};

struct ask {
	int fd;
	uint32_t seq;
	uint16_t protocol;	/* of inet, whose answers do not repeat it */
	sockdiag_fn *fn;
	void *ctx;
	bool done, changed;
};

static size_t fill(union request *q, const struct sockdiag_want *w)
{
	uint32_t states = w->states ? w->states : UINT32_MAX;

	memset(q, 0, sizeof(*q));
	q->any.sdiag_family = w->family;
	/* what is no byte is in an attribute, which a kernel before 5.9 does not look at */
	q->any.sdiag_protocol = w->protocol > UINT8_MAX ? 0 : (uint8_t)w->protocol;
	switch (w->family) {
	case AF_INET:
	case AF_INET6:
		q->inet.req.idiag_states = states;
		q->inet.req.idiag_ext = 1 << (INET_DIAG_SHUTDOWN - 1);
		q->inet.attr = (struct nlattr){ NLA_HDRLEN + 4, INET_DIAG_REQ_PROTOCOL };
		q->inet.protocol = w->protocol;
		return w->protocol > UINT8_MAX ? sizeof(q->inet) : sizeof(q->inet.req);
	case AF_UNIX:
		q->un.udiag_states = states;
		q->un.udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_VFS | UDIAG_SHOW_PEER |
			UDIAG_SHOW_RQLEN | UDIAG_SHOW_UID;
		return sizeof(q->un);
	case AF_NETLINK:
		q->any.sdiag_protocol = NDIAG_PROTO_ALL;
		return sizeof(q->nl);
	case AF_PACKET:
		q->packet.pdiag_show = PACKET_SHOW_INFO;
		return sizeof(q->packet);
	case AF_VSOCK:
		q->vm.vdiag_states = states;
		return sizeof(q->vm);
	default:
		return 0;
	}
}

static int send_request(struct ask *a, const union request *q, size_t size)
{
	static uint32_t seq;
	struct {
		struct nlmsghdr h;
		union request q;
	} m = { .q = *q };
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	a->seq = ++seq;
	m.h = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)NLMSG_LENGTH(size), .nlmsg_type = SOCK_DIAG_BY_FAMILY,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		.nlmsg_seq = a->seq,
	};
	if (sendto(a->fd, &m, m.h.nlmsg_len, 0, (void *)&kernel, sizeof(kernel)) < 0)
		return -1;
	return 0;
}

/* The kernel's errno of NLMSG_ERROR, and of the NLMSG_DONE of a list that it could not make. */
static int error_of(const struct nlmsghdr *h, const void *body, size_t len)
{
	int32_t err = 0;

	if (len >= sizeof(err))
		memcpy(&err, body, sizeof(err));
	if (h->nlmsg_type == NLMSG_ERROR && !err)
		err = -EPROTO;
	errno = err < 0 ? -err : 0;
	return err < 0 ? -1 : 0;
}

static int take_message(struct ask *a, const struct nlmsghdr *h, const void *body, size_t len)
{
	struct sock s;

	if (h->nlmsg_seq != a->seq)
		return 0;
	a->changed |= (h->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
	if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR) {
		a->done = true;
		return error_of(h, body, len);
	}
	if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY)
		return 0;
	if (sockdiag_parse(body, len, a->protocol, &s))
		a->fn(a->ctx, &s);
	return 0;
}

static int take_datagram(struct ask *a, const char *p, size_t len)
{
	while (len >= sizeof(struct nlmsghdr) && !a->done) {
		struct nlmsghdr h;
		size_t step;

		memcpy(&h, p, sizeof(h));
		if (h.nlmsg_len < sizeof(h) || h.nlmsg_len > len) {
			errno = EPROTO;
			return -1;
		}
		if (take_message(a, &h, p + NLMSG_HDRLEN, h.nlmsg_len - (size_t)NLMSG_HDRLEN) < 0)
			return -1;
		step = NLMSG_ALIGN((size_t)h.nlmsg_len);
		if (step >= len)
			break;
		p += step;
		len -= step;
	}
	return 0;
}

/* The next datagram of the kernel; another's is thrown away, whatever it claims to be. */
static ssize_t receive(struct ask *a, char *p)
{
	for (int foreign = 0; foreign < FOREIGN_MAX;) {
		struct sockaddr_nl from = { 0 };
		socklen_t room = sizeof(from);
		ssize_t n = recvfrom(a->fd, p, RECEIVE_SIZE, MSG_TRUNC, (void *)&from, &room);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (room < sizeof(from) || from.nl_family != AF_NETLINK || from.nl_pid != 0) {
			foreign++;
			continue;
		}
		if (n <= RECEIVE_SIZE)
			return n;
		errno = EMSGSIZE;
		return -1;
	}
	errno = EBUSY;
	return -1;
}

static int answer(struct ask *a, const union request *q, size_t size)
{
	char p[RECEIVE_SIZE];

	if (send_request(a, q, size) < 0)
		return -1;
	while (!a->done) {
		ssize_t n = receive(a, p);

		if (n < 0 || take_datagram(a, p, (size_t)n) < 0)
			return -1;
	}
	return 0;
}

int sockdiag_each(int fd, const struct sockdiag_want *w, sockdiag_fn *fn, void *ctx)
{
	struct ask a = { .fd = fd, .protocol = w->protocol, .fn = fn, .ctx = ctx };
	union request q;
	size_t size = fill(&q, w);

	if (!size) {
		errno = ENOENT;
		return -1;
	}
	return answer(&a, &q, size) < 0 ? -1 : a.changed;
}

/* ---- addresses ---- */

uint8_t sock_unmap(uint8_t family, const struct sock_end *e, struct sock_end *ret)
{
	static const uint8_t mapped[12] = { [10] = 0xff, 0xff };

	*ret = *e;
	if (family == AF_INET6 && !memcmp(e->addr, mapped, sizeof(mapped))) {
		memcpy(ret->addr, e->addr + sizeof(mapped), 4);
		family = AF_INET;
	}
	if (family == AF_INET)
		memset(ret->addr + 4, 0, sizeof(ret->addr) - 4);
	return family;
}
