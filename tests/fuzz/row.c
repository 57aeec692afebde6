/* SPDX-License-Identifier: Apache-2.0 */
/* A child that was taken over says anything: out/ refuses it, or makes well-formed JSON of it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <yajl/yajl_parse.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/esc.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/out/out.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct below {
	uint64_t n;
	struct bytes s;
};

struct row {
	const char *str;
	struct bytes bytes, dir;
	uint64_t u, size, hex, uid, gid, flag, paint;
	int64_t i, dur, clock;
	struct coltime at;
	struct col_list list;
	struct col_rows rows;
};

static const struct col below[] = {
	COL(COL_U64, struct below, n, 0, "n"),
	COL(COL_BYTES, struct below, s, 0, "s"),
	COL_END
};

static const struct col cols[] = {
	COL(COL_BYTES, struct row, dir, COL_GROUP | COL_HIDE, "dir"),
	COL(COL_STR, struct row, str, COL_NAME, "str"),
	COL(COL_U64, struct row, u, 0, "u"),
	COL(COL_SIZE, struct row, size, 0, "size"),
	COL(COL_HEX, struct row, hex, 0, "hex"),
	COL(COL_UID, struct row, uid, 0, "uid"),
	COL(COL_GID, struct row, gid, COL_WIDE, "gid"),
	COL(COL_BOOL, struct row, flag, 0, "flag"),
	COL(COL_I64, struct row, i, 0, "i"),
	COL(COL_DUR, struct row, dur, 0, "dur"),
	COL(COL_DUR, struct row, clock, COL_CLOCK, "clock"),
	COL(COL_TIME, struct row, at, 0, "at"),
	COL(COL_PAINT, struct row, paint, 0, "paint"),
	COL(COL_BYTES, struct row, bytes, COL_CLAIMED, "bytes"),
	COL(COL_LIST, struct row, list, COL_GLUE, "list", .glue = " "),
	COL(COL_ROWS, struct row, rows, 0, "rows", .sub = below),
	COL_END
};

static void check_json(const struct buf *b)
{
	yajl_handle h = yajl_alloc(NULL, NULL, NULL);

	if (yajl_parse(h, (const unsigned char *)b->bytes, b->len) != yajl_status_ok ||
	    yajl_complete_parse(h) != yajl_status_ok)
		abort();
	yajl_free(h);
}

static void check_text(const struct buf *b)
{
	if (b->len && !esc_is_utf8(b->bytes, b->len))
		abort();
	for (size_t i = 0; i < b->len; i++)
		if ((unsigned char)b->bytes[i] < 0x20 && b->bytes[i] != '\n')
			abort();
}

static void render(struct layout l, const uint8_t *bytes, size_t len)
{
	static int fd = -1;
	struct buf text = { 0 };
	struct out *o;
	struct err e = { 0 };

	if (fd < 0)
		fd = memfd_create("out", 0);
	if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	o = out_new("try", cols, below, &l, false, fd, -1);
	out_name(o, 'u', 1, (const char *)bytes, len < 40 ? len : 40);
	for (size_t at = 0; at < len;) {
		size_t n = bytes[at] < len - at - 1 ? bytes[at] : len - at - 1;
		struct bytes body = { (const char *)bytes + at + 1, n };

		if (out_row(o, body, &e) < 0 && e.status != ST_INTERNAL)
			abort();
		out_summary(o, body, &e);
		at += n + 1;
	}
	out_error(o, "x", ST_FAILED, (const char *)bytes, len);
	if (out_end(o, &e) < 0)
		abort();
	out_free(&o);
	lseek(fd, 0, SEEK_SET);
	if (fd_read_all(fd, &text, 1u << 28) != 0)
		abort();
	(l.format == OUT_JSON ? check_json : check_text)(&text);
	buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	render((struct layout){ .format = OUT_JSON }, bytes, len);
	render((struct layout){ .format = OUT_TABLE, .titles = true, .human = true }, bytes, len);
	render((struct layout){ .format = OUT_WIDE, .kind = LAYOUT_BLOCKS }, bytes, len);
	render((struct layout){ .kind = LAYOUT_GRID, .columns = 40, .color = WHEN_NEVER }, bytes,
	       len);
	return 0;
}
