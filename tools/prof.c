/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prof - which functions take a container's processor time, or keep it waiting.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/clock.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/aids.h"
#include "nsdebug/trace/prof.h"
#include "nsdebug/trace/profout.h"

#define TOP_FUNCTIONS 20
#define TOP_STACKS 3
#define LLU(x) ((unsigned long long)(x))

struct prof_opts {
	struct tracer_opts tracer;
	struct stacks_opts stacks;
	uint64_t hz, min_ns, top, top_stacks;
	bool off;
	const char *by, *event, *format;
};

static const struct prof_opts prof_defaults = {
	.hz = 99, .min_ns = NS_PER_MS, .by = "name", .event = "clock",
	.top = NONE_U64, .top_stacks = NONE_U64,
};

static const struct opt prof_opt[] = {
	OPT(0, "for", OPT_DURATION, struct prof_opts, tracer.for_ns, "TIME",
	    "stop after this long; else, and with 0, on Ctrl-C, which shows what there is"),
	OPT(0, "hz", OPT_U64, struct prof_opts, hz, "N",
	    "samples a second on each processor, at most 10000 (99)"),
	OPT(0, "off-cpu", OPT_FLAG, struct prof_opts, off, NULL,
	    "where threads wait, instead of where they run"),
	OPT(0, "min", OPT_DURATION, struct prof_opts, min_ns, "TIME",
	    "with --off-cpu: shorter waits are only counted (1ms)"),
	OPT(0, "by", OPT_CHOICE, struct prof_opts, by, "name|thread|process|none",
	    "whose stacks are added up: of threads of the same name, or of each (name)"),
	OPT(0, "format", OPT_CHOICE, struct prof_opts, format, "folded|pprof|speedscope|svg",
	    "to stdout, as other programs read it; svg is a flame graph for a browser"),
	OPT(0, "top", OPT_U64, struct prof_opts, top, "N",
	    "so many functions (20; in JSON all)"),
	OPT(0, "stacks", OPT_U64, struct prof_opts, top_stacks, "N",
	    "so many of the heaviest stacks (3; in JSON all)"),
	OPT(0, "stack-bytes", OPT_SIZE, struct prof_opts, stacks.bytes, "SIZE",
	    "bytes copied of a stack at most, up to 64K (32K)"),
	OPT(0, "event", OPT_CHOICE, struct prof_opts, event, "clock|cycles",
	    "what ticks: the processor's clock, or its cycles where they are counted (clock)"),
	OPT(0, "btf", OPT_STR, struct prof_opts, tracer.btf, "FILE",
	    "types of this kernel, if it does not tell them itself in /sys/kernel/btf"),
	OPT_END
};

/* ---- rows ---- */

struct part_row {
	struct bytes function, module, text;
	const char *build_id;
};

#define P(t, f, fl, h) COL(t, struct part_row, f, fl, h)

static const struct col part_col[] = {
	P(COL_BYTES, function, COL_HIDE | COL_CLAIMED, "symbol, demangled; or file and offset"),
	P(COL_BYTES, module, COL_HIDE | COL_CLAIMED, "its file, or [kernel]"),
	P(COL_STR, build_id, COL_HIDE, "of the file, hexadecimal"),
	P(COL_BYTES, text, COL_NOJSON | COL_CLAIMED, "both on one line"),
	COL_END
};

struct prof_row {
	const char *kind, *build_id;
	int64_t self_s, total_s;
	struct bytes self_part, total_part, function, module, thread, what;
	uint64_t samples;
	struct col_rows frames;
};

#define C(t, f, fl, h, ...) COL(t, struct prof_row, f, fl, h, ##__VA_ARGS__)

static const struct col prof_col[] = {
	C(COL_STR, kind, COL_HIDE, "function, or stack: one of the heaviest"),
	C(COL_DUR, self_s, 0, "time in it, without what it calls", .head = "SELF"),
	C(COL_BYTES, self_part, COL_RIGHT | COL_NOJSON, "of all that was sampled", .head = "%"),
	C(COL_DUR, total_s, 0, "time in it, with what it calls", .head = "TOTAL"),
	C(COL_BYTES, total_part, COL_RIGHT | COL_NOJSON, "of all that was sampled", .head = "%"),
	C(COL_U64, samples, COL_HIDE, "in it, without what it calls; with --off-cpu: waits"),
	C(COL_BYTES, function, COL_HIDE | COL_NAME | COL_CLAIMED,
	  "symbol, demangled; or file and offset; null: a stack"),
	C(COL_BYTES, module, COL_HIDE | COL_CLAIMED, "its file, or [kernel]"),
	C(COL_STR, build_id, COL_HIDE, "of the file, hexadecimal"),
	C(COL_BYTES, thread, COL_HIDE | COL_CLAIMED, "of a stack: whose, as --by says"),
	C(COL_BYTES, what, COL_NOJSON | COL_CLAIMED, "the function, or whose stack",
	  .head = "FUNCTION"),
	{ .name = "frames", .type = COL_ROWS, .offset = offsetof(struct prof_row, frames),
	  .help = "of a stack, innermost first", .sub = part_col },
	COL_END
};

