/* SPDX-License-Identifier: Apache-2.0 */
/*
 * made - the mounts that a container which has ended, or was never started, has when it begins, and
 * what its start makes for them: directories to mount on, and each tmpfs anew. In a ROLE_READER
 * child, by its configuration.
 *
 * A tmpfs is empty, unless it is to have a copy of what it hides and there is something: of such a
 * one, as of any mount whose files are not here, nothing is known.
 */
#ifndef NSDEBUG_WHY_MADE_H
#define NSDEBUG_WHY_MADE_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/sys/mounts.h"

struct arena;
struct ending;
struct ending_mount;
struct mountflags;
struct root;
struct step;

struct made_mount {
	const struct ending_mount *m;	/* NULL: the root */
	const struct mountflags *flags;
	bool anew;		/* it is empty: */
	uint32_t mode, other;	/* one of these it has: tmpfs.h */
};

enum { MADE_MODES = 1, MADE_FLAGS = 2, MADE_CHOICES = 4 };

struct made {
	struct mounts mounts;	/* as the kernel would list them, the root first */
	struct made_mount *of;	/* what each of them is */
	unsigned int doubts;	/* some have others of these by one runtime than by another */
	unsigned int other;	/* of these those are taken */
};

/* Strings are of x and of the arena. */
void made_init(struct made *m, const struct ending *x, const struct root *root, struct arena *a);
/* Takes the others of m->doubts. */
void made_choose(struct made *m, unsigned int other);
/* What a walk comes to at a path without links, below *dir. 1: *s has it, and a descriptor for the
 * caller to close; 0: its files tell; -1: nothing is there. */
int made_look(const struct made *m, const struct root *root, const struct step *dir,
	      const char *path, struct step *s);
/* The same of what its files have not: is it a directory that leads to a mount? */
bool made_way(const struct made *m, const struct root *root, const char *path, struct step *s);
/* Of the mount of this index, and all that it is in, are the files here? */
bool made_seen(const struct made *m, uint32_t at);

#endif
