/* SPDX-License-Identifier: Apache-2.0 */
/*
 * standing - the snapshot source that stops all threads of a process at once (held.h), so that
 * their stacks are of one moment: who holds what, and who waits for it.
 *
 * While they stand only registers and stacks are copied; what they are doing is read before, for
 * those that wait are awake afterwards, all else after. Who cannot be held (traced by somebody
 * else) or need not be (asleep in the kernel, where no signal ends it) is taken as source_blocked
 * does, or else by another source, and the note says so. If they had to be let go before all was
 * copied, nothing of that counts, and all are taken so.
 */
#ifndef NSDEBUG_CODE_STANDING_H
#define NSDEBUG_CODE_STANDING_H

#include "nsdebug/base/map.h"
#include "nsdebug/code/snapshot.h"

struct standing {
	int peer;		/* to the stopper */
	uint64_t max_ns;	/* that a process is held at most */
	const struct snapshot_source *other;	/* takes who runs and was not held */
	void *other_self;
	struct map copies;	/* of the process that is being taken: struct thread, by tid */
	char why[160];		/* why none of it counts; empty: it does */
	int64_t held_ns;	/* how long they were held then */
	bool late;		/* one of its threads did not stop in time */
	uint64_t apart;		/* processes that were not held whole */
};

extern const struct snapshot_source source_standing;	/* self: struct standing */

void standing_free(struct standing *x);

#endif
