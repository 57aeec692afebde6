/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iterated - the snapshot source that knows all registers and stops nobody: threads that are off
 * the processors, whether they wait or only wait their turn, as the iterator (iterate.h) has the
 * kernel copy them.
 *
 * The program that copies says of each thread whether it ran meanwhile (bpf/snap.bpf.c says why
 * that can be known); only what did not is taken. Who is left, and everybody if there is no
 * iterator, is taken by another source.
 */
#ifndef NSDEBUG_TRACE_ITERATED_H
#define NSDEBUG_TRACE_ITERATED_H

#include "nsdebug/base/map.h"
#include "nsdebug/code/snapshot.h"

struct iterated {
	int peer;		/* to the iterator; -1: there is none (any more) */
	const struct snapshot_source *other;	/* takes whom it does not */
	void *other_self;
	struct map tasks;	/* of the process that is being taken: struct task_copy, by tid */
	bool answered;		/* it has, once */
};

extern const struct snapshot_source source_iterated;	/* self: struct iterated */

void iterated_free(struct iterated *x);

#endif
