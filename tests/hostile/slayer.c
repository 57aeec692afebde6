/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slayer - runs a command again and again, kills one of its processes at a random moment, and says
 * what that did to a bystander.
 *
 *	slayer PID TIMES MICROSECONDS COMMAND...
 *
 * With SIGNAL=19 in the environment it is always a child that gets that signal, not SIGKILL.
 * Every other time the victim is the command's first process, else one of its children. After each
 * round all of them must be gone within 5 s (they become our children) and every thread of
 * PID must be alive, not stopped and not traced. Prints one line of numbers; 1 if something of this
 * was not so.
 */
#include <ctype.h>
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static unsigned long fronts, children, early, left, stopped, traced, dead;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static ssize_t slurp(const char *path, char *text, size_t room)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, room - 1);

	close(fd);
	if (n >= 0)
		text[n] = '\0';
	return n;
}

/* One of the children of a process, at random; 0 if there is none. */
static pid_t child_of(pid_t pid)
{
	char path[64], text[4096];
	pid_t pids[64];
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	if (slurp(path, text, sizeof(text)) <= 0)
		return 0;
	for (char *p = text; isdigit((unsigned char)*p) && n < 64; p += strspn(p, " "))
		pids[n++] = (pid_t)strtol(p, &p, 10);
	return n ? pids[rand() % n] : 0;
}

static pid_t start(char **argv)
{
	pid_t pid = fork();
	int fd;

	if (pid < 0)
		err(1, "fork");
	if (pid > 0)
		return pid;
	fd = open("/dev/null", O_RDWR);
	dup2(fd, 0);
	dup2(fd, 1);
	dup2(fd, 2);
	execv(argv[0], argv);
	_exit(127);
}

/* Everything below us, orphans too, is to end by itself. */
static void reap(void)
{
	double end = now() + 5;

	for (;;) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0)
			return;
		if (pid > 0)
			continue;
		if (now() > end)
			break;
		nanosleep(&(struct timespec){ 0, 200000 }, NULL);
	}
	left++;
	for (pid_t pid; (pid = child_of(getpid()));) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
}

static void look_at(const char *task, const char *tid)
{
	char path[4200], text[4096];
	const char *p, *tracer;

	snprintf(path, sizeof(path), "%s/%s/status", task, tid);
	if (slurp(path, text, sizeof(text)) <= 0)
		return;
	p = strstr(text, "\nState:");
	tracer = strstr(text, "\nTracerPid:");
	if (p && (p[8] == 'T' || p[8] == 't'))
		stopped++;
	if (p && (p[8] == 'Z' || p[8] == 'X'))
		dead++;
	if (tracer && atoi(tracer + 11))
		traced++;
}

static void look(pid_t target)
{
	char task[64];
	struct dirent *de;
	DIR *d;

	snprintf(task, sizeof(task), "/proc/%d/task", (int)target);
	d = opendir(task);
	if (!d) {
		dead++;
		return;
	}
	while ((de = readdir(d)))
		if (isdigit((unsigned char)de->d_name[0]))
			look_at(task, de->d_name);
	closedir(d);
}

static void a_round(char **argv, long span_us, int front, int sig)
{
	long wait_us = rand() % span_us;
	pid_t pid = start(argv), victim;

	nanosleep(&(struct timespec){ wait_us / 1000000, wait_us % 1000000 * 1000 }, NULL);
	if (waitpid(pid, NULL, WNOHANG) == pid) {
		early++;
		return;
	}
	victim = front ? 0 : child_of(pid);
	if (victim)
		children++;
	else
		fronts++;
	if (victim || sig == SIGKILL)
		kill(victim ? victim : pid, sig);
}

int main(int argc, char **argv)
{
	pid_t target = argc > 4 ? atoi(argv[1]) : 0;
	int sig = getenv("SIGNAL") ? atoi(getenv("SIGNAL")) : SIGKILL;

	if (!target)
		errx(2, "usage: slayer PID TIMES MICROSECONDS COMMAND...");
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	srand((unsigned int)getpid());
	for (int i = 0; i < atoi(argv[2]); i++) {
		a_round(argv + 4, atol(argv[3]), sig == SIGKILL && i % 2, sig);
		reap();
		look(target);
	}
	printf("fronts %lu children %lu early %lu left %lu stopped %lu traced %lu dead %lu\n",
	       fronts, children, early, left, stopped, traced, dead);
	return left || stopped || traced || dead;
}
