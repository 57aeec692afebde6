/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/layers.h"

#include <limits.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/sys/cover.h"
#include "nsdebug/sys/mounts.h"

#define STACK_DEPTH 2	/* FILESYSTEM_MAX_STACK_DEPTH: an overlay on an overlay, and no more */

struct tables {
	struct cover own, host;
};

static bool asks(const struct cover *c, const char *path)
{
	uint32_t at = cover_holding(c, path);

	return at != NO_MOUNT && (c->mounts->items[at].served || c->mounts->items[at].stacked);
}

/* What follows the name of an option that names layers; *list: separated by colons. */
static const char *layers_of(const char *option, bool *list)
{
	static const char *const keys[] = { "lowerdir=", "lowerdir+=", "datadir+=", "upperdir=" };

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		if (str_prefix(option, keys[i])) {
			*list = !i;
			return option + strlen(keys[i]);
		}
	return NULL;
}

/* Up to where one layer's name goes: "\134:" is a colon in it, and "\072" is, too. */
static size_t length_of(const char *from, bool list)
{
	const char *p = from;

	while (*p && *p != ',' && !(list && *p == ':'))
		p += str_prefix(p, "\\134:") ? strlen("\\134:") : 1;
	return (size_t)(p - from);
}

/* Overlay takes a backslash before any byte for nothing: ovl_unescape(). */
static void drop_backslashes(char *s)
{
	char *to = s;

	for (; *s; s++) {
		s += *s == '\\' && s[1];
		*to++ = *s;
	}
	*to = '\0';
}

static bool is_asking(const struct tables *t, const char *layer, size_t len)
{
	char path[PATH_MAX];

	if (len >= sizeof(path) || *layer != '/')
		return false;
	memcpy(path, layer, len);
	path[len] = '\0';
	mounts_unescape(path);
	drop_backslashes(path);
	return asks(&t->own, path) || asks(&t->host, path);
}

static bool any_is_asking(const struct tables *t, const char *value, bool list)
{
	for (;;) {
		size_t len = length_of(value, list);

		if (is_asking(t, value, len))
			return true;
		if (value[len] != ':')
			return false;
		value += len + 1;
	}
}

static bool is_stacked(const struct tables *t, const struct mount *m)
{
	bool list;

	for (const char *p = m->fs_options; *p; p += *p == ',') {
		const char *value = layers_of(p, &list);

		if (value && any_is_asking(t, value, list))
			return true;
		p += strcspn(p, ",");
	}
	return false;
}

static bool any_served(const struct mounts *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->items[i].served)
			return true;
	return false;
}

static void mark(const struct tables *t, const struct mounts *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (!strcmp(m->items[i].type, "overlay") && !m->items[i].stacked)
			m->items[i].stacked = is_stacked(t, &m->items[i]);
}

void layers_mark(const struct mounts *m, const struct mounts *host)
{
	auto_arena struct arena *a = NULL;
	struct tables t;

	if (!any_served(m) && !any_served(host))
		return;
	a = arena_new();
	cover_make(&t.own, m, a);
	cover_make(&t.host, host, a);
	for (int i = 0; i < STACK_DEPTH; i++) {
		mark(&(struct tables){ t.host, t.host }, host);
		mark(&t, m);
	}
}
