/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table - rows in aligned columns, and names in a grid.
 *
 * Held text of a row: for each shown column its width and length (two uint32_t) and its bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/esc.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/out/inner.h"

static const struct col target_col = { .name = "target", .type = COL_STR };

struct held_cell {
	uint32_t width, len;
};

static bool is_under(const struct out *o, const struct col *c)
{
	const char *next;

	if (o->layout.format != OUT_TABLE || o->nunder == ARRAY_SIZE(o->under))
		return false;
	for (const char *p = o->layout.under; p; p = next) {
		next = strchr(p, ',');
		next = next ? next + 1 : NULL;
		if (str_prefix(p, c->name) && strchr(",", p[strlen(c->name)]))
			return true;
	}
	return false;
}

static bool show(struct out *o, const struct col *c)
{
	if (is_under(o, c)) {
		o->under[o->nunder++] = c;
		return true;
	}
	if (o->nshown == ROW_CELLS_MAX)
		return false;
	if (c->type == COL_ROWS && o->layout.below) {
		o->below = c;
		return true;
	}
	o->shown[o->nshown++] = c;
	return true;
}

const char *const out_formats[] = { "table", "wide", "json", "jsonl", "name", NULL };

static int err_field(const struct out *o, const char *p, size_t len, struct err *e)
{
	char word[64];
	struct str_near near = { .word = word };
	const char *best;

	snprintf(word, sizeof(word), "%.*s", (int)len, p);
	best = col_nearest(o->cols, &near);
	for (size_t i = 0; o->layout.one_word && out_formats[i]; i++)
		if (str_nearer(&near, out_formats[i]))
			best = out_formats[i];
	return err_set(e, ST_USAGE, "'%.*s' is not a field of %s%s%s%s%s (nsdebug %s --help lists "
		       "them)", (int)len, p, o->verb, o->layout.one_word ?
		       ", nor a format, as table, wide, json, jsonl and name are" : "",
		       best ? "; did you mean '" : "", best ? best : "", best ? "'?" : "", o->verb);
}

/* A painted column brings its paint, a named column the ones that are glued to it. */
static int choose_named(struct out *o, struct err *e)
{
	for (const char *p = o->layout.fields; *p;) {
		const char *end = strchrnul(p, ',');
		const struct col *c = col_find(o->cols, p, (size_t)(end - p));

		if (!c || c->type == COL_PAINT)
			return err_field(o, p, (size_t)(end - p), e);
		if (c > o->cols && c[-1].type == COL_PAINT)
			show(o, c - 1);
		show(o, c);
		for (c++; c->name && (c->flags & COL_GLUE) && !(c->flags & COL_HIDE); c++)
			show(o, c);
		p = *end ? end + 1 : end;
	}
	return 0;
}

int table_choose(struct out *o, struct err *e)
{
	bool wide = o->layout.format == OUT_WIDE;

	if (o->many && o->layout.kind != LAYOUT_BLOCKS)
		show(o, &target_col);
	if (o->layout.fields)
		return choose_named(o, e);
	for (const struct col *c = o->cols; c && c->name; c++)
		if (!(c->flags & COL_HIDE) && (wide || !(c->flags & COL_WIDE)))
			show(o, c);
	return 0;
}

static const struct cell *cell_of(const struct out *o, const struct col *c,
				  const struct cell *cells)
{
	return &cells[c - o->cols];
}

