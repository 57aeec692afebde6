/* SPDX-License-Identifier: Apache-2.0 */
/*
 * list - the containers of this node, from their runtimes' state files alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/target/target.h"

struct list_opts {
	bool exited;
	bool bundle;	/* set by setup(): it takes reading a state file to its end */
};

static const struct opt list_opt[] = {
	OPT('a', "all", OPT_FLAG, struct list_opts, exited, NULL, "those that have exited too"),
	OPT_END
};

struct list_row {
	const char *target, *name, *id, *runtime, *state, *created, *bundle;
	uint64_t host_pid, host_uid;
};

static const struct col list_col[] = {
	COL(COL_STR, struct list_row, target, COL_NAME | COL_HIDE, "the word for other verbs"),
	COL(COL_STR, struct list_row, name, 0, "name"),
	COL(COL_STR, struct list_row, id, COL_HIDE, "id"),
	COL(COL_STR, struct list_row, runtime, 0, "who started it"),
	COL(COL_STR, struct list_row, state, 0, "running, paused or exited"),
	COL(COL_U64, struct list_row, host_pid, 0, "host pid of its first process",
	    .head = "HOSTPID"),
	COL(COL_U64, struct list_row, host_uid, 0, "host user id of that process",
	    .head = "HOSTUID"),
	COL(COL_STR, struct list_row, created, 0, "when, as the runtime recorded it"),
	COL(COL_STR, struct list_row, bundle, COL_WIDE, "directory of its OCI bundle"),
	COL_END
};

struct walk {
	struct run *r;
	const struct list_opts *o;
	struct node node;
	struct container *items;
	size_t count;
	unsigned int exited;
};

static bool take(void *ctx, struct container *c)
{
	struct walk *w = ctx;

	w->items = mem_more(w->items, w->count);
	w->items[w->count++] = *c;
	return true;
}

static int by_name(const void *a, const void *b)
{
	const struct container *x = a, *y = b;
	int d = strcmp(x->id, y->id);

	return d ? d : strcmp(x->runtime->name, y->runtime->name);
}

static void send(struct walk *w, struct container *c)
{
	uint32_t uid;
	enum cstate state = container_state(c, &w->node, &uid);
	auto_buf struct buf labels = { 0 };
	char target[ID_MAX + 16];
	struct list_row row = {
		.target = target, .name = c->id, .id = c->id, .runtime = c->runtime->name,
		.state = cstate_name(state), .created = c->created[0] ? c->created : NULL,
		.host_pid = state == CSTATE_EXITED ? NONE_U64 : (uint64_t)c->pid,
		.host_uid = uid == UINT32_MAX ? NONE_U64 : uid,
	};

	w->exited += state == CSTATE_EXITED;
	if (state == CSTATE_EXITED && !w->o->exited)
		return;
	snprintf(target, sizeof(target), "%s://%s", c->runtime->name, c->id);
	if (w->o->bundle && !c->bundle[0])
		c->runtime->labels(c->runtime, c, &labels, NULL);
	row.bundle = c->bundle[0] ? c->bundle : NULL;
	emit_row(w->r->emit, &row);
}

static void say_where(struct run *r)
{
	char where[256] = "";
	size_t used = 0;

	for (const struct runtime *const *t = runtimes; *t && used < sizeof(where); t++)
		used += (size_t)snprintf(where + used, sizeof(where) - used, "%s%s",
					 used ? ", " : "", (*t)->where);
	emit_note(r->emit, "no container here: looked in %s", where);
}

static void list_run(struct run *r)
{
	struct walk w = { .r = r, .o = r->opts };
	unsigned int broken = 0;
	struct err e;

	if (node_open(&w.node, &e) < 0 || target_each(take, &w, &broken, &e) < 0)
		emit_err(r->emit, &e);
	if (w.count)
		qsort(w.items, w.count, sizeof(*w.items), by_name);
	for (size_t i = 0; i < w.count; i++)
		send(&w, &w.items[i]);
	node_close(&w.node);
	free(w.items);
	if (!w.count && !broken && r->emit->status == ST_OK)
		say_where(r);
	else if (w.exited && !w.o->exited)
		emit_note(r->emit, "%u exited, not shown (--all)", w.exited);
	if (broken)
		emit_cut(r->emit, "%u state files could not be read: half-written, or not root's",
			 broken);
}

static int list_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	struct list_opts *o = opts;

	(void)nargs;
	(void)args;
	(void)e;
	o->bundle = l->fields || (l->format != OUT_TABLE && l->format != OUT_NAMES);
	return 0;
}

static const struct example list_example[] = {
	{ "nsdebug list", "the running containers" },
	{ "nsdebug list -o name", "words for other verbs, one a line" },
	{ NULL }
};

const struct tool tool_list = {
	.name = "list",
	.summary = "show the containers of this node",
	.about = "Read from the state files of runc and crun: no daemon, socket or program is "
		"asked, so it answers when they hang.",
	.needs = NEED_HOST,
	.opts = list_opt, .opts_size = sizeof(struct list_opts),
	.cols = list_col,
	.examples = list_example,
	.setup = list_setup,
	.run = list_run,
};
