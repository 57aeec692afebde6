/* SPDX-License-Identifier: Apache-2.0 */
/*
 * root - the file system of a target, in a ROLE_READER child.
 *
 * There is one way to a file: root_open() walks to it with openat2(RESOLVE_IN_ROOT |
 * RESOLVE_NO_MAGICLINKS) and gives an O_PATH descriptor, whose type is looked at without asking
 * the file system's server, and only a regular file or a directory is then re-opened for reading
 * (root_read), through the reader's own mount of its descriptors. So no device, FIFO or socket is
 * ever opened, and what was checked is what is read: nothing can be exchanged in between.
 */
#ifndef NSDEBUG_ENTER_ROOT_H
#define NSDEBUG_ENTER_ROOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct err;
struct inside;
struct statfs;
struct statx;

struct root {
	int fd;		/* O_PATH directory */
	int own_fds;
};

void root_init(struct root *r, const struct inside *in);

/* O_PATH descriptor of path below the root; the last link is followed unless nofollow. Failures are
 * the target's (ST_FAILED) and name the path. */
int root_open(const struct root *r, const char *path, bool nofollow, struct err *e);
/* Type and permission bits of an O_PATH descriptor, from the kernel's cache: does not hang on a
 * dead FUSE server. -1 with *e. */
int root_type(int fd, const char *path, mode_t *ret, struct err *e);
/* Re-opens an O_PATH descriptor for reading; anything but a regular file or a directory is
 * ST_REFUSED with its type named. */
int root_read(const struct root *r, int fd, const char *path, struct err *e);
/* All of that for a regular file: open for reading, or -1. A read(2) of it that fails is the
 * target's failure too: ST_FAILED. */
int root_open_file(const struct root *r, const char *path, struct err *e);
/*
 * Everything about a name in an open directory (or, with name "", about the descriptor itself) that
 * one call tells; links are not followed, automounts not triggered, a server is not asked.
 */
int root_stat(int dir, const char *name, struct statx *ret);
/* Names of its extended attributes, each ended by a NUL: their length, 0 if there are none. */
long root_xattrs(int dir, const char *name, char *names, size_t room);
/* Where a symbolic link leads: length, or -1. */
long root_readlink(int dir, const char *name, char *text, size_t room);
/* Its path below the root, all links followed, of an O_PATH descriptor: length, or -1. */
long root_path(const struct root *r, int fd, char *text, size_t room);
/* How full its file system is, of an O_PATH descriptor: asks the server if there is one. */
int root_statfs(int fd, struct statfs *ret);
/* "a FIFO", "a block device" */
const char *root_type_name(mode_t mode);

/* ---- directories ---- */

struct root_name {
	const char *name;	/* NUL terminated, up to 255 bytes; valid until the next call */
	mode_t type;		/* S_IF..., 0 if the directory does not tell */
	uint64_t inode;
};

struct root_dir {
	int fd;			/* open for reading: also for root_open_in() */
	long len, at;
	char *bytes;
};

/* "." and ".." are not among the names. */
int root_dir_open(struct root_dir *d, const struct root *r, const char *path, struct err *e);
/* The same for an O_PATH descriptor of a directory. */
int root_dir_open_fd(struct root_dir *d, const struct root *r, int fd, const char *path,
		     struct err *e);
/* 1, 0 at the end, -1. */
int root_dir_next(struct root_dir *d, struct root_name *ret, struct err *e);
void root_dir_close(struct root_dir *d);

#endif
