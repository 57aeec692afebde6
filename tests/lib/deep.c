/* SPDX-License-Identifier: Apache-2.0 */
/* flags: -pthread */
/*
 * deep KIB: a thread that runs for ever below frames of so many KiB. Prints "ready".
 */
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static volatile unsigned long turns;

__attribute__((noipa)) void descend(long kib)
{
	char bytes[1024];

	memset(bytes, (int)kib, sizeof(bytes));
	turns += (unsigned char)bytes[turns % sizeof(bytes)];
	if (kib > 0)
		descend(kib - 1);
	else
		while (turns + 1)
			turns |= 2;
	turns += (unsigned char)bytes[0];
}

static void *run(void *kib)
{
	descend((long)(intptr_t)kib);
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t t;

	pthread_create(&t, NULL, run, (void *)(intptr_t)(argc > 1 ? atol(argv[1]) : 0));
	printf("ready\n");
	fflush(stdout);
	for (;;)
		pause();
}
