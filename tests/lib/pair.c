/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pair RUNS [-p] COMMAND... -- COMMAND... - two commands in turn, A B A B: the median time of each
 * in microseconds, the median of A/B pair by pair, and the largest resident set of A in KiB.
 *
 * Paired, because a shared machine drifts; a ratio of neighbours drifts with it. Output goes to
 * /dev/null, with -p into a pipe that is read and thrown away.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BLOCK (1 << 20)

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *v, int n)
{
	qsort(v, n, sizeof(*v), by_value);
	return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void drain(int fd)
{
	static char bytes[BLOCK];

	while (read(fd, bytes, sizeof(bytes)) > 0)
		;
	close(fd);
}

/* Time from start to end; *kib gets the largest resident set so far. */
static double run(char **argv, int piped, long *kib)
{
	extern char **environ;
	posix_spawn_file_actions_t fa;
	struct rusage ru;
	int p[2] = { -1, -1 }, st;
	double start = now();
	pid_t pid;

	posix_spawn_file_actions_init(&fa);
	if (piped && pipe2(p, O_CLOEXEC) == 0)
		posix_spawn_file_actions_adddup2(&fa, p[1], 1);
	else
		posix_spawn_file_actions_addopen(&fa, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&fa, 2, "/dev/null", O_WRONLY, 0);
	if (posix_spawnp(&pid, argv[0], &fa, NULL, argv, environ)) {
		fprintf(stderr, "pair: cannot run %s\n", argv[0]);
		exit(2);
	}
	posix_spawn_file_actions_destroy(&fa);
	if (piped) {
		close(p[1]);
		drain(p[0]);
	}
	wait4(pid, &st, 0, &ru);
	if (!WIFEXITED(st) || WEXITSTATUS(st)) {
		fprintf(stderr, "pair: %s failed with status %d\n", argv[0], st);
		exit(1);
	}
	if (ru.ru_maxrss > *kib)
		*kib = ru.ru_maxrss;
	return now() - start;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 0, first = 2, second;
	int piped = argc > 2 && !strcmp(argv[2], "-p");
	double *a, *b, *ratio;
	long kib = 0, other = 0;

	first += piped;
	for (second = first; second < argc && strcmp(argv[second], "--"); second++)
		;
	if (n < 1 || second + 1 >= argc || second == first) {
		fprintf(stderr, "usage: pair RUNS [-p] COMMAND... -- COMMAND...\n");
		return 2;
	}
	argv[second++] = NULL;
	a = calloc(n, sizeof(*a));
	b = calloc(n, sizeof(*b));
	ratio = calloc(n, sizeof(*ratio));
	run(argv + first, piped, &kib);		/* once to warm up */
	run(argv + second, piped, &other);
	for (int i = 0; i < n; i++) {
		a[i] = run(argv + first, piped, &kib);
		b[i] = run(argv + second, piped, &other);
		ratio[i] = a[i] / b[i];
	}
	printf("%.0f %.0f %.4f %ld\n", median(a, n), median(b, n), median(ratio, n), kib);
	return 0;
}
