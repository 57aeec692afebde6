/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/sys.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/trace/aids.h"
#include "nsdebug/trace/capable.h"
#include "nsdebug/trace/guard.h"
#include "nsdebug/trace/stacked.h"
#include "nsdebug/trace/sysdef.h"
#include "nsdebug/why/judging.h"
#include "sys.skel.h"

#define RING_SIZE (16u << 20)
#define THREADS_MAX 16384	/* of a generation */

TRACER_OBJECT(sys)

static const struct who nobody;

static void drop(struct map *threads)
{
	map_each(threads, free);
	map_free(threads);
}

/* There is no end to threads that come and go, and of those that live we are told again. */
static void begin_generation(struct sys_trace *t)
{
	drop(&t->older);
	t->older = t->threads;
	t->threads = (struct map){ 0 };
	t->known = 0;
	++*t->generation;
}

static void learn(struct sys_trace *t, const struct sys_who *w)
{
	bool now = w->generation == *t->generation;
	struct map *threads = now ? &t->threads : &t->older;
	struct who *known = map_get(threads, w->who.tid);

	if (!known) {
		known = mem_alloc(sizeof(*known));
		map_put(threads, w->who.tid, known);
		t->known += now;
	}
	*known = w->who;
	if (t->known == THREADS_MAX)
		begin_generation(t);
}

static const struct who *who_is(struct sys_trace *t, uint32_t tid)
{
	const struct who *w = map_get(&t->threads, tid);

	if (!w)
		w = map_get(&t->older, tid);
	return w ? w : &nobody;
}

static int take(void *ctx, void *bytes, size_t len)
{
	struct sys_trace *t = ctx;
	const struct sys_call *c = bytes;

	/* the kernel's ring: records are as the programs of this binary made them */
	if (len >= sizeof(struct sys_who) && c->record == SYS_WHO) {
		learn(t, bytes);
		return 0;
	}
	if (len >= sizeof(struct thread_stack) && c->record == RECORD_STACK) {
		stacks_keep(&t->stacks, bytes, len);
		return 0;
	}
	if (denials_keep(&t->denied, bytes, len))
		return 0;
	if (len < sizeof(*c) || c->record != SYS_CALL || c->len > len - sizeof(*c) ||
	    c->nr >= SYS_NR_MAX)
		return 0;
	t->stacks.asked = false;
	t->fn(t->ctx, c, who_is(t, c->tid));
	if (t->stacks.asked)	/* a whole ask may take long: look at the clock now */
		t->tracer.budget = 1;
	return 0;
}

/* ---- the flight recorder ---- */

static void note_thread(struct sys_trace *t, const struct who *w)
{
	struct who *known = map_get(&t->threads, w->tid);

	if (!known) {
		known = mem_alloc(sizeof(*known));
		map_put(&t->threads, w->tid, known);
	}
	*known = *w;
}

static void take_kept(void *ctx, const void *record)
{
	struct sys_trace *t = ctx;
	const struct sys_call *c = record;

	if (c->record == SYS_WHO)
		note_thread(t, &((const struct sys_who *)record)->who);
	else
		t->fn(t->ctx, c, who_is(t, c->tid));
}

static void show_last(void *ctx)
{
	struct sys_trace *t = ctx;
	struct emit *emit = &t->tracer.in->emit;
	uint64_t now = clock_of(CLOCK_BOOTTIME), since, gone;

	since = now > t->want->last_ns ? now - t->want->last_ns : 0;
	gone = box_read(&t->box, since, take_kept, t);
	if (gone)
		emit_cut(emit, "calls of more than %.3g s ago are overwritten: --buffer gives more "
			 "room", (double)(now - gone) / 1e9);
	emit_flush(emit);
	/* each chunk tells its threads itself */
	drop(&t->threads);
}

/* ---- start ---- */

