/* SPDX-License-Identifier: Apache-2.0 */
/*
 * opt - words to options, by the tables of struct opt.
 *
 * Options may stand anywhere before "--". Short options before the verb are nsdebug's own, after
 * it they are the verb's, but for -o and -h, which are everybody's unless the verb has its own -h.
 */
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/cli/cli.h"

#define G(l, n, t, f, a, h, ...) OPT(l, n, t, struct globals, f, a, h, ##__VA_ARGS__)

const struct opt global_opts[] = {
	G('o', "output", OPT_STR, output, "FORMAT",
	  "table, wide, json, jsonl or name; any other word is taken as --fields"),
	G(0, "fields", OPT_STR, fields, "LIST", "columns of the table, as a,b,c"),
	G(0, "filter", OPT_STR, filter, "EXPR",
	  "only rows for which it is true: 'size > 1M && name ~ \"*.log\"'"),
	G(0, "no-headers", OPT_FLAG, no_headers, NULL, "leave out the headings of a table"),
	G('n', "namespace", OPT_STR, space, "NAME",
	  "only pods of this Kubernetes namespace (or containerd's)"),
	G('c', "container", OPT_STR, part, "NAME", "only the container of this name in its pod"),
	G('l', "selector", OPT_STR, selector, "KEY=VALUE", "every container with this label"),
	G(0, "all", OPT_FLAG, all, NULL, "every running container"),
	G(0, "host", OPT_FLAG, host, NULL,
	  "allow a process in the host's own mount namespace"),
	G(0, "raw", OPT_FLAG, raw, NULL, "unchanged bytes, even to a terminal"),
	G(0, "color", OPT_CHOICE, color, "auto|always|never", "when to colour",
	  .fallback = "always"),
	G(0, "timeout", OPT_DURATION, timeout_ns, "TIME",
	  "give up after this long without progress (2s)"),
	G(0, "max-time", OPT_DURATION, max_time_ns, "TIME", "give up after this long in all"),
	G('h', "help", OPT_FLAG, help, NULL, "show this help"),
	OPT_END
};

/* Everything that a word may set, in the order in which it is looked up. */
struct tables {
	const struct opt *opts[2];
	void *values[2];
	const char *verb;	/* for messages; NULL before the verb */
};

struct words {
	int argc, at;
	char **argv;
};

static int err_usage(struct err *e, const struct tables *t, const char *what, const char *word)
{
	return err_set(e, ST_USAGE, "%s%s%s %s (nsdebug %s%s--help)", t->verb ? t->verb : "",
		       t->verb ? ": " : "", what, word, t->verb ? t->verb : "",
		       t->verb ? " " : "");
}

static int err_option(struct err *e, const struct tables *t, const char *word)
{
	size_t len = strcspn(word + 2, "=");
	char name[64];
	struct str_near near = { .word = name };
	const char *best = NULL;

	snprintf(name, sizeof(name), "%.*s", (int)len, word + 2);
	for (int i = 0; i < 2; i++)
		for (const struct opt *o = t->opts[i]; o && !opt_is_end(o); o++)
			if (o->name && str_nearer(&near, o->name))
				best = o->name;
	err_usage(e, t, "unknown option", word);
	return best ? err_add(e, "; did you mean --%s?", best) : -1;
}

static bool choice(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; *p;) {
		size_t n = strcspn(p, "|");

		if (n == len && !memcmp(p, word, n))
			return true;
		p += n + (p[n] == '|');
	}
	return false;
}

/* "; did you mean X?" of a choice, if one is near. */
static int add_nearest(struct err *e, const char *list, const char *word)
{
	struct str_near near = { .word = word };
	char name[64], best[64] = "";

	for (const char *p = list; *p;) {
		size_t n = strcspn(p, "|");

		snprintf(name, sizeof(name), "%.*s", (int)n, p);
		if (str_nearer(&near, name))
			memcpy(best, name, sizeof(best));
		p += n + (p[n] == '|');
	}
	return *best ? err_add(e, "; did you mean %s?", best) : -1;
}

static bool store(const struct opt *o, void *values, const char *word)
{
	void *field = (char *)values + o->offset;

	switch (o->type) {
	case OPT_FLAG:
		*(bool *)field = true;
		return true;
	case OPT_COUNT:
		(*(unsigned int *)field)++;
		return true;
	case OPT_U64:
		return str_u64(word, field);
	case OPT_SIZE:
		return str_size(word, field);
	case OPT_DURATION:
		return str_duration(word, field);
	default:
		*(const char **)field = word;
		return o->type != OPT_CHOICE || choice(o->arg, word);
	}
}

static const char *kind_of(enum opt_type t)
{
	switch (t) {
	case OPT_U64:
		return "a number";
	case OPT_SIZE:
		return "a size such as 512, 10K or 4M";
	case OPT_DURATION:
		return "a time such as 2s, 500ms or 5m";
	default:
		return "one of its words";
	}
}

