/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kinds N: N threads that wait, each in one of six ways (nanosleep, condition, poll, read, join,
 * sigwait), below a chain of calls that is known: run or main called even(), which and odd() call
 * each other, the last of them end(). Each is named after its number of calls: "w3". Prints
 * "ready". Is built with musl, too, which has no unwind tables, and without tables of its own.
 */
#include <alloca.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define KEEP __attribute__((noipa))

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static pthread_t first;
static sigset_t all;
static int pipes[2];

KEEP void end(int kind)
{
	struct timespec t = { .tv_sec = 100000 };
	char c;
	int sig;

	switch (kind) {
	case 0:
		nanosleep(&t, NULL);
		break;
	case 1:
		pthread_mutex_lock(&mutex);
		pthread_cond_wait(&never, &mutex);
		break;
	case 2:
		poll(NULL, 0, -1);
		break;
	case 3:
		if (read(pipes[0], &c, 1) < 0)
			abort();
		break;
	case 4:
		pthread_join(first, NULL);
		break;
	default:
		sigwait(&all, &sig);
	}
	__asm__ volatile("");
}

KEEP void odd(int kind, int n);

KEEP void even(int kind, int n)
{
	if (n)
		odd(kind, n - 1);
	else
		end(kind);
	__asm__ volatile("");
}

KEEP void odd(int kind, int n)
{
	char *p = alloca(16 + n);	/* the frame is known by a register */

	memset(p, 1, 16);
	if (n)
		even(kind, n - 1);
	else
		end(kind);
	__asm__ volatile("" : : "r"(p) : "memory");
}

static void start(long nr)
{
	char name[16];

	snprintf(name, sizeof(name), "w%d", (int)(nr / 6) % 1000);
	prctl(PR_SET_NAME, name);
}

KEEP void *run(void *arg)
{
	long nr = (long)arg;

	start(nr);
	even(nr % 6, nr / 6);
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t t;

	first = pthread_self();
	sigemptyset(&all);
	sigaddset(&all, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	if (pipe(pipes))
		return 1;
	for (long i = argc > 1 ? atol(argv[1]) : 6; i > 0; i--)
		if (pthread_create(&t, NULL, run, (void *)i))
			return 1;
	puts("ready");
	fflush(stdout);
	start(18);
	even(0, 3);
	return 0;
}