static void hold_cell(struct out *o, const struct col *c, const struct cell *cells, size_t i)
{
	struct held_cell h = { 0 };
	size_t at = o->held.len;

	buf_add(&o->held, &h, sizeof(h));
	if (c == &target_col) {
		esc_text(&o->held, o->target, strlen(o->target), ESC_NAME);
		h.width = (uint32_t)esc_width(o->target, strlen(o->target));
	} else if (c->type == COL_PAINT) {
		buf_char(&o->held, (char)cell_of(o, c, cells)->u);
	} else {
		const struct cell *cell = cell_of(o, c, cells);

		/* the first of a line follows nothing */
		if ((c->flags & COL_GLUE) && cell->set && c->glue && i)
			buf_str(&o->held, c->glue);
		h.width = (uint32_t)text_cell(&o->held, c, cell, &o->style);
	}
	h.len = (uint32_t)(o->held.len - at - sizeof(h));
	memcpy(o->held.bytes + at, &h, sizeof(h));
	if (h.width > o->width[i])
		o->width[i] = h.width;
}

static void hold_under(struct out *o, const struct col *c, const struct cell *cell)
{
	if (!cell->set)
		return;
	buf_addf(&o->held, "  %s: ", c->name);
	text_cell(&o->held, c, cell, &o->style);
	buf_char(&o->held, '\n');
}

static bool has_below(const struct out *o)
{
	return o->below || o->nunder;
}

/* The lines below it, as one more cell that stands in no column. */
static void hold_below(struct out *o, const struct cell *cells)
{
	struct held_cell h = { 0 };
	size_t at = o->held.len;

	buf_add(&o->held, &h, sizeof(h));
	for (size_t i = 0; i < o->nunder; i++)
		hold_under(o, o->under[i], cell_of(o, o->under[i], cells));
	if (o->below)
		blocks_below(o, o->below, cell_of(o, o->below, cells));
	h.len = (uint32_t)(o->held.len - at - sizeof(h));
	memcpy(o->held.bytes + at, &h, sizeof(h));
}

static void hold_keys(struct out *o, const struct cell *cells, struct held_row *row)
{
	const char *p = o->layout.sort;

	for (size_t i = 0; p && *p && i < ARRAY_SIZE(row->key); i++) {
		const char *end = strchrnul(p, ',');
		const struct col *c = col_find(o->cols, p, (size_t)(end - p));

		/* no value stands before 0 */
		row->key[i] = c && cell_of(o, c, cells)->set ? cell_of(o, c, cells)->u + 1 : 0;
		p = *end ? end + 1 : end;
	}
}

static void hold(struct out *o, const struct cell *cells)
{
	struct held_row *row;

	o->rows = mem_more(o->rows, o->nrows);
	row = &o->rows[o->nrows++];
	*row = (struct held_row){ .at = o->held.len };
	hold_keys(o, cells, row);
	for (size_t i = 0; i < o->nshown; i++)
		hold_cell(o, o->shown[i], cells, i);
	if (has_below(o))
		hold_below(o, cells);
}

/* The title of the group that the row is in: the value of its COL_GROUP column. */
static int new_title(struct out *o, const struct cell *cells, struct err *e)
{
	for (const struct col *c = o->cols; c->name; c++) {
		const struct cell *cell = cell_of(o, c, cells);
		size_t len = cell->s.len < sizeof(o->title) - 1 ? cell->s.len :
			sizeof(o->title) - 1;

		if (!(c->flags & COL_GROUP) || !cell->set)
			continue;
		if (o->titled && strlen(o->title) == len && !memcmp(o->title, cell->s.p, len))
			return 0;
		if (table_flush(o, e) < 0)
			return -1;
		memcpy(o->title, cell->s.p, len);
		o->title[len] = '\0';
		o->titled = true;
		if (o->groups_seen++)
			buf_char(&o->sink.out, '\n');
		esc_text(&o->sink.out, o->title, len, ESC_NAME);
		buf_str(&o->sink.out, ":\n");
	}
	return 0;
}

int table_row(struct out *o, const struct cell *cells, struct err *e)
{
	if (o->layout.titles && new_title(o, cells, e) < 0)
		return -1;
	/* Only the widths call for waiting: one column needs none, and a grid needs them all. */
	hold(o, cells);
	if (o->held.len > OUT_HELD_MAX || o->layout.stream ||
	    (o->nshown == 1 && o->layout.kind != LAYOUT_GRID && !o->layout.sort))
		return table_flush(o, e);
	return 0;
}

