/* SPDX-License-Identifier: Apache-2.0 */
/*
 * execs OTHER: a program that rests for a moment below one() two() three(), and then becomes OTHER
 * with itself as the argument, which does the same. execs2 is the other one: its functions are
 * called otherwise, and are at other places of the same addresses. Prints "ready", once.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#ifndef ONE
#define ONE one
#define TWO two
#define THREE three
#endif

#define KEEP __attribute__((noipa))

#ifdef SHIFT
KEEP int shift(int n)
{
	return n * n + 3 * n + (n ^ 77);
}
#endif

KEEP void THREE(void)
{
	struct timespec t = { .tv_nsec = 1000000 };

	nanosleep(&t, NULL);
	__asm__ volatile("");
}

KEEP void TWO(void)
{
	THREE();
	__asm__ volatile("");
}

KEEP void ONE(void)
{
	TWO();
	__asm__ volatile("");
}

int main(int argc, char **argv)
{
	if (argc < 2)
		return 2;
	if (argc == 2) {
		printf("ready\n");
		fflush(stdout);
	}
	ONE();
	execl(argv[1], argv[1], argv[0], "again", NULL);
	perror(argv[1]);
	return 1;
}
