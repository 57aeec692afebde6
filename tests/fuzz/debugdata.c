/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile .gnu_debugdata: what xz says of it, and the symbols of what comes out. */
#include <stdlib.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/code/debugdata.h"
#include "nsdebug/code/sym.h"
#include "nsdebug/code/work.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct elf_load code = { .vaddr = 0, .memsz = 1ull << 32, .exec = true };
	struct elf of = {
		.fd = -1, .bytes = bytes, .size = len, .debugdata = { .size = len },
		.loads = &code, .load_count = 1,
	};
	struct sym_want wants[] = { { .addr = 0x1000 }, { .addr = 0x1140 }, { .addr = 0x1150 } };
	struct debugdata d = { 0 };
	struct sym_table t = { &d.elf, false, "debugdata" };
	auto_arena struct arena *a = arena_new();

	debugdata_work = 0;
	work = (struct work){ 0 };
	if (debugdata_open(&d, &of))
		sym_look(&of, &t, 1, wants, 3, a);
	debugdata_close(&d);
	return 0;
}
