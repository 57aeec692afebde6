/* SPDX-License-Identifier: Apache-2.0 */
/* base/map: what is put is there, and what is taken is not, with all others still found. */
#include "nsdebug/base/map.h"

#include <stdint.h>

#include "tests/unit/check.h"

#define MANY 1000

static bool has(const struct map *m, uint64_t from, uint64_t to, uint64_t step, bool there)
{
	for (uint64_t key = from; key < to; key += step)
		if ((map_get(m, key) == (void *)(uintptr_t)(key + 1)) != there)
			return false;
	return true;
}

int main(void)
{
	auto_map struct map m = { 0 };
	bool good = true;

	ok(!map_get(&m, 0) && !map_take(&m, 0), "an empty one");
	for (uint64_t key = 0; key < MANY; key++)
		map_put(&m, key, (void *)(uintptr_t)(key + 1));
	ok(has(&m, 0, MANY, 1, true) && m.used == MANY, "all are there");
	for (uint64_t key = 0; key < MANY; key += 2)
		good &= map_take(&m, key) == (void *)(uintptr_t)(key + 1);
	ok(good && m.used == MANY / 2, "every second is taken");
	ok(has(&m, 0, MANY, 2, false), "and not there any more");
	ok(has(&m, 1, MANY, 2, true), "but the others are");
	ok(!map_take(&m, 2), "nor can it be taken twice");
	map_put(&m, 2, (void *)3);
	ok(has(&m, 2, 3, 1, true) && m.used == MANY / 2 + 1, "it may come again");
	return done();
}
