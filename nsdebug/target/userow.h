/* SPDX-License-Identifier: Apache-2.0 */
/*
 * userow - a use of a file, socket or pipe as a row: its columns, and how they are filled.
 *
 * Names of processes, paths, and addresses of unix sockets are the target's word; all else is the
 * kernel's.
 */
#ifndef NSDEBUG_TARGET_USEROW_H
#define NSDEBUG_TARGET_USEROW_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/out/col.h"
#include "nsdebug/target/uses.h"

struct arena;

#define USEROW_PEERS_MAX 64	/* processes at the other end of one */
#define USEROW_WATCHES_MAX 4096

struct watch_row {
	uint64_t fd, wd, inode, mount_id;
	struct bytes events;
	const char *device;
};

struct peer_row {
	uint64_t pid, host_pid, fd;
	const char *container;
	struct bytes comm;
};

struct use_row {
	uint64_t pid, host_pid, fd, size, allocated, pos, nlink, inode, mount_id, deleted;
	uint64_t local_port, remote_port, rqueue, wqueue, bound_inode, peer_inode, peer_count,
		netns, interface;
	uint64_t count, semaphore, expired, of_pid, of_host_pid, bpf_type, bpf_id, watch_count;
	int64_t left_s, interval_s;
	const char *assoc, *type, *mode, *state, *device, *rdev, *family, *protocol, *sock_type,
		*bound_device, *clock, *odd, *ref;
	struct bytes comm, path, mount, local, remote, peer, name;
	struct col_list flags, signals, locks;
	struct col_rows watches, peers;
};

extern const struct col use_cols[];

struct userow {
	struct uses *uses;
	bool node;		/* other ends were looked for in the whole node */
	struct arena *arena;	/* of the last rows */
	size_t made, cut_peers, cut_watches;
	const struct descr *d;	/* that the row is about */
	struct end_peer peers[USEROW_PEERS_MAX];
};

/* What *row points to is good until the next row. */
void userow_fill(struct userow *j, struct use_row *row, const struct use *u, int dir,
		 const char *name, const struct descr *d);
/* Says how often something was left out. */
void userow_say_cuts(const struct userow *j);
void userow_free(struct userow *j);

#endif
