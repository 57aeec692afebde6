/* SPDX-License-Identifier: Apache-2.0 */
/* out/expr: conditions on rows: what is true, and where a wrong one is wrong. */
#include "nsdebug/out/expr.h"

#include <stdlib.h>

#include "nsdebug/base/err.h"
#include "nsdebug/out/col.h"
#include "tests/unit/check.h"

struct row {
	const char *str, *nothing;
	struct bytes bytes, empty;
	uint64_t u, size, flag, hex, uid, none;
	int64_t i, dur, unknown;
	struct coltime at;
	struct col_list list, nolist;
	struct col_rows rows;
};

#define C(t, f) COL(t, struct row, f, 0, #f)

struct item {
	struct bytes name;
};

static const struct col below[] = { COL(COL_BYTES, struct item, name, 0, "name"), COL_END };

static const struct col cols[] = {
	C(COL_STR, str), C(COL_STR, nothing), C(COL_BYTES, bytes), C(COL_BYTES, empty),
	C(COL_U64, u), C(COL_SIZE, size), C(COL_BOOL, flag), C(COL_HEX, hex), C(COL_UID, uid),
	C(COL_U64, none), C(COL_I64, i), C(COL_DUR, dur), C(COL_DUR, unknown), C(COL_TIME, at),
	C(COL_LIST, list), C(COL_LIST, nolist),
	COL(COL_ROWS, struct row, rows, 0, "rows", .sub = below),
	COL_END
};

static const struct bytes items[] = { { "one", 3 }, { "two words", 9 }, { "/etc/passwd", 11 } };

static const struct row row = {
	.str = "ENOENT", .bytes = { "a b\0(c)", 7 }, .empty = { "", 0 }, .u = 42,
	.size = 3 << 20, .flag = 1, .hex = 0x7f00, .uid = 65532, .none = NONE_U64, .i = -5,
	.dur = 10500000, .unknown = NONE_I64, .at = { 1769860800, 500000000 },
	.list = { items, 3 }, .nolist = { NULL, 1 }, .rows = { items, 2, sizeof(items[0]) },
};

static void check(const char *text, bool want)
{
	struct err e = { 0 };
	struct expr *x = expr_parse(text, cols, &e);

	ok(x && expr_match(x, &row) == want, text);
	if (!x)
		printf("#   %s\n", e.msg);
	expr_free(&x);
}

/* column 0: it is right */
static void check_wrong(const char *text, unsigned int column, const char *says)
{
	struct err e = { 0 };
	struct expr *x = expr_parse(text, cols, &e);
	char where[64];

	snprintf(where, sizeof(where), "--filter, column %u: ", column);
	ok(!x && e.status == ST_USAGE && !strncmp(e.msg, where, strlen(where)) &&
	   strstr(e.msg, says), text);
	if (!x && !strstr(e.msg, says))
		printf("#   %s\n", e.msg);
	expr_free(&x);
}

static void text(void)
{
	check("str == ENOENT", true);
	check("str=ENOENT", true);
	check("str != ENOENT", false);
	check("str == \"ENOENT\"", true);
	check("str == 'ENOENT'", true);
	check("str < EPERM && str > EACCES", true);
	check("bytes ~ 'a b*(c)'", true);
	check("bytes == 'a b'", false);
	check("str ~ E*T", true);
	check("str =~ E*T", true);
	check("str ~ E?E*", false);
	check("str ~ [A-F]NO[!a-z]N[TS]", true);
	check("str ~ [!E]*", false);
	check("str ~ *E*N*E*T*", true);
	check("str ~ *E*N*E*T*T", false);
	check("str ~ NOENT", false);
	check("str !~ *X*", true);
	check("str ~ ENO\\ENT", true);
	check("str ~ [", false);
	check("empty == ''", true);
	check("empty ~ *", true);
	check("empty ~ ?", false);
}

static void numbers(void)
{
	check("u == 42", true);
	check("u == 0x2a", true);
	check("u>=42&&u<=42", true);
	check("u < 42 || u > 42", false);
	check("size == 3M", true);
	check("size > 3145727 && size < 1G", true);
	check("hex == 0x7f00", true);
	check("uid == 65532", true);
	check("i == -5", true);
	check("i < 0", true);
	check("dur == 10.5ms", true);
	check("dur > 10ms && dur < 1", true);
	check("dur > -1s", true);
	check("at > 2026-01-31T12:00:00Z", true);
	check("at == 2026-01-31T12:00:00.5Z", true);
	check("at < 2026-01-31T12:00:00.500000001", true);
	check("at > 2024-02-29T23:59:59Z", true);
	check("flag == true", true);
	check("flag == no", false);
	check("rows == 2", true);
}

