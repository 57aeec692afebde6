/* SPDX-License-Identifier: Apache-2.0 */
/*
 * col - the columns of a verb, and its rows on their way from a child to the front.
 *
 * A verb describes its row once, as an array of struct col bound to the fields of a C struct. The
 * child encodes rows by it (row_encode), the front decodes them by it (row_decode), and the table,
 * JSON, the manual, completion and the schema are made from it. The child is not trusted: decoding
 * checks every length and never reads beyond what was received.
 *
 * "No value" is UINT64_MAX for unsigned fields, INT64_MIN for signed ones and times, and a NULL
 * pointer for strings and lists: it is an empty cell in a table ("-") and null in JSON.
 *
 * On the wire a cell is one or more varints (LEB128): unsigned value + 1, zigzag + 1, length + 1
 * and the bytes; 0 is "no value".
 */
#ifndef NSDEBUG_OUT_COL_H
#define NSDEBUG_OUT_COL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/base/str.h"

struct buf;

#define NONE_U64 UINT64_MAX
#define NONE_I64 INT64_MIN

enum col_type {
	COL_END_ = 0,
	COL_STR,	/* const char *: our own word */
	COL_BYTES,	/* struct bytes: any bytes, usually a target's */
	COL_U64,	/* uint64_t: a count or an id */
	COL_I64,	/* int64_t */
	COL_SIZE,	/* uint64_t: bytes; -h shows 1.5M */
	COL_HEX,	/* uint64_t: 0x7f... in a table, a string in JSON (JS has 53 bits) */
	COL_UID,	/* uint64_t: an id of the target's view, shown as the target's user name */
	COL_GID,	/* the same for groups */
	COL_TIME,	/* struct coltime: RFC 3339 in JSON */
	COL_DUR,	/* int64_t: nanoseconds, shown and written to JSON in seconds */
	COL_BOOL,	/* uint64_t: 0 or 1 */
	COL_LIST,	/* struct col_list of struct bytes */
	COL_ROWS,	/* struct col_rows: rows of their own below this one */
	COL_PAINT,	/* uint64_t, enum paint: colour of the next column; never shown itself */
};

struct coltime {
	int64_t sec;	/* since 1970, or NONE_I64 */
	uint32_t nsec;
};

struct col_list {
	const struct bytes *items;
	size_t count;
};

#define COL_NO_LIST ((struct col_list){ NULL, 1 })	/* no value; { NULL, 0 } is an empty list */

struct col_rows {
	const void *rows;	/* array of the sub-row struct */
	size_t count, size;	/* size of one */
	struct col_coded *coded;	/* of rows that come again: or NULL */
};

/* What rows were encoded to, once they were; each time with the same struct unseen. */
struct col_coded {
	struct arena *arena;
	struct bytes bytes;
};

enum col_flag {
	COL_WIDE = 1,		/* in a table only with -o wide or when named */
	COL_HIDE = 2,		/* in a table only when named; always in JSON */
	COL_CLAIMED = 4,	/* the target's own word, not the kernel's */
	COL_GLUE = 8,		/* in a table, follows the previous column's text after `glue` */
	COL_NAME = 16,		/* what -o name prints */
	COL_GROUP = 32,		/* rows with the same value stand together under it as a title */
	COL_NOJSON = 64,	/* made for people: a table only */
	COL_CLOCK = 128,	/* COL_DUR as hours:minutes:seconds; COL_TIME with microseconds */
	COL_RIGHT = 256,	/* in a table, text that stands to the right, as numbers do */
	/* Says which row of some that may be shown as one (layout->fold). Of rows in a row, a
	 * number: how many that follow each other this one stands for; 0: none, another does. */
	COL_FOLD = 1024,
	COL_NUMBERS = 2048,	/* of COL_LIST: its items are numbers, as which JSON has them */
	COL_WHOLE = 4096,	/* at the end of a table it is not cut where the terminal ends */
	COL_CODE = 512,		/* text with escapes of its own, as in C: a backslash stays one */
};

