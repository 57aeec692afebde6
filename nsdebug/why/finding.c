/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/why/creds.h"
#include "nsdebug/why/cure.h"

#define TEXT_ROOM 4096

struct finding *finding_add(struct findings *f, const char *kind)
{
	struct finding *x = &f->items[f->count < FINDINGS_MAX ? f->count++ : FINDINGS_MAX - 1];

	*x = (struct finding){ .kind = kind };
	return x;
}

static const char *keep(struct findings *f, const char *fmt, va_list args)
{
	char text[TEXT_ROOM];
	int n = vsnprintf(text, sizeof(text), fmt, args);

	return arena_dup(f->a, text, n < 0 ? 0 : n < TEXT_ROOM ? (size_t)n : TEXT_ROOM - 1);
}

const char *finding_text(struct findings *f, const char *fmt, ...)
{
	const char *ret;
	va_list args;

	va_start(args, fmt);
	ret = keep(f, fmt, args);
	va_end(args);
	return ret;
}

void finding_missing(struct findings *f, const char *fmt, ...)
{
	va_list args;

	if (f->nmissing == FINDINGS_MAX)
		return;
	va_start(args, fmt);
	f->missing[f->nmissing++] = keep(f, fmt, args);
	va_end(args);
}

void finding_cure(struct findings *f, struct finding *x, const struct reason *r, uint32_t uid,
		  uint32_t gid)
{
	static const struct creds nobody;
	struct cure *cure = arena_alloc(f->a, sizeof(*cure));

	cure_of(r, &nobody, OP_OPEN, uid, gid == UINT32_MAX ? 0 : gid, 0, cure);
	x->cure = cure->text;
	x->kubernetes = cure->kubernetes;
	x->docker = cure->docker;
	x->podman = cure->podman;
	/* a directory is given to nobody whose number is not known */
	if (uid == UINT32_MAX && strstr(x->docker, "uid="))
		x->docker = NULL;
}

struct finding *finding_cause(struct findings *f)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->items[i].cause)
			return &f->items[i];
	return NULL;
}
