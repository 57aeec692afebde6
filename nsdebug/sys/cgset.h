/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cgset - all cgroups of one process, one a hierarchy, held open; and the levels above each.
 *
 * Which hierarchy a controller is in, and where the process is in that one, differs from controller
 * to controller on v1 and hybrid hosts: nothing is concluded from one about another. A limit counts
 * at every level up to the root of the hierarchy, so a level is reached from the one below it by
 * "..", exactly as often as the path has names: that never leaves the hierarchy.
 *
 * The descriptors are opened where paths may be opened, in the front; the rest is done in a child
 * that has nothing but them.
 */
#ifndef NSDEBUG_SYS_CGSET_H
#define NSDEBUG_SYS_CGSET_H

#include <stdbool.h>
#include <stddef.h>

#include "nsdebug/base/str.h"

struct arena;
struct cgroup_mounts;

#define CGSET_MAX 24		/* v1 has 13 controllers, and named hierarchies */
#define CGSET_DEPTH_MAX 64	/* levels that are looked at */

struct cgset_at {
	const char *controllers;	/* "cpu,cpuacct"; "" for v2 */
	const char *path;
	unsigned int depth;		/* names in the path; 0: the root */
	bool own;			/* target/ says so: no process of the host is in it */
	int dir;			/* O_PATH, or -1 */
};

struct cgset {
	struct cgset_at at[CGSET_MAX];
	size_t count;
};

/* Of the directory /proc/PID; where its first thread has ended, of one that lives: a thread that
 * has ended is in the roots of v1. Strings are in the arena. -1 with errno. */
int cgset_open(struct cgset *s, int proc, struct cgroup_mounts *m, struct arena *a);
void cgset_close(struct cgset *s);

/* Where "memory" is accounted: its v1 hierarchy, else v2; NULL: nowhere that is mounted. */
const struct cgset_at *cgset_find(const struct cgset *s, const char *controller);
const struct cgset_at *cgset_v2(const struct cgset *s);

/* A descriptor of the level so many above (0: itself), or -1 with errno. */
int cgset_level(const struct cgset_at *at, unsigned int up);
/* Its path: "/kubepods/pod1/c" is "/kubepods" two levels above itself. */
struct bytes cgset_path(const struct cgset_at *at, unsigned int up);

#endif
