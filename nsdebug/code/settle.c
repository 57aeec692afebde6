/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/settle.h"

#include <string.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/modules.h"

#define TRIES 4
/* So soon after it was copied one that runs has not left its code, unloaded it, and loaded other
 * code in the same place: dlclose(3) and dlopen(3) take longer. */
#define CLOSE_NS 100000u

/* Code without a file grows and shrinks, and has no names that would be another's. */
static bool same_code(const struct vma *a, const struct vma *b)
{
	if (!a || !b || (!a->inode && !b->inode))
		return !a == !b;
	return a->start == b->start && a->end == b->end && a->offset == b->offset &&
		a->inode == b->inode && a->major == b->major && a->minor == b->minor;
}

static const struct vma *code_at(const struct maps *m, uint64_t addr)
{
	const struct vma *v = maps_find(m, addr);

	return v && v->exec ? v : NULL;
}

static const struct vma *next_code(const struct maps *m, size_t *i)
{
	while (*i < m->count && !m->items[*i].exec)
		++*i;
	return *i < m->count ? &m->items[(*i)++] : NULL;
}

static bool same_maps(const struct maps *a, const struct maps *b)
{
	size_t i = 0, k = 0;

	for (;;) {
		const struct vma *v = next_code(a, &i), *w = next_code(b, &k);

		if (!same_code(v, w))
			return false;
		if (!v)
			return true;
	}
}

/* Where a thread is, and words of its stack that may lead to code: from the first *at on. */
static bool next_word(const struct thread *t, size_t *at, uint64_t *word)
{
	size_t i = (*at)++;

	if (!i) {
		*word = t->regs.value[REG_PC];
		return true;
	}
	i = (-t->stack_at & 7) + 8 * (i - 1);
	if (t->stack_len < 8 || i > t->stack_len - 8)
		return false;
	memcpy(word, t->stack + i, sizeof(*word));
	return true;
}

/* Is there other code now where it came from? */
static bool touches(const struct thread *t, const struct maps *old, const struct maps *new)
{
	uint64_t word;

	for (size_t at = 0; next_word(t, &at, &word);)
		if (!same_code(code_at(old, word), code_at(new, word)))
			return true;
	return false;
}

static bool stayed(const struct thread *t, int dir)
{
	auto_task struct task task = { -1, -1, -1 };
	struct task_turns now;

	if (t->how == HOW_ITERATED)
		return task_stayed(dir, t->turns.count);
	return t->how == HOW_BLOCKED && task_open(&task, dir) == 0 &&
		task_turns(&task, &now) == 0 && now.time == t->turns.time &&
		now.count == t->turns.count;
}

/* The files that its stack leads to, just after it was copied. */
static bool is_close(struct process *p, const struct thread *t, int dir, uint64_t since)
{
	auto_free bool *seen = mem_alloc(p->maps.count + 1);
	uint64_t word;

	for (size_t at = 0; next_word(t, &at, &word);) {
		const struct vma *v = code_at(&p->maps, word);
		size_t i = v ? (size_t)(v - p->maps.items) : 0;

		if (!v || seen[i])
			continue;
		seen[i] = true;
		if (v->inode && !modules_same(p, i)) {
			p->remapped = true;
			return false;
		}
	}
	return stayed(t, dir) || ((t->how == HOW_SAMPLED || t->how == HOW_STOPPED) &&
				  clock_ns() - since < CLOSE_NS);
}

void settle_thread(struct snapshot *s, struct process *p, struct thread *t, int dir)
{
	uint64_t since = t->copied ? t->copied : clock_ns();

	if (t->how == HOW_NOT)
		return;
	if (!p->modules)
		modules_open(s, p);
	t->close = is_close(p, t, dir, since);
}

static bool is_late(const struct process *p, const struct thread *t)
{
	return t->how != HOW_NOT && !code_at(&p->maps, t->regs.value[REG_PC]);
}

static bool any_late(const struct process *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (is_late(p, &p->threads[i]))
			return true;
	return false;
}

