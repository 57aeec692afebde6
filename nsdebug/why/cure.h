/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cure - what to change so that it is not refused, with the container still nonroot.
 *
 * Never a privileged container, never root, never more than one capability. Pure: words from a
 * reason. Empty words where there is no cure of that sort: a profile or an option is only offered
 * with a path in it if nothing in that path could mean something to a shell or to YAML.
 *
 * A nonroot process has no capability by being in a container that was given one: Kubernetes and
 * docker put it into the bounding set only, from where a program's own (setcap) raises it. podman
 * makes it ambient.
 */
#ifndef NSDEBUG_WHY_CURE_H
#define NSDEBUG_WHY_CURE_H

#include <stdint.h>

#include "nsdebug/why/access.h"

struct creds;
struct reason;

#define CURE_TEXT 640

struct cure {
	char text[CURE_TEXT];		/* one line for people */
	char kubernetes[CURE_TEXT];	/* YAML of a pod; CONTAINER stands for its name */
	char docker[CURE_TEXT];		/* options of docker run */
	char podman[CURE_TEXT];		/* options of podman run */
	char image[CURE_TEXT];		/* a line of its Dockerfile besides; podman does without */
};

/* As the container numbers them: user and group of who asks, and the group of the reason's file.
 * Where a cure is for the host, it names the host's ids. */
void cure_of(const struct reason *r, const struct creds *c, enum access_op op,
	     uint32_t inside_uid, uint32_t inside_gid, uint32_t inside_group, struct cure *ret);

#endif
