/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sorted - a search among items that ascend by a 64-bit number in them.
 */
#ifndef NSDEBUG_BASE_SORTED_H
#define NSDEBUG_BASE_SORTED_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The first of them whose member is not below the number; count: there is none. */
#define sorted_from(items, count, member, number) \
	sorted_at((items), (count), sizeof(*(items)), \
		  offsetof(__typeof__(*(items)), member), (number))

/* The same of items of `size` bytes each, with the number at `off`. */
static inline size_t sorted_at(const void *items, size_t count, size_t size, size_t off,
			       uint64_t number)
{
	size_t lo = 0, hi = count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		uint64_t at;

		memcpy(&at, (const char *)items + mid * size + off, sizeof(at));
		if (at < number)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

#endif
