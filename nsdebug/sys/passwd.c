/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/passwd.h"

#include <string.h>

#define FIELDS 4	/* of both files: what is behind them is of no use here */

bool passwd_id(struct bytes text, uint32_t *ret)
{
	uint64_t n = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.p[i] < '0' || text.p[i] > '9' || n > UINT32_MAX)
			return false;
		n = n * 10 + (uint64_t)(text.p[i] - '0');
	}
	*ret = (uint32_t)n;
	return text.len && n <= UINT32_MAX;
}

/* What is before the next `end`, behind which *rest goes on. False: there is nothing more. */
static bool cut(struct bytes *rest, char end, struct bytes *ret)
{
	const char *at = rest->p ? memchr(rest->p, end, rest->len) : NULL;

	if (!rest->p)
		return false;
	*ret = (struct bytes){ rest->p, at ? (size_t)(at - rest->p) : rest->len };
	*rest = at ? (struct bytes){ at + 1, rest->len - ret->len - 1 } : (struct bytes){ NULL, 0 };
	return true;
}

bool passwd_next(struct bytes *text, struct passwd_entry *ret)
{
	struct bytes line;

	while (cut(text, '\n', &line)) {
		struct bytes f[FIELDS] = { { NULL, 0 } };
		size_t n = 0;

		while (n < FIELDS && cut(&line, ':', &f[n]))
			n++;
		*ret = (struct passwd_entry){ .name = f[0], .rest = f[3] };
		if (f[0].len && passwd_id(f[2], &ret->id))
			return true;
	}
	return false;
}

void passwd_parse(const char *text, size_t len,
		  void (*found)(void *ctx, uint32_t id, const char *name, size_t name_len),
		  void *ctx)
{
	struct bytes rest = { text, len };
	struct passwd_entry e;

	for (size_t names = 0; names < PASSWD_NAMES_MAX && passwd_next(&rest, &e); names++)
		found(ctx, e.id, e.name.p, e.name.len);
}
