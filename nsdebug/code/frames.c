/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/frames.h"

#include <stdio.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/code/lines.h"

#define ROW_ROOM (ROW_BYTES_MAX - 65536)	/* bytes of a row that frames may take */
#define FRAME_COSTS 240u			/* of them, besides its texts */
#define TEXT_AT 24				/* where the name stands in its line */
#define KEPT_DEPTH 64u				/* frames of a stack that is kept, at most */
#define KEPT_FRAMES 16384u			/* of all of a process */
#define FRAME_WORDS 2u

#define F(t, f, fl, h) COL(t, struct frame_row, f, fl, h)

const struct col frame_cols[] = {
	F(COL_U64, n, COL_HIDE, "0 is where the thread is, 1 its caller"),
	F(COL_HEX, pc, COL_HIDE, "address of the code"),
	F(COL_BYTES, function, COL_HIDE | COL_CLAIMED, "symbol, demangled; null: there is none"),
	F(COL_HEX, offset, COL_HIDE, "of pc in the function; without one, in the module"),
	F(COL_BYTES, module, COL_HIDE | COL_CLAIMED, "file, as the process has it mapped"),
	F(COL_STR, build_id, COL_HIDE, "of the module, hexadecimal"),
	F(COL_STR, method, COL_HIDE,
	  "how it is known: pc, cfi, pcsp (Go's table), signal (interrupted here), sim (its "
	  "callee's code was followed to the return), fp (frame pointer), or scan"),
	F(COL_BOOL, guess, COL_HIDE,
	  "it, or one that it rests on, may be wrong: all of scan, some of fp; in text a ?"),
	F(COL_STR, source, COL_HIDE,
	  "where the symbol is from: symtab, dynsym, debugdata, debuglink, debug file, "
	  "pclntab (Go's table), perf-map (the process's own file); dwarf if it is inlined"),
	F(COL_BYTES, file, COL_HIDE | COL_CLAIMED, "of the source, with --lines"),
	F(COL_U64, line, COL_HIDE, "in it; where the call is, if it is not the innermost"),
	F(COL_BOOL, inlined, COL_HIDE, "it has no code of its own: it is part of the next one"),
	F(COL_U64, run, COL_NOJSON | COL_HIDE | COL_FOLD, "of a run of equal frames, how many"),
	F(COL_BYTES, text, COL_NOJSON | COL_CLAIMED, "the frame on one line"),
	COL_END
};

static const char *method_name(const struct frame *f)
{
	static const char *const names[] = {
		[METHOD_PC] = "pc", [METHOD_CFI] = "cfi",
		[METHOD_PCSP] = "pcsp", [METHOD_SIGNAL] = "signal",
		[METHOD_SIM] = "sim", [METHOD_FP] = "fp", [METHOD_SCAN] = "scan",
	};

	return names[f->method];
}

/* Returns about how many bytes the row takes. */
static size_t make_frame(struct frame_row *row, const struct name *n, const struct frame *f,
			 size_t nr, struct buf *b)
{
	*row = (struct frame_row){ .n = nr, .pc = f->pc, .offset = n->offset,
		.method = method_name(f), .guess = f->guess, .build_id = n->build_id,
		.source = n->source };
	if (!n->module && !n->function)
		row->offset = NONE_U64;
	if (n->module)
		row->module = n->module->path;
	if (n->function)
		row->function = (struct bytes){ n->function, strlen(n->function) };
	buf_clear(b);
	buf_char(b, '#');
	buf_u64(b, nr);
	buf_fill(b, ' ', b->len < 4 ? 5 - b->len : 1);
	if (f->guess)
		buf_str(b, "? ");
	buf_add(b, n->text.p, n->text.len);
	if (f->method == METHOD_SIGNAL)
		buf_str(b, " <interrupted by a signal>");
	return row->function.len + row->module.len + b->len + FRAME_COSTS;
}

/* Adds where in the source it is. Returns about how many bytes that takes. */
static size_t put_line(struct frame_row *row, const struct line_at *at, struct buf *b)
{
	row->line = at && at->line ? at->line : NONE_U64;
	if (!at || !at->file)
		return 0;
	row->file = (struct bytes){ at->file, strlen(at->file) };
	buf_addf(b, " at %s:", at->file + at->dir);
	buf_u64(b, at->line);
	return 2 * row->file.len + 24;
}

/* What was inlined where the frame is: the row is the frame's own, but for what it is called. */
static size_t make_inlined(struct frame_row *row, const struct name *n, const struct frame *f,
			   size_t nr, const struct line_at *at, struct buf *b)
{
	size_t used;

	*row = (struct frame_row){ .n = nr, .pc = f->pc, .offset = NONE_U64, .inlined = 1,
		.method = method_name(f), .guess = f->guess, .build_id = n->build_id,
		.source = n->line_source };
	if (n->module)
		row->module = n->module->path;
	if (at->function)
		row->function = (struct bytes){ at->function, strlen(at->function) };
	buf_clear(b);
	buf_fill(b, ' ', f->guess ? TEXT_AT + 2 : TEXT_AT);
	buf_addf(b, "%s (inlined)", at->function ? at->function : "?");
	used = row->function.len + row->module.len + b->len + FRAME_COSTS;
	return used + put_line(row, at, b);
}

struct fill {
	struct frame_row *rows;
	size_t count, room;	/* room: bytes that are left */
	struct arena *a;
	struct buf b;
};

static bool add(struct fill *l, size_t used)
{
	if (used > l->room)
		return false;
	l->room -= used;
	l->rows[l->count++].text = (struct bytes){ arena_dup(l->a, l->b.bytes, l->b.len),
		l->b.len };
	return true;
}

