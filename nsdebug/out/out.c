/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/out/out.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/esc.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/sig.h"
#include "nsdebug/out/inner.h"

struct out *out_new(const char *verb, const struct col *cols, const struct col *summary,
		    const struct layout *l, bool many_targets, int fd, int signals)
{
	struct out *o = mem_alloc(sizeof(*o));

	o->verb = verb;
	o->cols = cols;
	o->summary = summary;
	o->layout = *l;
	o->ncols = col_count(cols);
	o->many = many_targets;
	o->color = l->color == WHEN_ALWAYS || (l->color == WHEN_AUTO && l->columns);
	sink_init(&o->sink, fd, signals);
	o->style = (struct text_style){ &o->layout, &o->users, &o->groups };
	return o;
}

static void free_names(struct map *m)
{
	map_each(m, free);
	map_free(m);
}

void out_free(struct out **o)
{
	if (!*o)
		return;
	free_names(&(*o)->users);
	free_names(&(*o)->groups);
	buf_free(&(*o)->sink.out);
	buf_free(&(*o)->held);
	buf_free(&(*o)->errors);
	buf_free(&(*o)->summary_json);
	buf_free(&(*o)->totals);
	blocks_forget(*o);
	free((*o)->rows);
	free(*o);
	*o = NULL;
}

int out_check(struct out *o, struct err *e)
{
	return o->nshown || !o->cols ? 0 : table_choose(o, e);
}

static bool is_shown(const struct out *o, const struct col *c)
{
	switch (o->layout.format) {
	case OUT_JSON:
	case OUT_JSONL:
		return !(c->flags & COL_NOJSON);
	case OUT_NAMES:
		return c->flags & COL_NAME;
	default:
		for (size_t i = 0; i < o->nshown; i++)
			if (o->shown[i] == c)
				return true;
		for (size_t i = 0; i < o->nunder; i++)
			if (o->under[i] == c)
				return true;
		return c == o->below;
	}
}

struct unseen out_unseen(const struct out *o)
{
	struct unseen u = { .below = o->layout.format <= OUT_WIDE };

	/* where rows do not stream, a column may also say how they are sorted or grouped */
	for (size_t i = 0; o->layout.stream && i < o->ncols; i++)
		u.cols |= (uint64_t)!is_shown(o, &o->cols[i]) << i;
	return u;
}

void out_name(struct out *o, char kind, uint64_t id, const char *name, size_t len)
{
	struct map *m = kind == 'u' ? &o->users : &o->groups;

	/* the first line of an id counts, as in libc */
	if (len && len <= 256 && id <= UINT32_MAX && !map_get(m, id + 1) && m->used < 65536)
		map_put(m, id + 1, mem_dup(name, len));
}

static int err_row(struct err *e)
{
	return err_set(e, ST_INTERNAL, "a child sent a row that is none: a possible attack from "
		       "the target");
}

static void put_names(struct out *o, const struct cell *cells)
{
	for (size_t i = 0; i < o->ncols; i++)
		if ((o->cols[i].flags & COL_NAME) && cells[i].set) {
			text_cell(&o->sink.out, &o->cols[i], &cells[i], &o->style);
			buf_char(&o->sink.out, '\n');
		}
}

int out_row(struct out *o, struct bytes body, struct err *e)
{
	struct cell cells[ROW_CELLS_MAX];

	if (out_check(o, e) < 0)
		return -1;
	if (!row_decode(o->cols, &body, cells) || body.len)
		return err_row(e);
	switch (o->layout.format) {
	case OUT_JSON:
	case OUT_JSONL:
		json_row(o, cells);
		break;
	case OUT_NAMES:
		put_names(o, cells);
		break;
	default:
		if ((o->layout.kind == LAYOUT_BLOCKS ? blocks_row : table_row)(o, cells, e) < 0)
			return -1;
	}
	return sink_flush(&o->sink, false, e);
}

int out_flush(struct out *o, struct err *e)
{
	return o->layout.stream ? sink_flush(&o->sink, true, e) : 0;
}

/* Is it on a line of its own among the totals? */
static bool is_total(const struct out *o, const struct col *c, const struct cell *cells)
{
	return cells[c - o->summary].set && c->type != COL_PAINT && !(c->flags & COL_HIDE) &&
		(o->layout.format == OUT_WIDE || !(c->flags & COL_WIDE));
}

