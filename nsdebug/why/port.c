/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/port.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/map.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/emit.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/sys/holders.h"
#include "nsdebug/sys/ns.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/sys/sockdiag.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/target/target.h"
#include "nsdebug/why/capable.h"

#define FIRST_PORT 1024		/* before Linux 4.11 it is always this */
enum { TCP_SYN_RECV = 3, TCP_TIME_WAIT = 6, TCP_LISTEN = 10 };	/* net/tcp_states.h */

struct search {
	uint16_t port;
	bool udp;
	unsigned int bound, held, left;	/* who listens or has bound it; connections; ended ones */
	uint32_t uid, waiting, room;	/* of who listens: not yet accepted, and how many may be */
	uint32_t inode;			/* of the socket that listens or is bound */
	struct sock held_by;
};

/* A connection that has ended has no file any more, but its port for a while. */
static void look(void *ctx, const struct sock *s)
{
	struct search *x = ctx;

	if (s->local.port != x->port || (!x->udp && s->state == TCP_SYN_RECV))
		return;
	if (x->udp || s->state == TCP_LISTEN) {
		x->bound++;
		x->uid = s->uid;
		x->inode = s->inode;
		x->waiting = s->rqueue;
		x->room = s->wqueue;
	} else if (s->state == TCP_TIME_WAIT || !s->inode) {
		x->left++;
	} else {
		x->held++;
		x->uid = s->uid;
		x->held_by = *s;
	}
}

