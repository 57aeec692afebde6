/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sampled - the snapshot source for threads that run, which stops nobody: what the kernel copies in
 * the interrupt of a timer (sample.h). All registers are known then, and up to 64 KiB of the stack.
 *
 * One that does not run in time (others have the processors), and whoever sleeps, is taken by
 * another source; so is everybody where the kernel refuses: no CAP_PERFMON, no perf events.
 */
#ifndef NSDEBUG_TRACE_SAMPLED_H
#define NSDEBUG_TRACE_SAMPLED_H

#include "nsdebug/code/snapshot.h"

struct sampled {
	int peer;		/* to the sampler; -1: there is none (any more) */
	const struct snapshot_source *other;	/* takes whom it does not */
	void *other_self;
	uint64_t waited_ns;	/* for threads that did not run */
};

extern const struct snapshot_source source_sampled;	/* self: struct sampled */

#endif
