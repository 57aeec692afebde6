/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments of a runtime's monitor, any bytes: what they say lies within them, or is nothing. */
#include <stdint.h>
#include <stdlib.h>

#include "nsdebug/target/scan.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void within(struct bytes part, const char *p, size_t len)
{
	if (part.len && (part.p < p || part.len > len || part.p + part.len > p + len))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	const char *p = (const char *)bytes;

	for (int i = 0; i < MONITORS; i++) {
		struct words w = { 0 };

		if (!monitors[i]->read((struct bytes){ p, len }, &w))
			continue;
		if (!w.id.len && !w.name.len)
			abort();
		within(w.id, p, len);
		within(w.name, p, len);
		within(w.bundle, p, len);
	}
	return 0;
}
