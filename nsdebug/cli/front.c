/* SPDX-License-Identifier: Apache-2.0 */
/*
 * front - runs a verb: finds its targets, starts their children, hands what they say to out/.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/sig.h"
#include "nsdebug/cli/cli.h"
#include "nsdebug/cli/hostdir.h"
#include "nsdebug/cli/hostfile.h"
#include "nsdebug/cli/job.h"
#include "nsdebug/cli/late.h"
#include "nsdebug/enter/relay.h"
#include "nsdebug/out/expr.h"
#include "nsdebug/target/near.h"
#include "nsdebug/target/find.h"
#include "nsdebug/target/next.h"
#include "nsdebug/target/scan.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/aids.h"
#include "nsdebug/trace/guard.h"

#define AGAIN_MAX FRAME_MAX
#define ROUNDS 4

struct front {
	const struct command *c;
	struct out *out;
	struct expr *filter;	/* --filter, or NULL */
	enum status status;
	char target[TARGET_NAME_MAX];	/* whose rows these are, for messages; empty: no one's */
	int signals;
	bool summed;		/* the child has sent its summary */
	bool pokes;		/* SIGUSR1 and Enter are for the child */
	uint64_t until_ns;
	struct buf again;	/* what the child of this round asked for */
	struct near near;	/* collected once for all targets */
	struct hostdir dir;	/* of tool->files */
	struct late late;	/* of tool->look, or judges */
	const struct job *job;	/* of this round */
};

static void now_about(struct front *f, const char *target)
{
	snprintf(f->target, sizeof(f->target), "%s", target);
}

static void fail(struct front *f, enum status status, const char *msg, size_t len)
{
	auto_buf struct buf b = { 0 };

	f->status = status_worse(f->status, status);
	if (!len)
		return;
	if ((f->c->g.all || f->c->g.selector) &&
	    (!f->target[0] || len < strlen(f->target) || !str_prefix(msg, f->target)))
		buf_addf(&b, "%s: ", f->target[0] ? f->target : f->c->tool->name);
	buf_add(&b, msg, len);
	out_say(b.bytes, b.len);
	out_error(f->out, f->target, status, msg, len);
}

static void fail_err(struct front *f, const struct err *e)
{
	fail(f, e->status, e->msg, strlen(e->msg));
}

/* ---- frames ---- */

static int take_again(struct front *f, struct bytes body)
{
	if (f->again.len + body.len <= AGAIN_MAX)
		buf_add(&f->again, body.p, body.len);
	return 0;
}

static void take_name(struct front *f, struct bytes body)
{
	char kind = body.len ? body.p[0] : 0;
	uint64_t id;

	body.p++;
	body.len--;
	if ((kind == 'u' || kind == 'g') && get_varint(&body, &id))
		out_name(f->out, kind, id, body.p, body.len);
}

/* A container that is gone has no files, which is the tracer's to say. */
static void take_look(struct front *f)
{
	struct err e;

	if (late_start(&f->late, f->job, &e) < 0)
		out_say(e.msg, strlen(e.msg));
}

static int take_batch(void *ctx, struct err *e)
{
	struct front *f = ctx;
	int n = out_flush(f->out, e);

	return !n && out_closed(f->out) ? err_set(e, ST_OK, "%s", "") : n;
}

static int take_frame(void *ctx, enum frame_type type, struct bytes body, struct err *e)
{
	struct front *f = ctx;

	/* what is said stands behind the rows that came before it */
	if (type != F_ROW && out_flush(f->out, e) < 0)
		return -1;
	switch (type) {
	case F_ROW:
		if (out_row(f->out, body, e) < 0)
			return -1;
		return out_closed(f->out) ? err_set(e, ST_OK, "%s", "") : 0;
	case F_SUMMARY:
		f->summed = true;
		return out_summary(f->out, body, e);
	case F_ERR:
		if (body.len > 1)
			fail(f, (enum status)(unsigned char)body.p[0], body.p + 1, body.len - 1);
		return 0;
	case F_CUT:
		out_truncated(f->out);
		fail(f, ST_INCOMPLETE, body.p, body.len);
		return 0;
	case F_NOTE:
		out_say(body.p, body.len);
		return 0;
	case F_NAME:
		take_name(f, body);
		return 0;
	case F_LOOK:
		take_look(f);
		return 0;
	case F_FILE:
		return hostdir_add(&f->dir, body, e);
	default:
		return take_again(f, body);
	}
}

