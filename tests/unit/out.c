/* SPDX-License-Identifier: Apache-2.0 */
/* out: rows as table, JSON, JSON lines and names. */
#include "nsdebug/out/out.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"
#include "tests/unit/check.h"

struct row {
	struct bytes name;
	uint64_t size, user, flag, paint;
	int64_t took_s;
	struct coltime at;
	struct col_list list;
};

static const struct col cols[] = {
	COL(COL_SIZE, struct row, size, 0, "size"),
	COL(COL_UID, struct row, user, 0, "user"),
	COL(COL_PAINT, struct row, paint, 0, "colour"),
	COL(COL_BYTES, struct row, name, COL_NAME, "name"),
	COL(COL_BOOL, struct row, flag, COL_WIDE, "flag"),
	COL(COL_DUR, struct row, took_s, COL_HIDE | COL_WHOLE, "took"),
	COL(COL_TIME, struct row, at, COL_HIDE, "at"),
	COL(COL_LIST, struct row, list, COL_HIDE, "list"),
	COL_END
};

static struct row sample(const char *name, uint64_t size)
{
	return (struct row){
		.name = { name, strlen(name) }, .size = size, .user = 7, .flag = 1,
		.took_s = 1500000000, .at = { 0, 5 }, .list = { NULL, 0 },
	};
}

static int put(struct out *o, const struct row *row, struct err *e)
{
	auto_buf struct buf b = { 0 };

	row_encode(&b, cols, row);
	return out_row(o, (struct bytes){ b.bytes, b.len }, e);
}

static void render(struct buf *to, struct layout l, const struct row *rows, size_t count, bool many)
{
	auto_close int fd = memfd_create("out", 0);
	struct out *o = out_new("try", cols, NULL, &l, many, fd, -1);
	struct err e;

	buf_clear(to);
	out_target(o, "runc://x", &e);
	out_name(o, 'u', 7, "seven", 5);
	for (size_t i = 0; i < count; i++)
		put(o, &rows[i], &e);
	out_end(o, &e);
	out_end(o, &e);
	out_free(&o);
	lseek(fd, 0, SEEK_SET);
	fd_read_all(fd, to, 1 << 20);
}

#define HEAD "{\"schema\":\"nsdebug.try/1\",\"target\":"
#define BODY "\"size\":10,\"user\":\"seven\",\"name\":\"a\",\"flag\":true,\"took_s\":1.5," \
	"\"at\":\"1970-01-01T00:00:00.000000005Z\",\"list\":[]}"

static void formats(struct buf *b)
{
	struct row rows[] = { sample("a", 10), sample("b\n", 2000) };

	render(b, (struct layout){ .format = OUT_TABLE }, rows, 2, false);
	is(b, "SIZE USER  NAME\n  10 seven a\n2000 seven b\\x0a\n", "a table");
	render(b, (struct layout){ .format = OUT_TABLE, .no_headers = true, .numeric = true,
		.human = true }, rows, 2, false);
	is(b, "  10 7 a\n2.0K 7 b\\x0a\n", "bare, numeric, human");
	render(b, (struct layout){ .format = OUT_WIDE }, rows, 1, false);
	is(b, "SIZE USER  NAME FLAG\n  10 seven a    yes\n", "wide");
	render(b, (struct layout){ .format = OUT_TABLE, .fields = "name,took_s" }, rows, 1, false);
	is(b, "NAME  TOOK_S\na    1.500 s\n", "chosen columns");
	render(b, (struct layout){ .format = OUT_TABLE, .fields = "name" }, rows, 1, true);
	is(b, "TARGET   NAME\nrunc://x a\n", "several targets");
	rows[0].took_s = NONE_I64;
	render(b, (struct layout){ .format = OUT_TABLE, .under = "name,took_s",
		.fields = "size,took_s,name,user" }, rows, 2, false);
	is(b, "SIZE USER\n  10 seven\n  name: a\n2000 seven\n  took_s: 1.500 s\n  name: b\\x0a\n",
	   "sentences below their row, in the order of the columns; none where there is no value");
	render(b, (struct layout){ .format = OUT_WIDE, .under = "name" }, rows, 1, false);
	is(b, "SIZE USER  NAME FLAG\n  10 seven a    yes\n", "wide they are columns");
	rows[0].took_s = rows[1].took_s;
	render(b, (struct layout){ .format = OUT_NAMES }, rows, 2, false);
	is(b, "a\nb\\x0a\n", "names");
	render(b, (struct layout){ .format = OUT_JSON }, rows, 1, false);
	is(b, HEAD "\"runc://x\",\"items\":[\n{" BODY "],\"errors\":[],\"truncated\":false}\n",
	   "JSON");
	render(b, (struct layout){ .format = OUT_JSON }, rows, 1, true);
	is(b, HEAD "null,\"items\":[\n{\"target\":\"runc://x\"," BODY
	   "],\"errors\":[],\"truncated\":false}\n", "JSON of several targets");
	render(b, (struct layout){ .format = OUT_JSON }, rows, 0, false);
	is(b, HEAD "\"runc://x\",\"items\":[],\"errors\":[],\"truncated\":false}\n",
	   "JSON of nothing");
	render(b, (struct layout){ .format = OUT_JSONL }, rows, 1, false);
	is(b, HEAD "\"runc://x\"," BODY "\n", "JSON lines");
}

