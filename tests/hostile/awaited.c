/* SPDX-License-Identifier: Apache-2.0 */
/*
 * awaited: memory in which pages are missing that a userfaultfd is asked for, and nobody answers.
 *
 *	awaited below	of a stack, in the middle of a function's frame
 *	awaited here	of a stack, where a thread is
 *	awaited code	of code that was made, which words on a stack lead to
 *	awaited minor	of a file in memory that has them, and of which nothing is mapped yet
 *	awaited FILE	not a userfaultfd, but who serves this file, of code that is in it
 *
 * A thread waits like that; another one waits as usual. Says "ready".
 */
#include <err.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PAGE 4096ul

static const char *mode;
static char *code;

static void await(void *at, size_t len, unsigned long how)
{
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register r = {
		.range = { (uintptr_t)at, len }, .mode = how,
	};

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) < 0 || ioctl(fd, UFFDIO_REGISTER, &r) < 0 ||
	    madvise(at, len, MADV_DONTNEED) < 0)
		err(1, "userfaultfd");
}

static void ready(void)
{
	puts("ready");
	fflush(stdout);
}

__attribute__((noipa)) static void rest(volatile void *words)
{
	ready();
	pause();
	__asm__ volatile("" : : "r"(words) : "memory");
}

__attribute__((noipa)) static void below(void)
{
	volatile char room[16 * PAGE];
	char *page = (char *)(((uintptr_t)room + 2 * PAGE) & ~(PAGE - 1));

	await(page, 8 * PAGE, UFFDIO_REGISTER_MODE_MISSING);
	rest(room);
}

__attribute__((noipa)) static void in_code(void)
{
	volatile uint64_t words[8];

	for (int i = 0; i < 8; i++)
		words[i] = (uintptr_t)code + 100 + (uint64_t)i;
	rest(words);
}

/* pause(2) with a stack pointer into what is not there. */
__attribute__((noipa)) static void here(void)
{
	char *p = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	await(p, 16 * PAGE, UFFDIO_REGISTER_MODE_MISSING);
	ready();
	__asm__ volatile("mov %0, %%rsp\n\tsyscall\n\thlt" : : "r"(p + 8 * PAGE), "a"(SYS_pause));
}

static void minor(void)
{
	int fd = memfd_create("minor", MFD_CLOEXEC);
	char *p = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	for (int i = 0; i < 4; i++)
		if (pwrite(fd, "here", 4, i * (off_t)PAGE) != 4)
			err(1, "memfd");
	p[0] = 'w';
	await(p + PAGE, 3 * PAGE, UFFDIO_REGISTER_MODE_MINOR);
	ready();
	pause();
}

static void *work(void *arg)
{
	if (!strcmp(mode, "below"))
		below();
	else if (!strcmp(mode, "here"))
		here();
	else if (!strcmp(mode, "minor"))
		minor();
	else
		in_code();
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t t;
	int fd = -1;

	if (argc != 2)
		errx(2, "usage: awaited below|here|code|minor|FILE");
	mode = argv[1];
	if (*mode == '/')
		fd = open(mode, O_RDONLY | O_CLOEXEC);
	code = mmap(NULL, 2 * PAGE, PROT_READ | PROT_EXEC,
		    MAP_PRIVATE | (fd < 0 ? MAP_ANONYMOUS : 0), fd, 0);
	if (code == MAP_FAILED)
		err(1, "%s", mode);
	if (fd < 0)
		await(code, 2 * PAGE, UFFDIO_REGISTER_MODE_MISSING);
	if (pthread_create(&t, NULL, work, NULL))
		errx(1, "a thread");
	pause();
}
