/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/unpack.h"

#include <stdlib.h>
#include <zlib.h>

#include "nsdebug/base/mem.h"

const void *unpack(const unsigned char *packed, size_t len, size_t size)
{
	void *to = mem_alloc(size);
	uLongf n = size;

	if (uncompress(to, &n, packed, len) == Z_OK && n == size)
		return to;
	free(to);
	return NULL;
}
