/* SPDX-License-Identifier: Apache-2.0 */
/*
 * summary - what advise says of the whole: the last row of its report, or the summary of its JSON.
 */
#ifndef NSDEBUG_ADVISE_SUMMARY_H
#define NSDEBUG_ADVISE_SUMMARY_H

#include <stdint.h>

#include "nsdebug/out/col.h"
#include "nsdebug/trace/capable.h"

struct advice;
struct buf;
struct files_unused;

struct summary {
	uint64_t complete, failed, exit_code, from_start, syscalls, files, widened, uid, gid;
	uint64_t image_files, image_size, unused_files, unused_size;
	int64_t watched_s;	/* nanoseconds */
	const char *signal;
	struct col_list capabilities;
	struct bytes seccomp, apparmor, kubernetes, docker, text;
	/* what the above may be in */
	struct bytes caps[CAP_MAX];
	char signal_room[16];
};

extern const struct col summary_cols[];

/* All that only what was seen tells: the texts, and what became of them, are the caller's. */
void summary_fill(struct summary *s, const struct advice *a, const struct files_unused *f);
/* On one line, of one that was filled. */
void summary_text(struct buf *b, const struct summary *s);

#endif
