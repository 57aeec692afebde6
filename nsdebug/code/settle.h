/* SPDX-License-Identifier: Apache-2.0 */
/*
 * settle - are the maps, and the files that were opened by them, those of the moment in which each
 * thread was copied? Else frames would be named after functions in which nobody was.
 *
 * Code that is mapped and run for the first time makes a page fault, and the process counts those:
 * where none came since before the maps were read, all is well. Else the maps are read again. They
 * are true of a thread that did not run since it was copied, as nobody unmaps what a thread is in;
 * one that did is copied anew, and the files that its stack leads to are looked at right after.
 */
#ifndef NSDEBUG_CODE_SETTLE_H
#define NSDEBUG_CODE_SETTLE_H

#include "nsdebug/code/snapshot.h"

/* Just after one was copied that runs: that is looked at now, as there is no telling later. */
void settle_thread(struct snapshot *s, struct process *p, struct thread *t, int dir);
/* After threads were taken and modules opened. Refuses those of which it cannot be known. */
void settle(struct snapshot *s, struct process *p, const struct snapshot_source *source,
	    void *self);

#endif
