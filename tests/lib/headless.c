/* SPDX-License-Identifier: Apache-2.0 */
/*
 * headless: a process whose first thread ends, while one waits in wait_here() and one burns
 * processor time in burn_here(); its parent waits. Says "ready" when it is so.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static volatile unsigned long sink;

__attribute__((noinline)) void burn_here(void)
{
	for (;;)
		sink++;
}

__attribute__((noinline)) void wait_here(void)
{
	for (;;) {
		pause();
		sink++;
	}
}

static void *burn(void *arg)
{
	burn_here();
	return arg;
}

static char first_state(void)
{
	char line[512] = "", name[64];
	FILE *f;

	snprintf(name, sizeof(name), "/proc/%d/stat", (int)getpid());
	f = fopen(name, "r");
	if (!f)
		return '?';
	if (!fgets(line, sizeof(line), f))
		line[0] = '\0';
	fclose(f);
	return strrchr(line, ')') ? strrchr(line, ')')[2] : '?';
}

static void *wait_for(void *arg)
{
	while (first_state() != 'Z')
		usleep(1000);
	puts("ready");
	fflush(stdout);
	wait_here();
	return arg;
}

int main(void)
{
	pthread_t t;

	if (fork() > 0)
		wait_here();
	pthread_create(&t, NULL, wait_for, NULL);
	pthread_create(&t, NULL, burn, NULL);
	pthread_exit(NULL);
}
