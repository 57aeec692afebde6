/* SPDX-License-Identifier: Apache-2.0 */
/*
 * find - files of a container that does not run, by path, in its layers and in what was mounted in
 * it from the node; and what of them is not known because something else was mounted over it. In a
 * ROLE_READER child.
 */
#ifndef NSDEBUG_WHY_FIND_H
#define NSDEBUG_WHY_FIND_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

struct ending;
struct root;

#define FIND_PATH 4096

enum found {
	FOUND_ABSENT,
	FOUND_THERE,
	FOUND_HIDDEN,	/* a mount is there, whose files are not here, or are gone */
};

struct place_of {
	const struct root *root;
	const struct ending *ending;
};

struct file_at {
	int fd;			/* O_PATH; -1 unless it is there */
	uint32_t mode, uid, gid;
	bool changed;		/* since its engine had begun to start the container */
	char path[FIND_PATH];	/* all links followed */
};

/* Links are followed within the container. The caller closes ret->fd. */
enum found find_file(const struct place_of *p, const char *path, struct file_at *ret);
/* Opens it for reading: -1 if it is no regular file, or cannot be. */
int find_open(const struct place_of *p, const struct file_at *f);
/* Has it capabilities of its own (setcap)? 1, 0, -1: that cannot be told. */
int find_caps(const struct file_at *f);
/* From a script, which the caller has found, to what the kernel runs for it in the end: false if
 * that is not here, or no program of this machine. Closes ret->fd. */
bool find_run(const struct place_of *p, struct file_at *ret);
/* Where a mount is that hides a path, for words; NULL: none does. */
const char *find_mount(const struct place_of *p, const char *path);
/* dir/name, "" and "." left out; false if it is too long. */
bool find_join(char *ret, const char *dir, const char *name);
/* The value of one of its variables, or NULL. */
const char *find_env(const struct ending *x, const char *name);

#endif
