/* SPDX-License-Identifier: Apache-2.0 */
/* A name and a value, parted by the first NUL: what is not masked is there, in order. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/secret.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *copy = malloc(len + 1);
	const uint8_t *nul = memchr(bytes, 0, len);
	size_t n = nul ? (size_t)(nul - bytes) : len, rest = nul ? len - n - 1 : 0;
	struct bytes value = { copy + len - rest, rest };
	struct buf b = { 0 };

	memcpy(copy, bytes, len);	/* of its own size, for the sanitizer to see */
	if (!secret_mask(&b, (struct bytes){ copy, n }, value) &&
	    (b.len != rest || (rest && memcmp(b.bytes, value.p, rest))))
		abort();
	buf_free(&b);
	free(copy);
	return 0;
}
