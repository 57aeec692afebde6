/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json - rows as one JSON document, or one document a line.
 *
 * {"schema":"nsdebug.ls/1","target":"runc://web","items":[...],"errors":[...],"truncated":false}
 * The items stream; what comes after them is kept until the end and is bounded.
 */
#include <string.h>

#include "nsdebug/base/esc.h"
#include "nsdebug/out/inner.h"

#define ERRORS_MAX 1000

static void put_string(struct buf *b, const char *p, size_t len)
{
	buf_char(b, '"');
	esc_json(b, p, len);
	buf_char(b, '"');
}

static void put_key(struct buf *b, const char *name, const char *suffix)
{
	if (b->bytes[b->len - 1] != '{')
		buf_char(b, ',');
	buf_char(b, '"');
	buf_str(b, name);
	buf_str(b, suffix);
	buf_str(b, "\":");
}

static void put_base64(struct buf *b, const char *p, size_t len)
{
	buf_char(b, '"');
	esc_base64(b, p, len);
	buf_char(b, '"');
}

static void put_text(struct buf *b, const struct col *c, const struct cell *cell)
{
	put_key(b, c->name, "");
	put_string(b, cell->s.p, cell->s.len);
	if (esc_is_utf8(cell->s.p, cell->s.len))
		return;
	put_key(b, c->name, "_b64");
	put_base64(b, cell->s.p, cell->s.len);
}

static bool is_number(struct bytes s)
{
	for (size_t i = 0; i < s.len; i++)
		if (s.p[i] < '0' || s.p[i] > '9')
			return false;
	return s.len && s.len <= 15 && (s.len == 1 || s.p[0] != '0');
}

static bool put_items(struct buf *b, const struct col *c, const struct cell *cell, bool base64)
{
	struct bytes rest = cell->s, item;
	bool all = true;

	buf_char(b, '[');
	for (bool first = true; list_next(&rest, &item); first = false) {
		if (!first)
			buf_char(b, ',');
		if (base64)
			put_base64(b, item.p, item.len);
		else if (c->flags & COL_NUMBERS && is_number(item))
			buf_add(b, item.p, item.len);
		else
			put_string(b, item.p, item.len);
		all = all && esc_is_utf8(item.p, item.len);
	}
	buf_char(b, ']');
	return all;
}

static void put_list(struct buf *b, const struct col *c, const struct cell *cell)
{
	put_key(b, c->name, "");
	if (put_items(b, c, cell, false))
		return;
	put_key(b, c->name, "_b64");
	put_items(b, c, cell, true);
}

static void put_rows(struct buf *b, const struct col *c, const struct cell *cell,
		     const struct text_style *s)
{
	struct cell cells[ROW_CELLS_MAX];
	struct bytes rest = cell->s;

	put_key(b, c->name, "");
	buf_char(b, '[');
	for (uint64_t i = 0; i < cell->count && row_decode(c->sub, &rest, cells); i++) {
		if (i)
			buf_char(b, ',');
		json_object(b, c->sub, cells, s);
	}
	buf_char(b, ']');
}

static void put_name(struct buf *b, const struct map *names, uint64_t id)
{
	const char *name = map_get(names, id + 1);

	if (name)
		put_string(b, name, strlen(name));
	else
		buf_str(b, "null");
}

static void put_scalar(struct buf *b, const struct col *c, const struct cell *cell,
		       const struct text_style *s)
{
	put_key(b, c->name, "");
	switch (c->type) {
	case COL_I64:
		buf_i64(b, cell->i);
		break;
	case COL_HEX:
		buf_addf(b, "\"0x%llx\"", (unsigned long long)cell->u);
		break;
	case COL_UID:
		put_name(b, s->users, cell->u);
		break;
	case COL_GID:
		put_name(b, s->groups, cell->u);
		break;
	case COL_TIME:
		text_json_time(b, cell);
		break;
	case COL_DUR:
		text_json_seconds(b, cell->i);
		break;
	case COL_BOOL:
		buf_str(b, cell->u ? "true" : "false");
		break;
	default:
		buf_u64(b, cell->u);
	}
}

