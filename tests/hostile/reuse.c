/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reuse - processes that all have the same number.
 *
 *	reuse ROOT ROOT...	one process after the other with the same pid, each in a mount
 *				namespace of its own and in the next ROOT, for up to 2 ms each;
 *				prints the pid first
 *	reuse =PID ROOT		one with this pid, until killed; prints the pid once it is there
 */
#include <err.h>
#include <errno.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t clone_with(pid_t pid)
{
	struct clone_args a = {
		.flags = CLONE_NEWNS, .exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)&pid, .set_tid_size = 1,
	};

	return (pid_t)syscall(SYS_clone3, &a, sizeof(a));
}

static pid_t start(pid_t pid, const char *root)
{
	pid_t parent = getpid();
	int p[2];
	char c;

	if (pipe(p) < 0)
		err(1, "pipe");
	pid = clone_with(pid);
	if (pid < 0)
		return -1;
	if (pid == 0) {
		if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
			_exit(1);	/* killed before it was asked for */
		close(p[0]);
		if (chroot(root) < 0 || chdir("/") < 0)
			err(1, "%s", root);
		close(p[1]);
		for (;;)
			pause();
	}
	close(p[1]);
	if (read(p[0], &c, 1) < 0)	/* its end: it is where it belongs */
		err(1, "pipe");
	close(p[0]);
	return pid;
}

static void one_after_the_other(char **roots, int count)
{
	pid_t pid = fork(), now;

	if (pid == 0)
		_exit(0);
	waitpid(pid, NULL, 0);
	printf("%d\n", (int)pid);
	fflush(stdout);
	for (int i = 0;; i++) {
		now = start(pid, roots[i % count]);
		if (now < 0 && errno == EEXIST)
			errx(1, "somebody else took the pid");
		if (now < 0)
			err(1, "clone3");
		nanosleep(&(struct timespec){ 0, rand() % 2000000 }, NULL);
		kill(now, SIGKILL);
		waitpid(now, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	if (argc < 3)
		errx(2, "usage: reuse =PID ROOT | reuse ROOT ROOT...");
	if (argv[1][0] != '=')
		one_after_the_other(argv + 1, argc - 1);
	if (start(atoi(argv[1] + 1), argv[2]) < 0)
		err(1, "clone3");
	printf("%s\n", argv[1] + 1);
	fflush(stdout);
	for (;;)
		pause();
}
