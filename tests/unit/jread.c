/* SPDX-License-Identifier: Apache-2.0 */
/* out/jread: paths of values, where it stops, and what it does not take. */
#include "nsdebug/out/jread.h"

#include <sys/mman.h>
#include <unistd.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "tests/unit/check.h"

struct seen {
	struct buf text;
	int left;	/* values until we have enough */
};

static bool see(void *ctx, const char *path, struct jvalue v)
{
	struct seen *s = ctx;

	buf_addf(&s->text, "%s=%.*s;", path, (int)v.text.len, v.text.p);
	return --s->left != 0;
}

static int run(struct seen *s, const char *text, size_t len, size_t cap, struct err *e)
{
	auto_close int fd = memfd_create("json", 0);

	buf_clear(&s->text);
	if (write(fd, text, len) != (ssize_t)len || lseek(fd, 0, SEEK_SET) < 0)
		return -2;
	return jread(fd, cap, see, s, e);
}

static void check(const char *text, const char *want, const char *name)
{
	struct seen s = { .left = -1 };
	struct err e = { 0 };

	ok(run(&s, text, strlen(text), 1 << 20, &e) == 0, name);
	is(&s.text, want, "its values");
	buf_free(&s.text);
}

static void refuse(const char *text, size_t len, enum status status, const char *name)
{
	struct seen s = { .left = -1 };
	struct err e = { 0 };

	ok(run(&s, text, len, 1 << 20, &e) == -1 && e.status == status && e.msg[0], name);
	buf_free(&s.text);
}

static void deep(void)
{
	static char text[200000];

	memset(text, '[', 100000);
	refuse(text, 100000, ST_REFUSED, "nested 100,000 deep");
	for (int i = 0; i < JREAD_DEPTH_MAX; i++)
		text[i] = '[', text[JREAD_DEPTH_MAX + i] = ']';
	text[2 * JREAD_DEPTH_MAX] = '\0';
	check(text, "", "nested as deep as may be");
}

/* A container may choose some keys: they hide none of the others. */
static void passed_over(void)
{
	static const char *const values[] = { "1", "{\"b\":[1,{\"c\":2}]}", "[[1],{\"a\":2}]" };
	static char text[4000], want[1000];
	int n = JREAD_PATH_MAX - 4;

	for (size_t i = 0; i < 3; i++) {
		snprintf(text, sizeof(text),
			 "{\"a\":0,\"x\":{\"%0*d\":%s,\"c\":3},\"d\":[4]}", 2000, 0, values[i]);
		check(text, "a=0;x.c=3;d[]=4;", "a key too long");
	}
	snprintf(text, sizeof(text), "{\"%0*d\":[[[1],0],2,{\"a\":3}],\"b\":4}", n, 0);
	snprintf(want, sizeof(want), "%0*d[]=2;b=4;", n, 0);
	check(text, want, "arrays that make it too long");
	check("{\"pid\\u0000\":1,\"a\":{\"\\u0000\":2,\"b\":3},\"\":{\"pid\":4}}", "a.b=3;.pid=4;",
	      "keys with a NUL, and none");
}

static void stops(void)
{
	static const char text[] = "{\"a\":1,\"b\":2,\"c\":3} and no JSON behind";
	struct seen s = { .left = 2 };
	struct err e = { 0 };

	ok(run(&s, text, strlen(text), 1 << 20, &e) == 0, "enough is enough");
	is(&s.text, "a=1;b=2;", "the values up to there");
	buf_free(&s.text);
}

static void large(void)
{
	static char text[3 << 20];
	struct seen s = { .left = -1 };
	struct err e = { 0 };

	memset(text, 'x', sizeof(text));
	memcpy(text, "{\"a\":\"", 6);
	memcpy(text + sizeof(text) - 2, "\"}", 2);
	ok(run(&s, text, sizeof(text), 4 << 20, &e) == 0 && s.text.len == sizeof(text) - 8 + 3,
	   "a string of megabytes");
	ok(run(&s, text, sizeof(text), 1 << 20, &e) == -1 && e.status == ST_REFUSED,
	   "more than the cap");
	buf_free(&s.text);
}

