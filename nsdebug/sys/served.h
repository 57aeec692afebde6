/* SPDX-License-Identifier: Apache-2.0 */
/*
 * served - which files may be read without asking a server that never answers.
 *
 * Those on a file system that a mount table names, and not as one that asks a server: the
 * target's, that of the process (which may have made a mount namespace of its own), or ours. A
 * mount that was taken out of them (umount -l) is in none and its file system goes on: what is not
 * known is served. Memory that has a file, a memfd or shared memory, is on mounts of the kernel's
 * own. Nothing here asks a server.
 */
#ifndef NSDEBUG_SYS_SERVED_H
#define NSDEBUG_SYS_SERVED_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/sys/mounts.h"

struct served {
	const struct mounts *target;	/* NULL: nothing is served */
	int procfs;			/* of the host */
	struct arena *host_arena, *own_arena;
	struct mounts host, own;	/* read when they are needed */
	uint64_t own_ns;		/* the mount namespace that `own` is of */
};

void served_init(struct served *x, const struct mounts *target, int procfs);
void served_free(struct served *x);
/* Of a file with this device, as maps tells it. dir: /proc/PID of who has it mapped, or -1. */
bool served_device(struct served *x, int dir, uint32_t major, uint32_t minor);
/* The same of an open one, whose mount is known, too (0: the kernel does not tell it). */
bool served_mount(struct served *x, int dir, uint64_t mount, uint32_t major, uint32_t minor);
/* Is it memory that has a file? */
bool served_is_memory(const struct served *x, uint32_t major, uint32_t minor);

#endif
