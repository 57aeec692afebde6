/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layout - how rows are shown, and which: from the options that every verb has.
 */
#include <string.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/cli.h"
#include "nsdebug/out/expr.h"
#include "nsdebug/out/out.h"

#define TIMEOUT_NS (2 * NS_PER_S)
#define TIME_MAX_NS (20 * 86400 * NS_PER_S)	/* poll(2) counts milliseconds in an int */

static void choose_format(struct layout *l, struct globals *g)
{
	l->fields = g->fields;
	for (size_t i = 0; g->output && out_formats[i]; i++)
		if (!strcmp(g->output, out_formats[i])) {
			l->format = (enum out_format)i;
			return;
		}
	/* -o pid,comm: no field bears a format's name */
	if (g->output) {
		l->fields = g->output;
		l->one_word = !strchr(g->output, ',');
	}
}

int layout_filter(const struct command *c, const struct layout *l, struct expr **ret,
		  struct err *e)
{
	const char *text = c->g.filter;
	bool rows = l->kind != LAYOUT_RAW || l->format == OUT_JSON || l->format == OUT_JSONL;

	if (!text)
		return 0;
	if (!c->tool->cols || !rows)
		return err_set(e, ST_USAGE, "--filter is for rows, and there are none");
	*ret = expr_parse(text, c->tool->cols, e);
	return *ret ? 0 : -1;
}

int layout_of(struct command *c, const struct env *env, struct layout *l, struct err *e)
{
	struct globals *g = &c->g;

	*l = (struct layout){ .no_headers = g->no_headers, .columns = env->columns };
	choose_format(l, g);
	l->escape = env->terminal && !g->raw;
	if (g->color)
		l->color = g->color[1] == 'l' ? WHEN_ALWAYS : g->color[0] == 'n' ? WHEN_NEVER :
			WHEN_AUTO;
	else if (env->no_color)
		l->color = WHEN_NEVER;
	if (!g->timeout_ns)
		g->timeout_ns = TIMEOUT_NS;
	if (g->timeout_ns > TIME_MAX_NS)
		g->timeout_ns = TIME_MAX_NS;
	if (g->max_time_ns > TIME_MAX_NS)
		g->max_time_ns = TIME_MAX_NS;
	return c->tool->setup ? c->tool->setup(c->opts, c->nargs, c->args, l, e) : 0;
}
