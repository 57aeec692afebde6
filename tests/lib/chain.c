/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain: a() calls b() calls c(), which writes a line to standard output ten times a second; each
 * frame of another size, one of them known by a register only. In a thread "other" x() calls c()
 * with standard error. With "again" it starts itself anew once a second. With another word there is
 * no thread, and c() does what it says: "kill" sends itself SIGUSR1, which is ignored; "exec" wants
 * to start a program that is not there; "exit" ends with 3 after a second, "abort" by SIGABRT;
 * "wait" says "ready" and ends by SIGABRT when there is a file /w/go. "many" only maps 1600 times
 * a page with code, at its leisure; "burst" without a rest. "lease" does that while a process of
 * its own is kept in execve(), lets it go, and sends itself SIGUSR1 ten times. "full" has more such
 * pages than are told of, then a file above them, /t/remap, for a second.
 */
#include <alloca.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define KEEP __attribute__((noipa))

enum { KILL = -10, EXEC, EXIT, ABORT };

KEEP void c(int fd)
{
	char line[100] = "line\n", *none[] = { line, NULL };

	if (fd == KILL)
		kill(getpid(), SIGUSR1);
	else if (fd == EXEC)
		execve("/nothing", none, none + 1);
	else if (fd == EXIT)
		_exit(3);
	else if (fd == ABORT)
		abort();
	else if (write(fd, line, 5) < 0)
		_exit(1);
	__asm__ volatile("" : : "r"(line) : "memory");
}

KEEP void b(int fd, long n)
{
	char *p = alloca(n);

	memset(p, 1, (unsigned long)n);
	c(fd);
	__asm__ volatile("" : : "r"(p) : "memory");
}

KEEP void a(int fd)
{
	b(fd, 5000);
	__asm__ volatile("");
}

KEEP void x(int fd)
{
	c(fd);
	__asm__ volatile("");
}

static void *other(void *arg)
{
	struct timespec t = { .tv_nsec = 100000000 };

	prctl(PR_SET_NAME, "other");
	for (;;) {
		x(2);
		nanosleep(&t, NULL);
	}
	return arg;
}

static void map_many(bool rest)
{
	struct timespec t = { .tv_nsec = 1000000 };

	for (int i = 0; i < 1600; i++) {
		void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
			       -1, 0);

		if (p == MAP_FAILED || munmap(p, 4096) < 0)
			_exit(1);
		if (rest && i % 4 == 3)
			nanosleep(&t, NULL);
	}
}

/* A file that somebody has a lease on is not opened before it is given back. */
static void keep_exec_waiting(void)
{
	static const char file[] = "/tmp/leased";
	char *none[] = { (char *)file, NULL };
	struct timespec t = { .tv_nsec = 100000000 };
	int fd = open(file, O_RDONLY | O_CREAT, 0700), pipes[2];
	char word;

	signal(SIGIO, SIG_IGN);
	if (fd < 0 || pipe(pipes) < 0 || fcntl(fd, F_SETLEASE, F_WRLCK) < 0)
		_exit(1);
	if (!fork()) {
		close(fd);
		if (write(pipes[1], "x", 1) == 1)
			execve(file, none, none + 1);
		_exit(0);
	}
	if (read(pipes[0], &word, 1) != 1)
		_exit(1);
	nanosleep(&t, NULL);
	map_many(false);
	fcntl(fd, F_SETLEASE, F_UNLCK);
	wait(NULL);
}

static void fill(void)
{
	struct timespec second = { .tv_sec = 1 };
	int fd = open("/t/remap", O_RDONLY), how = MAP_PRIVATE | MAP_FIXED;

	/* apart from each other, or they were one */
	for (long i = 0; i < 4200; i++)
		if (mmap((void *)(0x500000000000 + i * 8192), 4096, PROT_READ | PROT_EXEC,
			 how | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
			_exit(1);
	if (mmap((void *)0x600000000000, 4096, PROT_READ | PROT_EXEC, how, fd, 0) == MAP_FAILED)
		_exit(1);
	nanosleep(&second, NULL);
	_exit(0);
}

KEEP int do_it(const char *what)
{
	struct timespec t = { .tv_nsec = 100000000 }, second = { .tv_sec = 1 };

	signal(SIGUSR1, SIG_IGN);
	while (!strcmp(what, "kill") || !strcmp(what, "exec")) {
		a(*what == 'k' ? KILL : EXEC);
		nanosleep(&t, NULL);
	}
	if (!strcmp(what, "lease"))
		keep_exec_waiting();
	for (int i = 0; i < 10 && *what == 'l'; i++) {
		nanosleep(&t, NULL);
		a(KILL);
	}
	if (!strcmp(what, "many") || !strcmp(what, "burst"))
		map_many(*what == 'm');
	if (strchr("lmb", *what))
		_exit(0);
	if (!strcmp(what, "full"))
		fill();
	if (*what != 'w')
		nanosleep(&second, NULL);
	else if (write(1, "ready\n", 6) != 6)
		return 1;
	while (*what == 'w' && access("/w/go", F_OK) < 0)
		nanosleep(&t, NULL);
	a(*what == 'w' || *what == 'a' ? ABORT : EXIT);
	return 1;
}

int main(int argc, char **argv)
{
	struct timespec t = { .tv_nsec = 100000000 };
	pthread_t thread;

	if (argc > 1 && strcmp(argv[1], "again") != 0)
		return do_it(argv[1]);
	if (pthread_create(&thread, NULL, other, NULL))
		return 1;
	for (int i = 0; argc < 2 || i < 10; i++) {
		a(1);
		nanosleep(&t, NULL);
	}
	execv("/proc/self/exe", argv);
	return 1;
}
