/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/held.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/holdall.h"
#include "nsdebug/code/stop.h"
#include "nsdebug/enter/emit.h"
#include "nsdebug/sys/proc.h"

#define ROUNDS 64	/* of looking for threads that came meanwhile: those held make no more */
#define ANSWERS 200	/* of waiting so often for an answer: its own timer ends it before */
#define ANSWER_MS 500

static bool lose(struct held *h)
{
	h->peer = -1;
	h->lost = true;
	return false;
}

bool held_begin(struct held *h, int peer, struct emit *emit, uint64_t max_ns)
{
	struct stop_message m = { .op = STOP_ALL, .held_ns = max_ns };

	*h = (struct held){ .peer = peer, .emit = emit, .arena = arena_new() };
	if (peer < 0 || send(peer, &m, sizeof(m), MSG_NOSIGNAL) != sizeof(m))
		return lose(h);
	h->begun = true;
	return true;
}

static bool tell(struct held *h, const struct holdall_ask *a)
{
	size_t len = offsetof(struct holdall_ask, tids) + a->count * sizeof(*a->tids);

	return send(h->peer, a, len, MSG_NOSIGNAL) == (ssize_t)len || lose(h);
}

static bool hear(struct held *h, struct holdall_answer *a)
{
	struct pollfd p = { .fd = h->peer, .events = POLLIN };
	size_t least = offsetof(struct holdall_answer, xstate);
	int left = ANSWERS;
	ssize_t n;

	while (poll(&p, 1, ANSWER_MS) != 1) {
		if (!--left)
			return lose(h);
		if (h->emit)
			emit_tick(h->emit);
	}
	n = recv(h->peer, a, sizeof(*a), 0);
	/* what was not sent would be of the answer before */
	return (n >= (ssize_t)least && a->xstate_len <= (size_t)n - least) || lose(h);
}

static void add(struct held *h, const struct holdall_answer *a)
{
	struct held_thread *t = arena_alloc(h->arena, sizeof(*t));

	t->tid = a->tid;
	t->err = a->err;
	if (!a->err) {
		t->regs = a->regs;
		t->fp = a->fp;
		t->xstate_len = a->xstate_len;
		t->xstate = arena_alloc(h->arena, t->xstate_len + 1);
		memcpy(t->xstate, a->xstate, t->xstate_len);
	}
	map_put(&h->by_tid, (uint64_t)a->tid, t);
	h->threads = mem_more(h->threads, h->count);
	h->threads[h->count++] = t;
}

static int err_let_go(struct err *e)
{
	return err_set(e, ST_INCOMPLETE, "its threads did not all stop in the time that there was "
		       "(--max-pause)");
}

/* Holds those of a message. */
static int hold(struct held *h, struct holdall_ask *ask, struct err *e)
{
	static struct holdall_answer a;

	ask->op = HOLDALL_MORE;
	if (!tell(h, ask))
		return err_set(e, ST_INCOMPLETE, "the stopper ended");
	while (hear(h, &a)) {
		if (a.op == HOLDALL_ALL) {
			h->since = a.held_ns;
			return 0;
		}
		if (a.op == HOLDALL_RELEASING)
			h->late = true;
		if (a.op == HOLDALL_RELEASED) {
			h->ns = a.held_ns;
			h->begun = false;
			return err_let_go(e);
		}
		if (a.op == HOLDALL_THREAD)
			add(h, &a);
	}
	return err_set(e, ST_INCOMPLETE, "the stopper ended");
}

static char state_of(int tasks, pid_t tid)
{
	auto_close int dir = proc_open(tasks, tid);
	struct proc_stat st;

	return dir >= 0 && proc_stat(dir, &st) == 0 ? st.state : '\0';
}

/* Those that are not held yet: as they are asked for. */
static int list_new(const struct held *h, int dir, int32_t **tids, size_t *count, struct err *e)
{
	auto_close int tasks = proc_open_tasks(dir);
	struct proc_dir d;
	int more = -1;
	pid_t tid;

	proc_dir_init(&d, tasks);
	while (tasks >= 0 && (more = proc_dir_next(&d, &tid)) > 0) {
		char state = map_get(&h->by_tid, (uint64_t)tid) ? 'Z' : state_of(tasks, tid);

		/* the first of a process may have ended before the others */
		if (state == 'Z' || state == 'X')
			continue;
		*tids = mem_more(*tids, *count);
		/* would it not stop? Asked only before anybody is held */
		(*tids)[(*count)++] = state == 'D' && !h->count ? -tid : tid;
	}
	return more < 0 ? err_set(e, ST_TARGET, "the process went away") : 0;
}

/* The threads that are not held yet: *found says whether there were any. */
static int hold_round(struct held *h, int dir, bool *found, struct err *e)
{
	static struct holdall_ask ask;
	int32_t *tids = NULL;
	size_t count = 0;
	int n = list_new(h, dir, &tids, &count, e);

	*found = count;
	for (size_t at = 0; n == 0 && at < count; at += HOLDALL_TIDS) {
		ask.count = count - at < HOLDALL_TIDS ? (uint32_t)(count - at) : HOLDALL_TIDS;
		memcpy(ask.tids, tids + at, ask.count * sizeof(*tids));
		n = hold(h, &ask, e);
	}
	free(tids);
	return n;
}

int held_process(struct held *h, int dir, struct err *e)
{
	bool found = true;

	for (int i = 0; found; i++) {
		if (i == ROUNDS)
			return err_set(e, ST_INCOMPLETE, "it makes threads faster than they can "
				       "be held");
		if (hold_round(h, dir, &found, e) < 0)
			return -1;
	}
	return 0;
}

const struct held_thread *held_get(const struct held *h, pid_t tid)
{
	return map_get(&h->by_tid, (uint64_t)tid);
}

bool held_still(struct held *h)
{
	char byte;

	if (h->peer < 0 || !h->begun || h->late)
		return false;
	h->late = recv(h->peer, &byte, 1, MSG_DONTWAIT | MSG_PEEK) >= 0 || errno != EAGAIN;
	return !h->late;
}

void held_end(struct held *h)
{
	static struct holdall_answer a;
	struct holdall_ask ask = { .op = HOLDALL_RELEASE };
	bool begun = h->begun && h->peer >= 0;

	h->begun = false;
	if (!begun)
		return;
	/* one that let go and ended meanwhile has said so: that is still to be heard */
	if (send(h->peer, &ask, offsetof(struct holdall_ask, tids), MSG_NOSIGNAL) < 0)
		h->late = true;
	while (hear(h, &a)) {
		if (a.op == HOLDALL_RELEASED) {
			h->ns = a.held_ns;
			h->late |= a.err == ETIME;
			return;
		}
	}
}

void held_free(struct held *h)
{
	held_end(h);
	map_free(&h->by_tid);
	free(h->threads);
	arena_free(&h->arena);
}
