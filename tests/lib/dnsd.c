/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dnsd ADDRESS - answers DNS questions by UDP and TCP on port 53, as trace dns is to see them:
 *
 *	addr.test	A 192.0.2.1, 192.0.2.2; AAAA 2001:db8::1
 *	alias.test	CNAME addr.test, and its addresses
 *	db.two.example	A 192.0.2.9, of a search list
 *	big.test	truncated by UDP; by TCP 20 addresses, in two pieces
 *	fail.test	SERVFAIL
 *	loop.test	an answer whose names lead in a circle
 *	silent.test	nothing
 *	anything else	NXDOMAIN
 *
 * Prints "ready" when it listens.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CHECK(x) do { if (!(x)) { perror(#x); exit(1); } } while (0)

struct reply {
	uint8_t bytes[2048];
	size_t len;
};

static void put(struct reply *r, const void *bytes, size_t len)
{
	memcpy(r->bytes + r->len, bytes, len);
	r->len += len;
}

static void put16(struct reply *r, unsigned int v)
{
	put(r, (uint8_t[]){ (uint8_t)(v >> 8), (uint8_t)v }, 2);
}

static void record(struct reply *r, unsigned int name, unsigned int type, const void *data,
		   size_t len)
{
	put16(r, 0xc000 | name);
	put16(r, type);
	put16(r, 1);
	put16(r, 0);
	put16(r, 60);
	put16(r, (unsigned int)len);
	put(r, data, len);
	r->bytes[7]++;
}

/* The question's name as text, its type; how long the question is. */
static size_t question(const uint8_t *q, size_t len, char *name, unsigned int *type)
{
	size_t at = 12, n = 0;

	while (at < len && q[at] && at + q[at] + 5 < len) {
		if (n)
			name[n++] = '.';
		memcpy(name + n, q + at + 1, q[at]);
		n += q[at];
		at += q[at] + 1u;
	}
	name[n] = '\0';
	*type = q[at + 1] << 8 | q[at + 2];
	return at + 5;
}

static void addresses(struct reply *r, unsigned int name, unsigned int type)
{
	if (type == 1) {
		record(r, name, 1, (uint8_t[]){ 192, 0, 2, 1 }, 4);
		record(r, name, 1, (uint8_t[]){ 192, 0, 2, 2 }, 4);
	} else if (type == 28) {
		record(r, name, 28, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	}
}

/* False: no answer at all. */
static int answer(const uint8_t *q, size_t len, int tcp, struct reply *r)
{
	char name[256];
	unsigned int type;
	size_t end = question(q, len, name, &type);

	if (!strcmp(name, "silent.test"))
		return 0;
	r->len = 0;
	put(r, q, end);
	r->bytes[2] = 0x84 | (q[2] & 1);
	r->bytes[3] = 0x80;
	memset(r->bytes + 6, 0, 6);
	if (!strcmp(name, "addr.test")) {
		addresses(r, 12, type);
	} else if (!strcmp(name, "alias.test")) {
		record(r, 12, 5, "\4addr\4test", 11);
		addresses(r, (unsigned int)r->len - 11, type);
	} else if (!strcmp(name, "db.two.example")) {
		if (type == 1)
			record(r, 12, 1, (uint8_t[]){ 192, 0, 2, 9 }, 4);
	} else if (!strcmp(name, "big.test")) {
		if (!tcp)
			r->bytes[2] |= 2;
		for (int i = 0; tcp && type == 1 && i < 20; i++)
			record(r, 12, 1, (uint8_t[]){ 198, 51, 100, (uint8_t)i }, 4);
	} else if (!strcmp(name, "loop.test")) {
		record(r, (unsigned int)r->len, 1, (uint8_t[]){ 192, 0, 2, 66 }, 4);
	} else {
		r->bytes[3] |= !strcmp(name, "fail.test") ? 2 : 3;
	}
	return 1;
}

static int listener(const struct sockaddr_in *a, int type)
{
	int s = socket(AF_INET, type, 0), one = 1;

	CHECK(s >= 0);
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	CHECK(!bind(s, (const void *)a, sizeof(*a)));
	CHECK(type == SOCK_DGRAM || !listen(s, 8));
	return s;
}

static void by_udp(int s)
{
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	struct reply r;
	uint8_t q[512];
	ssize_t n = recvfrom(s, q, sizeof(q), 0, (void *)&from, &size);

	if (n > 16 && answer(q, (size_t)n, 0, &r))
		sendto(s, r.bytes, r.len, 0, (void *)&from, size);
}

static void by_tcp(int s)
{
	int c = accept(s, NULL, NULL);
	struct reply r;
	uint8_t q[512], head[2];
	ssize_t n;

	CHECK(c >= 0);
	if (recv(c, head, 2, MSG_WAITALL) == 2 &&
	    (n = recv(c, q, (size_t)(head[0] << 8 | head[1]) % sizeof(q), MSG_WAITALL)) > 16 &&
	    answer(q, (size_t)n, 1, &r)) {
		head[0] = (uint8_t)(r.len >> 8);
		head[1] = (uint8_t)r.len;
		send(c, head, 2, MSG_NOSIGNAL);
		send(c, r.bytes, 40, MSG_NOSIGNAL);
		send(c, r.bytes + 40, r.len - 40, MSG_NOSIGNAL);
	}
	close(c);
}

int main(int argc, char **argv)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(53) };
	struct pollfd p[2];

	CHECK(argc == 2 && inet_pton(AF_INET, argv[1], &a.sin_addr) == 1);
	p[0] = (struct pollfd){ listener(&a, SOCK_DGRAM), POLLIN, 0 };
	p[1] = (struct pollfd){ listener(&a, SOCK_STREAM), POLLIN, 0 };
	puts("ready");
	fflush(stdout);
	for (;;) {
		CHECK(poll(p, 2, -1) > 0);
		if (p[0].revents)
			by_udp(p[0].fd);
		if (p[1].revents)
			by_tcp(p[1].fd);
	}
}
