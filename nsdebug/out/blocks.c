/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blocks - a line for each row and, indented below it, its rows: the threads of a process and
 * their frames.
 *
 * A column's `glue` is what stands before its text on the line; columns without a value are left
 * out. Held text of a row is the finished block. Of blocks that are folded the first one's is kept,
 * and of the others who they are.
 */
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/esc.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/out/inner.h"

#define FOLD_LISTED 8		/* of folded rows, those that are named */
#define KNOWN_MAX (4u << 20)	/* bytes of lines that may come again */

struct fold {
	const struct col *by;	/* says who they are */
	struct buf head, listed;
	size_t count;
};

static bool is_shown(const struct out *o, const struct col *c)
{
	return !(c->flags & COL_HIDE) && (o->layout.format == OUT_WIDE || !(c->flags & COL_WIDE));
}

/* without: the flag of columns that are left out */
static void put_line(struct out *o, struct buf *b, const struct col *cols, const struct cell *cells,
		     unsigned int without)
{
	bool first = true;

	for (const struct col *c = cols; c->name; c++, cells++) {
		if (c->type == COL_ROWS || c->type == COL_PAINT || !cells->set ||
		    c->flags & without || !is_shown(o, c))
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

/* How many rows this one stands for. */
static uint64_t stands_for(const struct out *o, const struct col *cols, const struct cell *cells)
{
	for (const struct col *c = cols; o->layout.fold && c->name; c++)
		if (c->flags & COL_FOLD && c->type == COL_U64 && cells[c - cols].set)
			return cells[c - cols].u;
	return 1;
}

/* What was received of these rows, and then their lines. */
struct known {
	const struct col *col;
	size_t len, lines_len;
	char bytes[];
};

static bool put_known(struct out *o, const struct col *c, struct bytes rows, uint64_t key)
{
	const struct known *k = map_get(&o->known, key);

	if (!k || k->col != c || k->len != rows.len || memcmp(k->bytes, rows.p, rows.len) != 0)
		return false;
	buf_add(&o->held, k->bytes + k->len, k->lines_len);
	return true;
}

static void forget_known(struct out *o)
{
	map_each(&o->known, free);
	map_free(&o->known);
	o->known_bytes = 0;
}

static void keep_known(struct out *o, const struct col *c, struct bytes rows, uint64_t key,
		       size_t at)
{
	size_t lines_len = o->held.len - at, size = sizeof(struct known) + rows.len + lines_len;
	struct known *k;

	if (o->known_bytes + size > KNOWN_MAX)
		forget_known(o);
	free(map_take(&o->known, key));
	k = mem_alloc(size);
	*k = (struct known){ .col = c, .len = rows.len, .lines_len = lines_len };
	memcpy(k->bytes, rows.p, rows.len);
	memcpy(k->bytes + rows.len, o->held.bytes + at, lines_len);
	map_put(&o->known, key, k);
	o->known_bytes += size;
}

static void put_below(struct out *o, const struct col *c, const struct cell *cell)
{
	struct cell cells[ROW_CELLS_MAX];
	struct bytes rest = cell->s;

	for (uint64_t i = 0; i < cell->count && row_decode(c->sub, &rest, cells); i++) {
		uint64_t n = stands_for(o, c->sub, cells);

		if (!n)
			continue;
		buf_str(&o->held, "  ");
		put_line(o, &o->held, c->sub, cells, 0);
		if (n == 1)
			continue;
		o->held.len--;
		buf_addf(&o->held, " x %llu\n", (unsigned long long)n);
	}
}

/* Of a thousand threads most stand where others do. */
void blocks_below(struct out *o, const struct col *c, const struct cell *cell)
{
	uint64_t key = cell->s.len ? map_hash(MAP_HASH, cell->s.p, cell->s.len) : 0;
	size_t at = o->held.len;

	if (!cell->s.len || put_known(o, c, cell->s, key))
		return;
	put_below(o, c, cell);
	keep_known(o, c, cell->s, key, at);
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

static const char *body_of(const struct out *o, const struct held_row *row)
{
	return strchr(o->held.bytes + row->at, '\n');
}

/* Of the columns in layout->fold the first that has a value. */
static const struct col *fold_by(const struct out *o, const struct cell *cells)
{
	const struct col *c = NULL;

	for (const char *p = o->layout.fold; p; p = strchr(p, ',') ? strchr(p, ',') + 1 : NULL) {
		c = col_find(o->cols, p, strcspn(p, ","));
		if (cells[c - o->cols].set)
			break;
	}
	return c;
}

static void list(struct out *o, struct fold *f, const struct cell *cells)
{
	f->by = fold_by(o, cells);
	if (f->count++ >= FOLD_LISTED)
		return;
	if (f->listed.len)
		buf_str(&f->listed, ", ");
	text_cell(&f->listed, f->by, &cells[f->by - o->cols], &o->style);
}

/* The last row goes into an earlier one that is equal, if there is such a one. */
static void fold_last(struct out *o, const struct cell *cells)
{
	struct held_row *row = &o->rows[o->nrows - 1], *first;
	struct fold *f = mem_alloc(sizeof(*f));
	size_t nr;
	uint64_t h;

	row->fold = f;
	put_line(o, &f->head, o->cols, cells, COL_FOLD);
	h = map_hash(row->key[0] + 1, f->head.bytes, f->head.len);
	h = map_hash(h, body_of(o, row), strlen(body_of(o, row)));
	nr = (size_t)(uintptr_t)map_get(&o->folds, h);
	first = nr ? &o->rows[nr - 1] : NULL;
	if (!first) {
		map_put(&o->folds, h, (void *)(uintptr_t)o->nrows);
	} else if (first->key[0] == row->key[0] &&
		   !strcmp(first->fold->head.bytes, f->head.bytes) &&
		   !strcmp(body_of(o, first), body_of(o, row))) {
		if (row->key[1] < first->key[1])
			first->key[1] = row->key[1];
		list(o, first->fold, cells);
		o->held.len = row->at;
		o->nrows--;
		buf_free(&f->head);
		free(f);
		return;
	}
	list(o, f, cells);
}

void blocks_forget(struct out *o)
{
	forget_known(o);
	for (size_t i = 0; o->layout.fold && i < o->nrows; i++) {
		struct fold *f = o->rows[i].fold;

		if (!f)
			continue;
		buf_free(&f->head);
		buf_free(&f->listed);
		free(f);
	}
	map_free(&o->folds);
}

static void put_folded(struct out *o, const struct held_row *row)
{
	const struct fold *f = row->fold;
	struct buf *b = &o->sink.out;

	if (o->many) {
		esc_text(b, o->target, strlen(o->target), ESC_NAME);
		buf_str(b, ": ");
	}
	buf_addf(b, "%zu x ", f->count);
	buf_add(b, f->head.bytes, f->head.len);
	buf_addf(b, "  %s ", f->by->name);
	buf_add(b, f->listed.bytes, f->listed.len);
	if (f->count > FOLD_LISTED)
		buf_addf(b, " and %zu more", f->count - FOLD_LISTED);
	buf_str(b, body_of(o, row));
}

int blocks_row(struct out *o, const struct cell *cells, struct err *e)
{
	struct held_row *row;

	o->rows = mem_more(o->rows, o->nrows);
	row = &o->rows[o->nrows++];
	*row = (struct held_row){ o->held.len, { key_of(o, cells, 0), key_of(o, cells, 1) },
		NULL };
	if (o->many) {
		esc_text(&o->held, o->target, strlen(o->target), ESC_NAME);
		buf_str(&o->held, ": ");
	}
	put_line(o, &o->held, o->cols, cells, 0);
	for (const struct col *c = o->cols; c->name; c++)
		if (c->type == COL_ROWS && is_shown(o, c))
			blocks_below(o, c, &cells[c - o->cols]);
	buf_char(&o->held, '\0');
	if (o->layout.fold)
		fold_last(o, cells);
	return o->layout.sort && o->held.len < OUT_HELD_MAX ? 0 : blocks_flush(o, e);
}

int blocks_flush(struct out *o, struct err *e)
{
	if (o->nrows)
		qsort(o->rows, o->nrows, sizeof(*o->rows), held_by_keys);
	for (size_t i = 0; i < o->nrows; i++) {
		if (o->groups_seen++)
			buf_char(&o->sink.out, '\n');
		if (o->rows[i].fold && o->rows[i].fold->count > 1)
			put_folded(o, &o->rows[i]);
		else
			buf_str(&o->sink.out, o->held.bytes + o->rows[i].at);
		if (sink_flush(&o->sink, false, e) < 0)
			return -1;
	}
	blocks_forget(o);
	free(take_ptr(o->rows));
	o->nrows = 0;
	buf_clear(&o->held);
	return 0;
}
