/* SPDX-License-Identifier: Apache-2.0 */
/*
 * beat MIB FILE: a process with MIB of memory in which no page is as another, and two threads: one
 * writes its largest gap between two turns into FILE (nanoseconds, and how many turns), one counts
 * at both ends of the memory, first at the low end. Some memory is not to be dumped, some is shared
 * and mostly holes, some is private of a file. Prints "ready".
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define SHARED (64ul << 20)

volatile uint64_t *low, *high, *gap;
char *secret, *common;

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void *count(void *arg)
{
	for (;;) {
		++*low;
		++*high;
	}
	return arg;
}

static void *beat(void *arg)
{
	uint64_t last = now(), n;

	for (;;) {
		usleep(500);
		n = now();
		if (n - last > gap[0])
			gap[0] = n - last;
		gap[1]++;
		last = n;
	}
	return arg;
}

int main(int argc, char **argv)
{
	size_t size = strtoul(argc > 1 ? argv[1] : "1", NULL, 10) << 20;
	int fd = open(argc > 2 ? argv[2] : "/dev/null", O_RDWR | O_CREAT, 0600);
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t t;

	if (p == MAP_FAILED || fd < 0 || ftruncate(fd, 4096) < 0)
		return 1;
	gap = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	secret = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	common = mmap(NULL, SHARED, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	madvise(secret, 4096, MADV_DONTDUMP);
	for (size_t i = 0; i < size; i += 4096)
		*(uint64_t *)(p + i + 64) = i + 1;
	/* put together here: the program's own text is no place to find it */
	snprintf(secret, 64, "%s-%s-%d", "dont", "dump", 4711);
	snprintf(common + SHARED / 2, 64, "%s-%s-%d", "in", "common", 4711);
	low = (uint64_t *)p;
	high = (uint64_t *)(p + size - 8);
	pthread_create(&t, NULL, count, NULL);
	pthread_create(&t, NULL, beat, NULL);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
