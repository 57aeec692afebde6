/* SPDX-License-Identifier: Apache-2.0 */
/* check - what a test by unit prints: a line a check, and its plan at the end. */
#ifndef TESTS_UNIT_CHECK_H
#define TESTS_UNIT_CHECK_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/buf.h"

static int checks;

static inline void ok(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++checks, name);
}

static inline void is(const struct buf *got, const char *want, const char *name)
{
	bool same = got->len == strlen(want) && (!got->len || !memcmp(got->bytes, want, got->len));

	ok(same, name);
	if (!same)
		printf("#   got  %.*s\n#   want %s\n", (int)got->len, got->bytes ? got->bytes : "",
		       want);
}

static inline int done(void)
{
	printf("1..%d\n", checks);
	return 0;
}

#endif
