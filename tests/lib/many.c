/* SPDX-License-Identifier: Apache-2.0 */
/*
 * many - makes one system call many times, for whoever traces it or takes the time of it.
 *
 *	many WHAT TIMES [GO [THREADS]]	begins when there is a file GO; prints nanoseconds a call
 *
 * WHAT: getppid, int80 (a 32-bit call), uring (a request that does nothing), files (open, read and
 * close of /dev/zero), bytes (read and write of one byte)
 */
#include <err.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static const char *what;
static long times;

static void int80(void)
{
	long ret;

	__asm__ volatile("int $0x80" : "=a"(ret) : "a"(64L) : "memory", "r8", "r9", "r10", "r11");
}

/* One ring of one entry, filled with zeroes: IORING_OP_NOP. */
static void uring(void)
{
	struct io_uring_params p = { 0 };
	int fd = (int)syscall(SYS_io_uring_setup, 1, &p);
	size_t len = p.sq_off.array + sizeof(unsigned int);
	char *ring;

	if (fd < 0)
		err(77, "io_uring_setup");
	ring = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, IORING_OFF_SQ_RING);
	if (ring == MAP_FAILED)
		err(1, "mmap");
	for (long i = 0; i < times; i++) {
		++*(unsigned int *)(ring + p.sq_off.tail);
		if (syscall(SYS_io_uring_enter, fd, 1, 0, 0, NULL, 0) != 1)
			err(1, "io_uring_enter");
	}
}

static void *work(void *arg)
{
	int in = open("/dev/zero", O_RDONLY), out = open("/dev/null", O_WRONLY), fd;
	char c;

	(void)arg;
	if (!strcmp(what, "uring")) {
		uring();
		return NULL;
	}
	for (long i = 0; i < times; i++)
		switch (what[0]) {
		case 'g':
			syscall(SYS_getppid);
			break;
		case 'i':
			int80();
			break;
		case 'f':
			fd = open("/dev/zero", O_RDONLY);
			if (read(fd, &c, 1) != 1)
				err(1, "read");
			close(fd);
			break;
		default:
			if (read(in, &c, 1) != 1 || write(out, &c, 1) != 1)
				err(1, "read, write");
		}
	return NULL;
}

int main(int argc, char **argv)
{
	int threads = argc > 4 ? atoi(argv[4]) : 1;
	struct timespec a, b;
	pthread_t t[64];

	if (argc < 3 || threads > 64)
		errx(2, "usage: many WHAT TIMES [GO [THREADS]]");
	what = argv[1];
	times = atol(argv[2]);
	while (argc > 3 && access(argv[3], F_OK) < 0)
		usleep(1000);
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (int i = 0; i < threads; i++)
		pthread_create(&t[i], NULL, work, NULL);
	for (int i = 0; i < threads; i++)
		pthread_join(t[i], NULL);
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%.1f\n", ((double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec)) /
	       (double)times);
	return 0;
}
