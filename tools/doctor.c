/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doctor - what of nsdebug works on this machine, what does not, and the cure.
 */
#include <stdio.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/sys/feature.h"
#include "nsdebug/target/target.h"

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

static enum status worst_of(enum feature_state s)
{
	return s == FEATURE_NO_PRIVILEGE ? ST_PRIVILEGE : ST_REFUSED;
}

static void try_feature(struct run *r, const struct feature *f)
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
		emit_note(r->emit, "%s: %s: %s", f->name, row.state, row.cure);
		return;
	}
	err_set(&e, worst_of(s), "%s: %s: ls and cat cannot run: %s", f->name, row.state,
		row.cure);
	emit_err(r->emit, &e);
}

struct count {
	unsigned int n;
};

static bool count_one(void *ctx, const struct container *c)
{
	((struct count *)ctx)->n++;
	return true;
}

static void try_runtime(struct run *r, const struct runtime *t)
{
	auto_arena struct arena *arena = arena_new();
	struct ask ask = { .arena = arena };
	struct count c = { 0 };
	struct err e = { 0 };
	int n = t->each(t, &ask, count_one, &c, &e);
	char name[64], detail[160];
	struct doctor_row row = {
		.check = name, .state = n < 0 ? "no privilege" : "ok",
		.used_for = "finding containers by name", .detail = detail, .required = 0,
		.cure = n < 0 ? "run nsdebug as root on the node" : NULL,
	};

	snprintf(name, sizeof(name), "runtime %s", t->name);
	snprintf(detail, sizeof(detail), "%u in %s", c.n, t->where);
	if (n < 0)
		snprintf(detail, sizeof(detail), "%s: not readable", t->where);
	emit_row(r->emit, &row);
}

static void doctor_run(struct run *r)
{
	for (const struct feature *f = features; f->name; f++)
		try_feature(r, f);
	for (const struct runtime *const *t = runtimes; *t; t++)
		try_runtime(r, *t);
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