static void none_and_lists(void)
{
	check("none == 42", false);
	check("none != 42", true);
	check("none < 42 || none >= 0", false);
	check("none == null", true);
	check("u == null", false);
	check("u != null", true);
	check("none != null", false);
	check("nothing == null && unknown == null && nolist == null", true);
	check("nothing == 'null'", false);
	check("nothing != x", true);
	check("nothing !~ x", true);
	check("unknown < 1s", false);
	check("flag", true);
	check("!flag", false);
	check("empty || none || nothing || unknown || nolist", false);
	check("str && u && at && list && rows && i", true);
	check("list == one", true);
	check("list ~ /etc/*", true);
	check("list == 'two words'", true);
	check("list == three", false);
	check("list != one", false);
	check("list != three", true);
	check("list !~ /etc/*", false);
}

static void rows_of_row(void)
{
	check("rows.name == one", true);
	check("rows.name ~ 'two*'", true);
	check("rows.name == /etc/passwd", false);
	check("rows.name != one", false);
	check("rows.name != three", true);
	check("rows.name !~ 'two*'", false);
	check("!(rows.name == three) && rows.name", true);
	check("rows.name == null", false);
	check("rows.name != null && rows == 2", true);
	check_wrong("rows.nam == 1", 1, "'rows.nam' is no field");
	check_wrong("rows. == 1", 1, "'rows.' is no field");
	check_wrong("str.name == 1", 4, "expected");
}

static void logic(void)
{
	check("u == 1 || u == 42 && str == X", false);
	check("(u == 1 || u == 42) && str == ENOENT", true);
	check("!(u == 1) && !(!(u == 42))", true);
	check("! ! u", true);
	check("  ( ( u ) )  ", true);
	check("str == ENOENT&&(u==42)", true);
	check("u == 1 || u == 2 || u == 42", true);
}

static void mistakes(void)
{
	check_wrong("", 1, "a field is expected");
	check_wrong("pidd == 1", 1, "'pidd' is no field");
	check_wrong("u == 1 && pidd == 1", 11, "'pidd'");
	check_wrong("u == x", 6, "is not a number");
	check_wrong("u == ", 6, "a value is missing");
	check_wrong("size > 10Q", 8, "a size");
	check_wrong("dur > fast", 7, "a time such as 2s");
	check_wrong("at > yesterday", 6, "2026-01-31");
	check_wrong("at > 2026-13-31T12:00:00Z", 6, "2026-01-31");
	check_wrong("flag == 7", 9, "true or false");
	check_wrong("u ~ 4*", 3, "~ compares text");
	check_wrong("u < null", 5, "null is compared");
	check_wrong("str == 'open", 8, "quote is not closed");
	check_wrong("(u == 1", 1, "parenthesis is not closed");
	check_wrong("u == 1)", 7, "the end is expected");
	check_wrong("u == 1 str == x", 8, "the end is expected");
	check_wrong("u == 1 &&", 10, "a field is expected");
	check_wrong("u == 1 & flag", 8, "the end is expected");
	check_wrong("i == --5", 6, "is not a number");
	check_wrong("u == 18446744073709551616", 6, "is not a number");
}

static void limits(void)
{
	char deep[4 * EXPR_DEPTH_MAX], many[8 * EXPR_NODES_MAX] = "";
	struct bytes a[] = { { NULL, 60000 } };
	struct row long_row = row;
	struct err e;
	struct expr *x;

	memset(deep, '(', sizeof(deep));
	deep[sizeof(deep) - 1] = '\0';
	check_wrong(deep, EXPR_DEPTH_MAX + 1, "nested deeper");
	for (size_t i = 0; i + 4 < sizeof(many); i += 4)
		memcpy(many + i, i + 8 < sizeof(many) ? "u ||" : "u   ", 5);
	x = expr_parse(many, cols, &e);
	ok(!x && strstr(e.msg, "more than 512 parts"), "too many parts");
	a[0].p = memset(malloc(60000), 'a', 60000);
	long_row.bytes = a[0];
	x = expr_parse("bytes ~ *a*a*a*a*a*a*a*a*a*a*b", cols, &e);
	ok(x && !expr_match(x, &long_row), "a glob that goes back and back ends soon");
	expr_free(&x);
	free((char *)a[0].p);
}

static void fields(void)
{
	struct err e;
	struct expr *x = expr_parse("u > 3 && (str || !dur)", cols, &e);

	ok(expr_uses(x, "dur") && expr_uses(x, "u"), "a field that is asked for");
	ok(!expr_uses(x, "size") && !expr_uses(NULL, "u"), "one that is not");
	expr_free(&x);
}

int main(void)
{
	fields();
	text();
	numbers();
	none_and_lists();
	rows_of_row();
	logic();
	mistakes();
	limits();
	return done();
}