static int set(const struct tables *t, const struct opt *o, void *values, const char *name,
	       const char *word, struct err *e)
{
	const uint64_t *had = (const void *)((const char *)values + o->offset);

	if (o->once && *had)
		return err_set(e, ST_USAGE, "%s%s%s is given twice: one can be named, or "
			       "--filter says which", t->verb ? t->verb : "",
			       t->verb ? ": " : "", name);
	if (store(o, values, word))
		return 0;
	err_set(e, ST_USAGE, "%s%s%s: '%s' is not %s%s%s", t->verb ? t->verb : "",
		t->verb ? ": " : "", name, word, kind_of(o->type),
		o->type == OPT_CHOICE ? ": " : "", o->type == OPT_CHOICE ? o->arg : "");
	return o->type == OPT_CHOICE ? add_nearest(e, o->arg, word) : -1;
}

static const struct opt *find_long(const struct tables *t, const char *name, size_t len,
				   void **values)
{
	for (int i = 0; i < 2; i++)
		for (const struct opt *o = t->opts[i]; o && !opt_is_end(o); o++)
			if (o->name && strlen(o->name) == len && !memcmp(o->name, name, len)) {
				*values = t->values[i];
				return o;
			}
	return NULL;
}

static const struct opt *find_short(const struct tables *t, char letter, void **values)
{
	for (int i = 0; i < 2; i++)
		for (const struct opt *o = t->opts[i]; o && !opt_is_end(o); o++) {
			/* after the verb, of the global letters only -o and -h */
			if (i == 1 && t->opts[0] && letter != 'o' && letter != 'h')
				continue;
			if (o->letter == letter) {
				*values = t->values[i];
				return o;
			}
		}
	return NULL;
}

static const struct opt *own_opt(const struct tool *t, const char *name)
{
	for (const struct opt *o = tool_opts(t); !opt_is_end(o); o++)
		if (o->name && !strcmp(o->name, name))
			return o;
	return NULL;
}

/* Which containers are meant: not for every verb. */
static bool is_refused(const struct tool *t, const char *name)
{
	bool several = !strcmp(name, "all") || !strcmp(name, "selector");

	if (!tool_wants_target(t))
		return several || !strcmp(name, "namespace") || !strcmp(name, "container");
	return several && t->needs == NEED_TRACE;
}

bool opt_is_hidden(const struct opt *global, const struct tool *t)
{
	return t && (own_opt(t, global->name) || is_refused(t, global->name));
}

const struct opt *tool_opts(const struct tool *t)
{
	static const struct opt none[] = { OPT_END };

	return t->opts ? t->opts : none;
}

bool opt_has_letter(const struct opt *global, const struct opt *own)
{
	if (!own)
		return true;
	for (; !opt_is_end(own); own++)
		if (own->letter == global->letter)
			return false;
	return global->letter == 'o' || global->letter == 'h';
}

static int parse_long(const struct tables *t, struct words *w, struct err *e)
{
	char *word = w->argv[w->at], *name = word + 2, *eq = strchr(name, '=');
	size_t len = eq ? (size_t)(eq - name) : strlen(name);
	void *values;
	const struct opt *o = find_long(t, name, len, &values);

	if (!o)
		return err_option(e, t, word);
	if (!opt_takes_value(o))
		return eq ? err_usage(e, t, "no value is expected in", word) :
			set(t, o, values, word, NULL, e);
	if (eq)
		return set(t, o, values, word, eq + 1, e);
	if (o->fallback)
		return set(t, o, values, word, o->fallback, e);
	if (w->at + 1 >= w->argc)
		return err_usage(e, t, "a value is missing after", word);
	return set(t, o, values, word, w->argv[++w->at], e);
}

