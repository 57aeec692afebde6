/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nets WHAT [N] - does with sockets of its own, on the loopback device:
 *
 *	tcp	a connection to port 7000: 5 bytes there, 1000 back, closed by who accepted first;
 *		one to port 7009, where nobody listens
 *	bind	ports 7000 and 80, and listens on the first
 *	udp	3 packets of 10 bytes from port 7010 to port 7000, one of 20 back; closes both
 *	dns	asks port 5353 for www.test, and says there that it is 192.0.2.1
 *	pairs	N connections, one after the other: prints the nanoseconds that one takes
 */
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CHECK(x) do { if (!(x)) { perror(#x); exit(1); } } while (0)

static struct sockaddr_in at(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
				     .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

static int bound(int type, int port)
{
	struct sockaddr_in a = at(port);
	int s = socket(AF_INET, type, 0), one = 1;

	CHECK(s >= 0 && !setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)));
	CHECK(!bind(s, (void *)&a, sizeof(a)));
	return s;
}

static int connected(int s, int port)
{
	struct sockaddr_in a = at(port);

	return connect(s, (void *)&a, sizeof(a));
}

static void tcp(void)
{
	char bytes[1000] = "hello";
	int l = bound(SOCK_STREAM, 7000), c = socket(AF_INET, SOCK_STREAM, 0), a;

	CHECK(!listen(l, 5) && !connected(c, 7000));
	a = accept(l, NULL, NULL);
	CHECK(a >= 0 && send(c, bytes, 5, 0) == 5 && recv(a, bytes, 5, MSG_WAITALL) == 5);
	CHECK(send(a, bytes, 1000, 0) == 1000 && !close(a));
	CHECK(recv(c, bytes, 1000, MSG_WAITALL) == 1000 && !recv(c, bytes, 1, 0) && !close(c));
	CHECK(connected(socket(AF_INET, SOCK_STREAM, 0), 7009));
}

static void binds(void)
{
	struct sockaddr_in a = at(80);

	CHECK(!listen(bound(SOCK_STREAM, 7000), 3));
	CHECK(bind(socket(AF_INET, SOCK_STREAM, 0), (void *)&a, sizeof(a)));
}

static void udp(void)
{
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	char bytes[100] = { 0 };
	int s = bound(SOCK_DGRAM, 7000), c = bound(SOCK_DGRAM, 7010);

	CHECK(!connected(c, 7000));
	for (int i = 0; i < 3; i++) {
		CHECK(send(c, bytes, 10, 0) == 10);
		CHECK(recvfrom(s, bytes, sizeof(bytes), 0, (void *)&from, &size) == 10);
	}
	CHECK(sendto(s, bytes, 20, 0, (void *)&from, size) == 20);
	CHECK(read(c, bytes, sizeof(bytes)) == 20 && !close(c) && !close(s));
}

static void dns(void)
{
	static const char question[] = "\0\7\1\0\0\1\0\0\0\0\0\0\3www\4test\0\0\1\0\1";
	static const char answer[] = "\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4\xc0\0\2\1";
	struct sockaddr_in to = at(5353), from;
	socklen_t size = sizeof(from);
	char m[200];
	int s = bound(SOCK_DGRAM, 5353), c = socket(AF_INET, SOCK_DGRAM, 0);
	size_t n = sizeof(question) - 1, more = sizeof(answer) - 1;

	CHECK(sendto(c, question, n, 0, (void *)&to, sizeof(to)) == (ssize_t)n);
	CHECK(recvfrom(s, m, sizeof(m), 0, (void *)&from, &size) == (ssize_t)n);
	m[2] |= (char)0x80;
	m[7] = 1;
	memcpy(m + n, answer, more);
	CHECK(sendto(s, m, n + more, 0, (void *)&from, size) == (ssize_t)(n + more));
	CHECK(recv(c, m, sizeof(m), 0) == (ssize_t)(n + more));
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void pairs(int count)
{
	struct linger gone = { 1, 0 };	/* no port stays in TIME_WAIT */
	int l = bound(SOCK_STREAM, 7000);
	uint64_t began = now();

	CHECK(!listen(l, 5));
	for (int i = 0; i < count; i++) {
		int c = socket(AF_INET, SOCK_STREAM, 0), a;

		CHECK(!connected(c, 7000));
		a = accept(l, NULL, NULL);
		CHECK(!setsockopt(c, SOL_SOCKET, SO_LINGER, &gone, sizeof(gone)));
		CHECK(a >= 0 && !close(c) && !close(a));
	}
	printf("%llu\n", (unsigned long long)((now() - began) / (uint64_t)count));
}

int main(int argc, char **argv)
{
	CHECK(argc > 1);
	if (!strcmp(argv[1], "tcp"))
		tcp();
	else if (!strcmp(argv[1], "bind"))
		binds();
	else if (!strcmp(argv[1], "udp"))
		udp();
	else if (!strcmp(argv[1], "dns"))
		dns();
	else
		pairs(atoi(argv[2]));
	return 0;
}
