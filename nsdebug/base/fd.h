/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fd - reading and writing whole things through descriptors.
 */
#ifndef NSDEBUG_BASE_FD_H
#define NSDEBUG_BASE_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct buf;
struct err;

/*
 * Reads a small kernel file below dirfd into text[room], NUL terminated. Returns its length or -1
 * with errno. A longer file is cut, so room must be chosen for the file (E2BIG is not reported).
 * It is one read: only for files that the kernel writes as one record (single_open() of its
 * seq_file: stat, status, comm, those of cgroups), not for lists like uid_map.
 */
ssize_t fd_read_at(int dirfd, const char *path, char *text, size_t room);

/* Appends all of fd to b, at most cap bytes. Returns 1 if there was more, 0 at the end, -1. */
int fd_read_all(int fd, struct buf *b, size_t cap);
/* The same for a file below dirfd. */
int fd_read_file(int dirfd, const char *path, struct buf *b, size_t cap);

/* Writes everything or returns -1 with errno; goes on after EINTR and short writes. */
int fd_write_all(int fd, const void *bytes, size_t len);

/* A message on a socket, and a descriptor along with it if fd is one. */
bool fd_give(int sock, const void *bytes, size_t len, int fd);
/* The same without waiting for room: for who must not hang on one that does not read. */
bool fd_offer(int sock, const void *bytes, size_t len, int fd);
/* A message of exactly len bytes, and the descriptor that came along, or -1. */
bool fd_take(int sock, void *to, size_t len, int *fd);

/* openat2(2) in one line; `resolve` is RESOLVE_*. Linux 5.6. EAGAIN (a rename raced the walk) is
 * tried again a few times. */
int fd_openat2(int dirfd, const char *path, int flags, unsigned long long resolve);

#endif
