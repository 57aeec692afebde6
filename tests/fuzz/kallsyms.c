/* SPDX-License-Identifier: Apache-2.0 */
/* kallsyms of any bytes: a name is one of its lines', and stands below what it names. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/sys/kallsyms.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct ksym want[] = {
		{ .addr = 1 }, { .addr = 0x1000 }, { .addr = 0xffffffff81000000 },
		{ .addr = UINT64_MAX },
	};
	struct arena *a = arena_new();

	kallsyms_parse((const char *)bytes, len, want, 4, a);
	for (size_t i = 0; i < 4; i++)
		if (want[i].name && (want[i].start > want[i].addr || strlen(want[i].name) > len ||
				     strchr(want[i].name, '\n')))
			abort();
	arena_free(&a);
	return 0;
}
