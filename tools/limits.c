/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits - what a container may use and does: the limits of its cgroups at every level, the
 * pressure it is under, and the resource limits of a process; what is the matter is named.
 */
#include <poll.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/clock.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/out/text.h"
#include "nsdebug/sys/limits.h"
#include "nsdebug/sys/ns.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/sys/rlimits.h"
#include "nsdebug/target/target.h"

#define LLU(n) ((unsigned long long)(n))

struct limits_opts {
	uint64_t pid, sample;
	bool tight;
};

static const struct opt limits_opt[] = {
	OPT('p', "pid", OPT_U64, struct limits_opts, pid, "PID",
	    "resource limits of this process, by the container's number; else of its first"),
	OPT('q', "tight", OPT_FLAG, struct limits_opts, tight, NULL,
	    "only what is used by 80 % or more, throttled, or in trouble otherwise"),
	OPT(0, "sample", OPT_DURATION, struct limits_opts, sample, "TIME",
	    "look at processor time for so long: what is used and throttled now"),
	OPT_END
};

struct limit_row {
	struct limit l;
	const char *use_text, *soft_text, *hard_text, *percent_text;
};

#define C(t, f, fl, h, ...) \
	{ .name = #f, .flags = (fl), .offset = offsetof(struct limit_row, l.f), .help = (h), \
	  .type = (t) + 0 * sizeof(char[COL_OK_(t, ((struct limit *)0)->f) ? 1 : -1]), \
	  ##__VA_ARGS__ }
#define T(f, h) COL(COL_STR, struct limit_row, f, COL_NOJSON | COL_RIGHT, \
		    "the same as people read it", .head = h)

static const struct col limits_col[] = {
	C(COL_STR, name, COL_NAME, "what is limited"),
	C(COL_STR, kind, COL_HIDE, "cgroup, pressure, state, oom or rlimit"),
	C(COL_STR, unit, COL_HIDE, "of the numbers: bytes, count, millicpu, s, us, percent"),
	C(COL_U64, use, COL_HIDE, "what is used; null: cannot be known"), T(use_text, "USE"),
	C(COL_U64, soft, COL_HIDE, "limit that holds, of an rlimit; null: none"),
	T(soft_text, "SOFT"),
	C(COL_U64, hard, COL_HIDE, "limit; of an rlimit, up to which it can be raised; null: none"),
	T(hard_text, "HARD"),
	C(COL_U64, used_percent, COL_HIDE, "what is used of the limit that holds"),
	T(percent_text, "USE%"),
	C(COL_U64, headroom, COL_HIDE, "what is left"),
	C(COL_U64, headroom_percent, COL_HIDE, "what is left, of the limit"),
	C(COL_STR, state, 0, "ok, cache (full of what can be given back), tight (80 %), full, "
	  "throttled, pressure, oom, frozen or unknown"),
	C(COL_BYTES, level, COL_CLAIMED, "process N, container, or the cgroup above that limits"),
	C(COL_U64, up, COL_HIDE, "levels above the container's own cgroup"),
	C(COL_U64, events, COL_HIDE, "times that the limit was hit; of memory, processes killed"),
	C(COL_U64, periods, COL_HIDE, "of a cpu quota, so far or in the sample"),
	C(COL_U64, throttled_percent, COL_HIDE, "of these, in which it was used up"),
	C(COL_DUR, throttled_s, COL_HIDE, "time for which threads had to wait for the next"),
	C(COL_U64, avg10, COL_HIDE, "percent of the last 10 s that was lost to pressure"),
	C(COL_U64, avg60, COL_HIDE, "of the last 60 s"),
	C(COL_U64, avg300, COL_HIDE, "of the last 300 s"),
	C(COL_DUR, stalled_s, COL_HIDE, "time lost to pressure so far"),
	C(COL_BYTES, note, 0, "what more there is to know"),
	COL_END
};

struct limits_sum {
	uint64_t limits, troubles;
	struct bytes text;
};

static const struct col limits_sum_col[] = {
	COL(COL_U64, struct limits_sum, limits, 0, "that were looked at"),
	COL(COL_U64, struct limits_sum, troubles, 0, "whose state is none of ok, cache, unknown"),
	COL(COL_BYTES, struct limits_sum, text, COL_NOJSON, "these, on one line"),
	COL_END
};

struct sheet {
	struct run *r;
	const struct limits_opts *o;
	struct arena *a;
	struct limits_sum sum;
	struct buf troubles;
};

/* ---- how a limit looks ---- */

