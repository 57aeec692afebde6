/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk - the way of a path through a container, as the kernel goes it for somebody else.
 *
 * Name by name below descriptors of our own, from the container's root: each directory is asked for
 * search permission before a name is looked up in it, links are put into what is left of the path.
 * What a step refuses is in *w->why, and then the walk has ended. access.h says what bounds it.
 */
#ifndef NSDEBUG_WHY_WALK_H
#define NSDEBUG_WHY_WALK_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "nsdebug/why/access.h"
#include "nsdebug/why/reason.h"

struct mount;

#define WALK_PATH 16384		/* of what is left, and of where it is: links make both longer */

struct step {
	int fd;			/* O_PATH, or -1 */
	struct statx st;
	const struct mount *mount;	/* that it is on; NULL: none of the table */
	uint32_t len;		/* of walk.path up to it; 0: the root */
	bool made;		/* it is no file of the container: fd is nothing to ask */
};

/* What the last name was: LAST_NORM ... of fs/namei.c. */
enum walk_last { WALK_NAME, WALK_ROOT, WALK_DOT, WALK_DOTDOT };

struct walk {
	const struct root *root;
	const struct access_site *site;
	const struct access_ask *ask;
	struct reason *why;
	struct step dirs[ACCESS_DEPTH];	/* from the root to where the last name is looked up */
	unsigned int depth;
	struct step end;	/* what the path leads to; fd -1: it is not there */
	enum walk_last last;
	char name[NAME_MAX + 1];	/* the last one; "": it was none, "." or ".." */
	char path[WALK_PATH];	/* without links; of a name that is not there, where it would be */
	char rest[WALK_PATH];
	unsigned int links, names;
	unsigned int base;	/* so many of dirs are never left; 0: the first. RESOLVE_BENEATH
				 * refuses what would */
	bool slash;		/* the path ends with one: a directory is meant */
	bool quiet;		/* nothing is asked on the way */
	const char *note;	/* it may, but; NULL: nothing to say */
	bool guess;		/* it may, as far as that is known */
};

enum {
	WALK_FOLLOW = 1,	/* the last name, if it is a link */
	WALK_ABSENT = 2,	/* the last name need not be there */
};

/* -1 with *w->why if it does not get there. *w is new (walk_init) and is freed by walk_free(). */
void walk_init(struct walk *w, const struct root *root, const struct access_site *s,
	       const struct access_ask *a, struct reason *why);
int walk_to(struct walk *w, const char *path, unsigned int flags);
void walk_free(struct walk *w);

/* Where the last name is looked up. */
struct step *walk_parent(struct walk *w);

#endif
