/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace signal - who sends what to processes of a container, and what becomes of it.
 */
#include <signal.h>
#include <string.h>

#include "nsdebug/cli/tool.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/life.h"
#include "nsdebug/trace/words.h"

struct signal_opts {
	struct tracer_opts tracer;
	struct stacks_opts stacks;
	bool failed;
};

static const struct opt signal_opt[] = {
	TRACER_OPTS(struct signal_opts),
	STACKS_OPTS(struct signal_opts),
	OPT(0, "failed", OPT_FLAG, struct signal_opts, failed, NULL,
	    "only those that were ignored or had no room"),
	OPT_END
};

struct signal_row {
	struct coltime time;
	uint64_t from_pid, from_host_pid, from_uid, pid, tid, host_pid, host_tid, number;
	struct bytes from, comm;
	const char *signal, *code, *action, *result, *note;
	struct col_rows frames;
	struct bytes frames_end;
};

#define C(t, f, fl, h, ...) COL(t, struct signal_row, f, fl, h, ##__VA_ARGS__)

static const struct col signal_col[] = {
	C(COL_TIME, time, COL_CLOCK, "when"),
	C(COL_STR, signal, COL_NAME, "what was sent", .least = 8),
	C(COL_U64, number, COL_HIDE, "its number"),
	C(COL_U64, from_host_pid, 0,
	  "sender on the host; null: the kernel, or who claims to be it", .head = "FROMHOSTPID"),
	C(COL_U64, from_pid, COL_WIDE, "sender in the container; 0: it is outside",
	  .head = "FROMPID"),
	C(COL_U64, from_uid, COL_HIDE, "effective user id of the sender on the host"),
	C(COL_BYTES, from, COL_CLAIMED, "name that the sender gave itself", .head = "SENDER",
	  .least = 15),
	C(COL_U64, pid, 0, "receiver in the container's pid namespace"),
	C(COL_U64, tid, COL_HIDE, "the thread that it is for; null: any of the process"),
	C(COL_U64, host_pid, COL_WIDE, "receiver on the host", .head = "HOSTPID"),
	C(COL_U64, host_tid, COL_HIDE, "the thread on the host"),
	C(COL_BYTES, comm, COL_CLAIMED, "name that the receiver gave itself", .head = "RECEIVER",
	  .least = 15),
	C(COL_STR, code, COL_WIDE, "why, as siginfo says: SI_USER is kill(2)"),
	C(COL_STR, action, COL_WIDE, "what the receiver set up: default or handler"),
	C(COL_STR, result, 0, "delivered, blocked, ignored, pending (it waits already), no room"),
	C(COL_STR, note, 0, "what is remarkable"),
	STACKS_COLS(struct signal_row),
	COL_END
};

struct listing {
	struct run *r;
	const struct signal_opts *o;
	struct life_trace life;
};

static const char *result_of(const struct life_event *e)
{
	switch (e->ret) {
	case LIFE_IGNORED:
		return "ignored";
	case LIFE_PENDING:
		return "pending";
	case LIFE_NO_ROOM:
		return "no room";
	default:
		return e->flags & LIFE_BLOCKED ? "blocked" : "delivered";
	}
}

static const char *note_of(const struct life_event *e)
{
	bool sender = !(e->flags & LIFE_NO_SENDER);
	bool ends = e->sig == SIGTERM || e->sig == SIGINT || e->sig == SIGQUIT || e->sig == SIGHUP;

	if (e->ret == LIFE_IGNORED && e->who.ns_pid == 1 && ends && !(e->flags & LIFE_HANDLED))
		return "pid 1 has no handler for it: it does not end by this";
	if (e->ret == LIFE_NO_ROOM)
		return "lost: RLIMIT_SIGPENDING is reached";
	if (e->sig == SIGKILL && !sender && !(e->flags & LIFE_CLAIMED))
		return "the kernel kills it";
	return sender && !e->other.ns_pid ? "from outside of the container" : NULL;
}

/* That a signal does nothing which does nothing by default is no failure. */
static bool has_failed(const struct life_event *e)
{
	bool idle = e->sig == SIGCHLD || e->sig == SIGCONT || e->sig == SIGURG ||
		e->sig == SIGWINCH;

	return e->ret == LIFE_NO_ROOM || (e->ret == LIFE_IGNORED && !idle);
}

static void take(void *ctx, const struct life_event *e)
{
	struct listing *l = ctx;
	bool group = e->flags & LIFE_GROUP, sender = !(e->flags & LIFE_NO_SENDER);
	char room[16];
	struct signal_row row = {
		.time = tracer_time(&l->life.tracer, e->at), .number = e->sig,
		.signal = word_signal(e->sig, room), .code = word_sicode(e->sig, e->code),
		.from_pid = sender ? e->other.ns_pid : NONE_U64,
		.from_host_pid = sender ? e->other.pid : NONE_U64,
		.from_uid = sender ? e->other.uid : NONE_U64,
		.pid = e->who.ns_pid, .host_pid = e->who.pid,
		.tid = group ? NONE_U64 : e->who.ns_tid,
		.host_tid = group ? NONE_U64 : e->who.tid, .comm = tracer_comm(&e->who),
		.action = e->flags & LIFE_HANDLED ? "handler" : "default",
		.result = result_of(e), .note = note_of(e),
	};

	if (sender)
		row.from = tracer_comm(&e->other);
	if (l->o->failed && !has_failed(e))
		return;
	row.frames = life_frames(&l->life, e, e->other.tid, &row.frames_end);
	tracer_row(&l->life.tracer, &row);
}

static void signal_run(struct run *r)
{
	struct listing l = { .r = r, .o = r->opts, .life = { .fn = take, .ctx = &l } };

	life_run(&l.life, LIFE_SIGNAL, r->in, r->opts, r->target);
}

static int signal_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	stacks_fields(opts, l, "time,signal,from_host_pid,from,pid,comm,result,note,frames");
	return tracer_layout(opts, nargs, args, l, e);
}

static const struct example signal_example[] = {
	{ "nsdebug trace signal nsd-demo --for 1s", "all signals of a second" },
	{ "nsdebug trace signal nsd-demo --for 1s --filter 'signal == SIGTERM'",
	  "who wants it to end, and does it hear" },
	{ NULL }
};

const struct tool tool_trace_signal = {
	.name = "trace signal",
	.summary = "show who sends which signal to a container, and what becomes of it",
	.about = "Senders outside of the container are shown by their host pid: a kubelet that "
		"stops a pod, a runtime, another user. A signal that a process ignores is "
		"marked; that pid 1 of a container has no handler for SIGTERM is why some take "
		"their whole grace period to stop. --stack shows from where a process of "
		"the container sent it, or what it did that the signal is about (a fault).",
	.needs = NEED_TRACE,
	.next = tracer_next,
	.mapper = stacks_mapper,
	.opts = signal_opt, .opts_size = sizeof(struct signal_opts),
	.cols = signal_col,
	.examples = signal_example,
	.setup = signal_setup,
	.run = signal_run,
};