/* A column a line: what it is called, its value, and what that is; what is glued to it follows. */
static void make_totals(struct out *o, const struct cell *cells)
{
	size_t label = 0, value = 0, n;
	auto_buf struct buf text = { 0 };
	struct buf *b = &o->totals;

	for (const struct col *c = o->summary; c->name; c++) {
		if (!is_total(o, c, cells) || (c->flags & COL_GLUE))
			continue;
		buf_clear(&text);
		n = text_cell(&text, c, &cells[c - o->summary], &o->style);
		value = text_right(c) && n > value ? n : value;
		n = strlen(c->head ? c->head : c->name);
		label = n > label ? n : label;
	}
	buf_clear(b);
	for (const struct col *c = o->summary; c->name; c++) {
		if (!is_total(o, c, cells))
			continue;
		buf_clear(&text);
		n = text_cell(&text, c, &cells[c - o->summary], &o->style);
		if (c->flags & COL_GLUE) {
			b->len--;
			buf_str(b, c->glue);
		} else {
			buf_str(b, c->head ? c->head : c->name);
			buf_fill(b, ' ', label - strlen(c->head ? c->head : c->name) + 1);
			buf_fill(b, ' ', text_right(c) ? value - n : 0);
		}
		buf_add(b, text.bytes, text.len);
		if (!(c->flags & COL_GLUE) && text_right(c))
			buf_addf(b, "  %s", c->help);
		buf_char(b, '\n');
	}
}

int out_summary(struct out *o, struct bytes body, struct err *e)
{
	struct cell cells[ROW_CELLS_MAX];

	if (!o->summary || !row_decode(o->summary, &body, cells) || body.len)
		return err_row(e);
	json_summary(o, cells);
	if (o->layout.totals && o->layout.format <= OUT_WIDE)
		make_totals(o, cells);
	for (const struct col *c = o->summary; c->name; c++)
		if (!strcmp(c->name, "text") && cells[c - o->summary].set)
			snprintf(o->summary_text, sizeof(o->summary_text), "%.*s",
				 (int)cells[c - o->summary].s.len, cells[c - o->summary].s.p);
	return 0;
}

void out_error(struct out *o, const char *target, enum status status, const char *msg, size_t len)
{
	json_error(o, target, status, msg, len);
}

void out_truncated(struct out *o)
{
	o->truncated = true;
}

/* A character that is cut off waits for its rest. */
static int escaped_data(struct out *o, int fd, struct err *e)
{
	char bytes[16384];
	size_t have = o->ntorn;
	ssize_t n = read(fd, bytes + have, sizeof(bytes) - have);

	if (n < 0)
		return err_sys(e, "read from the child");
	memcpy(bytes, o->torn, have);
	have += (size_t)n;
	o->ntorn = n ? esc_torn(bytes, have) : 0;
	have -= o->ntorn;
	memcpy(o->torn, bytes + have, o->ntorn);
	esc_text(&o->sink.out, bytes, have, ESC_TEXT);
	return sink_flush(&o->sink, true, e) < 0 ? -1 : n > 0;
}

int out_data(struct out *o, int fd, struct err *e)
{
	return o->layout.escape ? escaped_data(o, fd, e) : sink_splice(&o->sink, fd, e);
}

static void put_summary(struct out *o)
{
	struct buf *b = &o->sink.out;

	if (o->totals.len && o->layout.format <= OUT_WIDE) {
		if (o->headed)
			buf_char(b, '\n');
		if (o->many) {
			esc_text(b, o->target, strlen(o->target), ESC_NAME);
			buf_str(b, ":\n");
		}
		buf_add(b, o->totals.bytes, o->totals.len);
		buf_clear(&o->totals);
	}
	if (!o->summary_text[0] || o->layout.format > OUT_WIDE)
		return;
	if (o->groups_seen)
		buf_char(b, '\n');
	if (o->many) {
		esc_text(b, o->target, strlen(o->target), ESC_NAME);
		buf_str(b, ": ");
	}
	esc_text(b, o->summary_text, strlen(o->summary_text), ESC_NAME);
	buf_char(b, '\n');
	o->summary_text[0] = '\0';
}

/* What ends with a target: its sorted rows and its totals. */
static int finish_target(struct out *o, struct err *e)
{
	if (!o->layout.sort && !o->layout.totals)
		return 0;
	if ((o->layout.kind == LAYOUT_BLOCKS ? blocks_flush : table_flush)(o, e) < 0)
		return -1;
	put_summary(o);
	return 0;
}

int out_target(struct out *o, const char *name, struct err *e)
{
	if (finish_target(o, e) < 0)
		return -1;
	snprintf(o->target, sizeof(o->target), "%s", name);
	free_names(&o->users);
	free_names(&o->groups);
	return 0;
}

int out_end(struct out *o, struct err *e)
{
	if ((o->layout.kind == LAYOUT_BLOCKS ? blocks_flush : table_flush)(o, e) < 0)
		return -1;
	json_end(o);
	put_summary(o);
	return sink_flush(&o->sink, true, e);
}

bool out_closed(const struct out *o)
{
	return o->sink.closed;
}

void out_say(const char *text, size_t len)
{
	auto_buf struct buf b = { 0 };

	buf_str(&b, "nsdebug: ");
	esc_text(&b, text, len, ESC_NAME);
	buf_char(&b, '\n');
	sig_allow();	/* nobody may be reading */
	fd_write_all(2, b.bytes, b.len);
	sig_block();
}
