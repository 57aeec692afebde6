/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remap: at one address there is a function of its own file that makes two calls of setpriority(2),
 * from honest(); then, of the same size and at the same place, one page further in the file, where
 * decoy() is. A little later it begins anew. With an argument it is killed from decoy(), a moment
 * after that has come.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define AT ((void *)0x500000000000)
#define PAGE 4096

/* A call with two arguments and a third that is 0, and nothing of another page. */
#define FUNCTION(name) \
	__attribute__((noipa, aligned(PAGE))) void name(long nr, long a, long b) \
	{ \
		__asm__ volatile("xor %%edx, %%edx\n\tsyscall" : "+a"(nr) : "D"(a), "S"(b) : \
				 "rdx", "rcx", "r11", "memory"); \
	}

FUNCTION(honest)
FUNCTION(decoy)

extern const char __executable_start[];

typedef void function(long nr, long a, long b);

static void map(int fd, function *function)
{
	if (mmap(AT, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd,
		 (off_t)((uintptr_t)function - (uintptr_t)__executable_start)) != AT)
		_exit(1);
}

int main(int argc, char **argv)
{
	struct timespec pause = { .tv_nsec = 150000000 };
	int fd = open("/proc/self/exe", O_RDONLY);

	(void)argv;
	for (;;) {
		map(fd, honest);
		((function *)AT)(SYS_setpriority, 0, 0);
		((function *)AT)(SYS_setpriority, 0, 0);
		if (argc > 1)
			nanosleep(&pause, NULL);
		map(fd, decoy);
		if (argc > 1)
			((function *)AT)(SYS_kill, getpid(), SIGKILL);
		nanosleep(&pause, NULL);
	}
}