void json_object(struct buf *b, const struct col *cols, const struct cell *cells,
		 const struct text_style *s)
{
	buf_char(b, '{');
	for (const struct col *c = cols; c->name; c++, cells++) {
		if (c->type == COL_PAINT || (c->flags & COL_NOJSON))
			continue;
		if (!cells->set) {
			put_key(b, c->name, "");
			buf_str(b, "null");
		} else if (c->type == COL_STR || c->type == COL_BYTES) {
			put_text(b, c, cells);
		} else if (c->type == COL_LIST) {
			put_list(b, c, cells);
		} else if (c->type == COL_ROWS) {
			put_rows(b, c, cells, s);
		} else {
			put_scalar(b, c, cells, s);
		}
	}
	buf_char(b, '}');
}

static void put_head(struct buf *b, const struct out *o)
{
	buf_str(b, "{\"schema\":\"nsdebug.");
	for (const char *p = o->verb; *p; p++)
		buf_char(b, *p == ' ' ? '-' : *p);
	buf_str(b, "/1\"");
}

void json_begin(struct out *o)
{
	struct buf *b = &o->sink.out;

	if (o->begun || o->layout.format != OUT_JSON)
		return;
	o->begun = true;
	put_head(b, o);
	put_key(b, "target", "");
	if (o->many || !o->target[0])
		buf_str(b, "null");
	else
		put_string(b, o->target, strlen(o->target));
	buf_str(b, ",\"items\":[");
}

static void put_target(struct out *o, struct buf *b)
{
	if (o->target[0])
		put_string(b, o->target, strlen(o->target));
	else
		buf_str(b, "null");
}

void json_row(struct out *o, const struct cell *cells)
{
	struct buf *b = &o->sink.out;
	size_t at;

	json_begin(o);
	if (o->layout.format == OUT_JSON && o->items++)
		buf_char(b, ',');
	if (o->layout.format == OUT_JSON)
		buf_char(b, '\n');
	at = b->len;
	json_object(b, o->cols, cells, &o->style);
	if (o->layout.format == OUT_JSON && !o->many)
		return;
	/* the row's own fields follow the schema and the target (a row of list is about one) */
	auto_buf struct buf row = { 0 };

	buf_add(&row, b->bytes + at + 1, b->len - at - 1);
	b->len = at;
	if (o->layout.format == OUT_JSONL)
		put_head(b, o);
	else
		buf_char(b, '{');
	if (!col_find(o->cols, "target", strlen("target"))) {
		put_key(b, "target", "");
		put_target(o, b);
	}
	if (row.bytes[0] != '}' && b->bytes[b->len - 1] != '{')
		buf_char(b, ',');
	buf_add(b, row.bytes, row.len);
	if (o->layout.format == OUT_JSONL)
		buf_char(b, '\n');
}

/* Of one target an object, of several an array with an object for each. */
void json_summary(struct out *o, const struct cell *cells)
{
	struct buf *b = &o->summary_json;

	if (!o->many)
		buf_clear(b);
	else if (b->len)
		buf_char(b, ',');
	json_object(b, o->summary, cells, &o->style);
	if (o->many) {
		b->len--;
		buf_str(b, ",\"target\":");
		put_target(o, b);
		buf_char(b, '}');
	}
}

void json_error(struct out *o, const char *target, enum status status, const char *msg,
		size_t len)
{
	struct buf *b = &o->errors;

	if (o->nerrors++ >= ERRORS_MAX) {
		o->truncated = true;
		return;
	}
	if (b->len)
		buf_char(b, ',');
	buf_str(b, "\n{\"target\":");
	if (target && target[0])
		put_string(b, target, strlen(target));
	else
		buf_str(b, "null");
	buf_addf(b, ",\"status\":%d,\"message\":", status);
	put_string(b, msg, len);
	buf_char(b, '}');
}

void json_end(struct out *o)
{
	struct buf *b = &o->sink.out;

	if (o->ended || o->layout.format != OUT_JSON)
		return;
	json_begin(o);
	o->ended = true;
	buf_str(b, "],\"errors\":[");
	buf_add(b, o->errors.bytes, o->errors.len);
	buf_char(b, ']');
	if (o->summary_json.len) {
		buf_str(b, o->many ? ",\"summaries\":[" : ",\"summary\":");
		buf_add(b, o->summary_json.bytes, o->summary_json.len);
		buf_str(b, o->many ? "]" : "");
	}
	buf_addf(b, ",\"truncated\":%s}\n", o->truncated ? "true" : "false");
}
