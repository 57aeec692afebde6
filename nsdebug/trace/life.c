/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/life.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "life.skel.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/trace/stacked.h"

#define RING_SIZE (4u << 20)
#define RING_STACKS (16u << 20)

TRACER_OBJECT(life)

static int take(void *ctx, void *bytes, size_t len)
{
	static const size_t least[] = {
		[LIFE_EXEC] = sizeof(struct life_exec), [LIFE_EXIT] = sizeof(struct life_event),
		[LIFE_SIGNAL] = sizeof(struct life_event), [LIFE_OOM] = sizeof(struct life_oom),
		[LIFE_CAP] = sizeof(struct life_cap),
	};
	struct life_trace *l = ctx;
	const struct life_event *e = bytes;

	/* the kernel's ring: records are as the programs of this binary made them */
	l->stacks.asked = false;
	if (len >= sizeof(struct thread_stack) && e->kind == RECORD_STACK)
		stacks_keep(&l->stacks, bytes, len);
	else if (len >= sizeof(*e) && e->kind == l->kind && len >= least[l->kind])
		l->fn(l->ctx, e);
	if (l->stack_bytes && e->kind == LIFE_EXIT) {
		stacks_forget(&l->stacks, e->who.pid);
		stacks_drop(&l->stacks, e->stack_tid);
	}
	if (l->stacks.asked)	/* a whole ask may take long: look at the clock now */
		l->tracer.budget = 1;
	return 0;
}

static int choose_checks(struct life_trace *l, struct life_bpf *b, struct err *e)
{
	struct capable *c = &l->capable;

	if (capable_hook(c, e) < 0)
		return -1;
	bpf_program__set_autoload(b->progs.on_check, c->hook == CAPABLE_TRACEPOINT);
	bpf_program__set_autoload(b->progs.on_check_exit, c->hook == CAPABLE_FEXIT);
	bpf_map__set_autocreate(b->maps.cap_counts, l->cap_count);
	b->rodata->cap_count_only = l->cap_count;
	b->rodata->cap_all = l->cap_all;
	b->rodata->is_modern = libbpf_probe_bpf_helper(BPF_PROG_TYPE_RAW_TRACEPOINT,
						       BPF_FUNC_task_pt_regs, NULL) > 0;
	c->asked = c->hook == CAPABLE_FEXIT || capable_askers(c->symbols, c->askers);
	for (size_t i = 0; i < CAP_ASKERS; i++)
		b->rodata->cap_askers[i] = c->askers[i];
	return 0;
}

static int choose_stacks(struct life_trace *l, struct life_bpf *b, struct err *e)
{
	if (stacked_choose(b->obj, l->stack_bytes, e) < 0)
		return -1;
	bpf_map__set_autocreate(b->maps.enders, l->stack_bytes && l->kind == LIFE_EXIT);
	bpf_program__set_autoload(b->progs.leave, l->stack_bytes && l->kind == LIFE_EXIT);
	bpf_program__set_autoload(b->progs.on_fault, l->stack_bytes && l->kind == LIFE_EXIT);
	bpf_program__set_autoload(b->progs.look_task, l->stack_bytes);
	bpf_program__set_autoload(b->progs.look_exec, l->stack_bytes);
	bpf_program__set_autoload(b->progs.look_fork, l->stack_bytes);
	bpf_program__set_autoload(b->progs.look_mapped, l->stack_bytes);
	if (!l->stack_bytes)
		return 0;
	bpf_map__set_max_entries(b->maps.ring, RING_STACKS);
	b->rodata->stack_bytes = l->stack_bytes;
	b->rodata->is_modern = true;
	stacks_init(&l->stacks, l->tracer.in->second, &l->tracer.in->emit);
	return 0;
}

static void choose(struct life_bpf *b, enum life_kind kind)
{
	bpf_program__set_autoload(b->progs.on_exec, kind == LIFE_EXEC);
	bpf_program__set_autoload(b->progs.on_exec_failed, kind == LIFE_EXEC);
	bpf_program__set_autoload(b->progs.on_exit, kind == LIFE_EXIT);
	bpf_program__set_autoload(b->progs.on_signal, kind == LIFE_SIGNAL);
	bpf_program__set_autoload(b->progs.on_kill, kind == LIFE_OOM);
	bpf_program__set_autoload(b->progs.on_oom, kind == LIFE_OOM);
	bpf_program__set_autoload(b->progs.on_check, false);
	bpf_program__set_autoload(b->progs.on_check_exit, false);
	bpf_map__set_autocreate(b->maps.cap_counts, false);
	b->rodata->nr_execve = SYS_execve;
	b->rodata->nr_execveat = SYS_execveat;
	bpf_map__set_max_entries(b->maps.ring, RING_SIZE);
}

