/* SPDX-License-Identifier: Apache-2.0 */
/*
 * help - what --help prints, made from the tables.
 */
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/cli/cli.h"

#define WIDTH 78
#define INDENT 26

/* Appends text wrapped at WIDTH; the first line goes on at column `at`. */
static void wrap(struct buf *b, const char *text, size_t at, size_t indent)
{
	size_t column = at;

	while (*text) {
		size_t len = strcspn(text, " \n");

		if (column > indent && column + 1 + len > WIDTH) {
			buf_char(b, '\n');
			buf_fill(b, ' ', indent);
			column = indent;
		} else if (column > indent) {
			buf_char(b, ' ');
			column++;
		}
		buf_add(b, text, len);
		column += len;
		text += len;
		if (*text == '\n') {
			buf_str(b, text[1] == '\n' ? "\n\n" : "\n");
			text += text[1] == '\n';
			buf_fill(b, ' ', indent);
			column = indent;
		}
		text += *text != '\0';
	}
	buf_char(b, '\n');
}

static void put_item(struct buf *b, const char *left, const char *help)
{
	size_t len = strlen(left);

	buf_addf(b, "  %s", left);
	if (len + 4 > INDENT) {
		buf_char(b, '\n');
		len = 0;
		buf_fill(b, ' ', INDENT);
	} else {
		buf_fill(b, ' ', INDENT - len - 2);
	}
	wrap(b, help, INDENT, INDENT);
}

static void put_options(struct buf *b, const struct opt *opts, const struct tool *t)
{
	for (const struct opt *o = opts; o && !opt_is_end(o); o++) {
		char left[80];

		if (opt_is_hidden(o, t))
			continue;
		bool letter = o->letter && (!t || opt_has_letter(o, tool_opts(t)));

		snprintf(left, sizeof(left), "%c%c%s%s%s%s%s%s%s", letter ? '-' : ' ',
			 letter ? o->letter : ' ', letter && o->name ? ", " : "  ",
			 o->name ? "--" : "", o->name ? o->name : "",
			 opt_takes_value(o) ? o->fallback ? "[" : "" : "",
			 opt_takes_value(o) ? o->name ? "=" : " " : "",
			 opt_takes_value(o) ? o->arg : "",
			 opt_takes_value(o) && o->fallback ? "]" : "");
		put_item(b, left, o->help);
	}
}

static const char *shown_in(const struct col *c, bool sub)
{
	if (c->flags & COL_NOJSON)
		return !sub && c->flags & COL_HIDE ? " (when named; not in JSON)" :
			" (not in JSON)";
	if (sub)
		return "";
	if (c->flags & COL_HIDE)
		return " (when named, and in JSON)";
	return c->flags & COL_WIDE ? " (with -o wide)" : "";
}

static void put_columns(struct buf *b, const struct col *cols, const char *of)
{
	for (const struct col *c = cols; c && c->name; c++) {
		char name[64], help[400];

		if (c->type == COL_PAINT)
			continue;
		snprintf(help, sizeof(help), "%s%s%s", c->help, shown_in(c, of != NULL),
			 c->flags & COL_CLAIMED ? "; the target's own word" : "");
		snprintf(name, sizeof(name), "%s%s%s", of ? of : "", of ? "." : "", c->name);
		put_item(b, name, help);
		if (c->type == COL_ROWS)
			put_columns(b, c->sub, c->name);
	}
}

static void put_usage(struct buf *b, const struct tool *t)
{
	buf_addf(b, "usage: nsdebug %s [OPTION]...%s", t->name,
		 tool_wants_target(t) ? " TARGET" : "");
	if (t->arg)
		buf_addf(b, t->arg->min ? " %s%s" : " [%s]%s", t->arg->name,
			 t->arg->max < 0 ? "..." : "");
	buf_char(b, '\n');
}

