/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storm N [SPIN]: N threads that go up and down a chain of calls, and now and then sleep, or run
 * for up to SPIN turns, at its end. Of the chain this is known: run, root, then left and right
 * in turn, at last rest below left or work below right. Frames differ in size, and are known by
 * a register only (alloca). Prints "ready" when each thread has been in both of its ends, so that
 * none is on its way from clone(2) to there.
 */
#include <alloca.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KEEP __attribute__((noipa))

static __thread unsigned int seed;
static unsigned int spin = 20000;
static atomic_int begun;

static unsigned int dice(unsigned int n)
{
	seed = seed * 1103515245 + 12345;
	return (seed >> 16) % n;
}

KEEP void rest(void)
{
	struct timespec t = { .tv_nsec = dice(300) * 1000 };

	nanosleep(&t, NULL);
	__asm__ volatile("");
}

KEEP void work(void)
{
	for (volatile unsigned int i = dice(spin); i; i--)
		;
	__asm__ volatile("");
}

KEEP void right(unsigned int n);

KEEP void left(unsigned int n)
{
	char *p = alloca(16 + dice(64));

	memset(p, 1, 16);
	if (n)
		right(n - 1);
	else
		rest();
	__asm__ volatile("" : : "r"(p) : "memory");
}

KEEP void right(unsigned int n)
{
	char *p = alloca(200 + dice(2000));

	memset(p, 2, 200);
	if (n)
		left(n - 1);
	else
		work();
	__asm__ volatile("" : : "r"(p) : "memory");
}

KEEP void root(void)
{
	left(dice(24));
	__asm__ volatile("");
}

static void *run(void *arg)
{
	seed = (unsigned int)(unsigned long)arg;
	rest();
	work();
	atomic_fetch_add(&begun, 1);
	for (;;)
		root();
	return NULL;
}

int main(int argc, char **argv)
{
	struct timespec ms = { .tv_nsec = 1000000 };
	int count = argc > 1 ? atoi(argv[1]) : 8;
	pthread_t t;

	if (argc > 2)
		spin = atoi(argv[2]);
	for (int i = count; i > 0; i--)
		if (pthread_create(&t, NULL, run, (void *)(unsigned long)i))
			return 1;
	while (atomic_load(&begun) < count)
		nanosleep(&ms, NULL);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
