/* SPDX-License-Identifier: Apache-2.0 */
/*
 * text - one cell as people read it, escaped.
 */
#ifndef NSDEBUG_OUT_TEXT_H
#define NSDEBUG_OUT_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "nsdebug/out/col.h"
#include "nsdebug/out/out.h"

struct buf;
struct map;

struct text_style {
	const struct layout *layout;
	const struct map *users, *groups;	/* id + 1 -> name of the target's view */
};

/* Appends the cell. Returns its width in columns. */
size_t text_cell(struct buf *b, const struct col *c, const struct cell *cell,
		 const struct text_style *s);
bool text_right(const struct col *c);	/* numbers stand to the right */
/* 1.5M, 12K: at most one decimal, rounded up as df and ls do. */
void text_human(struct buf *b, uint64_t n);
void text_json_time(struct buf *b, const struct cell *cell);
void text_json_seconds(struct buf *b, int64_t ns);
const char *text_paint(uint64_t paint);	/* SGR sequence, NULL for none */

#endif
