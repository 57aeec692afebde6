/* SPDX-License-Identifier: Apache-2.0 */
/* A condition of any bytes, on a row of any bytes: it is refused at a column of it, or true or
 * not. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/err.h"
#include "nsdebug/out/col.h"
#include "nsdebug/out/expr.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct row {
	const char *s;
	struct bytes b;
	uint64_t u, z, f;
	int64_t i, d;
	struct coltime t;
	struct col_list l;
};

#define C(type, f) COL(type, struct row, f, 0, #f)

static const struct col cols[] = {
	C(COL_STR, s), C(COL_BYTES, b), C(COL_U64, u), C(COL_SIZE, z), C(COL_BOOL, f),
	C(COL_I64, i), C(COL_DUR, d), C(COL_TIME, t), C(COL_LIST, l),
	COL_END
};

/* The condition ends at the first NUL, the rest is what the row holds. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = malloc(len + 1);
	struct err e = { 0 };
	struct row row;
	struct expr *x;
	size_t at;

	memcpy(text, bytes, len);
	text[len] = '\0';
	at = strlen(text);
	at += at < len;
	row_none(cols, &row);
	row.b = (struct bytes){ text + at, len - at };
	row.l = (struct col_list){ &row.b, 1 };
	row.u = row.z = row.f = len;
	row.i = row.d = -(int64_t)len;
	x = expr_parse(text, cols, &e);
	if (x)
		expr_match(x, &row);
	else if (e.status != ST_USAGE || strncmp(e.msg, "--filter, column ", 17) ||
		 strtoul(e.msg + 17, NULL, 10) > strlen(text) + 1)
		abort();
	row_none(cols, &row);
	if (x)
		expr_match(x, &row);
	expr_free(&x);
	free(text);
	return 0;
}
