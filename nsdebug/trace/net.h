/* SPDX-License-Identifier: Apache-2.0 */
/*
 * net - what bpf/net.bpf.c tells of the target's sockets, and what its rows have in common.
 */
#ifndef NSDEBUG_TRACE_NET_H
#define NSDEBUG_TRACE_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/net.h"
#include "nsdebug/base/str.h"
#include "nsdebug/out/col.h"
#include "nsdebug/trace/stacks.h"
#include "nsdebug/trace/tracer.h"

/* The event, and what was sent or received of it; both live until the function returns. */
typedef void net_fn(void *ctx, const struct net_event *e, struct bytes data);

struct net_trace {
	struct tracer tracer;
	enum net_mode mode;
	uint16_t port;			/* NET_DNS */
	net_fn *fn;
	void (*turn)(void *ctx);	/* before each look at the ring; or NULL */
	void (*finish)(void *ctx);	/* after the last event: shows what it kept; or NULL */
	void *ctx;
	uint32_t stack_bytes;		/* 0: no stacks */
	struct stacks stacks;
	const volatile __u64 *compat, *uring;
	const volatile __u32 *forgot;
};

/* Calls l->fn for each event until the end; what goes wrong is emitted, as is what cannot be
 * seen. opts begin with struct stacked_opts. */
void net_run(struct net_trace *t, enum net_mode mode, struct inside *in, const void *opts,
	     const struct target *target);

/* What the rows of all of them begin with, as `base`. */
struct net_row {
	struct coltime time;
	uint64_t pid, tid, host_pid, host_tid, uid;
	struct bytes comm, local, remote, local_addr, remote_addr;
	uint64_t local_port, remote_port;
	struct col_rows frames;
	struct bytes frames_end;
	char room[4][56];
};

#define NET_WHO_COLS(s) \
	COL_BASE(COL_U64, s, pid, 0, "who did it: number in the container's pid namespace"), \
	COL_BASE(COL_U64, s, tid, COL_WIDE, "the thread's number there"), \
	COL_BASE(COL_U64, s, host_pid, COL_WIDE, "number on the host", .head = "HOSTPID"), \
	COL_BASE(COL_U64, s, host_tid, COL_HIDE, "the thread's number on the host"), \
	COL_BASE(COL_U64, s, uid, COL_HIDE, "effective user id in the container"), \
	COL_BASE(COL_BYTES, s, comm, COL_CLAIMED, "name that the process gave itself", .least = 15)

#define NET_LOCAL_COLS(s) \
	COL_BASE(COL_BYTES, s, local, 0, "local address and port", .least = 15), \
	COL_BASE(COL_BYTES, s, local_addr, COL_HIDE, "the address alone"), \
	COL_BASE(COL_U64, s, local_port, COL_HIDE, "the port alone")

#define NET_REMOTE_COLS(s) \
	COL_BASE(COL_BYTES, s, remote, COL_NAME, "the other end's address and port", .least = 15), \
	COL_BASE(COL_BYTES, s, remote_addr, COL_HIDE, "the address alone"), \
	COL_BASE(COL_U64, s, remote_port, COL_HIDE, "the port alone")

/* Time, thread and both ends, of a row of row_none(). */
void net_fill(const struct net_trace *t, const struct target *target, const struct net_event *e,
	      struct net_row *row);
/* Of an end: "192.0.2.1:80", "[2001:db8::1]:80". Nothing if it is not known. */
struct bytes net_end_text(const struct net_end *end, char room[56]);
/* With --stack: the frames of the event's thread, which are then forgotten. */
void net_frames(struct net_trace *t, const struct net_event *e, struct net_row *row);

#endif
