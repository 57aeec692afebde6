/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace tcp - connections of a container: who opens, accepts and closes them, and why some fail.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "nsdebug/cli/tool.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/net.h"
#include "nsdebug/trace/words.h"

struct tcp_opts {
	struct tracer_opts tracer;
	struct stacks_opts stacks;
	bool failed;
};

static const struct opt tcp_opt[] = {
	TRACER_OPTS(struct tcp_opts),
	STACKS_OPTS(struct tcp_opts),
	OPT(0, "failed", OPT_FLAG, struct tcp_opts, failed, NULL,
	    "only what failed: no connection, no descriptor for it, a reset, no answer"),
	OPT_END
};

struct tcp_row {
	struct net_row base;
	const char *event, *error, *end, *first, *note;
	int64_t took_s, lasted_s;
	uint64_t sent, received, retransmits;
	char text[64];
};

#define C(t, f, fl, h, ...) COL(t, struct tcp_row, f, fl, h, ##__VA_ARGS__)

static const struct col tcp_col[] = {
	COL_BASE(COL_TIME, struct tcp_row, time, COL_CLOCK, "when"),
	C(COL_STR, event, 0, "connect, accept or close", .least = 7),
	NET_WHO_COLS(struct tcp_row),
	NET_LOCAL_COLS(struct tcp_row),
	NET_REMOTE_COLS(struct tcp_row),
	C(COL_STR, error, 0, "why it failed: an errno's name", .least = 12),
	C(COL_DUR, took_s, COL_WIDE,
	  "connect: until it was answered; accept: how long it waited to be accepted",
	  .head = "TOOK"),
	C(COL_DUR, lasted_s, 0, "close: how long there was a connection; null: it is older than "
	  "the trace", .head = "LASTED", .least = 7),
	C(COL_SIZE, sent, 0, "close: bytes sent, each counted once", .least = 5),
	C(COL_SIZE, received, 0, "close: bytes received", .head = "RECV", .least = 5),
	C(COL_U64, retransmits, 0, "segments sent again, of connect SYNs", .head = "RETR"),
	C(COL_STR, end, COL_WIDE, "close: how: closed, reset, timeout, error"),
	C(COL_STR, first, 0, "close: whose end was the first to close or reset it: local, remote",
	  .least = 6),
	C(COL_STR, note, 0, "what is remarkable"),
	STACKS_BASE_COLS(struct tcp_row),
	COL_END
};

struct listing {
	struct run *r;
	const struct tcp_opts *o;
	struct net_trace net;
};

static const char *connect_note(struct tcp_row *row, const struct net_event *e)
{
	if (e->ret && e->flags & NET_LOCAL_FIRST)
		return "given up; ICMP had said why, or nobody has that address";
	switch (-e->ret) {
	case 0:
		return e->flags & NET_LOCAL_FIRST ? "given up before there was an answer" : NULL;
	case ECONNREFUSED:
		return e->flags & NET_RESET ? "reset by the other end: nothing listens there" :
			"refused on the way (ICMP port unreachable)";
	case ETIMEDOUT:
		snprintf(row->text, sizeof(row->text), "no answer to %u SYNs", e->retransmits + 1);
		return row->text;
	case EHOSTUNREACH:
	case ENETUNREACH:
		return !e->since ? "no route from here" :
			"host unreachable: ICMP said so, or nobody has that address";
	case EADDRNOTAVAIL:
		return "no local port is free, or the local address is not one of here";
	default:
		return e->flags & NET_RESET ? "reset by the other end" : NULL;
	}
}

static const char *accept_note(const struct net_event *e)
{
	if (e->ret == -EMFILE)
		return "the process has no descriptor left: RLIMIT_NOFILE";
	return e->ret == -ENFILE ? "the node has no file left: fs.file-max" : NULL;
}

static const char *end_of(const struct net_event *e)
{
	if (e->flags & (NET_RESET | NET_ABORTED))
		return "reset";
	return !e->ret ? "closed" : e->ret == -ETIMEDOUT ? "timeout" : "error";
}

static const char *first_of(const struct net_event *e)
{
	if (e->flags & NET_LOCAL_FIRST)
		return "local";
	return e->flags & (NET_REMOTE_FIRST | NET_RESET) ? "remote" : NULL;
}

