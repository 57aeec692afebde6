/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "nsdebug/base/mem.h"

char *buf_grow(struct buf *b, size_t more)
{
	size_t room = b->room ? b->room : 64;

	while (room - b->len < more + 1)
		room *= 2;
	b->bytes = mem_resize(b->bytes, room, 1);
	b->room = room;
	return b->bytes + b->len;
}

void buf_addf(struct buf *b, const char *fmt, ...)
{
	char *p = buf_reserve(b, 120);
	size_t room = b->room - b->len;
	va_list ap, again;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(p, room, fmt, ap);
	if (n >= 0 && (size_t)n >= room) {
		p = buf_reserve(b, (size_t)n);
		n = vsnprintf(p, (size_t)n + 1, fmt, again);
	}
	va_end(again);
	va_end(ap);
	if (n > 0)
		b->len += (size_t)n;
}

void buf_fill(struct buf *b, char c, size_t count)
{
	memset(buf_reserve(b, count), c, count);
	b->len += count;
	b->bytes[b->len] = '\0';
}

void buf_u64(struct buf *b, unsigned long long n)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n);
	buf_add(b, digits + at, sizeof(digits) - at);
}

void buf_i64(struct buf *b, long long n)
{
	if (n < 0)
		buf_char(b, '-');
	buf_u64(b, n < 0 ? -(unsigned long long)n : (unsigned long long)n);
}

void buf_hex(struct buf *b, unsigned long long n)
{
	static const char hex[] = "0123456789abcdef";
	char digits[18];
	size_t at = sizeof(digits);

	if (!n) {
		buf_char(b, '0');
		return;
	}
	for (; n; n >>= 4)
		digits[--at] = hex[n & 15];
	digits[--at] = 'x';
	digits[--at] = '0';
	buf_add(b, digits + at, sizeof(digits) - at);
}

void buf_free(struct buf *b)
{
	free(b->bytes);
	*b = (struct buf){ 0 };
}
