/* SPDX-License-Identifier: Apache-2.0 */
/*
 * buf - a growing string of bytes.
 *
 * The zero value is an empty buffer. `bytes` is NUL terminated after every call that added
 * something, and may hold NULs itself; `len` does not count the last one.
 */
#ifndef NSDEBUG_BASE_BUF_H
#define NSDEBUG_BASE_BUF_H

#include <stddef.h>
#include <string.h>

struct buf {
	char *bytes;
	size_t len, room;
};

char *buf_grow(struct buf *b, size_t more);
void buf_addf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void buf_fill(struct buf *b, char c, size_t count);
void buf_u64(struct buf *b, unsigned long long n);		/* decimal, fast */
void buf_i64(struct buf *b, long long n);
void buf_hex(struct buf *b, unsigned long long n);		/* as %#llx */
void buf_free(struct buf *b);

/* Room for more bytes at bytes + len. */
static inline char *buf_reserve(struct buf *b, size_t more)
{
	return b->room - b->len > more ? b->bytes + b->len : buf_grow(b, more);
}

static inline void buf_add(struct buf *b, const void *bytes, size_t len)
{
	char *p = buf_reserve(b, len);

	if (len)
		memcpy(p, bytes, len);
	b->len += len;
	p[len] = '\0';
}

static inline void buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

static inline void buf_char(struct buf *b, char c)
{
	buf_add(b, &c, 1);
}

static inline void buf_clear(struct buf *b)
{
	b->len = 0;
}

#define auto_buf __attribute__((cleanup(buf_free)))

#endif
