/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/out/col.h"

#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"

#define VARINT_MAX 10	/* bytes of 64 bits */

size_t col_count(const struct col *cols)
{
	size_t n = 0;

	while (cols && cols[n].name)
		n++;
	return n;
}

const struct col *col_find(const struct col *cols, const char *name, size_t len)
{
	for (; cols && cols->name; cols++)
		if (strlen(cols->name) == len && !memcmp(cols->name, name, len))
			return cols;
	return NULL;
}

const char *col_nearest(const struct col *cols, struct str_near *near)
{
	const char *best = NULL;

	for (; cols && cols->name; cols++)
		if (cols->type != COL_PAINT && str_nearer(near, cols->name))
			best = cols->name;
	return best;
}

static int compare_bytes(struct bytes a, struct bytes b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int d = n ? memcmp(a.p, b.p, n) : 0;

	return d ? d : a.len < b.len ? -1 : a.len > b.len;
}

static int compare_text(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "");
}

int col_compare(const struct col *c, const void *a, const void *b)
{
	const void *x = (const char *)a + c->offset, *y = (const char *)b + c->offset;
	int64_t i, j;
	uint64_t u, v;

	switch (c->type) {
	case COL_STR:
		return compare_text(*(const char *const *)x, *(const char *const *)y);
	case COL_BYTES:
		return compare_bytes(*(const struct bytes *)x, *(const struct bytes *)y);
	case COL_I64:
	case COL_DUR:
	case COL_TIME:		/* its seconds come first */
		i = *(const int64_t *)x;
		j = *(const int64_t *)y;
		return i < j ? -1 : i > j;
	case COL_LIST:
		return 0;
	default:
		u = *(const uint64_t *)x;
		v = *(const uint64_t *)y;
		return u < v ? -1 : u > v;
	}
}

void put_varint(struct buf *b, uint64_t v)
{
	char *p = buf_reserve(b, VARINT_MAX);
	size_t n = 0;

	for (; v > 0x7f; v >>= 7)
		p[n++] = (char)(v | 0x80);
	p[n++] = (char)v;
	p[n] = '\0';
	b->len += n;
}

bool get_varint(struct bytes *in, uint64_t *ret)
{
	uint64_t v = 0;

	for (unsigned int shift = 0; in->len && shift < 64; shift += 7) {
		unsigned char c = (unsigned char)*in->p;

		in->p++;
		in->len--;
		v |= (uint64_t)(c & 0x7f) << shift;
		if (!(c & 0x80)) {
			*ret = v;
			return true;
		}
	}
	return false;
}

static void put_i64(struct buf *b, int64_t v)
{
	put_varint(b, ((uint64_t)v << 1 ^ (uint64_t)(v >> 63)) + 1);
}

static void put_bytes(struct buf *b, const char *p, size_t len)
{
	put_varint(b, p ? len + 1 : 0);
	if (p)
		buf_add(b, p, len);
}

static void put_list(struct buf *b, const struct col_list *l)
{
	bool set = l->items || !l->count;

	put_varint(b, set ? l->count + 1 : 0);
	for (size_t i = 0; set && i < l->count; i++)
		put_bytes(b, l->items[i].p ? l->items[i].p : "", l->items[i].len);
}

static struct unseen hidden_below(const struct col *sub)
{
	struct unseen u = { 0 };

	for (const struct col *c = sub; c->name; c++)
		if ((c->flags & COL_HIDE) && !(c->flags & COL_FOLD))
			u.cols |= 1ull << (c - sub);
	return u;
}

static void put_rows(struct buf *b, const struct col *sub, const struct col_rows *r, bool hide)
{
	struct unseen u = hide ? hidden_below(sub) : (struct unseen){ 0 };
	size_t at = b->len;

	if (r->coded && r->coded->bytes.len) {
		buf_add(b, r->coded->bytes.p, r->coded->bytes.len);
		return;
	}
	put_varint(b, r->count + 1);
	for (size_t i = 0; i < r->count; i++)
		row_encode_seen(b, sub, (const char *)r->rows + i * r->size, u);
	if (r->coded)
		r->coded->bytes = (struct bytes){ arena_dup(r->coded->arena, b->bytes + at,
			b->len - at), b->len - at };
}

