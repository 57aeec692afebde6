/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holders - which processes hold a socket or one end of a pipe: by the links of /proc/PID/fd.
 *
 * The number of a socket or pipe is the kernel's; "socket:[1]" as the name of a file is none, for
 * a path begins with '/'. Needs CAP_SYS_PTRACE for other users' processes; those that may not be
 * read are passed over.
 */
#ifndef NSDEBUG_SYS_HOLDERS_H
#define NSDEBUG_SYS_HOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct map;

#define HOLDERS_MAX (1u << 18)

struct holder {
	uint64_t inode;
	pid_t pid;		/* on the host */
	uint32_t fd;
	bool socket;		/* or a pipe */
	bool reads, writes;	/* pipe */
};

struct holders {
	struct holder *items;
	size_t count;
	bool cut;		/* there were more than HOLDERS_MAX */
	bool sorted;
};

/* Adds those of a process, directory /proc/PID; of the inodes that are keys of `only`, unless it is
 * NULL. -1 with errno if it may not be read. */
int holders_add(struct holders *h, int dir, pid_t pid, const struct map *only);
/* All that hold it, in order of pid and fd; *count of them. */
const struct holder *holders_of(struct holders *h, bool socket, uint64_t inode, size_t *count);
void holders_free(struct holders *h);

#endif
