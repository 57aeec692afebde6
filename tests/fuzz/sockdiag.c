/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a message of sock_diag: a name lies within it, words and addresses are made. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/sys/sockdiag.h"
#include "nsdebug/sys/sockname.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	char *copy = malloc(len + 1);
	struct buf b = { 0 };
	struct sock s;

	memcpy(copy, bytes, len);
	if (sockdiag_parse(copy, len, 6, &s)) {
		if (s.un.name.len &&
		    (s.un.name.p < copy || s.un.name.p + s.un.name.len > copy + len))
			abort();
		sock_put_local(&b, &s);
		sock_put_remote(&b, &s);
		sock_state(&s);
		sock_protocol(&s);
		sock_type(s.type);
	}
	buf_free(&b);
	free(copy);
	return 0;
}