/* Runs an iterator once, on each task. */
static int visit(int link, struct err *e)
{
	auto_close int iter = bpf_iter_create(link);
	char none[64];
	ssize_t n = -1;

	while (iter >= 0 && (n = read(iter, none, sizeof(none))) < 0 && errno == EAGAIN)
		;
	return n < 0 ? err_sys(e, "look at the processes that are there") : 0;
}

static int attach(struct life_trace *l, struct life_bpf *b, struct err *e)
{
	struct bpf_program *p;

	if (stacked_attach(&l->tracer, b->obj, e) < 0)
		return -1;
	bpf_object__for_each_program(p, b->obj)
		if (p != b->progs.look_task && tracer_attach(&l->tracer, p, false, e) < 0)
			return -1;
	/* who comes meanwhile is told of twice, not never */
	if (tracer_attach(&l->tracer, b->progs.look_task, false, e) < 0 ||
	    (l->stack_bytes && visit(l->tracer.links[l->tracer.count - 1], e) < 0))
		return -1;
	TRACER_LISTEN(&l->tracer, b);
	l->stacks.log = (const volatile struct change_log *)&b->bss->changes;
	l->capable.left_out = &b->bss->cap_left_out;
	return tracer_seal(&l->tracer, bpf_map__fd(b->maps.ring), take, l, e);
}

static int start(struct life_trace *l, struct inside *in, const struct tracer_opts *opts,
		 const struct target *target, struct err *e)
{
	struct bpf_object_open_opts o;
	struct life_bpf *b;
	int ret;

	if (tracer_init(&l->tracer, in, opts, target, e) < 0)
		return -1;
	tracer_open_opts(&l->tracer, &o);
	b = life_bpf__open_opts(&o);
	if (!b)
		return err_bpf(e, -errno, "open the programs");
	choose(b, l->kind);
	if ((l->kind == LIFE_CAP && choose_checks(l, b, e) < 0) || choose_stacks(l, b, e) < 0)
		return -1;
	TRACER_SET_FILTER(&l->tracer, b);
	ret = life_bpf__load(b);
	if (ret < 0)
		return l->capable.hook == CAPABLE_FEXIT ? capable_refused(ret, e) :
			err_bpf(e, ret, "load the programs");
	if (tracer_set_cgroup(&l->tracer, b->obj, e) < 0)
		return -1;
	if (l->cap_count && capable_map(&l->capable, bpf_map__fd(b->maps.cap_counts), e) < 0)
		return -1;
	return attach(l, b, e);
}

static void turn(void *ctx)
{
	struct life_trace *l = ctx;

	stacks_check(&l->stacks);
}

void life_run(struct life_trace *l, enum life_kind kind, struct inside *in, const void *opts,
	      const struct target *target)
{
	const struct stacked_opts *o = opts;
	struct err e;

	l->kind = kind;
	l->stack_bytes = stacks_bytes(&o->stacks);
	if (start(l, in, &o->tracer, target, &e) < 0) {
		emit_err(&in->emit, &e);
		return;
	}
	l->tracer.counts = l->cap_count;
	if (l->stack_bytes)
		l->tracer.turn = turn;
	tracer_run(&l->tracer);
	if (l->stack_bytes)
		stacks_free(&l->stacks);
}

static const char *const why_none[] = {
	[STACK_COPIED] = "its stack was lost",
	[STACK_COMPAT] = "a 32-bit call: its stack is not looked at",
	[STACK_GONE] = "its process has given its memory up already",
	[STACK_OUTSIDE] = "who did it is not of the target",
	[STACK_KERNEL] = "the kernel did it by itself, whoever ran then",
	[STACK_NEW] = "a program that has just started has none",
	[STACK_SIGNALLED] = "a signal ended it: trace signal --stack shows who sent it",
	[STACK_UNSURE] = "which of its threads ended it is not known",
	[STACK_CLAIMED] = "the kernel did it, or who claims to be it",
};

struct col_rows life_frames(struct life_trace *l, const struct life_event *e, uint32_t tid,
			    struct bytes *end)
{
	struct col_rows rows = { 0 };
	const char *why;

	if (!l->stack_bytes)
		return rows;
	if (e->stack == STACK_COPIED)
		rows = stacks_frames(&l->stacks, e->stack_tid ? e->stack_tid : tid,
				     e->stack_tid ? e->stack_at : e->at, end);
	if (!rows.count && !end->p && e->stack < ARRAY_SIZE(why_none) && why_none[e->stack]) {
		why = why_none[e->stack];
		*end = (struct bytes){ why, strlen(why) };
	}
	return rows;
}
