/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/standing.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/blocked.h"
#include "nsdebug/code/held.h"
#include "nsdebug/code/stop.h"
#include "nsdebug/sys/task.h"

#define NAPS 16		/* looks at one that was asleep and is awake because it was held */
#define NAP_MS 1

static struct thread *record_of(struct standing *x, struct snapshot *s, pid_t tid)
{
	struct thread *c = map_get(&x->copies, (uint64_t)tid);

	if (!c) {
		c = arena_alloc(s->arena, sizeof(*c));
		map_put(&x->copies, (uint64_t)tid, c);
	}
	return c;
}

static void look(struct standing *x, struct snapshot *s, struct process *p)
{
	auto_close int tasks = proc_open_tasks(p->dir);
	struct proc_dir d;
	pid_t tid;

	if (tasks < 0)
		return;
	proc_dir_init(&d, tasks);
	while (proc_dir_next(&d, &tid) > 0) {
		auto_close int dir = proc_open(tasks, tid);
		struct proc_stat st;
		struct thread *c;

		if (dir < 0 || proc_stat(dir, &st) < 0)
			continue;
		c = record_of(x, s, tid);
		c->state = st.state;
		task_wchan(dir, c->wchan, sizeof(c->wchan));
	}
}

static void copy(struct standing *x, struct snapshot *s, struct process *p,
		 const struct held_thread *h)
{
	struct thread *c = record_of(x, s, h->tid);

	c->tid = h->tid;
	c->late = h->err == ETIME && c->state != 'D';	/* and may have, just afterwards */
	x->late |= c->late;
	if (h->err == ETIME)
		thread_refuse(c, c->state == 'D' ? "in an uninterruptible sleep, or frozen" :
			      "it did not stop in the time that there was (--max-pause)");
	else if (h->err == EPERM)
		thread_refuse(c, "traced by somebody else");
	else if (h->err)
		thread_refuse(c, "%s", h->err == ENOTSUP ? "a 32-bit program" : errno_name(h->err));
	stop_regs(&h->regs, c->regs.value);
	c->regs.known = (1u << REGS_COUNT) - 1;
	if (!h->err && snapshot_stack(s, p, c, c->regs.value[REG_SP]))
		c->how = HOW_STOPPED;
}

/* Of all threads, whichever are wanted: they may wait for each other. */
static void copy_all(struct standing *x, struct snapshot *s, struct process *p, struct held *h)
{
	struct err e;

	if (held_process(h, p->dir, &e) < 0) {
		snprintf(x->why, sizeof(x->why), "%.150s", e.msg);
		return;
	}
	snapshot_at_once(s, p);
	for (size_t i = 0; i < h->count && held_still(h); i++)
		copy(x, s, p, h->threads[i]);
	if (!held_still(h))
		snprintf(x->why, sizeof(x->why), "they had to be let go before all were copied "
			 "(--max-pause)");
}

static void begin(void *self, struct snapshot *s, struct process *p,
		  const struct snapshot_only *only)
{
	struct standing *x = self;
	auto_held struct held h = { .peer = -1 };
	pid_t tid = p->pid;

	map_free(&x->copies);
	x->why[0] = '\0';
	x->held_ns = 0;
	x->late = false;
	/* where its first thread has ended, the others have its memory */
	if (!p->maps.count && p->living < 0)
		p->living = proc_open_memory(s->procfs, p->dir, &tid);
	if (!p->maps.count && p->living >= 0)
		maps_read(&p->maps, p->living, s->arena);
	if (!p->maps.count)
		return;
	look(x, s, p);
	if (!held_begin(&h, x->peer, s->emit, x->max_ns)) {
		snprintf(x->why, sizeof(x->why), "the stopper ended");
		x->apart++;
		return;
	}
	copy_all(x, s, p, &h);
	held_end(&h);
	x->apart += x->why[0] || x->late;
	x->held_ns = (int64_t)h.ns;
	for (size_t i = 0; i < h.count; i++)
		if (!h.threads[i]->err)
			record_of(x, s, h.threads[i]->tid)->held_ns = x->held_ns;
}

/* As without us. One that was asleep goes back to it as soon as it has a processor. */
static bool take_alone(struct standing *x, struct snapshot *s, struct process *p, struct thread *t,
		       int dir, const char *why)
{
	bool taken = source_blocked.take(NULL, s, p, t, dir);
	char own[sizeof(t->note)];

	for (int nap = 0; nap < NAPS && !taken && t->running && t->state != 'R'; nap++) {
		poll(NULL, 0, NAP_MS);
		t->running = false;
		taken = source_blocked.take(NULL, s, p, t, dir);
	}
	if (!taken && t->running) {
		t->running = false;
		taken = x->other->take(x->other_self, s, p, t, dir);
	}
	memcpy(own, t->note, sizeof(own));
	if (taken)
		snprintf(t->note, sizeof(t->note), "not held with the others: %.130s", why);
	else
		thread_refuse(t, "%.40s, and not held with the others: %.85s", own, why);
	return taken;
}

static bool take(void *self, struct snapshot *s, struct process *p, struct thread *t, int dir)
{
	struct standing *x = self;
	const struct thread *c = map_get(&x->copies, (uint64_t)t->tid);

	if (c && c->state) {
		t->held_ns = c->held_ns;
		t->late = c->late;
		t->state = c->state;
		memcpy(t->wchan, c->wchan, sizeof(t->wchan));
	}
	if (x->why[0]) {
		/* as far as we know */
		t->held_ns = x->held_ns;
		return take_alone(x, s, p, t, dir, x->why);
	}
	if (!c || c->how == HOW_NOT)
		return take_alone(x, s, p, t, dir, c && c->tid ? c->note : "it came later");
	t->regs = c->regs;
	t->stack = c->stack;
	t->stack_at = c->stack_at;
	t->stack_len = c->stack_len;
	t->holes = c->holes;
	t->hole_count = c->hole_count;
	t->stack_cut = c->stack_cut;
	t->how = HOW_STOPPED;
	return true;
}

const struct snapshot_source source_standing = {
	.name = "standing", .begin = begin, .take = take,
};

void standing_free(struct standing *x)
{
	map_free(&x->copies);
}
