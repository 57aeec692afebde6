/* SPDX-License-Identifier: Apache-2.0 */
/* out/col: rows there and back, and bytes that are no row. */
#include "nsdebug/out/col.h"

#include "tests/unit/check.h"

struct inner {
	uint64_t n;
	struct bytes s;
};

struct row {
	const char *str;
	struct bytes bytes;
	uint64_t u, size, flag;
	int64_t i, dur;
	struct coltime at;
	struct col_list list;
	struct col_rows rows;
};

static const struct col inner_cols[] = {
	COL(COL_U64, struct inner, n, 0, "n"),
	COL(COL_BYTES, struct inner, s, 0, "s"),
	COL_END
};

static const struct col cols[] = {
	COL(COL_STR, struct row, str, 0, "str"),
	COL(COL_BYTES, struct row, bytes, 0, "bytes"),
	COL(COL_U64, struct row, u, 0, "u"),
	COL(COL_SIZE, struct row, size, 0, "size"),
	COL(COL_BOOL, struct row, flag, 0, "flag"),
	COL(COL_I64, struct row, i, 0, "i"),
	COL(COL_DUR, struct row, dur, 0, "dur"),
	COL(COL_TIME, struct row, at, 0, "at"),
	COL(COL_LIST, struct row, list, 0, "list"),
	COL(COL_ROWS, struct row, rows, 0, "rows", .sub = inner_cols),
	COL_END
};

static const struct row none = {
	.u = NONE_U64, .size = NONE_U64, .flag = NONE_U64, .i = NONE_I64, .dur = NONE_I64,
	.at = { NONE_I64, 0 }, .list = { NULL, 1 },
};

static bool there_and_back(struct buf *b, const struct row *row, struct cell *cells)
{
	struct bytes in;

	buf_clear(b);
	row_encode(b, cols, row);
	in = (struct bytes){ b->bytes, b->len };
	return row_decode(cols, &in, cells) && !in.len;
}

static void whole(void)
{
	struct bytes items[] = { { "a", 1 }, { "", 0 }, { "\0\xff", 2 } }, rest, item;
	struct inner sub[] = { { 7, { "x", 1 } }, { NONE_U64, { NULL, 0 } } };
	struct row row = {
		.str = "word", .bytes = { "b\0c", 3 }, .u = 300, .size = UINT64_MAX - 1, .flag = 1,
		.i = -5, .dur = INT64_MAX, .at = { -1, 999999999 }, .list = { items, 3 },
		.rows = { sub, 2, sizeof(sub[0]) },
	};
	struct cell c[ROW_CELLS_MAX], s[ROW_CELLS_MAX];
	auto_buf struct buf b = { 0 };

	ok(there_and_back(&b, &row, c), "a whole row");
	ok(c[0].set && c[0].s.len == 4 && !memcmp(c[0].s.p, "word", 4), "a word");
	ok(c[1].s.len == 3 && !memcmp(c[1].s.p, "b\0c", 3), "bytes with a NUL");
	ok(c[2].u == 300 && c[3].u == UINT64_MAX - 1 && c[4].u == 1, "numbers");
	ok(c[5].i == -5 && c[6].i == INT64_MAX, "below zero, and the largest");
	ok(c[7].i == -1 && c[7].nsec == 999999999, "a time before 1970");
	rest = c[8].s;
	ok(c[8].count == 3 && list_next(&rest, &item) && item.len == 1 &&
	   list_next(&rest, &item) && item.len == 0 && list_next(&rest, &item) && item.len == 2 &&
	   !list_next(&rest, &item), "a list");
	rest = c[9].s;
	ok(c[9].count == 2 && row_decode(inner_cols, &rest, s) && s[0].u == 7 && s[1].s.len == 1 &&
	   row_decode(inner_cols, &rest, s) && !s[0].set && !s[1].set && !rest.len,
	   "rows of a row");
}

static void empty(void)
{
	struct row row = { .str = "x", .u = 1, .rows = { &row, 1, 1 } };
	struct cell c[ROW_CELLS_MAX];
	auto_buf struct buf b = { 0 };
	bool all = true;

	row_none(cols, &row);
	ok(there_and_back(&b, &row, c), "a row of nothing");
	for (int i = 0; i < 9; i++)
		all = all && !c[i].set;
	ok(all, "no value is no value");
	row.list = (struct col_list){ NULL, 0 };
	row.bytes = (struct bytes){ "", 0 };
	ok(there_and_back(&b, &row, c) && c[8].set && c[8].count == 0, "an empty list is one");
	ok(c[1].set && c[1].s.len == 0, "empty bytes are bytes");
}

