/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace exec - programs that start in a container, and those that could not.
 */
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/life.h"
#include "nsdebug/trace/pathput.h"
#include "nsdebug/trace/words.h"

#define ARGS_MAX 256

struct exec_opts {
	struct tracer_opts tracer;
	struct stacks_opts stacks;
	bool failed;
};

static const struct opt exec_opt[] = {
	TRACER_OPTS(struct exec_opts),
	STACKS_OPTS(struct exec_opts),
	OPT(0, "failed", OPT_FLAG, struct exec_opts, failed, NULL, "only those that failed"),
	OPT_END
};

struct exec_row {
	struct coltime time;
	uint64_t pid, host_pid, ppid, host_ppid, uid, gid, host_uid, shell;
	struct bytes comm, parent, file, cwd, command;
	struct col_list args;
	const char *error, *note;
	struct col_rows frames;
	struct bytes frames_end;
};

#define C(t, f, fl, h, ...) COL(t, struct exec_row, f, fl, h, ##__VA_ARGS__)

static const struct col exec_col[] = {
	C(COL_TIME, time, COL_CLOCK, "when"),
	C(COL_U64, pid, 0, "number in the container's pid namespace"),
	C(COL_U64, host_pid, COL_WIDE, "number on the host", .head = "HOSTPID"),
	C(COL_U64, ppid, COL_WIDE, "parent's number there; 0: outside of it"),
	C(COL_U64, host_ppid, COL_HIDE, "parent's number on the host", .head = "HOSTPPID"),
	C(COL_U64, uid, 0, "effective user id in the container"),
	C(COL_U64, gid, COL_HIDE, "effective group id in the container"),
	C(COL_U64, host_uid, COL_HIDE, "effective user id on the host", .head = "HOSTUID"),
	C(COL_BYTES, parent, COL_WIDE | COL_CLAIMED, "name that the parent gave itself"),
	C(COL_BYTES, comm, COL_HIDE | COL_CLAIMED, "name of the process"),
	C(COL_STR, error, 0, "why it failed: an errno's name", .head = "ERROR", .least = 7),
	C(COL_BYTES, cwd, COL_WIDE | COL_CLAIMED, "working directory"),
	C(COL_BYTES, file, COL_HIDE | COL_NAME | COL_CLAIMED, "file, as it was asked for"),
	C(COL_BOOL, shell, COL_HIDE, "the file is called like a shell"),
	C(COL_LIST, args, COL_HIDE | COL_CLAIMED, "arguments"),
	C(COL_STR, note, 0, "what is remarkable", .least = 5),
	C(COL_BYTES, command, COL_NOJSON | COL_CLAIMED, "arguments, or the file where it failed"),
	STACKS_COLS(struct exec_row),
	COL_END
};

struct listing {
	struct run *r;
	const struct exec_opts *o;
	struct life_trace life;
};

static size_t split_args(const struct life_exec *x, struct bytes *args)
{
	size_t n = 0, at = 0;

	while (at < x->args_len && n < ARGS_MAX) {
		size_t len = strnlen(x->args + at, x->args_len - at);

		args[n++] = (struct bytes){ x->args + at, len };
		at += len + 1;
	}
	return n;
}

static void put_command(struct buf *b, const struct bytes *args, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_char(b, ' ');
		buf_add(b, args[i].p, args[i].len);
	}
}

/* Of a script, what runs it counts. busybox is what its first argument says. */
static bool starts_shell(const struct life_exec *x, const struct bytes *args, size_t count)
{
	const char *slash = strrchr(x->file, '/'), *base = slash ? slash + 1 : x->file;

	if (!strcmp(base, "busybox") || !strcmp(base, "toybox"))
		return count > 1 && is_shell(args[1]);
	return is_shell((struct bytes){ x->file, strlen(x->file) }) ||
		is_shell((struct bytes){ x->interp, strlen(x->interp) });
}

static void take(void *ctx, const struct life_event *e)
{
	struct listing *l = ctx;
	const struct life_exec *x = (const struct life_exec *)e;
	const struct target *t = l->r->target;
	auto_buf struct buf command = { 0 }, cwd = { 0 };
	struct bytes args[ARGS_MAX];
	size_t count = split_args(x, args);
	struct exec_row row = {
		.time = tracer_time(&l->life.tracer, e->at), .pid = e->who.ns_pid,
		.host_pid = e->who.pid, .ppid = e->other.ns_pid, .host_ppid = e->other.pid,
		.uid = tracer_uid(t, &e->who), .gid = tracer_gid(t, &e->who),
		.host_uid = e->who.uid, .comm = tracer_comm(&e->who),
		.parent = tracer_comm(&e->other),
		.file = { x->file, strnlen(x->file, sizeof(x->file)) },
		.args = { args, count }, .error = e->ret ? word_errno(e->ret) : NULL,
	};

	if (l->o->failed && !e->ret)
		return;
	row.shell = starts_shell(x, args, count);
	row.note = row.shell ? "a shell" : NULL;
	if (e->ret)
		buf_add(&command, row.file.p, row.file.len);
	else
		put_command(&command, args, count);
	pathput(&cwd, &x->cwd);
	row.command = (struct bytes){ command.bytes, command.len };
	row.cwd = (struct bytes){ cwd.bytes, cwd.len };
	row.frames = life_frames(&l->life, e, e->who.tid, &row.frames_end);
	tracer_row(&l->life.tracer, &row);
}

static void exec_run(struct run *r)
{
	struct listing l = { .r = r, .o = r->opts, .life = { .fn = take, .ctx = &l } };

	life_run(&l.life, LIFE_EXEC, r->in, r->opts, r->target);
}

static int exec_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	stacks_fields(opts, l, "time,pid,uid,error,note,command,frames");
	return tracer_layout(opts, nargs, args, l, e);
}

static const struct example exec_example[] = {
	{ "nsdebug trace exec nsd-demo --for 1s", "what starts within a second" },
	{ "nsdebug trace exec nsd-demo --failed --for 1s -o jsonl", "what could not start" },
	{ NULL }
};

const struct tool tool_trace_exec = {
	.name = "trace exec",
	.summary = "show the programs that a container starts, and those that it cannot",
	.about = "From the kernel's own events, for the processes of the container's cgroup and of "
		"those below it: nothing is stopped and nothing of the host is shown. A shell in "
		"an image that should have none is marked. --stack shows who wanted a program that "
		"could not be started; one that starts has no stack yet.",
	.needs = NEED_TRACE,
	.next = tracer_next,
	.mapper = stacks_mapper,
	.opts = exec_opt, .opts_size = sizeof(struct exec_opts),
	.cols = exec_col,
	.examples = exec_example,
	.setup = exec_setup,
	.run = exec_run,
};
