/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/out/expr.h"

#include <stdlib.h>
#include <string.h>

#include "nsdebug/out/exprnode.h"

bool expr_is_text(enum col_type t)
{
	return t == COL_STR || t == COL_BYTES || t == COL_LIST;
}

/* "[!a-z]" at p, which ends before end: does it have c? Moves *p behind it. An open one is a plain
 * bracket. */
static bool in_class(const char **p, const char *end, unsigned char c)
{
	const char *at = *p + 1, *start;
	bool no = at < end && (*at == '!' || *at == '^'), found = false;

	at += no;
	for (start = at; at < end && (*at != ']' || at == start); at++) {
		unsigned char from = (unsigned char)*at, to = from;

		if (at + 2 < end && at[1] == '-' && at[2] != ']') {
			to = (unsigned char)at[2];
			at += 2;
		}
		found |= c >= from && c <= to;
	}
	if (at >= end) {
		(*p)++;
		return c == '[';
	}
	*p = at + 1;
	return found != no;
}

/* One character of the pattern, which is no star, against c. Moves *p behind it. */
static bool is_one(const char **p, const char *end, char c)
{
	if (**p == '?') {
		(*p)++;
		return true;
	}
	if (**p == '[')
		return in_class(p, end, (unsigned char)c);
	if (**p == '\\' && *p + 1 < end)
		(*p)++;
	return *(*p)++ == c;
}

/* Back to the last star only: no pattern takes longer than its length times that of the text. */
static bool glob(struct bytes pattern, struct bytes text)
{
	const char *p = pattern.p, *end = p + pattern.len, *star = NULL;
	size_t at = 0, from = 0;

	while (at < text.len) {
		const char *next = p;

		if (p < end && *p == '*') {
			star = ++p;
			from = at;
		} else if (p < end && is_one(&next, end, text.p[at])) {
			p = next;
			at++;
		} else if (star) {
			p = star;
			at = ++from;
		} else {
			return false;
		}
	}
	while (p < end && *p == '*')
		p++;
	return p == end;
}

static int compare_text(struct bytes a, struct bytes b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int d = n ? memcmp(a.p, b.p, n) : 0;

	return d ? d : a.len < b.len ? -1 : a.len > b.len;
}

static bool holds(enum expr_op op, int order)
{
	switch (op) {
	case EXPR_EQ:
		return order == 0;
	case EXPR_NE:
		return order != 0;
	case EXPR_LT:
		return order < 0;
	case EXPR_LE:
		return order <= 0;
	case EXPR_GT:
		return order > 0;
	default:
		return order >= 0;
	}
}

static bool match_text(const struct expr_node *n, struct bytes s)
{
	if (n->op == EXPR_LIKE || n->op == EXPR_UNLIKE)
		return glob(n->s, s) == (n->op == EXPR_LIKE);
	return holds(n->op, compare_text(s, n->s));
}

/* != and !~ of a list: of no item is the opposite true. */
static bool match_list(const struct expr_node *n, const struct col_list *l)
{
	struct expr_node one = *n;
	bool none = n->op == EXPR_NE || n->op == EXPR_UNLIKE;

	if (n->op == EXPR_NE)
		one.op = EXPR_EQ;
	if (n->op == EXPR_UNLIKE)
		one.op = EXPR_LIKE;
	for (size_t i = 0; i < l->count; i++)
		if (match_text(&one, l->items[i]))
			return !none;
	return none;
}

/* The text of a field, or false: it has no value. */
static bool get_text(const struct col *c, const void *field, struct bytes *ret)
{
	const char *s;

	if (c->type == COL_BYTES) {
		*ret = *(const struct bytes *)field;
		return ret->p;
	}
	s = *(const char *const *)field;
	*ret = (struct bytes){ s, s ? strlen(s) : 0 };
	return s;
}

static bool is_signed(enum col_type t)
{
	return t == COL_I64 || t == COL_DUR || t == COL_TIME;
}

static uint64_t get_unsigned(const struct col *c, const void *field)
{
	return c->type == COL_ROWS ? ((const struct col_rows *)field)->count :
		*(const uint64_t *)field;
}

