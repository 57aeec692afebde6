/* SPDX-License-Identifier: Apache-2.0 */
/* passwd and group of any bytes: names that are in it, without ends of lines or fields. */
#include "nsdebug/sys/passwd.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

struct text {
	const char *p;
	size_t len, names;
};

static void found(void *ctx, uint32_t id, const char *name, size_t len)
{
	struct text *t = ctx;

	if (!len || name < t->p || name + len >= t->p + t->len || memchr(name, ':', len) ||
	    memchr(name, '\n', len) || name[len] != ':' || ++t->names > PASSWD_NAMES_MAX)
		abort();
	if (name > t->p && name[-1] != '\n')
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct text t = { (const char *)bytes, len, 0 };
	struct bytes rest = { t.p, t.len };
	struct passwd_entry e;

	passwd_parse(t.p, t.len, found, &t);
	while (passwd_next(&rest, &e))
		if (e.rest.p && (e.rest.p < t.p || e.rest.p + e.rest.len > t.p + t.len ||
				 memchr(e.rest.p, '\n', e.rest.len) ||
				 memchr(e.rest.p, ':', e.rest.len)))
			abort();
	return 0;
}
