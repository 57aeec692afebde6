/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/ids.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/str.h"

static bool scan_word(const char **p, uint32_t *ret)
{
	uint64_t n;

	while (**p == ' ')
		(*p)++;
	if (!scan_u64(p, &n) || n > UINT32_MAX)
		return false;
	*ret = (uint32_t)n;
	return true;
}

void idmap_add(struct idmap *m, uint32_t inside, uint32_t outside, uint32_t count)
{
	m->extents = mem_more(m->extents, m->count);
	m->extents[m->count].inside = inside;
	m->extents[m->count].outside = outside;
	m->extents[m->count++].count = count;
	m->identity = m->count == 1 && !inside && !outside && count == UINT32_MAX;
}

bool idmap_parse(struct idmap *m, const char *text)
{
	*m = (struct idmap){ 0 };
	while (*text) {
		uint32_t inside, outside, count;

		if (m->count == IDMAP_MAX || !scan_word(&text, &inside) ||
		    !scan_word(&text, &outside) || !scan_word(&text, &count) || *text != '\n')
			return false;
		text++;
		idmap_add(m, inside, outside, count);
	}
	return true;
}

int idmap_read(struct idmap *m, int dir, const char *name)
{
	auto_buf struct buf b = { 0 };

	if (fd_read_file(dir, name, &b, 64 * 1024) != 0)
		return -1;
	if (idmap_parse(m, b.bytes))
		return 0;
	idmap_free(m);
	errno = EPROTO;
	return -1;
}

static bool in_extent(const struct idmap *m, unsigned int i, uint32_t host)
{
	return host >= m->extents[i].outside &&
		host - m->extents[i].outside < m->extents[i].count;
}

uint32_t idmap_inside(const struct idmap *m, uint32_t host)
{
	if (m->identity)
		return host;
	for (unsigned int i = 0; i < m->count; i++)
		if (in_extent(m, i, host))
			return m->extents[i].inside + (host - m->extents[i].outside);
	return ID_UNMAPPED;
}

bool idmap_has(const struct idmap *m, uint32_t host)
{
	for (unsigned int i = 0; i < m->count; i++)
		if (in_extent(m, i, host))
			return true;
	return m->identity;
}

uint32_t idmap_outside(const struct idmap *m, uint32_t inside)
{
	if (m->identity)
		return inside;
	for (unsigned int i = 0; i < m->count; i++)
		if (inside - m->extents[i].inside < m->extents[i].count)
			return inside - m->extents[i].inside + m->extents[i].outside;
	return UINT32_MAX;
}

void idmap_free(struct idmap *m)
{
	free(m->extents);
	*m = (struct idmap){ 0 };
}
