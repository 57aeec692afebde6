/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tricks - a program that makes it hard for whoever traces it.
 *
 *	tricks storm WHAT TIMES THREADS	calls, opens, execs (that fail), signals (that are
 *				ignored), exits, as fast as it can; prints TIMES
 *	tricks threads TIMES	one thread after the other, each with a name and a call of its own:
 *				close(1000000 + n) as "t<n>"
 *	tricks twins TIMES	processes that all have the same number, the same with "t<n>"; as
 *				root of the host
 *	tricks heir		close(1000001) by a thread "t1", which runs another program and
 *				leaves its number to a process "t2", whose is close(1000002); as
 *				root of the host
 *	tricks spawns TIMES	vfork(2) and execve(2) of "tricks none"
 *	tricks args DIR		arguments that point to nowhere, into memory whose owner does not
 *				answer, to bytes that hurt a terminal
 *	tricks swap DIR		an open(2) that sleeps while its path is changed
 *	tricks change		opens a file under another name, then as another user
 *	tricks at		becomes "tricks none" by execveat(2)
 *	tricks none
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define MARK 1000000	/* descriptors that nobody has */
#define PAGE 4096

static char *const none[] = { (char *)"tricks", (char *)"none", NULL };
static char *self;

/* ---- storms ---- */

static const char *what;
static long each;

static void once(void)
{
	pid_t pid;

	switch (what[0]) {
	case 'c':
		syscall(SYS_getppid);
		break;
	case 'o':
		open("/nothing", O_RDONLY);
		break;
	case 's':
		syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGWINCH);
		break;
	case 'e':
		if (what[2] == 'e') {
			execve("/nothing", none, NULL);
			break;
		}
		pid = fork();
		if (pid == 0)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
}

static void *work(void *arg)
{
	for (long i = 0; i < each; i++)
		once();
	return arg;
}

static void storm(const char *name, long times, int threads)
{
	pthread_t t[64];

	what = name;
	each = times / threads;
	for (int i = 0; i < threads; i++)
		if (pthread_create(&t[i], NULL, work, NULL))
			errx(1, "pthread_create");
	for (int i = 0; i < threads; i++)
		pthread_join(t[i], NULL);
	printf("%ld\n", each * threads);
}

/* ---- who is who ---- */

static void *named(void *arg)
{
	char name[32];

	snprintf(name, sizeof(name), "t%ld", (long)arg);
	prctl(PR_SET_NAME, name);
	close(MARK + (int)(long)arg);
	return NULL;
}

static void threads(long times)
{
	pthread_t t;

	for (long i = 0; i < times; i++) {
		if (pthread_create(&t, NULL, named, (void *)i))
			errx(1, "pthread_create");
		pthread_join(t, NULL);
	}
}

/* The name is the parent's: nothing but its birth tells one from the other. */
static void twins(long times)
{
	pid_t pid = 0;

	for (long i = 0; i < times; i++) {
		struct clone_args a = {
			.exit_signal = SIGCHLD, .set_tid = pid ? (uintptr_t)&pid : 0,
			.set_tid_size = pid != 0,
		};
		char name[32];
		pid_t child;

		snprintf(name, sizeof(name), "t%ld", i);
		prctl(PR_SET_NAME, name);
		child = (pid_t)syscall(SYS_clone3, &a, sizeof(a));
		if (child == 0) {
			close(MARK + (int)i);
			_exit(0);
		}
		if (child < 0)	/* it was taken meanwhile */
			err(77, "clone3");
		pid = child;
		waitpid(child, NULL, 0);
	}
}

static void *leave(void *arg)
{
	char number[16];

	prctl(PR_SET_NAME, "t1");
	close(MARK + 1);
	snprintf(number, sizeof(number), "%ld", syscall(SYS_gettid));
	execl(self, "tricks", "heir", number, NULL);
	return arg;
}

static void heir(pid_t number)
{
	struct clone_args a = {
		.exit_signal = SIGCHLD, .set_tid = (uintptr_t)&number, .set_tid_size = 1,
	};
	pthread_t t;
	pid_t child;

	if (!number) {
		pthread_create(&t, NULL, leave, NULL);
		pthread_join(t, NULL);
		err(1, "%s", self);
	}
	prctl(PR_SET_NAME, "t2");
	child = (pid_t)syscall(SYS_clone3, &a, sizeof(a));
	if (child == 0) {
		close(MARK + 2);
		_exit(0);
	}
	if (child < 0)
		err(77, "clone3");
	waitpid(child, NULL, 0);
}

static __attribute__((noinline)) void spawn(void)
{
	pid_t pid = vfork();

	if (pid == 0) {
		execve(self, none, NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
}

static void spawns(long times)
{
	for (long i = 0; i < times; i++)
		spawn();
}

/* ---- arguments ---- */

/* The last bytes before a page that is not there. */
static char *at_edge(size_t bytes)
{
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED || munmap(p + PAGE, PAGE) < 0)
		err(1, "mmap");
	return p + PAGE - bytes;
}

/* Memory whose pages come when a process gives them, which none does. */
static char *unanswered(void)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register r = { .mode = UFFDIO_REGISTER_MODE_MISSING };
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	char *p;

	if (fd < 0 || ioctl(fd, UFFDIO_API, &api) < 0)
		return NULL;
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	r.range.start = (uintptr_t)p;
	r.range.len = PAGE;
	return ioctl(fd, UFFDIO_REGISTER, &r) < 0 ? NULL : p;
}

