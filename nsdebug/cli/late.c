/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/cli/late.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/cli.h"
#include "nsdebug/cli/job.h"
#include "nsdebug/target/find.h"
#include "nsdebug/why/judging.h"

#define LATE_LEFT_MAX 3
#define LATE_ROOM_NS (500 * NS_PER_MS)
#define LATE_END_MS 1000	/* for one that nobody asks any more: by then it has seen it */

int late_connect(struct late *l, const struct job *j, int *peer, struct err *e)
{
	const struct tool *tool = j->c->tool;
	int sv[2];

	l->said = l->deaf = l->full = false;
	l->judges = job_need(j->c, NULL) == NEED_TRACE && tool->judge && tool->judge(j->c->opts);
	if (!l->judges && !tool->look)
		return 0;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
		return err_sys(e, "connect two children");
	l->ours = *peer = sv[0];
	l->reader = sv[1];
	return 0;
}

void late_given(struct late *l)
{
	own_close(&l->ours);
}

/* The first that has the name, also when another one has it later: who asks is told when it began,
 * and knows by that whether it is the one that is traced. */
static int find(struct late *l, struct err *e)
{
	if (!l->pinned && target_find(&l->found, l->word, l->want, e) < 0) {
		target_free(&l->found);
		return -1;
	}
	l->pinned = true;
	return target_alive(&l->found) ? 0 : target_gone(&l->found, e);
}

static void put_given(const struct target *t, struct judging_given *g)
{
	g->there = true;
	g->began_ns = t->start * (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
	g->mnt = t->ns.mnt;
	g->root_mount = t->mounts.root;
	g->root_ino = t->mounts.root_ino;
	g->user_ns = t->ns.user;
	g->nuids = judging_put_ids(&t->uids, g->uids);
	g->ngids = judging_put_ids(&t->gids, g->gids);
}

/* The table is opened before the judge has his copy: what changes from then on he does not know. */
static int make_judge(struct late *l, const struct job *j, const struct target *t,
		      struct judging_given *g, int *judge, int *mounts, struct err *e)
{
	auto_arena struct arena *arena = arena_new();
	struct target now = *t;

	now.arena = arena;
	*mounts = openat(now.place.proc, "mountinfo", O_RDONLY | O_CLOEXEC);
	if (target_mounts(&now, e) < 0 || target_host_mounts(&now, e) < 0 ||
	    job_start_judge(j, &now, &l->child, judge, e) < 0)
		return -1;
	put_given(&now, g);
	g->judge = l->child.pid;
	return 0;
}

/* Those that hang in the kernel cannot be ended: no more are made than a few. Most others are gone
 * before the next one is wanted. */
static int make_room(struct late *l, struct err *e)
{
	uint64_t wait_ns = l->full ? 0 : LATE_ROOM_NS;

	l->full = enter_left(LATE_LEFT_MAX - 1, wait_ns) >= LATE_LEFT_MAX;
	return l->full ? err_set(e, ST_STUCK, "%d children that looked at paths hang in a file "
				 "system: paths are not looked at any more", LATE_LEFT_MAX) : 0;
}

/* Whom nobody asks any more need not end by himself. */
static int start_judge(struct late *l, const struct job *j, struct err *e)
{
	auto_free struct judging_given *g = mem_alloc(sizeof(*g));
	auto_close int judge = -1, mounts = -1;
	uint64_t from = clock_ns();
	bool first = !l->said;
	int n;

	memset(g, 0, sizeof(*g));
	enter_kill(&l->child);
	n = make_room(l, e) < 0 || (l->word && find(l, e) < 0) ? -1 :
		make_judge(l, j, l->word ? &l->found : j->target, g, &judge, &mounts, e);
	g->took_ns = clock_ns() - from;
	l->deaf = !judging_give(l->reader, g, judge, mounts);
	l->said |= n < 0;
	/* a container that was waited for may be there a little later, and is asked for again */
	return n < 0 && first && !l->word ? -1 : 0;
}

int late_start(struct late *l, const struct job *j, struct err *e)
{
	const struct target *t = l->word ? &l->found : j->target;
	auto_close int peer = l->judges ? -1 : take_fd(&l->reader);

	if (l->judges)
		return l->deaf ? 0 : start_judge(l, j, e);
	if (peer < 0 || (l->word && (find(l, e) < 0 || target_mounts(&l->found, e) < 0)))
		return peer < 0 ? 0 : -1;
	return job_start_look(j, t, peer, &l->child, e);
}

int late_end(struct late *l, const char *who, struct err *e)
{
	struct pollfd p = { .fd = l->child.pidfd, .events = POLLIN };
	size_t left;

	if (!l->judges)
		return 0;
	if (l->child.pid > 0 && poll(&p, 1, LATE_END_MS) <= 0)
		enter_kill(&l->child);
	left = enter_left(0, LATE_ROOM_NS);
	return left ? err_set(e, ST_STUCK, "%s: %zu of the children that looked at paths cannot be "
			      "killed and are left behind: the file system's server must answer or "
			      "be unmounted", who, left) : 0;
}

void late_free(struct late *l)
{
	own_close(&l->ours);
	own_close(&l->reader);
	if (l->pinned)
		target_free(&l->found);
	l->pinned = false;
}
