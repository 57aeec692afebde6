/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remap: at one address there is a function of its own file that makes two calls of setpriority(2),
 * from honest(); then, of the same size and at the same place, one page further in the file, where
 * decoy() is. A little later it begins anew.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define AT ((void *)0x500000000000)
#define PAGE 4096

/* setpriority(PRIO_PROCESS, 0, 0), and nothing of another page */
#define FUNCTION(name) \
	__attribute__((noipa, aligned(PAGE))) void name(void) \
	{ \
		long ret = 141; \
\
		__asm__ volatile("xor %%edi, %%edi\n\txor %%esi, %%esi\n\txor %%edx, %%edx\n\t" \
				 "syscall" : "+a"(ret) : : "rdi", "rsi", "rdx", "rcx", "r11", \
				 "memory"); \
	}

FUNCTION(honest)
FUNCTION(decoy)

extern const char __executable_start[];

static void map(int fd, void (*function)(void))
{
	if (mmap(AT, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd,
		 (off_t)((uintptr_t)function - (uintptr_t)__executable_start)) != AT)
		_exit(1);
}

int main(void)
{
	struct timespec pause = { .tv_nsec = 150000000 };
	int fd = open("/proc/self/exe", O_RDONLY);

	for (;;) {
		map(fd, honest);
		((void (*)(void))AT)();
		((void (*)(void))AT)();
		map(fd, decoy);
		nanosleep(&pause, NULL);
	}
}