static const char *text_of(struct sheet *s, const struct limit *l, uint64_t n, bool limit)
{
	auto_buf struct buf b = { 0 };

	if (n == NONE_U64)
		return limit && l->shows_max ? "max" : NULL;
	if (!strcmp(l->unit, "bytes"))
		text_human(&b, n);
	else if (!strcmp(l->unit, "millicpu"))
		buf_addf(&b, "%.4g cpu", (double)n / 1000);
	else if (!strcmp(l->unit, "percent"))
		buf_addf(&b, "%llu%%", LLU(n));
	else
		buf_addf(&b, "%llu%s%s", LLU(n), !strcmp(l->unit, "count") ? "" : " ",
			 !strcmp(l->unit, "count") ? "" : l->unit);
	return arena_dup(s->a, b.bytes, b.len);
}

static const char *percent_text(struct sheet *s, const struct limit *l)
{
	auto_buf struct buf b = { 0 };

	if (l->used_percent == NONE_U64)
		return NULL;
	buf_addf(&b, "%llu%%", LLU(l->used_percent));
	return arena_dup(s->a, b.bytes, b.len);
}

static void found(void *ctx, struct limit *l)
{
	struct sheet *s = ctx;
	struct limit_row row = { .l = *l };

	s->sum.limits++;
	if (limit_is_trouble(l))
		buf_addf(&s->troubles, "%s%s %s (%.*s)", s->sum.troubles++ ? ", " : "", l->name,
			 l->state, (int)l->level.len, l->level.p ? l->level.p : "");
	else if (s->o->tight && strcmp(l->state, "cache"))
		return;
	row.use_text = text_of(s, l, l->use, false);
	row.hard_text = text_of(s, l, l->hard, true);
	if (!strcmp(l->kind, "rlimit"))
		row.soft_text = text_of(s, l, l->soft, true);
	row.percent_text = percent_text(s, l);
	emit_row(s->r->emit, &row);
}

static void tick(void *ctx)
{
	emit_tick(((struct sheet *)ctx)->r->emit);
}

/* ---- one process ---- */

static struct bytes process_name(struct sheet *s, uint64_t pid)
{
	auto_buf struct buf b = { 0 };

	buf_addf(&b, "process %llu", LLU(pid));
	return (struct bytes){ arena_dup(s->a, b.bytes, b.len), b.len };
}

static void put_oom(struct sheet *s, int dir, struct bytes level)
{
	struct limit l = limit_new("oom_score", "oom", "count");
	auto_buf struct buf note = { 0 };
	char score[32], adj[32];
	const char *p = score;

	if (fd_read_at(dir, "oom_score", score, sizeof(score)) <= 0 || !scan_u64(&p, &l.use) ||
	    fd_read_at(dir, "oom_score_adj", adj, sizeof(adj)) <= 0)
		return;
	adj[strcspn(adj, "\n")] = '\0';
	buf_addf(&note, "oom_score_adj %s; the highest is killed first", adj);
	l.note = (struct bytes){ arena_dup(s->a, note.bytes, note.len), note.len };
	l.level = level;
	l.shows_max = false;
	limit_judge(&l);
	found(s, &l);
}

/* Host root is not held to nproc (kernel/fork.c). */
static bool is_exempt(const struct target *t, int dir, const struct proc_status *st)
{
	const uint64_t admin = 1ull << 21 | 1ull << 24;	/* CAP_SYS_ADMIN, CAP_SYS_RESOURCE */

	return st->uid[0] == 0 || ((st->cap_eff & admin) && ns_id(dir, "user") == t->host.user);
}

static void put_rlimits(struct sheet *s, int dir, struct bytes level)
{
	struct proc_status st;
	struct rlimits r;
	uint64_t use[RL_COUNT];

	if (rlimits_read(&r, dir) < 0 || proc_status(dir, &st) < 0)
		return;
	rlimits_use(use, &r, dir, s->r->in->procfs, tick, s);
	for (int i = 0; i < RL_COUNT; i++) {
		const struct rlimit_kind *k = &rlimit_kinds[i];
		struct limit l = limit_new(k->name, "rlimit", k->unit);
		const char *note = k->meaning;

		if (!r.there[i])
			continue;
		l.use = use[i];
		l.soft = r.soft[i];
		l.hard = r.hard[i];
		l.level = level;
		if (i == RL_NPROC && is_exempt(s->r->target, dir, &st)) {
			note = "threads of its user; not enforced for its rights";
			l.state = "ok";
		}
		l.note = (struct bytes){ note, strlen(note) };
		limit_judge(&l);
		/* what is not enforced, or is no shortage when it is used up */
		if (i == RL_RSS || i == RL_LOCKS || i == RL_NICE || i == RL_RTPRIO)
			l.state = "ok";
		found(s, &l);
	}
}

