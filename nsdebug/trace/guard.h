/* SPDX-License-Identifier: Apache-2.0 */
/*
 * guard - trace --lossless: the target is stopped while the reader is behind, and never for good.
 *
 * The programs stop a process by SIGSTOP when the ring is more than half full (bpf/hold.h); the
 * tracer, which may signal nobody, tells the guardian whenever it has read all, and the guardian
 * continues what was stopped. The guardian is a process beside the tracer with CAP_KILL and one
 * signal, SIGCONT. It outlives all others: it has a session and a cgroup of its own, takes no
 * signal but SIGKILL, and when the tracer is gone, however it ended, it first shuts the door to
 * further stops, then continues all that are stopped, and then ends. Should the guardian be killed,
 * the tracer shuts the door, and the front continues them. The cgroup is empty then, and removed by
 * the front; if that was killed, by the next one.
 *
 * A process is named by its pid and the time when it began, and signalled through a pidfd whose
 * identity was compared: a pid that was used again is never meant. What somebody else stopped by
 * SIGSTOP, before or meanwhile, stays stopped.
 */
#ifndef NSDEBUG_TRACE_GUARD_H
#define NSDEBUG_TRACE_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/hold.h"

struct child;
struct err;
struct inside;
struct spawn;

struct guard {
	int map;		/* of struct holds; made by the front, used by the programs */
	volatile struct holds *holds;
	int procfs;
	/* The cgroup: its directory, its parent's, and the parent's cgroup.procs; or -1. */
	int cgroup, top, procs;
	uint64_t seen[HOLD_SLOTS];
	uint64_t groups[HOLD_SLOTS / HOLD_GROUP];
};

/* In the front, before its children are started. ST_PRIVILEGE without CAP_KILL. */
int guard_make(struct guard **ret, struct err *e);
/* In the front: enter_spawn() of the guardian, into its cgroup if that can be. */
int guard_spawn(struct guard *g, struct child *c, struct spawn *s, struct err *e);
/* In the front, when the children have ended: continues what is still stopped. */
void guard_free(struct guard **g);

/* The whole of a ROLE_GUARDIAN child; the guard is its spawn's. */
void guard_serve(struct inside *in, struct guard *g);

/* In the tracer: from here on, and from there on no more, processes are stopped. -1: there is no
 * guardian. */
int guard_open(struct guard *g, const struct inside *in, struct err *e);
void guard_shut(struct guard *g);
/* In the tracer, when all that waited was read; `told` is how many stops it knows of. */
void guard_tell(struct guard *g, const struct inside *in, uint64_t *told);

#endif