/* Are the new maps true of it? */
static bool is_true(const struct process *p, struct thread *t, int tasks, const struct maps *old,
		    bool same)
{
	auto_close int dir = -1;

	if (t->how == HOW_NOT)
		return true;
	if (t->close)
		return same || !touches(t, old, &p->maps);
	dir = proc_open(tasks, t->tid);
	return dir < 0 || stayed(t, dir);
}

static void remove_thread(struct snapshot *s, struct process *p, size_t i)
{
	memmove(&p->threads[i], &p->threads[i + 1], (p->count - i - 1) * sizeof(*p->threads));
	p->count--;
	s->total.threads--;
}

/* False: it is not there any more. */
static bool take_again(struct snapshot *s, struct process *p, struct thread *t, int tasks,
		       const struct snapshot_source *source, void *self)
{
	auto_close int dir = proc_open(tasks, t->tid);

	s->total.stacks -= t->stack_len < s->total.stacks ? t->stack_len : s->total.stacks;
	if (dir < 0 || !snapshot_again(s, p, t, dir, source, self))
		return false;
	settle_thread(s, p, t, dir);
	t->unsettled = t->how != HOW_NOT && !t->close;
	return true;
}

static bool has_faults(struct process *p, uint64_t *now)
{
	struct proc_stat st;

	*now = proc_stat(p->dir, &st) < 0 ? p->faults + 1 : st.faults;
	return *now != p->faults;
}

/* Reads the maps again. How many threads these are not known to be true of: they say so. */
static size_t look(struct snapshot *s, struct process *p, int tasks)
{
	struct maps old = p->maps, new;
	size_t n = 0;
	bool same;

	if (maps_read(&new, snapshot_dir(p), s->arena) < 0)
		return 0;	/* it is gone, or another program: that is seen elsewhere */
	same = same_maps(&old, &new);
	if (!same) {
		p->remapped = true;
		p->maps = new;
		modules_open(s, p);
	}
	/* after the files were opened: whoever stayed until now is in them */
	for (size_t i = 0; i < p->count; i++) {
		struct thread *t = &p->threads[i];

		t->unsettled = !is_true(p, t, tasks, &old, same);
		n += t->unsettled;
	}
	return n;
}

static void refuse(struct process *p)
{
	for (size_t i = 0; i < p->count; i++) {
		struct thread *t = &p->threads[i];

		/* nothing has shown that code comes and goes */
		if (!t->unsettled || !p->remapped)
			continue;
		t->how = HOW_NOT;
		thread_refuse(t, "the code that it runs was mapped anew each time it was looked "
			      "at");
	}
}

/* Those that were not held with the others came after the maps. */
static void settle_others(struct snapshot *s, struct process *p,
			  const struct snapshot_source *source, void *self)
{
	auto_close int tasks = proc_open_tasks(p->dir);

	for (size_t i = 0; i < p->count;) {
		struct thread *t = &p->threads[i];
		bool there = true;

		t->unsettled = t->how == HOW_BLOCKED;
		for (int try = 0; try < TRIES && there && t->unsettled; try++)
			there = take_again(s, p, t, tasks, source, self);
		if (there)
			i++;
		else
			remove_thread(s, p, i);
	}
	refuse(p);
}

void settle(struct snapshot *s, struct process *p, const struct snapshot_source *source, void *self)
{
	auto_close int tasks = -1;
	uint64_t now;

	if (p->at_once) {
		settle_others(s, p, source, self);
		return;
	}
	for (int try = 0; try < TRIES; try++) {
		bool late = any_late(p);

		if (!has_faults(p, &now) && !late)
			return;
		if (tasks < 0)
			tasks = proc_open_tasks(p->dir);
		p->faults = now;
		if (!look(s, p, tasks) && !any_late(p))
			return;
		for (size_t i = 0; i < p->count;) {
			struct thread *t = &p->threads[i];

			if ((!t->unsettled && !is_late(p, t)) ||
			    take_again(s, p, t, tasks, source, self))
				i++;
			else
				remove_thread(s, p, i);
		}
	}
	refuse(p);
}
