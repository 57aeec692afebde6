/* SPDX-License-Identifier: Apache-2.0 */
/*
 * many - makes one system call many times, for whoever traces it or takes the time of it.
 *
 *	many WHAT TIMES [GO [THREADS]]	begins when there is a file GO; prints nanoseconds a turn
 *	many serve IN OUT	for each line "WHAT TIMES THREADS RATE" of the FIFO IN one in OUT:
 *				nanoseconds a turn, and those of processor time; RATE is turns a
 *				second at most, 0: no limit
 *
 * WHAT: getppid, int80 (a 32-bit call), uring (a request that does nothing), files (open, read and
 * close of /dev/zero), bytes (read and write of one byte), spin (no call at all: some microseconds
 * of the processor, thirty functions deep)
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

#define THREADS_MAX 64

static char what[16];
static long times, rate;

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

static double now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Until turn i is due; no system call, or it would be traced as well. */
static void keep_rate(double start, long i)
{
	while (rate && now_ns(CLOCK_MONOTONIC) - start < (double)i * 1e9 / (double)rate)
		;
}

static volatile long sink;
static void (*volatile deeper)(int depth);

static void spin(int depth)
{
	if (depth)
		deeper(depth - 1);
	else
		for (int i = 0; i < 2000; i++)
			sink += i;
	sink++;
}

static void *work(void *arg)
{
	int in = open("/dev/zero", O_RDONLY), out = open("/dev/null", O_WRONLY), fd;
	double start = now_ns(CLOCK_MONOTONIC);
	char c;

	(void)arg;
	deeper = spin;
	if (!strcmp(what, "uring")) {
		uring();
		return NULL;
	}
	for (long i = 0; i < times; i++) {
		keep_rate(start, i);
		switch (what[0]) {
		case 'g':
			syscall(SYS_getppid);
			break;
		case 'i':
			int80();
			break;
		case 's':
			spin(30);
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
	}
	close(in);
	close(out);
	return NULL;
}

/* Nanoseconds a turn of a thread, and of processor time of all. */
static double run(int threads, double *cpu)
{
	double start = now_ns(CLOCK_MONOTONIC), used = now_ns(CLOCK_PROCESS_CPUTIME_ID);
	pthread_t t[THREADS_MAX];

	/* some tracers do not see threads that are made later */
	if (threads == 1)
		work(NULL);
	for (int i = 0; threads > 1 && i < threads; i++)
		pthread_create(&t[i], NULL, work, NULL);
	for (int i = 0; threads > 1 && i < threads; i++)
		pthread_join(t[i], NULL);
	*cpu = (now_ns(CLOCK_PROCESS_CPUTIME_ID) - used) / (double)times;
	return (now_ns(CLOCK_MONOTONIC) - start) / (double)times;
}

static int serve(const char *in, const char *out)
{
	FILE *i = fopen(in, "r+"), *o = fopen(out, "r+");
	char line[128];
	double ns, cpu;
	int threads;

	if (!i || !o)
		err(1, "%s, %s", in, out);
	while (fgets(line, sizeof(line), i)) {
		if (sscanf(line, "%15s %ld %d %ld", what, &times, &threads, &rate) != 4 ||
		    threads > THREADS_MAX)
			errx(2, "not WHAT TIMES THREADS RATE: %s", line);
		ns = run(threads, &cpu);
		fprintf(o, "%.1f %.1f\n", ns, cpu);
		fflush(o);
	}
	return 0;
}

int main(int argc, char **argv)
{
	int threads = argc > 4 ? atoi(argv[4]) : 1;
	double cpu;

	if (argc == 4 && !strcmp(argv[1], "serve"))
		return serve(argv[2], argv[3]);
	if (argc < 3 || threads > THREADS_MAX)
		errx(2, "usage: many WHAT TIMES [GO [THREADS]] | serve IN OUT");
	snprintf(what, sizeof(what), "%s", argv[1]);
	times = atol(argv[2]);
	while (argc > 3 && access(argv[3], F_OK) < 0)
		usleep(1000);
	printf("%.1f\n", run(threads, &cpu));
	return 0;
}
