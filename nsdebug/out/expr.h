/* SPDX-License-Identifier: Apache-2.0 */
/*
 * expr - a condition on the fields of a row: what --filter takes.
 *
 *	error == ENOENT && path ~ "/etc/?*" || took > 10ms
 *
 * OR binds least, then AND, then NOT; parentheses as usual. A comparison is FIELD OP VALUE, and a
 * field alone is true if it has a value that is not 0, false or empty.
 *
 *	== !=		equal; with the word null: it has no value. A single = is == too
 *	< <= > >=	order: numbers as numbers, times as times, text byte by byte
 *	~ !~		text: glob of the whole value, with * ? [a-z] [!a-z] and \ before these
 *
 * A VALUE is read as its field is: 4K or 1M of a size, 10ms of a duration (seconds without a unit),
 * 2026-01-31T12:00:00Z of a time, 0x7f or 127 of a number, true or false. Blanks, parentheses, &
 * and | in it need quotes of either kind; in these a \ only quotes the quote. Of a list, == and ~
 * ask for one item for which it is true. A field without a value is unequal to all and in no order.
 * A field of rows in a row has both names: frames.function. It is asked of each of them as of the
 * items of a list.
 *
 * It costs no more than its length times that of the row, whatever the target has written into it.
 */
#ifndef NSDEBUG_OUT_EXPR_H
#define NSDEBUG_OUT_EXPR_H

#include <stdbool.h>

struct col;
struct err;
struct expr;

#define EXPR_NODES_MAX 512
#define EXPR_DEPTH_MAX 64

/* NULL with ST_USAGE, and the column where it is wrong. */
struct expr *expr_parse(const char *text, const struct col *cols, struct err *e);
/* row is a struct that cols describe. */
bool expr_match(const struct expr *x, const void *row);
/* Does it ask for this field? NULL asks for none. */
bool expr_uses(const struct expr *x, const char *name);
void expr_free(struct expr **x);

#endif
