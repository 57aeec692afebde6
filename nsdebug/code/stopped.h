/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stopped - the snapshot source for threads that run: the stopper (stop.h) holds one while its
 * stack is copied here. All registers are known then.
 *
 * A thread that could not be stopped, or whose stop would change something, is refused before it
 * is asked for: in an uninterruptible sleep, frozen, traced, waiting for its vfork child. What
 * does not run is then taken as source_blocked does, and the note says why it was not stopped.
 */
#ifndef NSDEBUG_CODE_STOPPED_H
#define NSDEBUG_CODE_STOPPED_H

#include "nsdebug/code/snapshot.h"

struct stopped {
	int peer;		/* to the stopper; -1: there is none (any more) */
	int self;		/* directory /proc/self, for cgroups; or -1 */
	pid_t frozen_of;	/* process that `frozen` is about */
	bool frozen;
	char lost[96];		/* why there is no stopper */
};

/* procfs: the host's /proc. What is opened here goes with the child's rights. */
void stopped_init(struct stopped *x, int peer, int procfs);

extern const struct snapshot_source source_stopped;	/* self: struct stopped */

#endif
