/* SPDX-License-Identifier: Apache-2.0 */
/* enter/killed: who is slow to end, and who never will. */
#include "nsdebug/enter/killed.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/check.h"

static int told[2];

static pid_t child(void (*run)(void), int *pidfd)
{
	pid_t pid = fork();

	if (!pid) {
		run();
		_exit(1);
	}
	*pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	return pid;
}

/* As one that waits for a processor longer than a grace. */
static void late(void)
{
	const struct itimerval t = { .it_value = { 1, 0 } };

	setitimer(ITIMER_REAL, &t, NULL);
	for (;;)
		;
}

/* Whose child has its memory waits for it in state D. */
static void block(void)
{
	pid_t pid = vfork();

	if (!pid) {
		pid = getpid();
		if (write(told[1], &pid, sizeof(pid)) == sizeof(pid))
			pause();
		_exit(0);
	}
	_exit(0);
}

static void slow(void)
{
	int fd, status = 0;
	pid_t pid = child(late, &fd);

	ok(killed_state(pid) != 'D', "one that runs is not blocked");
	ok(killed_wait(pid, fd) == KILLED_GONE && waitpid(pid, &status, 0) == pid &&
	   WIFSIGNALED(status), "and is waited for");
	ok(!killed_state(pid), "one that is gone has no state");
	close(fd);
}

static void blocked(void)
{
	int fd;
	char where[64] = "";
	pid_t pid = child(block, &fd), of = 0;

	ok(read(told[0], &of, sizeof(of)) == sizeof(of), "it has begun to wait");
	ok(killed_wait(pid, fd) == KILLED_BLOCKED && killed_state(pid) == 'D',
	   "one that the kernel keeps is not waited for");
	killed_where(pid, where, sizeof(where));
	ok(where[0], "where it is kept is told");
	kill(of, SIGKILL);
	ok(killed_wait(pid, fd) == KILLED_GONE && waitpid(pid, NULL, 0) == pid,
	   "when it is let go it ends");
	close(fd);
}

int main(void)
{
	if (pipe(told) < 0)
		return 1;
	slow();
	blocked();
	return done();
}
