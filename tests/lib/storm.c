/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storm N: N threads that go up and down a chain of calls, and now and then sleep or run at its
 * end. Of the chain this is known: run, root, then left and right in turn, at last rest below left
 * or work below right. Frames differ in size, and are known by a register only (alloca). Prints
 * "ready".
 */
#include <alloca.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KEEP __attribute__((noipa))

static __thread unsigned int seed;

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
	for (volatile unsigned int i = dice(20000); i; i--)
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
	for (;;)
		root();
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t;

	for (int i = argc > 1 ? atoi(argv[1]) : 8; i > 0; i--)
		if (pthread_create(&t, NULL, run, (void *)(unsigned long)i))
			return 1;
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
