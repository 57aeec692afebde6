/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/cover.h"

#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/map.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/mounts.h"

/* '/' before any other byte, and the end before that. */
static unsigned int rank(char c)
{
	return c == '\0' ? 0 : c == '/' ? 1 : 1u + (unsigned char)c;
}

int cover_path_order(const char *a, const char *b)
{
	while (*a && *a == *b)
		a++, b++;
	return (int)rank(*a) - (int)rank(*b);
}

const char *cover_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	while (len && dir[len - 1] == '/')
		len--;
	if (strncmp(path, dir, len) != 0)
		return NULL;
	path += len;
	if (path[0] == '/' && !path[1])
		return path + 1;
	return *path && *path != '/' ? NULL : path;
}

/* ---- parents ---- */

static void find_parents(struct cover *c)
{
	auto_map struct map by_id = { 0 };
	const struct mounts *m = c->mounts;

	for (size_t i = m->count; i; i--)
		map_put(&by_id, m->items[i - 1].id, (void *)(uintptr_t)i);
	for (uint32_t i = 0; i < m->count; i++) {
		uintptr_t at = (uintptr_t)map_get(&by_id, m->items[i].parent);
		const char *below;

		c->items[i].parent = at && at - 1 != i ? (uint32_t)(at - 1) : NO_MOUNT;
		c->items[i].hidden_by = NO_MOUNT;
		below = at ? cover_below(m->items[i].point, m->items[at - 1].point) : NULL;
		/* the table is no snapshot: a directory may have been renamed between two lines */
		c->items[i].below = below && c->items[i].parent != NO_MOUNT ? below :
			m->items[i].point;
	}
}

/* The kernel's word, or else the first that lies on "/" and on no other of the table. */
static uint32_t find_root(const struct cover *c)
{
	const struct mounts *m = c->mounts;

	for (uint32_t i = 0; i < m->count; i++) {
		if (m->root ? m->items[i].id == m->root :
		    c->items[i].parent == NO_MOUNT && !strcmp(m->items[i].point, "/"))
			return strcmp(m->items[i].point, "/") ? NO_MOUNT : i;
	}
	return NO_MOUNT;
}

/* ---- what hides what, among the mounts on one parent ---- */

struct sibling {
	uint64_t parent;	/* its id */
	const char *below;
	uint32_t at;
};

static int by_place(const void *a, const void *b)
{
	const struct sibling *x = a, *y = b;
	int d = (x->parent > y->parent) - (x->parent < y->parent);

	if (!d)
		d = cover_path_order(x->below, y->below);
	return d ? d : (x->at > y->at) - (x->at < y->at);
}

/* Is it mounted over the process's root? */
static bool is_over_root(const struct cover *c, uint32_t i)
{
	if (i == c->root || strcmp(c->mounts->items[i].point, "/") != 0)
		return false;
	return c->items[i].parent == c->root || c->items[i].parent == NO_MOUNT;
}

/*
 * In this order all that is below a mount's point follows it, so one cover at a time is enough:
 * what is below it is hidden by it, and of two at the same place the later one counts.
 */
static void find_covers(struct cover *c)
{
	size_t count = c->mounts->count;
	auto_free struct sibling *all = mem_alloc((count + 1) * sizeof(*all));
	uint32_t top = NO_MOUNT;

	for (uint32_t i = 0; i < count; i++)
		all[i] = (struct sibling){ c->mounts->items[i].parent, c->items[i].below, i };
	qsort(all, count, sizeof(*all), by_place);
	for (size_t n = 0; n < count; n++) {
		uint32_t i = all[n].at;

		if (is_over_root(c, i)) {
			c->items[i].hidden_by = c->root == NO_MOUNT ? i : c->root;
			continue;
		}
		if (top != NO_MOUNT &&
		    c->mounts->items[top].parent == c->mounts->items[i].parent) {
			const char *rest = cover_below(c->items[i].below, c->items[top].below);

			if (rest && *rest) {
				c->items[i].hidden_by = top;
				continue;
			}
			if (rest)
				c->items[top].hidden_by = i;
		}
		top = i;
	}
}