static void put_process(struct sheet *s)
{
	struct err e;
	auto_close int dir = target_process(s->r->target, s->r->in, s->o->pid, &e);
	struct proc_status st;
	struct bytes level;

	if (dir < 0) {
		emit_err(s->r->emit, &e);
		return;
	}
	if (proc_status(dir, &st) < 0)
		return;
	level = process_name(s, (uint64_t)target_pid(s->r->target, &st));
	put_oom(s, dir, level);
	put_rlimits(s, dir, level);
}

/* ---- the verb ---- */

#define SLICE_MS 50

static void wait_for(struct sheet *s, uint64_t ns)
{
	uint64_t until = clock_ns() + ns, now;

	while ((now = clock_ns()) < until) {
		uint64_t ms = (until - now + NS_PER_MS - 1) / NS_PER_MS;

		poll(NULL, 0, ms < SLICE_MS ? (int)ms : SLICE_MS);
		tick(s);
	}
}

/* Which cgroups it shares with others: their use is not the container's. */
static void say_shared(struct sheet *s)
{
	static const char *const controllers[] = { "pids", "memory", "cpu" };
	const struct cgset *set = &s->r->target->cgroups;

	for (size_t i = 0; i < ARRAY_SIZE(controllers); i++) {
		const struct cgset_at *at = cgset_find(set, controllers[i]);

		if (!at)
			emit_note(s->r->emit, "no cgroup hierarchy is mounted here for %s",
				  controllers[i]);
		else if (!at->own)
			emit_note(s->r->emit, "it has no %s cgroup of its own: limits and use are "
				  "those of %s, which it shares", controllers[i], at->path);
	}
}

static void send_summary(struct sheet *s)
{
	auto_buf struct buf b = { 0 };

	if (s->sum.troubles)
		buf_addf(&b, "in trouble: %s", s->troubles.bytes);
	else
		buf_addf(&b, "nothing is in trouble, of %llu limits", LLU(s->sum.limits));
	s->sum.text = (struct bytes){ b.bytes, b.len };
	emit_summary(s->r->emit, &s->sum);
}

static void limits_run(struct run *r)
{
	struct sheet s = { .r = r, .o = r->opts, .a = arena_new() };
	struct limits l = { .cgroups = &r->target->cgroups, .arena = s.a, .found = found,
		.tick = tick, .ctx = &s };

	if (s.o->sample) {
		uint64_t from = clock_ns();

		limits_sample(&l);
		wait_for(&s, s.o->sample);
		l.sampled_ns = clock_ns() - from;
	}
	say_shared(&s);
	limits_of_freezer(&l);
	limits_of_cgroups(&l);
	limits_of_pressure(&l);
	put_process(&s);
	send_summary(&s);
	buf_free(&s.troubles);
	arena_free(&s.a);
}

static int limits_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	const struct limits_opts *o = opts;

	(void)nargs;
	(void)args;
	(void)l;
	if (o->sample > 3600 * NS_PER_S)
		return err_set(e, ST_USAGE, "--sample: an hour is the most");
	return 0;
}

static const struct example limits_example[] = {
	{ "nsdebug limits nsd-demo", "all limits, what is used of them, and what is the matter" },
	{ "nsdebug limits -q nsd-demo", "only what is the matter" },
	{ "nsdebug limits --sample 200ms nsd-demo", "with the processor time that it takes now" },
	{ "nsdebug limits --all -q", "of all containers of the node" },
	{ NULL }
};

const struct tool tool_limits = {
	.name = "limits",
	.summary = "show what limits a container, how much it uses, and what is in trouble",
	.about = "The limits of its cgroups (processes, memory, processor, disks, huge pages) "
		"count at every level: one that is set above the container, on its pod, is shown "
		"with that level, and USE is then that of all that is below it. Then the "
		"pressure (PSI) it is under, and the resource limits of its first process or of "
		"-p PID with what is used of them. Of memory, state looks at the working set: "
		"\"cache\" is full of files that can be given back at once. Throttling and oom "
		"kills are counted since the cgroup was made; --sample looks at now.",
	.needs = NEED_PROC,
	.cgroups = true,
	.opts = limits_opt, .opts_size = sizeof(struct limits_opts),
	.cols = limits_col,
	.summary_cols = limits_sum_col,
	.examples = limits_example,
	.setup = limits_setup,
	.run = limits_run,
};
