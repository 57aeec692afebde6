/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/specmounts.h"

#include <string.h>

#include "nsdebug/sys/cover.h"
#include "nsdebug/target/ending.h"

static void take_option(const struct specmounts *s, struct jvalue v)
{
	struct ending_mount *m = s->m;

	if (v.type != J_STRING)
		return;
	mountflags_option(&m->flags, v.text.p, v.text.len, s->x->runc);
	tmpfs_option(&m->tmpfs, v.text.p, v.text.len);
	m->volume |= jvalue_is(v, "bind") || jvalue_is(v, "rbind");
	m->mapped |= jvalue_begins(v, "idmap") || jvalue_begins(v, "ridmap");
}

/* Runtimes take "data" for "/data". */
static const char *take_at(const struct specmounts *s, struct jvalue v)
{
	const char *at = runtime_text(s->a, v);

	return !at || *at == '/' ? at : runtime_join(s->a, "", at);
}

/* Whichever of these comes first. What lies deeper, its maps, is in objects of their own. */
static void begin(struct specmounts *s, unsigned int object)
{
	if (s->object != object)
		s->m = ending_mount_add(s->x, s->a);
	s->object = object;
}

void specmounts_take(struct specmounts *s, const char *key, struct jvalue v)
{
	if (!strchr(key, '.'))
		begin(s, v.object);
	if (!s->m)
		return;
	if (!strcmp(key, "destination")) {
		s->m->at = take_at(s, v);
	} else if (!strcmp(key, "type")) {
		s->m->type = runtime_text(s->a, v);
		s->m->tmpfs.anew = jvalue_is(v, "tmpfs");
	} else if (!strcmp(key, "source")) {
		s->m->source = runtime_text(s->a, v);
	} else if (!strcmp(key, "options[]")) {
		take_option(s, v);
	} else if (strchr(key, '.')) {
		s->m->mapped |= str_prefix(key, "uidMappings[]") ||
			str_prefix(key, "gidMappings[]");
	}
}

void specmounts_mask(struct ending *x, struct arena *a, const struct words_list *paths)
{
	for (size_t i = 0; i < paths->count; i++) {
		const char *at = paths->items[i];
		struct ending_mount *m = NULL;

		if (*at == '/' && !cover_below(at, "/proc") && !cover_below(at, "/sys"))
			m = ending_mount_add(x, a);
		if (m)
			*m = (struct ending_mount){ .at = at, .masked = true };
	}
}
