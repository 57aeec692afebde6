/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace udp - whom a container exchanges UDP packets with, and what is lost on the way.
 *
 * A flow is a socket and an address at the other end. It has a row with its first packet and one
 * when it ends, with its sums: its socket was closed or its process has ended, it has been idle
 * for long, or the trace ends.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/map.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/net.h"
#include "nsdebug/trace/words.h"

#define IDLE_NS (60 * NS_PER_S)
#define FLOWS_MAX 16384		/* the one that was idle for longest ends before there are more */
#define SOCKETS_MAX 16384

struct udp_opts {
	struct tracer_opts tracer;
	struct stacks_opts stacks;
	bool failed;
	uint64_t idle;
};

static const struct opt udp_opt[] = {
	TRACER_OPTS(struct udp_opts),
	STACKS_OPTS(struct udp_opts),
	OPT(0, "failed", OPT_FLAG, struct udp_opts, failed, NULL,
	    "only errors and drops, and sums of flows that had some"),
	OPT(0, "idle", OPT_DURATION, struct udp_opts, idle, "TIME",
	    "a flow without a packet for so long has ended (60s)"),
	OPT_END
};

struct udp_row {
	struct net_row base;
	const char *event, *error, *note;
	uint64_t sent_packets, sent, received_packets, received, errors, drops;
	int64_t lasted_s;
};

#define C(t, f, fl, h, ...) COL(t, struct udp_row, f, fl, h, ##__VA_ARGS__)

static const struct col udp_col[] = {
	COL_BASE(COL_TIME, struct udp_row, time, COL_CLOCK, "when"),
	C(COL_STR, event, 0, "send or receive: a flow's first packet; error, drop: the first of "
	  "its kind; end: the sums", .least = 7),
	NET_WHO_COLS(struct udp_row),
	NET_LOCAL_COLS(struct udp_row),
	NET_REMOTE_COLS(struct udp_row),
	C(COL_STR, error, 0, "the last call that failed: an errno's name", .least = 12),
	C(COL_U64, sent_packets, 0, "end: packets, as the program sent them", .head = "OUT"),
	C(COL_SIZE, sent, 0, "end: their bytes", .least = 5),
	C(COL_U64, received_packets, 0, "end: packets that the program took", .head = "IN"),
	C(COL_SIZE, received, 0, "end: their bytes", .head = "RECV", .least = 5),
	C(COL_U64, errors, 0, "end: calls that failed", .head = "ERRS"),
	C(COL_U64, drops, 0, "end: packets for the socket, from anybody, for which there was no "
	  "room meanwhile, or before its first flow"),
	C(COL_DUR, lasted_s, COL_WIDE, "end: from the first to the last packet",
	  .head = "LASTED"),
	C(COL_STR, note, 0, "what is remarkable; end: why"),
	STACKS_BASE_COLS(struct udp_row),
	COL_END
};

struct flow {
	struct net_event e;		/* of its first packet */
	struct flow *older, *newer;	/* by its last packet */
	uint64_t last, key;
	uint64_t packets[2], bytes[2];	/* sent, received */
	uint64_t errors, drops_before;
	int32_t error;
};

struct socket_of {
	struct net_event e;		/* of the first drop */
	uint64_t drops, shown;
	struct socket_of *next;
};

struct listing {
	struct run *r;
	const struct udp_opts *o;
	struct net_trace net;
	struct map flows, sockets;
	struct flow *oldest, *newest;
	struct socket_of *all;		/* sockets */
};

static void fill(struct listing *l, struct udp_row *row, const struct net_event *e,
		 const char *event)
{
	row_none(udp_col, row);
	net_fill(&l->net, l->r->target, e, &row->base);
	row->event = event;
}

static void show(struct listing *l, struct udp_row *row)
{
	if (!l->net.tracer.enough && emit_row(l->r->emit, row))
		tracer_count(&l->net.tracer);
}

/* ---- flows ---- */

static uint64_t key_of(const struct net_event *e)
{
	uint64_t key = map_hash(MAP_HASH, &e->sock, sizeof(e->sock));

	return map_hash(key, &e->remote, sizeof(e->remote));
}

static uint64_t drops_of(struct listing *l, uint64_t sock)
{
	const struct socket_of *s = map_get(&l->sockets, sock);

	return s ? s->drops : 0;
}

