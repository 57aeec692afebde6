/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stack - what every thread of a container is doing, without stopping those that wait.
 *
 * The first round copies what does not run; where there are more than a few threads it leaves that
 * to a round with an iterator beside it, which takes longer to start and less time a thread. What
 * is left is asked for with emit_again(): threads whose unwind tables need a register that was not
 * known from an iterator, those that run from a sampler, and those that are left still from a
 * stopper, which also has a round of its own for those that a sample is too short of; and threads
 * of whose stack, which may be a piece of a heap, only the beginning was copied. Each round copies,
 * gives up its rights, and only then looks at what it copied.
 */
#include <stdlib.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/clock.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/code/blocked.h"
#include "nsdebug/code/coreread.h"
#include "nsdebug/code/gofind.h"
#include "nsdebug/code/gorows.h"
#include "nsdebug/code/lines.h"
#include "nsdebug/code/names.h"
#include "nsdebug/code/standing.h"
#include "nsdebug/code/stopped.h"
#include "nsdebug/code/threadrow.h"
#include "nsdebug/code/threadsum.h"
#include "nsdebug/code/traces.h"
#include "nsdebug/code/unwind.h"
#include "nsdebug/code/wanted.h"
#include "nsdebug/code/work.h"
#include "nsdebug/sys/members.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/iterated.h"
#include "nsdebug/trace/sampled.h"

#define AGAIN_THREADS_MAX 32768u
#define ITERATE_THREADS 8		/* from here on an iterator is worth its start */
#define AGAIN_BYTES_MAX (512u << 10)
#define FAR_BYTES (16u << 10)		/* of what may be no stack any more, in the first rounds */

struct stack_opts {
	uint64_t pid, host_pid, tid, max_frames, stack_bytes, max_pause;
	const char *core;
	bool no_stop, consistent, no_fold, lines, goroutines;
};

static const struct opt stack_opt[] = {
	OPT('p', "pid", OPT_U64, struct stack_opts, pid, "PID",
	    "only this process; its pid in the container", .once = true),
	OPT(0, "host-pid", OPT_U64, struct stack_opts, host_pid, "PID",
	    "only this process; its pid on the host", .once = true),
	OPT(0, "tid", OPT_U64, struct stack_opts, tid, "TID",
	    "only this thread; its id in the container", .once = true),
	OPT('g', "goroutines", OPT_FLAG, struct stack_opts, goroutines, NULL,
	    "also the goroutines of Go programs, after their threads"),
	OPT(0, "no-stop", OPT_FLAG, struct stack_opts, no_stop, NULL,
	    "stop no thread: what only a stop shows is left out"),
	OPT(0, "consistent", OPT_FLAG, struct stack_opts, consistent, NULL,
	    "stop all threads of a process at once: stacks of one moment"),
	OPT(0, "max-pause", OPT_DURATION, struct stack_opts, max_pause, "TIME",
	    "with --consistent: let them go after so long, whatever is missing (100ms)"),
	OPT(0, "core", OPT_STR, struct stack_opts, core, "FILE",
	    "of a core in this file of the host; files are TARGET's, or without it the host's"),
	OPT('l', "lines", OPT_FLAG, struct stack_opts, lines, NULL,
	    "file and line too, and functions that were inlined"),
	OPT(0, "no-fold", OPT_FLAG, struct stack_opts, no_fold, NULL,
	    "show threads of the same state and frames one by one, and of a run of equal frames "
	    "each"),
	OPT(0, "max-frames", OPT_U64, struct stack_opts, max_frames, "N",
	    "frames of a thread at most (512)"),
	OPT(0, "stack-bytes", OPT_SIZE, struct stack_opts, stack_bytes, "SIZE",
	    "bytes copied of a thread's stack at most (256K)"),
	OPT_END
};

/* All that can be taken; all, by the iterator; those that a round before left; those of it that
 * only a stop shows; all at once, of a process. */
enum round { TAKE_FIRST, TAKE_ITERATED, TAKE_LEFT, TAKE_STOPPED, TAKE_CONSISTENT };

