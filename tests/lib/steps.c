/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steps TID QUIET COMMAND ARG...: COMMAND once at every instruction that thread TID comes to, of a
 * process that SIGSTOP has stopped. It is stopped there, and nobody traces it then. Ends after
 * QUIET instructions in turn of which none was new. Prints how many there were.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <sched.h>
#include <unistd.h>

#define INSNS 4096

static unsigned long long seen[INSNS];
static int nseen;

static int is_new(unsigned long long pc)
{
	for (int i = nseen - 1; i >= 0; i--)
		if (seen[i] == pc)
			return 0;
	if (nseen == INSNS)
		errx(1, "more than %d instructions", INSNS);
	seen[nseen++] = pc;
	return 1;
}

static void take(pid_t tid)
{
	if (ptrace(PTRACE_SEIZE, tid, NULL, NULL) || ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) ||
	    waitpid(tid, NULL, __WALL) != tid)
		err(1, "thread %d is not to be traced", tid);
}

static void step(pid_t tid)
{
	int status;

	if (ptrace(PTRACE_SINGLESTEP, tid, NULL, NULL) || waitpid(tid, &status, __WALL) != tid ||
	    !WIFSTOPPED(status))
		err(1, "thread %d does not go on", tid);
}

/* Its process is stopped all the time: who is let go is so again. */
static void let_go(pid_t tid)
{
	char path[64], line[64];
	const char *state;

	if (ptrace(PTRACE_DETACH, tid, NULL, NULL))
		err(1, "thread %d", tid);
	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	do {
		FILE *f = fopen(path, "r");

		sched_yield();
		if (!f || !fgets(line, sizeof(line), f) || !(state = strrchr(line, ')')))
			err(1, "%s", path);
		fclose(f);
	} while (state[1] && state[2] != 'T');
}

static void run(char **argv)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status == 127 << 8)
		errx(1, "%s does not run", argv[0]);
}

int main(int argc, char **argv)
{
	struct user_regs_struct regs;
	pid_t tid;

	if (argc < 4)
		return 2;
	tid = atoi(argv[1]);
	take(tid);
	for (long quiet = atol(argv[2]), n = 0; n < quiet; n++) {
		step(tid);
		if (ptrace(PTRACE_GETREGS, tid, NULL, &regs))
			err(1, "the registers of thread %d", tid);
		if (!is_new(regs.rip))
			continue;
		n = 0;
		let_go(tid);
		run(argv + 3);
		take(tid);
	}
	let_go(tid);
	fprintf(stderr, "%d instructions\n", nseen);
	return 0;
}
