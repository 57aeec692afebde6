/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/mountids.h"

#include <linux/nsfs.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

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
#define BATCHES_MAX 400		/* fs.mount-max is 100,000 */
#define TEXT_MAX 32768		/* two maps of 340 lines */

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

/* Lines end with a NUL. */
static const struct idmap *take(struct told *t, uint32_t count, uint32_t at, struct arena *a)
{
	struct idmap map = { 0 }, *ret = NULL;
	size_t size, n = at;

	if (at >= TEXT_MAX)
		return NULL;
	for (; count && n < TEXT_MAX - 1; n++)
		if (!t->text[n]) {
			t->text[n] = '\n';
			count--;
		}
	t->text[n] = '\0';
	if (!count && idmap_parse(&map, t->text + at)) {
		size = map.count * sizeof(*map.extents);
		ret = arena_alloc(a, sizeof(*ret));
		*ret = map;
		ret->extents = arena_alloc(a, size + 1);
		if (size)
			memcpy(ret->extents, map.extents, size);
	}
	idmap_free(&map);
	return ret;
}

static void put(struct mounts *m, struct told *t, struct arena *a)
{
	for (size_t i = 0; i < m->count; i++) {
		struct mount *x = &m->items[i];

		if (x->id != t->old_id || !x->idmapped)
			continue;
		/* the end of the first one is the beginning of the second */
		x->gids = t->mask & GIDMAP ? take(t, t->gids, t->gids_at, a) : NULL;
		x->uids = t->mask & UIDMAP ? take(t, t->uids, t->uids_at, a) : NULL;
	}
}

static void ask_each(struct mounts *m, uint64_t ns, struct arena *a)
{
	struct id_request list = { .size = sizeof(list), .mount = FROM_ROOT, .ns = ns };
	struct id_request ask = { .size = sizeof(ask), .param = BASIC | UIDMAP | GIDMAP, .ns = ns };
	auto_free struct told *t = mem_alloc(sizeof(*t));
	uint64_t ids[BATCH];
	long n;

	for (int turn = 0; turn < BATCHES_MAX; turn++) {
		n = syscall(CALL_LISTMOUNT, &list, ids, BATCH, 0);
		for (long i = 0; i < n; i++) {
			ask.mount = list.param = ids[i];
			if (syscall(CALL_STATMOUNT, &ask, t, sizeof(*t), 0) == 0 &&
			    t->mask & (UIDMAP | GIDMAP))
				put(m, t, a);
		}
		if (n < BATCH)
			return;
	}
}

void mountids_read(struct mounts *m, int dir, struct arena *a)
{
	auto_close int ns = -1;
	bool any = false;
	uint64_t id;

	for (size_t i = 0; i < m->count; i++)
		any |= m->items[i].idmapped;
	if (!any)
		return;
	ns = ns_open(dir, "mnt");
	if (ns >= 0 && ioctl(ns, MNTNS_ID, &id) == 0)
		ask_each(m, id, a);
}
