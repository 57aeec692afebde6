/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/sampled.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/code/blocked.h"
#include "nsdebug/trace/sample.h"

#define WAIT_NS (40 * NS_PER_MS)	/* for a thread to run: others may have the processors */
#define WAKE_NS (2 * NS_PER_MS)		/* for one that sleeps: it may run every now and then */
#define WAIT_ALL_NS (400 * NS_PER_MS)	/* for all of them that do not */
#define ANSWER_MS 500

_Static_assert(SAMPLE_REGS == REGS_COUNT, "both count the same registers");

static bool lose(struct sampled *x)
{
	/* the socket is closed with the rights */
	x->peer = -1;
	return false;
}

static bool receive(struct sampled *x, void *to, size_t len)
{
	struct pollfd p = { .fd = x->peer, .events = POLLIN };

	return (poll(&p, 1, ANSWER_MS) == 1 && recv(x->peer, to, len, 0) == (ssize_t)len) ||
		lose(x);
}

/* False: there is no sample, and the answer says why. */
static bool ask(struct sampled *x, const struct snapshot *s, const struct thread *t,
		struct sample_answer *a)
{
	struct sample_ask q = {
		.tid = t->tid, .wait_ns = t->state == 'R' ? WAIT_NS : WAKE_NS,
		.bytes = s->stack_bytes < SAMPLE_BYTES_MAX ? (uint32_t)s->stack_bytes :
			SAMPLE_BYTES_MAX,
	};

	if (send(x->peer, &q, sizeof(q), MSG_NOSIGNAL) != sizeof(q))
		return lose(x);
	if (!receive(x, a, sizeof(*a)))
		return false;
	if (a->err == ETIME)
		x->waited_ns += q.wait_ns;
	/* what refuses one refuses all */
	if (a->err == EACCES || a->err == EPERM || a->err == ENOSYS)
		return lose(x);
	return !a->err;
}

/* The one that was looked at, and not another one that has its id now? */
static bool is_same(const struct process *p, const struct thread *t, int dir,
		    const struct sample_answer *a)
{
	uint64_t start;

	return a->pid == (uint32_t)p->pid && a->tid == (uint32_t)t->tid &&
		!proc_start(dir, &start) && start == t->start;
}

/* As many bytes as there are above the stack pointer, or as are wanted? */
static bool is_cut(const struct snapshot *s, const struct process *p, uint64_t sp, size_t len)
{
	const struct vma *v = maps_find(&p->maps, sp);

	return !v || v->end - sp > len || len >= s->stack_bytes;
}

static bool sample(struct sampled *x, struct snapshot *s, struct process *p, struct thread *t,
		   int dir)
{
	struct sample_answer a;
	uint8_t *stack;

	if (!ask(x, s, t, &a))
		return false;
	if (a.stack_len > SAMPLE_BYTES_MAX)
		return lose(x);
	stack = arena_alloc(s->arena, a.stack_len + 1);
	if (a.stack_len && !receive(x, stack, a.stack_len))
		return false;
	if (!a.stack_len || a.stack_len > SNAPSHOT_STACKS_MAX - s->total.stacks ||
	    !is_same(p, t, dir, &a))
		return false;
	memcpy(t->regs.value, a.regs, sizeof(a.regs));
	t->regs.known = (1u << REGS_COUNT) - 1;
	t->stack = stack;
	t->stack_at = a.regs[REG_SP];
	t->stack_len = a.stack_len;
	t->stack_cut = is_cut(s, p, t->stack_at, t->stack_len);
	t->interrupted = true;
	t->copied = a.at;
	t->how = HOW_SAMPLED;
	s->total.stacks += a.stack_len;
	return true;
}

static bool take(void *self, struct snapshot *s, struct process *p, struct thread *t, int dir)
{
	struct sampled *x = self;

	/* nothing has to happen to it for more of its stack */
	if (t->waited && (source_blocked.take(NULL, s, p, t, dir) || !t->running))
		return t->how == HOW_BLOCKED;
	if (x->peer >= 0 && (t->state == 'R' || t->state == 'S') && x->waited_ns < WAIT_ALL_NS &&
	    sample(x, s, p, t, dir))
		return true;
	return x->other->take(x->other_self, s, p, t, dir);
}

const struct snapshot_source source_sampled = { .name = "sampled", .take = take };