struct prof_sum {
	uint64_t samples, lost, short_waits;
	int64_t time_s, clock_s, short_s, window_s, programs_s, nsdebug_s;
	struct bytes text;
};

#define S(t, f, fl, h) COL(t, struct prof_sum, f, fl, h)

static const struct col prof_sum[] = {
	S(COL_U64, samples, COL_HIDE, "samples, or waits"),
	S(COL_U64, lost, COL_HIDE, "of them were lost"),
	S(COL_DUR, time_s, COL_HIDE, "what they weigh together"),
	S(COL_DUR, clock_s, COL_HIDE,
	  "processor time of the container's cgroup meanwhile, by the kernel's own account; null: "
	  "it has none of its own, or is gone"),
	S(COL_U64, short_waits, COL_HIDE, "with --off-cpu: waits shorter than --min"),
	S(COL_DUR, short_s, COL_HIDE, "what these took together"),
	S(COL_DUR, window_s, COL_HIDE, "how long was looked"),
	S(COL_DUR, programs_s, COL_HIDE,
	  "processor time that our programs took in the kernel; null: it does not measure it"),
	S(COL_DUR, nsdebug_s, COL_HIDE,
	  "processor time of the one process of nsdebug that makes stacks of it; another one reads "
	  "the files that are mapped"),
	S(COL_BYTES, text, COL_NOJSON, "all of it in one line"),
	COL_END
};

struct listing {
	struct run *r;
	const struct prof_opts *o;
	struct prof p;
	struct arena *a;
};

static struct bytes keep(struct listing *l, const struct buf *b)
{
	return (struct bytes){ arena_dup(l->a, b->bytes ? b->bytes : "", b->len), b->len };
}

static struct bytes share(struct listing *l, uint64_t part)
{
	auto_buf struct buf b = { 0 };

	buf_addf(&b, "%.1f", 100.0 * (double)part / (double)(l->p.profile.value ?
		 l->p.profile.value : 1));
	return keep(l, &b);
}

static struct bytes text_of(struct listing *l, const struct profile_frame *f)
{
	auto_buf struct buf b = { 0 };
	struct bytes file = bytes_base(f->module);

	buf_add(&b, f->name.p, f->name.len);
	if (f->module.len) {
		buf_str(&b, " (");
		buf_add(&b, file.p, file.len);
		buf_char(&b, ')');
	}
	return keep(l, &b);
}

static bool is_thread(const struct profile_frame *f)
{
	return f->kind == PLACE_MARK && f->module.len;
}

static void emit_function(struct listing *l, const struct profile_frame *f)
{
	struct prof_row row;

	row_none(prof_col, &row);
	row.kind = "function";
	row.self_s = (int64_t)f->self;
	row.total_s = (int64_t)f->total;
	row.self_part = share(l, f->self);
	row.total_part = share(l, f->total);
	row.samples = f->samples;
	row.function = f->name;
	if (f->module.len)
		row.module = f->module;
	row.build_id = f->build_id;
	row.what = text_of(l, f);
	emit_row(l->r->emit, &row);
}

static void emit_functions(struct listing *l)
{
	const struct profile *p = &l->p.profile;
	auto_free uint32_t *order = profile_frames_by_self(p);
	uint64_t left = l->o->top;

	for (size_t i = 0; i < p->nframes && left; i++) {
		const struct profile_frame *f = p->frames[order[i]];

		if (is_thread(f) || !f->total)
			continue;
		emit_function(l, f);
		left--;
	}
}

static void emit_stack(struct listing *l, const struct profile_node *n)
{
	const struct profile *p = &l->p.profile;
	struct part_row *parts = arena_alloc(l->a, (n->depth + 1) * sizeof(*parts));
	struct prof_row row;
	size_t count = 0;

	row_none(prof_col, &row);
	row.kind = "stack";
	row.self_s = (int64_t)n->self;
	row.self_part = share(l, n->self);
	row.samples = n->samples;
	for (; n->depth > 1; n = &p->nodes[n->parent]) {
		const struct profile_frame *f = profile_frame_of(p, n);
		struct part_row *part = &parts[count++];

		*part = (struct part_row){ .function = f->name, .build_id = f->build_id,
			.text = text_of(l, f) };
		if (f->module.len)
			part->module = f->module;
	}
	row.what = row.thread = profile_frame_of(p, n)->name;
	row.frames = (struct col_rows){ parts, count, sizeof(*parts) };
	emit_row(l->r->emit, &row);
	arena_free(&l->a);
	l->a = arena_new();
}

