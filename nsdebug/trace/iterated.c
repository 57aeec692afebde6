/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/iterated.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/enter/emit.h"
#include "nsdebug/trace/iterate.h"

#define LOAD_NS (2 * NS_PER_S)		/* an emulated processor takes a second */
#define ANSWER_NS (NS_PER_S / 2)
#define TICK_MS 50
#define SINGLY_MAX 32		/* more threads of a process than that: all are copied, once */
#define TRIES 3

struct task_copy {
	struct snap_task task;
	const uint8_t *stack;
};

static bool lose(struct iterated *x)
{
	/* the socket is closed with the rights */
	x->peer = -1;
	return false;
}

/* A message of up to `room` bytes: its length, or 0. */
static size_t receive(struct iterated *x, struct snapshot *s, void *to, size_t room)
{
	uint64_t end = clock_ns() + (x->answered ? ANSWER_NS : LOAD_NS);
	struct pollfd p = { .fd = x->peer, .events = POLLIN };
	ssize_t n;

	while (poll(&p, 1, TICK_MS) <= 0) {
		if (clock_ns() >= end)
			return 0;
		if (s->emit)
			emit_tick(s->emit);
	}
	x->answered = true;
	n = recv(x->peer, to, room, 0);
	return n > 0 ? (size_t)n : 0;
}

static bool receive_tasks(struct iterated *x, struct snapshot *s, struct iterate_answer *a)
{
	size_t head = offsetof(struct iterate_answer, tasks), n = receive(x, s, a, sizeof(*a));

	return n >= head && a->count <= ITERATE_TASKS_MAX && a->pages <= SNAP_PAGES &&
		n == head + a->count * sizeof(a->tasks[0]);
}

static bool receive_pages(struct iterated *x, struct snapshot *s, uint8_t *to, size_t len)
{
	for (size_t at = 0, n; at < len; at += n) {
		n = receive(x, s, to + at, len - at);
		if (!n)
			return false;
	}
	return true;
}

static void keep(struct iterated *x, struct snapshot *s, const struct snap_task *task,
		 const uint8_t *pages, size_t len)
{
	struct task_copy *c;
	size_t at = task->page * (size_t)SNAP_PAGE;

	if (!(task->flags & SNAP_TAKEN) || at > len || task->stack_len > len - at ||
	    x->tasks.used == SNAPSHOT_THREADS_MAX)
		return;
	c = arena_alloc(s->arena, sizeof(*c));
	c->task = *task;
	c->stack = pages + at;
	map_put(&x->tasks, task->tid, c);
}

static bool ask(struct iterated *x, struct snapshot *s, const struct process *p, pid_t tid)
{
	struct iterate_ask ask = {
		.pid = p->pid, .tid = tid, .start = p->start, .bytes = s->stack_bytes,
		.far_bytes = snapshot_far(s), .depth = s->level,
	};
	struct iterate_answer a;

	if (send(x->peer, &ask, sizeof(ask), MSG_NOSIGNAL) != sizeof(ask))
		return lose(x);
	do {
		size_t len;
		uint8_t *pages;

		if (!receive_tasks(x, s, &a))
			return lose(x);
		len = a.pages * (size_t)SNAP_PAGE;
		if (len > SNAPSHOT_STACKS_MAX - s->total.stacks)
			return lose(x);
		s->total.stacks += len;
		pages = arena_alloc(s->arena, len);
		if (!receive_pages(x, s, pages, len))
			return lose(x);
		for (uint32_t i = 0; i < a.count; i++)
			keep(x, s, &a.tasks[i], pages, len);
	} while (a.count);
	return true;
}

static void begin(void *self, struct snapshot *s, struct process *p,
		  const struct snapshot_only *only)
{
	struct iterated *x = self;

	map_free(&x->tasks);
	if (x->peer < 0)
		return;
	if (!only || !only->tids || only->count > SINGLY_MAX) {
		ask(x, s, p, 0);
		return;
	}
	for (size_t i = 0; i < only->count * TRIES; i++) {
		pid_t tid = only->tids[i % only->count];

		if (!map_get(&x->tasks, (uint64_t)tid) && !ask(x, s, p, tid))
			return;
	}
}

/* Letters of proc(5): the lowest bit that is set, or none. EXIT_TRACE is both a zombie and dead. */
static char state_of(uint32_t state)
{
	static const char letters[] = "SDTtXZPI";

	if ((state & 0x402) == 0x402)	/* TASK_IDLE */
		return 'I';
	for (int i = 0; i < 8; i++)
		if (state & 1u << i)
			return letters[i];
	return state & 0x9000 ? 'D' : 'R';	/* TASK_RTLOCK_WAIT, TASK_FROZEN */
}

static bool taken(void *self, struct snapshot *s, struct thread *t)
{
	struct iterated *x = self;
	const struct task_copy *c = map_get(&x->tasks, (uint64_t)t->tid);

	if (!c)
		return false;
	t->nstid = (pid_t)c->task.ns_tid;
	t->start = c->task.start / PROC_TICK_NS;
	t->state = state_of(c->task.state);
	memcpy(t->comm, c->task.comm, sizeof(c->task.comm));
	memcpy(t->regs.value, c->task.regs, sizeof(c->task.regs));
	t->regs.known = (1u << REGS_COUNT) - 1;
	t->stack = c->stack;
	t->stack_at = c->task.stack_at;
	t->stack_len = c->task.stack_len;
	t->stack_cut = c->task.flags & SNAP_CUT;
	t->interrupted = !(c->task.flags & SNAP_IN_CALL);
	t->turns = (struct task_turns){ .count = c->task.switches };
	t->how = HOW_ITERATED;
	return true;
}

static bool take(void *self, struct snapshot *s, struct process *p, struct thread *t, int dir)
{
	struct iterated *x = self;

	return x->other->take(x->other_self, s, p, t, dir);
}

const struct snapshot_source source_iterated = {
	.name = "iterated", .begin = begin, .taken = taken, .take = take,
};

_Static_assert(SNAP_REGS == REGS_COUNT, "both count the same registers");

void iterated_free(struct iterated *x)
{
	map_free(&x->tasks);
}