/* What was dropped while a socket had no flow yet counts for the next one. */
static uint64_t drops_before(struct listing *l, uint64_t sock)
{
	const struct socket_of *s = map_get(&l->sockets, sock);

	if (!s || s->shown == s->drops)
		return s ? s->drops : 0;
	for (const struct flow *f = l->oldest; f; f = f->newer)
		if (f->e.sock == sock)
			return s->drops;
	return s->shown;
}

static void note_shown(struct listing *l, uint64_t sock)
{
	struct socket_of *s = map_get(&l->sockets, sock);

	if (s)
		s->shown = s->drops;
}

static void take_out(struct listing *l, struct flow *f)
{
	*(f->older ? &f->older->newer : &l->oldest) = f->newer;
	*(f->newer ? &f->newer->older : &l->newest) = f->older;
	f->older = f->newer = NULL;
}

static void put_in(struct listing *l, struct flow *f)
{
	f->older = l->newest;
	*(l->newest ? &l->newest->newer : &l->oldest) = f;
	l->newest = f;
}

static void end_flow(struct listing *l, struct flow *f, uint64_t at, const char *why)
{
	uint64_t drops = drops_of(l, f->e.sock), before = f->drops_before;
	struct net_event e = f->e;
	struct udp_row row;

	e.at = at;
	e.stack = STACK_NONE;
	fill(l, &row, &e, "end");
	row.sent_packets = f->packets[0];
	row.sent = f->bytes[0];
	row.received_packets = f->packets[1];
	row.received = f->bytes[1];
	row.errors = f->errors;
	row.error = f->error ? word_errno(f->error) : NULL;
	row.drops = drops > before ? drops - before : 0;
	row.lasted_s = (int64_t)(f->last - f->e.at);
	row.note = why;
	if (!l->o->failed || row.errors || row.drops)
		show(l, &row);
	note_shown(l, f->e.sock);
	take_out(l, f);
	map_take(&l->flows, f->key);
	free(f);
}

static struct flow *begin_flow(struct listing *l, const struct net_event *e, uint64_t key)
{
	struct flow *f;

	if (l->flows.used >= FLOWS_MAX)
		end_flow(l, l->oldest, e->at, "too many flows at once: the idlest was let go");
	f = mem_alloc(sizeof(*f));
	f->e = *e;
	f->key = key;
	f->drops_before = drops_before(l, e->sock);
	map_put(&l->flows, key, f);
	put_in(l, f);
	return f;
}

static const char *error_note(int32_t ret)
{
	switch (-ret) {
	case ECONNREFUSED:
		return "ICMP: nothing listens on that port";
	case EMSGSIZE:
		return "larger than a packet may be on this way";
	case EPERM:
		return "a firewall of its network namespace drops it, or a BPF program";
	case ENETUNREACH:
	case EHOSTUNREACH:
		return "no route, or ICMP said so";
	case ENOBUFS:
		return "the interface's queue is full";
	default:
		return NULL;
	}
}

static void take_packet(struct listing *l, const struct net_event *e)
{
	uint64_t key = key_of(e);
	struct flow *f = map_get(&l->flows, key);
	bool fresh = !f, in = e->kind == NET_RECEIVED, failed = e->ret < 0;
	struct udp_row row;

	if (fresh)
		f = begin_flow(l, e, key);
	take_out(l, f);
	put_in(l, f);
	f->last = e->at;
	f->packets[in] += !failed;
	f->bytes[in] += failed ? 0 : (uint64_t)e->ret;
	if (failed)
		f->error = e->ret;
	f->errors += failed;
	if ((!fresh && (!failed || f->errors > 1)) || (l->o->failed && !failed))
		return;
	fill(l, &row, e, failed && !fresh ? "error" : in ? "receive" : "send");
	row.error = failed ? word_errno(e->ret) : NULL;
	row.note = failed ? error_note(e->ret) : NULL;
	net_frames(&l->net, e, &row.base);
	show(l, &row);
}

static void take_drop(struct listing *l, const struct net_event *e)
{
	struct socket_of *s = map_get(&l->sockets, e->sock);
	struct udp_row row;

	if (!s) {
		if (l->sockets.used >= SOCKETS_MAX) {
			map_each(&l->sockets, free);
			map_free(&l->sockets);
			l->all = NULL;
		}
		s = mem_alloc(sizeof(*s));
		s->e = *e;
		s->next = l->all;
		l->all = s;
		map_put(&l->sockets, e->sock, s);
	}
	if (s->drops++)
		return;
	fill(l, &row, e, "drop");
	row.error = e->ret ? word_errno(e->ret) : NULL;
	row.note = e->ret == -ENOMEM ? "its receive buffer is full: the program is too slow, or "
		"SO_RCVBUF too small" : NULL;
	show(l, &row);
}

