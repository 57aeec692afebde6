/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/passwd.h"

#include <stdbool.h>
#include <string.h>

static bool parse_id(const char *p, const char *end, uint32_t *ret)
{
	uint64_t n = 0;

	if (p == end || *p == ':')
		return false;
	for (; p < end && *p != ':'; p++) {
		if (*p < '0' || *p > '9' || n > UINT32_MAX)
			return false;
		n = n * 10 + (uint64_t)(*p - '0');
	}
	*ret = (uint32_t)n;
	return n <= UINT32_MAX;
}

void passwd_parse(const char *text, size_t len,
		  void (*found)(void *ctx, uint32_t id, const char *name, size_t name_len),
		  void *ctx)
{
	const char *end = text + len;
	size_t names = 0;

	for (const char *line = text; line < end && names < PASSWD_NAMES_MAX;) {
		const char *eol = memchr(line, '\n', (size_t)(end - line));
		const char *stop = eol ? eol : end;
		const char *name_end = memchr(line, ':', (size_t)(stop - line));
		const char *id = name_end ?
			memchr(name_end + 1, ':', (size_t)(stop - name_end - 1)) : NULL;
		uint32_t n;

		if (id && name_end > line && parse_id(id + 1, stop, &n)) {
			found(ctx, n, line, (size_t)(name_end - line));
			names++;
		}
		line = stop + 1;
	}
}
