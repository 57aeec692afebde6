/* SPDX-License-Identifier: Apache-2.0 */
/* code/snapshot, blocked, unwind and names: a child whose call chain is known. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/blocked.h"
#include "nsdebug/code/names.h"
#include "nsdebug/code/unwind.h"

#ifdef __clang__
#define KEEP __attribute__((noinline))
#else
#define KEEP __attribute__((noipa))
#endif

static int tests;
static int ready[2];

static void ok(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, name);
}

KEEP void innermost(int fd);
KEEP void middle(int depth, int fd);
KEEP void outer(int fd);

KEEP void innermost(int fd)
{
	char c = 1;

	for (;;)
		if (write(ready[1], &c, 1) < 0 || read(fd, &c, 1) < 0)
			_exit(1);
}

KEEP void middle(int depth, int fd)
{
	if (depth)
		middle(depth - 1, fd);
	else
		innermost(fd);
	__asm__ volatile("");
}

KEEP void outer(int fd)
{
	middle(9, fd);
	__asm__ volatile("");
}

static void *thread(void *arg)
{
	outer(*(int *)arg);
	return NULL;
}

static pid_t start(void)
{
	pid_t pid = fork();
	pthread_t t;
	int p[2];

	if (pid)
		return pid;
	if (pipe(p) || pthread_create(&t, NULL, thread, &p[0]))
		_exit(1);
	outer(p[0]);
	_exit(0);
}

static bool is_named(const struct names *n, const struct trace *t, size_t i, const char *name)
{
	const struct name *found = i < t->count ? names_get(n, &t->frames[i]) : NULL;

	return found && found->function && !strcmp(found->function, name);
}

static void check_thread(struct unwinder *u, const struct process *p, const struct thread *t)
{
	struct trace trace;
	struct names names;
	size_t at = 0, middles = 0;

	unwind_thread(u, t, 512, &trace);
	names_init(&names);
	names_find(&names, p, &trace, 1);
	ok(t->how == HOW_BLOCKED, "it was taken without a stop");
	ok(trace.whole && !trace.end[0], "the stack ends at its outermost frame");
	while (at < trace.count && !is_named(&names, &trace, at, "innermost"))
		at++;
	while (is_named(&names, &trace, at + 1 + middles, "middle"))
		middles++;
	ok(at < 4 && middles == 10 && is_named(&names, &trace, at + 11, "outer"),
	   "innermost, ten times middle, outer");
	ok(trace.count > at + 12, "and what called it");
	ok(trace.frames[0].method == METHOD_PC && trace.frames[1].method == METHOD_CFI,
	   "how each frame is known");
	free(trace.frames);
	unwind_thread(u, t, 5, &trace);
	ok(trace.count == 5 && trace.cut && !trace.whole && strstr(trace.end, "--max-frames"),
	   "a limit is said");
	free(trace.frames);
	names_free(&names);
}

static void check_marks(struct process *p, struct thread *t)
{
	struct unwinder *u = unwinder_new(p);
	struct thread other = *t;
	struct trace trace;

	other.regs.value[REG_PC] = 0x10;
	unwind_thread(u, &other, 512, &trace);
	ok(strstr(trace.count == 1 ? trace.end : trace.lost, "is not code") &&
	   (trace.count == 1 || trace.frames[1].guess), "a pc that is no code");
	free(trace.frames);
	other = *t;
	other.stack_len = 256;
	other.stack_cut = true;
	unwind_thread(u, &other, 512, &trace);
	ok(!trace.whole && trace.cut && strstr(trace.end, "--stack-bytes"), "a stack cut short");
	free(trace.frames);
	other.stack_cut = false;
	unwind_thread(u, &other, 512, &trace);
	ok(!trace.whole && !trace.cut && strstr(trace.end, "not in the copied stack"),
	   "a stack that goes on elsewhere");
	free(trace.frames);
	other = *t;
	other.stack = memset(memcpy(malloc(t->stack_len), t->stack, t->stack_len), 0x5a,
			     t->stack_len);
	unwind_thread(u, &other, 512, &trace);
	ok(!trace.whole && strstr(trace.end, "is not code"), "a broken stack");
	free(trace.frames);
	free((void *)other.stack);
	unwinder_free(&u);
}

static bool all_wait(const struct process *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->count; i++)
		n += p->threads[i].how == HOW_BLOCKED;
	return n == p->count;
}

/* Both say that they are ready, and go on from there to read. */
static struct process *take(struct snapshot *s, int procfs, int dir, pid_t pid, struct err *e)
{
	for (;;) {
		struct process *p;

		snapshot_init(s, procfs, 0);
		p = snapshot_take(s, dir, pid, NULL, &source_blocked, NULL, e);
		if (!p || all_wait(p))
			return p;
		modules_close(s);
		snapshot_free(s);
	}
}

int main(void)
{
	auto_close int procfs = open("/proc", O_PATH | O_DIRECTORY);
	auto_close int dir = -1;
	struct unwinder *u;
	struct snapshot s;
	struct process *p;
	struct err e;
	char c;
	pid_t pid;

#ifdef NSDEBUG_SAN
	puts("1..0 # SKIP with frame pointers, frames are known by a register that a copy lacks");
	return 0;
#endif
	if (pipe(ready) || (pid = start()) < 0 || read(ready[0], &c, 1) != 1 ||
	    read(ready[0], &c, 1) != 1)
		return 1;
	dir = proc_open(procfs, pid);
	p = take(&s, procfs, dir, pid, &e);
	if (!p) {
		printf("Bail out! %s\n", e.msg);
		kill(pid, SIGKILL);
		return 1;
	}
	ok(p->count == 2, "two threads");
	u = unwinder_new(p);
	for (size_t i = 0; i < p->count; i++)
		check_thread(u, p, &p->threads[i]);
	unwinder_free(&u);
	check_marks(p, &p->threads[0]);
	modules_close(&s);
	snapshot_free(&s);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	printf("1..%d\n", tests);
	return 0;
}
