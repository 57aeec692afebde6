/* SPDX-License-Identifier: Apache-2.0 */
/* sys/sockdiag and sys/sockname: messages of the kernel, cut ones, and our own sockets. */
#include "nsdebug/sys/sockdiag.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/unix_diag.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "nsdebug/base/own.h"
#include "nsdebug/sys/sockname.h"
#include "tests/unit/check.h"

static void add_attr(struct buf *b, uint16_t type, const void *p, size_t len)
{
	struct nlattr h = { (uint16_t)(NLA_HDRLEN + len), type };

	buf_add(b, &h, sizeof(h));
	buf_add(b, p, len);
	buf_fill(b, '\0', NLA_ALIGN(len) - len);
}

static void put_unix(struct buf *b, const char *name, size_t len)
{
	struct unix_diag_msg m = {
		.udiag_family = AF_UNIX, .udiag_type = SOCK_STREAM, .udiag_state = 10,
		.udiag_ino = 4711,
	};
	struct unix_diag_rqlen q = { 1, 128 };
	uint32_t peer = 4712;

	buf_clear(b);
	buf_add(b, &m, sizeof(m));
	if (name)
		add_attr(b, UNIX_DIAG_NAME, name, len);
	add_attr(b, UNIX_DIAG_PEER, &peer, sizeof(peer));
	add_attr(b, UNIX_DIAG_RQLEN, &q, sizeof(q));
}

static void unix_messages(void)
{
	static const char forged[] = "\0x\n0: 00000002 00000000 00010000 0001 01 9 /run/evil.sock";
	struct buf b = { 0 };
	bool good = true;
	struct sock s;

	put_unix(&b, "/run/x.sock", 12);
	ok(sockdiag_parse(b.bytes, b.len, 0, &s) && s.inode == 4711 && s.un.peer == 4712 &&
	   s.rqueue == 1 && s.wqueue == 128 && s.state == 10, "a unix socket");
	ok(!s.un.abstract && s.un.name.len == 11, "its path ends at its NUL");
	ok(s.uid == SOCK_NOT_TOLD, "what is not told");
	put_unix(&b, forged, sizeof(forged) - 1);
	ok(sockdiag_parse(b.bytes, b.len, 0, &s) && s.un.abstract &&
	   s.un.name.len == sizeof(forged) - 2, "a name with a line in it is one name");
	put_unix(&b, NULL, 0);
	ok(sockdiag_parse(b.bytes, b.len, 0, &s) && !s.un.name.len && s.un.peer == 4712, "no name");
	for (size_t len = 0; len < b.len; len++)
		good &= sockdiag_parse(b.bytes, len, 0, &s) ==
			(len >= sizeof(struct unix_diag_msg));
	ok(good, "cut off anywhere: what is fixed counts, or nothing");
	for (unsigned int n = 0; n < 70; n++) {	/* lengths of the first attribute */
		uint16_t bad = (uint16_t)(n < 65 ? n : 0xffff - n);

		memcpy(b.bytes + sizeof(struct unix_diag_msg), &bad, sizeof(bad));
		good &= sockdiag_parse(b.bytes, b.len, 0, &s) && !s.un.name.len;
	}
	ok(good, "lengths that lie: the rest is not told");
	buf_free(&b);
}

static void inet_messages(void)
{
	struct inet_diag_msg m = {
		.idiag_family = AF_INET, .idiag_state = 1, .idiag_inode = 99, .idiag_uid = 7,
		.idiag_rqueue = 3, .id = { .idiag_sport = htons(80), .idiag_dport = htons(4242),
			.idiag_src = { htonl(0x0a000001) }, .idiag_dst = { htonl(0xc0000201) } },
	};
	struct buf b = { 0 };
	struct sock s;

	ok(sockdiag_parse(&m, sizeof(m), IPPROTO_TCP, &s) && s.local.port == 80 &&
	   s.remote.port == 4242 && s.inode == 99 && s.uid == 7 && s.rqueue == 3, "a TCP socket");
	sock_put_local(&b, &s);
	is(&b, "10.0.0.1:80", "local");
	buf_clear(&b);
	sock_put_remote(&b, &s);
	is(&b, "192.0.2.1:4242", "remote");
	ok(!strcmp(sock_state(&s), "ESTABLISHED") && !strcmp(sock_protocol(&s), "tcp"), "words");
	ok(!sockdiag_parse(&m, sizeof(m) - 1, IPPROTO_TCP, &s), "cut off");
	m.idiag_family = 77;
	ok(!sockdiag_parse(&m, sizeof(m), IPPROTO_TCP, &s), "no family");
	ok(!sockdiag_parse(&m, 0, IPPROTO_TCP, &s), "nothing");
	buf_free(&b);
}

