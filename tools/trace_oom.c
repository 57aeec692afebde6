/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace oom - processes of a container that are killed because there is no memory left.
 */
#include <string.h>

#include "nsdebug/cli/tool.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/life.h"

#define PAGE 4096	/* of x86-64 */

struct oom_opts {
	struct tracer_opts tracer;
	struct stacks_opts stacks;
};

static const struct opt oom_opt[] = {
	TRACER_OPTS(struct oom_opts),
	STACKS_OPTS(struct oom_opts),
	OPT_END
};

struct oom_row {
	struct coltime time;
	uint64_t pid, host_pid, uid, host_uid, rss, anon, file, shmem, swap, limit, usage;
	uint64_t trigger_pid, trigger_host_pid;
	int64_t score_adj;
	struct bytes comm, trigger;
	const char *note;
	struct col_rows frames;
	struct bytes frames_end;
};

#define C(t, f, fl, h, ...) COL(t, struct oom_row, f, fl, h, ##__VA_ARGS__)

static const struct col oom_col[] = {
	C(COL_TIME, time, COL_CLOCK, "when"),
	C(COL_U64, pid, 0, "victim in the container's pid namespace"),
	C(COL_U64, host_pid, COL_WIDE, "victim on the host", .head = "HOSTPID"),
	C(COL_U64, uid, COL_WIDE, "its effective user id in the container"),
	C(COL_U64, host_uid, COL_HIDE, "its effective user id on the host"),
	C(COL_BYTES, comm, COL_NAME | COL_CLAIMED, "name that it gave itself",
	  .head = "VICTIM"),
	C(COL_SIZE, rss, 0, "its resident memory: anon, file and shmem"),
	C(COL_SIZE, anon, COL_HIDE, "anonymous memory"),
	C(COL_SIZE, file, COL_HIDE, "pages of files"),
	C(COL_SIZE, shmem, COL_HIDE, "shared memory"),
	C(COL_SIZE, swap, COL_WIDE, "what of it is swapped out"),
	C(COL_SIZE, limit, 0, "tightest memory limit above it; null: there is none"),
	C(COL_SIZE, usage, 0, "what that cgroup used"),
	C(COL_I64, score_adj, COL_WIDE, "its oom_score_adj"),
	C(COL_BYTES, trigger, COL_CLAIMED, "who asked for memory when there was none"),
	C(COL_U64, trigger_pid, COL_HIDE, "its number in the container; 0: it is outside"),
	C(COL_U64, trigger_host_pid, COL_WIDE, "its number on the host"),
	C(COL_STR, note, 0, "what is remarkable"),
	STACKS_COLS(struct oom_row),
	COL_END
};

struct listing {
	struct run *r;
	struct life_trace life;
};

/* The kernel sums such counters up by halves: what is shown may be some pages off, and below 0. */
static uint64_t bytes_of(int64_t pages)
{
	return pages > 0 ? (uint64_t)pages * PAGE : 0;
}

static void take(void *ctx, const struct life_event *e)
{
	struct listing *l = ctx;
	const struct life_oom *o = (const struct life_oom *)e;
	const struct target *t = l->r->target;
	struct oom_row row = {
		.time = tracer_time(&l->life.tracer, e->at), .pid = e->who.ns_pid,
		.host_pid = e->who.pid, .uid = tracer_uid(t, &e->who), .host_uid = e->who.uid,
		.comm = tracer_comm(&e->who), .anon = bytes_of(o->anon), .file = bytes_of(o->file),
		.shmem = bytes_of(o->shmem), .swap = bytes_of(o->swap),
		.limit = o->limit ? o->limit * PAGE : NONE_U64,
		.usage = o->limit ? o->usage * PAGE : NONE_U64, .score_adj = o->score_adj,
		.trigger = tracer_comm(&e->other), .trigger_pid = e->other.ns_pid,
		.trigger_host_pid = e->other.pid,
	};

	row.rss = row.anon + row.file + row.shmem;
	if (e->flags & LIFE_DEEP)
		row.note = "its cgroup lies so deep that a limit above it may be missing here";
	else if (!o->limit)
		row.note = "no limit is set: the node itself had no memory left";
	else if (!e->other.ns_pid)
		row.note = "another one than the container asked for memory";
	row.frames = life_frames(&l->life, e, e->other.tid, &row.frames_end);
	tracer_row(&l->life.tracer, &row);
}

static void oom_run(struct run *r)
{
	struct listing l = { .r = r, .life = { .fn = take, .ctx = &l } };

	life_run(&l.life, LIFE_OOM, r->in, r->opts, r->target);
}

static int oom_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	l->human = true;
	stacks_fields(opts, l, "time,pid,comm,rss,limit,usage,trigger,note,frames");
	return tracer_layout(opts, nargs, args, l, e);
}

static const struct example oom_example[] = {
	{ "nsdebug trace oom nsd-demo --for 1s", "victims of the next second" },
	{ "nsdebug trace oom nsd-demo --for 1s -o jsonl", "all that the kernel knew" },
	{ NULL }
};

const struct tool tool_trace_oom = {
	.name = "trace oom",
	.summary = "show processes of a container that the kernel kills for want of memory",
	.about = "With the limit that was reached, what the victim had, and who asked for the "
		"memory that was not there: not always the victim. It costs nothing until it "
		"happens. --stack shows from where that process asked, if it is of the container.",
	.needs = NEED_TRACE,
	.next = tracer_next,
	.mapper = stacks_mapper,
	.opts = oom_opt, .opts_size = sizeof(struct oom_opts),
	.cols = oom_col,
	.examples = oom_example,
	.setup = oom_setup,
	.run = oom_run,
};