static const struct opt *global_letter(char letter)
{
	for (const struct opt *o = global_opts; !opt_is_end(o); o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

static int parse_short(const struct tables *t, struct words *w, struct err *e)
{
	const char *p = w->argv[w->at] + 1;

	for (; *p; p++) {
		char name[3] = { '-', *p };
		void *values;
		const struct opt *o = find_short(t, *p, &values);

		if (!o && t->verb && global_letter(*p))
			return err_set(e, ST_USAGE, "%s: %s of every verb stands before the verb: "
				       "nsdebug %s ... %s; or --%s behind it", t->verb, name, name,
				       t->verb, global_letter(*p)->name);
		if (!o)
			return err_usage(e, t, "unknown option", name);
		if (!opt_takes_value(o)) {
			if (set(t, o, values, name, NULL, e) < 0)
				return -1;
			continue;
		}
		if (p[1])
			return set(t, o, values, name, p + 1, e);
		if (w->at + 1 >= w->argc)
			return err_usage(e, t, "a value is missing after", name);
		return set(t, o, values, name, w->argv[++w->at], e);
	}
	return 0;
}

int opt_parse_globals(struct globals *g, int argc, char **argv, struct err *e)
{
	struct tables t = { .opts = { NULL, global_opts }, .values = { NULL, g } };
	struct words w = { argc, 1, argv };

	for (; w.at < argc; w.at++) {
		const char *word = argv[w.at];

		if (word[0] != '-' || !word[1])
			return w.at;
		if (!strcmp(word, "--"))
			return w.at + 1;
		if ((word[1] == '-' ? parse_long : parse_short)(&t, &w, e) < 0)
			return -1;
	}
	return argc;
}

bool tool_wants_target(const struct tool *t)
{
	return t->needs != NEED_NONE && t->needs != NEED_HOST;
}

const char *command_next(const struct command *c)
{
	return c->tool->next ? c->tool->next(c->opts) : NULL;
}

bool command_file(const struct command *c, struct tool_file *ret)
{
	*ret = (struct tool_file){ NULL };
	return c->tool->file && c->tool->file(c->opts, ret);
}

int opt_hand_down(struct command *c, struct err *e)
{
	const struct { const char *name, **value; } words[] = {
		{ "namespace", &c->g.space }, { "container", &c->g.part },
		{ "selector", &c->g.selector },
	};
	const struct opt *all = own_opt(c->tool, "all");

	if (tool_wants_target(c->tool))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		const struct opt *own = own_opt(c->tool, words[i].name);
		const char **value = own ? (const char **)((char *)c->opts + own->offset) : NULL;

		if (!*words[i].value)
			continue;
		if (!own)
			return err_set(e, ST_USAGE, "%s looks at the node: --%s is not for it",
				       c->tool->name, words[i].name);
		if (!*value)
			*value = *words[i].value;
		*words[i].value = NULL;
	}
	if (c->g.all && !all)
		return err_set(e, ST_USAGE, "%s looks at the node: --all is not for it",
			       c->tool->name);
	if (c->g.all)
		*(bool *)((char *)c->opts + all->offset) = true;
	c->g.all = false;
	return 0;
}

static int check_operands(struct command *c, struct err *e)
{
	const struct arg *a = c->tool->arg;
	bool several = c->g.all || c->g.selector;
	struct tool_file file;
	bool reads = command_file(c, &file) && !file.write;

	if (several && file.path)
		return err_set(e, ST_USAGE, "%s: one file is of one container: not --all or "
			       "--selector", c->tool->name);
	if (several && c->tool->needs == NEED_TRACE)
		return err_set(e, ST_USAGE, "%s: one container at a time is traced: not --all or "
			       "--selector", c->tool->name);
	if (command_next(c) && c->nargs)
		return err_set(e, ST_USAGE, "%s: '%s' is there, and --next is what is not: one of "
			       "them", c->tool->name, c->args[0]);
	if (tool_wants_target(c->tool) && !several && !command_next(c) && (c->nargs || !reads)) {
		if (!c->nargs)
			return err_set(e, ST_USAGE, "%s: a TARGET is missing: a container's name, "
				       "or pid://N ('nsdebug list' shows them)", c->tool->name);
		c->target = c->args[0];
		c->args++;
		c->nargs--;
	}
	if (a && c->nargs < a->min)
		return err_set(e, ST_USAGE, "%s: %s is missing (nsdebug %s --help)", c->tool->name,
			       a->name, c->tool->name);
	if (c->nargs > (a ? a->max < 0 ? c->nargs : a->max : 0)) {
		const char *word = c->args[a ? a->max : 0];

		err_set(e, ST_USAGE, "%s: '%s' is one operand too many (nsdebug %s --help)",
			c->tool->name, word, c->tool->name);
		return own_opt(c->tool, "write") ?
			err_add(e, "; did you mean --write %s?", word) : -1;
	}
	return 0;
}

int opt_parse(struct command *c, int argc, char **argv, struct err *e)
{
	struct tables t = { .opts = { tool_opts(c->tool), global_opts },
		.values = { c->opts, &c->g }, .verb = c->tool->name };
	struct words w = { argc, 1, argv };
	bool options = true;

	c->args = argv;		/* the operands are gathered at its front */
	for (; w.at < argc; w.at++) {
		char *word = argv[w.at];

		if (options && !strcmp(word, "--")) {
			options = false;
		} else if (!options || word[0] != '-' || !word[1]) {
			c->args[c->nargs++] = word;
		} else if ((word[1] == '-' ? parse_long : parse_short)(&t, &w, e) < 0) {
			return -1;
		}
	}
	return c->g.help ? 0 : check_operands(c, e);
}
