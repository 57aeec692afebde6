/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/stopped.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/err.h"
#include "nsdebug/code/blocked.h"
#include "nsdebug/code/stop.h"
#include "nsdebug/sys/task.h"

#define TRIES 3
#define RUNS_MS 1
#define NAPS 32	/* looks at one that wakes and sleeps */

static bool ask(struct stopped *x, uint32_t op, pid_t tid)
{
	struct stop_message m = { .op = op, .tid = tid };

	return send(x->peer, &m, sizeof(m), MSG_NOSIGNAL) == sizeof(m);
}

static bool answer(struct stopped *x, struct stop_message *m)
{
	struct pollfd p = { .fd = x->peer, .events = POLLIN };
	int ms = (int)((STOP_BUDGET_NS + 10 * STOP_WAIT_NS) / NS_PER_MS);

	return poll(&p, 1, ms) == 1 && recv(x->peer, m, sizeof(*m), MSG_WAITALL) == sizeof(*m);
}

/* May the thread be stopped without harm and in time? */
static bool may_stop(const struct stopped *x, struct thread *t)
{
	if (t->tracer)
		return thread_refuse(t, "traced by process %d", (int)t->tracer);
	if (thread_waits_for_vfork(t))
		return thread_refuse(t, "waits for its vfork child");
	if (thread_is_frozen(t))
		return thread_refuse(t, "frozen (its cgroup is paused)");
	/* which is also what a sleeper in a frozen v1 cgroup looks like */
	if (t->state == 'D')
		return thread_refuse(t, "in an uninterruptible sleep, or frozen");
	if (x->peer < 0)
		return thread_refuse(t, "the stopper ended");
	if (x->waited_ns >= STOPPED_WAIT_NS)
		return thread_refuse(t, "too many others did not stop in time");
	return true;
}

/* Is what we hold still the thread that we looked at? A held one cannot be replaced. */
static bool is_same(const struct thread *t, int dir)
{
	uint64_t start;

	return !proc_start(dir, &start) && start == t->start;
}

static bool refuse_stop(struct stopped *x, struct thread *t, int err)
{
	switch (err) {
	case ESRCH:
		t->gone = true;
		return thread_refuse(t, "it went away");
	case EPERM:
		return thread_refuse(t, "may not be stopped: traced already, or no CAP_SYS_PTRACE");
	case ENOTSUP:
		return thread_refuse(t, "a 32-bit program");
	case ETIME:
		x->waited_ns += STOP_WAIT_NS;
		t->late = true;
		return thread_refuse(t, "did not stop within %d ms, and is let go when it does",
				     (int)(STOP_WAIT_NS / NS_PER_MS));
	default:
		return thread_refuse(t, "could not be stopped: %s", errno_name(err));
	}
}

static bool lose(struct stopped *x, struct thread *t)
{
	/* the stopper's own end of the socket goes with it; ours is closed with the rights */
	x->peer = -1;
	return thread_refuse(t, "the stopper ended");
}

/* Held, and let go. *late: before it was copied. */
static bool stop(struct stopped *x, struct snapshot *s, struct process *p, struct thread *t,
		 int dir, bool *late)
{
	size_t before = s->total.stacks;
	struct stop_message m;
	bool same, copied = false;

	*late = false;
	if (!ask(x, STOP_HOLD, t->tid) || !answer(x, &m))
		return lose(x, t);
	if (m.op != STOP_HELD)
		return refuse_stop(x, t, m.err);
	same = is_same(t, dir);
	if (same)
		copied = snapshot_stack(s, p, t, m.regs[REG_SP]);
	memcpy(t->regs.value, m.regs, sizeof(m.regs));
	if (!ask(x, STOP_RELEASE, t->tid) || !answer(x, &m) || m.op != STOP_RELEASED)
		return lose(x, t);
	if ((int64_t)m.held_ns > t->held_ns)
		t->held_ns = (int64_t)m.held_ns;
	if (!same) {
		t->gone = true;
		return false;
	}
	*late = m.err;
	if (*late) {
		s->total.stacks = before;
		return thread_refuse(t, "its copy took longer than %d ms, it was let go",
				     (int)(STOP_HOLD_NS / NS_PER_MS));
	}
	t->regs.known = (1u << REGS_COUNT) - 1;
	return copied;
}

/* Whoever copies may have to wait for a turn on a processor, which the thread must not. */
static bool stop_again(struct stopped *x, struct snapshot *s, struct process *p, struct thread *t,
		       int dir)
{
	bool late = false, copied = false;

	for (int try = 0; try < TRIES && (!try || late); try++)
		copied = stop(x, s, p, t, dir, &late);
	return copied;
}

/*
 * Does it run on, and not only on its way from one wait to the next? It may have to wait for the
 * processor that we run on: that is a turn.
 */
static bool keeps_running(int dir)
{
	auto_task struct task task = { -1, -1, -1 };
	struct task_turns before, after;
	struct task_where w;

	if (task_open(&task, dir) < 0 || task_turns(&task, &before) < 0 ||
	    task_where(&task, &w) < 0 || !w.running)
		return false;
	poll(NULL, 0, RUNS_MS);
	return !task_where(&task, &w) && w.running && !task_turns(&task, &after) &&
		after.count - before.count <= 1;
}

/* One that ran when it was looked at last: by now it may wait, where a stop would be noticed. */
static bool take_asleep(struct snapshot *s, struct process *p, struct thread *t, int dir)
{
	for (int nap = 0; nap < NAPS; nap++) {
		if (source_blocked.take(NULL, s, p, t, dir)) {
			t->note[0] = '\0';
			t->running = false;
			return true;
		}
		if (t->gone || !t->running || keeps_running(dir))
			return false;
	}
	t->running = false;
	return thread_refuse(t, "it wakes and sleeps again too often to be copied");
}

static bool take(void *self, struct snapshot *s, struct process *p, struct thread *t, int dir)
{
	struct stopped *x = self;
	char why[sizeof(t->note)];

	if ((t->ran || t->waited) && take_asleep(s, p, t, dir))
		return true;
	if ((t->ran || t->waited) && !t->running)
		return false;
	if (may_stop(x, t) && stop_again(x, s, p, t, dir)) {
		t->how = HOW_STOPPED;
		t->note[0] = '\0';
		return true;
	}
	if (t->gone)
		return false;
	memcpy(why, t->note, sizeof(why));
	if (source_blocked.take(NULL, s, p, t, dir)) {
		snprintf(t->note, sizeof(t->note), "not stopped: %.140s", why);
		return true;
	}
	if (!t->running || t->gone)
		return false;
	return thread_refuse(t, "running, and %.140s", why);
}

const struct snapshot_source source_stopped = { .name = "stopped", .take = take };
