/* SPDX-License-Identifier: Apache-2.0 */
/* code/holdall and code/held: all threads of a process stand still, and run on whatever happens. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/held.h"
#include "nsdebug/code/holdall.h"
#include "nsdebug/code/stop.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/sys/proc.h"
#include "tests/unit/check.h"

#define THREADS 5
#define PATIENCE (20 * NS_PER_S)
#define LONG (30 * NS_PER_S)
#define SHORT NS_PER_S	/* all of them have a turn in it, whoever else runs */

/* What the target writes and we read. */
static volatile struct {
	uint64_t turns[THREADS];
	uint64_t born;
	uint32_t ready;
} *shared;

static int procfs;

struct stage {
	pid_t target, stopper;
	int peer, dir;
	struct held h;
};

static void *count(void *arg)
{
	volatile uint64_t *turns = arg;

	__sync_fetch_and_add(&shared->ready, 1);
	for (;;)
		++*turns;
	return NULL;
}

static void run_threads(void)
{
	pthread_t t;

	for (int i = 1; i < THREADS; i++)
		pthread_create(&t, NULL, count, (void *)&shared->turns[i]);
	count((void *)&shared->turns[0]);
}

static void *live_shortly(void *arg)
{
	__sync_fetch_and_add(&shared->born, 1);
	return NULL;
}

/* Threads come and go all the time. */
static void run_churn(void)
{
	shared->ready = THREADS;
	for (;;) {
		pthread_t t[4];

		for (int i = 0; i < 4; i++)
			pthread_create(&t[i], NULL, live_shortly, NULL);
		for (int i = 0; i < 4; i++)
			pthread_join(t[i], NULL);
		shared->turns[0]++;
	}
}

/* The kernel holds it until its child ends, and no stop reaches it. */
static void run_vfork(void)
{
	shared->ready = THREADS;
	if (vfork() == 0) {
		while (shared->ready == THREADS)
			syscall(SYS_nanosleep, &(struct timespec){ .tv_nsec = 1000000 }, NULL);
		_exit(0);
	}
	for (;;)
		shared->turns[0]++;
}

static pid_t start_target(void (*fn)(void))
{
	pid_t pid;

	memset((void *)shared, 0, sizeof(*shared));
	pid = fork();
	if (!pid) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		fn();
		_exit(0);
	}
	while (shared->ready < THREADS)
		sched_yield();
	return pid;
}

