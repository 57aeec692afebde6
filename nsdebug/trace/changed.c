/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/changed.h"

#include <string.h>

static void take_out(struct changed *c, size_t at, size_t n)
{
	memmove(c->ranges + at, c->ranges + at + n, (c->count - at - n) * sizeof(*c->ranges));
	c->count -= n;
}

static void make_room(struct changed *c)
{
	size_t at = 0;

	for (size_t i = 1; i + 1 < c->count; i++)
		if (c->ranges[i + 1].start - c->ranges[i].end <
		    c->ranges[at + 1].start - c->ranges[at].end)
			at = i;
	c->ranges[at + 1].start = c->ranges[at].start;
	take_out(c, at, 1);
}

static void add(struct changed *c, uint64_t start, uint64_t end)
{
	size_t at = 0, n = 0;

	if (start >= end)
		return;
	while (at < c->count && c->ranges[at].end < start)
		at++;
	/* those that it touches are one with it */
	for (; at + n < c->count && c->ranges[at + n].start <= end; n++) {
		start = start < c->ranges[at + n].start ? start : c->ranges[at + n].start;
		end = end > c->ranges[at + n].end ? end : c->ranges[at + n].end;
	}
	take_out(c, at, n);
	memmove(c->ranges + at + 1, c->ranges + at, (c->count - at) * sizeof(*c->ranges));
	c->ranges[at] = (struct changed_range){ start, end };
	if (++c->count > CHANGED_MAX)
		make_room(c);
}

void changed_add(struct changed *c, const struct changed *other)
{
	for (size_t i = 0; i < other->count; i++)
		add(c, other->ranges[i].start, other->ranges[i].end);
	c->all |= other->all;
}

static bool is_forgotten(const volatile struct change_log *log, uint64_t key, uint64_t from)
{
	uint32_t at = change_hash(key);

	return log->lasting[at] || log->forgotten[at] >= from;
}

void changed_between(struct changed *c, const volatile struct change_log *log, uint64_t mm,
		     uint64_t pid, uint64_t from, uint64_t to)
{
	uint64_t latest = log ? log->latest : 0;
	uint64_t first = latest > CHANGES ? latest - CHANGES : 0;

	c->count = 0;
	c->going_on = false;
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
		    (!one.done || one.done >= from)) {
			add(c, one.start, one.end);
			c->going_on |= !one.done;
		}
	}
	/* last: what was overwritten meanwhile counts */
	if (log && (is_forgotten(log, mm, from) || is_forgotten(log, pid, from)))
		c->all = true;
}

bool changed_at(const struct changed *c, uint64_t address)
{
	for (size_t i = 0; i < c->count; i++)
		if (address >= c->ranges[i].start && address < c->ranges[i].end)
			return true;
	return c->all;
}
