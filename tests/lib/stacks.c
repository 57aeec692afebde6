/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stacks: one process with threads that are hard to show: "spin" runs for ever, "frame" waits in a
 * function whose frame is known by a register only, "signal" waits in a signal handler, a fourth
 * has given itself a hostile name; and a child that is a zombie. Prints "ready".
 */
#include <alloca.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define KEEP __attribute__((noipa))

static volatile long turns;

KEEP void spin(void)
{
	for (;;)
		turns++;
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
	turns += p[n / 2];
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

int main(void)
{
	static char *const names[] = { "spin", "frame", "signal", "\033[2J) R 1\n" };
	struct timespec ms = { .tv_nsec = 100000000 };
	pthread_t t;

	if (fork() == 0)
		_exit(0);
	for (int i = 0; i < 4; i++)
		if (pthread_create(&t, NULL, run, names[i]))
			return 1;
	nanosleep(&ms, NULL);
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