/* Of a file whose server does not answer a read: what is mapped of it is not there either. */
static char *unread(const char *path)
{
	int fd = open(path, O_RDONLY);
	char *p = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);

	return fd < 0 || p == MAP_FAILED ? NULL : p;
}

static void bad_exec(void)
{
	static char *many[10001];
	char **words = (char **)(void *)at_edge(2 * sizeof(*words));
	char *edge = at_edge(3);

	memcpy(edge, "abc", 3);
	words[0] = (char *)"first";
	words[1] = (char *)8;
	for (int i = 0; i < 10000; i++)
		many[i] = (char *)"word";
	syscall(SYS_execve, "/nothing/null", NULL, NULL);
	syscall(SYS_execve, "/nothing/nowhere", 16, NULL);
	syscall(SYS_execve, "/nothing/edge", words, NULL);
	syscall(SYS_execve, "/nothing/many", many, NULL);
	syscall(SYS_execve, edge, none, NULL);
	syscall(SYS_execve, NULL, none, NULL);
	words[1] = edge;
	syscall(SYS_execve, "/nothing/word", words, NULL);
}

static void bad_open(const char *dir)
{
	static char longest[PAGE];
	char *edge = at_edge(3), *p = unanswered(), path[64];

	memcpy(edge, "abc", 3);
	memset(longest, 'l', sizeof(longest) - 1);
	open(edge, O_RDONLY);
	open((char *)16, O_RDONLY);
	open(longest, O_RDONLY);
	open("/nothing/\033[2J\033]52;c;cm0gLXJmIC8=\007\r\n\302\233\342\200\256\377", O_RDONLY);
	puts(p ? "userfaultfd" : "no userfaultfd");
	if (p)	/* no such descriptor: the kernel does not look at the bytes */
		write(MARK, p, 16);
	snprintf(path, sizeof(path), "%s/read/file", dir);
	p = unread(path);
	puts(p ? "fuse" : "no fuse");
	if (p)
		write(MARK + 1, p, 16);
}

/* ---- what is changed meanwhile ---- */

static char path[64], other[64];

static void *writer(void *arg)
{
	char asleep[64], state[8] = "";
	int fd;

	/* it opens the FIFO and waits for us */
	snprintf(asleep, sizeof(asleep), "/proc/self/task/%d/syscall", (int)(long)arg);
	while (strncmp(state, "257 ", 4)) {
		fd = open(asleep, O_RDONLY);
		if (fd < 0 || read(fd, state, 4) < 0)
			err(1, "%s", asleep);
		close(fd);
	}
	snprintf(path, sizeof(path), "/never/opened");
	fd = open(other, O_WRONLY);
	return fd < 0 ? NULL : arg;
}

static void swap(const char *dir)
{
	pthread_t t;

	snprintf(path, sizeof(path), "%s/fifo", dir);
	memcpy(other, path, sizeof(other));
	if (mkfifo(path, 0600) < 0)
		err(1, "%s", path);
	pthread_create(&t, NULL, writer, (void *)(long)syscall(SYS_gettid));
	if (openat(AT_FDCWD, path, O_RDONLY) < 0)
		err(1, "%s", other);
	pthread_join(t, NULL);
}

static void change(void)
{
	open("/nothing/first", O_RDONLY);
	prctl(PR_SET_NAME, "second\033[m");
	open("/nothing/second", O_RDONLY);
	if (syscall(SYS_setresuid, -1, 4242, -1) < 0)
		err(1, "setresuid");
	open("/nothing/third", O_RDONLY);
}

int main(int argc, char **argv)
{
	const char *verb = argc > 1 ? argv[1] : "", *arg = argc > 2 ? argv[2] : "";

	self = argv[0];
	if (!strcmp(verb, "storm") && argc > 4)
		storm(arg, atol(argv[3]), atoi(argv[4]));
	else if (!strcmp(verb, "threads"))
		threads(atol(arg));
	else if (!strcmp(verb, "twins"))
		twins(atol(arg));
	else if (!strcmp(verb, "heir"))
		heir(atoi(arg));
	else if (!strcmp(verb, "spawns"))
		spawns(atol(arg));
	else if (!strcmp(verb, "args"))
		bad_exec(), bad_open(arg);
	else if (!strcmp(verb, "swap"))
		swap(arg);
	else if (!strcmp(verb, "change"))
		change();
	else if (!strcmp(verb, "at"))
		syscall(SYS_execveat, AT_FDCWD, self, none, NULL, 0);
	else if (strcmp(verb, "none"))
		errx(2, "usage: tricks VERB [ARG...]");
	return 0;
}
