/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/kallsyms.h"

#include <string.h>
#include <unistd.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/sorted.h"
#include "nsdebug/base/str.h"

#define PIECE 65536
#define FUNCTION_MAX (1u << 20)		/* bytes: beyond them is no code of it */

struct line {
	uint64_t addr;
	char type;
	const char *name, *module;
	size_t name_len, module_len;
};

/* Until its end, which is a newline. */
static bool read_line(const char *p, const char *end, struct line *l)
{
	const char *tab;

	if (!scan_hex(&p, &l->addr) || end - p < 4 || p[0] != ' ' || p[2] != ' ')
		return false;
	l->type = p[1];
	l->name = p + 3;
	tab = memchr(l->name, '\t', (size_t)(end - l->name));
	l->name_len = (size_t)((tab ? tab : end) - l->name);
	l->module = NULL;
	l->module_len = 0;
	if (tab && end - tab > 3 && tab[1] == '[' && end[-1] == ']') {
		l->module = tab + 2;
		l->module_len = (size_t)(end - tab) - 3;
	}
	return true;
}

/* Only the first that it could name: who is behind it gets the same in the end, unless a nearer one
 * comes. Of several names for one place the first stands, as the kernel itself has it. */
static void offer(const struct line *l, struct ksym *want, size_t count, struct arena *a)
{
	size_t i = sorted_from(want, count, addr, l->addr);

	if (i == count || (want[i].name && want[i].start >= l->addr) ||
	    want[i].addr - l->addr > FUNCTION_MAX)
		return;
	want[i].start = l->addr;
	want[i].name = arena_dup(a, l->name, l->name_len);
	want[i].module = l->module ? arena_dup(a, l->module, l->module_len) : NULL;
}

typedef void line_fn(void *ctx, const struct line *l);

/* Those with an address; true if there was one. */
static bool each_line(const char *text, size_t len, line_fn *fn, void *ctx)
{
	const char *p = text, *end = text + len, *stop;
	bool any = false;
	struct line l;

	for (; p < end; p = stop + 1) {
		stop = memchr(p, '\n', (size_t)(end - p));
		if (!stop)
			break;
		if (!read_line(p, stop, &l) || !l.addr)
			continue;
		any = true;
		fn(ctx, &l);
	}
	return any;
}

struct naming {
	struct ksym *want;
	size_t count;
	struct arena *arena;
};

static void name_by(void *ctx, const struct line *l)
{
	struct naming *n = ctx;

	if (strchr("tTwW", l->type))
		offer(l, n->want, n->count, n->arena);
}

bool kallsyms_parse(const char *text, size_t len, struct ksym *want, size_t count,
		    struct arena *a)
{
	struct naming n = { want, count, a };

	return each_line(text, len, name_by, &n);
}

static void spread(struct ksym *want, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		const struct ksym *before = &want[i - 1];

		if (!before->name || want[i].addr - before->start > FUNCTION_MAX ||
		    (want[i].name && want[i].start >= before->start))
			continue;
		want[i].start = before->start;
		want[i].name = before->name;
		want[i].module = before->module;
	}
}

/* Reads all of it in pieces that end with a line. */
static bool read_all(int fd, line_fn *fn, void *ctx)
{
	auto_free char *text = mem_alloc(PIECE);
	bool any = false;
	size_t have = 0;
	ssize_t n;

	while ((n = read(fd, text + have, PIECE - have)) > 0) {
		const char *last;

		have += (size_t)n;
		last = memrchr(text, '\n', have);
		if (!last && have == PIECE)
			break;
		if (!last)
			continue;
		n = last + 1 - text;
		any |= each_line(text, (size_t)n, fn, ctx);
		have -= (size_t)n;
		memmove(text, text + n, have);
	}
	return any;
}

bool kallsyms_find(int fd, struct ksym *want, size_t count, struct arena *a)
{
	struct naming n = { want, count, a };
	bool any = read_all(fd, name_by, &n);

	spread(want, count);
	return any;
}

struct locating {
	const char *const *names;
	uint64_t *addr;
	size_t count;
};

static void locate_by(void *ctx, const struct line *l)
{
	struct locating *n = ctx;

	for (size_t i = 0; i < n->count && !l->module; i++)
		if (strlen(n->names[i]) == l->name_len && !n->addr[i] &&
		    !memcmp(n->names[i], l->name, l->name_len))
			n->addr[i] = l->addr;
}

bool kallsyms_address(int fd, const char *const *names, uint64_t *addr, size_t count)
{
	struct locating n = { names, addr, count };

	memset(addr, 0, count * sizeof(*addr));
	return read_all(fd, locate_by, &n);
}
