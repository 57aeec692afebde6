/* SPDX-License-Identifier: Apache-2.0 */
/*
 * corethreads - the threads of a core: who they are, looked at before anybody is held, and their
 * registers, from where they are held or from how a snapshot took them.
 *
 * Nothing may be stopped where that does not come about, or changes something: in a frozen cgroup,
 * in a vfork, under a debugger. Runs in a ROLE_PROC child.
 */
#ifndef NSDEBUG_CODE_CORETHREADS_H
#define NSDEBUG_CODE_CORETHREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/base/map.h"
#include "nsdebug/code/corefile.h"
#include "nsdebug/code/snapshot.h"

struct held;

struct corethreads {
	struct snapshot s;		/* of before */
	struct process *p;
	struct map by_tid;		/* its threads */
	int dir;			/* /proc/PID, the caller's */
	struct core_thread *items;	/* the process's first is the first */
	size_t count, unknown, partial;	/* with no registers; with the stack's two or a few */
	size_t general;			/* with the general ones, but no others */
	size_t missed;			/* were not held in time */
	uint64_t *sps;			/* ascending; of those that are known */
	size_t nsps;
	char why[192];			/* of one without registers */
};

/* Looks at all threads; with a source it takes their registers. -1 with *e. */
int corethreads_look(struct corethreads *t, int dir, pid_t pid,
		     const struct snapshot_source *source, void *self, struct err *e);
/* Why its threads are not to be stopped; NULL: they may be. *frozen: for they stand still. */
const char *corethreads_refuse(const struct corethreads *t, bool *frozen);
/* While they are held. Not whole: there are others, which are not. */
void corethreads_held(struct corethreads *t, const struct held *h, bool whole);
/* As the source took them. */
void corethreads_taken(struct corethreads *t);
void corethreads_free(struct corethreads *t);

/* A source that only looks who is there. */
extern const struct snapshot_source source_look;

#endif
