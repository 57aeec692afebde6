/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor - what of nsdebug works on this machine, what does not, and the cure.
 */
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/sys/feature.h"
#include "nsdebug/target/scan.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/probe.h"

#define BPF_CURE "run nsdebug as root on the node, or give it CAP_BPF and CAP_PERFMON; if it has " \
	"them, a user namespace, a seccomp profile or lockdown=confidentiality refuses it"

struct doctor_row {
	const char *check, *state, *used_for, *detail, *cure;
	uint64_t required;
};

static const struct col doctor_col[] = {
	COL(COL_STR, struct doctor_row, check, COL_NAME, "what was tried"),
	COL(COL_STR, struct doctor_row, state, 0, "ok, limited, missing or no privilege"),
	COL(COL_STR, struct doctor_row, used_for, 0, "what it is needed for", .head = "USED FOR"),
	COL(COL_STR, struct doctor_row, detail, 0, "what was found"),
	COL(COL_BOOL, struct doctor_row, required, COL_HIDE, "ls and cat do not run without it"),
	COL(COL_STR, struct doctor_row, cure, COL_HIDE, "what to do about it; null if nothing is"),
	COL_END
};

/* What does not work, by its cure: each cure is said once. */
#define CURES_MAX 32

struct cures {
	struct {
		const char *state, *cure;	/* these live as long as the run */
		struct buf what;
	} items[CURES_MAX];
	size_t count;
};

static void need_cure(struct cures *c, const char *what, const char *state, const char *cure)
{
	size_t i = 0;

	while (i < c->count && (strcmp(c->items[i].cure, cure) || strcmp(c->items[i].state, state)))
		i++;
	if (i == CURES_MAX)
		return;		/* its row has the cure, too */
	if (i == c->count) {
		c->items[c->count].state = state;
		c->items[c->count++].cure = cure;
	} else {
		buf_str(&c->items[i].what, ", ");
	}
	buf_str(&c->items[i].what, what);
}

static void say_cures(struct cures *c, struct emit *e)
{
	for (size_t i = 0; i < c->count; i++) {
		emit_note(e, "%s: %s: %s", c->items[i].what.bytes, c->items[i].state,
			  c->items[i].cure);
		buf_free(&c->items[i].what);
	}
}

static enum status worst_of(enum feature_state s)
{
	return s == FEATURE_NO_PRIVILEGE ? ST_PRIVILEGE : ST_REFUSED;
}

static void try_feature(struct run *r, struct cures *c, const struct feature *f)
{
	char detail[256] = "";
	enum feature_state s = f->probe(detail, sizeof(detail));
	struct doctor_row row = {
		.check = f->name, .state = feature_state_name(s), .used_for = f->used_for,
		.detail = detail[0] ? detail : NULL, .required = f->required,
		.cure = feature_cure(f, s),
	};
	struct err e;

	emit_row(r->emit, &row);
	if (s == FEATURE_OK)
		return;
	if (!f->required) {
		need_cure(c, f->name, row.state, row.cure);
		return;
	}
	err_set(&e, worst_of(s), "%s: %s: ls and cat cannot run: %s", f->name, row.state,
		row.cure);
	emit_err(r->emit, &e);
}

static void try_programs(struct run *r, struct cures *c)
{
	struct probe all[PROBES_MAX];
	struct err e;
	int count = probe_all(all, &e);

	if (count < 0) {
		emit_err(r->emit, &e);
		return;
	}
	for (int i = 0; i < count; i++) {
		bool good = all[i].state == FEATURE_OK;
		struct doctor_row row = {
			.check = all[i].name, .state = feature_state_name(all[i].state),
			.used_for = all[i].used_for,
			.detail = all[i].detail[0] ? all[i].detail : NULL, .required = 0,
			.cure = good ? NULL : all[i].state == FEATURE_NO_PRIVILEGE ?
				BPF_CURE : all[i].cure,
		};

		emit_row(r->emit, &row);
		if (!good)
			need_cure(c, row.check, row.state, row.cure);
	}
}

struct census {
	struct node *node;
	struct arena *arena;
	unsigned int alive, exited, broken;
};

