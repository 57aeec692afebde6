/* SPDX-License-Identifier: Apache-2.0 */
/* A mount table of any bytes, once the container's and once the host's: no more mounts than lines,
 * each of them whole; what can be reached is what its point leads to; each has an origin. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/sys/mounts.h"
#include "nsdebug/target/origin.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define ORIGINS_MAX 500		/* their time is the square of it, if all are of one device */

static void check_cover(const struct cover *c)
{
	uint32_t reachable = 0;

	for (uint32_t i = 0; i < c->mounts->count; i++) {
		const struct cover_item *x = &c->items[i];
		const char *point = c->mounts->items[i].point;
		uint32_t at;

		if ((x->parent != NO_MOUNT && x->parent >= c->mounts->count) ||
		    (x->hidden_by != NO_MOUNT && x->hidden_by >= c->mounts->count))
			abort();
		if (x->hidden_by != NO_MOUNT)
			continue;
		reachable++;
		at = cover_holding(c, point);
		if (*point == '/' && (at == NO_MOUNT || strcmp(c->mounts->items[at].point,
		    point) != 0))
			abort();
	}
	if (reachable != c->reachable)
		abort();
}

static void check_origins(const struct mounts *m, struct arena *a)
{
	struct origins s;

	origins_init(&s, m, m, a);
	check_cover(&s.own_cover);
	for (uint32_t i = 0; i < m->count && m->count < ORIGINS_MAX; i++) {
		struct origin o;
		struct layers l;

		origin_of(&s, i, &o);
		if (!origin_word(o.kind) || !o.inside || (o.part_of != NO_MOUNT &&
		    o.part_of >= m->count))
			abort();
		origin_layers(&m->items[i], &l, a);
		free(l.lower);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct arena *a = arena_new();
	char *text = malloc(len + 1);
	struct mounts m = { 0 };
	size_t lines = 1;
	bool unbindable = false;

	memcpy(text, bytes, len);
	text[len] = '\0';
	for (size_t i = 0; i < len; i++)
		lines += text[i] == '\n';
	mounts_parse(&m, text, a);
	if (m.count > lines)
		abort();
	for (size_t i = 0; i < m.count; i++) {
		const struct mount *x = &m.items[i];

		if (strlen(x->root) > len || strlen(x->point) > len || !*x->type)
			abort();
		if (x->served && !mounts_served(&m, x->major, x->minor))
			abort();
		unbindable |= x->unbindable;
	}
	if (unbindable != m.unbindable)
		abort();
	check_origins(&m, a);
	free(text);
	arena_free(&a);
	return 0;
}
