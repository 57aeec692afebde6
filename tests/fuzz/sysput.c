/* SPDX-License-Identifier: Apache-2.0 */
/* Any call, with any bytes behind it: what it is put in words as is printable, and not without end;
 * nothing is read behind the record. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/trace/sysput.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void check(struct buf *b)
{
	/* a byte of a string is at most four characters, a struct's words are few */
	if (b->len > 64 * 1024)
		abort();
	for (size_t i = 0; i < b->len; i++)
		if ((unsigned char)b->bytes[i] < ' ' || (unsigned char)b->bytes[i] > '~')
			abort();
	buf_clear(b);
}

static void put(const struct sys_call *c, bool known)
{
	struct sysview v = { c, known ? &sysdefs[c->nr] : NULL, 32 };
	auto_buf struct buf b = { 0 };
	unsigned int n = sysput_count(&v);

	if (n > SYS_ARGS)
		abort();
	for (unsigned int i = 0; i < n; i++) {
		sysput_arg(&b, &v, i);
		check(&b);
	}
	sysput_result(&b, &v);
	check(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct sys_call *c = malloc(len + 1);
	uint32_t room;

	/* as the reader of the ring checks it, in a room of just this size */
	if (len >= sizeof(*c)) {
		memcpy(c, bytes, len);
		c->nr %= SYS_NR_MAX;
		room = (uint32_t)(len - sizeof(*c));
		if (c->len > room)
			c->len = room;
		c = realloc(c, sizeof(*c) + c->len);
		put(c, sysdefs[c->nr].name);
		put(c, false);
	}
	free(c);
	return 0;
}
