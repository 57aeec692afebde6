/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mem - memory whose size we chose, and arenas for what a request parses.
 *
 * mem_alloc() and arena_alloc() never return NULL: running out of memory for a size that we chose
 * ends the process (status 126). A size that comes from a target passes mem_fits() first and is
 * then an ordinary error.
 */
#ifndef NSDEBUG_BASE_MEM_H
#define NSDEBUG_BASE_MEM_H

#include <stdbool.h>
#include <stddef.h>

void *mem_alloc(size_t size);			/* zeroed */
void *mem_resize(void *p, size_t count, size_t size);
char *mem_dup(const void *bytes, size_t len);	/* adds a NUL */
char *mem_strdup(const char *s);

/* True if count items of size fit under cap bytes; never overflows. */
bool mem_fits(size_t count, size_t size, size_t cap);

struct arena;				/* freed as a whole; all of it is zeroed */
struct arena *arena_new(void);
void *arena_alloc(struct arena *a, size_t size);
char *arena_dup(struct arena *a, const void *bytes, size_t len);	/* adds a NUL */
size_t arena_bytes(const struct arena *a);	/* that it takes */
void arena_free(struct arena **a);

#define auto_arena __attribute__((cleanup(arena_free)))

/* Room for one more at the end of a growing array of n items: doubles at powers of two. */
#define mem_more(p, n) \
	((((n) & ((n) - 1)) == 0) ? \
	 (__typeof__(p))mem_resize((p), (n) ? (n) * 2 : 1, sizeof(*(p))) : (p))

#endif
