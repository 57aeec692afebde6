/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/sockname.h"

#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/sockdiag.h"

#define VSOCK_ANY UINT32_MAX

static const char *at(const char *const *names, size_t count, unsigned int i)
{
	return i < count ? names[i] : NULL;
}

#define AT(names, i) at(names, ARRAY_SIZE(names), i)

const char *sock_family(uint8_t family)
{
	switch (family) {
	case AF_INET: return "inet";
	case AF_INET6: return "inet6";
	case AF_UNIX: return "unix";
	case AF_NETLINK: return "netlink";
	case AF_PACKET: return "packet";
	case AF_VSOCK: return "vsock";
	default: return NULL;
	}
}

static const char *netlink_protocol(unsigned int p)
{
	static const char *const names[] = {
		[NETLINK_ROUTE] = "route", [NETLINK_USERSOCK] = "usersock",
		[NETLINK_FIREWALL] = "firewall", [NETLINK_SOCK_DIAG] = "sock_diag",
		[NETLINK_NFLOG] = "nflog", [NETLINK_XFRM] = "xfrm", [NETLINK_SELINUX] = "selinux",
		[NETLINK_ISCSI] = "iscsi", [NETLINK_AUDIT] = "audit",
		[NETLINK_FIB_LOOKUP] = "fib_lookup", [NETLINK_CONNECTOR] = "connector",
		[NETLINK_NETFILTER] = "netfilter", [NETLINK_IP6_FW] = "ip6_fw",
		[NETLINK_DNRTMSG] = "dnrtmsg", [NETLINK_KOBJECT_UEVENT] = "uevent",
		[NETLINK_GENERIC] = "generic", [NETLINK_SCSITRANSPORT] = "scsi",
		[NETLINK_ECRYPTFS] = "ecryptfs", [NETLINK_RDMA] = "rdma",
		[NETLINK_CRYPTO] = "crypto",
	};

	return AT(names, p);
}

const char *sock_protocol(const struct sock *s)
{
	if (s->family == AF_NETLINK)
		return netlink_protocol(s->protocol);
	if (s->family != AF_INET && s->family != AF_INET6)
		return NULL;
	switch (s->protocol) {
	case IPPROTO_TCP: return "tcp";
	case IPPROTO_MPTCP: return "mptcp";
	case IPPROTO_UDP: return "udp";
	case IPPROTO_UDPLITE: return "udplite";
	case IPPROTO_SCTP: return "sctp";
	case IPPROTO_DCCP: return "dccp";
	case IPPROTO_RAW: return "raw";
	default: return NULL;
	}
}

const char *sock_type(uint8_t type)
{
	static const char *const names[] = {
		[SOCK_STREAM] = "stream", [SOCK_DGRAM] = "dgram", [SOCK_RAW] = "raw",
		[SOCK_RDM] = "rdm", [SOCK_SEQPACKET] = "seqpacket", [SOCK_DCCP] = "dccp",
		[SOCK_PACKET] = "packet",
	};

	return AT(names, type);
}

static bool connects(const struct sock *s)
{
	if (s->family == AF_INET || s->family == AF_INET6)
		return s->protocol == IPPROTO_TCP || s->protocol == IPPROTO_MPTCP ||
			s->protocol == IPPROTO_SCTP || s->protocol == IPPROTO_DCCP;
	return false;
}

const char *sock_state(const struct sock *s)
{
	static const char *const names[] = {
		[TCP_ESTABLISHED] = "ESTABLISHED", [TCP_SYN_SENT] = "SYN_SENT",
		[TCP_SYN_RECV] = "SYN_RECV", [TCP_FIN_WAIT1] = "FIN_WAIT1",
		[TCP_FIN_WAIT2] = "FIN_WAIT2", [TCP_TIME_WAIT] = "TIME_WAIT",
		[TCP_CLOSE] = "CLOSE", [TCP_CLOSE_WAIT] = "CLOSE_WAIT",
		[TCP_LAST_ACK] = "LAST_ACK", [TCP_LISTEN] = "LISTEN", [TCP_CLOSING] = "CLOSING",
		[12] = "SYN_RECV",	/* TCP_NEW_SYN_RECV */
	};

	if (s->state == TCP_CLOSE && !connects(s))
		return "UNCONNECTED";
	return AT(names, s->state);
}

void sock_put_end(struct buf *b, uint8_t family, const struct sock_end *e)
{
	static const uint8_t any[16];
	char text[INET6_ADDRSTRLEN];
	bool six = family == AF_INET6;

	if (!memcmp(e->addr, any, six ? 16 : 4))
		buf_str(b, "*");
	else
		buf_addf(b, six ? "[%s]" : "%s", inet_ntop(family, e->addr, text, sizeof(text)));
	if (e->port)
		buf_addf(b, ":%u", e->port);
	else
		buf_str(b, ":*");
}

static void put_vsock(struct buf *b, uint32_t cid, uint32_t port)
{
	if (cid == VSOCK_ANY)
		buf_str(b, "*:");
	else
		buf_addf(b, "%u:", cid);
	if (port == VSOCK_ANY)
		buf_str(b, "*");
	else
		buf_addf(b, "%u", port);
}

void sock_put_local(struct buf *b, const struct sock *s)
{
	switch (s->family) {
	case AF_INET:
	case AF_INET6:
		sock_put_end(b, s->family, &s->local);
		break;
	case AF_UNIX:
		if (s->un.abstract)
			buf_char(b, '@');
		buf_add(b, s->un.name.p, s->un.name.len);
		break;
	case AF_NETLINK:
		buf_addf(b, "%u", s->nl.portid);
		break;
	case AF_PACKET:
		buf_addf(b, "protocol 0x%04x", s->protocol);
		if (s->ifindex)
			buf_addf(b, " interface %u", s->ifindex);
		break;
	case AF_VSOCK:
		put_vsock(b, s->vm.cid, s->vm.port);
		break;
	default:
		break;
	}
}

void sock_put_remote(struct buf *b, const struct sock *s)
{
	switch (s->family) {
	case AF_INET:
	case AF_INET6:
		if (s->remote.port)
			sock_put_end(b, s->family, &s->remote);
		break;
	case AF_VSOCK:
		if (s->vm.to_port != VSOCK_ANY && s->state != TCP_LISTEN)
			put_vsock(b, s->vm.to_cid, s->vm.to_port);
		break;
	case AF_NETLINK:
		if (s->nl.to_portid)
			buf_addf(b, "%u", s->nl.to_portid);
		break;
	default:
		break;
	}
}
