/* SPDX-License-Identifier: Apache-2.0 */
/*
 * next - how the cgroup of a container will be called that is not there yet.
 *
 * Runtimes name cgroups after ids. So what can be waited for is an id that its user chooses (runc,
 * crun, ctr), the id of a container that exists and will be started (docker create, docker restart,
 * podman create), a pod's cgroup by its name, and the next container of a pod that is there: its id
 * is not known, but it will be made below the pod's cgroup. Which of the pod's that is cannot be
 * told before it is there, so a word for one of them means them all. A name that docker or podman
 * will have to make up an id for cannot.
 */
#ifndef NSDEBUG_TARGET_NEXT_H
#define NSDEBUG_TARGET_NEXT_H

#include <stdbool.h>

#define NEXT_MAX 16
#define NEXT_ROOM 128

struct err;
struct target;
struct target_want;

struct next {
	char names[NEXT_MAX][NEXT_ROOM];	/* any of these, without what is above it */
	unsigned int count;
	bool below;		/* a cgroup that is made below one of these is meant, too */
	bool runs;		/* a container of that name runs: its next start is waited for */
};

/* Makes a target without a process: only its name, .next, .host.pid and .host.user are set.
 * ST_USAGE if that cannot be waited for. */
int target_next(struct target *t, struct next *n, const char *word, const struct target_want *want,
		struct err *e);

#endif
