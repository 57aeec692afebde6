/* SPDX-License-Identifier: Apache-2.0 */
/*
 * probe - which of our BPF programs this kernel takes: found by loading and attaching each, in a
 * child with the tracer's rights, for a moment and with a filter that fits no task.
 */
#ifndef NSDEBUG_TRACE_PROBE_H
#define NSDEBUG_TRACE_PROBE_H

#include <stddef.h>

#include "nsdebug/sys/feature.h"

#define PROBES_MAX 32

struct probe {
	const char *name, *used_for;
	const char *cure;		/* when it is not there */
	enum feature_state state;
	char detail[160];
};

struct err;

/* Fills all[PROBES_MAX]; how many, or -1. */
int probe_all(struct probe *all, struct err *e);

#endif
