/* SPDX-License-Identifier: Apache-2.0 */
/*
 * specmounts - the mounts of a container by its OCI spec (specs-go/config.go), while that is read.
 *
 * One whose ids are mapped (uidMappings, and the options idmap and ridmap, of which crun 1.8 has
 * maps in them) shows other owners than its files have.
 */
#ifndef NSDEBUG_TARGET_SPECMOUNTS_H
#define NSDEBUG_TARGET_SPECMOUNTS_H

#include "nsdebug/out/jread.h"
#include "nsdebug/target/runtime.h"

struct arena;
struct ending;
struct ending_mount;

/* Zero but for the first two. */
struct specmounts {
	struct ending *x;	/* to whose mounts they are added */
	struct arena *a;
	struct ending_mount *m;	/* the one that is read */
	unsigned int object;	/* in the document: jread.h */
};

/* A value of one of them, key without "mounts[].". */
void specmounts_take(struct specmounts *s, const char *key, struct jvalue v);
/* maskedPaths and readonlyPaths, which are mounted last. Not those of the kernel's own file
 * systems, of which nothing is known anyway. */
void specmounts_mask(struct ending *x, struct arena *a, const struct words_list *paths);

#endif