static void emit_stacks(struct listing *l)
{
	const struct profile *p = &l->p.profile;
	auto_free uint32_t *order = profile_nodes_by_self(p);
	uint64_t left = l->o->top_stacks;

	for (size_t i = 0; i < p->nnodes && left && p->nodes[order[i]].samples; i++, left--)
		emit_stack(l, &p->nodes[order[i]]);
}

/* ---- the last line ---- */

static void put_cost(struct buf *b, const struct prof *p, bool measured)
{
	double window = (double)p->profile.window_ns, cost = (double)p->own_ns;

	if (measured) {
		cost += (double)p->programs_ns;
		buf_addf(b, "; it took %.3f s in the kernel, %.3f s to make stacks of it: "
			 "%.2f %% of one processor", (double)p->programs_ns / 1e9,
			 (double)p->own_ns / 1e9, 100 * cost / window);
	} else {
		buf_addf(b, "; it took %.3f s to make stacks of it, %.2f %% of one processor; what "
			 "it took in the kernel is not measured here", cost / 1e9,
			 100 * cost / window);
	}
}

static void put_text(struct buf *b, const struct listing *l, const struct prof_sum *s)
{
	const struct prof *p = &l->p;

	buf_addf(b, "%llu %s, %.3f s %s in %.3f s", LLU(s->samples),
		 l->o->off ? "waits" : "samples", (double)s->time_s / 1e9,
		 l->o->off ? "of waiting" : "of processor time", (double)s->window_s / 1e9);
	if (s->clock_s != NONE_I64 && !l->o->off)
		buf_addf(b, " (%.3f s by the cgroup's account)", (double)s->clock_s / 1e9);
	if (l->o->off && s->short_waits)
		buf_addf(b, "; %llu shorter ones took %.3f s", LLU(s->short_waits),
			 (double)s->short_s / 1e9);
	buf_addf(b, "; %llu lost", LLU(s->lost));
	put_cost(b, p, s->programs_s != NONE_I64);
}

static void emit_sum(struct listing *l)
{
	const struct prof *p = &l->p;
	auto_buf struct buf b = { 0 };
	struct prof_sum s;

	row_none(prof_sum, &s);
	s.samples = p->profile.samples;
	s.lost = *p->tracer.lost + tracer_misses(&p->tracer);
	s.time_s = (int64_t)p->profile.value;
	if (p->has_usage)
		s.clock_s = (int64_t)p->usage_ns;
	if (l->o->off) {
		s.short_waits = p->short_waits;
		s.short_s = (int64_t)p->short_ns;
	}
	s.window_s = (int64_t)p->profile.window_ns;
	if (l->r->aids->stats >= 0)
		s.programs_s = (int64_t)p->programs_ns;
	s.nsdebug_s = (int64_t)p->own_ns;
	put_text(&b, l, &s);
	s.text = (struct bytes){ b.bytes, b.len };
	if (l->o->format)	/* stdout is another's */
		emit_note(l->r->emit, "%s", b.bytes);
	else
		emit_summary(l->r->emit, &s);
}

/* An empty table is no answer. */
static void say_nothing(struct listing *l)
{
	if (l->p.profile.samples)
		return;
	if (l->o->off)
		emit_note(l->r->emit, "no wait of %s or longer: it runs all the time, or is not "
			  "there any more", l->o->min_ns ? "--min" : "any length");
	else
		emit_note(l->r->emit, "nothing of it ran: --off-cpu shows what its threads wait "
			  "for, stack where they are");
}

static void write_it(struct listing *l, profout_fn *fn)
{
	char title[TARGET_NAME_MAX + 128];
	struct profout out = { .p = &l->p.profile, .title = title, .fd = l->r->emit->data };

	snprintf(title, sizeof(title), "%s: where %s", l->r->target->name, l->o->off ?
		 "its threads wait" : "its processor time goes");
	fn(&out);
	profout_flush(&out, true);
	buf_free(&out.b);
}

static enum prof_by by_of(const char *word)
{
	return !strcmp(word, "thread") ? PROF_BY_THREAD : !strcmp(word, "process") ?
		PROF_BY_PROCESS : !strcmp(word, "none") ? PROF_BY_NONE : PROF_BY_NAME;
}