static const char *close_note(const struct net_event *e)
{
	if (e->flags & NET_PASSIVE && !(e->flags & NET_TAKEN))
		return "never accepted";
	if (e->flags & NET_ABORTED)
		return "reset from here: unread bytes, or SO_LINGER of 0";
	if (e->flags & NET_RESET)
		return e->flags & (NET_LOCAL_FIRST | NET_REMOTE_FIRST) ?
			"reset by the other end after that" : "reset by the other end";
	if (e->ret == -ETIMEDOUT)
		return "the other end did not answer any more";
	if (e->flags & (NET_BEGUN | NET_TAKEN))
		return NULL;
	return e->flags & NET_FORGOTTEN ? "older than this trace, or one too many to be known" :
		"older than this trace";
}

static bool has_failed(const struct net_event *e)
{
	return e->ret || e->flags & (NET_RESET | NET_ABORTED) ||
		(e->kind == NET_CONNECTED && e->flags & NET_LOCAL_FIRST);
}

static void fill_close(struct tcp_row *row, const struct net_event *e)
{
	row->event = "close";
	row->sent = e->sent;
	row->received = e->received;
	row->end = end_of(e);
	row->first = first_of(e);
	row->note = close_note(e);
	if (e->since)
		row->lasted_s = (int64_t)(e->at - e->since);
}

static void take(void *ctx, const struct net_event *e, struct bytes data)
{
	struct listing *l = ctx;
	struct tcp_row row;

	(void)data;
	if (l->o->failed && !has_failed(e))
		return;
	row_none(tcp_col, &row);
	net_fill(&l->net, l->r->target, e, &row.base);
	row.error = e->ret ? word_errno(e->ret) : NULL;
	if (e->kind == NET_CLOSED) {
		fill_close(&row, e);
	} else {
		row.event = e->kind == NET_CONNECTED ? "connect" : "accept";
		row.note = e->kind == NET_CONNECTED ? connect_note(&row, e) : accept_note(e);
		if (e->since)
			row.took_s = (int64_t)(e->at - e->since);
	}
	if (e->kind != NET_ACCEPTED)
		row.retransmits = e->retransmits;
	net_frames(&l->net, e, &row.base);
	tracer_row(&l->net.tracer, &row);
}

static void tcp_run(struct run *r)
{
	struct listing l = { .r = r, .o = r->opts, .net = { .fn = take, .ctx = &l } };

	net_run(&l.net, NET_TCP, r->in, r->opts, r->target);
}

static int tcp_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	stacks_fields(opts, l, "time,event,pid,comm,local,remote,error,lasted_s,sent,received,"
		      "retransmits,first,note,frames");
	return tracer_layout(opts, nargs, args, l, e);
}

static const struct example tcp_example[] = {
	{ "nsdebug trace tcp nsd-demo --for 1s", "connections of a second" },
	{ "nsdebug trace tcp nsd-demo --failed --for 1s", "what it cannot reach, and why" },
	{ "nsdebug trace tcp nsd-demo --for 1s --filter 'lasted_s > 5' -o jsonl",
	  "long ones, when they end" },
	{ NULL }
};

const struct tool tool_trace_tcp = {
	.name = "trace tcp",
	.summary = "show connections that a container opens, accepts, closes, or misses",
	.about = "A row when a connection is there or has failed, when it is accepted, and when "
		"the kernel is done with it: with its bytes, how long there was one, what had to "
		"be sent again, and whose end closed or reset it first. The thread is the one that "
		"connected, accepted or closed, not the one that happened to run. IPv4 addresses "
		"that an IPv6 socket wears are shown as such. A connection that is older than the "
		"trace is shown when it ends; of one that io_uring accepted only its end is. "
		"--stack shows from where it was opened, accepted or closed.",
	.needs = NEED_TRACE,
	.next = tracer_next,
	.mapper = stacks_mapper,
	.opts = tcp_opt, .opts_size = sizeof(struct tcp_opts),
	.cols = tcp_col,
	.examples = tcp_example,
	.setup = tcp_setup,
	.run = tcp_run,
};