/* A frame, and before it what is inlined there. False: there is no room. */
static bool add_frame(struct fill *l, const struct name *n, const struct frame *f, size_t nr)
{
	const struct line_at *own = n->place_count ? &n->places[n->place_count - 1] : NULL;
	size_t used;

	for (size_t i = 0; i + 1 < n->place_count; i++)
		if (!add(l, make_inlined(&l->rows[l->count], n, f, nr, &n->places[i], &l->b)))
			return false;
	used = make_frame(&l->rows[l->count], n, f, nr, &l->b);
	return add(l, used + put_line(&l->rows[l->count], own, &l->b));
}

static size_t count_rows(const struct trace *t, const struct names *names)
{
	size_t n = 1;

	for (size_t i = 0; i < t->count; i++)
		n += 1 + names_get(names, &t->frames[i])->place_count;
	return n < ROW_ROOM / FRAME_COSTS ? n : ROW_ROOM / FRAME_COSTS + 1;
}

static void append(struct frame_row *row, const char *why, const char *more, struct arena *a)
{
	auto_buf struct buf b = { 0 };

	buf_add(&b, row->text.p, row->text.len);
	buf_addf(&b, "  -- %s%s", why, more);
	row->text = (struct bytes){ arena_dup(a, b.bytes, b.len), b.len };
}

/* Behind the number. */
static struct bytes without_number(const struct frame_row *row)
{
	struct bytes t = row->text;

	while (t.len && *t.p != ' ') {
		t.p++;
		t.len--;
	}
	while (t.len && *t.p == ' ') {
		t.p++;
		t.len--;
	}
	return t;
}

/* A frame and what is inlined in it, of which each row is as the one of another frame. */
static bool same_frames(const struct frame_row *a, const struct frame_row *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (a[i].pc != b[i].pc || a[i].inlined != b[i].inlined ||
		    !bytes_same(without_number(&a[i]), without_number(&b[i])))
			return false;
	return true;
}

/* A function that calls itself at one place is shown once, with how often; the numbers go on. */
static void fold_runs(struct frame_row *rows, size_t count)
{
	struct frame_row *first = rows;
	size_t before = 0;

	for (size_t i = 0, n; i < count; i += n) {
		for (n = 1; i + n < count && rows[i + n].n == rows[i].n;)
			n++;
		if (n == before && same_frames(first, rows + i, n)) {
			first[n - 1].run++;
			for (size_t k = i; k < i + n; k++)
				rows[k].run = 0;
			continue;
		}
		first = rows + i;
		before = n;
		for (size_t k = i; k < i + n; k++)
			rows[k].run = 1;
	}
}

static struct col_rows make_rows(struct trace *t, const struct names *names, struct arena *a)
{
	struct fill l = { .room = ROW_ROOM, .a = a };

	l.rows = arena_alloc(a, count_rows(t, names) * sizeof(*l.rows));
	for (size_t n = 0; n < t->count; n++) {
		size_t before = l.count;

		if (!add_frame(&l, names_get(names, &t->frames[n]), &t->frames[n], n)) {
			t->cut = true;
			t->whole = false;
			snprintf(t->end, sizeof(t->end), "more frames do not fit into a row");
			break;
		}
		if (n && t->frames[n].guess && !t->frames[n - 1].guess)
			append(&l.rows[before - 1], t->lost, "; what follows is a guess", a);
	}
	if (l.count && !t->whole)
		append(&l.rows[l.count - 1], t->end, "", a);
	fold_runs(l.rows, l.count);
	buf_free(&l.b);
	return (struct col_rows){ .rows = l.rows, .count = l.count, .size = sizeof(*l.rows) };
}

/* ---- stacks that come again ---- */

/* A thousand goroutines that wait at one place have rows and bytes of one. */
struct kept_stack {
	struct col_rows rows;
	struct col_coded coded;
	size_t count;
	uint64_t words[];	/* FRAME_WORDS of each frame */
};

/* False: its rows depend on more than these. */
static bool put_words(const struct trace *t, uint64_t *to)
{
	if (!t->whole || t->cut || t->count > KEPT_DEPTH)
		return false;
	for (size_t i = 0; i < t->count; i++) {
		const struct frame *f = &t->frames[i];

		if (f->guess)
			return false;
		*to++ = f->pc;
		*to++ = (uint64_t)f->method << 1 | f->exact;
	}
	return true;
}

/* Has each of them the name that it will have? */
static bool is_named(const struct trace *t, const struct names *names)
{
	for (size_t i = 0; i < t->count; i++)
		if (names_get(names, &t->frames[i])->left)
			return false;
	return true;
}

static struct kept_stack *keep(struct trace *t, struct names *names, const uint64_t *words,
			       size_t len)
{
	struct kept_stack *k = arena_alloc(names->arena, sizeof(*k) + len);

	*k = (struct kept_stack){ .rows = make_rows(t, names, names->arena),
		.coded = { .arena = names->arena }, .count = t->count };
	k->rows.coded = &k->coded;
	memcpy(k->words, words, len);
	names->kept += t->count;
	return k;
}

struct col_rows frame_rows(struct trace *t, struct names *names, struct arena *a)
{
	size_t len = t->count * FRAME_WORDS * sizeof(uint64_t);
	uint64_t words[KEPT_DEPTH * FRAME_WORDS], key;
	struct kept_stack *k;

	if (!put_words(t, words))
		return make_rows(t, names, a);
	key = map_hash(MAP_HASH, words, len);
	k = map_get(&names->stacks, key);
	if (k && k->count == t->count && !memcmp(k->words, words, len))
		return k->rows;
	if (k || names->kept + t->count > KEPT_FRAMES || !is_named(t, names))
		return make_rows(t, names, a);
	k = keep(t, names, words, len);
	map_put(&names->stacks, key, k);
	return k->rows;
}
