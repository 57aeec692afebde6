/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/enter/emit.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/out/col.h"
#include "nsdebug/out/expr.h"

#define FULL (32 * 1024)
#define STALE_NS 50000000ull

void emit_flush(struct emit *e)
{
	if (e->deliver) {
		if (e->out.len)
			e->deliver(e->ctx, e->out.bytes, e->out.len);
		buf_clear(&e->out);
		return;
	}
	/* No reader means that the front is gone, and so is the reason for this process. */
	if (e->out.len && fd_write_all(e->fd, e->out.bytes, e->out.len) < 0)
		_exit(ST_INTERNAL);
	buf_clear(&e->out);
}

static size_t begin(struct emit *e, enum frame_type type)
{
	size_t at = e->out.len;

	buf_fill(&e->out, 0, sizeof(uint32_t));
	buf_char(&e->out, (char)type);
	return at;
}

static void finish(struct emit *e, size_t at)
{
	uint32_t len = (uint32_t)(e->out.len - at - sizeof(len));

	memcpy(e->out.bytes + at, &len, sizeof(len));
	if (e->out.len >= FULL)
		emit_flush(e);
}

static void send_row(struct emit *e, enum frame_type type, const struct col *cols, const void *row)
{
	size_t at = begin(e, type);

	row_encode_seen(&e->out, cols, row, type == F_ROW ? e->unseen : (struct unseen){ 0 });
	if (e->out.len - at > ROW_BYTES_MAX) {
		e->out.len = at;
		emit_cut(e, "a row of more than %u KiB is not shown", ROW_BYTES_MAX >> 10);
		return;
	}
	finish(e, at);
}

bool emit_wants(const struct emit *e, const void *row)
{
	return !e->filter || expr_match(e->filter, row);
}

void emit_wanted(struct emit *e, const void *row)
{
	send_row(e, F_ROW, e->cols, row);
}

bool emit_row(struct emit *e, const void *row)
{
	if (!emit_wants(e, row))
		return false;
	emit_wanted(e, row);
	return true;
}

void emit_summary(struct emit *e, const void *row)
{
	send_row(e, F_SUMMARY, e->summary, row);
}

void emit_err(struct emit *e, const struct err *err)
{
	size_t at = begin(e, F_ERR);

	e->status = status_worse(e->status, err->status);
	buf_char(&e->out, (char)err->status);
	buf_str(&e->out, err->msg);
	finish(e, at);
}

static void send_text(struct emit *e, enum frame_type type, const char *fmt, va_list ap)
{
	char text[512];
	size_t at = begin(e, type);

	if (vsnprintf(text, sizeof(text), fmt, ap) >= 0)
		buf_str(&e->out, text);
	finish(e, at);
}

void emit_note(struct emit *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	send_text(e, F_NOTE, fmt, ap);
	va_end(ap);
}

void emit_cut(struct emit *e, const char *fmt, ...)
{
	va_list ap;

	e->status = status_worse(e->status, ST_INCOMPLETE);
	va_start(ap, fmt);
	send_text(e, F_CUT, fmt, ap);
	va_end(ap);
}

void emit_name(struct emit *e, char kind, uint64_t id, const char *name, size_t len)
{
	size_t at = begin(e, F_NAME);

	buf_char(&e->out, kind);
	put_varint(&e->out, id);
	buf_add(&e->out, name, len);
	finish(e, at);
}

void emit_tick(struct emit *e)
{
	uint64_t now = clock_ns();

	if (now - e->flushed_ns < STALE_NS)
		return;
	if (!e->out.len)
		finish(e, begin(e, F_TICK));
	emit_flush(e);
	e->flushed_ns = now;
}

void emit_again(struct emit *e, unsigned int beside, const void *bytes, size_t len)
{
	size_t at = begin(e, F_AGAIN);

	buf_char(&e->out, (char)beside);
	buf_add(&e->out, bytes, len);
	finish(e, at);
}

#define PIECE (64u << 10)

void emit_file(struct emit *e, unsigned int which, const void *bytes, size_t len)
{
	const char *p = bytes;

	do {
		size_t n = len < PIECE ? len : PIECE, at = begin(e, F_FILE);

		buf_char(&e->out, (char)which);
		buf_add(&e->out, p, n);
		finish(e, at);
		p += n;
		len -= n;
	} while (len);
}

void emit_look(struct emit *e)
{
	finish(e, begin(e, F_LOOK));
	emit_flush(e);
}

void emit_end(struct emit *e)
{
	size_t at = begin(e, F_END);

	buf_char(&e->out, (char)e->status);
	finish(e, at);
	emit_flush(e);
}
