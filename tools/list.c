/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list - the containers of this node, from their runtimes' state files; where there are none, from
 * the processes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/clock.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/target/k8s.h"
#include "nsdebug/target/scan.h"
#include "nsdebug/target/target.h"

#define SHORT_ID 12	/* as engines show a container that has no name */

struct list_opts {
	bool exited;
	const char *label, *space, *part;
	bool detail;	/* set by setup(): it takes reading documents to their end */
};

static const struct opt list_opt[] = {
	OPT('a', "all", OPT_FLAG, struct list_opts, exited, NULL, "those that have exited too"),
	OPT('l', "selector", OPT_STR, struct list_opts, label, "KEY=VALUE",
	    "only those with this label"),
	OPT('n', "namespace", OPT_STR, struct list_opts, space, "NAME",
	    "only those of this Kubernetes namespace (or containerd's)"),
	OPT('c', "container", OPT_STR, struct list_opts, part, "NAME",
	    "only those of this name in their pod"),
	OPT_END
};

struct list_row {
	const char *target, *name, *place, *id, *runtime, *kind, *state, *namespace, *pod,
		*container, *image, *created, *bundle;
	uint64_t host_pid, host_uid, restarts, owner, claimed;
	int64_t exit_code;
	struct coltime started;
};

#define C(t, f, fl, h, ...) COL(t, struct list_row, f, fl, h, ##__VA_ARGS__)

static const struct col list_col[] = {
	C(COL_STR, target, COL_NAME | COL_HIDE, "the word for other verbs"),
	C(COL_STR, name, 0, "name, or the beginning of the id where it has none"),
	C(COL_STR, place, COL_NOJSON, "namespace and name of its pod", .head = "POD"),
	C(COL_STR, id, COL_HIDE, "id"),
	C(COL_STR, runtime, 0, "who started it: the outermost owner"),
	C(COL_STR, kind, COL_WIDE, "app, sandbox (holds a pod's namespaces) or plain"),
	C(COL_STR, state, 0, "running, paused, created or exited"),
	C(COL_STR, namespace, COL_HIDE, "Kubernetes namespace, or containerd's"),
	C(COL_STR, pod, COL_HIDE, "name of its pod"),
	C(COL_STR, container, COL_HIDE, "its name in the pod"),
	C(COL_U64, host_pid, 0, "host pid of its first process", .head = "HOSTPID"),
	C(COL_U64, host_uid, 0, "host user id of that process", .head = "HOSTUID"),
	C(COL_TIME, started, 0, "when that process started"),
	C(COL_U64, restarts, COL_WIDE, "attempts before this one, as the log directory tells"),
	C(COL_I64, exit_code, COL_WIDE, "what it exited with, where that is recorded",
	  .head = "EXIT"),
	C(COL_STR, image, COL_WIDE, "image, as recorded"),
	C(COL_STR, created, COL_HIDE, "when it was made, as recorded"),
	C(COL_STR, bundle, COL_HIDE, "directory of its OCI bundle"),
	C(COL_U64, owner, COL_WIDE, "host user id of whoever runs its runtime"),
	C(COL_BOOL, claimed, COL_HIDE, "its names are the word of that user's processes"),
	COL_END
};

struct walk {
	struct run *r;
	const struct list_opts *o;
	struct arena *arena;
	struct node node;
	int64_t boot_ns;	/* of the real-time clock, when the machine booted */
	unsigned int seen, exited, shown, unlabelled;
};

static const char *kind_name(enum kind k)
{
	static const char *const names[] = { "app", "sandbox", "plain" };

	return names[k];
}

static struct coltime time_of(const struct walk *w, uint64_t start)
{
	int64_t at = w->boot_ns +
		(int64_t)(start * (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK)));

	if (!start)
		return (struct coltime){ NONE_I64, 0 };
	return (struct coltime){ at / (int64_t)NS_PER_S, (uint32_t)(at % (int64_t)NS_PER_S) };
}

static void send(struct walk *w, struct container *c, const struct life *life)
{
	char target[TARGET_NAME_MAX], place[TARGET_NAME_MAX], brief[SHORT_ID + 1];
	bool alive = life->start;
	struct list_row row = {
		.target = target, .name = c->name, .id = *c->id ? c->id : NULL,
		.runtime = c->runtime->name,
		.kind = kind_name(c->kind), .state = cstate_name(life->state), .pod = c->pod,
		.namespace = c->pod_space ? c->pod_space : c->claimed ? NULL : c->space,
		.container = c->part,
		.image = c->image, .created = c->created, .bundle = c->bundle,
		.host_pid = alive ? (uint64_t)c->pid : NONE_U64,
		.host_uid = alive ? life->uid : NONE_U64, .owner = c->owner,
		.claimed = c->claimed, .started = time_of(w, life->start),
		.exit_code = alive ? NONE_I64 : c->exit_code,
		.restarts = w->o->detail ? k8s_restarts(c) : NONE_U64,
	};

	container_word(c, target, sizeof(target));
	if (is_generated_id(c->name)) {
		snprintf(brief, sizeof(brief), "%s", c->name);
		row.name = brief;
	}
	if (c->pod) {
		snprintf(place, sizeof(place), "%s/%s", c->pod_space, c->pod);
		row.place = place;
	}
	emit_row(w->r->emit, &row);
}

