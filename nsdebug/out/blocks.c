/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blocks - a line for each row and, indented below it, its rows: the threads of a process and
 * their frames.
 *
 * A column's `glue` is what stands before its text on the line; columns without a value are left
 * out. Held text of a row is the finished block.
 */
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/esc.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/out/inner.h"

static bool is_shown(const struct out *o, const struct col *c)
{
	return !(c->flags & COL_HIDE) && (o->layout.format == OUT_WIDE || !(c->flags & COL_WIDE));
}

static void put_line(struct out *o, const struct col *cols, const struct cell *cells,
		     const char *indent)
{
	struct buf *b = &o->held;
	bool first = true;

	buf_str(b, indent);
	for (const struct col *c = cols; c->name; c++, cells++) {
		if (c->type == COL_ROWS || c->type == COL_PAINT || !cells->set || !is_shown(o, c))
			continue;
		if (c->glue)
			buf_str(b, c->glue);
		else if (!first)
			buf_char(b, ' ');
		text_cell(b, c, cells, &o->style);
		first = false;
	}
	buf_char(b, '\n');
}

void blocks_below(struct out *o, const struct col *c, const struct cell *cell)
{
	struct cell cells[ROW_CELLS_MAX];
	struct bytes rest = cell->s;

	for (uint64_t i = 0; i < cell->count && row_decode(c->sub, &rest, cells); i++)
		put_line(o, c->sub, cells, "  ");
}

static uint64_t key_of(const struct out *o, const struct cell *cells, size_t at)
{
	const char *p = o->layout.sort;
	const struct col *c;

	for (; p && at; at--)
		p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL;
	c = p ? col_find(o->cols, p, strcspn(p, ",")) : NULL;
	return c ? cells[c - o->cols].u : 0;
}

int blocks_row(struct out *o, const struct cell *cells, struct err *e)
{
	struct held_row *row;

	o->rows = mem_more(o->rows, o->nrows);
	row = &o->rows[o->nrows++];
	*row = (struct held_row){ o->held.len, { key_of(o, cells, 0), key_of(o, cells, 1) } };
	if (o->many) {
		esc_text(&o->held, o->target, strlen(o->target), ESC_NAME);
		buf_str(&o->held, ": ");
	}
	put_line(o, o->cols, cells, "");
	for (const struct col *c = o->cols; c->name; c++)
		if (c->type == COL_ROWS && is_shown(o, c))
			blocks_below(o, c, &cells[c - o->cols]);
	buf_char(&o->held, '\0');
	return o->layout.sort && o->held.len < OUT_HELD_MAX ? 0 : blocks_flush(o, e);
}

int blocks_flush(struct out *o, struct err *e)
{
	if (o->nrows)
		qsort(o->rows, o->nrows, sizeof(*o->rows), held_by_keys);
	for (size_t i = 0; i < o->nrows; i++) {
		if (o->groups_seen++)
			buf_char(&o->sink.out, '\n');
		buf_str(&o->sink.out, o->held.bytes + o->rows[i].at);
		if (sink_flush(&o->sink, false, e) < 0)
			return -1;
	}
	free(take_ptr(o->rows));
	o->nrows = 0;
	buf_clear(&o->held);
	return 0;
}
