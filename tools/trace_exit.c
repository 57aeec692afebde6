/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace exit - how processes of a container end.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "nsdebug/cli/tool.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/life.h"
#include "nsdebug/trace/words.h"

#define CORE_DUMPED 0x80	/* wait(2) */

struct exit_opts {
	struct tracer_opts tracer;
	struct stacks_opts stacks;
	bool failed;
};

static const struct opt exit_opt[] = {
	TRACER_OPTS(struct exit_opts),
	STACKS_OPTS(struct exit_opts),
	OPT(0, "failed", OPT_FLAG, struct exit_opts, failed, NULL,
	    "only those that ended by a signal or with another status than 0"),
	OPT_END
};

struct exit_row {
	struct coltime time;
	uint64_t pid, host_pid, ppid, host_ppid, uid, host_uid, status, core;
	uint64_t tid, host_tid;
	int64_t lifetime_s;
	struct bytes comm, parent;
	const char *signal, *ended;
	struct col_rows frames;
	struct bytes frames_end;
};

#define C(t, f, fl, h, ...) COL(t, struct exit_row, f, fl, h, ##__VA_ARGS__)

static const struct col exit_col[] = {
	C(COL_TIME, time, COL_CLOCK, "when"),
	C(COL_U64, pid, 0, "number in the container's pid namespace"),
	C(COL_U64, host_pid, COL_WIDE, "number on the host", .head = "HOSTPID"),
	C(COL_U64, ppid, COL_WIDE, "parent's number there; 0: outside of it"),
	C(COL_U64, host_ppid, COL_HIDE, "parent's number on the host", .head = "HOSTPPID"),
	C(COL_U64, uid, 0, "effective user id in the container"),
	C(COL_U64, host_uid, COL_HIDE, "effective user id on the host", .head = "HOSTUID"),
	C(COL_DUR, lifetime_s, 0, "since it was forked", .head = "LIFETIME", .least = 9),
	C(COL_U64, status, COL_HIDE, "exit status; null if a signal ended it"),
	C(COL_STR, signal, COL_HIDE, "the signal that ended it"),
	C(COL_BOOL, core, COL_HIDE, "its memory was dumped"),
	C(COL_STR, ended, COL_NOJSON, "exit status, or the signal that ended it",
	  .head = "STATUS", .least = 7),
	C(COL_BYTES, parent, COL_WIDE | COL_CLAIMED, "name that the parent gave itself"),
	C(COL_BYTES, comm, COL_NAME | COL_CLAIMED, "name that it gave itself",
	  .head = "COMMAND"),
	C(COL_U64, tid, COL_HIDE, "the thread whose frames these are, in the container"),
	C(COL_U64, host_tid, COL_HIDE, "the thread on the host"),
	STACKS_COLS(struct exit_row),
	COL_END
};

struct listing {
	struct run *r;
	const struct exit_opts *o;
	struct life_trace life;
};

static void take(void *ctx, const struct life_event *e)
{
	struct listing *l = ctx;
	const struct target *t = l->r->target;
	uint32_t sig = (uint32_t)e->code & 0x7f;
	char room[16], ended[64];
	struct exit_row row = {
		.time = tracer_time(&l->life.tracer, e->at), .pid = e->who.ns_pid,
		.host_pid = e->who.pid, .ppid = e->other.ns_pid, .host_ppid = e->other.pid,
		.uid = tracer_uid(t, &e->who), .host_uid = e->who.uid,
		.status = sig ? NONE_U64 : (uint32_t)e->code >> 8 & 0xff,
		.core = (e->code & CORE_DUMPED) != 0,
		.lifetime_s = (int64_t)(e->at - e->since), .comm = tracer_comm(&e->who),
		.parent = tracer_comm(&e->other), .signal = sig ? word_signal(sig, room) : NULL,
		.ended = ended, .tid = NONE_U64, .host_tid = NONE_U64,
	};

	if (l->o->failed && !e->code)
		return;
	if (sig)
		snprintf(ended, sizeof(ended), "%s%s", row.signal, row.core ? ", core dumped" : "");
	else
		snprintf(ended, sizeof(ended), "%u", (unsigned int)row.status);
	row.frames = life_frames(&l->life, e, e->who.tid, &row.frames_end);
	if (row.frames.count) {
		row.tid = e->stack_ns_tid;
		row.host_tid = e->stack_tid;
	}
	tracer_row(&l->life.tracer, &row);
}

static void exit_run(struct run *r)
{
	struct listing l = { .r = r, .o = r->opts, .life = { .fn = take, .ctx = &l } };

	life_run(&l.life, LIFE_EXIT, r->in, r->opts, r->target);
}

static int exit_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	stacks_fields(opts, l, "time,pid,lifetime_s,ended,comm,frames");
	return tracer_layout(opts, nargs, args, l, e);
}

static const struct example exit_example[] = {
	{ "nsdebug trace exit nsd-demo --for 1s", "what ends within a second" },
	{ "nsdebug trace exit nsd-demo --failed --for 1s -o jsonl", "what ends badly" },
	{ "nsdebug trace exit nsd-demo --for 1s --filter 'lifetime_s < 100ms'",
	  "what hardly lived" },
	{ NULL }
};

const struct tool tool_trace_exit = {
	.name = "trace exit",
	.summary = "show how processes of a container end, and how long they lived",
	.about = "One line a process, when its last thread is gone, as the kernel tells it to the "
		"parent. It says nothing of the container's own end that its init process does "
		"not: that is the last line.\n\n"
		"--stack shows where the thread was that ended the process: in exit(3), abort(3), "
		"or at the instruction that was not allowed. Where that is not beyond doubt, none "
		"is shown, and frames_end says why. No thread ends a process that a signal from "
		"elsewhere ends (SIGTERM, SIGKILL): trace signal --stack shows who sent it; of a "
		"process with one thread only, the stack then shows where that was. Before Linux "
		"6.16 the memory is gone by then, which is said. A process that ends "
		"within milliseconds of its beginning may have addresses only.",
	.needs = NEED_TRACE,
	.next = tracer_next,
	.mapper = stacks_mapper,
	.opts = exit_opt, .opts_size = sizeof(struct exit_opts),
	.cols = exit_col,
	.examples = exit_example,
	.setup = exit_setup,
	.run = exit_run,
};