void help_tool(struct buf *b, const struct tool *t)
{
	put_usage(b, t);
	buf_char(b, '\n');
	wrap(b, t->summary, 0, 0);
	if (t->about) {
		buf_char(b, '\n');
		wrap(b, t->about, 0, 0);
	}
	if (t->arg)
		buf_addf(b, "\n"), put_item(b, t->arg->name, t->arg->help);
	if (t->opts && !opt_is_end(t->opts)) {
		buf_str(b, "\noptions:\n");
		put_options(b, t->opts, NULL);
	}
	buf_str(b, "\noptions of every verb:\n");
	put_options(b, global_opts, t);
	if (t->cols) {
		buf_str(b, t->no_table ? "\nfields (JSON):\n" :
			"\nfields (-o FIELD,..., JSON):\n");
		put_columns(b, t->cols, NULL);
	}
	buf_str(b, "\nexamples:\n");
	for (const struct example *x = t->examples; x->command; x++)
		buf_addf(b, "  %s\n      %s\n", x->command, x->what);
}

void help_family(struct buf *b, const char *word)
{
	buf_addf(b, "usage: nsdebug %s WORD [OPTION]... TARGET\n\n", word);
	for (const struct tool *const *t = tool_table; *t; t++)
		if (str_prefix((*t)->name, word) && (*t)->name[strlen(word)] == ' ')
			put_item(b, (*t)->name, (*t)->summary);
	buf_addf(b, "\n'nsdebug help %s WORD' says more of each.\n", word);
}

void help_overview(struct buf *b)
{
	buf_str(b, "usage: nsdebug [OPTION]... VERB [OPTION|TARGET|ARG]...\n\n"
		"Looks into running containers from the node, with its own code: nothing of\n"
		"the container is executed, nothing is written into it.\n\nverbs:\n");
	for (const struct tool *const *t = tool_table; *t; t++)
		put_item(b, (*t)->name, (*t)->summary);
	for (const struct builtin *v = builtins; v->name; v++)
		put_item(b, v->name, v->summary);
	buf_str(b, "\ntargets:\n");
	put_item(b, "NAME", "a container's name, its id, or the beginning of the id");
	put_item(b, "docker://NAME", "one of this runtime: docker podman cri-o containerd runc "
		 "crun lxc machine");
	put_item(b, "containerd://NS/ID", "one of containerd's namespace NS; without NS, as "
		 "kubectl shows a containerID");
	put_item(b, "podman://UID/NAME", "one of this user's own podman; also lxc://UID/NAME");
	put_item(b, "pod/NAME[/CONTAINER]", "a container of a Kubernetes pod; also "
		 "NAMESPACE/POD[/CONTAINER]");
	put_item(b, "pid://N", "the container that the process N of the host is in");
	buf_str(b, "\noptions of every verb (the letters stand before the verb):\n");
	for (const struct opt *o = global_opts; !opt_is_end(o); o++) {
		char left[80];

		snprintf(left, sizeof(left), "%c%c%s--%s%s%s", o->letter ? '-' : ' ',
			 o->letter ? o->letter : ' ', o->letter ? ", " : "  ", o->name,
			 opt_takes_value(o) ? "=" : "", opt_takes_value(o) ? o->arg : "");
		put_item(b, left, o->help);
	}
	buf_str(b, "\nexit status:\n");
	put_item(b, "0", "all done");
	put_item(b, "1", "something in the target failed: no such file");
	put_item(b, "2", "wrong words, or an ambiguous target");
	put_item(b, "3", "no such target, or it went away");
	put_item(b, "4", "refused: file type, policy, missing kernel feature");
	put_item(b, "5", "incomplete: a limit was reached, and which is said");
	put_item(b, "6", "nothing could be attached");
	put_item(b, "77", "a capability is missing; the message names it");
	put_item(b, "124, 125", "deadline; 125: and a stuck child was left behind");
	put_item(b, "126", "own error, or stdout could not be written");
	put_item(b, "130", "interrupted");
}

void help_first(struct buf *b)
{
	buf_str(b, "nsdebug looks into running containers from the node: no shell, no daemon\n"
		"and nothing else is needed in them.\n\n"
		"  nsdebug list              the containers that are here\n"
		"  nsdebug ls -l NAME /      the files of one\n"
		"  nsdebug stack NAME        what all of its threads are doing\n\n"
		"'nsdebug help' shows all verbs, 'nsdebug doctor' what works on this machine.\n");
}