static bool is_null(const struct col *c, const void *field)
{
	const struct col_list *l = field;
	struct bytes s;

	if (c->type == COL_LIST)
		return !l->items && l->count;
	if (expr_is_text(c->type))
		return !get_text(c, field, &s);
	if (is_signed(c->type))		/* of a time, the seconds come first */
		return *(const int64_t *)field == NONE_I64;
	return c->type != COL_ROWS && *(const uint64_t *)field == NONE_U64;
}

static int compare_number(const struct expr_node *n, const void *field)
{
	const struct coltime *t = field;
	uint64_t u;
	int64_t i;

	if (!is_signed(n->col->type)) {
		u = get_unsigned(n->col, field);
		return u < n->u ? -1 : u > n->u;
	}
	i = *(const int64_t *)field;
	if (i == n->i && n->col->type == COL_TIME)
		return t->nsec < n->nsec ? -1 : t->nsec > n->nsec;
	return i < n->i ? -1 : i > n->i;
}

static bool match_compare(const struct expr_node *n, const void *row)
{
	const void *field = (const char *)row + n->col->offset;
	bool null = is_null(n->col, field);
	struct bytes s;

	if (n->null || null)
		return n->op == EXPR_NE || n->op == EXPR_UNLIKE ? n->null != null :
			n->op == EXPR_EQ && n->null && null;
	if (n->col->type == COL_LIST)
		return match_list(n, field);
	if (!expr_is_text(n->col->type))
		return holds(n->op, compare_number(n, field));
	get_text(n->col, field, &s);
	return match_text(n, s);
}

static bool match_true(const struct col *c, const void *row)
{
	const void *field = (const char *)row + c->offset;
	struct bytes s;

	if (is_null(c, field))
		return false;
	if (c->type == COL_LIST)
		return ((const struct col_list *)field)->count;
	if (expr_is_text(c->type))
		return get_text(c, field, &s) && s.len;
	if (c->type == COL_TIME)
		return true;
	return is_signed(c->type) ? *(const int64_t *)field != 0 : get_unsigned(c, field) != 0;
}

/* As of a list: != and !~ are true if of none the opposite is. */
static bool match_rows(const struct expr_node *n, const struct col_rows *l)
{
	bool none = n->kind == EXPR_COMPARE && (n->op == EXPR_NE || n->op == EXPR_UNLIKE);
	struct expr_node one = *n;

	if (none)
		one.op = n->op == EXPR_NE ? EXPR_EQ : EXPR_LIKE;
	for (size_t i = 0; i < l->count; i++) {
		const void *row = (const char *)l->rows + i * l->size;

		if (one.kind == EXPR_TRUE ? match_true(one.col, row) : match_compare(&one, row))
			return !none;
	}
	return none;
}

static bool match(const struct expr *x, unsigned int at, const void *row)
{
	const struct expr_node *n = &x->nodes[at];

	if (n->rows)
		return match_rows(n, (const void *)((const char *)row + n->rows->offset));

	switch (n->kind) {
	case EXPR_AND:
		return match(x, n->a, row) && match(x, n->b, row);
	case EXPR_OR:
		return match(x, n->a, row) || match(x, n->b, row);
	case EXPR_NOT:
		return !match(x, n->a, row);
	case EXPR_TRUE:
		return match_true(n->col, row);
	default:
		return match_compare(n, row);
	}
}

bool expr_match(const struct expr *x, const void *row)
{
	return match(x, x->root, row);
}

bool expr_uses(const struct expr *x, const char *name)
{
	for (unsigned int i = 0; x && i < x->count; i++)
		if (x->nodes[i].col && !strcmp(x->nodes[i].col->name, name))
			return true;
	return false;
}

void expr_free(struct expr **x)
{
	for (unsigned int i = 0; *x && i < (*x)->count; i++)
		free((char *)(*x)->nodes[i].s.p);
	if (*x)
		free((*x)->nodes);
	free(*x);
	*x = NULL;
}
