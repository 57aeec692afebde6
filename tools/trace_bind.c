/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace bind - addresses and ports that a container takes, and those that it does not get.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "nsdebug/cli/tool.h"
#include "nsdebug/sys/sockdiag.h"
#include "nsdebug/sys/sockname.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/net.h"
#include "nsdebug/trace/words.h"

struct bind_opts {
	struct tracer_opts tracer;
	struct stacks_opts stacks;
	bool failed;
};

static const struct opt bind_opt[] = {
	TRACER_OPTS(struct bind_opts),
	STACKS_OPTS(struct bind_opts),
	OPT(0, "failed", OPT_FLAG, struct bind_opts, failed, NULL, "only those that failed"),
	OPT_END
};

struct bind_row {
	struct net_row base;
	const char *event, *protocol, *error, *note;
	uint64_t fd, privileged, reuseaddr, reuseport, v6only;
	int64_t backlog, backlog_limit;
	struct bytes flags;
	char text[96], room[32], name[16];
};

#define C(t, f, fl, h, ...) COL(t, struct bind_row, f, fl, h, ##__VA_ARGS__)

static const struct col bind_col[] = {
	COL_BASE(COL_TIME, struct bind_row, time, COL_CLOCK, "when"),
	C(COL_STR, event, 0, "bind or listen", .least = 6),
	NET_WHO_COLS(struct bind_row),
	C(COL_U64, fd, COL_WIDE, "the socket's descriptor"),
	C(COL_STR, protocol, 0, "of the socket: tcp, udp, tcp6 ...", .head = "PROTO", .least = 5),
	COL_BASE(COL_BYTES, struct bind_row, local, COL_NAME, "address and port that it has, or "
		"that it was refused", .least = 15),
	COL_BASE(COL_BYTES, struct bind_row, local_addr, COL_HIDE, "the address alone"),
	COL_BASE(COL_U64, struct bind_row, local_port, COL_HIDE, "the port alone"),
	C(COL_BOOL, privileged, COL_HIDE, "the port is below net.ipv4.ip_unprivileged_port_start "
	  "of its network namespace"),
	C(COL_STR, error, 0, "why it failed: an errno's name", .least = 10),
	C(COL_I64, backlog, 0, "listen: how many may wait to be accepted, as asked for"),
	C(COL_I64, backlog_limit, COL_HIDE, "as it is: net.core.somaxconn limits it"),
	C(COL_BYTES, flags, 0, "reuseaddr, reuseport, v6only", .least = 9),
	C(COL_BOOL, reuseaddr, COL_HIDE, "SO_REUSEADDR is set"),
	C(COL_BOOL, reuseport, COL_HIDE, "SO_REUSEPORT is set"),
	C(COL_BOOL, v6only, COL_HIDE, "IPV6_V6ONLY is set"),
	C(COL_STR, note, 0, "what is remarkable"),
	STACKS_BASE_COLS(struct bind_row),
	COL_END
};

struct listing {
	struct run *r;
	const struct bind_opts *o;
	struct net_trace net;
};

static const char *note_of(struct bind_row *row, const struct net_event *e)
{
	bool low = e->flags & NET_LOW;

	if (e->ret == -EACCES && low)
		return "a privileged port: it takes CAP_NET_BIND_SERVICE";
	if (e->ret == -EADDRINUSE)
		return "another socket has it";
	if (e->ret == -EADDRNOTAVAIL)
		return "not an address of its network namespace";
	if (!e->ret && e->kind == NET_LISTENS && e->limit < e->backlog) {
		snprintf(row->text, sizeof(row->text), "the backlog is %d: net.core.somaxconn",
			 e->limit);
		return row->text;
	}
	if (low)
		return "a privileged port";
	return e->flags & NET_CHOSEN ? "port 0: the kernel chose" : NULL;
}

static void fill_flags(struct bind_row *row, uint32_t flags)
{
	static const struct { uint32_t flag; const char *name; } all[] = {
		{ NET_REUSEADDR, "reuseaddr" }, { NET_REUSEPORT, "reuseport" },
		{ NET_V6ONLY, "v6only" },
	};
	size_t at = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		if (flags & all[i].flag)
			at += (size_t)snprintf(row->room + at, sizeof(row->room) - at, "%s%s",
					       at ? "," : "", all[i].name);
	if (at)
		row->flags = (struct bytes){ row->room, at };
	row->reuseaddr = !!(flags & NET_REUSEADDR);
	row->reuseport = !!(flags & NET_REUSEPORT);
	row->v6only = !!(flags & NET_V6ONLY);
}

/* As netstat says it: *:80 of tcp6 may be reached by both families. */
static const char *protocol_of(struct bind_row *row, const struct net_event *e)
{
	struct sock s = { .family = AF_INET, .protocol = (uint16_t)e->protocol };
	const char *name = sock_protocol(&s);

	if (!name)
		return NULL;
	snprintf(row->name, sizeof(row->name), "%s%s", name,
		 e->local.family == AF_INET6 ? "6" : "");
	return row->name;
}

static void take(void *ctx, const struct net_event *e, struct bytes data)
{
	struct listing *l = ctx;
	struct bind_row row;

	(void)data;
	if (l->o->failed && !e->ret)
		return;
	row_none(bind_col, &row);
	net_fill(&l->net, l->r->target, e, &row.base);
	row.event = e->kind == NET_BOUND ? "bind" : "listen";
	row.fd = e->fd;
	row.protocol = protocol_of(&row, e);
	row.error = e->ret ? word_errno(e->ret) : NULL;
	row.privileged = !!(e->flags & NET_LOW);
	if (e->kind == NET_LISTENS) {
		row.backlog = e->backlog;
		row.backlog_limit = e->limit;
	}
	fill_flags(&row, e->flags);
	row.note = note_of(&row, e);
	net_frames(&l->net, e, &row.base);
	tracer_row(&l->net.tracer, &row);
}

static void bind_run(struct run *r)
{
	struct listing l = { .r = r, .o = r->opts, .net = { .fn = take, .ctx = &l } };

	net_run(&l.net, NET_BIND, r->in, r->opts, r->target);
}

static int bind_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	stacks_fields(opts, l, "time,event,pid,comm,protocol,local,error,backlog,flags,note,"
		      "frames");
	return tracer_layout(opts, nargs, args, l, e);
}

static const struct example bind_example[] = {
	{ "nsdebug trace bind nsd-demo --for 1s", "ports that are taken in a second" },
	{ "nsdebug trace bind nsd-demo --failed --for 1s", "the port that it does not get" },
	{ NULL }
};

const struct tool tool_trace_bind = {
	.name = "trace bind",
	.summary = "show the addresses and ports that a container binds and listens on",
	.about = "bind(2) and listen(2) of IP sockets, when they return, with the address that the "
		"socket then has: also the port that the kernel chose. A port that takes "
		"CAP_NET_BIND_SERVICE is marked, as net.ipv4.ip_unprivileged_port_start of the "
		"container's network namespace says. What io_uring binds (Linux 6.11) is not "
		"shown.",
	.needs = NEED_TRACE,
	.next = tracer_next,
	.mapper = stacks_mapper,
	.opts = bind_opt, .opts_size = sizeof(struct bind_opts),
	.cols = bind_col,
	.examples = bind_example,
	.setup = bind_setup,
	.run = bind_run,
};
