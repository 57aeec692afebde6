/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/output.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/rfc3339.h"
#include "nsdebug/out/jread.h"

#define TIME_MAX 40

struct line {
	struct arena *a;
	const char *text;
	int64_t at;		/* nanoseconds since 1970; INT64_MAX: not known */
};

static int64_t time_of(const char *p, size_t len)
{
	char text[TIME_MAX];
	int64_t sec;
	uint32_t nsec;

	snprintf(text, sizeof(text), "%.*s", len < TIME_MAX ? (int)len : 0, p);
	return time_parse(text, &sec, &nsec) ? time_ns(sec, nsec) : INT64_MAX;
}

static const char *keep(struct arena *a, const char *p, size_t len)
{
	while (len && (p[len - 1] == '\n' || p[len - 1] == '\r'))
		len--;
	if (!len || memchr(p, '\0', len))
		return NULL;
	return arena_dup(a, p, len < OUTPUT_LINE_MAX ? len : OUTPUT_LINE_MAX);
}

static bool take_log(void *ctx, const char *path, struct jvalue v)
{
	struct line *l = ctx;

	if (!strcmp(path, "log") && v.type == J_STRING)
		l->text = keep(l->a, v.text.p, v.text.len);
	else if (!strcmp(path, "time") && v.type == J_STRING)
		l->at = time_of(v.text.p, v.text.len);
	return true;
}

/* Behind the third space. */
static const char *cri_text(struct arena *a, const char *p, size_t len)
{
	const char *end = p + len;

	for (int i = 0; i < 3; i++) {
		const char *space = memchr(p, ' ', (size_t)(end - p));

		if (!space)
			return NULL;
		p = space + 1;
	}
	return keep(a, p, (size_t)(end - p));
}

static void take_line(const char *p, size_t len, bool docker, const struct output_span *span,
		      struct arena *a, struct output *o)
{
	struct line l = { a, NULL, INT64_MAX };

	if (docker) {
		jread_bytes(p, len, take_log, &l, NULL);
	} else {
		const char *space = memchr(p, ' ', len);

		l.text = cri_text(a, p, len);
		l.at = time_of(p, space ? (size_t)(space - p) : 0);
	}
	if (!l.text || l.at < span->since || (span->before && l.at >= span->before))
		return;
	if (o->count == OUTPUT_LINES) {
		memmove(o->lines, o->lines + 1, (OUTPUT_LINES - 1) * sizeof(*o->lines));
		o->count--;
	}
	o->lines[o->count++] = l.text;
}

void output_parse(const char *text, size_t len, bool docker, struct output_span span,
		  struct arena *a, struct output *ret)
{
	const char *p = text, *end = text + len;

	*ret = (struct output){ .count = 0 };
	while (p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));

		if (!eol)
			eol = end;
		take_line(p, (size_t)(eol - p), docker, &span, a, ret);
		p = eol + 1;
	}
}

void output_read(int fd, bool docker, struct output_span span, struct arena *a,
		 struct output *ret)
{
	off_t size = lseek(fd, 0, SEEK_END), from = size > OUTPUT_TAIL ? size - OUTPUT_TAIL : 0;
	char text[OUTPUT_TAIL];
	ssize_t n = size > 0 ? pread(fd, text, sizeof(text), from) : 0;
	const char *p = text, *first;

	*ret = (struct output){ .count = 0 };
	if (n <= 0)
		return;
	/* the first one has lost its beginning */
	first = from ? memchr(p, '\n', (size_t)n) : NULL;
	if (first)
		p = first + 1;
	output_parse(p, (size_t)(text + n - p), docker, span, a, ret);
}
