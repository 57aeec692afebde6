/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/tmpfs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"

void tmpfs_option(struct tmpfs *t, const char *word, size_t len)
{
	struct { const char *key; int base; uint32_t *to; } all[] = {
		{ "mode=", 8, &t->mode }, { "uid=", 10, &t->uid }, { "gid=", 10, &t->gid },
	};
	char number[16], *end;

	t->copies |= bytes_is((struct bytes){ word, len }, "tmpcopyup");
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		size_t key = strlen(all[i].key);

		if (len <= key || memcmp(word, all[i].key, key) != 0)
			continue;
		snprintf(number, sizeof(number), "%.*s", (int)(len - key), word + key);
		*all[i].to = (uint32_t)strtoul(number, &end, all[i].base) & (i ? ~0u : 07777u);
		t->has_mode |= !i;
		t->anew &= number[0] >= '0' && number[0] <= '9' && !*end && len - key < 11;
	}
}
