/* SPDX-License-Identifier: Apache-2.0 */
/*
 * box - reads the flight recorder (bpf/box.h): calls of all processors in the order of time.
 *
 * The programs may go on while it is read: chunks are copied first, and one that was overwritten
 * meanwhile is dropped as a whole, never shown torn. A call is shown once, however often the box is
 * read.
 */
#ifndef NSDEBUG_TRACE_BOX_H
#define NSDEBUG_TRACE_BOX_H

#include <stdint.h>

#include "bpf/box.h"

struct err;

#define BOX_SIZE_MAX (128u << 20)	/* of all processors; a copy of it is made */

struct box {
	const volatile struct box_chunk *chunks;
	unsigned int processors, each;	/* chunks of each */
	struct box_seen {
		uint64_t number, used, last;
	} *seen;			/* of each: how far it was shown */
};

/* How many chunks each processor gets of so many bytes; a power of two. */
unsigned int box_each(uint64_t size, unsigned int processors);
int box_map(struct box *b, int map, unsigned int processors, unsigned int each, struct err *e);
void box_free(struct box *b);

/* A struct sys_who before the first call of its thread, or a struct sys_call. */
typedef void box_fn(void *ctx, const void *record);

/* All that was not shown and returned at `since` or later. Returns when the last call of these
 * returned that was overwritten: before it some are missing; 0: none. */
uint64_t box_read(struct box *b, uint64_t since, box_fn *fn, void *ctx);

#endif
