/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema - a verb described to programs: nsdebug help --json VERB.
 */
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/esc.h"
#include "nsdebug/cli/cli.h"

static void put_string(struct buf *b, const char *key, const char *text)
{
	buf_addf(b, "\"%s\":", key);
	if (!text) {
		buf_str(b, "null");
		return;
	}
	buf_char(b, '"');
	esc_json(b, text, strlen(text));
	buf_char(b, '"');
}

static void put_options(struct buf *b, const struct opt *opts, const struct tool *t,
			bool *first)
{
	for (const struct opt *o = opts; o && !opt_is_end(o); o++) {
		char letter[2] = { o->letter };

		if (opt_is_hidden(o, t))
			continue;

		buf_str(b, *first ? "\n{" : ",\n{");
		*first = false;
		put_string(b, "long", o->name);
		buf_char(b, ',');
		put_string(b, "short", o->letter && (opts != global_opts || o->letter == 'o') ?
			   letter : NULL);
		buf_char(b, ',');
		put_string(b, "arg", opt_takes_value(o) ? o->arg : NULL);
		buf_char(b, ',');
		put_string(b, "help", o->help);
		buf_char(b, '}');
	}
}

static const char *type_name(enum col_type t)
{
	static const char *const names[] = {
		[COL_STR] = "string", [COL_BYTES] = "bytes", [COL_U64] = "integer",
		[COL_I64] = "integer", [COL_SIZE] = "size", [COL_HEX] = "hex",
		[COL_UID] = "user", [COL_GID] = "group", [COL_TIME] = "time",
		[COL_DUR] = "seconds", [COL_BOOL] = "boolean", [COL_LIST] = "list",
		[COL_ROWS] = "rows", [COL_PAINT] = "paint",
	};

	return names[t];
}

static void put_columns(struct buf *b, const struct col *cols, const char *of, bool *first)
{
	for (const struct col *c = cols; c && c->name; c++) {
		if (c->type == COL_PAINT || (of && (c->flags & COL_NOJSON)))
			continue;
		buf_str(b, *first ? "\n{" : ",\n{");
		*first = false;
		put_string(b, "name", c->name);
		buf_char(b, ',');
		put_string(b, "type", type_name(c->type));
		buf_char(b, ',');
		put_string(b, "help", c->help);
		if (of) {
			buf_char(b, ',');
			put_string(b, "of", of);
		}
		buf_addf(b, ",\"claimed\":%s,\"json\":%s}",
			 c->flags & COL_CLAIMED ? "true" : "false",
			 c->flags & COL_NOJSON ? "false" : "true");
	}
}

static const char *need_name(enum need n)
{
	static const char *const names[] = { "none", "host", "root", "proc", "stack", "trace" };

	return names[n];
}

void schema_tool(struct buf *b, const struct tool *t)
{
	char word[VERB_MAX];
	bool first = true;

	tool_word(t, word);
	buf_char(b, '{');
	put_string(b, "verb", word);
	buf_char(b, ',');
	put_string(b, "summary", t->summary);
	buf_addf(b, ",\"schema\":\"nsdebug.%s/1\",\"needs\":[\"%s\"],\"options\":[", word,
		 need_name(t->needs));
	put_options(b, t->opts, NULL, &first);
	put_options(b, global_opts, t, &first);
	buf_str(b, "],\"columns\":[");
	first = true;
	put_columns(b, t->cols, NULL, &first);
	for (const struct col *c = t->cols; c && c->name; c++)
		if (c->type == COL_ROWS) {
			buf_addf(b, "],\"rows_of_%s\":[", c->name);
			first = true;
			put_columns(b, c->sub, c->name, &first);
		}
	buf_str(b, "],\"examples\":[");
	for (const struct example *x = t->examples; x->command; x++) {
		buf_str(b, x == t->examples ? "\n{" : ",\n{");
		put_string(b, "command", x->command);
		buf_char(b, ',');
		put_string(b, "what", x->what);
		buf_char(b, '}');
	}
	buf_str(b, "]}\n");
}
