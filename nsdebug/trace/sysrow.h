/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sysrow - what traces have in common that show calls of some kind, one by one.
 */
#ifndef NSDEBUG_TRACE_SYSROW_H
#define NSDEBUG_TRACE_SYSROW_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/out/col.h"
#include "nsdebug/trace/stacks.h"
#include "nsdebug/trace/sys.h"
#include "nsdebug/trace/tracer.h"

struct expr;

struct sysrow_opts {
	struct tracer_opts tracer;
	struct stacks_opts stacks;
	bool failed, timed;
	uint64_t slower;	/* for those who have an option for it */
};

#define SYSROW_OPTS \
	TRACER_OPTS(struct sysrow_opts), \
	STACKS_OPTS(struct sysrow_opts), \
	OPT(0, "failed", OPT_FLAG, struct sysrow_opts, failed, NULL, "only those that failed"), \
	OPT('T', "took", OPT_FLAG, struct sysrow_opts, timed, NULL, \
	    "how long each took; a --filter by took_s implies it")

/* Of the programs, all but which calls. */
struct sys_want sysrow_want(const struct sysrow_opts *o, const struct expr *filter);

/* What their rows begin with, as `base`. */
struct sysrow {
	struct coltime time;
	uint64_t pid, tid, host_pid, host_tid, uid;
	int64_t took_s;
	struct bytes comm;
	const char *error;
	struct col_rows frames;
	struct bytes frames_end;
};

#define SYSROW_WHO_COLS(s) \
	COL_BASE(COL_TIME, s, time, COL_CLOCK, "when it returned"), \
	COL_BASE(COL_U64, s, pid, 0, "number in the container's pid namespace"), \
	COL_BASE(COL_U64, s, tid, COL_WIDE, "the thread's number there"), \
	COL_BASE(COL_U64, s, host_pid, COL_WIDE, "number on the host", .head = "HOSTPID"), \
	COL_BASE(COL_U64, s, host_tid, COL_HIDE, "the thread's number on the host"), \
	COL_BASE(COL_U64, s, uid, COL_HIDE, "effective user id in the container"), \
	COL_BASE(COL_BYTES, s, comm, COL_CLAIMED, "name that the process gave itself", \
		 .least = 15)

#define SYSROW_RESULT_COLS(s) \
	COL_BASE(COL_STR, s, error, 0, "why it failed", .least = 7), \
	COL_BASE(COL_DUR, s, took_s, 0, "how long it took, with -T", .head = "TOOK")

/* All of it, in a row of row_none(); the frames live until the next call. */
void sysrow_fill(struct sys_trace *t, const struct target *target, const struct sys_call *c,
		 const struct who *w, struct sysrow *row);

#endif
