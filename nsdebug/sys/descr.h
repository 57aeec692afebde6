/* SPDX-License-Identifier: Apache-2.0 */
/*
 * descr - what a descriptor of another process is: /proc/PID/fd/N, and cwd, root, exe.
 *
 * What it is follows from the inode, never from the text of the link alone: a file may be called
 * "socket:[1]", "x (deleted)" or like a memfd. A path of a file begins with '/', what the kernel
 * calls its own objects does not. Nothing is opened, but by O_PATH; the file system's server is
 * not asked, except by the few (nfs, 9p) that ask it about every use of a file: descr_link() never
 * touches the file, so that descr_stat() can be put off for those (descr_may_wait).
 *
 * A descriptor may be closed and used for another file between two looks at it: then fdinfo and
 * inode do not agree, and both are read again.
 */
#ifndef NSDEBUG_SYS_DESCR_H
#define NSDEBUG_SYS_DESCR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/str.h"
#include "nsdebug/sys/fdinfo.h"

struct mount;

enum descr_type {
	DESCR_UNKNOWN, DESCR_FILE, DESCR_DIR, DESCR_LINK, DESCR_CHR, DESCR_BLK, DESCR_FIFO,
	DESCR_SOCKFILE, DESCR_SOCKET, DESCR_PIPE, DESCR_MEMFD, DESCR_SHM, DESCR_DMABUF,
	DESCR_SECRETMEM, DESCR_NS, DESCR_EVENTFD, DESCR_EPOLL, DESCR_INOTIFY, DESCR_FANOTIFY,
	DESCR_TIMERFD, DESCR_SIGNALFD, DESCR_PIDFD, DESCR_IO_URING, DESCR_USERFAULTFD, DESCR_PERF,
	DESCR_BPF_MAP, DESCR_BPF_PROG, DESCR_BPF_LINK, DESCR_BPF, DESCR_KVM, DESCR_ANON,
	DESCR_TYPES
};

/* The word for it: "file", "epoll"; that of DESCR_UNKNOWN is "unknown". */
const char *descr_word(enum descr_type t);

struct descr {
	enum descr_type type;
	bool has_info;		/* info is filled in: descriptors have it, cwd, root and exe not */
	bool has_stat;		/* what is below it is filled in */
	bool deleted;		/* a file or directory without a name: it goes with its last user */
	bool ends_deleted;	/* it has links, and its text ends in " (deleted)": so it is
				 * called, or this one of its names is gone */
	uint16_t mode;
	uint32_t nlink, dev_major, dev_minor, rdev_major, rdev_minor;
	uint64_t inode, size, blocks, mount;	/* mount: its id, 0: not told */
	struct fdinfo info;
	struct buf text;	/* of fdinfo; FDINFO_BYTES_MAX, cut: there was more */
	bool cut;
	struct buf link;	/* what readlink said, without a " (deleted)" of the kernel's own */
};

/* What is looked up once for many. */
struct descr_of {
	int procfs;
	uint64_t shm_dev;	/* of the kernel's own tmpfs, where memfds live; 0: not known yet */
};

/* name is below the directory /proc/PID: "fd/5", "cwd". Both clear what *d had, and keep its
 * memory; -1 with errno: ENOENT if there is none (any more). */
int descr_link(struct descr *d, int dir, const char *name);
int descr_stat(struct descr *d, struct descr_of *of, int dir, const char *name);
/* Might descr_stat() ask a server? at: the mount d->info.mount; NULL: not known, so it may. */
bool descr_may_wait(const struct descr *d, const struct mount *at);
void descr_free(struct descr *d);

/* What it is about, in a line for people: a path as it is, or "count 7", "watches 3 5 8", or what
 * the kernel calls it. Nothing more of a socket. */
void descr_about(const struct descr *d, struct buf *b);

/* The number in "socket:[123]" and "pipe:[123]" if the link of fd/N is one of these: its kind, or
 * DESCR_UNKNOWN. Quick: one readlink. */
enum descr_type descr_object(int dir, const char *name, uint64_t *ret_inode);

#endif
