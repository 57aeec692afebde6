/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/finding.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/str.h"
#include "nsdebug/why/creds.h"
#include "nsdebug/why/cure.h"
#include "nsdebug/why/reason.h"
#include "nsdebug/why/source.h"

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

struct cure *finding_cure(struct findings *f, struct finding *x, const struct reason *r,
			  uint32_t uid, uint32_t gid)
{
	/* files of it are judged only where there is no user namespace, as are capabilities */
	const struct creds c = { .fsuid = uid, .fsgid = gid, .no_new_privs = f->no_new_privs,
		.host_user_ns = true };
	struct cure *cure = arena_alloc(f->a, sizeof(*cure));
	bool connects = S_ISSOCK(r->mode);

	/* whoever listens at a socket keeps it: who connects joins its group */
	cure_of(r, &c, connects ? OP_CONNECT : OP_OPEN, uid, gid == UINT32_MAX ? 0 : gid,
		connects ? r->gid : 0, cure);
	source_put_part(cure, f->part);
	x->cure = cure->text;
	x->kubernetes = cure->kubernetes;
	x->docker = cure->docker;
	x->podman = cure->podman;
	x->image = cure->image;
	/* a directory is given to nobody whose number is not known */
	if (uid == UINT32_MAX && strstr(x->docker, "uid="))
		x->docker = NULL;
	return cure;
}

/* What is quoted begins with our name. */
static const char *named(struct findings *f, const char *text, const char *word)
{
	auto_buf struct buf b = { 0 };
	bool inside = false;

	if (!text || !strstr(text, "'nsdebug "))
		return text;
	for (const char *p = text; *p; p++) {
		if (*p == '\'')
			inside = !inside && str_prefix(p + 1, "nsdebug ");
		if (inside && str_prefix(p, " NAME") && !isalnum((unsigned char)p[5])) {
			buf_char(&b, ' ');
			buf_str(&b, word);
			p += 4;
		} else {
			buf_char(&b, *p);
		}
	}
	return arena_dup(f->a, b.bytes, b.len);
}

void findings_name(struct findings *f, const char *word)
{
	for (size_t i = 0; i < f->count && str_is_plain(word); i++)
		f->items[i].cure = named(f, f->items[i].cure, word);
}

struct finding *finding_cause(struct findings *f)
{
	for (size_t i = 0; i < f->count; i++)
		if (f->items[i].cause)
			return &f->items[i];
	return NULL;
}