static int take_data(void *ctx, int fd, struct err *e)
{
	struct front *f = ctx;
	int n = out_data(f->out, fd, e);

	return n > 0 && out_closed(f->out) ? err_set(e, ST_OK, "%s", "") : n;
}

/* ---- one target ---- */

static void relay(struct front *f, struct child *c)
{
	struct relay r = {
		.frame = take_frame, .batch = take_batch, .data = take_data, .ctx = f,
		.who = f->target,
		.timeout_ns = f->c->g.timeout_ns, .until_ns = f->until_ns, .signals = f->signals,
		.pokes = f->pokes,
	};
	struct err e;
	enum status st = relay_run(&r, c, &e);

	if (st == ST_DEADLINE || st == ST_STUCK || st == ST_INTERNAL)
		out_truncated(f->out);
	if (e.msg[0])
		fail(f, st, e.msg, strlen(e.msg));
	f->status = status_worse(f->status, st);
}

/*
 * The mount table says whether the child may work in a clone of the tree. Clones nearly always do,
 * so the child is started as if it may while the table is read, and in the rare case it is ended
 * unheard and started again.
 */
static int check_mounts(struct child *c, const struct job *j, struct target *t, struct err *e)
{
	if (target_mounts(t, e) == 0 && !t->place.raw)
		return 0;
	enter_kill(c);
	return t->place.raw ? job_start(j, 0, c, e) : -1;
}

/* beside: enum again_beside */
static void run_round(struct front *f, const struct job *job, struct target *t,
		      unsigned int beside)
{
	struct job with = *job, *j = &with;
	struct child kids[JOB_CHILDREN] = { [0 ... JOB_CHILDREN - 1] = CHILD_NONE };
	bool reader = job_need(j->c, t) == NEED_ROOT;
	struct err e;
	int n = late_connect(&f->late, j, &with.judge, &e);

	f->job = j;
	if (n == 0)
		n = job_start(j, beside, kids, &e);
	late_given(&f->late);
	if (n == 0 && reader && !t->mounts.items && !t->place.image)
		n = check_mounts(kids, j, t, &e);
	if (n < 0)
		fail_err(f, &e);
	else if (reader && !t->place.image)
		remark_root(t);
	for (size_t i = 0; i < JOB_SILENT; i++)
		if (kids[i].pid > 0)
			relay(f, &kids[i]);
	if (late_end(&f->late, f->target, &e) < 0)
		fail_err(f, &e);
	if (f->late.child.pid > 0)
		relay(f, &f->late.child);
	late_free(&f->late);
	/* nobody is left to ask it, and it may not have got as far as to notice */
	enter_kill(&kids[JOB_SILENT]);
}

static void run_names(struct front *f, const struct job *j)
{
	struct child c;
	struct err e;

	if (job_start_names(j, &c, &e) < 0)
		fail_err(f, &e);
	else
		relay(f, &c);
}

static int prepare(struct front *f, struct target *t, struct err *e)
{
	const struct tool *tool = f->c->tool;
	bool reader = job_need(f->c, t) == NEED_ROOT;

	if (tool->judge && !t->next)
		ownprofile_read(&t->profile, &t->container, t->arena);
	if (t->next || t->place.image)
		return 0;
	if ((!reader || (tool->mounts && tool->mounts(f->c->opts))) && target_mounts(t, e) < 0)
		return -1;
	if (tool->host_mounts && target_host_mounts(t, e) < 0)
		return -1;
	if (reader || target_scope(t, e) < 0)
		return reader ? 0 : -1;
	return tool->cgroups ? target_cgroups(t, e) : 0;
}

