/* SPDX-License-Identifier: Apache-2.0 */
/*
 * near - the running containers of the node, by name and first process: for verbs that say what a
 * container shares, and with whom.
 *
 * The front collects them before the child is started. A process is the named one only while it has
 * the start time that goes with it; a container that began or ended meanwhile is missing.
 */
#ifndef NSDEBUG_TARGET_NEAR_H
#define NSDEBUG_TARGET_NEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;
struct emit;
struct err;

#define NEAR_MAX 4096		/* a node runs some hundred */

struct neighbour {
	const char *name;	/* the word for it: "docker://web", "prod/shop/app" */
	const char *id;		/* that its cgroup may be named after */
	pid_t pid;
	uint64_t start;		/* clock ticks after boot */
};

struct near {
	struct neighbour *items;
	size_t count;
	bool cut;		/* there were more than NEAR_MAX */
	unsigned int broken;	/* state files that could not be read */
	struct arena *arena;	/* owned; of everything */
};

int near_collect(struct near *n, struct err *e);
/* Says that not all of them have a name here. */
void near_say(const struct near *n, struct emit *e);
void near_free(struct near *n);

#endif
