/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile perf map: a name that it gives is of its bytes, and of a range with the address. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/code/perfmap.h"
#include "nsdebug/code/sym.h"
#include "nsdebug/code/work.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sym_want wants[] = {
		{ .addr = 0x10 }, { .addr = 0x1000 }, { .addr = 0x1140 }, { .addr = UINT64_MAX },
	};
	auto_arena struct arena *a = arena_new();

	work = (struct work){ 0 };
	perfmap_look_bytes(bytes, len, wants, 4, a);
	for (int i = 0; i < 4; i++)
		if (wants[i].name && (wants[i].value > wants[i].addr ||
				      !memmem(bytes, len, wants[i].name, strlen(wants[i].name))))
			abort();
	return 0;
}