static void terminals(struct buf *b)
{
	struct row row = sample("abcdefgh", 10);

	render(b, (struct layout){ .format = OUT_TABLE, .columns = 8, .fields = "size,name" },
	       &row, 1, false);
	is(b, "SIZE NAME\n  10 abc\n", "a row ends where the terminal does");
	render(b, (struct layout){ .format = OUT_TABLE, .columns = 12, .fields = "name,took_s" },
	       &row, 1, false);
	is(b, "NAME      TOOK_S\nabcdefgh 1.500 s\n", "but for what is wanted whole");
}

static void missing(struct buf *b)
{
	struct row row = {
		.size = NONE_U64, .user = NONE_U64, .flag = NONE_U64, .took_s = NONE_I64,
		.at = { NONE_I64, 0 }, .list = COL_NO_LIST,
	};

	render(b, (struct layout){ .format = OUT_WIDE }, &row, 1, false);
	is(b, "SIZE USER NAME FLAG\n   - -    -    -\n", "no value in a table");
	render(b, (struct layout){ .format = OUT_JSONL }, &row, 1, false);
	is(b, HEAD "\"runc://x\",\"size\":null,\"user\":null,\"name\":null,\"flag\":null,"
	   "\"took_s\":null,\"at\":null,\"list\":null}\n", "no value in JSON");
	row.name = (struct bytes){ "\xff", 1 };
	render(b, (struct layout){ .format = OUT_JSONL }, &row, 1, false);
	ok(strstr(b->bytes, "\"name\":\"\xef\xbf\xbd\",\"name_b64\":\"/w==\"") != NULL,
	   "bytes that are not UTF-8");
}

static void errors(void)
{
	auto_close int full = open("/dev/full", O_WRONLY), fd = memfd_create("out", 0);
	struct layout l = { .format = OUT_JSON }, odd = { .fields = "name,nope" };
	struct out *o = out_new("try", cols, NULL, &l, false, fd, -1);
	struct row row = sample("a", 1);
	auto_buf struct buf b = { 0 };
	struct err e = { 0 };

	out_error(o, "runc://x", ST_FAILED, "a\xff\"b", 4);
	out_truncated(o);
	ok(out_row(o, (struct bytes){ "\xff\xff", 2 }, &e) < 0 && e.status == ST_INTERNAL,
	   "what is no row is refused");
	out_end(o, &e);
	out_free(&o);
	lseek(fd, 0, SEEK_SET);
	fd_read_all(fd, &b, 1 << 20);
	is(&b, HEAD "null,\"items\":[],\"errors\":[\n{\"target\":\"runc://x\",\"status\":1,"
	   "\"message\":\"a\xef\xbf\xbd\\\"b\"}],\"truncated\":true}\n",
	   "errors are in the document");
	o = out_new("try", cols, NULL, &odd, false, 1, -1);
	ok(out_check(o, &e) < 0 && e.status == ST_USAGE && strstr(e.msg, "nope"), "no such column");
	out_free(&o);
	o = out_new("try", cols, NULL, &l, false, full, -1);
	put(o, &row, &e);
	ok(out_end(o, &e) < 0 && e.status == ST_INTERNAL, "a full stdout");
	out_free(&o);
}

int main(void)
{
	auto_buf struct buf b = { 0 };

	formats(&b);
	terminals(&b);
	missing(&b);
	errors();
	return done();
}
