/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/holdall.h"

#include <elf.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/code/stopper.h"

#define FIRST_NS (10 * NS_PER_S)	/* for the reader to see who is there: nobody is held yet */
#define LET_GO_NS (300 * 1000ull)	/* for HOLDALL_TIDS threads */

enum seized { RUNNING, STOPPED, GONE };

struct seized_thread {
	pid_t tid;
	int status;		/* of its wait */
	enum seized state;
	bool asleep;		/* is not waited for */
};

struct holdall {
	struct stopper *s;
	uint64_t max_ns, since, until;	/* since 0: nobody was interrupted yet */
	struct seized_thread *threads;
	size_t count;
	struct holdall_answer answer;
};

static struct timespec span(uint64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / NS_PER_S),
		.tv_nsec = (long)(ns % NS_PER_S) };
}

static bool send_answer(struct holdall *h, uint32_t op, pid_t tid, int err)
{
	struct holdall_answer *a = &h->answer;
	size_t len = offsetof(struct holdall_answer, xstate);

	a->op = op;
	a->tid = tid;
	a->err = err;
	if (op != HOLDALL_THREAD || err)
		a->xstate_len = 0;
	len += a->xstate_len;
	return send(h->s->peer, a, len, MSG_NOSIGNAL) == (ssize_t)len;
}

static size_t get_set(pid_t tid, unsigned long which, void *to, size_t room)
{
	struct iovec v = { to, room };

	return ptrace(PTRACE_GETREGSET, tid, (void *)which, &v) < 0 ? 0 : v.iov_len;
}

static int get_regs(pid_t tid, struct holdall_answer *a)
{
	size_t n = get_set(tid, NT_PRSTATUS, &a->regs, sizeof(a->regs));

	if (n != sizeof(a->regs))
		return n ? ENOTSUP : errno;
	if (get_set(tid, NT_PRFPREG, &a->fp, sizeof(a->fp)) != sizeof(a->fp))
		return errno;
	a->xstate_len = (uint32_t)get_set(tid, NT_X86_XSTATE, a->xstate, sizeof(a->xstate));
	return 0;
}

/* When to begin to let go: it is to be over at h->until. */
static uint64_t end_of(const struct holdall *h)
{
	uint64_t takes = h->count / HOLDALL_TIDS * LET_GO_NS;

	return h->until - (takes < h->max_ns / 2 ? takes : h->max_ns / 2);
}

static bool is_over(const struct holdall *h)
{
	return h->since && clock_ns() >= end_of(h);
}

/* One look whether it has stopped meanwhile. */
static void look(struct seized_thread *t)
{
	pid_t got;

	if (t->state != RUNNING)
		return;
	got = waitpid(t->tid, &t->status, __WALL | WNOHANG);
	if (got == t->tid && WIFSTOPPED(t->status))
		t->state = STOPPED;
	else if (got)
		t->state = GONE;
}

/*
 * Until all from `first` on have stopped, or it takes too long: one that waits for a processor must
 * have its turn first.
 */
static void wait_for(struct holdall *h, size_t first)
{
	uint64_t half = h->since + h->max_ns / 2, end = end_of(h), now;
	size_t left = h->count - first;

	if (end > half)
		end = half;

	for (int spin = 0; left; spin++) {
		struct timespec rest;

		left = 0;
		for (size_t i = first; i < h->count; i++) {
			look(&h->threads[i]);
			left += h->threads[i].state == RUNNING && !h->threads[i].asleep;
		}
		now = clock_ns();
		if (now >= end)
			return;
		if (!left || spin < 4)	/* mostly they are there at once */
			continue;
		rest = span(end - now);
		ppoll(NULL, 0, &rest, &h->s->open);
	}
}