struct stack {
	struct run *r;
	const struct stack_opts *o;
	struct snapshot s;
	struct debugfiles files;
	struct lines lines;
	struct thread_sum sum;
	uint64_t round;		/* enum round */
	struct buf again;	/* what the next one is to take */
	size_t nagain, nregs, nfar;	/* threads in it; those that need registers, or more */
	struct bytes left;	/* what the round before left: enum round, sum, struct wanted */
	size_t nagain_go;	/* processes in it whose goroutines are to be taken */
	struct go_process *go;
	size_t ngo;
	bool many;		/* threads: an iterator is to take them */
	bool found;		/* a process that was asked for */
};

/* What is about a process that lives. */
static const char *not_of_core(const struct stack_opts *o)
{
	return o->goroutines ? "--goroutines" : o->no_stop ? "--no-stop" :
		o->consistent ? "--consistent" : o->pid ? "--pid" :
		o->host_pid ? "--host-pid" : o->tid ? "--tid" : NULL;
}

static int setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	struct stack_opts *o = opts;

	if (o->pid && o->host_pid)
		return err_set(e, ST_USAGE, "-p and --host-pid name the same thing: give one");
	if (o->goroutines && o->tid)
		return err_set(e, ST_USAGE, "--tid names a thread, and goroutines are none: give "
			       "one of --tid and --goroutines");
	if (o->consistent && o->goroutines)
		return err_set(e, ST_USAGE, "goroutines are not of one moment: give one of "
			       "--consistent and --goroutines");
	if (o->consistent && o->no_stop)
		return err_set(e, ST_USAGE, "--consistent stops all threads, --no-stop none");
	if (o->max_pause && !o->consistent)
		return err_set(e, ST_USAGE, "--max-pause is of --consistent; other stops end by "
			       "themselves after 2 ms");
	o->max_pause = o->max_pause ?: 100 * NS_PER_MS;
	if (o->core && not_of_core(o))
		return err_set(e, ST_USAGE, "%s does not go with --core: %s", not_of_core(o),
			       o->goroutines ? "goroutines are looked for in a process that lives" :
			       o->no_stop || o->consistent ? "nothing runs that could be stopped" :
			       "a core is of one process, and --filter 'tid == N' shows one of "
			       "its threads");
	o->max_frames = o->max_frames ?: 512;
	o->stack_bytes = o->stack_bytes ?: 256 << 10;
	if (o->stack_bytes > SNAPSHOT_STACKS_MAX)
		o->stack_bytes = SNAPSHOT_STACKS_MAX;
	l->sort = "host_pid,order";
	if (l->fields || l->format == OUT_WIDE || l->format == OUT_NAMES) {
		if (!l->fields)
			l->fields = o->goroutines ? "pid,tid,goid,comm,state,wchan,gstate,how" :
				"pid,tid,comm,state,wchan,how";
		return 0;
	}
	l->kind = LAYOUT_BLOCKS;
	l->fold = o->no_fold ? NULL : "tids,goids";
	return 0;
}

static bool stack_file(const void *opts, struct tool_file *ret)
{
	const struct stack_opts *o = opts;

	*ret = (struct tool_file){ .path = o->core };
	return o->core;
}

/* ---- taking: with rights, without looking ---- */

static struct process *take(struct stack *k, int dir, pid_t pid, const struct snapshot_only *only,
			    const struct snapshot_source *source, void *self)
{
	struct err e;
	struct process *p = snapshot_take(&k->s, dir, pid, only, source, self, &e);

	/* of many, one that ended meanwhile is no news */
	if (!p && (k->o->pid || k->o->host_pid || e.status != ST_TARGET))
		emit_err(k->r->emit, &e);
	k->found = true;
	return p;
}

static bool is_wanted(struct stack *k, int dir, pid_t pid)
{
	struct proc_status st;

	if (k->o->host_pid)
		return k->o->host_pid == (uint64_t)pid;
	if (!k->o->pid)
		return true;
	return !proc_status(dir, &st) && st.levels > k->s.level &&
		k->o->pid == (uint64_t)st.nspid[k->s.level];
}

/* Of those processes that are asked for; as far as it matters. */
static uint64_t count_threads(struct stack *k, const struct members_want *w, const pid_t *pids,
			      size_t count)
{
	uint64_t n = 0;

	for (size_t i = 0; i < count && n < ITERATE_THREADS; i++) {
		auto_close int dir = proc_open(w->procfs, pids[i]);

		if (dir >= 0 && is_wanted(k, dir, pids[i]))
			n += proc_threads(dir);
	}
	return n;
}

