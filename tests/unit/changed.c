/* SPDX-License-Identifier: Apache-2.0 */
/* trace/changed: which calls of the log count, and what becomes of many. */
#include "nsdebug/trace/changed.h"

#include <string.h>

#include "tests/unit/check.h"

static struct change_log calls;

/* From its number on, a page for each. */
static void note(uint64_t mm, uint64_t pid, uint64_t began, uint64_t done_at, uint64_t start)
{
	uint64_t number = ++calls.latest;

	calls.slots[number & (CHANGES - 1)] = (struct change){
		number, began, done_at, mm, start, start + 4096, (uint32_t)pid, (uint32_t)pid,
	};
}

static void when(void)
{
	struct changed c;

	memset(&calls, 0, sizeof(calls));
	note(1, 10, 100, 110, 0x1000);
	note(1, 10, 200, 0, 0x9000);
	note(1, 11, 100, 110, 0x3000);
	note(2, 11, 100, 110, 0x5000);
	changed_between(&c, &calls, 1, 10, 105, 150);
	ok(changed_at(&c, 0x1fff) && !changed_at(&c, 0x2000), "a call at its beginning");
	ok(changed_at(&c, 0x3000), "of another process in the same memory");
	ok(!changed_at(&c, 0x5000), "not of another memory");
	ok(!changed_at(&c, 0x9000) && !c.going_on, "not one that comes later");
	changed_between(&c, &calls, 1, 10, 111, 300);
	ok(!changed_at(&c, 0x1000), "nor one that is over");
	ok(changed_at(&c, 0x9000) && c.going_on, "one that goes on is said to");
	changed_between(&c, NULL, 1, 10, 111, 300);
	ok(changed_at(&c, 0x1000), "without a log all of it");
	calls.forgotten[change_hash(1)] = 111;
	changed_between(&c, &calls, 1, 10, 112, 150);
	ok(!changed_at(&c, 0x1000), "what is forgotten was before");
	changed_between(&c, &calls, 1, 10, 111, 150);
	ok(c.all, "or it was not");
	calls.forgotten[change_hash(1)] = 0;
	calls.forgotten[change_hash(10)] = 111;
	changed_between(&c, &calls, 1, 10, 111, 150);
	ok(c.all, "nor of its pid");
	changed_between(&c, &calls, 2, 11, 111, 150);
	ok(!c.all, "which is nothing to another process");
	calls.forgotten[change_hash(10)] = 0;
	calls.lasting[change_hash(10)] = 1;
	changed_between(&c, &calls, 1, 10, 300, 300);
	ok(c.all, "a call that is forgotten while it goes on is in all times");
	changed_between(&c, &calls, 2, 11, 111, 150);
	ok(!c.all, "not for another process");
	calls.lasting[change_hash(10)] = 0;
	calls.slots[2].number = 0;
	changed_between(&c, &calls, 1, 10, 111, 150);
	ok(c.all, "one that is being written");
}

static void many(void)
{
	struct changed c, sum = { 0 };
	bool all = true, apart = true;

	memset(&calls, 0, sizeof(calls));
	for (uint64_t i = 0; i < 200; i++)
		note(1, 1, 1, 2, ((i * 37 % 200) + 1) << 20);
	note(1, 1, 1, 2, 1ull << 40);
	changed_between(&c, &calls, 1, 1, 1, 2);
	for (uint64_t i = 1; i <= 200; i++)
		all &= changed_at(&c, i << 20) && changed_at(&c, (i << 20) + 4095);
	ok(all && changed_at(&c, 1ull << 40), "of more than there is room for, none is missing");
	ok(c.count <= CHANGED_MAX && !c.all, "and it is not all of it");
	ok(!changed_at(&c, (1ull << 40) - 1) && !changed_at(&c, 1), "nor what is far away");
	changed_add(&sum, &c);
	changed_add(&sum, &c);
	for (size_t i = 1; i < sum.count; i++)
		apart &= sum.ranges[i].start > sum.ranges[i - 1].end;
	ok(apart && sum.count == c.count, "twice the same is once");
	c = (struct changed){ 1, { { 0x100000, 1ull << 41 } }, false, false };
	changed_add(&sum, &c);
	ok(sum.count == 1 && changed_at(&sum, 1ull << 30), "one around all is one");
}

int main(void)
{
	when();
	many();
	return done();
}