/* Being seized changes nothing for a thread; it is the interrupt from which on it is held. */
static void seize(struct holdall *h, int32_t ask)
{
	pid_t tid = ask < 0 ? -ask : ask;

	if (h->count == HOLDALL_THREADS || ptrace(PTRACE_SEIZE, tid, NULL, NULL) < 0) {
		send_answer(h, HOLDALL_THREAD, tid, h->count == HOLDALL_THREADS ? E2BIG : errno);
		return;
	}
	h->threads = mem_more(h->threads, h->count);
	h->threads[h->count++] = (struct seized_thread){ .tid = tid, .asleep = ask < 0 };
}

static bool answer_for(struct holdall *h, const struct seized_thread *t)
{
	int err = t->state == GONE ? ESRCH : t->state == RUNNING ? ETIME :
		get_regs(t->tid, &h->answer);

	return send_answer(h, HOLDALL_THREAD, t->tid, err);
}

static bool add(struct holdall *h, const struct holdall_ask *ask, bool *late)
{
	size_t first = h->count;

	for (uint32_t i = 0; i < ask->count; i++)
		seize(h, ask->tids[i]);
	if (!h->since && h->count) {
		h->since = clock_ns();
		h->until = h->since + h->max_ns;
	}
	for (size_t i = first; i < h->count; i++)
		if (ptrace(PTRACE_INTERRUPT, h->threads[i].tid, NULL, NULL) < 0)
			h->threads[i].state = GONE;
	wait_for(h, first);
	for (size_t i = first; i < h->count; i++) {
		*late = is_over(h);
		if (*late || !answer_for(h, &h->threads[i]))
			return false;
	}
	h->answer.held_ns = h->since;
	return send_answer(h, HOLDALL_ALL, 0, 0);
}

/* The next message: false if there is none in time (*late), or nobody is there any more. */
static bool next(struct holdall *h, struct holdall_ask *ask, bool *late)
{
	struct pollfd p = { .fd = h->s->peer, .events = POLLIN };
	uint64_t now = clock_ns(), end = h->since ? end_of(h) : now + FIRST_NS;
	struct timespec left = span(end > now ? end - now : 0);
	ssize_t n;

	/* one that is there already is not taken after the end */
	*late = now >= end || ppoll(&p, 1, &left, NULL) <= 0;
	if (*late)
		return false;
	n = recv(h->s->peer, ask, sizeof(*ask), 0);
	return n >= (ssize_t)offsetof(struct holdall_ask, tids) && ask->count <= HOLDALL_TIDS &&
		(size_t)n == offsetof(struct holdall_ask, tids) + ask->count * sizeof(*ask->tids) &&
		ask->op == HOLDALL_MORE;
}

/* False: one has not stopped yet, and goes on only with our end. */
static bool let_go(struct holdall *h, bool late)
{
	bool all = true, told = send_answer(h, HOLDALL_RELEASING, 0, 0);

	for (size_t i = 0; i < h->count; i++) {
		struct seized_thread *t = &h->threads[i];

		look(t);
		if (t->state == STOPPED)
			stopper_let_go(t->tid, t->status);
		all &= t->state != RUNNING;
	}
	h->answer.held_ns = h->since ? clock_ns() - h->since : 0;
	return send_answer(h, HOLDALL_RELEASED, 0, late ? ETIME : 0) && told && all;
}

bool holdall_serve(struct stopper *s, uint64_t max_ns)
{
	static struct holdall h;
	static struct holdall_ask ask;
	bool late = false, good;

	h = (struct holdall){ .s = s, .max_ns = max_ns < HOLDALL_MAX_NS ? max_ns : HOLDALL_MAX_NS };
	if (!stopper_arm(s, FIRST_NS + h.max_ns + HOLDALL_SLACK_NS))
		return false;
	while (next(&h, &ask, &late)) {
		/* from the first on it is this long, whatever came before */
		if (!h.since && !stopper_arm(s, h.max_ns + HOLDALL_SLACK_NS))
			break;
		if (!add(&h, &ask, &late))
			break;
	}
	good = let_go(&h, late);
	/* one that executed another program has the id of its process now, and may stop yet: who
	 * is left is let go before we wait for anything else */
	s->pending += h.count;
	stopper_arm(s, 0);
	free(h.threads);
	return good;
}
