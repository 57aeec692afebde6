/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cure - what to change so that it is not refused, with the container still nonroot.
 *
 * Never a privileged container, never root, never more than one capability. Pure: words from a
 * reason. Empty words where there is no cure of that sort.
 */
#ifndef NSDEBUG_WHY_CURE_H
#define NSDEBUG_WHY_CURE_H

#include "nsdebug/why/access.h"

struct creds;
struct reason;

#define CURE_TEXT 512

struct cure {
	char text[CURE_TEXT];		/* one line for people */
	char kubernetes[CURE_TEXT];	/* YAML in flow style, of a pod: a merge patch */
	char docker[CURE_TEXT];		/* options of docker run */
	char podman[CURE_TEXT];		/* options of podman run */
};

/* The ids in it are the container's own: inside_uid and inside_gid of who asks. */
void cure_of(const struct reason *r, const struct creds *c, enum access_op op,
	     uint32_t inside_uid, uint32_t inside_gid, struct cure *ret);

#endif