/* ---- and their descendants ---- */

enum { UNKNOWN, ON_THE_WAY, KNOWN };

/* A mount on a hidden one is hidden by the same. Rings, which the kernel never makes, end it. */
static void inherit(struct cover *c, uint32_t from, unsigned char *state, uint32_t *way)
{
	uint32_t n = 0, i = from;

	for (; i != NO_MOUNT && state[i] == UNKNOWN; i = c->items[i].parent) {
		state[i] = ON_THE_WAY;
		way[n++] = i;
	}
	while (n) {
		struct cover_item *x = &c->items[way[--n]];

		if (x->hidden_by == NO_MOUNT && x->parent != NO_MOUNT &&
		    state[x->parent] == KNOWN)
			x->hidden_by = c->items[x->parent].hidden_by;
		state[way[n]] = KNOWN;
	}
}

static void inherit_all(struct cover *c)
{
	size_t count = c->mounts->count;
	auto_free unsigned char *state = mem_alloc(count + 1);
	auto_free uint32_t *way = mem_alloc((count + 1) * sizeof(*way));

	for (uint32_t i = 0; i < count; i++)
		inherit(c, i, state, way);
}

/* What another lies right upon cannot be seen either; what lies on it can. */
static void hide_covered(struct cover *c)
{
	for (uint32_t i = 0; i < c->mounts->count; i++) {
		struct cover_item *x = &c->items[i];

		if (x->parent != NO_MOUNT && x->parent != c->root && !*x->below &&
		    c->items[x->parent].hidden_by == NO_MOUNT && x->hidden_by != x->parent)
			c->items[x->parent].hidden_by = i;
	}
}

/* ---- the ones that can be reached ---- */

struct place {
	const char *point;
	uint32_t at;
};

static int by_point(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	int d = cover_path_order(x->point, y->point);

	return d ? d : (x->at > y->at) - (x->at < y->at);
}

static void sort_reachable(struct cover *c, struct arena *a)
{
	size_t count = c->mounts->count;
	auto_free struct place *all = mem_alloc((count + 1) * sizeof(*all));

	for (uint32_t i = 0; i < count; i++)
		if (c->items[i].hidden_by == NO_MOUNT)
			all[c->reachable++] = (struct place){ c->mounts->items[i].point, i };
	qsort(all, c->reachable, sizeof(*all), by_point);
	c->by_path = arena_alloc(a, (c->reachable + 1) * sizeof(*c->by_path));
	for (uint32_t i = 0; i < c->reachable; i++)
		c->by_path[i] = all[i].at;
}

void cover_make(struct cover *c, const struct mounts *m, struct arena *a)
{
	*c = (struct cover){ .mounts = m };
	c->items = arena_alloc(a, (m->count + 1) * sizeof(*c->items));
	find_parents(c);
	c->root = find_root(c);
	find_covers(c);
	inherit_all(c);
	hide_covered(c);
	sort_reachable(c, a);
}

/* The reachable mount with exactly this point, of which only `len` bytes count. */
static uint32_t at_point(const struct cover *c, const char *path, size_t len)
{
	uint32_t low = 0, high = c->reachable;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;
		const char *point = c->mounts->items[c->by_path[mid]].point;
		size_t i = 0;
		int d;

		while (i < len && point[i] == path[i])
			i++;
		d = (int)rank(point[i]) - (int)rank(i < len ? path[i] : '\0');
		if (!d)
			return c->by_path[mid];
		if (d < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return NO_MOUNT;
}

uint32_t cover_holding(const struct cover *c, const char *path)
{
	size_t len = strlen(path);

	while (len > 1) {
		uint32_t at = at_point(c, path, len);

		if (at != NO_MOUNT)
			return at;
		while (len && path[--len] != '/')
			;
	}
	return at_point(c, "/", 1);
}