static void search(int diag, struct search *x)
{
	const struct sockdiag_want want[] = {
		{ AF_INET, x->udp ? IPPROTO_UDP : IPPROTO_TCP, 0 },
		{ AF_INET6, x->udp ? IPPROTO_UDP : IPPROTO_TCP, 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		sockdiag_each(diag, &want[i], look, x);
}

/* sk_acceptq_is_full(): one more than it may. */
static bool is_full(const struct search *x)
{
	return !x->udp && x->waiting != SOCK_NOT_TOLD && x->room != SOCK_NOT_TOLD &&
		x->waiting > x->room;
}

static void put_holder(const struct search *x, struct reason *ret)
{
	char addr[INET6_ADDRSTRLEN] = "?";
	struct sock_end end;
	uint8_t family = sock_unmap(x->held_by.family, &x->held_by.remote, &end);

	inet_ntop(family, end.addr, addr, sizeof(addr));
	snprintf(ret->word, sizeof(ret->word), "a connection to %s%s%s:%u, as its own port; unless "
		 "both sockets have SO_REUSEADDR", family == AF_INET6 ? "[" : "", addr,
		 family == AF_INET6 ? "]" : "", x->held_by.remote.port);
}

/* "server (pid 1)" */
static void put_process(const struct target *t, int dir, pid_t host_pid, char *ret, size_t room)
{
	struct proc_status status;
	struct proc_stat st;
	bool ours = ns_id(dir, "pid") == t->ns.pid;

	if (proc_stat(dir, &st) == 0 && proc_status(dir, &status) == 0)
		snprintf(ret, room, "%s (pid %d%s)", st.comm,
			 (int)(ours ? target_pid(t, &status) : host_pid),
			 ours ? "" : " of the host");
}

/* The first on the node that has the socket: a network namespace may be of several containers. */
static void find_process(struct inside *in, const struct target *t, uint32_t inode,
			 char *ret, size_t room)
{
	auto_close int procs = openat(in->procfs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_map struct map only = { 0 };
	struct holders h = { 0 };
	struct proc_dir d;
	static char yes;
	pid_t pid;

	if (procs < 0 || !inode)
		return;
	map_put(&only, inode, &yes);
	proc_dir_init(&d, procs);
	while (!h.count && proc_dir_next(&d, &pid) > 0) {
		auto_close int dir = proc_open(in->procfs, pid);

		emit_tick(&in->emit);
		if (dir >= 0 && holders_add(&h, dir, pid, &only) == 0 && h.count)
			put_process(t, dir, pid, ret, room);
	}
	holders_free(&h);
}

/* inet_csk_bind_conflict(): whether both have SO_REUSEADDR or SO_REUSEPORT the kernel tells of none
 * but those that listen, and these refuse the first. */
static void judge_use(const struct search *x, const char *who, struct reason *ret)
{
	if (!x->bound && !x->held && !x->left)
		return;
	ret->kind = x->bound || x->held ? WHY_IN_USE : WHY_UNKNOWN;
	ret->err = ret->kind == WHY_IN_USE ? EADDRINUSE : 0;
	ret->uid = x->uid;
	ret->guess = !x->bound;
	if (is_full(x))
		snprintf(ret->word, sizeof(ret->word), "%s%sa socket whose queue is full: %u wait "
			 "to be accepted, and %u may; who connects is not answered", who,
			 *who ? ": " : "", x->waiting, x->room);
	else if (x->bound)
		snprintf(ret->word, sizeof(ret->word), "%s", who);
	else if (x->held)
		put_holder(x, ret);
	else
		snprintf(ret->word, sizeof(ret->word), "%u connection%s that ended still ha%s it "
			 "(TIME-WAIT): it takes SO_REUSEADDR, which those must have had, too",
			 x->left, x->left == 1 ? "" : "s", x->left == 1 ? "s" : "ve");
}

/* Is it one of those for which a capability is asked that it has not? */
static bool judge_right(uint64_t first, uint64_t caps, uint16_t port, struct reason *ret)
{
	ret->limit = first;
	if (!port || port >= first || caps & CREDS_CAP(NET_BIND_SERVICE))
		return true;
	ret->kind = WHY_PORT;
	ret->err = EACCES;
	ret->caps = CREDS_CAP(NET_BIND_SERVICE);
	return false;
}

void port_judge(struct inside *in, const struct target *t, int dir, const struct creds *c,
		uint16_t port, bool udp, struct reason *ret)
{
	struct search x = { .port = port, .udp = udp };
	char who[PROC_COMM_MAX + 40] = "";
	struct capable over;

	capable_read(dir, c, &over);
	*ret = (struct reason){ .kind = WHY_GRANTED, .number = port };
	if (!in->nnets) {
		ret->kind = WHY_UNKNOWN;
		snprintf(ret->word, sizeof(ret->word), "its network namespace cannot be joined: %s",
			 errno_name(in->nets_err));
		return;
	}
	if (ns_id(dir, "net") != in->nets[0].id) {
		ret->kind = WHY_UNKNOWN;
		snprintf(ret->word, sizeof(ret->word), "the process is in another network "
			 "namespace than the container: ask of it by its own number");
		return;
	}
	if (judge_right(in->nets[0].first_port < 0 ? FIRST_PORT :
			(uint64_t)in->nets[0].first_port, over.caps[OVER_NET], port, ret) && port) {
		search(in->nets[0].diag, &x);
		find_process(in, t, x.inode, who, sizeof(who));
		judge_use(&x, who, ret);
	}
}

void port_left(const struct ending *x, const struct creds *c, uint16_t port, struct reason *ret)
{
	/* whatever its first one is, there is none for which more is asked */
	uint64_t first = x->first_port >= 0 ? (uint64_t)x->first_port : UINT16_MAX + 1;
	bool right;

	*ret = (struct reason){ .kind = WHY_GRANTED, .number = port,
		.hint = x->host_net ? HINT_HOST_NET : 0 };
	right = judge_right(first, c->cap_eff, port, ret);
	if (right ? !port || !(x->host_net || x->joined_net) : x->first_port >= 0)
		return;
	*ret = (struct reason){ .kind = WHY_UNKNOWN, .number = port };
	snprintf(ret->word, sizeof(ret->word), "its network namespace was %s, and %s is not "
		 "recorded", x->host_net ? "the node's" : "another's", right ?
		 "whether somebody there has the port" : "which ports are for all there");
}
