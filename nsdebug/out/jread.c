/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/out/jread.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <yajl/yajl_parse.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"

#define BLOCK_MIN 4096u
#define BLOCK_MAX (1u << 20)

struct reader {
	jread_fn *fn;
	void *ctx;
	char path[JREAD_PATH_MAX];
	size_t len;			/* of path */
	size_t mark[JREAD_DEPTH_MAX];	/* length of the path where each container began */
	bool array[JREAD_DEPTH_MAX];
	unsigned int object[JREAD_DEPTH_MAX], objects;	/* the innermost; how many have begun */
	int depth;
	int over;			/* depth of a key that has no path; 0: none */
	const char *why;		/* we stopped it, for this reason */
};

static int refuse(struct reader *r, const char *why)
{
	r->why = why;
	return 0;
}

/* What does not fit, or would be another path to whoever compares strings, is passed over. */
static void add(struct reader *r, const char *text, size_t len)
{
	if (r->over)
		return;
	if (len >= sizeof(r->path) - r->len || memchr(text, '\0', len)) {
		r->over = r->depth;
		return;
	}
	memcpy(r->path + r->len, text, len);
	r->len += len;
	r->path[r->len] = '\0';
}

/* Back to the container's own path, for its next key or item. */
static void rewind_path(struct reader *r)
{
	r->len = r->depth ? r->mark[r->depth - 1] : 0;
	r->path[r->len] = '\0';
}

static int value(struct reader *r, enum jtype type, const char *p, size_t len)
{
	unsigned int object = r->depth ? r->object[r->depth - 1] : 0;
	int more = r->over || r->fn(r->ctx, r->path, (struct jvalue){ type, { p, len }, object });

	if (r->depth && !r->array[r->depth - 1])
		rewind_path(r);
	return more;
}

static int begin(struct reader *r, bool array)
{
	if (r->depth == JREAD_DEPTH_MAX)
		return refuse(r, "it is nested too deeply");
	if (array)
		add(r, "[]", 2);
	r->object[r->depth] = !array ? ++r->objects : r->depth ? r->object[r->depth - 1] : 0;
	r->mark[r->depth] = r->len;
	r->array[r->depth++] = array;
	return 1;
}

static int end(struct reader *r)
{
	r->depth--;
	if (r->over >= r->depth)
		r->over = 0;
	rewind_path(r);
	return 1;
}

static int on_null(void *ctx)
{
	return value(ctx, J_NULL, "null", 4);
}

static int on_bool(void *ctx, int b)
{
	return value(ctx, J_BOOL, b ? "true" : "false", b ? 4 : 5);
}

static int on_number(void *ctx, const char *p, size_t len)
{
	return value(ctx, J_NUMBER, p, len);
}

static int on_string(void *ctx, const unsigned char *p, size_t len)
{
	return value(ctx, J_STRING, (const char *)p, len);
}

static int on_key(void *ctx, const unsigned char *p, size_t len)
{
	struct reader *r = ctx;

	if (r->over == r->depth)
		r->over = 0;
	rewind_path(r);
	if (r->depth > 1)
		add(r, ".", 1);
	add(r, (const char *)p, len);
	return 1;
}

static int on_map(void *ctx)
{
	return begin(ctx, false);
}

static int on_array(void *ctx)
{
	return begin(ctx, true);
}

static int on_end(void *ctx)
{
	return end(ctx);
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null, .yajl_boolean = on_bool, .yajl_number = on_number,
	.yajl_string = on_string, .yajl_start_map = on_map, .yajl_map_key = on_key,
	.yajl_end_map = on_end, .yajl_start_array = on_array, .yajl_end_array = on_end,
};

/* Blocks grow: yajl reads a string anew with each block that it goes on in. */
static int feed(yajl_handle h, int fd, size_t cap, struct reader *r, struct err *e)
{
	size_t total = 0, room = BLOCK_MIN;
	auto_free unsigned char *bytes = mem_resize(NULL, room, 1);
	yajl_status st = yajl_status_ok;
	ssize_t n;

	while (st == yajl_status_ok && (n = read(fd, bytes, room)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(e, "read");
		total += (size_t)n;
		if (total > cap)
			return err_set(e, ST_REFUSED, "larger than %zu MiB", cap >> 20);
		st = yajl_parse(h, bytes, (size_t)n);
		if (total > 4 * room && room < BLOCK_MAX)
			bytes = mem_resize(bytes, room *= 4, 1);
	}
	if (st == yajl_status_ok)
		st = yajl_complete_parse(h);
	if (st == yajl_status_error)
		return err_set(e, ST_FAILED, "not valid JSON (half-written?)");
	return r->why ? err_set(e, ST_REFUSED, "%s", r->why) : 0;
}

int jread(int fd, size_t cap, jread_fn *fn, void *ctx, struct err *e)
{
	struct reader r = { .fn = fn, .ctx = ctx };
	yajl_handle h = yajl_alloc(&callbacks, NULL, &r);
	int ret;

	if (!h)
		return err_set(e, ST_INTERNAL, "out of memory");
	yajl_config(h, yajl_dont_validate_strings, 1);
	ret = feed(h, fd, cap, &r, e);
	yajl_free(h);
	return ret;
}

int jread_bytes(const char *p, size_t len, jread_fn *fn, void *ctx, struct err *e)
{
	struct reader r = { .fn = fn, .ctx = ctx };
	yajl_handle h = yajl_alloc(&callbacks, NULL, &r);
	yajl_status st;

	if (!h)
		return err_set(e, ST_INTERNAL, "out of memory");
	yajl_config(h, yajl_dont_validate_strings, 1);
	st = yajl_parse(h, (const unsigned char *)p, len);
	if (st == yajl_status_ok)
		st = yajl_complete_parse(h);
	yajl_free(h);
	return st == yajl_status_error || r.why ? err_set(e, ST_FAILED, "not valid JSON") : 0;
}

bool jvalue_is(struct jvalue v, const char *text)
{
	return bytes_is(v.text, text);
}

bool jvalue_begins(struct jvalue v, const char *with)
{
	return v.text.len >= strlen(with) && !memcmp(v.text.p, with, strlen(with));
}

bool jvalue_u64(struct jvalue v, uint64_t *ret)
{
	char text[24];

	if (v.type != J_NUMBER || v.text.len >= sizeof(text))
		return false;
	memcpy(text, v.text.p, v.text.len);
	text[v.text.len] = '\0';
	return str_u64(text, ret);
}

bool jvalue_str(struct jvalue v, char *ret, size_t room)
{
	if (v.type != J_STRING)
		return false;
	snprintf(ret, room, "%.*s", (int)v.text.len, v.text.p);
	return true;
}