/* A socket that nobody has any more, or all that a process began. */
static void end_some(struct listing *l, const struct net_event *e)
{
	struct flow *next;

	for (struct flow *f = l->oldest; f; f = next) {
		next = f->newer;
		if (e->kind == NET_LEFT && f->e.sock == e->sock)
			end_flow(l, f, e->at, "closed");
		else if (e->kind == NET_ENDED && f->e.who.pid == e->who.pid)
			end_flow(l, f, e->at, "its process has ended");
	}
}

static void take(void *ctx, const struct net_event *e, struct bytes data)
{
	struct listing *l = ctx;

	(void)data;
	switch (e->kind) {
	case NET_SENT:
	case NET_RECEIVED:
		take_packet(l, e);
		break;
	case NET_DROPPED:
		take_drop(l, e);
		break;
	default:
		end_some(l, e);
	}
}

static void turn(void *ctx)
{
	struct listing *l = ctx;
	uint64_t now = clock_of(CLOCK_BOOTTIME), idle = l->o->idle ? l->o->idle : IDLE_NS;

	while (l->oldest && l->oldest->last + idle < now)
		end_flow(l, l->oldest, now, "idle");
}

/* Of a socket that nothing was taken from, or not any more. */
static void end_socket(struct listing *l, const struct socket_of *s, uint64_t at)
{
	struct net_event e = s->e;
	struct udp_row row;

	if (s->shown == s->drops || l->net.tracer.enough)
		return;
	e.at = at;
	fill(l, &row, &e, "end");
	row.drops = s->drops - s->shown;
	row.note = "nothing was taken from it since";
	show(l, &row);
}

static void finish(void *ctx)
{
	struct listing *l = ctx;
	uint64_t now = l->net.tracer.ended_boot_ns;

	while (l->oldest && !l->net.tracer.enough)
		end_flow(l, l->oldest, now, "the trace ends");
	for (const struct socket_of *s = l->all; s; s = s->next)
		end_socket(l, s, now);
}

static void udp_run(struct run *r)
{
	struct listing l = {
		.r = r, .o = r->opts,
		.net = { .fn = take, .turn = turn, .finish = finish, .ctx = &l },
	};

	net_run(&l.net, NET_UDP, r->in, r->opts, r->target);
	map_each(&l.flows, free);
	map_free(&l.flows);
	map_each(&l.sockets, free);
	map_free(&l.sockets);
}

static int udp_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	stacks_fields(opts, l, "time,event,pid,comm,local,remote,error,sent_packets,sent,"
		      "received_packets,received,errors,drops,note,frames");
	return tracer_layout(opts, nargs, args, l, e);
}

static const struct example udp_example[] = {
	{ "nsdebug trace udp nsd-demo --for 1s", "flows of a second" },
	{ "nsdebug trace udp nsd-demo --failed --for 1s", "what is refused or dropped" },
	{ "nsdebug trace udp nsd-demo --for 1s --filter 'event == end' -o jsonl", "only the sums" },
	{ NULL }
};

const struct tool tool_trace_udp = {
	.name = "trace udp",
	.summary = "show whom a container exchanges UDP packets with, and what is lost",
	.about = "A flow is a socket and an address at the other end: it has a row with its first "
		"packet, and one with its sums when its socket is closed, its process ends, "
		"nothing comes for a minute (--idle), or the trace ends. Packets are counted as "
		"the program sends and takes them: of one call that lets the kernel make several "
		"(UDP_SEGMENT), one. What came and found no room is a drop, which is known of the "
		"socket, not of the sender. The other end is the program's word where the socket "
		"is not connected. What io_uring sends is not shown, and said.",
	.needs = NEED_TRACE,
	.next = tracer_next,
	.mapper = stacks_mapper,
	.opts = udp_opt, .opts_size = sizeof(struct udp_opts),
	.cols = udp_col,
	.examples = udp_example,
	.setup = udp_setup,
	.run = udp_run,
};
