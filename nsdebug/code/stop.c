/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/stop.h"

#include <elf.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/code/holdall.h"
#include "nsdebug/code/stopper.h"
#include "nsdebug/enter/enter.h"

#define SLICE_NS (100 * 1000ull)	/* how exactly the beginning of a stop is known */

static void wake(int sig)
{
}

bool stopper_arm(struct stopper *s, uint64_t ns)
{
	struct itimerspec t = {
		.it_value = { .tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S) },
	};

	return !timer_settime(s->timer, 0, &t, NULL);
}

/* The last resort is SIGKILL by the kernel: nothing that happens to us can put it off. */
static bool prepare(struct stopper *s)
{
	struct sigevent kill = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL };
	struct sigaction child = { .sa_handler = wake };
	sigset_t closed;

	sigemptyset(&closed);
	sigaddset(&closed, SIGCHLD);
	return !sigaction(SIGCHLD, &child, NULL) &&
		!sigprocmask(SIG_BLOCK, &closed, &s->open) &&
		!timer_create(CLOCK_MONOTONIC, &kill, &s->timer);
}

static bool reply(struct stopper *s, struct stop_message *m, uint32_t op, int err)
{
	m->op = op;
	m->err = err;
	return send(s->peer, m, sizeof(*m), MSG_NOSIGNAL) == sizeof(*m);
}

void stopper_let_go(pid_t tid, int status)
{
	/* none if the stop was ours or a group stop, whose event is in the high bits */
	long sig = status >> 16 ? 0 : WSTOPSIG(status);

	/* ESRCH: it was killed meanwhile, and is let go of already */
	if (WIFSTOPPED(status))
		ptrace(PTRACE_DETACH, tid, NULL, (void *)sig);
}

/*
 * What waitpid(2) says of tid; others, that were left alone and have stopped after all, are let go.
 * Any thread is asked for: one that calls execve(2) goes on under the id of its process.
 */
static pid_t reap(struct stopper *s, pid_t tid, int *status)
{
	for (;;) {
		pid_t got = waitpid(-1, status, __WALL | WNOHANG);

		if (got < 0)
			s->pending = 0;	/* nobody is seized */
		if (got <= 0 || got == tid)
			return got;
		stopper_let_go(got, *status);
		s->pending -= s->pending > 0;
	}
}

/* Waits for tid to stop: its wait status, or -1 with errno (ETIME: it did not). */
static int wait_stop(struct stopper *s, pid_t tid)
{
	uint64_t end = s->running + STOP_WAIT_NS;

	for (int spin = 0;; spin++) {
		struct timespec slice = { .tv_nsec = SLICE_NS };
		uint64_t now = clock_ns();
		int status;
		pid_t got = reap(s, tid, &status);

		if (got)
			return got < 0 ? -1 : status;
		s->running = now;
		if (now >= end) {
			errno = ETIME;
			return -1;
		}
		if (spin >= 8)	/* mostly it is there at once */
			ppoll(NULL, 0, &slice, &s->open);
	}
}

void stop_regs(const struct user_regs_struct *r, uint64_t *to)
{
	const uint64_t values[] = {
		r->rax, r->rdx, r->rcx, r->rbx, r->rsi, r->rdi, r->rbp, r->rsp, r->r8, r->r9,
		r->r10, r->r11, r->r12, r->r13, r->r14, r->r15, r->rip,
	};

	memcpy(to, values, sizeof(values));
}

static bool get_regs(pid_t tid, uint64_t *to)
{
	struct user_regs_struct r;
	struct iovec v = { &r, sizeof(r) };

	if (ptrace(PTRACE_GETREGSET, tid, (void *)NT_PRSTATUS, &v) < 0)
		return false;
	if (v.iov_len != sizeof(r)) {	/* a 32-bit program */
		errno = ENOTSUP;
		return false;
	}
	stop_regs(&r, to);
	return true;
}

/* Asks a while before it sleeps: being woken can take longer than the copy. */
static bool wait_release(struct stopper *s)
{
	uint64_t from = clock_ns(), now = from;
	struct pollfd p = { .fd = s->peer, .events = POLLIN };
	struct stop_message m;

	while (now < from + STOP_HOLD_NS) {
		struct timespec left = { .tv_nsec = (long)(from + STOP_HOLD_NS - now) };

		if (recv(s->peer, &m, sizeof(m), MSG_DONTWAIT) == sizeof(m))
			return m.op == STOP_RELEASE;
		if (now >= from + STOP_SPIN_NS && ppoll(&p, 1, &left, NULL) == 1 &&
		    p.revents & (POLLHUP | POLLERR))
			return false;
		now = clock_ns();
	}
	return false;
}

/* Seized and stopped: copies, waits for the reader's copy, lets go. */
static bool hold(struct stopper *s, struct stop_message *m, int status)
{
	pid_t tid = m->tid;
	int err = 0;
	bool held = get_regs(tid, m->regs), released = true;

	if (!held)
		err = errno;
	else
		released = reply(s, m, STOP_HELD, 0) && wait_release(s);
	stopper_let_go(tid, status);
	m->held_ns = clock_ns() - s->running;
	return held ? reply(s, m, STOP_RELEASED, released ? 0 : ETIME) :
		reply(s, m, STOP_FAILED, err);
}

static bool leave_alone(struct stopper *s, struct stop_message *m)
{
	s->pending++;
	return reply(s, m, STOP_FAILED, ETIME) && s->pending < STOP_PENDING_MAX;
}

/* False: the stopper has to end. */
static bool serve(struct stopper *s, struct stop_message *m)
{
	int status;

	if (!stopper_arm(s, STOP_BUDGET_NS))
		return false;
	if (ptrace(PTRACE_SEIZE, m->tid, NULL, NULL) < 0)
		return reply(s, m, STOP_FAILED, errno);
	s->running = clock_ns();
	if (ptrace(PTRACE_INTERRUPT, m->tid, NULL, NULL) < 0)
		return false;
	status = wait_stop(s, m->tid);
	if (status < 0 && errno == ETIME)
		return leave_alone(s, m);
	if (status < 0 || !WIFSTOPPED(status))
		return reply(s, m, STOP_FAILED, ESRCH);
	return hold(s, m, status);
}

/* How long the next message is; 0 or less: there will be none. */
static ssize_t next(struct stopper *s, struct stop_message *m)
{
	struct timespec turn = { .tv_nsec = STOP_BUDGET_NS / 3 };
	struct pollfd p = { .fd = s->peer, .events = POLLIN };

	for (int status;;) {
		reap(s, 0, &status);
		stopper_arm(s, s->pending ? STOP_BUDGET_NS : 0);
		if (!s->pending || ppoll(&p, 1, &turn, &s->open) == 1)
			break;
	}
	return recv(s->peer, m, sizeof(*m), 0);
}

void stop_serve(struct inside *in, void *arg)
{
	struct stopper s = { .peer = in->peer };
	struct stop_message m;
	struct err e;
	ssize_t n;

	if (!prepare(&s)) {
		err_sys(&e, "prepare to stop threads");
		emit_err(&in->emit, &e);
		return;
	}
	while ((n = next(&s, &m)) > 0) {
		/* too late for what was let go */
		if (n != sizeof(m) || m.op == STOP_RELEASE)
			continue;
		if (m.op == STOP_ALL && holdall_serve(&s, m.held_ns))
			continue;
		if (m.op != STOP_HOLD || m.tid <= 0 || !serve(&s, &m))
			return;
	}
}
