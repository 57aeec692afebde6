/* SPDX-License-Identifier: Apache-2.0 */
/* flags: -pthread */
/*
 * deep KIB [THREADS [shared]]: a thread that runs for ever below frames of so many KiB. Or so many
 * threads that wait there, whose stacks are pieces of one mapping. Prints "ready".
 */
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define STACK (1ul << 20)

static volatile unsigned long turns;
static pthread_barrier_t waiting;
static int wait_there;
static volatile int is_there;

static void wait_for_ever(void)
{
	pthread_barrier_wait(&waiting);
	for (;;)
		pause();
}

__attribute__((noipa)) void descend(long kib)
{
	char bytes[1024];

	memset(bytes, (int)kib, sizeof(bytes));
	turns += (unsigned char)bytes[turns % sizeof(bytes)];
	if (kib > 0)
		descend(kib - 1);
	else if (wait_there)
		wait_for_ever();
	else
		for (is_there = 1; turns + 1;)
			turns |= 2;
	turns += (unsigned char)bytes[0];
}

static void *run(void *kib)
{
	descend((long)(intptr_t)kib);
	return NULL;
}

int main(int argc, char **argv)
{
	long kib = argc > 1 ? atol(argv[1]) : 0, n = argc > 2 ? atol(argv[2]) : 0;
	pthread_attr_t attr;
	pthread_t t;
	char *stacks;

	wait_there = n > 0;
	pthread_barrier_init(&waiting, NULL, (unsigned int)n + 1);
	pthread_attr_init(&attr);
	stacks = mmap(NULL, (size_t)(n + 1) * STACK, PROT_READ | PROT_WRITE,
		      (argc > 3 ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (stacks == MAP_FAILED)
		return 1;
	for (long i = 0; i < (n ? n : 1); i++) {
		if (n)
			pthread_attr_setstack(&attr, stacks + (size_t)i * STACK, STACK);
		pthread_create(&t, &attr, run, (void *)(intptr_t)kib);
	}
	if (n)
		pthread_barrier_wait(&waiting);
	while (!n && !is_there)
		sched_yield();
	printf("ready\n");
	fflush(stdout);
	for (;;)
		pause();
}
