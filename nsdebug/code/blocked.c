/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/blocked.h"

#include <errno.h>

#include "nsdebug/base/err.h"
#include "nsdebug/sys/task.h"

#define TRIES 3

static bool refuse_errno(struct thread *t)
{
	t->gone = errno == ESRCH || errno == ENOENT;
	if (errno == EPERM || errno == EACCES)
		return thread_refuse(t, "not permitted: needs CAP_SYS_PTRACE");
	return thread_refuse(t, "its registers cannot be read: %s", errno_name(errno));
}

static bool stayed(const struct task *task, const struct task_where *where,
		   const struct task_turns *turns)
{
	struct task_where w;
	struct task_turns u;

	/* in this order: a turn that begins after the first look shows in the second */
	return !task_where(task, &w) && !w.running && w.sp == where->sp && w.pc == where->pc &&
		!task_turns(task, &u) && u.time == turns->time && u.count == turns->count;
}

static bool take(void *self, struct snapshot *s, struct process *p, struct thread *t, int dir)
{
	auto_task struct task task = { -1, -1, -1 };

	if (task_open(&task, dir) < 0)
		return refuse_errno(t);
	for (int try = 0; try < TRIES; try++) {
		struct task_where where;
		struct task_turns turns;
		size_t before = s->total.stacks;

		if (task_turns(&task, &turns) < 0 || task_where(&task, &where) < 0)
			return refuse_errno(t);
		if (where.running)
			continue;
		if (!snapshot_stack(s, p, t, where.sp))
			return false;
		if (stayed(&task, &where, &turns)) {
			t->regs.value[REG_SP] = where.sp;
			t->regs.value[REG_PC] = where.pc;
			t->regs.known = 1u << REG_SP | 1u << REG_PC;
			t->interrupted = where.nr < 0;
			t->turns = turns;
			t->how = HOW_BLOCKED;
			return true;
		}
		s->total.stacks = before;
	}
	t->running = true;
	return thread_refuse(t, "running");
}

const struct snapshot_source source_blocked = { .name = "blocked", .take = take };
