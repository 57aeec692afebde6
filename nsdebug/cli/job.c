/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/cli/job.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/cli.h"
#include "nsdebug/code/debugfile.h"
#include "nsdebug/code/stop.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/sys/devrules.h"
#include "nsdebug/sys/layers.h"
#include "nsdebug/sys/mountids.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/aids.h"
#include "nsdebug/trace/filters.h"
#include "nsdebug/trace/guard.h"
#include "nsdebug/trace/iterate.h"
#include "nsdebug/trace/mapper.h"
#include "nsdebug/trace/sample.h"
#include "nsdebug/why/judge.h"

/* ---- inside the children ---- */

static struct run run_of(const struct job *j, struct inside *in)
{
	struct run r = {
		.tool = j->c->tool, .target = j->target, .opts = j->c->opts, .args = j->c->args,
		.nargs = j->c->nargs, .emit = &in->emit, .in = in, .again = j->again,
		.near = j->near, .guard = j->guard, .aids = j->aids, .rules = j->rules,
		.timeout_ns = j->c->g.timeout_ns,
	};

	if (in->root >= 0)
		root_init(&r.root, in);
	return r;
}

static void live_verb(struct inside *in, void *arg)
{
	const struct job *j = arg;
	struct run r = run_of(j, in);

	in->emit.filter = j->filter;
	in->emit.unseen = j->unseen;
	in->files = j->files;
	in->judge = j->judge;
	in->sampler = j->sampler;
	in->file = j->file;
	j->c->tool->run(&r);
}

static void live_names(struct inside *in, void *arg)
{
	struct run r = run_of(arg, in);

	run_send_names(&r);
}

static void live_guardian(struct inside *in, void *arg)
{
	const struct job *j = arg;

	guard_serve(in, j->guard);
}

/* ---- starting them ---- */

enum need job_need(const struct command *c, const struct target *t)
{
	if (t && t->place.image)
		return NEED_ROOT;
	return c->tool->needs_of ? c->tool->needs_of(c->opts, c->nargs, c->args) : c->tool->needs;
}

static int spawn_with(struct child *c, const struct job *j, enum role role, enter_fn *fn, void *arg,
		      int peer, int second, struct err *e)
{
	struct spawn s = {
		.role = role, .place = &j->target->place, .fn = fn, .arg = arg,
		.cols = j->c->tool->cols, .summary = j->c->tool->summary_cols,
		.data = j->c->tool->data && fn == live_verb, .peer = peer, .second = second,
		.types = role == ROLE_GUARDIAN ? -1 : j->types,
		.host_debug = fn == debugfile_serve, .judge = fn == judge_serve,
		.looks = fn == j->c->tool->look,
		.clocks = role == ROLE_TRACER && j->c->tool->aids,
		.prompt = fn == stop_serve || (fn == live_verb && role == ROLE_PROC && peer >= 0),
		.nets = j->c->tool->nets ? j->c->tool->nets(j->c->opts) : NETS_NONE,
	};
	struct guard *g = j->guard;

	if (fn == live_verb)
		s.keep[s.kept++] = j->judge;
	if (role == ROLE_PROC && fn == live_verb) {
		s.keep[s.kept++] = j->files;
		s.keep[s.kept++] = j->sampler;
		s.keep[s.kept++] = j->file;
		s.writes = j->writes;
	}
	if (j->target->ending && role == ROLE_READER && fn == live_verb) {
		s.keep[s.kept++] = j->target->ending->log;
		s.keep[s.kept++] = j->target->ending->kernel;
	}
	if (g && role == ROLE_GUARDIAN)
		return guard_spawn(g, c, &s, e);
	if (g && role == ROLE_TRACER)
		s.keep[s.kept++] = g->map;
	if (j->aids && role == ROLE_TRACER) {
		s.keep[s.kept++] = j->aids->symbols;
		s.keep[s.kept++] = j->aids->stats;
		s.keep[s.kept++] = j->files;
	}
	return enter_spawn(c, &s, e);
}

static int spawn(struct child *c, const struct job *j, enum role role, enter_fn *fn, int peer,
		 int second, struct err *e)
{
	return spawn_with(c, j, role, fn, (void *)j, peer, second, e);
}

/* A child beside another one, and the other's end of their connection. */
static int start_beside(struct child *c, const struct job *j, enum role role, enter_fn *fn,
			void *arg, int *peer, struct err *e)
{
	auto_close int a = -1, b = -1;
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
		return err_sys(e, "connect two children");
	a = sv[0];
	b = sv[1];
	if (spawn_with(c, j, role, fn, arg, a, -1, e) < 0)
		return -1;
	*peer = take_fd(&b);
	return 0;
}

