/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/cli/late.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/cli.h"
#include "nsdebug/cli/job.h"
#include "nsdebug/target/find.h"
#include "nsdebug/why/judging.h"

int late_connect(struct late *l, const struct job *j, int *peer, struct err *e)
{
	const struct tool *tool = j->c->tool;
	int sv[2];

	l->said = false;
	l->judges = job_need(j->c) == NEED_TRACE && tool->judge && tool->judge(j->c->opts);
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

/* Whoever it is that has the name now. */
static int find(struct late *l, struct err *e)
{
	int n;

	if (l->pinned)
		target_free(&l->found);
	n = target_find(&l->found, l->word, l->want, e);
	l->pinned = true;
	return n < 0 ? -1 : target_mounts(&l->found, e);
}

static void put_given(const struct target *t, struct judging_given *g)
{
	g->there = true;
	g->mnt = t->ns.mnt;
	g->root_mount = t->mounts.root;
	g->root_ino = t->mounts.root_ino;
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
	if (target_mounts(&now, e) < 0 || job_start_judge(j, &now, &l->child, judge, e) < 0)
		return -1;
	put_given(&now, g);
	return 0;
}

/* Whom nobody asks any more need not end by himself. */
static int start_judge(struct late *l, const struct job *j, struct err *e)
{
	auto_free struct judging_given *g = mem_alloc(sizeof(*g));
	auto_close int judge = -1, mounts = -1;
	bool first = !l->said;
	int n;

	memset(g, 0, sizeof(*g));
	enter_kill(&l->child);
	n = l->word && find(l, e) < 0 ? -1 :
		make_judge(l, j, l->word ? &l->found : j->target, g, &judge, &mounts, e);
	judging_give(l->reader, g, judge, mounts);
	l->said |= n < 0;
	/* a container that was waited for may be there a little later, and is asked for again */
	return n < 0 && first && !l->word ? -1 : 0;
}

int late_start(struct late *l, const struct job *j, struct err *e)
{
	const struct target *t = l->word ? &l->found : j->target;
	auto_close int peer = l->judges ? -1 : take_fd(&l->reader);

	if (l->judges)
		return start_judge(l, j, e);
	if (peer < 0 || (l->word && find(l, e) < 0))
		return peer < 0 ? 0 : -1;
	return job_start_look(j, t, peer, &l->child, e);
}

void late_free(struct late *l)
{
	own_close(&l->ours);
	own_close(&l->reader);
	if (l->pinned)
		target_free(&l->found);
	l->pinned = false;
}
