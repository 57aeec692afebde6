/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/cli/licenses.h"

#include <zlib.h>

#include "nsdebug/base/buf.h"

#define PIECE 16384
#define ANY_HEADER (15 + 32)	/* windowBits of inflateInit2(): gzip's own header */

/* licenses.inc is made by the Makefile from LICENSE and the packages' own copyright files. */
static const unsigned char packed[] = {
#include "licenses.inc"
};

bool licenses_add(struct buf *b)
{
	z_stream z = { .next_in = (unsigned char *)packed, .avail_in = sizeof(packed) };
	int ret = inflateInit2(&z, ANY_HEADER);

	while (ret == Z_OK) {
		z.next_out = (unsigned char *)buf_reserve(b, PIECE);
		z.avail_out = PIECE;
		ret = inflate(&z, Z_NO_FLUSH);
		b->len += PIECE - z.avail_out;
		b->bytes[b->len] = '\0';
	}
	inflateEnd(&z);
	return ret == Z_STREAM_END;
}