/* ---- printing ---- */

struct cursor {
	const char *p;
};

static struct bytes next_cell(struct cursor *c, struct held_cell *h)
{
	struct bytes text;

	memcpy(h, c->p, sizeof(*h));
	text = (struct bytes){ c->p + sizeof(*h), h->len };
	c->p += sizeof(*h) + h->len;
	return text;
}

static bool is_inline(const struct col *c)
{
	return c->type == COL_PAINT || (c->flags & COL_GLUE);
}

/* Is anything printed to the right of column i? Then it must be padded. */
static bool is_last(const struct out *o, size_t i)
{
	for (i++; i < o->nshown; i++)
		if (!is_inline(o->shown[i]))
			return false;
	return true;
}

/* Bytes of escaped text that fill `columns`; wide characters are taken as one column. */
static size_t cut_at(struct bytes text, size_t columns)
{
	size_t i = 0;

	for (; i < text.len; i++)
		if (((unsigned char)text.p[i] & 0xc0) != 0x80 && !columns--)
			break;
	return i;
}

/* On a terminal a table keeps to its width, as ps does; -o wide and pipes have all of it. What is
 * to be done is whole everywhere, for its end counts. */
static size_t room_left(const struct out *o, const struct col *c, size_t line, struct bytes text)
{
	size_t used = o->sink.out.len - line;

	if (!o->layout.columns || c->flags & COL_WHOLE || o->layout.kind != LAYOUT_TABLE ||
	    o->layout.format != OUT_TABLE || used >= o->layout.columns)
		return text.len;
	return cut_at(text, o->layout.columns - used);
}

static void print_row(struct out *o, const struct held_row *row)
{
	size_t line = o->sink.out.len;
	struct buf *b = &o->sink.out;
	struct cursor cur = { o->held.bytes + row->at };
	const char *sgr = NULL;
	size_t owed = 0;	/* blanks due before the next column */
	bool first = true;

	for (size_t i = 0; i < o->nshown; i++) {
		const struct col *c = o->shown[i];
		struct held_cell h;
		struct bytes text = next_cell(&cur, &h);
		size_t pad = o->width[i] > h.width ? o->width[i] - h.width : 0;

		if (c->type == COL_PAINT) {
			sgr = o->color ? text_paint((unsigned char)text.p[0]) : NULL;
			continue;
		}
		if (!is_inline(c)) {
			buf_fill(b, ' ', owed + (first ? 0 : 1) + (text_right(c) ? pad : 0));
			owed = is_last(o, i) || text_right(c) ? 0 : pad;
			first = false;
		}
		if (sgr)
			buf_str(b, sgr);
		if (is_last(o, i))
			text.len = room_left(o, c, line, text);
		buf_add(b, text.p, text.len);
		if (sgr)
			buf_str(b, "\033[0m");
		sgr = NULL;
	}
	buf_char(b, '\n');
	if (has_below(o)) {
		struct held_cell h;
		struct bytes text = next_cell(&cur, &h);

		buf_add(b, text.p, text.len);
	}
}

static void head_text(const struct col *c, char *text, size_t room)
{
	size_t n = 0;

	for (const char *p = c->head ? c->head : c->name; *p && n < room - 1; p++)
		text[n++] = c->head || *p < 'a' || *p > 'z' ? *p : (char)(*p - 'a' + 'A');
	text[n] = '\0';
}