static void take_all(struct stack *k, const struct members_want *w, const pid_t *pids, size_t count,
		     const struct snapshot_source *source, void *self)
{
	struct snapshot_only only = { .nstid = k->o->tid };

	for (size_t i = 0; i < count; i++) {
		auto_close int dir = proc_open(w->procfs, pids[i]);

		if (dir >= 0 && members_has(w, dir) && is_wanted(k, dir, pids[i]))
			take(k, dir, pids[i], &only, source, self);
	}
}

/* With all threads that stand still, which may be on one; those that were held have been taken. */
static void take_goroutines(struct stack *k, int dir, const struct wanted *w,
			    const struct process *held)
{
	struct process *p = take(k, dir, w->pid, NULL, &source_blocked, NULL);

	if (!p)
		return;
	k->go = mem_more(k->go, k->ngo);
	k->go[k->ngo] = (struct go_process){ .p = p, .held = held, .count = w->ngo };
	for (size_t i = 0; i < w->ngo; i++)
		gotake(&k->s, dir, p, &w->go[i], &k->go[k->ngo].taken[i]);
	k->ngo++;
}

/* What is asked for came through a process without rights: only members are believed. */
static void take_left(struct stack *k, const struct members_want *w, const pid_t *pids,
		      size_t count, struct iterated *x)
{
	struct wanted want;

	k->found = true;
	if (!thread_sum_get(&k->left, &k->sum))
		return;
	while (wanted_next(&k->left, &want, k->s.arena)) {
		struct snapshot_only only = { 0, want.tids, want.was, want.count };
		auto_close int dir = -1;
		struct process *p = NULL;
		uint64_t start;

		if (!pids_find(pids, count, want.pid))
			continue;
		dir = proc_open(w->procfs, want.pid);
		if (dir < 0 || !members_has(w, dir) || proc_start(dir, &start) < 0 ||
		    start != want.start)
			continue;
		k->s.far_bytes = 0;
		if (want.count)
			p = take(k, dir, want.pid, &only, &source_iterated, x);
		/* stacks of Go's threads, of which only those that goroutines run on matter */
		k->s.far_bytes = FAR_BYTES;
		if (want.ngo)
			take_goroutines(k, dir, &want, p);
	}
}

static void take_round(struct stack *k, const struct members_want *w, const pid_t *pids,
		       size_t count)
{
	struct stopped stop = { .peer = k->r->in->peer };
	struct sampled sample = { .peer = k->r->in->sampler, .other = &source_blocked };
	struct iterated x = { .peer = k->r->in->second, .other = &source_sampled,
		.other_self = &sample };

	if (k->round == TAKE_CONSISTENT) {
		struct standing all = { .peer = stop.peer, .max_ns = k->o->max_pause,
			.other = &source_sampled, .other_self = &sample };

		take_all(k, w, pids, count, &source_standing, &all);
		k->sum.apart = all.apart;
		standing_free(&all);
	} else if (k->round >= TAKE_LEFT) {
		if (stop.peer >= 0) {
			sample.other = &source_stopped;
			sample.other_self = &stop;
		}
		take_left(k, w, pids, count, &x);
	} else if (k->round == TAKE_ITERATED) {
		take_all(k, w, pids, count, &source_iterated, &x);
	} else if (!k->o->tid && count_threads(k, w, pids, count) >= ITERATE_THREADS) {
		k->many = true;
	} else {
		take_all(k, w, pids, count, &source_blocked, NULL);
	}
	iterated_free(&x);
}

static int capture(struct stack *k, struct err *e)
{
	const struct target *t = k->r->target;
	const struct inside *in = k->r->in;
	struct members_want w = target_members(t, in);
	auto_free pid_t *pids = NULL;
	size_t count;
	bool cut;

	snapshot_init(&k->s, in->procfs, t->levels - 1);
	k->s.target = in->proc;
	k->s.stack_bytes = k->o->stack_bytes;
	k->s.far_bytes = k->round < TAKE_LEFT ? FAR_BYTES : 0;
	k->s.emit = k->r->emit;
	w.zombies = k->o->pid || k->o->host_pid;
	w.named = (pid_t)k->o->host_pid;
	if (members_list(&w, &pids, &count, &cut, e) < 0)
		return -1;
	served_init(&k->s.served, &t->mounts, in->procfs);
	k->s.cut |= cut;
	take_round(k, &w, pids, count);
	k->sum.over |= k->s.cut;
	return 0;
}

