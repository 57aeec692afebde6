/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/pathput.h"

#include <stdint.h>

#include "nsdebug/base/buf.h"

void pathput(struct buf *b, const struct path_names *n)
{
	size_t len = b->len;

	if (n->depth >= PATH_DEPTH_MAX)
		buf_str(b, "...");
	for (uint32_t i = n->depth > PATH_DEPTH_MAX ? PATH_DEPTH_MAX : n->depth; i-- > 0;)
		if (n->names[i][0])
			buf_addf(b, "/%.*s", PATH_NAME_MAX - 1, n->names[i]);
	if (b->len == len)
		buf_char(b, '/');
}
