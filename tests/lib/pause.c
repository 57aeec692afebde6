/* SPDX-License-Identifier: Apache-2.0 */
/* flags: -pthread */
/*
 * pause - how long a program stands still while somebody looks at it.
 *
 *	pause target THREADS DEPTH FILE		threads that wait, each below DEPTH calls, and one
 *			that wakes every 20 us before all others, and keeps in FILE the longest
 *			time that it did not; prints "ready"
 *	pause measure RUNS FILE COMMAND... [-- COMMAND...]...	these in turn, RUNS times
 *
 * What measure prints of each command: median wall time, median of the longest gap, its smallest,
 * its largest (us), and how often the command failed.
 */
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BEAT_NS 20000
#define COMMANDS 8
#define RUNS 64

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t never = PTHREAD_COND_INITIALIZER;
static volatile int depth;

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static _Atomic uint64_t *gap_in(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	void *p;

	if (fd < 0 || ftruncate(fd, 4096) < 0)
		err(1, "%s", path);
	p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		err(1, "%s", path);
	close(fd);
	return p;
}

/* ---- the target ---- */

__attribute__((noipa)) void descend(int n, long kind)
{
	struct timespec ms2 = { .tv_nsec = 2000000 };

	if (n > 0) {
		descend(n - 1, kind);
		__asm__ volatile("");
		return;
	}
	while (depth) {
		if (kind % 4 == 0) {
			nanosleep(&ms2, NULL);
		} else if (kind % 2) {
			poll(NULL, 0, -1);
		} else {
			pthread_mutex_lock(&mutex);
			pthread_cond_wait(&never, &mutex);
			pthread_mutex_unlock(&mutex);
		}
	}
}

static void *wait_deep(void *kind)
{
	descend(depth, (long)(intptr_t)kind);
	return NULL;
}

static void *beat(void *arg)
{
	_Atomic uint64_t *gap = arg;
	struct timespec t = { .tv_nsec = BEAT_NS };
	uint64_t last = now();

	for (;;) {
		uint64_t n;

		clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
		n = now();
		if (n - last > atomic_load(gap))
			atomic_store(gap, n - last);
		last = n;
	}
	return NULL;
}

static int target(int threads, const char *path)
{
	struct sched_param first = { .sched_priority = 50 };
	pthread_attr_t a;
	pthread_t t;

	pthread_attr_init(&a);
	pthread_attr_setstacksize(&a, 256 * 1024);
	for (long i = 0; i < threads; i++)
		if (pthread_create(&t, &a, wait_deep, (void *)(intptr_t)i))
			errx(1, "pthread_create");
	pthread_create(&t, &a, beat, gap_in(path));
	if (pthread_setschedparam(t, SCHED_FIFO, &first))
		errx(1, "SCHED_FIFO");
	printf("ready\n");
	fflush(stdout);
	for (;;)
		pause();
}

/* ---- who looks at it ---- */

static double wall[COMMANDS][RUNS], gaps[COMMANDS][RUNS];
static int failed[COMMANDS];

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void run(int c, int r, char **argv, _Atomic uint64_t *gap)
{
	extern char **environ;
	posix_spawn_file_actions_t fa;
	uint64_t start;
	pid_t pid;
	int st;

	posix_spawn_file_actions_init(&fa);
	posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&fa, 2, "/dev/null", O_WRONLY, 0);
	atomic_store(gap, 0);
	start = now();
	if (posix_spawnp(&pid, argv[0], &fa, NULL, argv, environ))
		err(1, "%s", argv[0]);
	waitpid(pid, &st, 0);
	wall[c][r] = (double)(now() - start) / 1000;
	gaps[c][r] = (double)atomic_load(gap) / 1000;
	failed[c] += st != 0;
	posix_spawn_file_actions_destroy(&fa);
}

static int measure(int runs, const char *path, char **argv)
{
	_Atomic uint64_t *gap = gap_in(path);
	char **commands[COMMANDS] = { argv };
	int count = 1;

	for (char **a = argv; *a; a++) {
		if (strcmp(*a, "--"))
			continue;
		*a = NULL;
		if (count == COMMANDS)
			errx(2, "too many commands");
		commands[count++] = a + 1;
	}
	for (int r = 0; r < runs; r++)
		for (int c = 0; c < count; c++)
			run(c, r, commands[c], gap);
	for (int c = 0; c < count; c++) {
		qsort(wall[c], runs, sizeof(double), by_value);
		qsort(gaps[c], runs, sizeof(double), by_value);
		printf("%.0f %.0f %.0f %.0f %d\n", wall[c][runs / 2], gaps[c][runs / 2],
		       gaps[c][0], gaps[c][runs - 1], failed[c]);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 5 && !strcmp(argv[1], "target")) {
		depth = atoi(argv[3]);
		return target(atoi(argv[2]), argv[4]);
	}
	if (argc > 4 && !strcmp(argv[1], "measure") && atoi(argv[2]) <= RUNS)
		return measure(atoi(argv[2]), argv[3], argv + 4);
	errx(2, "usage: pause target THREADS DEPTH FILE | measure RUNS FILE COMMAND...");
}
