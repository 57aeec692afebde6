/* SPDX-License-Identifier: Apache-2.0 */
/* flags: -pthread */
/*
 * flap: a busy server: a thread whose epoll_wait(2) comes back some thousand times a second, and
 * another one that wakes it.
 *
 * Prints "ready"; for each line that it is sent, how often a wait came back with EINTR since.
 */
#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

static int events;
static atomic_ulong interrupted;

static void *serve(void *arg)
{
	struct epoll_event e = { .events = EPOLLIN };
	int set = epoll_create1(0);
	uint64_t count;

	if (epoll_ctl(set, EPOLL_CTL_ADD, events, &e) < 0)
		err(1, "epoll_ctl");
	for (;;) {
		int n = epoll_wait(set, &e, 1, -1);

		if (n < 0 && errno == EINTR)
			interrupted++;
		else if (n < 0 || read(events, &count, sizeof(count)) < 0)
			err(1, "wait");
	}
	return arg;
}

static void *ask(void *arg)
{
	struct timespec rest = { .tv_nsec = 100000 };
	uint64_t one = 1;

	for (;;) {
		if (write(events, &one, sizeof(one)) < 0)
			err(1, "write");
		nanosleep(&rest, NULL);
	}
	return arg;
}

int main(void)
{
	pthread_t t;
	char byte;

	events = eventfd(0, 0);
	if (events < 0 || pthread_create(&t, NULL, serve, NULL) ||
	    pthread_create(&t, NULL, ask, NULL))
		err(1, "start");
	puts("ready");
	fflush(stdout);
	while (read(0, &byte, 1) > 0) {
		printf("%lu interrupted\n", atomic_exchange(&interrupted, 0));
		fflush(stdout);
	}
	return 0;
}
