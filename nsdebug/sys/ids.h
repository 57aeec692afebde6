/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ids - user and group ids in both views: the host's, and that of a user namespace.
 *
 * Source: /proc/PID/uid_map and gid_map as the host reads them, user_namespaces(7): up to 340
 * lines of "first-inside first-outside count".
 */
#ifndef NSDEBUG_SYS_IDS_H
#define NSDEBUG_SYS_IDS_H

#include <stdbool.h>
#include <stdint.h>

struct idmap {
	struct { uint32_t inside, outside, count; } *extents;	/* owned */
	unsigned int count;
	bool identity;		/* the whole range maps onto itself: no user namespace of its own */
};

#define IDMAP_MAX 340u		/* UID_GID_MAP_MAX_EXTENTS, linux/user_namespace.h since 4.15 */
#define ID_UNMAPPED 65534u	/* what the kernel shows for an id without a mapping */

/* name is "uid_map" or "gid_map" below the directory /proc/PID; -1 with errno. */
int idmap_read(struct idmap *m, int dir, const char *name);
bool idmap_parse(struct idmap *m, const char *text);
/* One extent more; there is room for IDMAP_MAX. */
void idmap_add(struct idmap *m, uint32_t inside, uint32_t outside, uint32_t count);
/* The inside view of a host id, ID_UNMAPPED if it has none. */
uint32_t idmap_inside(const struct idmap *m, uint32_t host);
/* Has it one? ID_UNMAPPED is an id like any other, too. */
bool idmap_has(const struct idmap *m, uint32_t host);
/* The host's view of an id inside, UINT32_MAX if it has none. */
uint32_t idmap_outside(const struct idmap *m, uint32_t inside);
void idmap_free(struct idmap *m);

#endif
