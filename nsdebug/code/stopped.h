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

/* So long all together are threads waited for that do not stop; then no other one is asked. */
#define STOPPED_WAIT_NS (500 * 1000000ull)

struct stopped {
	int peer;		/* to the stopper; -1: it has ended */
	uint64_t waited_ns;	/* for threads that did not stop */
};

extern const struct snapshot_source source_stopped;	/* self: struct stopped */

#endif