static int shed_rights(struct stack *k, struct err *e)
{
	auto_free int *keep = mem_alloc((k->s.module_count + 1) * sizeof(*keep));

	for (size_t i = 0; i < k->s.module_count; i++)
		keep[i] = k->s.modules[i]->fd;
	keep[k->s.module_count] = k->r->in->file;
	return enter_become_parser(k->r->in, keep, k->s.module_count + 1, e);
}

/* ---- looking: without rights ---- */

/* May it end where it does because only so much of a far stack was copied? */
static bool is_far(const struct stack *k, const struct thread *t, const struct trace *trace)
{
	return snapshot_far(&k->s) < k->s.stack_bytes && k->round < TAKE_LEFT && t->stack_cut &&
		trace->count && trace->count < k->o->max_frames &&
		((!trace->whole && !trace->ended) || trace->frames[trace->count - 1].guess);
}

/* Would another way show more of it? */
static bool wants_again(const struct stack *k, const struct thread *t, const struct trace *trace)
{
	switch (k->round) {
	case TAKE_FIRST:
		return trace->want_regs || t->running;
	case TAKE_ITERATED:
		return (trace->want_regs && !k->o->no_stop) || t->running;
	case TAKE_LEFT:
		return !k->o->no_stop && (t->how == HOW_SAMPLED ?
			trace->want_regs || (t->stack_cut && trace->cut) :
			t->how == HOW_BLOCKED && t->ran && trace->want_regs);
	default:
		return false;
	}
}

/* Goroutines are taken in the second round, as near as can be to the threads that they run on. */
static void find_goroutines(struct stack *k, const struct process *p, struct wanted *w)
{
	struct err e;

	if (k->round >= TAKE_LEFT)
		return;
	k->sum.go += go_seen(p);
	if (k->o->goroutines && k->again.len < AGAIN_BYTES_MAX &&
	    go_find(p, w->go, &w->ngo, &e) < 0)
		emit_err(k->r->emit, &e);
	k->nagain_go += w->ngo > 0;
}

/* These go into the next round instead of into a row. */
static size_t choose_again(struct stack *k, const struct process *p, const struct trace *traces,
			   bool *want)
{
	size_t n = 0;

	for (size_t i = 0; i < p->count && k->nagain + n < AGAIN_THREADS_MAX; i++) {
		p->threads[i].waited = is_far(k, &p->threads[i], &traces[i]);
		want[i] = p->threads[i].waited || wants_again(k, &p->threads[i], &traces[i]);
		k->nregs += traces[i].want_regs;
		k->nfar += p->threads[i].waited;
		n += want[i];
	}
	k->nagain += n;
	return n;
}

static void show_process(struct stack *k, struct process *p)
{
	auto_free struct trace *traces = mem_alloc((p->count + 1) * sizeof(*traces));
	auto_free bool *want = mem_alloc(p->count + 1);
	struct wanted w = { .count = 0 };
	struct names names;

	traces_make(p, k->o->max_frames, k->r->emit, traces);
	traces_note_files(p, traces);
	w.count = choose_again(k, p, traces, want);
	find_goroutines(k, p, &w);
	if (w.count || w.ngo)
		wanted_put(&k->again, p, want, &w);
	names_init(&names);
	names.files = &k->files;
	names.lines = k->o->lines ? &k->lines : NULL;
	names_find(&names, p, traces, p->count);
	for (size_t i = 0; i < p->count; i++) {
		struct thread *t = &p->threads[i];
		auto_arena struct arena *a = arena_new();

		if (!want[i]) {
			struct thread_row row = thread_row(p, t, &traces[i], &names, a);

			thread_sum_add(&k->sum, p, t, &traces[i], emit_row(k->r->emit, &row));
		}
		free(traces[i].frames);
	}
	names_free(&names);
}

