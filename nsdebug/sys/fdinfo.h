/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fdinfo - what the kernel says about one descriptor, /proc/PID/fdinfo/N. Format: proc(5), Linux
 * Documentation/filesystems/proc.rst 3.8 and the show_fdinfo functions of 5.8 to 6.18.
 *
 * Every word of it is the kernel's. How many things an epoll or an inotify watches is the
 * process's choice, so they are counted and handed on one by one.
 */
#ifndef NSDEBUG_SYS_FDINFO_H
#define NSDEBUG_SYS_FDINFO_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "nsdebug/base/str.h"

struct buf;

#define FDINFO_BYTES_MAX (1u << 20)	/* some 10,000 watches */
#define FDINFO_NONE UINT64_MAX

/* What an epoll, an inotify or a fanotify watches, or a lock on the file. */
struct fdinfo_watch {
	uint64_t fd;		/* epoll: the descriptor, in the process that added it */
	uint64_t wd;		/* inotify: number of the watch */
	uint64_t events;	/* EPOLL*, IN_*, FAN_* */
	uint64_t inode, dev;	/* dev as the kernel keeps it: major << 20 | minor */
	uint64_t mount;		/* fanotify: id of a whole mount */
};

struct fdinfo {
	uint64_t pos;
	uint64_t flags;		/* open flags, O_CLOEXEC among them */
	uint64_t mount;		/* id, as in mountinfo */
	uint64_t inode;		/* Linux 5.14 */
	uint64_t count, count_id;	/* eventfd: its value; its id, Linux 5.2 */
	bool semaphore;		/* eventfd, Linux 6.5 */
	uint64_t sigmask;	/* signalfd */
	uint64_t clock, expired;	/* timerfd: CLOCK_*; how often it has, unread */
	uint64_t left_ns, interval_ns;	/* timerfd: until it expires, 0: not armed; 0: once */
	int64_t pid;		/* pidfd: in the pid namespace of the /proc that was read; -1: gone,
				 * 0: not in there */
	uint64_t bpf_type, bpf_id;
	uint64_t sq, cq;	/* io_uring: entries that wait */
	struct bytes tun;	/* name of the interface, points into the text */
	uint64_t locks;		/* how many lines "lock:" */
	uint64_t watches;
};

/* Calls watch, if it is not NULL, for each; text is NUL terminated. Fields that are not there are
 * FDINFO_NONE. False if it has not even pos and flags. */
bool fdinfo_parse(const char *text, struct fdinfo *ret,
		  void (*watch)(void *ctx, const struct fdinfo_watch *w), void *ctx);
/* The next of the locks: "POSIX WRITE 0 EOF"; start with *at = 0. */
bool fdinfo_next_lock(const char *text, size_t *at, struct buf *ret);

/* Names of the flags and events, a blank before each but the first. */
void fdinfo_put_flags(struct buf *b, uint64_t flags);
void fdinfo_put_epoll(struct buf *b, uint64_t events);
void fdinfo_put_inotify(struct buf *b, uint64_t mask);
void fdinfo_put_signals(struct buf *b, uint64_t mask);
const char *fdinfo_clock(uint64_t clock);

#endif
