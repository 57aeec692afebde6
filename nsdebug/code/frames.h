/* SPDX-License-Identifier: Apache-2.0 */
/*
 * frames - the frames of a stack as rows: what `stack` shows of a thread, and traces with --stack
 * of an event.
 */
#ifndef NSDEBUG_CODE_FRAMES_H
#define NSDEBUG_CODE_FRAMES_H

#include <stdint.h>

#include "nsdebug/base/str.h"
#include "nsdebug/code/names.h"
#include "nsdebug/out/col.h"

struct arena;

struct frame_row {
	uint64_t n, pc, offset;
	struct bytes function, module, text, file;
	const char *build_id, *method, *source;
	uint64_t guess, line, inlined;
	uint64_t run;		/* of equal ones, how many it stands for */
};

extern const struct col frame_cols[];

/* All frames that fit into a row: if not all do, the trace says so too. The mark of an early end
 * stands behind the last. They are the arena's or the names'. */
struct col_rows frame_rows(struct trace *t, struct names *names, struct arena *a);

#endif
