/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dies HOW [ARGUMENT] - a program that ends as it is told: segv, ill, fpe, bus, abort (what of
 * these a first process can do to itself), exit N, eat (memory, until it is killed), write PATH,
 * mkdir, fork, say TEXT; wait ends when it is told to by a signal.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static int fault(const char *how)
{
	volatile int zero = 0, one = 1;

	if (!strcmp(how, "segv"))
		return *(volatile int *)(uintptr_t)zero;
	if (!strcmp(how, "fpe"))
		return one / zero;
	if (!strcmp(how, "ill"))
		__asm__ volatile("ud2");
	if (!strcmp(how, "abort"))
		abort();
	return 0;
}

/* A file that is shorter than what of it is mapped. */
static int bus(void)
{
	int fd = memfd_create("x", 0);
	volatile char *p = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);

	return *p;
}

static __attribute__((noreturn)) void eat(void)
{
	for (;;) {
		char *p = malloc(1 << 20);

		if (p)
			memset(p, 1, 1 << 20);
	}
}

static int complain(const char *what, const char *of)
{
	fprintf(stderr, "%s %s: %s\n", what, of, strerror(errno));
	return 1;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "", *with = argc > 2 ? argv[2] : "";

	setvbuf(stdout, NULL, _IONBF, 0);
	if (!strcmp(how, "exit"))
		return atoi(with);
	if (!strcmp(how, "say"))
		return puts(with) < 0 ? 1 : 3;
	if (!strcmp(how, "eat"))
		eat();
	if (!strcmp(how, "bus"))
		return bus();
	if (!strcmp(how, "write"))
		return open(with, O_WRONLY | O_CREAT, 0600) < 0 ? complain("open", with) : 0;
	if (!strcmp(how, "mkdir"))
		return mkdir("/tmp/d", 0700) < 0 ? complain("mkdir", "/tmp/d") : 0;
	if (!strcmp(how, "fork"))
		return fork() < 0 ? complain("fork", "") : 0;
	if (!strcmp(how, "wait")) {
		puts("ready");
		for (;;)
			pause();
	}
	return fault(how);
}
