/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/mountids.h"

#include <linux/nsfs.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/map.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/ids.h"
#include "nsdebug/sys/mounts.h"
#include "nsdebug/sys/ns.h"

/* Headers of older systems have none of these: linux/mount.h, linux/nsfs.h of Linux 6.15. */
#define CALL_STATMOUNT 457
#define CALL_LISTMOUNT 458
#define MNTNS_ID _IOR(0xb7, 5, uint64_t)
#define FROM_ROOT UINT64_MAX
enum { BASIC = 2, UIDMAP = 0x2000, GIDMAP = 0x4000 };

#define BATCH 256
#define TEXT_MAX 32768		/* two maps of 340 lines */
/* A container that has mapped mounts by the ten thousands is told of no more than these. */
#define BYTES_MAX (1u << 20)
#define TIME_MAX_NS (100 * NS_PER_MS)

struct id_request {
	uint32_t size, spare;
	uint64_t mount, param, ns;
};

struct told {
	uint32_t size, options;
	uint64_t mask;
	uint32_t fs[4];
	uint64_t flags_and_type;
	uint64_t id, parent;
	uint32_t old_id, old_parent;
	uint64_t attributes, propagation, peers, master, from;
	uint32_t root, point;
	uint64_t ns;
	uint32_t subtype, source, fs_options[4];
	uint64_t supported;
	uint32_t uids, uids_at, gids, gids_at;	/* how many lines, and where in .text */
	uint64_t spare[43];
	char text[TEXT_MAX];
};

struct reading {
	const struct map *mounts;	/* the idmapped ones, by id */
	struct arena *arena;
	struct told told;
	uint64_t until_ns;
	size_t room;		/* bytes that maps may still take */
	/* Those of the last one: mounts of one container have the same, mostly. */
	struct last_map {
		char text[TEXT_MAX];
		size_t len;
		const struct idmap *map;
	} uids, gids;
};

/* The length of so many lines, each of which ends with a NUL; 0: they are not all there. */
static size_t lines_len(const char *text, size_t room, uint32_t count)
{
	size_t n = 0;

	for (; count && n < room; n++)
		count -= !text[n];
	return count ? 0 : n;
}

static const struct idmap *parse(struct reading *r, char *text, size_t len)
{
	struct idmap map = { 0 }, *ret = NULL;
	size_t size;

	for (size_t i = 0; i < len; i++)
		if (!text[i])
			text[i] = '\n';
	text[len] = '\0';
	if (idmap_parse(&map, text)) {
		size = map.count * sizeof(*map.extents);
		if (sizeof(*ret) + size < r->room) {
			r->room -= sizeof(*ret) + size;
			ret = arena_alloc(r->arena, sizeof(*ret));
			*ret = map;
			ret->extents = arena_alloc(r->arena, size + 1);
			memcpy(ret->extents, map.extents, size);
		}
	}
	idmap_free(&map);
	return ret;
}

static const struct idmap *take(struct reading *r, struct last_map *last, uint32_t count,
				uint32_t at)
{
	size_t len = at < TEXT_MAX ? lines_len(r->told.text + at, TEXT_MAX - 1 - at, count) : 0;
	char *text = r->told.text + at;

	if (!len)
		return NULL;
	if (len == last->len && !memcmp(text, last->text, len))
		return last->map;
	memcpy(last->text, text, len);
	last->len = len;
	last->map = parse(r, text, len);
	return last->map;
}

static void put(struct reading *r)
{
	const struct told *t = &r->told;
	struct mount *m = map_get(r->mounts, t->old_id);

	if (!m)
		return;
	/* parsed in place: the end of the first one is the beginning of the second */
	m->gids = t->mask & GIDMAP ? take(r, &r->gids, t->gids, t->gids_at) : NULL;
	m->uids = t->mask & UIDMAP ? take(r, &r->uids, t->uids, t->uids_at) : NULL;
}

static void ask_each(struct reading *r, uint64_t ns)
{
	struct id_request list = { .size = sizeof(list), .mount = FROM_ROOT, .ns = ns };
	struct id_request ask = { .size = sizeof(ask), .param = BASIC | UIDMAP | GIDMAP, .ns = ns };
	uint64_t ids[BATCH];
	long n;

	do {
		n = syscall(CALL_LISTMOUNT, &list, ids, BATCH, 0);
		for (long i = 0; i < n; i++) {
			ask.mount = list.param = ids[i];
			if (syscall(CALL_STATMOUNT, &ask, &r->told, sizeof(r->told), 0) == 0 &&
			    r->told.mask & (UIDMAP | GIDMAP))
				put(r);
		}
	} while (n == BATCH && clock_ns() < r->until_ns);
}

void mountids_read(const struct mounts *m, int dir, struct arena *a)
{
	auto_free struct reading *r = NULL;
	auto_map struct map mounts = { 0 };
	auto_close int ns = -1;
	uint64_t id;

	for (size_t i = 0; i < m->count; i++)
		if (m->items[i].idmapped)
			map_put(&mounts, m->items[i].id, &m->items[i]);
	ns = mounts.used ? ns_open(dir, "mnt") : -1;
	if (ns < 0 || ioctl(ns, MNTNS_ID, &id) < 0)
		return;
	r = mem_alloc(sizeof(*r));
	r->mounts = &mounts;
	r->arena = a;
	r->room = BYTES_MAX;
	r->until_ns = clock_ns() + TIME_MAX_NS;
	ask_each(r, id);
}
