/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gorows - all goroutines of a process as rows.
 */
#ifndef NSDEBUG_CODE_GOROWS_H
#define NSDEBUG_CODE_GOROWS_H

#include <stddef.h>
#include <stdint.h>

#include "nsdebug/code/gotake.h"

struct debugfiles;
struct emit;
struct lines;
struct process;

/* p has all threads, held (or NULL) those that were stopped. */
struct go_process {
	const struct process *p, *held;
	struct go_taken taken[GO_RUNTIMES_MAX];
	size_t count;
};

struct go_rows {
	struct emit *emit;
	struct debugfiles *files;
	struct lines *lines;		/* or NULL */
	size_t max_frames;
	/* are added to */
	uint64_t shown, missed;		/* of which no frame is known */
	uint64_t cut;			/* by a limit */
};

/* Says itself what is wrong. */
void go_rows(struct go_rows *k, const struct go_process *g);

#endif
