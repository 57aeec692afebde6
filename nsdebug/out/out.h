/* SPDX-License-Identifier: Apache-2.0 */
/*
 * out - the only place where rows become text.
 *
 * The front gives it decoded rows in order; out writes a table, JSON, JSON lines or names to
 * stdout, through esc_text() or esc_json() always. A table whose columns are aligned is held back
 * until its widths are known (at most OUT_HELD_MAX bytes, then they stand); everything else
 * streams. A reader that closes our pipe is not an error: out_closed() says so. The JSON document
 * is well formed however early out_end() comes.
 */
#ifndef NSDEBUG_OUT_OUT_H
#define NSDEBUG_OUT_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/base/err.h"
#include "nsdebug/out/col.h"

#define OUT_HELD_MAX (64u << 20)

enum out_format { OUT_TABLE, OUT_WIDE, OUT_JSON, OUT_JSONL, OUT_NAMES };

/* Their words, by their number; ends with NULL. */
extern const char *const out_formats[];

enum layout_kind {
	LAYOUT_TABLE,	/* headings, aligned columns */
	LAYOUT_LIST,	/* aligned columns without headings: ls -l */
	LAYOUT_GRID,	/* on a terminal, the first column filled down and across: ls */
	LAYOUT_BLOCKS,	/* the scalars of a row on one line, its COL_ROWS indented below: stack */
	LAYOUT_RAW,	/* no rows: the verb's data pipe is the output: cat */
};

enum when { WHEN_AUTO, WHEN_ALWAYS, WHEN_NEVER };

/* How this run is to look: made by the framework, adjusted by the verb's setup(). */
struct layout {
	enum layout_kind kind;
	enum out_format format;
	/* "a,b,c": the columns of a table, NULL: the default ones. What the user chose; a setup()
	 * may fill it in when it is NULL. JSON always has all columns. */
	const char *fields;
	bool one_word;		/* fields is a word that could have been meant as a format */
	bool below;		/* rows in a column stand below their row, not as a number */
	/* "a,b": columns of sentences. In a table they stand below their row, each on a line of
	 * its own, and what has no value has none. */
	const char *under;
	bool stream;		/* each row is shown at once: widths grow as they must */
	bool human;		/* COL_SIZE as 1.5M */
	bool numeric;		/* ids, not names */
	bool full_time;		/* 2026-01-31 12:00:00.000000000 +0000 */
	bool no_headers;
	bool totals;		/* the summary's columns stand below the table, one a line */
	bool titles;		/* COL_GROUP values are shown as titles */
	bool escape;		/* LAYOUT_RAW: escape (a terminal reads) */
	enum when color;
	unsigned int columns;	/* of the terminal; 0: stdout is none */
	/* Blocks that are sorted, and differ in nothing that is shown but their COL_FOLD and second
	 * sort column, are shown as one; of these columns the first that has a text says which. */
	const char *fold;
	const char *sort;	/* the front sorts held rows by these unsigned columns: "pid,tid" */
};

struct out;

struct out *out_new(const char *verb, const struct col *cols, const struct col *summary,
		    const struct layout *l, bool many_targets, int fd, int signals);
void out_free(struct out **o);

/* ST_USAGE if layout->fields names a column that is none: asked before a child is started. */
int out_check(struct out *o, struct err *e);
/* After out_check(). */
struct unseen out_unseen(const struct out *o);
/* Rows that follow belong to this target; those before it are finished if they are sorted. */
int out_target(struct out *o, const char *name, struct err *e);
void out_name(struct out *o, char kind, uint64_t id, const char *name, size_t len);
/* body: an encoded row of cols. -1 with ST_INTERNAL if it is none, or stdout cannot be written. */
int out_row(struct out *o, struct bytes body, struct err *e);
/* Rows of a layout that streams are written by blocks, and here, where no more are waiting. */
int out_flush(struct out *o, struct err *e);
int out_summary(struct out *o, struct bytes body, struct err *e);
/* For the JSON document's "errors". The text on stderr is the front's. */
void out_error(struct out *o, const char *target, enum status status, const char *msg, size_t len);
void out_truncated(struct out *o);
/* Moves bytes of the raw data pipe to stdout: 0 at its end. */
int out_data(struct out *o, int fd, struct err *e);
/* Ends the document. Safe to call twice. */
int out_end(struct out *o, struct err *e);
bool out_closed(const struct out *o);	/* the reader went away: stop, quietly */

/* A line on stderr: "nsdebug: text", escaped, in one write. */
void out_say(const char *text, size_t len);

#endif