static void choose_programs(struct sys_bpf *b, const struct sys_want *w)
{
	bool execs = sysset_has(&w->set, SYS_execve) || sysset_has(&w->set, SYS_execveat);
	bool exec = ((execs && !w->failed) || w->life) && !w->count;
	bool end = (sysset_has(&w->set, SYS_exit) || sysset_has(&w->set, SYS_exit_group)) &&
		!w->failed && !w->slower_ns;

	bpf_program__set_autoload(b->progs.on_enter, w->timed);
	bpf_program__set_autoload(b->progs.on_exec, exec);
	bpf_program__set_autoload(b->progs.on_last, w->life);
	bpf_map__set_autocreate(b->maps.ended, w->life);
	bpf_program__set_autoload(b->progs.on_renamed, !w->count);
	bpf_program__set_autoload(b->progs.on_renumbered, !w->count || w->timed);
	bpf_program__set_autoload(b->progs.on_gone, !w->count || w->timed);
	bpf_program__set_autoload(b->progs.on_end, end);
}

static void choose_askers(const struct sys_want *w, struct sys_bpf *b)
{
	uint64_t askers[CAP_ASKERS];

	if (!w->aids || !capable_askers(w->aids->symbols, askers))
		return;
	for (size_t i = 0; i < CAP_ASKERS; i++)
		b->rodata->cap_askers[i] = askers[i];
}

/* What tells of refusals takes the place of what tells of calls. */
static void choose_denied(const struct sys_want *w, struct sys_bpf *b, bool modern)
{
	struct bpf_program *const calls[] = {
		b->progs.on_enter, b->progs.on_exit, b->progs.on_exec, b->progs.on_end,
		b->progs.on_last, b->progs.on_renamed, b->progs.on_renumbered, b->progs.on_gone,
	};
	struct bpf_program *const refusals[] = {
		b->progs.deny_enter, b->progs.deny_exit, b->progs.deny_capable,
		b->progs.deny_signal, b->progs.deny_end,
	};

	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++)
		bpf_program__set_autoload(refusals[i], w->denied);
	bpf_map__set_autocreate(b->maps.marks, w->denied && modern);
	bpf_map__set_autocreate(b->maps.marks_by_tid, w->denied && !modern);
	if (!w->denied)
		return;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		bpf_program__set_autoload(calls[i], false);
	bpf_program__set_autoload(b->progs.deny_capable, modern);
	bpf_map__set_autocreate(b->maps.told, false);
	choose_askers(w, b);
	b->rodata->deny_any = denials_any();
	b->rodata->deny_all = DENIALS_ALL;
	for (unsigned int nr = 0; nr < SYS_NR_MAX; nr++) {
		b->rodata->deny_more[nr] = denials_more(nr);
		b->rodata->deny_files[nr] = denials_files(&sysdefs[nr]);
	}
}

/* Back-pressure: the memory that the guardian watches is there already. */
static int choose_hold(struct sys_trace *t, struct sys_bpf *b, struct err *e)
{
	struct guard *g = t->want->guard;
	int ret;

	bpf_program__set_autoload(b->progs.on_signal, g != NULL);
	bpf_map__set_autocreate(b->maps.holds, g != NULL);
	bpf_map__set_autocreate(b->maps.claims, g != NULL);
	if (!g)
		return 0;
	b->rodata->lossless = true;
	b->rodata->hold_above = bpf_map__max_entries(b->maps.ring) / 2;
	t->tracer.guard = g;
	if (g->cgroup < 0)
		emit_note(&t->tracer.in->emit, "the guardian has no cgroup of its own (no v2 "
			  "hierarchy to make one in): who kills all of nsdebug's cgroup at once "
			  "may leave the target stopped");
	ret = bpf_map__reuse_fd(b->maps.holds, g->map);
	return ret < 0 ? err_bpf(e, ret, "share memory with the guardian") : 0;
}

static void choose_box(struct sys_trace *t, struct sys_bpf *b)
{
	const struct sys_want *w = t->want;
	unsigned int each = box_each(w->ring ? w->ring : RING_SIZE, t->processors);

	bpf_map__set_autocreate(b->maps.box, w->last_ns);
	bpf_map__set_autocreate(b->maps.cursors, w->last_ns);
	if (!w->last_ns)
		return;
	b->rodata->recording = true;
	b->rodata->box_chunks = each;
	t->box.each = each;
	bpf_map__set_max_entries(b->maps.box, each * t->processors);
	bpf_map__set_max_entries(b->maps.ring, 4096);
}

/* Is its first argument the file that it is about? */
static uint8_t descriptor_of(const struct sysdef *d)
{
	return d->args[0].what == W_FD ? SYS_DESCRIPTOR :
		d->args[0].what == W_DIRFD ? SYS_NO_NAME : 0;
}

