/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deadpath - why a path was refused to a container that has no process any more, by what its files
 * are now. In a ROLE_READER child.
 *
 * Links are followed within the container's tree alone. What was mounted is not among its files:
 * of that, of ids that are not the files' own, and of root, whose capabilities nobody wrote down,
 * nothing is said but that.
 */
#ifndef NSDEBUG_WHY_DEADPATH_H
#define NSDEBUG_WHY_DEADPATH_H

#include <stdbool.h>

struct arena;
struct ending;
struct look_ids;
struct reason;

/* True: *ret says which component refuses it by its mode. Else *why_not, in words, or NULL: nothing
 * refuses it. */
bool deadpath_judge(const struct ending *x, const struct look_ids *as, const char *path,
		    struct arena *a, struct reason *ret, const char **why_not);

#endif
