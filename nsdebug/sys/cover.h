/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cover - which mounts of a table can be reached by a path, and what hides the others.
 *
 * A mount that lies on the root of another hides all of it; one that lies on a directory hides the
 * mounts that were made below that directory before. The kernel keeps and lists the hidden ones.
 * What was mounted over the root of a process after it began hides nothing from it: it is itself
 * hidden. Time and memory are linear in the length of the table, but for sorting it.
 */
#ifndef NSDEBUG_SYS_COVER_H
#define NSDEBUG_SYS_COVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct mounts;

#define NO_MOUNT UINT32_MAX	/* where an index into the table is expected */

struct cover_item {
	uint32_t parent;	/* NO_MOUNT: it is not in the table */
	uint32_t hidden_by;	/* NO_MOUNT: its point leads to it. The root, or itself: it, or what
				 * it is on, was mounted over the root of the process */
	const char *below;	/* its point, relative to its parent's: "/x", or "" */
};

struct cover {
	const struct mounts *mounts;
	struct cover_item *items;	/* one for each mount, in their order */
	uint32_t *by_path;		/* those that can be reached, by their points */
	uint32_t reachable;
	uint32_t root;			/* that of the process; NO_MOUNT: it has no entry */
};

/* Everything is in the arena; the mounts must stay. */
void cover_make(struct cover *c, const struct mounts *m, struct arena *a);
/* The mount that an absolute path without links, "." and ".." leads to. */
uint32_t cover_holding(const struct cover *c, const char *path);
/* Its order among others: a directory is followed by what is below it. */
int cover_path_order(const char *a, const char *b);
/* What is left of a path below a directory ("" or "/..."), NULL if it is not there. */
const char *cover_below(const char *path, const char *dir);

#endif