static bool count_one(void *ctx, const struct container *found)
{
	struct census *n = ctx;
	struct container c = *found;
	struct err e;

	if (c.runtime->load(&c, n->arena, &e) < 0)
		n->broken += e.status != ST_TARGET;
	else if (container_life(&c, n->node).state == CSTATE_EXITED)
		n->exited++;
	else
		n->alive++;
	return true;
}

static void describe(char *text, size_t room, const struct runtime *t, const struct census *n)
{
	size_t used = (size_t)snprintf(text, room, "%s: ", t->where);

	if (!n->alive && !n->exited && !n->broken)
		used += (size_t)snprintf(text + used, room - used, "no container");
	else
		used += (size_t)snprintf(text + used, room - used, "%u running", n->alive);
	if (n->exited && used < room)
		used += (size_t)snprintf(text + used, room - used, ", %u exited", n->exited);
	if (n->broken && used < room)
		snprintf(text + used, room - used, ", %u that cannot be read", n->broken);
}

static void try_runtime(struct run *r, struct cures *c, const struct runtime *t,
			struct node *node)
{
	auto_arena struct arena *arena = arena_new();
	struct census n = { .node = node, .arena = arena };
	struct ask ask = { .arena = arena, .names = true };
	struct err e = { 0 };
	char name[64], detail[200];
	struct doctor_row row = {
		.check = name, .state = "ok", .used_for = "finding containers by name",
		.detail = detail, .required = 0,
	};

	snprintf(name, sizeof(name), "runtime %s", t->name);
	if (t->each(t, &ask, count_one, &n, &e) < 0) {
		snprintf(detail, sizeof(detail), "%s: not readable", t->where);
		row.state = "no privilege";
		row.cure = "run nsdebug as root on the node";
	} else {
		n.broken += ask.broken;
		describe(detail, sizeof(detail), t, &n);
	}
	if (n.broken) {
		row.state = "limited";
		row.cure = "only what root owns and nobody else can write is believed";
	}
	emit_row(r->emit, &row);
	if (row.cure)
		need_cure(c, name, row.state, row.cure);
}

static bool count_scanned(void *ctx, struct container *c)
{
	(void)c;
	++*(unsigned int *)ctx;
	return true;
}

static void try_processes(struct run *r)
{
	auto_arena struct arena *arena = arena_new();
	unsigned int count = 0;
	char detail[80];
	struct doctor_row row = {
		.check = "processes", .state = "ok", .detail = detail, .required = 0,
		.used_for = "rootless podman, LXC, nspawn",
	};
	struct err e;
	bool found = target_each_scanned(arena, count_scanned, &count, &e) == 0;

	snprintf(detail, sizeof(detail), "%u that no file of root tells of", count);
	if (!found || scan_missing()) {
		row.state = "limited";
		row.cure = found ? scan_missing()->msg : e.msg;
		emit_note(r->emit, "processes: %s", row.cure);
	}
	emit_row(r->emit, &row);
}

static void doctor_run(struct run *r)
{
	struct cures cures = { 0 };
	struct node node;
	struct err e;

	for (const struct feature *f = features; f->name; f++)
		try_feature(r, &cures, f);
	try_programs(r, &cures);
	if (node_open(&node, &e) < 0)
		emit_err(r->emit, &e);
	for (const struct runtime *const *t = runtimes; *t; t++)
		if (!(*t)->scanned)
			try_runtime(r, &cures, *t, &node);
	try_processes(r);
	say_cures(&cures, r->emit);
	node_close(&node);
}

static const struct example doctor_example[] = {
	{ "nsdebug doctor", "on a machine where nsdebug is new, or does not do what it should" },
	{ "nsdebug doctor -o json", "for a fleet" },
	{ NULL }
};

const struct tool tool_doctor = {
	.name = "doctor",
	.summary = "show what works on this machine, what does not, and the cure",
	.about = "Every line was tried, not looked up by version. The exit status says whether ls "
		"and cat would run: 0, 77 if a privilege is missing, 4 if the kernel lacks "
		"something.",
	.needs = NEED_HOST,
	.cols = doctor_col,
	.examples = doctor_example,
	.run = doctor_run,
};
