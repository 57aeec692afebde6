/* SPDX-License-Identifier: Apache-2.0 */
/*
 * named: waits in a function that only a symbol table names, called from one that programs linked
 * with -rdynamic export. Built with -DHIDDEN=NAME it has another name. With an argument so many
 * threads do the same, w0 and so on; with a second one all of that name. Prints "ready".
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#define KEEP __attribute__((noipa))
#ifndef HIDDEN
#define HIDDEN hidden
#endif

static const char *all;

static KEEP void HIDDEN(void)
{
	for (;;)
		pause();
}

KEEP void exported(void)
{
	HIDDEN();
	__asm__ volatile("");
}

static void *run(void *arg)
{
	char name[16];

	snprintf(name, sizeof(name), "w%ld", (long)arg);
	prctl(PR_SET_NAME, all ? all : name);
	exported();
	return NULL;
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 0;
	pthread_t t;

	all = argc > 2 ? argv[2] : NULL;
	for (long i = 0; i < count; i++)
		if (pthread_create(&t, NULL, run, (void *)i))
			return 1;
	puts("ready");
	fflush(stdout);
	exported();
	return 0;
}
