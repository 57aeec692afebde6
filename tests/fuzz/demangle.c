/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile symbol: what is made of it ends, fits, and leaves what was there before. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/demangle.h"
#include "nsdebug/code/work.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	auto_free char *name = mem_dup(bytes, len);
	auto_buf struct buf b = { 0 };
	bool done;

	work = (struct work){ 0 };
	buf_str(&b, "x");
	done = demangle(&b, name);
	if (b.bytes[0] != 'x' || b.len > 1 + DEMANGLE_OUT_MAX || done != (b.len > 1))
		abort();
	return 0;
}
