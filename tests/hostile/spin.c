/* SPDX-License-Identifier: Apache-2.0 */
/* flags: -pthread -fno-omit-frame-pointer */
/*
 * spin - threads that run, so that their registers are known only to who stops them.
 *
 *	spin N		N threads, at the lowest priority; prints "ready"
 *	spin vfork	a parent that cannot be stopped, as its child never calls execve
 *	spin churn N	N processes that fork, exec themselves, start threads and end, for ever
 */
#include <err.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile unsigned long turns;

__attribute__((noipa)) static void turn(int depth)
{
	if (depth)
		turn(depth - 1);
	turns++;
}

static void *spin(void *arg)
{
	(void)arg;
	for (;;)
		turn(8);
	return NULL;
}

static void *run_a_bit(void *arg)
{
	for (int i = 0; i < 1000; i++)
		turn(4);
	return arg;
}

static void start(int n, void *(*fn)(void *))
{
	pthread_t t;

	while (n-- > 0)
		if (pthread_create(&t, NULL, fn, NULL))
			err(1, "thread");
}

/* A life: threads, then the same program again, then a child in its place. */
static void live(char **argv)
{
	start(4, run_a_bit);
	usleep(500);
	if (argv[3]) {
		start(2, run_a_bit);
		_exit(0);
	}
	execl(argv[0], argv[0], "churn", "0", "again", NULL);
	_exit(1);
}

static void churn(int n, char **argv)
{
	for (;; n--) {
		pid_t pid = fork();

		if (pid == 0)
			live(argv);
		if (n <= 0)
			wait(NULL);
	}
}

static void say_ready(void)
{
	printf("ready\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		errx(2, "usage: spin N|vfork|churn N");
	setpriority(PRIO_PROCESS, 0, 19);
	if (argc > 3)
		live(argv);
	say_ready();
	if (!strcmp(argv[1], "churn") && argc > 2)
		churn(atoi(argv[2]), argv);
	if (!strcmp(argv[1], "vfork")) {
		if (vfork() == 0)
			for (;;)
				pause();
		return 0;
	}
	start(atoi(argv[1]), spin);
	for (;;)
		pause();
}