static int open_file(struct front *f, struct job *j, struct hostfile *h, struct err *e)
{
	struct tool_file want;

	f->summed = false;
	if (!command_file(f->c, &want))
		return 0;
	if (hostfile_open(h, &want, e) < 0)
		return err_wrap(e, "%s", f->c->tool->name);
	j->file = h->fd;
	j->writes = h->write;
	return 0;
}

static int open_dir(struct front *f, struct err *e)
{
	struct tool_files want;
	const struct tool *tool = f->c->tool;

	if (!tool->files || !tool->files(f->c->opts, &want))
		return 0;
	if (f->c->g.all || f->c->g.selector)
		return err_set(e, ST_USAGE, "files of one target at a time: name it");
	return hostdir_open(&f->dir, &want, e);
}

/* What an interrupted watch has seen is whole, too. */
static void close_dir(struct front *f)
{
	struct err e;

	if (f->summed && (f->status == ST_OK || f->status == ST_INCOMPLETE ||
			  f->status == ST_INTERRUPTED) && hostdir_keep(&f->dir, &e) < 0)
		fail_err(f, &e);
	hostdir_close(&f->dir);
}

/* One that is not whole gets no name. */
static void close_file(struct front *f, struct hostfile *h)
{
	struct err e;

	if (f->summed && (f->status == ST_OK || f->status == ST_INCOMPLETE) &&
	    hostfile_keep(h, f->signals, f->until_ns, &e) < 0)
		fail_err(f, &e);
	hostfile_close(h);
}

static bool wants_types(const struct front *f, unsigned int beside)
{
	const struct tool *tool = f->c->tool;

	return job_need(f->c, NULL) == NEED_TRACE || beside & AGAIN_ITERATOR ||
		(tool->filters && tool->filters(f->c->opts));
}

static void run_target(struct front *f, struct target *t)
{
	struct job j = { .c = f->c, .target = t, .near = &f->near, .filter = f->filter,
		.unseen = out_unseen(f->out), .files = -1, .judge = -1, .sampler = -1,
		.file = -1, .types = -1 };
	struct hostfile file = HOSTFILE_NONE;
	auto_close int types = -1;
	auto_aids struct aids aids = AIDS_NONE;
	auto_buf struct buf again = { 0 };
	bool reader = job_need(f->c, t) == NEED_ROOT;
	bool names = !reader && f->c->tool->names && f->c->tool->names(f->c->opts);
	bool guarded = f->c->tool->guarded && f->c->tool->guarded(f->c->opts);
	unsigned int beside = 0;
	char first;
	struct err e;

	if (f->c->tool->aids || f->c->tool->symbols) {
		aids_open(&aids, f->c->tool->aids);
		j.aids = &aids;
	}
	now_about(f, t->name);
	if (out_target(f->out, t->name, &e) < 0 || prepare(f, t, &e) < 0 ||
	    (guarded && guard_make(&j.guard, &e) < 0) || open_file(f, &j, &file, &e) < 0 ||
	    open_dir(f, &e) < 0) {
		hostfile_close(&file);
		hostdir_close(&f->dir);
		fail_err(f, &e);
		return;
	}
	if (names)
		run_names(f, &j);
	if (f->c->tool->first)
		beside = f->c->tool->first(f->c->opts, t, &first);
	if (beside)
		j.again = (struct bytes){ &first, 1 };
	for (int round = 0; round < ROUNDS && !out_closed(f->out); round++) {
		buf_clear(&f->again);
		if (types < 0 && wants_types(f, beside))
			j.types = types = remark_types();
		run_round(f, &j, t, beside);
		if (!f->again.len)
			break;
		beside = (unsigned char)f->again.bytes[0];
		buf_clear(&again);
		buf_add(&again, f->again.bytes + 1, f->again.len - 1);
		j.again = (struct bytes){ again.bytes, again.len };
	}
	/* a trace says itself that the target has ended, and has missed nothing */
	if (!target_alive(t) && f->status != ST_INTERRUPTED && job_need(f->c, t) != NEED_TRACE) {
		err_set(&e, ST_TARGET, "%s went away meanwhile: what was read may be incomplete",
			t->name);
		fail_err(f, &e);
	}
	close_file(f, &file);
	close_dir(f);
	guard_free(&j.guard);
}

