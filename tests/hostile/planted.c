/* SPDX-License-Identifier: Apache-2.0 */
/* flags: -shared -fPIC -nostdlib -fno-stack-protector */
/*
 * planted - a library that leaves /planted-ran behind when something loads it. It stands in the
 * container for every one that a program may want to load: nss, gconv, a preloaded one.
 */
#include <fcntl.h>
#include <sys/syscall.h>

static long call3(long nr, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall" : "=a"(ret) : "a"(nr), "D"(a), "S"(b), "d"(c) :
			 "rcx", "r11", "memory");
	return ret;
}

__attribute__((constructor)) void planted(void)
{
	static const char path[] = "/planted-ran";

	call3(SYS_close, call3(SYS_open, (long)path, O_WRONLY | O_CREAT, 0644), 0, 0);
}