static void show_all(struct stack *k)
{
	struct go_rows rows = {
		.emit = k->r->emit, .files = &k->files, .max_frames = k->o->max_frames,
		.lines = k->o->lines ? &k->lines : NULL,
	};
	size_t next = 0;

	for (size_t i = 0; i < k->s.count; i++) {
		if (next < k->ngo && k->go[next].p == k->s.processes[i])
			go_rows(&rows, &k->go[next++]);
		else
			show_process(k, k->s.processes[i]);
	}
	k->sum.goroutines += rows.shown;
	k->sum.lost += rows.missed;
	k->sum.cut += rows.cut;
}

static void say_limits(struct stack *k)
{
	struct emit *e = k->r->emit;

	if (k->o->core)
		traces_say_files(&k->s);
	if (k->s.cut && k->o->core)
		emit_cut(e, "the core has more than is read, or is cut short");
	else if (k->sum.over)
		emit_cut(e, "more threads, files or stacks than are taken at once: name a process "
			 "with -p, or copy less with --stack-bytes");
	thread_sum_cuts(e, &k->sum);
}

static void say_missing(struct stack *k)
{
	uint64_t pid = k->o->pid ? k->o->pid : k->o->host_pid;
	struct err e;

	traces_say_refused(&k->s);
	if (!k->found && k->o->host_pid == (uint64_t)k->r->target->pid)
		target_gone(k->r->target, &e);
	else if (!k->found)
		err_set(&e, ST_FAILED, "no process %llu in %s ('nsdebug ps' shows them)",
			(unsigned long long)pid, k->r->target->name);
	else if (k->o->tid && k->round < TAKE_LEFT && !k->s.total.threads)
		err_set(&e, ST_FAILED, "no thread %llu in it", (unsigned long long)k->o->tid);
	else
		return;
	emit_err(k->r->emit, &e);
}

static void ask_again(struct stack *k)
{
	unsigned int beside = k->o->no_stop || !k->nagain ? 0 : AGAIN_STOPPER;
	auto_buf struct buf b = { 0 };

	if (k->round != TAKE_LEFT && k->nagain)
		beside |= AGAIN_SAMPLER;
	/* one that left somebody is not asked again; for who just runs, others are quicker */
	if (k->nfar || (k->round == TAKE_FIRST && (k->nregs || (k->nagain && k->o->no_stop))))
		beside |= AGAIN_ITERATOR;
	put_varint(&b, k->round == TAKE_LEFT ? TAKE_STOPPED : TAKE_LEFT);
	thread_sum_put(&b, &k->sum);
	buf_add(&b, k->again.bytes, k->again.len);
	emit_again(k->r->emit, beside, b.bytes, b.len);
}

/* Read only when no right is left: anybody may have written it. */
static int read_core(struct stack *k, struct err *e)
{
	snapshot_init(&k->s, -1, k->r->target->levels - 1);
	k->s.stack_bytes = k->o->stack_bytes;
	k->s.emit = k->r->emit;
	k->round = TAKE_STOPPED;
	k->found = true;
	if (shed_rights(k, e) < 0)
		return -1;
	return coreread(&k->s, k->r->in->file, &k->files, e);
}

/* The round that counts threads is spared where the first process has enough of them. */
static unsigned int first(const void *opts, const struct target *t, char *again)
{
	const struct stack_opts *o = opts;

	*again = o->consistent ? TAKE_CONSISTENT : TAKE_ITERATED;
	if (o->consistent)
		return AGAIN_STOPPER | AGAIN_SAMPLER;
	return !o->pid && !o->tid && (!o->host_pid || o->host_pid == (uint64_t)t->pid) &&
		!o->core && proc_threads(t->place.proc) >= ITERATE_THREADS ? AGAIN_ITERATOR : 0;
}

static void run(struct run *r)
{
	struct stack k = { .r = r, .o = r->opts, .left = r->again };
	struct err e;

	if (!get_varint(&k.left, &k.round))
		k.round = TAKE_FIRST;
	work.emit = r->emit;
	k.files.peer = r->in->files;
	k.files.wait_ns = (int64_t)r->timeout_ns / 4;
	if (k.o->core ? read_core(&k, &e) < 0 :
	    capture(&k, &e) < 0 || (!k.many && shed_rights(&k, &e) < 0)) {
		emit_err(r->emit, &e);
		return;
	}
	if (k.many) {
		emit_again(r->emit, AGAIN_ITERATOR, &(char){ TAKE_ITERATED }, 1);
		return;
	}
	say_missing(&k);
	show_all(&k);
	if (k.nagain || k.nagain_go) {
		ask_again(&k);
	} else if (k.s.total.threads || k.round >= TAKE_LEFT) {
		thread_sum_emit(r->emit, &k.sum, k.o->goroutines, k.o->consistent, k.o->core);
		say_limits(&k);
	}
}

