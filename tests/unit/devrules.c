/* SPDX-License-Identifier: Apache-2.0 */
/* sys/devrules: lists as v1 writes them, and what they let. */
#include "nsdebug/sys/devrules.h"

#include "tests/unit/check.h"

static struct devrules rules;

static enum devrules_answer ask(char type, uint32_t major, uint32_t minor, uint32_t access)
{
	return devrules_ask(&rules, type == 'b', major, minor, access);
}

static void lists(void)
{
	ok(devrules_parse(&rules, "b *:* m\nc 1:3 rwm\nc 136:* rw\nc 10:229 r\nc 10:229 w\n") &&
	   rules.kind == DEVRULES_LIST && rules.count == 5, "a list");
	ok(ask('c', 1, 3, DEV_READ | DEV_WRITE | DEV_MKNOD) == DEVRULES_YES, "it is in it");
	ok(ask('b', 1, 3, DEV_READ) == DEVRULES_NO, "a disk of that number is not");
	ok(ask('c', 1, 4, DEV_READ) == DEVRULES_NO && ask('c', 2, 3, DEV_READ) == DEVRULES_NO,
	   "other numbers are not");
	ok(ask('c', 136, 7, DEV_WRITE) == DEVRULES_YES &&
	   ask('c', 136, 7, DEV_MKNOD) == DEVRULES_NO, "all of a major number, but not all");
	ok(ask('b', 7, 0, DEV_MKNOD) == DEVRULES_YES && ask('c', 7, 0, DEV_MKNOD) == DEVRULES_NO,
	   "made may be any disk");
	ok(ask('c', 10, 229, DEV_READ | DEV_WRITE) == DEVRULES_NO, "one rule has to let all of it");
	ok(devrules_parse(&rules, "") && ask('c', 1, 3, DEV_READ) == DEVRULES_NO,
	   "an empty list lets nothing");
	ok(devrules_parse(&rules, "a *:* rwm\n") && rules.kind == DEVRULES_ALL &&
	   ask('b', 8, 0, DEV_WRITE) == DEVRULES_YES, "one that lets all");
}

static void others(void)
{
	static const char *const bad[] = { "c 1:3\n", "c 1 rw\n", "d 1:3 rwm\n", "c 1:3 rwx\n",
		"c 4294967296:3 r\n", "c -1:3 r\n", "c1:3 r\n", "\n", "c 1:3 \n" };
	char text[DEVRULES_MAX * 8 + 16] = "";
	bool good = true;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		good &= !devrules_parse(&rules, bad[i]) && rules.kind == DEVRULES_UNKNOWN;
	ok(good, "what is no list is not known");
	for (size_t i = 0; i < DEVRULES_MAX; i++)
		strcat(text, "c 1:3 r\n");
	ok(devrules_parse(&rules, text), "as many as there can be");
	strcat(text, "c 1:3 r\n");
	ok(!devrules_parse(&rules, text) && rules.kind == DEVRULES_UNKNOWN, "one more");
}

static void unknown(void)
{
	rules = (struct devrules){ .kind = DEVRULES_UNKNOWN };
	ok(ask('c', 1, 3, DEV_WRITE) == DEVRULES_YES && ask('c', 136, 1, DEV_READ) == DEVRULES_YES,
	   "not known: what each container has");
	ok(ask('c', 5, 1, DEV_READ) == DEVRULES_MAYBE && ask('b', 1, 3, DEV_READ) == DEVRULES_MAYBE,
	   "what not each one has");
	ok(ask('b', 8, 0, DEV_MKNOD) == DEVRULES_YES, "each one may make them");
	rules.kind = DEVRULES_FREE;
	ok(ask('b', 8, 0, DEV_WRITE) == DEVRULES_YES, "there are none");
}

int main(void)
{
	lists();
	others();
	unknown();
	return done();
}
