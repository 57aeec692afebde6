/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/maps.h"

#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"

static bool skip(const char **p, char c)
{
	if (**p != c)
		return false;
	(*p)++;
	return true;
}

static bool parse_device(const char **p, struct vma *v)
{
	uint64_t major, minor;

	if (!scan_hex(p, &major) || !skip(p, ':') || !scan_hex(p, &minor))
		return false;
	v->major = (uint32_t)major;
	v->minor = (uint32_t)minor;
	return true;
}

/* "55d6-55d8 r-xp 00002000 fe:00 247498      /usr/bin/head"; ends with a newline or a NUL. */
static bool parse_line(const char *p, const char *end, struct vma *v)
{
	if (!scan_hex(&p, &v->start) || !skip(&p, '-') || !scan_hex(&p, &v->end) ||
	    !skip(&p, ' ') || end - p < 5 || v->end <= v->start)
		return false;
	v->read = p[0] == 'r';
	v->write = p[1] == 'w';
	v->exec = p[2] == 'x';
	p += 4;
	if (!skip(&p, ' ') || !scan_hex(&p, &v->offset) || !skip(&p, ' ') ||
	    !parse_device(&p, v) || !skip(&p, ' ') || !scan_u64(&p, &v->inode))
		return false;
	while (p < end && *p == ' ')
		p++;
	v->path = (struct bytes){ p, (size_t)(end - p) };
	return true;
}

void maps_parse(struct maps *m, const char *text, size_t len, struct arena *a)
{
	const char *copy = arena_dup(a, text, len), *stop = copy + len, *end;
	auto_free struct vma *found = NULL;
	size_t n = 0;

	*m = (struct maps){ 0 };
	for (const char *line = copy; line < stop; line = end + 1) {
		struct vma v = { 0 };

		end = memchr(line, '\n', (size_t)(stop - line));
		if (!end)
			end = stop;
		if (!parse_line(line, end, &v) || (n && v.start < found[n - 1].end))
			continue;
		if (n == MAPS_COUNT_MAX) {
			m->cut = true;
			break;
		}
		found = mem_more(found, n);
		found[n++] = v;
	}
	m->items = arena_alloc(a, (n + 1) * sizeof(*m->items));
	if (n)
		memcpy(m->items, found, n * sizeof(*found));
	m->count = n;
}

int maps_read(struct maps *m, int dir, struct arena *a)
{
	auto_buf struct buf b = { 0 };
	int more = fd_read_file(dir, "maps", &b, MAPS_BYTES_MAX);

	*m = (struct maps){ 0 };
	if (more < 0)
		return -1;
	if (b.len)
		maps_parse(m, b.bytes, b.len, a);
	m->cut |= more > 0;
	return 0;
}

const struct vma *maps_find(const struct maps *m, uint64_t addr)
{
	size_t lo = 0, hi = m->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (addr >= m->items[mid].end)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < m->count && addr >= m->items[lo].start ? &m->items[lo] : NULL;
}
