/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * path - the name of a directory or a file, as both sides see it.
 */
#ifndef BPF_PATH_H
#define BPF_PATH_H

#include <linux/types.h>

#define PATH_DEPTH_MAX 16	/* components; of more, those nearest to the file */
#define PATH_NAME_MAX 64	/* of each: a longer one is cut */

/* The innermost comes first; a mount point that is crossed leaves an empty one. */
struct path_names {
	__u32 depth;		/* in names[] */
	__u16 outside;		/* not below the root of the process: names of a mount */
	__u16 mode;		/* st_mode of the innermost; of what is no file, without a type */
	char names[PATH_DEPTH_MAX][PATH_NAME_MAX];
};

_Static_assert(sizeof(struct path_names) == 1032, "both sides see the same record");

#endif
