/* SPDX-License-Identifier: Apache-2.0 */
/* sys/passwd: names out of a file that the target may have filled with anything. */
#include "nsdebug/sys/passwd.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/check.h"

static struct buf seen;
static size_t count;

static void found(void *ctx, uint32_t id, const char *name, size_t len)
{
	count++;
	buf_addf(&seen, "%u=%.*s%s", id, (int)len, name, (const char *)ctx);
}

static void check(const char *text, const char *want, const char *name)
{
	buf_clear(&seen);
	passwd_parse(text, strlen(text), found, (void *)";");
	is(&seen, want, name);
}

static void rest(const char *text, const char *want, const char *name)
{
	struct bytes left = { text, strlen(text) };
	struct passwd_entry e;

	buf_clear(&seen);
	while (passwd_next(&left, &e))
		buf_addf(&seen, "%u=%.*s;", e.id, (int)e.rest.len, e.rest.p ? e.rest.p : "");
	is(&seen, want, name);
}

int main(void)
{
	auto_buf struct buf many = { 0 };

	check("root:x:0:0:root:/root:/bin/sh\nnonroot:x:65532:65532:::\n", "0=root;65532=nonroot;",
	      "passwd");
	check("root:x:0:\ntty:x:5:a,b\n", "0=root;5=tty;", "group");
	check("a:x:1", "1=a;", "no newline at the end, no field behind");
	check("", "", "an empty file");
	check("\n\n:\n::\n:::\na\na:\na:b\n", "", "lines that are none");
	check(":x:1:\n", "", "no name");
	check("a:x::\na:x:b:\na:x:-1:\na:x: 1:\na:x:1x:\n", "", "no number");
	check("a:x:4294967295:\nb:x:4294967296:\nc:x:99999999999999999999:\n", "4294967295=a;",
	      "numbers that are no ids");
	check("a::1:\na::1:\n", "1=a;1=a;", "twice the same: the first is for the caller to keep");
	check("a:x:1:\r\n", "1=a;", "line ends of elsewhere");
	for (int i = 0; i < PASSWD_NAMES_MAX + 10; i++)
		buf_addf(&many, "u%d:x:%d:\n", i, i);
	count = 0;
	passwd_parse(many.bytes, many.len, found, (void *)"");
	ok(count == PASSWD_NAMES_MAX, "no more names than we keep");
	rest("a:x:1:7:A:/:/bin/sh\nb:x:2:\nc:x:3\nno\nd:x:4:9", "1=7;2=;3=;4=9;", "a user's group");
	rest("g:x:1:a,b\n", "1=a,b;", "members");
	buf_free(&seen);
	return done();
}
