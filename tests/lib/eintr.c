/* SPDX-License-Identifier: Apache-2.0 */
/* flags: -pthread */
/*
 * eintr: fourteen threads, each blocked in another system call for ever, which it makes again when
 * it comes back. How often one came back with EINTR is what a debugger has done to the program.
 *
 * Prints "ready" when all of them wait; for each line that it is sent, one line: the calls that
 * were interrupted since, "semop 2 epoll_wait 1", or "none".
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LONG_S 1000

static int in;			/* of a pipe that nobody writes to */
static char byte;

static long call_epoll_wait(void)
{
	struct epoll_event ev = { .events = EPOLLIN };
	int fd = epoll_create1(EPOLL_CLOEXEC);
	long ret;

	epoll_ctl(fd, EPOLL_CTL_ADD, in, &ev);
	ret = epoll_wait(fd, &ev, 1, LONG_S * 1000);
	close(fd);
	return ret;
}

static long call_recv(void)
{
	static int sv[2];
	struct timeval tv = { .tv_sec = LONG_S };

	if (!sv[0] && (socketpair(AF_UNIX, SOCK_STREAM, 0, sv) < 0 ||
		       setsockopt(sv[0], SOL_SOCKET, SO_RCVTIMEO, &tv, sizeof(tv)) < 0))
		err(1, "socketpair");
	return recv(sv[0], &byte, 1, 0);
}

static long call_semop(void)
{
	static int id = -1;
	struct sembuf down = { .sem_op = -1 };

	if (id < 0)
		id = semget(IPC_PRIVATE, 1, 0600);
	return semop(id, &down, 1);
}

static long call_sigtimedwait(void)
{
	struct timespec t = { .tv_sec = LONG_S };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	return sigtimedwait(&set, NULL, &t);
}

static long call_io_getevents(void)
{
	static aio_context_t ctx;
	struct io_event ev;

	if (!ctx && syscall(SYS_io_setup, 1, &ctx) < 0)
		err(1, "io_setup");
	return syscall(SYS_io_getevents, ctx, 1, 1, &ev, NULL);
}

static long call_poll(void)
{
	struct pollfd p = { .fd = in, .events = POLLIN };

	return poll(&p, 1, LONG_S * 1000);
}

static long call_select(void)
{
	struct timeval tv = { .tv_sec = LONG_S };
	fd_set set;

	FD_ZERO(&set);
	FD_SET(in, &set);
	return select(in + 1, &set, NULL, NULL, &tv);
}

static long call_nanosleep(void)
{
	struct timespec t = { .tv_sec = LONG_S };

	return nanosleep(&t, NULL);
}

static long call_futex(void)
{
	static int word;

	return syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}

static long call_read(void)
{
	return read(in, &byte, 1);
}

static long call_accept(void)
{
	struct sockaddr_un any = { .sun_family = AF_UNIX };
	static int fd;

	if (!fd) {
		fd = socket(AF_UNIX, SOCK_STREAM, 0);
		/* of no name: the kernel makes one up */
		if (bind(fd, (struct sockaddr *)&any, sizeof(any.sun_family)) < 0 ||
		    listen(fd, 1) < 0)
			err(1, "listen");
	}
	return accept(fd, NULL, NULL);
}

static long call_msgrcv(void)
{
	static int id = -1;
	long m[2];

	if (id < 0)
		id = msgget(IPC_PRIVATE, 0600);
	return msgrcv(id, m, sizeof(m[1]), 0, 0);
}

static long call_wait4(void)
{
	return wait4(-1, NULL, __WCLONE, NULL);
}

static long call_sigsuspend(void)
{
	sigset_t all;

	sigfillset(&all);
	return sigsuspend(&all);
}

#define CALL(name) { #name, call_##name, 0, 0 }

static struct call {
	const char *name;
	long (*fn)(void);
	atomic_int tid, interrupted;
} calls[] = {
	CALL(epoll_wait), CALL(recv), CALL(semop), CALL(sigtimedwait), CALL(io_getevents),
	CALL(poll), CALL(select), CALL(nanosleep), CALL(futex), CALL(read), CALL(accept),
	CALL(msgrcv), CALL(wait4), CALL(sigsuspend),
};

#define CALLS (sizeof(calls) / sizeof(calls[0]))

static void *make(void *arg)
{
	struct call *c = arg;

	prctl(PR_SET_NAME, c->name);
	c->tid = (int)syscall(SYS_gettid);
	for (;;) {
		if (c->fn() >= 0 || errno != EINTR) {
			printf("%s came back: %m\n", c->name);
			fflush(stdout);
			_exit(1);
		}
		c->interrupted++;
	}
	return NULL;
}

static int is_asleep(int tid)
{
	char path[64], text[256] = "";
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	fd = open(path, O_RDONLY);
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	return n > 0 && strstr(text, ") S ");
}

static void report(void)
{
	int none = 1;

	for (size_t i = 0; i < CALLS; i++) {
		int n = atomic_exchange(&calls[i].interrupted, 0);

		if (n)
			printf("%s%s %d", none ? "" : " ", calls[i].name, n);
		none &= !n;
	}
	printf("%s\n", none ? "none" : "");
	fflush(stdout);
}

/* A child for wait4, that never ends before us. */
static void leave_child(void)
{
	if (syscall(SYS_clone, 0, NULL, NULL, NULL, 0) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
}

int main(void)
{
	struct timespec ms = { .tv_nsec = 1000000 };
	char line[16];
	pthread_t t;
	int p[2];

	/* what outlives a process goes with its namespace */
	if (unshare(CLONE_NEWIPC) < 0 || pipe(p) < 0)
		err(1, "unshare, pipe");
	in = p[0];
	leave_child();
	for (size_t i = 0; i < CALLS; i++)
		if (pthread_create(&t, NULL, make, &calls[i]))
			errx(1, "pthread_create");
	for (size_t i = 0; i < CALLS; i++)
		while (!is_asleep(calls[i].tid))
			nanosleep(&ms, NULL);
	printf("ready\n");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		report();
	return 0;
}
