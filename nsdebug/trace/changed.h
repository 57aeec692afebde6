/* SPDX-License-Identifier: Apache-2.0 */
/*
 * changed - at which addresses of a process other code may have come while nobody looked: what the
 * log of the programs (bpf/change.h) says of a time. Read in place, behind the seal.
 */
#ifndef NSDEBUG_TRACE_CHANGED_H
#define NSDEBUG_TRACE_CHANGED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/change.h"

#define CHANGED_MAX 64	/* more: those that are nearest to one another become one */

struct changed {
	size_t count;
	struct changed_range {
		uint64_t start, end;
	} ranges[CHANGED_MAX + 1];	/* ascending, apart from each other */
	bool all;
	bool going_on;	/* what was said of one of them is not the last word */
};

/* Of the process, or of who shares its memory, between these times, both included. Without a log
 * nobody knows: all of it. */
void changed_between(struct changed *c, const volatile struct change_log *log, uint64_t mm,
		     uint64_t pid, uint64_t from, uint64_t to);
/* Also what is changed in `other`. */
void changed_add(struct changed *c, const struct changed *other);
bool changed_at(const struct changed *c, uint64_t address);

#endif