/* ---- several targets ---- */

struct chosen {
	struct front *f;
	const struct target_want *want;
	struct node node;
	struct arena *arena;
	struct container *items;
	size_t count;
};

/* A sandbox holds no application: who wants its pause process names it. */
static bool choose(void *ctx, struct container *c)
{
	struct chosen *s = ctx;
	const char *label = s->f->c->g.selector;
	auto_buf struct buf labels = { 0 };

	/* only their users' files tell which of these are sandboxes */
	if (c->claimed)
		c->runtime->detail(c, s->arena, &labels, NULL);
	if (c->kind == KIND_SANDBOX || !container_is_in(c, s->want->space, s->want->part) ||
	    (!s->want->ended && container_life(c, &s->node).state == CSTATE_EXITED) ||
	    (label && !container_has_label(c, s->arena, label)))
		return true;
	s->items = mem_more(s->items, s->count);
	s->items[s->count++] = *c;
	return true;
}

static void say_missing(struct front *f, unsigned int broken)
{
	struct err e;

	if (broken) {
		err_set(&e, ST_INCOMPLETE, "%u state files could not be read: their containers "
			"are left out", broken);
		out_truncated(f->out);
		fail_err(f, &e);
	}
	if (scan_missing()) {
		out_truncated(f->out);
		fail_err(f, scan_missing());
	}
}

static void run_many(struct front *f, const struct target_want *want)
{
	auto_arena struct arena *arena = arena_new();
	struct chosen s = { .f = f, .want = want, .arena = arena };
	unsigned int broken = 0;
	struct err e;

	if (node_open(&s.node, &e) < 0 || target_each(arena, choose, &s, &broken, &e) < 0)
		fail_err(f, &e);
	node_close(&s.node);
	say_missing(f, broken);
	if (!s.count) {
		err_set(&e, ST_TARGET, "no running container%s%s ('nsdebug list' shows all)%s",
			f->c->g.selector ? " has the label " : "",
			f->c->g.selector ? f->c->g.selector : "",
			f->c->g.selector ? "; labels of podman and of pods are in no file" : "");
		fail_err(f, &e);
	}
	for (size_t i = 0; i < s.count && f->status != ST_INTERRUPTED; i++) {
		struct target t;

		if ((want->ended ? target_pin_or_end : target_pin)(&t, &s.items[i], want, &e) < 0) {
			now_about(f, t.name);
			fail_err(f, &e);
		} else {
			if (t.container.kind != KIND_PLAIN)
				remark_claimed(&t);
			run_target(f, &t);
		}
		target_free(&t);
	}
	now_about(f, "");
	free(s.items);
}

static void run_one(struct front *f, const struct target_want *want)
{
	struct tool_file file;
	struct target t;
	struct err e;

	now_about(f, f->c->target);
	if (target_find(&t, f->c->target, want, &e) < 0) {
		if (e.status == ST_TARGET && f->c->tool->next)
			err_add(&e, "; '--next %s' in its place waits for the next", f->c->target);
		if (e.status == ST_TARGET && command_file(f->c, &file) && !file.write)
			err_add(&e, "; without it %s is read all the same", file.path);
		fail_err(f, &e);
		out_target(f->out, f->c->target, &e);
	} else {
		remark_claimed(&t);
		run_target(f, &t);
	}
	target_free(&t);
}

/* A file is looked at, and files that it names are the host's own. */
static void run_file(struct front *f, const struct tool_file *file)
{
	const struct target_want want = { .host = true };
	struct target t;
	struct err e;

	now_about(f, file->path);
	if (target_pin_pid(&t, getpid(), &want, &e) < 0) {
		fail_err(f, &e);
	} else {
		snprintf(t.name, sizeof(t.name), "%s", file->path);
		run_target(f, &t);
	}
	target_free(&t);
}

