/* SPDX-License-Identifier: Apache-2.0 */
/*
 * named: waits in a function that only a symbol table names, called from one that programs linked
 * with -rdynamic export. Built with -DHIDDEN=NAME it has another name. Prints "ready".
 */
#include <stdio.h>
#include <unistd.h>

#define KEEP __attribute__((noipa))
#ifndef HIDDEN
#define HIDDEN hidden
#endif

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

int main(void)
{
	puts("ready");
	fflush(stdout);
	exported();
	return 0;
}
