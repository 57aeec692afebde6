/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/corethreads.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/held.h"
#include "nsdebug/sys/task.h"

static bool look(void *self, struct snapshot *s, struct process *p, struct thread *t, int dir)
{
	return false;
}

const struct snapshot_source source_look = { .name = "look", .take = look };

int corethreads_look(struct corethreads *t, int dir, pid_t pid,
		     const struct snapshot_source *source, void *self, struct err *e)
{
	t->dir = dir;
	t->p = snapshot_take(&t->s, dir, pid, NULL, source, self, e);
	if (!t->p)
		return -1;
	for (size_t i = 0; i < t->p->count; i++)
		map_put(&t->by_tid, (uint64_t)t->p->threads[i].tid, &t->p->threads[i]);
	if (!t->p->maps.count)
		return err_set(e, ST_FAILED, "process %d has no memory: it has ended, or is a "
			       "thread of the kernel", (int)pid);
	return 0;
}

const char *corethreads_refuse(const struct corethreads *t, bool *frozen)
{
	const char *why = NULL;

	*frozen = false;
	for (size_t i = 0; i < t->p->count; i++) {
		const struct thread *x = &t->p->threads[i];

		/* a sleeper in a frozen v1 cgroup is in D where it slept: the cgroup tells */
		if (thread_is_frozen(x)) {
			*frozen = true;
			return "frozen";
		}
		if (x->tracer)
			why = "traced by another process";
		else if (thread_waits_for_vfork(x))
			why = "waiting for a vfork child, which uses its memory";
	}
	return why;
}

static struct core_thread *add(struct corethreads *t, pid_t tid)
{
	const struct thread *x = map_get(&t->by_tid, (uint64_t)tid);
	struct core_thread *c;

	t->items = mem_more(t->items, t->count);
	c = &t->items[t->count++];
	*c = (struct core_thread){ .tid = tid, .host_tid = tid, .state = 'R', .how = "not taken",
		.comm = "", .wchan = "" };
	if (x) {
		c->tid = x->nstid ? x->nstid : tid;
		c->state = x->state;
		c->comm = x->comm;
		c->wchan = x->wchan;
	}
	return c;
}

static void add_sp(struct corethreads *t, uint64_t sp)
{
	t->sps = mem_more(t->sps, t->nsps);
	t->sps[t->nsps++] = sp;
}

/* One that came after we looked: its id in the container. */
static void name_new(struct corethreads *t, int tasks, struct core_thread *c)
{
	auto_close int dir = map_get(&t->by_tid, (uint64_t)c->host_tid) ? -1 :
		proc_open(tasks, c->host_tid);
	struct proc_status st;

	if (dir >= 0 && proc_status(dir, &st) == 0 && st.levels > t->s.level)
		c->tid = st.nspid[t->s.level];
}

/* What is known of one that did not stop, or is another's to stop: as far as it stands still. */
static bool blocked(int tasks, struct core_thread *c)
{
	auto_close int dir = proc_open(tasks, c->host_tid);
	auto_task struct task task = { -1, -1, -1 };
	struct task_where w;

	if (dir < 0 || task_open(&task, dir) < 0 || task_where(&task, &w) < 0 || w.running)
		return false;
	c->how = "blocked";
	c->regs.rsp = w.sp;
	c->regs.rip = w.pc;
	return true;
}

static void no_registers(struct corethreads *t, const struct core_thread *c, const char *why)
{
	t->unknown++;
	snprintf(t->why, sizeof(t->why), "thread %d: %.150s", (int)c->tid, why);
}

static const char *why_not(int err)
{
	return err == ETIME ? "it did not stop" : err == ENOTSUP ? "a 32-bit program" :
		err == EPERM ? "another process traces it" : errno_name(err);
}

/* One that is not held, for whatever reason. */
static void add_other(struct corethreads *t, int tasks, struct core_thread *c, const char *why)
{
	if (!blocked(tasks, c)) {
		no_registers(t, c, why);
		return;
	}
	t->partial++;
	add_sp(t, c->regs.rsp);
}

static void add_held(struct corethreads *t, int tasks, const struct held_thread *h)
{
	struct core_thread *c = add(t, h->tid);

	name_new(t, tasks, c);
	if (h->err) {
		add_other(t, tasks, c, why_not(h->err));
		return;
	}
	c->how = "held";
	c->regs = h->regs;
	c->fp = &h->fp;
	c->xstate = h->xstate;
	c->xstate_len = h->xstate_len;
	add_sp(t, c->regs.rsp);
}

/* Of a process that was not held as a whole, the others. */
static void add_missed(struct corethreads *t, int tasks, const struct held *h)
{
	struct proc_dir d;
	pid_t tid;

	proc_dir_init(&d, tasks);
	while (proc_dir_next(&d, &tid) > 0) {
		const struct thread *x = map_get(&t->by_tid, (uint64_t)tid);
		struct core_thread *c;

		if (held_get(h, tid) || (x && (x->state == 'Z' || x->state == 'X')))
			continue;
		c = add(t, tid);
		name_new(t, tasks, c);
		add_other(t, tasks, c, "it was not held in time");
		t->missed++;
	}
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Who reads a core shows the first thread first. */
static void finish(struct corethreads *t)
{
	for (size_t i = 1; i < t->count; i++)
		if (t->items[i].host_tid == t->p->pid) {
			struct core_thread first = t->items[i];

			t->items[i] = t->items[0];
			t->items[0] = first;
		}
	if (t->nsps)
		qsort(t->sps, t->nsps, sizeof(*t->sps), by_value);
}

void corethreads_held(struct corethreads *t, const struct held *h, bool whole)
{
	auto_close int tasks = proc_open_tasks(t->dir);

	for (size_t i = 0; i < h->count; i++)
		if (h->threads[i]->err != ESRCH)
			add_held(t, tasks, h->threads[i]);
	if (!whole && tasks >= 0)
		add_missed(t, tasks, h);
	finish(t);
}

/* From the order of libunwind. Segments are as they always are in user code; what nobody knows,
 * flags and where the thread's own memory is (fs, gs) among it, is zero. */
static struct user_regs_struct regs_of(const struct regs *r)
{
	const uint64_t *v = r->value;

	return (struct user_regs_struct){
		.rax = v[0], .rdx = v[1], .rcx = v[2], .rbx = v[3], .rsi = v[4], .rdi = v[5],
		.rbp = v[6], .rsp = v[7], .r8 = v[8], .r9 = v[9], .r10 = v[10], .r11 = v[11],
		.r12 = v[12], .r13 = v[13], .r14 = v[14], .r15 = v[15], .rip = v[16],
		.orig_rax = ~0ull, .cs = 0x33, .ss = 0x2b,
	};
}

void corethreads_taken(struct corethreads *t)
{
	for (size_t i = 0; i < t->p->count; i++) {
		const struct thread *x = &t->p->threads[i];
		struct core_thread *c;

		if (x->state == 'Z' || x->state == 'X')
			continue;
		c = add(t, x->tid);
		if (x->how == HOW_NOT) {
			no_registers(t, c, x->note);
			continue;
		}
		c->how = x->how == HOW_ITERATED ? "iterated" : "blocked";
		c->regs = regs_of(&x->regs);
		t->partial += x->how != HOW_ITERATED;
		t->general += x->how == HOW_ITERATED;
		add_sp(t, c->regs.rsp);
	}
	finish(t);
}

void corethreads_free(struct corethreads *t)
{
	map_free(&t->by_tid);
	free(t->items);
	free(t->sps);
	snapshot_free(&t->s);
}