static void run_next(struct front *f, const struct target_want *want)
{
	const char *word = command_next(f->c);
	struct target t;
	struct next n;
	struct err e;

	now_about(f, word);
	if (target_next(&t, &n, word, want, &e) < 0) {
		fail_err(f, &e);
		out_target(f->out, word, &e);
	} else {
		f->late.word = word;
		f->late.want = want;
		run_target(f, &t);
	}
	target_free(&t);
}

/* ---- verbs that need no target run here: their frames take the same way ---- */

static void deliver(void *ctx, const char *bytes, size_t len)
{
	struct front *f = ctx;
	struct err e = { 0 };
	uint32_t n;

	for (size_t at = 0; at < len; at += sizeof(n) + n) {
		enum frame_type type = (enum frame_type)bytes[at + sizeof(n)];

		memcpy(&n, bytes + at, sizeof(n));
		if (type == F_TICK || out_closed(f->out))
			continue;
		if (take_frame(f, type, (struct bytes){ bytes + at + sizeof(n) + 1, n - 1 },
			       &e) < 0 && e.msg[0])
			fail_err(f, &e);
	}
}

static void run_here(struct front *f)
{
	struct emit emit = {
		.fd = -1, .data = -1, .cols = f->c->tool->cols, .deliver = deliver, .ctx = f,
		.summary = f->c->tool->summary_cols, .filter = f->filter,
	};
	struct run r = { .tool = f->c->tool, .opts = f->c->opts, .args = f->c->args,
		.nargs = f->c->nargs, .emit = &emit };

	f->c->tool->run(&r);
	emit_flush(&emit);
	f->status = status_worse(f->status, emit.status);
	buf_free(&emit.out);
}

/* ---- the whole ---- */

static void run_tool(struct front *f)
{
	struct target_want want = {
		.host = f->c->g.host, .space = f->c->g.space, .part = f->c->g.part,
		.ended = f->c->tool->ended && f->c->tool->ended(f->c->opts),
	};
	struct tool_file file;
	struct err e;

	if (f->c->tool->near && f->c->tool->near(f->c->opts) &&
	    near_collect(&f->near, &e) < 0)
		fail_err(f, &e);
	if (f->c->tool->needs == NEED_HOST || f->c->tool->needs == NEED_NONE)
		run_here(f);
	else if (command_next(f->c))
		run_next(f, &want);
	else if (command_file(f->c, &file) && !f->c->target)
		run_file(f, &file);
	else if (f->c->g.all || f->c->g.selector)
		run_many(f, &want);
	else
		run_one(f, &want);
}

enum status front_run(struct command *c, const struct env *env)
{
	struct front f = { .c = c, .signals = sig_open(), .late = LATE_NONE };
	struct layout l;
	struct err e;

	if (layout_of(c, env, &l, &e) < 0 || layout_filter(c, &l, &f.filter, &e) < 0) {
		err_wrap(&e, "%s", c->tool->name);
		out_say(e.msg, strlen(e.msg));
		return e.status;
	}
	f.pokes = c->tool->pokes && c->tool->pokes(c->opts);
	if (f.pokes)
		sig_open_poke(f.signals);
	if (c->g.max_time_ns) {
		f.until_ns = clock_ns() + c->g.max_time_ns;
		relay_bound(c->g.max_time_ns);
	}
	scan_bound(c->g.timeout_ns, f.until_ns, f.signals);
	f.out = out_new(c->tool->name, c->tool->cols, c->tool->summary_cols, &l,
			c->g.all || c->g.selector, 1, f.signals);
	if (out_check(f.out, &e) < 0)
		fail_err(&f, &e);
	else
		run_tool(&f);
	if (out_end(f.out, &e) < 0)
		fail_err(&f, &e);
	if (out_closed(f.out))
		f.status = ST_OK;
	buf_free(&f.again);
	expr_free(&f.filter);
	near_free(&f.near);
	out_free(&f.out);
	return f.status;
}
