/* SPDX-License-Identifier: Apache-2.0 */
/* flags: -pthread */
/*
 * churn N: N threads at any time, each of which lives for about 0.3 ms; then another takes its
 * place. Prints "ready".
 */
#include <err.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define LIFE_NS 300000

__attribute__((noipa)) void rest(void)
{
	struct timespec t = { .tv_nsec = LIFE_NS };

	nanosleep(&t, NULL);
	__asm__ volatile("");
}

static void *live(void *arg)
{
	rest();
	return arg;
}

/* Whoever keeps one place filled. */
static void *keep(void *arg)
{
	pthread_t t;

	for (;;) {
		if (pthread_create(&t, NULL, live, arg))
			errx(1, "pthread_create");
		pthread_join(t, NULL);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t;

	for (int i = argc > 1 ? atoi(argv[1]) : 16; i > 0; i--)
		if (pthread_create(&t, NULL, keep, NULL))
			errx(1, "pthread_create");
	printf("ready\n");
	fflush(stdout);
	for (;;)
		pause();
}
