/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/frames.h"

#include <stdio.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"

#define ROW_ROOM (ROW_BYTES_MAX - 65536)	/* bytes of a row that frames may take */

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
	  "it, or one that it rests on, was only found on the stack: scan; in text a ?"),
	F(COL_STR, source, COL_HIDE,
	  "where the symbol is from: symtab, dynsym, debugdata, "
	  "debuglink, debug file, pclntab (Go's table), or perf-map (the process's own file)"),
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
	return row->function.len + row->module.len + b->len + 208;
}

static void append(struct frame_row *row, const char *why, const char *more, struct arena *a)
{
	auto_buf struct buf b = { 0 };

	buf_add(&b, row->text.p, row->text.len);
	buf_addf(&b, "  -- %s%s", why, more);
	row->text = (struct bytes){ arena_dup(a, b.bytes, b.len), b.len };
}

struct col_rows frame_rows(struct trace *t, const struct names *names, struct arena *a)
{
	struct frame_row *rows = arena_alloc(a, (t->count + 1) * sizeof(*rows));
	auto_buf struct buf b = { 0 };
	size_t n, room = ROW_ROOM;

	for (n = 0; n < t->count; n++) {
		const struct name *name = names_get(names, &t->frames[n]);
		size_t used = make_frame(&rows[n], name, &t->frames[n], n, &b);

		if (used > room) {
			t->cut = true;
			t->whole = false;
			snprintf(t->end, sizeof(t->end), "more frames do not fit into a row");
			break;
		}
		room -= used;
		rows[n].text = (struct bytes){ arena_dup(a, b.bytes, b.len), b.len };
		if (n && rows[n].guess && !rows[n - 1].guess)
			append(&rows[n - 1], t->lost, "; what follows is a guess", a);
	}
	if (n && !t->whole)
		append(&rows[n - 1], t->end, "", a);
	return (struct col_rows){ rows, n, sizeof(*rows) };
}
