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
static const __s32 stops[] = { 0, 15, 2, 9, 143 << 8, 130 << 8 };
static struct used_end outcome;
static struct used used;
static struct advice advice;
static struct remarks remarks;

static void fresh(void)
{
	used = (struct used){ .compat = &none, .strange = &none, .uring = &none, .leaves = &none,
		.too_long = &none, .end = &outcome };
	outcome = (struct used_end){ .first = 1 };
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
	outcome.over = 1;
	outcome.code = 3 << 8;
	ok(is_said("it ended with an error (exit code 3)"), "an exit code");
	outcome = (struct used_end){ .first = 1, .over = 1, .code = 11 };
	ok(is_said("it was ended by SIGSEGV while"), "a signal");
	outcome = (struct used_end){ .first = 1, .over = 1, .code = 9, .starved = 1 };
	ok(is_said("it was ended by SIGKILL for want of memory"), "memory");
	outcome = (struct used_end){ .over = 1, .code = 1 << 8 };
	ok(is_said("could not be executed"), "no program");
	outcome.crashed = 1 << 6;
	ok(is_said("a process of it was ended by SIGABRT"), "another process of it");
	for (size_t i = 0; i < ARRAY_SIZE(stops); i++) {
		outcome = (struct used_end){ .first = 1, .over = 1, .code = stops[i] };
		ok(!remarks_failed(&used), "what was stopped, or ended with 0, did not fail");
	}
	fresh();
	advice.whole = false;
	used.uring = &some;
	remarks_put(&b, &remarks, "");
	ok(strstr(b.bytes, "\nincomplete: it uses io_uring"), "several stand below each other");
	return done();
}
