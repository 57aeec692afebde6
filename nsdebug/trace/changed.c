/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/changed.h"

static void add(struct changed *c, const struct change *one)
{
	if (one->start >= one->end)
		return;
	if (c->count == CHANGED_MAX) {
		c->all = true;
		return;
	}
	c->ranges[c->count].start = one->start;
	c->ranges[c->count++].end = one->end;
}

void changed_between(struct changed *c, const volatile struct change_log *log, uint64_t mm,
		     uint64_t pid, uint64_t from, uint64_t to)
{
	uint64_t latest = log ? log->latest : 0;
	uint64_t first = latest > CHANGES ? latest - CHANGES : 0;

	c->count = 0;
	c->all = !log;
	for (uint64_t n = first + 1; n <= latest && !c->all; n++) {
		const volatile struct change *slot = &log->slots[n & (CHANGES - 1)];
		uint64_t number = slot->number;
		struct change one = *slot;

		/* is being written, or was while it was read */
		if (number != n || slot->number != n) {
			c->all = true;
			break;
		}
		if ((one.mm == mm || one.pid == pid) && one.began <= to &&
		    (!one.done || one.done >= from))
			add(c, &one);
	}
	/* last: what was overwritten meanwhile counts */
	if (log && log->forgotten >= from)
		c->all = true;
}

bool changed_at(const struct changed *c, uint64_t address)
{
	for (size_t i = 0; i < c->count; i++)
		if (address >= c->ranges[i].start && address < c->ranges[i].end)
			return true;
	return c->all;
}