static bool take(void *ctx, struct container *c)
{
	struct walk *w = ctx;
	auto_buf struct buf labels = { 0 };
	struct life life;

	w->seen++;
	if (!container_is_in(c, w->o->space, w->o->part))
		return true;
	if (w->o->label && !container_has_label(c, w->arena, w->o->label)) {
		w->unlabelled += !container_knows_labels(c);
		return true;
	}
	life = container_life(c, &w->node);
	/* what only processes told of is no more when they are gone */
	if (life.state == CSTATE_EXITED && c->runtime->scanned)
		return true;
	w->exited += life.state == CSTATE_EXITED;
	if (life.state == CSTATE_EXITED && !w->o->exited)
		return true;
	if (w->o->detail)
		c->runtime->detail(c, w->arena, &labels, NULL);
	send(w, c, &life);
	w->shown++;
	return true;
}

static void say_where(struct run *r)
{
	auto_buf struct buf where = { 0 };

	for (const struct runtime *const *t = runtimes; *t; t++)
		if (!where.len || !strstr(where.bytes, (*t)->where))
			buf_addf(&where, "%s%s", where.len ? ", " : "", (*t)->where);
	emit_note(r->emit, "no container here: looked in %s", where.bytes);
}

static void read_clocks(struct walk *w)
{
	uint64_t boot = clock_of(CLOCK_BOOTTIME);

	w->boot_ns = (int64_t)(clock_of(CLOCK_REALTIME) - boot);
}

static void emit_missing(struct emit *e, const struct err *why)
{
	emit_cut(e, "%s", why->msg);
	e->status = status_worse(e->status, why->status);
}

static void list_run(struct run *r)
{
	auto_arena struct arena *arena = arena_new();
	struct walk w = { .r = r, .o = r->opts, .arena = arena };
	unsigned int broken = 0;
	struct err e;

	read_clocks(&w);
	if (node_open(&w.node, &e) < 0 || target_each(arena, take, &w, &broken, &e) < 0)
		emit_err(r->emit, &e);
	node_close(&w.node);
	if (!w.seen && !broken && r->emit->status == ST_OK)
		say_where(r);
	else if (w.exited && !w.o->exited)
		emit_note(r->emit, "%u exited, not shown (--all)", w.exited);
	else if (!w.shown && r->emit->status == ST_OK)
		emit_note(r->emit, "none of %u containers is such a one", w.seen);
	if (w.unlabelled)
		emit_note(r->emit, "%u containers left out whose labels are in no file: those of "
			  "podman, LXC, nspawn and of pods", w.unlabelled);
	if (broken)
		emit_cut(r->emit, "%u state files could not be read: half-written, or not root's",
			 broken);
	if (scan_missing())
		emit_missing(r->emit, scan_missing());
}

static int list_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	struct list_opts *o = opts;

	(void)nargs;
	(void)args;
	(void)e;
	o->detail = l->fields || (l->format != OUT_TABLE && l->format != OUT_NAMES);
	return 0;
}

static const struct example list_example[] = {
	{ "nsdebug list", "the running containers" },
	{ "nsdebug list -o name", "words for other verbs, one a line" },
	{ "nsdebug list --all --fields name,state,exit_code", "what has exited too" },
	{ NULL }
};

const struct tool tool_list = {
	.name = "list",
	.summary = "show the containers of this node",
	.about = "Read from the files that runtimes leave: docker, podman, containerd, the "
		"kubelet's pods, CRI-O, runc, crun, machined. No daemon, socket or program is "
		"asked, so it answers when they hang. A container that several of them know is "
		"shown once, by the outermost.\n\n"
		"Rootless podman, LXC and systemd-nspawn are found among the processes, and so is "
		"everything else that has a mount namespace and a root of its own: the kind plain, "
		"with the word pid://N. Names that a user's processes give are claims of that "
		"user; they never stand for a container that root's files tell of.",
	.needs = NEED_HOST,
	.opts = list_opt, .opts_size = sizeof(struct list_opts),
	.cols = list_col,
	.examples = list_example,
	.setup = list_setup,
	.run = list_run,
};