enum paint { PAINT_NONE, PAINT_DIR, PAINT_LINK, PAINT_EXEC, PAINT_SPECIAL, PAINT_BAD, PAINT_SETID };

struct col {
	const char *name;	/* JSON key and -o word: stable API */
	enum col_type type;
	unsigned int flags;
	size_t offset;
	const char *help;
	const char *head;	/* heading of the table, NULL: the name in upper case */
	const char *glue;	/* with COL_GLUE */
	unsigned int least;	/* as wide at least where rows are shown as they come */
	const struct col *sub;	/* with COL_ROWS */
};

/* COL(type, struct, field, flags, help[, .head = ...]): the field's type is checked. */
#define COL(t, s, f, ...) COL_(#f, t, s, f, __VA_ARGS__)
/* The same of a field of what the row begins with, `base`. */
#define COL_BASE(t, s, f, ...) COL_(#f, t, s, base.f, __VA_ARGS__)
#define COL_(n, t, s, f, fl, h, ...) \
	{ .name = (n), .type = (t) + 0 * sizeof(char[COL_OK_(t, ((s *)0)->f) ? 1 : -1]), \
	  .flags = (fl), .offset = offsetof(s, f), .help = (h), ##__VA_ARGS__ }
#define COL_END { .name = NULL }

#define IS_(x, type) __builtin_types_compatible_p(__typeof__(x), type)
#define COL_OK_(t, x) \
	((t) == COL_STR ? IS_(x, const char *) : \
	 (t) == COL_BYTES ? IS_(x, struct bytes) : \
	 (t) == COL_TIME ? IS_(x, struct coltime) : \
	 (t) == COL_LIST ? IS_(x, struct col_list) : \
	 (t) == COL_ROWS ? IS_(x, struct col_rows) : \
	 (t) == COL_I64 || (t) == COL_DUR ? IS_(x, int64_t) : IS_(x, uint64_t))

/* A decoded cell; bytes point into the received frame. */
struct cell {
	bool set;
	union {
		uint64_t u;
		int64_t i;
	};
	uint32_t nsec;		/* COL_TIME */
	struct bytes s;		/* strings; the undecoded items of COL_LIST and COL_ROWS */
	uint64_t count;		/* items of COL_LIST and COL_ROWS */
};

/* What of each row nobody sees, and need not be sent. */
struct unseen {
	uint64_t cols;		/* bit n: cols[n] */
	bool below;		/* of rows in a row, the columns that tables hide */
};

size_t col_count(const struct col *cols);
const struct col *col_find(const struct col *cols, const char *name, size_t len);
/* The name that is nearer than all that were tried before, of those that can be asked for; NULL. */
const char *col_nearest(const struct col *cols, struct str_near *near);

/* Order of two row structs by one of their columns; lists and sub-rows have none. */
int col_compare(const struct col *c, const void *a, const void *b);

/* Sets every field of a row to "no value". */
void row_none(const struct col *cols, void *row);
void row_encode(struct buf *b, const struct col *cols, const void *row);
/* What is unseen is sent as "no value". */
void row_encode_seen(struct buf *b, const struct col *cols, const void *row, struct unseen u);
/* cells has room for col_count(cols). False if the bytes are not a row of these columns. Advances
 * *in over the row. */
bool row_decode(const struct col *cols, struct bytes *in, struct cell *cells);
/* The next item of a COL_LIST cell: start with rest = cell.s. False at the end. */
bool list_next(struct bytes *rest, struct bytes *ret);

#define ROW_CELLS_MAX 64
#define ROW_BYTES_MAX (1u << 20)	/* one encoded row; a longer one is a protocol error */

void put_varint(struct buf *b, uint64_t v);
bool get_varint(struct bytes *in, uint64_t *ret);

#endif
