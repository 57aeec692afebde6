/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capable - what programs that watch checks of capabilities (bpf/capable.h) need to know.
 */
#ifndef NSDEBUG_TRACE_CAPABLE_H
#define NSDEBUG_TRACE_CAPABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/cap.h"

struct err;

enum capable_hook {
	CAPABLE_NONE,
	CAPABLE_TRACEPOINT,	/* Linux 6.14: raw_tp/cap_capable */
	CAPABLE_FEXIT,		/* before it, where the kernel allows that: fexit/cap_capable */
};

struct capable {
	enum capable_hook hook;
	int symbols;		/* /proc/kallsyms (struct aids), or -1 */
	bool asked;		/* checks that only ask are told from others */
	uint64_t askers[CAP_ASKERS];
	const volatile __u64 *left_out;		/* checks of runtimes, in the programs' memory */
	const struct cap_count *counts;	/* [CAP_CALLS][CAP_MAX], mapped; or NULL */
};

/* Which of these this kernel has. A program's arguments are not checked when it is loaded, so it is
 * done here, of the kernel's own types. ST_NOTHING with the reason: none. */
int capable_hook(struct capable *c, struct err *e);
/* The kernel has no tracepoint and refuses the other: ret is what it said, negative. */
int capable_refused(int ret, struct err *e);
/*
 * Where the kernel's functions are through which it asks when it only wants to know. `symbols` is
 * /proc/kallsyms, as the front opened it (struct aids), or -1. False: it tells no addresses, and
 * such checks cannot be told from the others.
 */
bool capable_askers(int symbols, uint64_t askers[CAP_ASKERS]);
/* Maps the counters, which are read behind the seal. */
int capable_map(struct capable *c, int map, struct err *e);

#endif