void row_none(const struct col *cols, void *row)
{
	for (const struct col *c = cols; c->name; c++) {
		void *field = (char *)row + c->offset;

		switch (c->type) {
		case COL_STR:
			*(const char **)field = NULL;
			break;
		case COL_BYTES:
			*(struct bytes *)field = (struct bytes){ NULL, 0 };
			break;
		case COL_I64:
		case COL_DUR:
			*(int64_t *)field = NONE_I64;
			break;
		case COL_TIME:
			*(struct coltime *)field = (struct coltime){ NONE_I64, 0 };
			break;
		case COL_LIST:
			*(struct col_list *)field = COL_NO_LIST;
			break;
		case COL_ROWS:
			*(struct col_rows *)field = (struct col_rows){ NULL, 0, 0 };
			break;
		default:
			*(uint64_t *)field = c->type == COL_PAINT ? PAINT_NONE : NONE_U64;
		}
	}
}

static void put_field(struct buf *b, const struct col *c, const void *field, bool hide_below)
{
	const char *s;

	switch (c->type) {
	case COL_STR:
		s = *(const char *const *)field;
		put_bytes(b, s, s ? strlen(s) : 0);
		break;
	case COL_BYTES:
		put_bytes(b, ((const struct bytes *)field)->p, ((const struct bytes *)field)->len);
		break;
	case COL_I64:
	case COL_DUR:
		put_i64(b, *(const int64_t *)field);
		break;
	case COL_TIME:
		put_i64(b, ((const struct coltime *)field)->sec);
		put_varint(b, ((const struct coltime *)field)->nsec);
		break;
	case COL_LIST:
		put_list(b, field);
		break;
	case COL_ROWS:
		put_rows(b, c->sub, field, hide_below);
		break;
	default:
		put_varint(b, *(const uint64_t *)field + 1);
	}
}

void row_encode_seen(struct buf *b, const struct col *cols, const void *row, struct unseen u)
{
	for (const struct col *c = cols; c->name; c++) {
		if (!(u.cols >> (c - cols) & 1))
			put_field(b, c, (const char *)row + c->offset, u.below);
		else
			buf_add(b, "\0", c->type == COL_TIME ? 2 : 1);
	}
}

void row_encode(struct buf *b, const struct col *cols, const void *row)
{
	row_encode_seen(b, cols, row, (struct unseen){ 0 });
}

static bool get_bytes(struct bytes *in, bool *set, struct bytes *ret)
{
	uint64_t len;

	if (!get_varint(in, &len))
		return false;
	*set = len != 0;
	len -= *set;
	if (len > in->len)
		return false;
	*ret = (struct bytes){ in->p, len };
	in->p += len;
	in->len -= len;
	return true;
}

/* Walks over the items so that what follows is known to be whole. */
static bool skip_items(const struct col *c, struct bytes *in, uint64_t count)
{
	struct cell cells[ROW_CELLS_MAX];
	struct bytes item;
	bool set;

	for (; count; count--)
		if (c->type == COL_ROWS ? !row_decode(c->sub, in, cells) :
		    !get_bytes(in, &set, &item))
			return false;
	return true;
}

static bool get_items(const struct col *c, struct bytes *in, struct cell *cell)
{
	uint64_t count;

	if (!get_varint(in, &count))
		return false;
	cell->set = count != 0;
	cell->count = count - cell->set;
	if (cell->count > in->len)
		return false;
	cell->s.p = in->p;
	if (!skip_items(c, in, cell->count))
		return false;
	cell->s.len = (size_t)(in->p - cell->s.p);
	return true;
}

static bool get_number(enum col_type type, struct bytes *in, struct cell *cell)
{
	uint64_t v, nsec = 0;

	if (!get_varint(in, &v))
		return false;
	cell->set = v != 0;
	v -= cell->set;
	cell->u = v;
	if (type == COL_I64 || type == COL_DUR || type == COL_TIME)
		cell->i = (int64_t)(v >> 1 ^ -(v & 1));
	if (type == COL_TIME && (!get_varint(in, &nsec) || nsec > 999999999))
		return false;
	cell->nsec = (uint32_t)nsec;
	return true;
}

bool row_decode(const struct col *cols, struct bytes *in, struct cell *cells)
{
	for (const struct col *c = cols; c->name; c++, cells++) {
		bool ok;

		switch (c->type) {
		case COL_STR:
		case COL_BYTES:
			ok = get_bytes(in, &cells->set, &cells->s);
			break;
		case COL_LIST:
		case COL_ROWS:
			ok = get_items(c, in, cells);
			break;
		default:
			ok = get_number(c->type, in, cells);
		}
		if (!ok)
			return false;
	}
	return true;
}

bool list_next(struct bytes *rest, struct bytes *ret)
{
	bool set;

	return rest->len && get_bytes(rest, &set, ret);
}
