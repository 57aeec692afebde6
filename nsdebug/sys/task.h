/* SPDX-License-Identifier: Apache-2.0 */
/*
 * task - where a thread is, without stopping it: files of /proc/PID/task/TID. Formats: proc(5).
 *
 * `syscall` says "running" for a thread that
 * is on a processor or waits for one; for a blocked thread it gives the two registers with which a
 * stack begins. The kernel read them while it held the thread off the processors, but the thread
 * may run on right after: whoever uses them reads task_turns() before and after, and asks again.
 */
#ifndef NSDEBUG_SYS_TASK_H
#define NSDEBUG_SYS_TASK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Both files, open: they are read again and again. */
struct task {
	int syscall, schedstat;
	int dir;		/* not owned */
};

/* `dir` is /proc/PID/task/TID. -1 with errno; needs CAP_SYS_PTRACE. */
int task_open(struct task *t, int dir);
void task_close(struct task *t);

#define auto_task __attribute__((cleanup(task_close)))

struct task_where {
	bool running;		/* then the rest is 0 */
	int64_t nr;		/* of its system call; -1: in none (fault, stop, freezer) */
	uint64_t sp, pc;
};

int task_where(const struct task *t, struct task_where *ret);	/* -1 with errno */
bool task_parse_where(const char *text, struct task_where *ret);

/*
 * How often the thread has been put on a processor, and for how long. A thread for which both are
 * the same at two moments, and which ran at neither, did not run in between. From schedstat, or
 * (a kernel without CONFIG_SCHED_INFO) from the context switches in status.
 */
struct task_turns {
	uint64_t time, count;
};

int task_turns(const struct task *t, struct task_turns *ret);	/* -1 with errno */

/* The same by the number of times that it left a processor: true if it is off them, and never was
 * on one since there were so many. */
bool task_stayed(int dir, uint64_t switches);

/* The kernel function it sleeps in, "futex_wait_queue"; "" if it does not sleep or is not told. */
void task_wchan(int dir, char *text, size_t room);
/* Of one in the directory /proc/PID/task. */
void task_wchan_of(int tasks, pid_t tid, char *text, size_t room);

#endif