static const struct devrules *devices_of(const struct target *t)
{
	auto_close int self = openat(t->place.procfs, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct devrules *r = arena_alloc(t->arena, sizeof(*r));

	devrules_read(r, t->place.proc, self, t->arena);
	return r;
}

int job_start_judge(const struct job *j, const struct target *t, struct child *c, int *judge,
		    struct err *e)
{
	struct access_site site = { .mounts = &t->mounts, .uids = &t->uids, .gids = &t->gids,
		.user_ns = t->ns.user };
	struct job with = *j;

	with.target = t;
	mountids_read(&t->mounts, t->place.proc, t->arena);
	layers_mark(&t->mounts, &t->host_mounts);
	judge_rules(&site, t->place.proc);
	/* who is traced was refused by it or not: that is seen, and is another time */
	if (job_need(j->c, t) == NEED_PROC)
		site.devices = devices_of(t);
	return start_beside(c, &with, ROLE_READER, judge_serve, &site, judge, e);
}

/* The child that copies, and beside it who holds still what it copies, or knows its registers, or
 * copies what runs, and who opens debug files for it. */
static int start_stack(struct child *kids, const struct job *j, unsigned int beside, struct err *e)
{
	struct child *main = &kids[0], *stopper = &kids[1], *iterator = &kids[2];
	struct debugfile_server server = { &j->target->mounts, &j->target->uids };
	auto_close int held = -1, visited = -1, sampled = -1, files = -1;
	struct job with = *j;

	if (beside & AGAIN_ITERATOR &&
	    start_beside(iterator, j, ROLE_ITERATOR, iterate_serve, NULL, &visited, e) < 0)
		return -1;
	if (beside & AGAIN_SAMPLER &&
	    start_beside(&kids[3], j, ROLE_SAMPLER, sample_serve, NULL, &sampled, e) < 0)
		return -1;
	if (beside & AGAIN_STOPPER &&
	    start_beside(stopper, j, ROLE_STOPPER, stop_serve, NULL, &held, e) < 0)
		return -1;
	if (start_beside(&kids[JOB_SILENT], j, ROLE_READER, debugfile_serve,
			 &server, &files, e) < 0)
		return -1;
	with.files = files;
	with.sampler = sampled;
	return spawn(main, &with, ROLE_PROC, live_verb, held, visited, e);
}

/* The child that traces, and beside it who continues what its programs stop, who knows where code
 * is, and who opens debug files. */
static int start_trace(struct child *kids, const struct job *j, struct err *e)
{
	struct debugfile_server server = { &j->target->mounts, &j->target->uids };
	struct child *guardian = &kids[1], *mapper = &kids[2];
	const struct tool *tool = j->c->tool;
	auto_close int peer = -1, maps = -1, files = -1;
	struct job with = *j;

	if (j->guard &&
	    start_beside(guardian, j, ROLE_GUARDIAN, live_guardian, (void *)j, &peer, e) < 0)
		return -1;
	if (tool->mapper && tool->mapper(j->c->opts) &&
	    start_beside(mapper, j, ROLE_PROC, mapper_serve, (void *)j->target, &maps, e) < 0)
		return -1;
	if (tool->aids && start_beside(&kids[JOB_SILENT], j, ROLE_READER, debugfile_serve,
				       &server, &files, e) < 0)
		return -1;
	/* without what it would tell there is a trace, too */
	if (tool->reader && !j->target->next &&
	    start_beside(&kids[JOB_SILENT], j, ROLE_READER, tool->reader, NULL, &peer, e) < 0)
		return -1;
	with.files = files;
	return spawn(&kids[0], &with, ROLE_TRACER, live_verb, peer, maps, e);
}

static int start_proc(struct child *kids, const struct job *j, struct err *e)
{
	const struct tool *tool = j->c->tool;
	auto_close int judge = -1, filters = -1;
	struct job with = *j;

	/* its own words are heard, so it may not be there when nobody asks it any more */
	if (tool->judge && tool->judge(j->c->opts) &&
	    job_start_judge(j, j->target, &kids[3], &judge, e) < 0)
		return -1;
	if (tool->filters && tool->filters(j->c->opts) &&
	    start_beside(&kids[1], j, ROLE_ITERATOR, filters_serve, NULL, &filters, e) < 0)
		return -1;
	with.judge = judge;
	return spawn(&kids[0], &with, ROLE_PROC, live_verb, -1, filters, e);
}

static int start_reader(struct child *c, const struct job *j, struct err *e)
{
	static const struct devrules unknown = { .kind = DEVRULES_UNKNOWN };
	struct access_site rules = { .devices = &unknown };
	struct job with = *j;

	if (j->target->ending) {
		judge_rules(&rules, -1);
		with.rules = &rules;
	}
	return spawn(c, &with, ROLE_READER, live_verb, -1, -1, e);
}

int job_start(const struct job *j, unsigned int beside, struct child *kids, struct err *e)
{
	switch (job_need(j->c, j->target)) {
	case NEED_STACK:
		return start_stack(kids, j, beside, e);
	case NEED_TRACE:
		return start_trace(kids, j, e);
	case NEED_ROOT:
		return start_reader(&kids[0], j, e);
	default:
		return start_proc(kids, j, e);
	}
}

int job_start_look(const struct job *j, const struct target *t, int peer, struct child *c,
		   struct err *e)
{
	struct job with = *j;

	with.target = t;
	with.judge = -1;
	return spawn_with(c, &with, ROLE_READER, j->c->tool->look, (void *)&t->mounts,
			  peer, -1, e);
}

int job_start_names(const struct job *j, struct child *c, struct err *e)
{
	return spawn(c, j, ROLE_READER, live_names, -1, -1, e);
}