static void print_head(struct out *o)
{
	struct buf *b = &o->sink.out;
	size_t owed = 0;
	bool first = true;

	for (size_t i = 0; i < o->nshown; i++) {
		const struct col *c = o->shown[i];
		char text[64];
		size_t len, pad;

		if (is_inline(c))
			continue;
		head_text(c, text, sizeof(text));
		len = strlen(text);
		if (o->width[i] < len)
			o->width[i] = len;
		/* no later row can push what is below */
		if (o->layout.stream && o->width[i] < c->least)
			o->width[i] = c->least;
		pad = o->width[i] - len;
		buf_fill(b, ' ', owed + (first ? 0 : 1) + (text_right(c) ? pad : 0));
		owed = is_last(o, i) || text_right(c) ? 0 : pad;
		buf_str(b, text);
		first = false;
	}
	buf_char(b, '\n');
	o->headed = true;
}

/* All parts of a name in the grid count: paint and what is glued on. */
static size_t grid_width(const struct out *o, const struct held_row *row, const char **sgr,
			 struct buf *text)
{
	struct cursor cur = { o->held.bytes + row->at };
	size_t width = 0;

	buf_clear(text);
	*sgr = NULL;
	for (size_t i = 0; i < o->nshown; i++) {
		struct held_cell h;
		struct bytes t = next_cell(&cur, &h);

		if (o->shown[i]->type == COL_PAINT) {
			*sgr = text_paint((unsigned char)t.p[0]);
			continue;
		}
		if (width && !is_inline(o->shown[i])) {
			buf_char(text, ' ');
			width++;
		}
		buf_add(text, t.p, t.len);
		width += h.width + (o->shown[i]->flags & COL_GLUE && o->shown[i]->glue && t.len ?
				    strlen(o->shown[i]->glue) : 0);
	}
	return width;
}

static void print_grid(struct out *o)
{
	struct buf *b = &o->sink.out;
	auto_buf struct buf text = { 0 };
	auto_free size_t *width = mem_alloc((o->nrows + 1) * sizeof(*width));
	size_t widest = 1, across, down;
	const char *sgr;

	for (size_t i = 0; i < o->nrows; i++) {
		width[i] = grid_width(o, &o->rows[i], &sgr, &text);
		if (width[i] > widest)
			widest = width[i];
	}
	across = o->layout.columns / (widest + 2);
	across = across ? across : 1;
	down = (o->nrows + across - 1) / across;
	for (size_t y = 0; y < down; y++) {
		for (size_t i = y; i < o->nrows; i += down) {
			grid_width(o, &o->rows[i], &sgr, &text);
			if (sgr && o->color)
				buf_str(b, sgr);
			buf_add(b, text.bytes, text.len);
			if (sgr && o->color)
				buf_str(b, "\033[0m");
			if (i + down < o->nrows)
				buf_fill(b, ' ', widest + 2 - width[i]);
		}
		buf_char(b, '\n');
	}
}

int held_by_keys(const void *a, const void *b)
{
	const struct held_row *x = a, *y = b;

	for (size_t i = 0; i < ARRAY_SIZE(x->key); i++)
		if (x->key[i] != y->key[i])
			return x->key[i] < y->key[i] ? -1 : 1;
	return x->at < y->at ? -1 : x->at > y->at;
}

int table_flush(struct out *o, struct err *e)
{
	if (!o->nrows)
		return 0;
	if (o->layout.sort)
		qsort(o->rows, o->nrows, sizeof(*o->rows), held_by_keys);
	if (o->layout.kind == LAYOUT_TABLE && !o->layout.no_headers && !o->headed)
		print_head(o);
	if (o->layout.kind == LAYOUT_GRID && o->layout.columns) {
		print_grid(o);
	} else {
		for (size_t i = 0; i < o->nrows; i++) {
			print_row(o, &o->rows[i]);
			if (sink_flush(&o->sink, false, e) < 0)
				return -1;
		}
	}
	o->nrows = 0;
	buf_clear(&o->held);
	if (o->layout.titles) {
		memset(o->width, 0, sizeof(o->width));
		/* rows without a title stand apart from the first one that has one */
		o->groups_seen += !o->groups_seen;
	}
	return sink_flush(&o->sink, false, e);
}
