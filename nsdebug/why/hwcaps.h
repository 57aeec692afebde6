/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hwcaps - directories below those of libraries in which glibc's loader looks first, for what was
 * built for this processor: ld.so(8), glibc's sysdeps/x86_64/dl-hwcaps_subdirs.c, and until 2.36
 * elf/dl-hwcaps.c with sysdeps/x86/dl-hwcap.h. x86-64 only: the others here have none.
 */
#ifndef NSDEBUG_WHY_HWCAPS_H
#define NSDEBUG_WHY_HWCAPS_H

#include <stdbool.h>
#include <stddef.h>

#define HWCAPS_MAX 20
#define HWCAPS_NAME 40
#define HWCAPS_LOADER_MAX (1u << 20)	/* bytes of a loader; Debian's has 210 KB */

struct hwcaps {
	char dirs[HWCAPS_MAX][HWCAPS_NAME];	/* "glibc-hwcaps/x86-64-v3", the best first */
	size_t count;
};

/* Of the psABI: 1 to 4. */
unsigned int hwcaps_level(void);
/* What this loader of glibc's, of x86-64, looks at on a processor of that level. */
void hwcaps_of(const char *loader, size_t len, unsigned int level, struct hwcaps *ret);
/* Is a path, out of ld.so.cache, in one that a loader passes over at this level? */
bool hwcaps_is_above(const char *path, unsigned int level);

#endif
