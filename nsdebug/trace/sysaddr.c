/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sysaddr - socket addresses as strace writes them.
 */
#include <arpa/inet.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/trace/sysput.h"
#include "nsdebug/trace/sysword.h"

static void put_inet(struct buf *b, struct bytes s)
{
	struct sockaddr_in a;
	const unsigned char *p = (const unsigned char *)&a.sin_addr;

	memcpy(&a, s.p, sizeof(a));
	buf_addf(b, "sin_port=htons(%u), sin_addr=inet_addr(\"%u.%u.%u.%u\")", ntohs(a.sin_port),
		 p[0], p[1], p[2], p[3]);
}

static void put_inet6(struct buf *b, struct bytes s)
{
	struct sockaddr_in6 a;
	char text[INET6_ADDRSTRLEN];

	memcpy(&a, s.p, sizeof(a));
	inet_ntop(AF_INET6, &a.sin6_addr, text, sizeof(text));
	buf_addf(b, "sin6_port=htons(%u), sin6_flowinfo=htonl(%u), inet_pton(AF_INET6, \"%s\", "
		 "&sin6_addr), sin6_scope_id=%u", ntohs(a.sin6_port), ntohl(a.sin6_flowinfo), text,
		 a.sin6_scope_id);
}

static void put_unix(struct buf *b, struct bytes s)
{
	struct bytes name = { s.p + sizeof(sa_family_t), s.len - sizeof(sa_family_t) };

	buf_str(b, "sun_path=");
	if (name.len && !name.p[0]) {
		buf_char(b, '@');
		name.p++;
		name.len--;
	} else {
		name.len = strnlen(name.p, name.len);
	}
	sysput_string(b, name, name.len, name.len);
}

static void put_netlink(struct buf *b, struct bytes s)
{
	struct sockaddr_nl a;

	memcpy(&a, s.p, sizeof(a));
	buf_addf(b, "nl_pid=%u, nl_groups=%08x", a.nl_pid, a.nl_groups);
}

void sysput_address(struct buf *b, struct bytes s)
{
	sa_family_t family;

	memcpy(&family, s.p, sizeof(family));
	buf_str(b, "{sa_family=");
	sysword_put(b, F_af, family);
	if (s.len > sizeof(family))
		buf_str(b, ", ");
	if (family == AF_INET && s.len >= sizeof(struct sockaddr_in))
		put_inet(b, s);
	else if (family == AF_INET6 && s.len >= sizeof(struct sockaddr_in6))
		put_inet6(b, s);
	else if (family == AF_UNIX && s.len > sizeof(family))
		put_unix(b, s);
	else if (family == AF_NETLINK && s.len >= sizeof(struct sockaddr_nl))
		put_netlink(b, s);
	else if (s.len > sizeof(family)) {
		buf_str(b, "sa_data=");
		sysput_string(b, (struct bytes){ s.p + 2, s.len - 2 }, s.len - 2, s.len);
	}
	buf_char(b, '}');
}
