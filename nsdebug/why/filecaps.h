/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filecaps - capabilities of a program's file (setcap, capabilities(7)), as execve(2) takes them.
 *
 * What is marked effective is refused as a whole, with EPERM, if not all that the file is to give
 * can be had: Linux security/commoncap.c, bprm_caps_from_vfs_caps(). That is so for root and under
 * no_new_privs, too. The format is struct vfs_ns_cap_data of linux/capability.h, all three
 * revisions; what is none of them gives nothing.
 */
#ifndef NSDEBUG_WHY_FILECAPS_H
#define NSDEBUG_WHY_FILECAPS_H

#include <stdbool.h>
#include <stdint.h>

struct root;

struct filecaps {
	uint64_t permitted, inheritable;
	bool effective;
	uint32_t rootid;	/* whose user namespace they are for; 0: the host's */
};

/* Of a file of the container; fd may be O_PATH. False: it has none, or they cannot be read. */
bool filecaps_read(const struct root *root, int fd, struct filecaps *ret);
/* Those for want of which it is not executed by who may have these. */
uint64_t filecaps_missing(const struct filecaps *f, uint64_t bounding);

#endif
