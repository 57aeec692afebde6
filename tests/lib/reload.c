/* SPDX-License-Identifier: Apache-2.0 */
/* flags: -pthread */
/*
 * reload FILE FILE: at one address there is in_alpha() of the first file, which call_alpha() calls,
 * then in_beta() of the second, from call_beta(), and so on, as if each were loaded and unloaded
 * again. Both files are this program. Says "ready".
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define AT ((void *)0x500000000000)
#define PAGE 4096

typedef void function(long nr, const struct timespec *time);

/* Waits, and needs nothing of another page. */
#define INSIDE(name) \
	__attribute__((noipa, aligned(PAGE))) void name(long nr, const struct timespec *time) \
	{ \
		__asm__ volatile("xor %%esi, %%esi\n\tsyscall" : "+a"(nr) : "D"(time) : \
				 "rsi", "rcx", "r11", "memory"); \
	}

INSIDE(in_alpha)
INSIDE(in_beta)

#define CALLER(name) \
	__attribute__((noipa)) void name(const struct timespec *time) \
	{ \
		((function *)AT)(SYS_nanosleep, time); \
		__asm__ volatile(""); \
	}

CALLER(call_alpha)
CALLER(call_beta)

extern const char __executable_start[];

static void load(int fd, function *inside)
{
	const struct timespec takes = { .tv_nsec = 100000 };

	munmap(AT, PAGE);
	nanosleep(&takes, NULL);
	if (mmap(AT, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED, fd,
		 (off_t)((uintptr_t)inside - (uintptr_t)__executable_start)) != AT)
		_exit(1);
}

static void *work(void *arg)
{
	const struct timespec inside = { .tv_nsec = 1000000 };
	const int *fds = arg;

	for (;;) {
		load(fds[0], in_alpha);
		call_alpha(&inside);
		load(fds[1], in_beta);
		call_beta(&inside);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	int fds[2];
	pthread_t t;

	if (argc != 3)
		return 2;
	fds[0] = open(argv[1], O_RDONLY | O_CLOEXEC);
	fds[1] = open(argv[2], O_RDONLY | O_CLOEXEC);
	pthread_create(&t, NULL, work, fds);
	puts("ready");
	fflush(stdout);
	pause();
}
