/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/source.h"

#include <stdio.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/target/origin.h"
#include "nsdebug/target/target.h"
#include "nsdebug/why/cure.h"
#include "nsdebug/why/curing.h"

#define WORD "SOURCE:"

bool source_quote(char *ret, size_t room, const char *path)
{
	bool plain = curing_plain(path);
	size_t n = 0;

	if (!*path || strlen(path) * 4 + 3 > room)
		return false;
	for (const char *p = path; *p; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f || strchr(":,", *p))
			return false;
	if (plain)
		return snprintf(ret, room, "%s", path) > 0;
	ret[n++] = '\'';
	for (const char *p = path; *p; p++)
		if (*p == '\'')
			n += (size_t)snprintf(ret + n, room - n, "'\\''");
		else
			ret[n++] = *p;
	ret[n++] = '\'';
	ret[n] = '\0';
	return true;
}

static void put(char *option, const char *source)
{
	char text[CURE_TEXT];
	char *at = strstr(option, WORD);
	int n;

	if (!at)
		return;
	n = snprintf(text, sizeof(text), "%.*s%s%s", (int)(at - option), option, source,
		     at + strlen(WORD) - 1);
	if (n > 0 && n < (int)sizeof(text))
		memcpy(option, text, (size_t)n + 1);
}

/* An engine's own volume has a name, by which it is asked for. */
static bool find(struct arena *a, const struct target *t, const struct reason *r, char *ret,
		 size_t room)
{
	struct origins s;
	struct origin o;
	uint32_t at;

	origins_init(&s, &t->mounts, &t->host_mounts, a);
	at = cover_holding(&s.own_cover, r->mount);
	/* it may have been mounted since */
	if (at == NO_MOUNT || strcmp(t->mounts.items[at].point, r->mount) != 0 ||
	    strcmp(t->mounts.items[at].type, r->type) != 0)
		return false;
	origin_of(&s, at, &o);
	if (o.kind == ORIGIN_VOLUME && !o.inside[0])
		return source_quote(ret, room, arena_dup(a, o.name.p, o.name.len));
	return o.host && source_quote(ret, room, o.host);
}

void source_put(struct cure *c, const struct target *t, const struct reason *r)
{
	auto_arena struct arena *a = NULL;
	char source[CURE_TEXT];

	if ((!strstr(c->docker, WORD) && !strstr(c->podman, WORD)) || !t->mounts.count ||
	    !t->host_mounts.count)
		return;
	a = arena_new();
	if (!find(a, t, r, source, sizeof(source)))
		return;
	put(c->docker, source);
	put(c->podman, source);
}
