/* SPDX-License-Identifier: Apache-2.0 */
/*
 * man - manual pages in mdoc(7), made from the tables.
 */
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/cli/cli.h"

/* Text at the start of a line must not look like a request. */
static void put_text(struct buf *b, const char *text)
{
	bool start = true;

	for (; *text; text++) {
		if (start && (*text == '.' || *text == '\''))
			buf_str(b, "\\&");
		if (*text == '\\')
			buf_str(b, "\\e");
		else if (*text == '-')
			buf_str(b, "\\-");
		else if (*text == '\n' && text[1] == '\n')
			buf_str(b, "\n.Pp"), start = true;
		else
			buf_char(b, *text);
		start = *text == '\n';
	}
	buf_char(b, '\n');
}

/* Words of macros: no blanks split them, no word is taken for another macro. */
static void put_word(struct buf *b, const char *word)
{
	buf_str(b, " \\&");
	for (; *word; word++)
		if (*word == '-')
			buf_str(b, "\\-");
		else if (*word == ' ')
			buf_str(b, "\\ ");
		else
			buf_char(b, *word);
}

static void put_options(struct buf *b, const struct opt *opts, const struct tool *t)
{
	for (const struct opt *o = opts; o && !opt_is_end(o); o++) {
		bool letter = o->letter && (!t || opt_has_letter(o, tool_opts(t)));

		if (opt_is_hidden(o, t))
			continue;
		buf_str(b, ".It");
		if (letter)
			buf_addf(b, " Fl %c", o->letter);
		if (letter && o->name)
			buf_str(b, " ,");
		if (o->name) {
			buf_str(b, " Fl \\-");
			for (const char *p = o->name; *p; p++)
				*p == '-' ? buf_str(b, "\\-") : buf_char(b, *p);
		}
		if (opt_takes_value(o)) {
			buf_str(b, " Ar");
			put_word(b, o->arg);
		}
		buf_char(b, '\n');
		put_text(b, o->help);
	}
}

static void put_columns(struct buf *b, const struct col *cols)
{
	for (const struct col *c = cols; c && c->name; c++) {
		if (c->type == COL_PAINT)
			continue;
		buf_str(b, ".It Cm");
		put_word(b, c->name);
		buf_char(b, '\n');
		buf_str(b, c->help);
		buf_str(b, c->flags & COL_CLAIMED ? "; the target's own word.\n" : ".\n");
		if (c->type == COL_ROWS) {
			buf_str(b, ".Bl -tag -width Ds\n");
			put_columns(b, c->sub);
			buf_str(b, ".El\n");
		}
	}
}

static void put_head(struct buf *b, const char *page, const char *name, const char *summary)
{
	buf_addf(b, ".Dd November 22, 2026\n.Dt ");
	for (const char *p = page; *p; p++)
		buf_char(b, *p >= 'a' && *p <= 'z' ? (char)(*p - 32) : *p);
	buf_addf(b, " 1\n.Os\n.Sh NAME\n.Nm %s\n.Nd ", name);
	put_text(b, summary);
}

static void put_list(struct buf *b, const char *section, const struct opt *opts,
		     const struct tool *t)
{
	if (!opts || opt_is_end(opts))
		return;
	buf_addf(b, ".Sh %s\n.Bl -tag -width Ds\n", section);
	put_options(b, opts, t);
	buf_str(b, ".El\n");
}

static void put_status(struct buf *b)
{
	buf_str(b, ".Sh EXIT STATUS\n.Bl -tag -width Ds\n"
		".It 0\nAll done.\n.It 1\nSomething in the target failed.\n"
		".It 2\nWrong words, or an ambiguous target.\n"
		".It 3\nNo such target, or it went away.\n"
		".It 4\nRefused: file type, policy, missing kernel feature.\n"
		".It 5\nIncomplete, and what is missing was said.\n"
		".It 6\nNothing could be attached.\n.It 77\nA capability is missing.\n"
		".It 124\nDeadline.\n.It 125\nDeadline, and a stuck child was left behind.\n"
		".It 126\nOwn error, or stdout could not be written.\n"
		".It 130\nInterrupted.\n.El\n");
}

static void man_main(struct buf *b)
{
	char word[VERB_MAX];

	put_head(b, "nsdebug", "nsdebug", "look into running containers from the node");
	buf_str(b, ".Sh SYNOPSIS\n.Nm\n.Op Ar options\n.Ar verb\n.Op Ar arguments\n"
		".Sh DESCRIPTION\nShows files, processes and stacks of containers that have no "
		"shell, with its own code.\nNothing of the container is executed and nothing is "
		"written into it.\n.Bl -tag -width Ds\n");
	for (const struct tool *const *t = tool_table; *t; t++) {
		buf_addf(b, ".It Xr nsdebug-%s 1\n", tool_word(*t, word));
		put_text(b, (*t)->summary);
	}
	for (const struct builtin *v = builtins; v->name; v++) {
		buf_addf(b, ".It Cm %s\n", v->name);
		put_text(b, v->summary);
	}
	buf_str(b, ".El\n");
	put_list(b, "OPTIONS", global_opts, NULL);
	put_status(b);
}

void man_tool(struct buf *b, const struct tool *t)
{
	char page[VERB_MAX + 16], word[VERB_MAX];

	if (!t) {
		man_main(b);
		return;
	}
	snprintf(page, sizeof(page), "nsdebug-%s", tool_word(t, word));
	put_head(b, page, page, t->summary);
	buf_addf(b, ".Sh SYNOPSIS\n.Nm nsdebug %s\n.Op Ar options\n", t->name);
	if (tool_wants_target(t))
		buf_str(b, ".Ar target\n");
	if (t->arg)
		buf_addf(b, ".%s %s%s\n", t->arg->min ? "Ar" : "Op Ar", t->arg->name,
			 t->arg->max < 0 ? " ..." : "");
	buf_str(b, ".Sh DESCRIPTION\n");
	put_text(b, t->about ? t->about : t->summary);
	put_list(b, "OPTIONS", t->opts, NULL);
	put_list(b, "OPTIONS OF EVERY VERB", global_opts, t);
	if (t->cols) {
		buf_str(b, ".Sh FIELDS\n.Bl -tag -width Ds\n");
		put_columns(b, t->cols);
		buf_str(b, ".El\n");
	}
	buf_str(b, ".Sh EXAMPLES\n");
	for (const struct example *x = t->examples; x->command; x++) {
		buf_str(b, ".Bd -literal -compact\n");
		put_text(b, x->command);
		buf_str(b, ".Ed\n");
		put_text(b, x->what);
		if (x[1].command)
			buf_str(b, ".Pp\n");
	}
	put_status(b);
	buf_str(b, ".Sh SEE ALSO\n.Xr nsdebug 1\n");
}
