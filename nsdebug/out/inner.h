/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inner - what the files of out/ share; nobody else includes it.
 */
#ifndef NSDEBUG_OUT_INNER_H
#define NSDEBUG_OUT_INNER_H

#include "nsdebug/base/buf.h"
#include "nsdebug/base/map.h"
#include "nsdebug/out/out.h"
#include "nsdebug/out/sink.h"
#include "nsdebug/out/text.h"

struct held_row {
	size_t at;		/* of its text in held */
	uint64_t key[2];	/* of layout->sort */
	struct fold *fold;	/* of blocks that may be folded, or NULL */
};

struct out {
	const char *verb;
	const struct col *cols, *summary;
	struct layout layout;
	size_t ncols;
	struct sink sink;
	struct text_style style;
	struct map users, groups;
	bool color, many;
	char target[300];
	char torn[3];		/* of raw data that is escaped: a character's beginning */
	size_t ntorn;

	/* table: the cells of held rows, formatted once, printed when their widths are known */
	const struct col *shown[ROW_CELLS_MAX];
	size_t nshown;
	const struct col *below;	/* COL_ROWS that stand below a row */
	const struct col *under[4];	/* columns that do */
	size_t nunder;
	struct buf held;
	struct held_row *rows;
	size_t nrows;
	struct map folds;	/* blocks by what makes them equal: struct held_row's number + 1 */
	struct map known;	/* lines of rows in a cell, by what these were received as */
	size_t known_bytes;
	size_t width[ROW_CELLS_MAX];
	bool headed;
	char title[4200];
	bool titled;		/* title is set */
	unsigned int groups_seen;

	/* JSON document */
	bool begun, ended, truncated;
	size_t items;
	struct buf errors, summary_json;
	size_t nerrors;
	char summary_text[512];
	struct buf totals;	/* layout->totals: the finished lines */
};

/* table.c */
int held_by_keys(const void *a, const void *b);		/* of struct held_row, for qsort */
int table_choose(struct out *o, struct err *e);		/* fills shown[] */
int table_row(struct out *o, const struct cell *cells, struct err *e);
int table_flush(struct out *o, struct err *e);

/* blocks.c */
int blocks_row(struct out *o, const struct cell *cells, struct err *e);
int blocks_flush(struct out *o, struct err *e);
/* Frees what rows hold to be folded. */
void blocks_forget(struct out *o);
/* Lines of the rows in a cell, indented, into o->held. */
void blocks_below(struct out *o, const struct col *c, const struct cell *cell);

/* json.c */
void json_begin(struct out *o);
void json_row(struct out *o, const struct cell *cells);
void json_object(struct buf *b, const struct col *cols, const struct cell *cells,
		 const struct text_style *s);
void json_summary(struct out *o, const struct cell *cells);
void json_error(struct out *o, const char *target, enum status status, const char *msg,
		size_t len);
void json_end(struct out *o);

#endif
