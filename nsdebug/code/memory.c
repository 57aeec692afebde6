/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"

int memory_open(struct memory *m, int dir)
{
	m->count = 0;
	m->pagemap = -1;
	m->mem = openat(dir, "mem", O_RDONLY | O_CLOEXEC);
	if (m->mem < 0)
		return -1;
	m->pagemap = openat(dir, "pagemap", O_RDONLY | O_CLOEXEC);
	if (m->pagemap >= 0)
		return 0;
	own_close(&m->mem);
	return -1;
}

void memory_close(struct memory *m)
{
	own_close(&m->mem);
	own_close(&m->pagemap);
}

/* Of `count` pages from `page` on. ESRCH: nobody has it any more, or it is no address. */
static bool look(struct memory *m, uint64_t page, size_t count)
{
	ssize_t n = 0;

	m->count = 0;
	if (page <= INT64_MAX / 8)
		n = pread(m->pagemap, m->words, (count < MEMORY_LOOK ? count : MEMORY_LOOK) * 8,
			  (off_t)(page * 8));
	if (n <= 0) {
		errno = n ? errno : ESRCH;
		return false;
	}
	m->first = page;
	m->count = (size_t)n / 8;
	return true;
}

static void add_hole(struct holes *h, uint64_t start, uint64_t end)
{
	if (h->count && h->items[h->count - 1].end == start) {
		h->items[h->count - 1].end = end;
		return;
	}
	h->items = mem_more(h->items, h->count);
	h->items[h->count++] = (struct hole){ start, end };
}

/* From `at` on, where the pages are all there or all not, as far as that is known. */
static uint64_t run_end(const struct memory *m, uint64_t at, uint64_t end, bool *there)
{
	size_t i = at / MEMORY_PAGE - m->first;

	*there = memory_is_there(m->words[i]);
	while (++i < m->count && memory_is_there(m->words[i]) == *there)
		;
	i = (m->first + i) * MEMORY_PAGE < end ? i : (end - 1) / MEMORY_PAGE - m->first + 1;
	return (m->first + i) * MEMORY_PAGE < end ? (m->first + i) * MEMORY_PAGE : end;
}

static uint64_t page_end(uint64_t at)
{
	return (at / MEMORY_PAGE + 1) * MEMORY_PAGE;
}

ssize_t memory_copy(struct memory *m, uint64_t at, void *to, size_t len, struct holes *holes)
{
	uint64_t start = at, end = at + len, got = at;

	while (at < end) {
		uint64_t next;
		ssize_t n = 0;
		bool there;

		if (!look(m, at / MEMORY_PAGE, (end - 1) / MEMORY_PAGE - at / MEMORY_PAGE + 1))
			return got > start ? (ssize_t)(got - start) : -1;
		for (; at < end && at / MEMORY_PAGE < m->first + m->count; at = next) {
			next = run_end(m, at, end, &there);
			if (there)
				n = pread(m->mem, (char *)to + (at - start), next - at, (off_t)at);
			if (there && n > 0) {
				next = got = at + (uint64_t)n;
				continue;
			}
			/* gone meanwhile */
			if (there && next > page_end(at))
				next = page_end(at);
			add_hole(holes, at, next);
		}
	}
	return (ssize_t)(got - start);
}

const struct hole *memory_keep(struct holes *holes, struct arena *a)
{
	const size_t len = holes->count * sizeof(*holes->items);
	void *to = NULL;

	if (len) {
		to = arena_alloc(a, len);
		memcpy(to, holes->items, len);
	}
	own_free(&holes->items);
	return to;
}

static bool is_known(const struct memory *m, uint64_t page)
{
	return page >= m->first && page - m->first < m->count;
}

bool memory_read(struct memory *m, uint64_t at, void *to, size_t len)
{
	for (uint64_t page = at / MEMORY_PAGE; page <= (at + len - 1) / MEMORY_PAGE; page++)
		if ((!is_known(m, page) && !look(m, page, MEMORY_LOOK)) ||
		    !memory_is_there(m->words[page - m->first]))
			return false;
	return pread(m->mem, to, len, (off_t)at) == (ssize_t)len;
}

bool memory_of_kernel(const struct memory *m, uint64_t at, void *to, size_t len)
{
	return pread(m->mem, to, len, (off_t)at) == (ssize_t)len;
}