static void values(void)
{
	char text[4];
	uint64_t n;

	ok(jvalue_u64((struct jvalue){ J_NUMBER, { "42", 2 } }, &n) && n == 42, "a number");
	ok(!jvalue_u64((struct jvalue){ J_STRING, { "42", 2 } }, &n), "a string is none");
	ok(!jvalue_u64((struct jvalue){ J_NUMBER, { "-1", 2 } }, &n), "nor one below zero");
	ok(!jvalue_u64((struct jvalue){ J_NUMBER, { "1e3", 3 } }, &n), "nor one with an exponent");
	ok(!jvalue_u64((struct jvalue){ J_NUMBER, { "999999999999999999999999", 24 } }, &n),
	   "nor one of 24 digits");
	ok(jvalue_str((struct jvalue){ J_STRING, { "abcdef", 6 } }, text, sizeof(text)) &&
	   !strcmp(text, "abc"), "a string is cut to fit");
	ok(!jvalue_str((struct jvalue){ J_NULL, { "null", 4 } }, text, sizeof(text)),
	   "null is none");
	ok(jvalue_is((struct jvalue){ J_BOOL, { "true", 4 } }, "true"), "a word");
	ok(jvalue_begins((struct jvalue){ J_STRING, { "container:1", 11 } }, "container:") &&
	   !jvalue_begins((struct jvalue){ J_STRING, { "container", 9 } }, "container:"),
	   "what it begins with");
}

static bool see_object(void *ctx, const char *path, struct jvalue v)
{
	(void)path;
	buf_addf(ctx, "%.*s in %u; ", (int)v.text.len, v.text.p, v.object);
	return true;
}

static void objects(void)
{
	const char *text = "{\"a\":0,\"b\":[{\"x\":1,\"y\":[2,{\"z\":3}],\"w\":4},{\"x\":5}],"
		"\"c\":6}";
	struct buf b = { 0 };

	ok(jread_bytes(text, strlen(text), see_object, &b, NULL) == 0, "objects");
	is(&b, "0 in 1; 1 in 2; 2 in 2; 3 in 3; 4 in 2; 5 in 4; 6 in 1; ", "which a value is in");
	buf_clear(&b);
	ok(jread_bytes("[7]", 3, see_object, &b, NULL) == 0, "without one");
	is(&b, "7 in 0; ", "it is in none");
	buf_free(&b);
}

int main(void)
{
	check("{}", "", "an empty object");
	check("1", "=1;", "a value alone");
	check("{\"a\":1,\"b\":\"x\",\"c\":true,\"d\":null}", "a=1;b=x;c=true;d=null;", "scalars");
	check("{\"a\":{\"b\":{\"c\":1}},\"d\":2}", "a.b.c=1;d=2;", "objects in objects");
	check("{\"a\":[1,2,{\"b\":3},[4]],\"c\":5}", "a[]=1;a[]=2;a[].b=3;a[][]=4;c=5;", "arrays");
	check("[[],{},[{}],7]", "[]=7;", "empty ones");
	check("{\"a\":1,\"a\":2}", "a=1;a=2;", "a key twice");
	check("{\"\\u0061\\n\":\"\\ud83d\\ude00\"}", "a\n=\xf0\x9f\x98\x80;", "escapes");
	check("{\"a\":\"\"}", "a=;", "an empty string");
	refuse("", 0, ST_FAILED, "nothing");
	refuse("{\"a\":", 5, ST_FAILED, "half-written");
	refuse("{\"a\":1", 6, ST_FAILED, "not closed");
	refuse("{a:1}", 5, ST_FAILED, "no JSON");
	refuse("{}x", 3, ST_FAILED, "something behind it");
	deep();
	passed_over();
	stops();
	large();
	values();
	objects();
	return done();
}
