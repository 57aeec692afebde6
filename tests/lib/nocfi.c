/* SPDX-License-Identifier: Apache-2.0 */
/* flags: -nostdlib -g0 -fno-asynchronous-unwind-tables -fno-unwind-tables */
/*
 * nocfi - a program without unwind tables: says "ready" and waits.
 */
#include <sys/syscall.h>

static long call(long nr, long a, long b, long c)
{
	__asm__ volatile("syscall" : "+a"(nr) : "D"(a), "S"(b), "d"(c) : "rcx", "r11", "memory");
	return nr;
}

void _start(void);
void _start(void)
{
	call(SYS_write, 1, (long)"ready\n", 6);
	for (;;)
		call(SYS_pause, 0, 0, 0);
}