static void prof_verb(struct run *r)
{
	const struct prof_opts *o = r->opts;
	struct listing l = { .r = r, .o = o, .a = arena_new() };
	struct prof_want want = {
		.off = o->off, .cycles = !strcmp(o->event, "cycles"), .by = by_of(o->by),
		.hz = o->hz, .min_ns = o->min_ns, .aids = r->aids,
		.stack_bytes = o->stacks.bytes ? stacks_bytes(&o->stacks) : 32 << 10,
	};

	if (prof_run(&l.p, &want, r->in, &o->tracer, r->target)) {
		if (o->format) {
			write_it(&l, profout_format(o->format));
		} else {
			emit_functions(&l);
			emit_stacks(&l);
		}
		say_nothing(&l);
		emit_sum(&l);
	}
	prof_free(&l.p);
	arena_free(&l.a);
}

static bool has_mapper(const void *opts)
{
	(void)opts;
	return true;
}

static int prof_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	struct prof_opts *o = opts;
	bool json = l->format == OUT_JSON || l->format == OUT_JSONL;

	(void)nargs;
	(void)args;
	if (!o->hz || o->hz > PROF_HZ_MAX)
		return err_set(e, ST_USAGE, "--hz is from 1 to %u", PROF_HZ_MAX);
	if (o->stacks.bytes > STACK_MAX)
		return err_set(e, ST_USAGE, "--stack-bytes: at most %u are copied", STACK_MAX);
	if (o->off && strcmp(o->event, "clock"))
		return err_set(e, ST_USAGE, "--event is what ticks: --off-cpu has no ticks");
	if (o->format && (l->fields || l->format != OUT_TABLE))
		return err_set(e, ST_USAGE, "--format is instead of rows, which -o is for");
	if (o->format && !strcmp(o->format, "pprof") && l->escape)
		return err_set(e, ST_REFUSED, "pprof is compressed, and not for a terminal: give "
			       "it a file, or a pipe");
	if (o->format)
		l->kind = LAYOUT_RAW;
	if (o->top == NONE_U64)
		o->top = json || l->format == OUT_NAMES ? NONE_U64 - 1 : TOP_FUNCTIONS;
	if (o->top_stacks == NONE_U64)
		o->top_stacks = json ? NONE_U64 - 1 : l->format == OUT_NAMES ? 0 : TOP_STACKS;
	l->below = true;
	return 0;
}

static const struct example prof_example[] = {
	{ "nsdebug prof nsd-demo --for 1s", "which functions take the processor's time" },
	{ "nsdebug prof nsd-demo --off-cpu --for 1s", "what its threads wait for" },
	{ "nsdebug prof nsd-demo --for 1s --format svg > nsd-demo.svg",
	  "a flame graph, to be opened in a browser" },
	{ "nsdebug prof nsd-demo --for 1s --format pprof > nsd-demo.pb.gz",
	  "for go tool pprof; speedscope and folded are for others" },
	{ NULL }
};

const struct tool tool_prof = {
	.name = "prof",
	.summary = "show which functions take processor time, or keep threads waiting",
	.about = "So often in a second (--hz) each processor looks whether a thread of the "
		"container runs on it, and if so, its stack is copied: a sample. Nothing is "
		"stopped, and the program needs neither frame pointers nor a restart: stacks are "
		"unwound from the copy, as stack does it, through the kernel's functions too. "
		"Names come from where stack has them: symbols, debug files, and what a process "
		"says of code that it makes at run time. SELF is the time in a function itself, "
		"TOTAL with all that it calls; a time is "
		"the number of samples divided by --hz, so of few samples it is rough: of a "
		"hundred, a share of 50 % is 40 to 60. The last line says how many there were, "
		"what the kernel's own account of the container's processor time is, and what the "
		"measurement cost.\n\n"
		"With --off-cpu it is each time that a thread waits: for a lock, a timer, a disk, "
		"another process, from leaving the processor until it is back on one. Threads "
		"that wait all the time, and do so when it begins, are not told of: stack shows "
		"them. Of a wait that began before, only what is within the time counts. Waits "
		"shorter than --min are counted only.\n\n"
		"A stack that is longer than --stack-bytes, or comes to code without unwind "
		"tables, ends early and says so, in brackets where the rest would be. Of code that "
		"was made at run time the callers may be a guess: the frame "
		"\"[callers from here on are a guess]\" stands before it. A function "
		"without a symbol is called by its file and where in it the function begins. "
		"Code that the process has mapped anew is noticed by its size: where a library was "
		"replaced at its place by another of the same size meanwhile, names are of the one "
		"that was seen.\n\n"
		"Of a process of the host's own (--host) the kernel has to be able to tell it from "
		"all others: it has to be in a cgroup of its own.",
	.needs = NEED_TRACE,
	.opts = prof_opt, .opts_size = sizeof(struct prof_opts), .defaults = &prof_defaults,
	.cols = prof_col,
	.summary_cols = prof_sum,
	.examples = prof_example,
	.data = true,
	.aids = true,
	.mapper = has_mapper,
	.setup = prof_setup,
	.run = prof_verb,
};
