/* SPDX-License-Identifier: Apache-2.0 */
/* An id map of any bytes: ids of an extent map into it, all others are nobody's. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/sys/ids.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check(const struct idmap *m, uint32_t host)
{
	uint32_t inside = idmap_inside(m, host);
	bool mapped = m->identity;

	for (unsigned int i = 0; i < m->count; i++)
		mapped |= host >= m->extents[i].outside &&
			host - m->extents[i].outside < m->extents[i].count;
	if (!mapped && inside != ID_UNMAPPED)
		abort();
	if (m->identity && inside != host)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *text = malloc(len + 1);
	struct idmap m;

	memcpy(text, bytes, len);
	text[len] = '\0';
	if (idmap_parse(&m, text))
		for (unsigned int i = 0; i < m.count; i++) {
			check(&m, m.extents[i].outside);
			check(&m, m.extents[i].outside - 1);
			check(&m, m.extents[i].outside + m.extents[i].count);
		}
	check(&m, 0);
	check(&m, UINT32_MAX);
	idmap_free(&m);
	free(text);
	return 0;
}
