/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/demangle.h"

#include <setjmp.h>
#include <stddef.h>
#include <string.h>

#include <libiberty/demangle.h>

#include "nsdebug/base/buf.h"

#define OPTIONS (DMGL_PARAMS | DMGL_ANSI)

struct sink {
	struct buf *b;
	size_t start;
	jmp_buf too_long;
};

/* The demanglers ask nobody whether to go on, and hold no memory while they print. */
static void take(const char *text, size_t len, void *arg)
{
	struct sink *s = arg;

	if (len > DEMANGLE_OUT_MAX - (s->b->len - s->start))
		longjmp(s->too_long, 1);
	buf_add(s->b, text, len);
}

static bool try(struct sink *s, const char *name)
{
	int (*const kinds[])(const char *, int, demangle_callbackref, void *) = {
		rust_demangle_callback,		/* first: old Rust names are C++ names too */
		cplus_demangle_v3_callback,
	};

	if (setjmp(s->too_long))
		return false;
	for (int i = 0; i < 2; i++) {
		if (kinds[i](name, OPTIONS, take, s) && s->b->len > s->start)
			return true;
		s->b->len = s->start;
	}
	return false;
}

bool demangle(struct buf *b, const char *name)
{
	struct sink s = { .b = b, .start = b->len };

	if (strncmp(name, "_Z", 2) && strncmp(name, "_R", 2))
		return false;
	if (strnlen(name, DEMANGLE_IN_MAX) == DEMANGLE_IN_MAX || !try(&s, name)) {
		b->len = s.start;
		return false;
	}
	return true;
}
