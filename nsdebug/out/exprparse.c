/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/rfc3339.h"
#include "nsdebug/out/expr.h"
#include "nsdebug/out/exprnode.h"

#define VALUE_MAX 4096

struct parser {
	const char *text, *p;
	const struct col *cols;
	struct expr *x;
	unsigned int depth;
	struct err *e;
};

static int wrong(struct parser *s, const char *at, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int wrong(struct parser *s, const char *at, const char *fmt, ...)
{
	char what[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return err_set(s->e, ST_USAGE, "--filter, column %zu: %s", (size_t)(at - s->text) + 1,
		       what);
}

static void skip_blanks(struct parser *s)
{
	s->p += strspn(s->p, " \t\n");
}

static bool accept(struct parser *s, const char *word)
{
	size_t len = strlen(word);

	skip_blanks(s);
	if (strncmp(s->p, word, len))
		return false;
	s->p += len;
	return true;
}

static int add(struct parser *s, struct expr_node n, unsigned int *ret)
{
	struct expr *x = s->x;

	if (x->count == EXPR_NODES_MAX) {
		free((char *)n.s.p);
		return wrong(s, s->p, "more than %d parts", EXPR_NODES_MAX);
	}
	x->nodes = mem_more(x->nodes, x->count);
	x->nodes[x->count] = n;
	*ret = x->count++;
	return 0;
}

/* ---- values ---- */

static bool read_number(const char *text, uint64_t *ret)
{
	const char *p = text + 2;

	if (text[0] == '0' && text[1] == 'x')
		return scan_hex(&p, ret) && !*p;
	return str_u64(text, ret);
}

static bool read_signed(const char *text, bool duration, int64_t *ret)
{
	bool minus = text[0] == '-';
	uint64_t n;

	if (!(duration ? str_duration : str_u64)(text + minus, &n) || n > INT64_MAX)
		return false;
	*ret = minus ? -(int64_t)n : (int64_t)n;
	return true;
}

static bool read_bool(const char *text, uint64_t *ret)
{
	static const char *const words[] = { "false", "true", "no", "yes", "0", "1" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (!strcmp(text, words[i])) {
			*ret = i & 1;
			return true;
		}
	return false;
}

static bool read_value(struct expr_node *n, const char *text)
{
	switch (n->col->type) {
	case COL_SIZE:
		return str_size(text, &n->u);
	case COL_BOOL:
		return read_bool(text, &n->u);
	case COL_I64:
	case COL_DUR:
		return read_signed(text, n->col->type == COL_DUR, &n->i);
	case COL_TIME:
		return time_parse(text, &n->i, &n->nsec);
	default:
		return read_number(text, &n->u);
	}
}

static const char *kind_of(enum col_type t)
{
	switch (t) {
	case COL_SIZE:
		return "a size such as 512, 10K or 4M";
	case COL_BOOL:
		return "true or false";
	case COL_DUR:
		return "a time such as 2s, 500ms or 5m";
	case COL_TIME:
		return "a time such as 2026-01-31T12:00:00Z";
	default:
		return "a number";
	}
}

/* A word, or what is in quotes; NUL terminated. */
static int take_word(struct parser *s, struct buf *b, bool *quoted)
{
	const char *start = s->p;
	char quote = *s->p == '"' || *s->p == '\'' ? *s->p : '\0';

	*quoted = quote;
	buf_add(b, "", 0);
	if (!quote) {
		size_t len = strcspn(s->p, " \t\n()&|");

		if (!len)
			return wrong(s, start, "a value is missing");
		buf_add(b, s->p, len);
		s->p += len;
		return 0;
	}
	for (s->p++; *s->p && *s->p != quote; s->p++) {
		if (*s->p == '\\' && s->p[1] == quote)
			s->p++;
		buf_char(b, *s->p);
	}
	return *s->p++ == quote ? 0 : (s->p--, wrong(s, start, "the quote is not closed"));
}

static int parse_value(struct parser *s, struct expr_node *n)
{
	auto_buf struct buf b = { 0 };
	const char *at;
	bool quoted;

	skip_blanks(s);
	at = s->p;
	if (take_word(s, &b, &quoted) < 0)
		return -1;
	if (b.len > VALUE_MAX)
		return wrong(s, at, "a value of more than %d bytes", VALUE_MAX);
	if (!quoted && !strcmp(b.bytes, "null")) {
		n->null = true;
		return n->op <= EXPR_NE ? 0 : wrong(s, at, "null is compared by == and !=");
	}
	if (expr_is_text(n->col->type)) {
		n->s = (struct bytes){ mem_dup(b.bytes, b.len), b.len };
		return 0;
	}
	if (read_value(n, b.bytes))
		return 0;
	return wrong(s, at, "'%.64s' is not %s, as %s is", b.bytes, kind_of(n->col->type),
		     n->col->name);
}

/* ---- operators ---- */

static bool take_op(struct parser *s, enum expr_op *ret)
{
	static const struct { const char *word; enum expr_op op; } ops[] = {
		{ "==", EXPR_EQ }, { "!=", EXPR_NE }, { "!~", EXPR_UNLIKE }, { "<=", EXPR_LE },
		{ ">=", EXPR_GE }, { "=~", EXPR_LIKE }, { "=", EXPR_EQ }, { "<", EXPR_LT },
		{ ">", EXPR_GT }, { "~", EXPR_LIKE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(ops); i++)
		if (accept(s, ops[i].word)) {
			*ret = ops[i].op;
			return true;
		}
	return false;
}

static size_t name_len(const char *p)
{
	return strspn(p, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}

/* rows: it is the second of two names; or NULL */
static int no_field(struct parser *s, const char *start, size_t len, const struct col *rows)
{
	const char *own = rows ? start + strlen(rows->name) + 1 : start, *best;
	char word[64];
	struct str_near near = { .word = word };

	snprintf(word, sizeof(word), "%.*s", (int)(name_len(own) % sizeof(word)), own);
	best = col_nearest(rows ? rows->sub : s->cols, &near);
	return wrong(s, start, "'%.*s' is no field: --help lists them%s%s%s",
		     len < 64 ? (int)len : 64, start, best ? "; did you mean '" : "",
		     best ? best : "", best ? "'?" : "");
}

/* NAME, or NAME.NAME of rows in the row. */
static int parse_field(struct parser *s, struct expr_node *n)
{
	const char *start = s->p;
	size_t len = name_len(start);

	if (!len)
		return wrong(s, start, *start ? "a field is expected here, not '%.16s'" :
			     "a field is expected%.0s", start);
	n->col = col_find(s->cols, start, len);
	if (n->col && n->col->type == COL_ROWS && start[len] == '.') {
		size_t more = name_len(start + len + 1);

		n->rows = n->col;
		n->col = col_find(n->rows->sub, start + len + 1, more);
		len += 1 + more;
	}
	if (!n->col || n->col->type == COL_PAINT || (n->rows && n->col->type == COL_ROWS))
		return no_field(s, start, len, n->rows);
	s->p += len;
	return 0;
}

static int parse_comparison(struct parser *s, unsigned int *ret)
{
	struct expr_node n = { .kind = EXPR_COMPARE };
	const char *start;

	if (parse_field(s, &n) < 0)
		return -1;
	skip_blanks(s);
	start = s->p;
	if (!take_op(s, &n.op)) {
		n.kind = EXPR_TRUE;
		return add(s, n, ret);
	}
	if (n.op >= EXPR_LIKE && !expr_is_text(n.col->type))
		return wrong(s, start, "~ compares text, and %s is none", n.col->name);
	return parse_value(s, &n) < 0 ? -1 : add(s, n, ret);
}

static int parse_or(struct parser *s, unsigned int *ret);

static int parse_not(struct parser *s, unsigned int *ret)
{
	struct expr_node n = { .kind = EXPR_NOT };
	const char *start;
	int r;

	skip_blanks(s);
	start = s->p;
	if (++s->depth > EXPR_DEPTH_MAX)
		return wrong(s, start, "nested deeper than %d", EXPR_DEPTH_MAX);
	if (accept(s, "!")) {
		r = parse_not(s, &n.a) < 0 ? -1 : add(s, n, ret);
	} else if (accept(s, "(")) {
		r = parse_or(s, ret);
		if (r == 0 && !accept(s, ")"))
			r = wrong(s, start, "the parenthesis is not closed");
	} else {
		r = parse_comparison(s, ret);
	}
	s->depth--;
	return r;
}

/* Both chains, to the left. */
static int parse_chain(struct parser *s, const char *op, enum expr_kind kind,
		       int (*part)(struct parser *s, unsigned int *ret), unsigned int *ret)
{
	struct expr_node n = { .kind = kind };

	if (part(s, ret) < 0)
		return -1;
	while (accept(s, op)) {
		n.a = *ret;
		if (part(s, &n.b) < 0 || add(s, n, ret) < 0)
			return -1;
	}
	return 0;
}

static int parse_and(struct parser *s, unsigned int *ret)
{
	return parse_chain(s, "&&", EXPR_AND, parse_not, ret);
}

static int parse_or(struct parser *s, unsigned int *ret)
{
	return parse_chain(s, "||", EXPR_OR, parse_and, ret);
}

struct expr *expr_parse(const char *text, const struct col *cols, struct err *e)
{
	struct expr *x = mem_alloc(sizeof(*x));
	struct parser s = { .text = text, .p = text, .cols = cols, .x = x, .e = e };

	if (parse_or(&s, &x->root) == 0) {
		skip_blanks(&s);
		if (!*s.p)
			return x;
		wrong(&s, s.p, "&&, || or the end is expected, not '%.16s'", s.p);
	}
	expr_free(&x);
	return NULL;
}
