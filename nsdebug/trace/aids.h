/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aids - what a profile is given that only root of the host may open: the front opens it, for the
 * tracer has no rights but CAP_BPF and CAP_PERFMON.
 *
 * None of the two is needed: without them kernel frames are addresses, and what the programs took
 * is not known, which is said.
 */
#ifndef NSDEBUG_TRACE_AIDS_H
#define NSDEBUG_TRACE_AIDS_H

#include <stdbool.h>

struct aids {
	int symbols;	/* /proc/kallsyms, which shows addresses to who opened it as root; or -1 */
	int stats;	/* as long as it is open, the kernel measures all BPF programs; or -1 */
};

#define AIDS_NONE { -1, -1 }

/* all: also what slows programs down. */
void aids_open(struct aids *a, bool all);
void aids_close(struct aids *a);

#define auto_aids __attribute__((cleanup(aids_close)))

#endif
