/* SPDX-License-Identifier: Apache-2.0 */
/*
 * files - what of its image a container uses.
 */
#ifndef NSDEBUG_ADVISE_FILES_H
#define NSDEBUG_ADVISE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct image;
struct used;
struct used_path;

/* Is it a file or directory of the image itself: on the container's own layer, there when it was
 * used, and not made by it? */
bool files_of_image(const struct used_path *p);
/* Each of these on a line, in order: what an image of it must have. A byte that no line can hold is
 * written as \xNN, a backslash as two. */
void files_list(struct buf *b, const struct used *u);

/* So many were opened, mapped or run. */
uint64_t files_count(const struct used *u);

/* Follows the links of names, as far as the reader is there: what was done by a name was done to
 * where it leads, and links on the way are used, too. */
void files_follow(struct used *u, struct image *i);

struct unused {
	char *path;
	uint64_t files, bytes;
	bool whole;		/* nothing below this directory is used: else it is what is in it */
};

#define UNUSED_MAX 20000u

struct files_unused {
	struct unused *items;	/* the largest first */
	size_t count;
	uint64_t files, bytes;		/* not used */
	uint64_t all_files, all_bytes;	/* of the image */
	bool known, cut;	/* it was looked; not at all of it */
};

/* After files_follow(). */
void files_look(struct files_unused *f, const struct used *u, struct image *i);
void files_free(struct files_unused *f);
/* A line each: bytes, files, and where. */
void files_list_unused(struct buf *b, const struct files_unused *f);

#endif
