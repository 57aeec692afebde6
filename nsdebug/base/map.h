/* SPDX-License-Identifier: Apache-2.0 */
/*
 * map - a hash map from a 64-bit key to a pointer.
 *
 * The zero value is an empty map. Keys are mixed, so a target that chooses them (inode numbers,
 * addresses) gains nothing by choosing badly. Values are not owned; NULL cannot be stored.
 */
#ifndef NSDEBUG_BASE_MAP_H
#define NSDEBUG_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

struct map {
	struct map_slot *slots;
	size_t used, room;
};

void *map_get(const struct map *m, uint64_t key);	/* NULL if there is none */
void map_put(struct map *m, uint64_t key, void *value);
void *map_take(struct map *m, uint64_t key);	/* it is there no more; NULL if it was not */
void map_each(const struct map *m, void (*fn)(void *value));
void map_free(struct map *m);

/* A key for bytes, going on from h: MAP_HASH, or what else they belong to. Nobody can tell which
 * bytes have the same one who does not know this run's seed: of a million keys two are the same
 * once in forty million runs. It means nothing in another run. */
#define MAP_HASH 0xcbf29ce484222325ull
uint64_t map_hash(uint64_t h, const void *bytes, size_t len);

#define auto_map __attribute__((cleanup(map_free)))

#endif