static int choose(struct sys_trace *t, struct sys_bpf *b, struct err *e)
{
	const struct sys_want *w = t->want;
	unsigned int entries = w->count ? t->processors * SYS_NR_MAX : 1;
	bool modern = libbpf_probe_bpf_helper(BPF_PROG_TYPE_RAW_TRACEPOINT,
					      BPF_FUNC_task_pt_regs, NULL) > 0;

	if (stacked_choose(b->obj, w->stack_bytes, e) < 0)
		return -1;
	choose_programs(b, w);
	choose_denied(w, b, modern);
	b->rodata->stack_bytes = w->stack_bytes;
	bpf_map__set_autocreate(b->maps.began, w->timed && modern);
	bpf_map__set_autocreate(b->maps.began_by_tid, w->timed && !modern);
	b->rodata->is_modern = modern;
	b->rodata->timed = w->timed;
	b->rodata->failed_only = w->failed;
	b->rodata->life = w->life;
	b->rodata->files = w->files;
	for (unsigned int nr = 0; w->files && nr < SYS_NR_MAX; nr++)
		b->rodata->descriptors[nr] = descriptor_of(&sysdefs[nr]);
	b->rodata->count_only = w->count;
	b->rodata->slower_ns = w->slower_ns;
	memcpy((void *)b->rodata->wanted, w->set.bits, sizeof(w->set.bits));
	if (w->life) {
		b->rodata->wanted[SYS_execve / 64] |= 1ull << SYS_execve % 64;
		b->rodata->wanted[SYS_execveat / 64] |= 1ull << SYS_execveat % 64;
	}
	for (unsigned int nr = 0; nr < SYS_NR_MAX; nr++)
		for (unsigned int i = 0; i < SYS_ARGS; i++) {
			struct sys_arg a = sysdef_copy(&sysdefs[nr], i);

			b->rodata->table[nr][i] = a;
			b->rodata->pointing[nr] |= (uint8_t)((a.kind != SYS_VALUE) << i);
		}
	bpf_map__set_max_entries(b->maps.ring, w->ring ? (uint32_t)w->ring : RING_SIZE);
	bpf_map__set_max_entries(b->maps.counts, entries);
	choose_box(t, b);
	return 0;
}

/* Read behind the seal, where no map can be asked any more. */
static int map_counts(struct sys_trace *t, int map, struct err *e)
{
	size_t len = (size_t)t->processors * SYS_NR_MAX * sizeof(*t->counts);
	void *p;

	if (!t->want->count)
		return 0;
	p = mmap(NULL, len, PROT_READ, MAP_SHARED, map, 0);
	if (p == MAP_FAILED)
		return err_sys(e, "map the counters");
	t->counts = p;
	return 0;
}

static int attach(struct sys_trace *t, struct sys_bpf *b, struct err *e)
{
	struct bpf_program *p;

	/* before the first event: the ring may be full before we have given up our rights */
	if (t->tracer.guard && guard_open(t->tracer.guard, t->tracer.in, e) < 0)
		return -1;
	if (stacked_attach(&t->tracer, b->obj, e) < 0)
		return -1;
	if (tracer_attach(&t->tracer, b->progs.deny_capable, true, e) < 0)
		return -1;
	b->bss->deny_caps = t->tracer.count > t->tracer.first;
	bpf_object__for_each_program(p, b->obj) {
		bool optional = p == b->progs.on_uring || p == b->progs.on_uring_old;

		/* who sees a call return has seen it begin */
		if (p != b->progs.on_exit && p != b->progs.deny_capable &&
		    tracer_attach(&t->tracer, p, optional, e) < 0)
			return -1;
	}
	if (tracer_attach(&t->tracer, b->progs.on_exit, false, e) < 0)
		return -1;
	b->bss->deny_ready = t->want->denied;
	TRACER_LISTEN(&t->tracer, b);
	t->stacks.log = (const volatile struct change_log *)&b->bss->changes;
	t->generation = &b->bss->generation;
	t->compat = &b->bss->compat;
	t->strange = &b->bss->strange;
	t->uring = &b->bss->uring;
	return tracer_seal(&t->tracer, bpf_map__fd(b->maps.ring), take, t, e);
}