static const struct col below_cols[] = {
	COL(COL_BYTES, struct inner, s, COL_HIDE, "hidden"),
	COL(COL_U64, struct inner, n, COL_HIDE | COL_FOLD, "hidden, but used to fold"),
	COL(COL_U64, struct inner, n, 0, "shown"),
	COL_END
};

static void unseen(void)
{
	static const struct col two[] = {
		COL(COL_TIME, struct row, at, 0, "at"),
		COL(COL_ROWS, struct row, rows, 0, "rows", .sub = below_cols),
		COL_END
	};
	struct inner sub = { 7, { "x", 1 } };
	struct row row = { .at = { 5, 6 }, .rows = { &sub, 1, sizeof(sub) } };
	struct cell c[ROW_CELLS_MAX], s[ROW_CELLS_MAX];
	auto_buf struct buf b = { 0 };
	struct bytes in;

	row_encode_seen(&b, two, &row, (struct unseen){ .cols = 1, .below = true });
	in = (struct bytes){ b.bytes, b.len };
	ok(row_decode(two, &in, c) && !in.len && !c[0].set, "an unseen time");
	in = c[1].s;
	ok(c[1].count == 1 && row_decode(below_cols, &in, s) && !in.len && !s[0].set &&
	   s[1].u == 7 && s[2].u == 7, "of rows in a row what tables hide");
}

static void broken(void)
{
	struct bytes items[] = { { "ab", 2 }, { "c", 1 } };
	struct row row = none;
	struct cell c[ROW_CELLS_MAX];
	auto_buf struct buf b = { 0 };
	bool any = false;

	row.list = (struct col_list){ items, 2 };
	row.str = "word";
	there_and_back(&b, &row, c);
	for (size_t len = 0; len < b.len; len++) {
		struct bytes in = { b.bytes, len };

		any = any || row_decode(cols, &in, c);
	}
	ok(!any, "a row that is cut anywhere is none");
}

static bool none_of(const char *bytes, size_t len, const struct col *of)
{
	struct cell c[ROW_CELLS_MAX];
	struct bytes in = { bytes, len };

	return !row_decode(of, &in, c);
}

static void lies(void)
{
	static const struct col one_list[] = { COL(COL_LIST, struct row, list, 0, "x"), COL_END };
	static const struct col one_time[] = { COL(COL_TIME, struct row, at, 0, "x"), COL_END };
	static const struct col one_text[] = { COL(COL_STR, struct row, str, 0, "x"), COL_END };
	static const struct col one_rows[] = {
		COL(COL_ROWS, struct row, rows, 0, "x", .sub = inner_cols), COL_END
	};
	static const char huge[] = "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01";

	ok(none_of(huge, 10, one_text), "a length beyond the row");
	ok(none_of(huge, 10, one_list) && none_of(huge, 10, one_rows), "a count beyond the row");
	ok(none_of("\x05\x01", 2, one_list), "more items than there are");
	ok(none_of("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", 11, one_text),
	   "a number without end");
	ok(none_of("\x01\x80\x94\xeb\xdc\x03", 6, one_time), "a second of 1,000,000,000 ns");
	ok(none_of("", 0, one_text), "nothing");
}

static void varints(void)
{
	static const uint64_t rows[] = { 0, 1, 127, 128, 16383, 16384, UINT32_MAX, UINT64_MAX };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_buf struct buf b = { 0 };
		struct bytes in;
		uint64_t n = 5;

		put_varint(&b, rows[i]);
		in = (struct bytes){ b.bytes, b.len };
		ok(get_varint(&in, &n) && n == rows[i] && !in.len, "a number there and back");
	}
}

int main(void)
{
	ok(col_count(cols) == 10 && col_count(NULL) == 0, "counted");
	ok(col_find(cols, "dur", 3) == &cols[6] && !col_find(cols, "du", 2) &&
	   !col_find(cols, "duration", 8), "found by its whole name");
	whole();
	empty();
	unseen();
	broken();
	lies();
	varints();
	return done();
}
