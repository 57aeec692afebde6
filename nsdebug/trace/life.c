/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/life.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <sys/syscall.h>

#include "life.skel.h"
#include "nsdebug/base/err.h"
#include "nsdebug/enter/enter.h"

#define RING_SIZE (4u << 20)

TRACER_OBJECT(life)

static int take(void *ctx, void *bytes, size_t len)
{
	static const size_t least[] = {
		[LIFE_EXEC] = sizeof(struct life_exec), [LIFE_EXIT] = sizeof(struct life_event),
		[LIFE_SIGNAL] = sizeof(struct life_event), [LIFE_OOM] = sizeof(struct life_oom),
	};
	struct life_trace *l = ctx;
	const struct life_event *e = bytes;

	/* the kernel's ring: records are as the programs of this binary made them */
	if (len >= sizeof(*e) && e->kind == l->kind && len >= least[l->kind])
		l->fn(l->ctx, e);
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
	b->rodata->nr_execve = SYS_execve;
	b->rodata->nr_execveat = SYS_execveat;
	bpf_map__set_max_entries(b->maps.ring, RING_SIZE);
}

static int attach(struct life_trace *l, struct life_bpf *b, struct err *e)
{
	struct bpf_program *p;

	bpf_object__for_each_program(p, b->obj)
		if (tracer_attach(&l->tracer, p, false, e) < 0)
			return -1;
	TRACER_LISTEN(&l->tracer, b);
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
	TRACER_SET_FILTER(&l->tracer, b);
	ret = life_bpf__load(b);
	if (ret < 0)
		return err_bpf(e, ret, "load the programs");
	if (tracer_set_cgroup(&l->tracer, b->obj, e) < 0)
		return -1;
	return attach(l, b, e);
}

void life_run(struct life_trace *l, enum life_kind kind, struct inside *in,
	      const struct tracer_opts *opts, const struct target *target)
{
	struct err e;

	l->kind = kind;
	if (start(l, in, opts, target, &e) < 0)
		emit_err(&in->emit, &e);
	else
		tracer_run(&l->tracer);
}
