/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stacks: one process with threads that are hard to show: "spin" runs for ever, "frame" waits in a
 * function whose frame is known by a register only, "signal" waits in a signal handler, a fourth
 * has given itself a hostile name; and a child that is a zombie. Prints "ready" when all are where
 * they stay.
 */
#include <alloca.h>
#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define KEEP __attribute__((noipa))

static volatile long *turns;	/* shared with the child */

KEEP void spin(void)
{
	for (;;)
		++*turns;
}

KEEP void descend(int n)
{
	if (n)
		descend(n - 1);
	else
		spin();
	__asm__ volatile("");
}

KEEP void wait_in_frame(long n)
{
	char *p = alloca(n);

	memset(p, 1, n);
	*turns += p[n / 2];
	for (;;)
		pause();
}

KEEP void on_signal(int sig)
{
	while (sig)
		pause();
}

KEEP void interrupted(void)
{
	signal(SIGUSR1, on_signal);
	pthread_kill(pthread_self(), SIGUSR1);
	__asm__ volatile("");
}

static void *run(void *name)
{
	prctl(PR_SET_NAME, name);
	if (!strcmp(name, "spin"))
		descend(5);
	else if (!strcmp(name, "frame"))
		wait_in_frame(1000);
	else if (!strcmp(name, "signal"))
		interrupted();
	while (name)
		pause();
	return NULL;
}

/* In pause(2). */
static bool waits(pid_t pid, const char *tid)
{
	char path[64], text[4] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/task/%.20s/syscall", (int)pid, tid);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, 3) != 3)
		text[0] = '\0';
	close(fd);
	return !strcmp(text, "34 ");
}

static int waiting(pid_t pid)
{
	char path[64];
	struct dirent *e;
	DIR *d;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	d = opendir(path);
	while (d && (e = readdir(d)))
		n += e->d_name[0] != '.' && waits(pid, e->d_name);
	if (d)
		closedir(d);
	return n;
}

/* The child says so: a thread would have to go on from there. */
static void await_all(pid_t pid, const volatile long *spins)
{
	struct timespec ms = { .tv_nsec = 1000000 };

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (waiting(pid) < 4 || *spins < 1000)
		nanosleep(&ms, NULL);
	puts("ready");
	fflush(stdout);
	_exit(0);
}

int main(void)
{
	static char *const names[] = { "spin", "frame", "signal", "\033[2J) R 1\n" };
	pid_t self = getpid();
	pthread_t t;

	turns = mmap(NULL, sizeof(*turns), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		     -1, 0);
	if (turns == MAP_FAILED)
		return 1;
	if (fork() == 0)
		await_all(self, turns);
	for (int i = 0; i < 4; i++)
		if (pthread_create(&t, NULL, run, names[i]))
			return 1;
	for (;;)
		pause();
}