static void addresses(void)
{
	struct sock_end e = { .port = 53 }, r;
	struct buf b = { 0 };

	sock_put_end(&b, AF_INET6, &e);
	is(&b, "*:53", "any");
	inet_pton(AF_INET6, "::ffff:192.0.2.9", e.addr);
	buf_clear(&b);
	sock_put_end(&b, AF_INET6, &e);
	is(&b, "[::ffff:192.0.2.9]:53", "IPv4 in IPv6");
	ok(sock_unmap(AF_INET6, &e, &r) == AF_INET, "is IPv4");
	buf_clear(&b);
	sock_put_end(&b, AF_INET, &r);
	is(&b, "192.0.2.9:53", "and its address");
	inet_pton(AF_INET6, "2001:db8::1", e.addr);
	ok(sock_unmap(AF_INET6, &e, &r) == AF_INET6 && !memcmp(&e, &r, sizeof(e)), "IPv6 stays");
	buf_free(&b);
}

struct search {
	uint32_t inode;
	struct sock found;
	char name[128];
	unsigned int times;
};

static void find(void *ctx, const struct sock *s)
{
	struct search *k = ctx;

	if (s->inode != k->inode)
		return;
	k->found = *s;
	k->times++;
	snprintf(k->name, sizeof(k->name), "%.*s", (int)s->un.name.len,
		 s->un.name.p ? s->un.name.p : "");
}

static uint32_t inode_of(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 ? (uint32_t)st.st_ino : 0;
}

static void own(void)
{
	auto_close int diag = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	auto_close int un = socket(AF_UNIX, SOCK_STREAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0);
	struct sockaddr_un name = { AF_UNIX, "\0nsdebug-unit-test" };
	struct sockaddr_in any = { .sin_family = AF_INET };
	struct search k = { .inode = inode_of(un) };

	ok(bind(un, (void *)&name, sizeof(sa_family_t) + 18) == 0 && listen(un, 5) == 0 &&
	   bind(tcp, (void *)&any, sizeof(any)) == 0 && listen(tcp, 6) == 0, "two listeners");
	ok(sockdiag_each(diag, &(struct sockdiag_want){ .family = AF_UNIX }, find, &k) >= 0 &&
	   k.times >= 1 && k.found.state == 10 && k.found.un.abstract &&
	   !strcmp(k.name, "nsdebug-unit-test"), "ours is among the unix sockets");
	k = (struct search){ .inode = inode_of(tcp) };
	ok(sockdiag_each(diag, &(struct sockdiag_want){ AF_INET, IPPROTO_TCP, 1 << 10 }, find,
			 &k) >= 0 && k.times >= 1 && k.found.wqueue == 6 && k.found.local.port,
	   "and among those of TCP that listen");
	k.times = 0;
	ok(sockdiag_each(diag, &(struct sockdiag_want){ AF_INET, IPPROTO_TCP, 1 << 1 }, find,
			 &k) >= 0 && !k.times, "and not among those that are connected");
	ok(sockdiag_each(diag, &(struct sockdiag_want){ AF_APPLETALK, 0, 0 }, find, &k) < 0 &&
	   errno == ENOENT, "a family that cannot be asked for");
}

int main(void)
{
	unix_messages();
	inet_messages();
	addresses();
	own();
	return done();
}
