/* SPDX-License-Identifier: Apache-2.0 */
/* flags: -pthread -fno-omit-frame-pointer */
/*
 * spin - threads that run, so that their registers are known only to who stops them.
 *
 *	spin N		N threads that run most of the time; prints "ready"
 *	spin vfork	a parent that cannot be stopped, as its child never calls execve
 *	spin jail	neither dumpable nor allowed any system call but read, write and exit
 *	spin stack FILE	a thread whose stack lies below pages of FILE that nobody read yet
 *	spin deaf	a thread that is nearly always in a system call that no signal ends, and
 *			one that runs
 *	spin touch FILE	one that reads a page of FILE, which is mapped
 *	spin churn N	N processes that fork, exec themselves, start threads and end, for ever
 */
#include <ctype.h>
#include <err.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile unsigned long turns;

__attribute__((noipa)) static void turn(int depth)
{
	if (depth)
		turn(depth - 1);
	turns++;
}

static void *spin(void *arg)
{
	for (;;) {
		for (int i = 0; i < 200000; i++)
			turn(8);
		if (!arg)	/* others want to run too: tests beside this one */
			usleep(1000);
	}
	return NULL;
}

/*
 * The kernel copies two gigabytes, page by page, before it looks for signals: this takes five
 * times what a thread is given to stop. What it copies is two megabytes, mapped a thousand
 * times: /proc/self/mem looks each page up, which takes longer than its bytes do.
 */
static void *be_deaf(void *arg)
{
	static char bytes[2 << 20];
	static struct iovec v[1023];
	size_t count = sizeof(v) / sizeof(v[0]);
	int fd = memfd_create("bytes", 0), mem = open("/proc/self/mem", O_RDONLY);
	char *from = mmap(NULL, count * sizeof(bytes), PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	prctl(PR_SET_NAME, "deaf");
	if (from == MAP_FAILED || mem < 0 || ftruncate(fd, sizeof(bytes)) < 0)
		err(1, "memory");
	for (size_t i = 0; i < count; i++) {
		if (mmap(from + i * sizeof(bytes), sizeof(bytes), PROT_READ, MAP_SHARED | MAP_FIXED,
			 fd, 0) == MAP_FAILED)
			err(1, "mmap");
		v[i] = (struct iovec){ bytes, sizeof(bytes) };
	}
	while (preadv(mem, v, (int)count, (off_t)(uintptr_t)from) > 0)
		;
	return arg;
}

static void *run_a_bit(void *arg)
{
	for (int i = 0; i < 1000; i++)
		turn(4);
	return arg;
}

static void start(int n, void *(*fn)(void *))
{
	pthread_t t;

	while (n-- > 0)
		if (pthread_create(&t, NULL, fn, NULL))
			err(1, "thread");
}

/* A life: threads, then the same program again, then a child in its place. */
static void live(char **argv)
{
	start(4, run_a_bit);
	usleep(500);
	if (argv[3]) {
		start(2, run_a_bit);
		_exit(0);
	}
	execl("/proc/self/exe", argv[0], "churn", "0", "again", NULL);
	_exit(1);
}

static void churn(int n, char **argv)
{
	for (;; n--) {
		pid_t pid = fork();

		if (pid == 0)
			live(argv);
		if (n <= 0)
			wait(NULL);
	}
}

/* Above the thread's stack the mapping goes on: who copies a stack upwards comes there. */
static void stack_below(const char *path)
{
	size_t half = 256 * 1024;
	int fd = open(path, O_RDONLY);
	pthread_attr_t a;
	pthread_t t;
	char *p = mmap(NULL, 2 * half, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	if (fd < 0 || p == MAP_FAILED || madvise(p, 2 * half, MADV_RANDOM) < 0)
		err(1, "%s", path);
	for (size_t i = 0; i < half; i += 4096)
		p[i] = 1;
	pthread_attr_init(&a);
	if (pthread_attr_setstack(&a, p, half) || pthread_create(&t, &a, spin, NULL))
		err(1, "thread");
}

static void touch(const char *path)
{
	volatile char *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, open(path, O_RDONLY), 0);

	if (p == MAP_FAILED)
		err(1, "%s", path);
	turns += (unsigned long)*p;
}

/* The child goes with its parent, whose number is all that a test knows. */
static void wait_for_vfork(void)
{
	volatile pid_t parent = getpid();	/* shared with the child */

	if (vfork() == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (getppid() == parent)
			pause();
		_exit(0);
	}
}

static void say_ready(void)
{
	printf("ready\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	if (argc < 2)
		errx(2, "usage: spin N|vfork|deaf|churn N");
	if (argc > 3 && !strcmp(argv[1], "churn"))
		live(argv);
	if (!strcmp(argv[1], "stack") && argc > 2)
		stack_below(argv[2]);
	else if (!isdigit((unsigned char)*argv[1]) && strcmp(argv[1], "deaf") != 0)
		say_ready();
	if (!strcmp(argv[1], "touch") && argc > 2)
		touch(argv[2]);
	if (!strcmp(argv[1], "jail") && (prctl(PR_SET_DUMPABLE, 0) < 0 ||
					 prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) < 0))
		err(1, "jail");
	if (!strcmp(argv[1], "jail"))
		spin("no system call");
	if (!strcmp(argv[1], "churn") && argc > 2)
		churn(atoi(argv[2]), argv);
	if (!strcmp(argv[1], "vfork")) {
		wait_for_vfork();
		return 0;
	}
	if (!strcmp(argv[1], "deaf"))
		start(1, be_deaf);
	start(strcmp(argv[1], "deaf") ? atoi(argv[1]) : 1, spin);
	if (strcmp(argv[1], "touch") != 0)
		say_ready();
	for (;;)
		pause();
}
