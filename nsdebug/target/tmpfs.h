/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tmpfs - one that a container gets anew with each start, as its configuration asks for it: by the
 * options of tmpfs(5), and tmpcopyup of runc and crun, which fills it with what it hides.
 *
 * Without mode= it is 1777. runc 1.1 gives it the mode of the directory that it hides, if there is
 * one, whatever is asked for (mountToRootfs() of libcontainer/rootfs_linux.go); crun 1.8 does not.
 */
#ifndef NSDEBUG_TARGET_TMPFS_H
#define NSDEBUG_TARGET_TMPFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TMPFS_MODE 01777	/* shmem_fill_super() */

struct tmpfs {
	bool anew;		/* it is one, which nobody but the container fills */
	bool copies;		/* what it hides is in it, too */
	bool has_mode;
	uint32_t mode, uid, gid;	/* 0: root's */
};

/* One of its options. What is not understood makes it none of these. */
void tmpfs_option(struct tmpfs *t, const char *word, size_t len);

#endif
