/* SPDX-License-Identifier: Apache-2.0 */
/* A mount table of any bytes: no more mounts than lines, each of them whole. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/sys/mounts.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena *a = arena_new();
	char *text = malloc(len + 1);
	struct mounts m = { 0 };
	size_t lines = 1;
	bool unbindable = false;

	memcpy(text, bytes, len);
	text[len] = '\0';
	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	mounts_parse(&m, text, a);
	if (m.count > lines)
		abort();
	for (size_t i = 0; i < m.count; i++) {
		const struct mount *x = &m.items[i];

		if (strlen(x->root) > len || strlen(x->point) > len || !*x->type)
			abort();
		if (x->served && !mounts_served(&m, x->major, x->minor))
			abort();
		unbindable |= x->unbindable;
	}
	if (unbindable != m.unbindable)
		abort();
	free(text);
	arena_free(&a);
	return 0;
}