static void begin(struct stage *s, void (*fn)(void), uint64_t max_ns)
{
	int sv[2];

	s->target = start_target(fn);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
		exit(1);
	s->stopper = fork();
	if (!s->stopper) {
		struct inside in = { .peer = sv[0], .emit = { .fd = -1, .data = -1 } };

		close(sv[1]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		stop_serve(&in, NULL);
		_exit(0);
	}
	close(sv[0]);
	s->peer = sv[1];
	s->dir = proc_open(procfs, s->target);
	ok(held_begin(&s->h, s->peer, NULL, max_ns), "there is a stopper");
}

static void end(struct stage *s)
{
	int status;

	held_free(&s->h);
	close(s->peer);
	close(s->dir);
	waitpid(s->stopper, &status, 0);
	kill(s->target, SIGKILL);
	waitpid(s->target, NULL, 0);
}

static uint64_t all_turns(void)
{
	uint64_t sum = shared->born;

	for (int i = 0; i < THREADS; i++)
		sum += shared->turns[i];
	return sum;
}

/* Does it stand still for a while in which it would do something? */
static bool stands(void)
{
	uint64_t before = all_turns(), until = clock_ns() + 20 * NS_PER_MS;

	while (clock_ns() < until)
		;
	return all_turns() == before;
}

static bool goes_on(void)
{
	uint64_t before = all_turns(), until = clock_ns() + PATIENCE;

	while (clock_ns() < until)
		if (all_turns() > before)
			return true;
	return false;
}

static bool is_free(const struct stage *s)
{
	uint64_t until = clock_ns() + PATIENCE;
	struct proc_status st;
	struct proc_stat stat;

	while (clock_ns() < until)
		if (!proc_status(s->dir, &st) && !proc_stat(s->dir, &stat) && !st.tracer &&
		    stat.state != 'T' && stat.state != 't')
			return true;
	return false;
}

/* A stopper that says more than it sends: what is missing would be somebody else's registers. */
static void test_short(void)
{
	struct holdall_answer a = { .op = HOLDALL_THREAD, .tid = 1, .xstate_len = 64 };
	size_t least = offsetof(struct holdall_answer, xstate);
	auto_held struct held h = { .peer = -1 };
	auto_close int dir = proc_open(procfs, getpid());
	struct err e;
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
		exit(1);
	send(sv[0], &a, least + 64, 0);
	send(sv[0], &a, least + 63, 0);
	a.op = HOLDALL_ALL;
	send(sv[0], &a, least + 64, 0);
	held_begin(&h, sv[1], NULL, LONG);
	ok(held_process(&h, dir, &e) < 0 && h.count == 1 && h.lost,
	   "an answer that is shorter than it says is none");
	close(sv[0]);
	close(sv[1]);
}

static void test_all(void)
{
	struct stage s;
	struct err e;
	bool known = true;

	begin(&s, run_threads, LONG);
	ok(held_process(&s.h, s.dir, &e) == 0 && s.h.count == THREADS, "all threads are held");
	for (size_t i = 0; i < s.h.count; i++)
		known &= !s.h.threads[i]->err && s.h.threads[i]->regs.rip &&
			s.h.threads[i]->regs.rsp && s.h.threads[i]->fp.mxcsr;
	ok(known, "and their registers known");
	ok(stands() && held_still(&s.h), "none of them runs");
	held_end(&s.h);
	ok(s.h.ns >= 20 * NS_PER_MS && !s.h.late && !s.h.lost, "how long it was is told");
	ok(goes_on() && is_free(&s), "then they do");
	ok(held_begin(&s.h, s.peer, NULL, LONG) && held_process(&s.h, s.dir, &e) == 0 && stands(),
	   "and once more, by the same stopper");
	end(&s);
}

static void test_time(void)
{
	struct stage s;
	struct err e;
	uint64_t until = clock_ns() + PATIENCE;

	begin(&s, run_threads, SHORT);
	ok(held_process(&s.h, s.dir, &e) == 0, "held for a time");
	while (held_still(&s.h) && clock_ns() < until)
		;
	ok(!held_still(&s.h) && goes_on() && is_free(&s),
	   "is let go when it is over, whatever the reader does");
	held_end(&s.h);
	ok(s.h.late && s.h.ns >= SHORT, "not before, and it is told");
	ok(held_begin(&s.h, s.peer, NULL, LONG) && held_process(&s.h, s.dir, &e) == 0 && stands(),
	   "who was told too late is told again");
	end(&s);
}

static void test_killed(void)
{
	struct stage s;
	struct err e;

	begin(&s, run_threads, LONG);
	ok(held_process(&s.h, s.dir, &e) == 0 && stands(), "held");
	kill(s.stopper, SIGKILL);
	ok(goes_on() && is_free(&s) && !held_still(&s.h), "the stopper is killed: all run on");
	held_end(&s.h);
	ok(s.h.lost, "and it is known that nobody knows how long it was");
	end(&s);

	begin(&s, run_threads, LONG);
	ok(held_process(&s.h, s.dir, &e) == 0, "held");
	close(s.peer);
	s.peer = s.h.peer = -1;
	ok(goes_on() && is_free(&s), "the reader is gone: all run on");
	end(&s);
}

static void test_stuck(void)
{
	struct stage s;
	struct err e;

	begin(&s, run_threads, SHORT);
	ok(held_process(&s.h, s.dir, &e) == 0, "held");
	kill(s.stopper, SIGSTOP);
	ok(goes_on() && is_free(&s), "the stopper is stopped itself: its timer ends it");
	end(&s);
}

static void test_churn(void)
{
	struct stage s;
	struct err e;

	begin(&s, run_churn, LONG);
	ok(held_process(&s.h, s.dir, &e) == 0 && stands() && held_still(&s.h),
	   "threads that come and go are held, too");
	held_end(&s.h);
	ok(goes_on() && is_free(&s), "and go on coming and going");
	end(&s);
}

static void test_vfork(void)
{
	struct stage s;
	struct err e;

	begin(&s, run_vfork, LONG);
	ok(held_process(&s.h, s.dir, &e) == 0 && s.h.count == 1 && s.h.threads[0]->err == ETIME,
	   "a thread that does not stop is not waited for");
	held_end(&s.h);
	shared->ready = 0;
	ok(goes_on() && is_free(&s), "and let go by the stopper's end");
	end(&s);
}

static void test_traced(void)
{
	struct stage s;
	struct err e;

	begin(&s, run_threads, LONG);
	ok(!ptrace(PTRACE_SEIZE, s.target, NULL, NULL), "somebody else traces one");
	ok(held_process(&s.h, s.dir, &e) == 0 && held_get(&s.h, s.target)->err == EPERM &&
	   s.h.count == THREADS, "that one is refused, the others are held");
	held_end(&s.h);
	ok(goes_on(), "and let go");
	end(&s);
}

static void test_stopped(void)
{
	struct stage s;
	uint64_t until = clock_ns() + PATIENCE;
	struct proc_stat st = { 0 };
	struct err e;
	int status;

	begin(&s, run_threads, LONG);
	kill(s.target, SIGSTOP);
	waitpid(s.target, &status, WUNTRACED);
	ok(held_process(&s.h, s.dir, &e) == 0 && !s.h.threads[0]->err, "one that is stopped");
	held_end(&s.h);
	while (!proc_stat(s.dir, &st) && st.state != 'T' && clock_ns() < until)
		;
	ok(st.state == 'T' && stands(), "stays so");
	kill(s.target, SIGCONT);
	ok(goes_on() && is_free(&s), "until it is continued");
	end(&s);
}

int main(void)
{
	struct held h;

	setvbuf(stdout, NULL, _IOLBF, 0);
	procfs = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	signal(SIGPIPE, SIG_IGN);
	ok(!held_begin(&h, -1, NULL, LONG) && h.lost, "without a stopper nothing is begun");
	held_free(&h);
	test_short();
	test_all();
	test_time();
	test_killed();
	test_stuck();
	test_churn();
	test_vfork();
	test_traced();
	test_stopped();
	return done();
}
