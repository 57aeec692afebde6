/* SPDX-License-Identifier: Apache-2.0 */
/*
 * detach PID - ends an nsdebug that traces with SIGINT, and says how many milliseconds later the
 * last of its BPF programs was gone from the kernel, and how many later the process.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <linux/bpf.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PROGS_MAX 64

static unsigned int progs[PROGS_MAX];
static size_t count;

static double now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void note_prog(const char *fdinfo)
{
	FILE *f = fopen(fdinfo, "re");
	char line[256];

	while (f && fgets(line, sizeof(line), f))
		if (count < PROGS_MAX && sscanf(line, "prog_id: %u", &progs[count]) == 1)
			count++;
	if (f)
		fclose(f);
}

/* Of its children, one of which has the links. */
static void note_progs(const char *pid)
{
	char path[300];
	int child;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/task/%s/children", pid, pid);
	f = fopen(path, "re");
	while (f && fscanf(f, "%d", &child) == 1) {
		struct dirent *e;
		DIR *d;

		snprintf(path, sizeof(path), "/proc/%d/fdinfo", child);
		d = opendir(path);
		while (d && (e = readdir(d))) {
			snprintf(path, sizeof(path), "/proc/%d/fdinfo/%s", child, e->d_name);
			note_prog(path);
		}
		if (d)
			closedir(d);
	}
	if (f)
		fclose(f);
}

static int is_loaded(unsigned int id)
{
	union bpf_attr a = { .prog_id = id };
	int fd = (int)syscall(SYS_bpf, BPF_PROG_GET_FD_BY_ID, &a, sizeof(a));

	if (fd < 0 && errno != ENOENT)
		err(1, "ask for program %u", id);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int any_loaded(void)
{
	for (size_t i = 0; i < count; i++)
		if (is_loaded(progs[i]))
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	double start, gone = 0, ended = 0;
	struct pollfd p;

	if (argc != 2)
		errx(2, "usage: detach PID");
	note_progs(argv[1]);
	p = (struct pollfd){ .fd = (int)syscall(SYS_pidfd_open, atoi(argv[1]), 0),
		.events = POLLIN };
	if (!count || p.fd < 0)
		errx(1, "%s: no tracing nsdebug", argv[1]);
	start = now_ms();
	if (kill(atoi(argv[1]), SIGINT) < 0)
		err(1, "kill");
	while (!gone || !ended) {
		if (!ended && poll(&p, 1, 0) == 1)
			ended = now_ms() - start;
		if (!gone && !any_loaded())
			gone = now_ms() - start;
		usleep(100);
	}
	printf("%.2f %.2f\n", gone, ended);
	return 0;
}
