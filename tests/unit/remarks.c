/* SPDX-License-Identifier: Apache-2.0 */
/* advise/remarks: each limit is a line in what is written, behind what makes it a comment. */
#include "nsdebug/advise/remarks.h"

#include <string.h>

#include "nsdebug/advise/needs.h"
#include "nsdebug/base/buf.h"
#include "nsdebug/base/own.h"
#include "nsdebug/trace/used.h"
#include "tests/unit/check.h"

static const __u64 none, some = 1;
static struct used used;
static struct advice advice;
static struct remarks remarks;

static void fresh(void)
{
	used = (struct used){ .compat = &none, .strange = &none, .uring = &none, .leaves = &none,
		.too_long = &none };
	advice = (struct advice){ .u = &used, .whole = true, .caps_known = true };
	remarks = (struct remarks){ .a = &advice };
}

/* One line, with these words. */
static bool is_said(const char *words)
{
	auto_buf struct buf b = { 0 };
	const char *end;
	bool good;

	remarks_put(&b, &remarks, "# ");
	end = b.len ? memchr(b.bytes, '\n', b.len) : NULL;
	good = end == b.bytes + b.len - 1 && !strncmp(b.bytes, "# incomplete: ", 14) &&
		strstr(b.bytes, words);
	fresh();
	return good;
}

int main(void)
{
	auto_buf struct buf b = { 0 };

	fresh();
	remarks_put(&b, &remarks, "# ");
	ok(!b.len, "of what was seen as a whole nothing is said");
	advice.whole = false;
	ok(is_said("before it was watched"), "no start");
	remarks.lost = true;
	ok(is_said("lost"), "lost events");
	used.compat = &some;
	ok(is_said("32-bit"), "calls of another table");
	used.strange = &some;
	ok(is_said("x86-64 does not have"), "calls of none");
	remarks.unnamed = true;
	ok(is_said("newer"), "calls without a name");
	used.uring = &some;
	ok(is_said("io_uring"), "io_uring");
	used.leaves = &some;
	ok(is_said("mount namespace"), "where it cannot be followed");
	used.cut = true;
	ok(is_said("more files"), "files");
	used.too_long = &some;
	ok(is_said("more files"), "long paths");
	advice.places_cut = true;
	ok(is_said("places to write to"), "places");
	advice.users_cut = true;
	ok(is_said("more users"), "users");
	used.creds_cut = true;
	ok(is_said("more users"), "credentials");
	used.ports_cut = true;
	ok(is_said("ports"), "ports");
	advice.caps_known = false;
	ok(is_said("capabilities"), "capabilities");
	remarks.nameless = true;
	ok(is_said("family"), "sockets");
	advice.whole = false;
	used.uring = &some;
	remarks_put(&b, &remarks, "");
	ok(strstr(b.bytes, "\nincomplete: it uses io_uring"), "several stand below each other");
	return done();
}