static int start(struct sys_trace *t, struct inside *in, const struct tracer_opts *opts,
		 const struct target *target, struct err *e)
{
	struct bpf_object_open_opts o;
	struct sys_bpf *b;
	int ret;

	if (tracer_init(&t->tracer, in, opts, target, e) < 0)
		return -1;
	ret = libbpf_num_possible_cpus();
	if (ret < 0)
		return err_bpf(e, ret, "count the processors");
	t->processors = (unsigned int)ret;
	tracer_open_opts(&t->tracer, &o);
	b = sys_bpf__open_opts(&o);
	if (!b)
		return err_bpf(e, -errno, "open the programs");
	if (choose(t, b, e) < 0 || choose_hold(t, b, e) < 0)
		return -1;
	stacks_init(&t->stacks, in->second, &in->emit);
	TRACER_SET_FILTER(&t->tracer, b);
	ret = sys_bpf__load(b);
	if (ret < 0)
		return err_bpf(e, ret, "load the programs");
	if (tracer_set_cgroup(&t->tracer, b->obj, e) < 0 ||
	    map_counts(t, bpf_map__fd(b->maps.counts), e) < 0)
		return -1;
	if (t->want->last_ns && box_map(&t->box, bpf_map__fd(b->maps.box), t->processors,
					t->box.each, e) < 0)
		return -1;
	return attach(t, b, e);
}

/* Until there was one: who ends soon cannot be looked at for long. */
static void turn(void *ctx)
{
	struct sys_trace *t = ctx;

	if (!t->want->judging->count)
		judging_want(t->want->judging);
}

static void say_unseen(struct sys_trace *t, struct emit *emit)
{
	if (*t->compat)
		emit_note(emit, "%llu 32-bit system calls: they have other numbers and are not "
			  "decoded", (unsigned long long)*t->compat);
	if (*t->strange)
		emit_note(emit, "%llu system calls by numbers that x86-64 does not have: they are "
			  "not shown", (unsigned long long)*t->strange);
	if (*t->uring)
		emit_note(emit, "the target uses io_uring: %llu requests went that way, which are "
			  "no system calls and not shown", (unsigned long long)*t->uring);
}

void sys_run(struct sys_trace *t, const struct sys_want *want, struct inside *in,
	     const struct tracer_opts *opts, const struct target *target)
{
	struct err e;

	t->want = want;
	if (start(t, in, opts, target, &e) < 0) {
		emit_err(&in->emit, &e);
		return;
	}
	t->tracer.counts = want->count;
	/* to find a reason takes longer than to be refused */
	t->tracer.drain_ns = want->denied ? NS_PER_S : 0;
	if (want->judging) {
		want->judging->begun = t->tracer.next ? t->tracer.begun : NULL;
		want->judging->ended = t->tracer.next ? t->tracer.ended : NULL;
		want->judging->until_ns = opts->for_ns ? clock_ns() + opts->for_ns : 0;
		t->tracer.turn = turn;
	}
	t->tracer.cure = want->cure;
	t->tracer.idle = want->idle;
	if (want->last_ns) {
		t->tracer.dump = show_last;
		emit_note(&in->emit, "recording: Enter, or SIGUSR1 to nsdebug, shows the last %.3g "
			  "s, and so does the end", (double)want->last_ns / 1e9);
		emit_flush(&in->emit);
	}
	tracer_run(&t->tracer);
	say_unseen(t, &in->emit);
	drop(&t->threads);
	drop(&t->older);
	stacks_free(&t->stacks);
	denials_free(&t->denied);
	box_free(&t->box);
}

struct sys_count sys_count_of(const struct sys_trace *t, unsigned int nr)
{
	struct sys_count sum = { 0 };

	for (unsigned int i = 0; t->counts && i < t->processors; i++) {
		const struct sys_count *c = &t->counts[i * SYS_NR_MAX + nr];

		sum.calls += c->calls;
		sum.errors += c->errors;
		sum.took += c->took;
		if (c->longest > sum.longest)
			sum.longest = c->longest;
		for (unsigned int s = 0; s < SYS_SLOTS; s++)
			sum.slots[s] += c->slots[s];
	}
	return sum;
}