static const struct example examples[] = {
	{ "nsdebug stack nsd-demo", "what every thread of the container is doing" },
	{ "nsdebug stack nsd-demo -p 1", "of one process" },
	{ "nsdebug stack -l nsd-demo", "with file and line, where there is debug information" },
	{ "nsdebug stack nsd-demo --no-stop", "and surely without stopping a thread" },
	{ "nsdebug stack nsd-demo --goroutines", "of Go programs also every goroutine" },
	{ "nsdebug stack nsd-demo --consistent", "of one moment: who waits for whom" },
	{ "nsdebug stack --core /tmp/demo.core nsd-demo", "of what nsdebug core has written" },
	{ "nsdebug stack nsd-demo --filter 'frames.function == \"poll\"'",
	  "which threads are in a function" },
	{ "nsdebug stack -o pid,tid,comm,state,wchan nsd-demo", "one line a thread" },
	{ "nsdebug stack -o json nsd-demo", "for programs: addresses, symbols and build ids" },
	{ NULL }
};

const struct tool tool_stack = {
	.name = "stack",
	.summary = "show the call stack of every thread",
	.about = "Threads that wait are copied without being stopped: the kernel tells where they "
		"are, and a copy counts only if they did not run meanwhile. Where there are more "
		"than a few, or unwind tables need more registers than /proc tells, a BPF program "
		"looks at them instead, if the kernel loads it. A thread that runs is copied in "
		"the interrupt of a timer (a perf event). What is unknown still is held for the "
		"moment of the copy, mostly below a millisecond; --no-stop never does, and says "
		"what is missing. A stop makes a few system calls of the program return EINTR, as "
		"with any debugger. The last line says how many threads were stopped, and the "
		"longest stop. Threads of one process with the same state and frames are shown as "
		"one, with their number; in JSON each is there.\n"
		"\n"
		"Frames come from the unwind tables of the files that are mapped, and names from "
		"their symbols, or from debug files: by build-id below /usr/lib/debug in the "
		"container or on the host, by .gnu_debuglink in the container; or from what is "
		"packed into .gnu_debugdata. Code that a process made at run time is called as "
		"its /tmp/perf-PID.map says, in the container and by the container's number, if "
		"that is of its user or of root, nobody else may write it, it is not older than "
		"the process (node --perf-basic-prof writes one), and the process has the root "
		"and pid numbers of its container. What has no symbol is shown as module+offset "
		"with the build id. With -l there are file and line of the source too, and, "
		"before the function that they are part of, functions that were inlined, from the "
		"debug information (DWARF) of the same files, of Go from Go's own table. Go "
		"programs (1.18 and later) have a table of their own for both, also when they are "
		"stripped; since Go 1.26 it is not found of those with C that are loaded anywhere "
		"(PIE). --goroutines shows their goroutines too: all that the runtime lists, in "
		"its words, its own marked \"system\". Nobody is stopped for it: one that was put "
		"aside is read with its stack, and again if it ran meanwhile; one that runs is on "
		"one of the threads. Where there is no unwind table (musl, code made at run "
		"time), a function's code is followed to its return, or its frame pointer is; if "
		"neither leads to behind a call, the stack is searched for the next such address. "
		"From there on each frame has a ? before it: it is a guess. What ends early says "
		"why.\n"
		"\n"
		"Of a core (--core; nsdebug core writes them, so does the kernel) the files are "
		"opened by the paths in it, in TARGET or on the host, and used only if they are "
		"the same: by build id, or, where there is none, by their first page. All of its "
		"threads are shown: -p, --host-pid, --tid, --goroutines, --no-stop and "
		"--consistent are of what runs, --filter goes with both.",
	.needs = NEED_STACK,
	.opts = stack_opt,
	.opts_size = sizeof(struct stack_opts),
	.cols = thread_cols,
	.summary_cols = thread_sum_cols,
	.examples = examples,
	.file = stack_file,
	.setup = setup,
	.first = first,
	.run = run,
};
