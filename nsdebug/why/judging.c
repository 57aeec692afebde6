/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/judging.h"

#include <poll.h>
#include <string.h>

#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/emit.h"

/* ---- who asks ---- */

/* The kernel tells it once of each change. */
static void look_at_mounts(struct judging *j)
{
	struct pollfd p = { .fd = j->mounts, .events = POLLPRI };

	j->changed |= poll(&p, 1, 0) > 0;
}

bool judging_is_good(const struct judging *j)
{
	return j->judge >= 0 && !j->changed;
}

static bool is_wanted(const struct judging *j)
{
	return j->door >= 0 && (!j->begun || *j->begun) && (!j->ended || !*j->ended) &&
		!judging_is_good(j) && (!j->dead || j->changed);
}

/* What was spent on others before is paid for by the time. */
static bool is_affordable(struct judging *j)
{
	uint64_t now = clock_ns(), paid = (now - j->paid_ns) / JUDGING_SHARE;

	j->debt_ns -= paid < j->debt_ns ? paid : j->debt_ns;
	j->paid_ns = now;
	return j->debt_ns < JUDGING_BURST_NS;
}

void judging_want(struct judging *j)
{
	look_at_mounts(j);
	if (j->asked || !is_wanted(j) || !is_affordable(j))
		return;
	j->asked = true;
	j->asked_ns = clock_of(CLOCK_BOOTTIME);
	emit_look(j->emit);
}

static void take_ids(struct idmap *m, const struct judging_ids *ids, uint32_t count)
{
	idmap_free(m);
	*m = (struct idmap){ 0 };
	for (uint32_t i = 0; i < count && i < IDMAP_MAX; i++)
		idmap_add(m, ids[i].inside, ids[i].outside, ids[i].count);
}

static void take_given(struct judging *j, const struct judging_given *g)
{
	own_close(&j->judge);
	own_close(&j->mounts);
	j->changed = j->dead = j->heard = false;
	j->known |= g->there;
	if (!g->there)
		return;
	j->count++;
	j->pid = g->judge;
	j->mnt = g->mnt;
	j->root_mount = g->root_mount;
	j->root_ino = g->root_ino;
	j->user_ns = g->user_ns;
	take_ids(&j->uids, g->uids, g->nuids);
	take_ids(&j->gids, g->gids, g->ngids);
}

/* The end that the front has is gone with it. */
static void receive(struct judging *j)
{
	static struct judging_given g;
	auto_close int judge = -1, mounts = -1;
	char byte;

	j->asked = false;
	if (!fd_take(j->door, &g, sizeof(g), &judge) || !fd_take(j->door, &byte, 1, &mounts)) {
		j->door = -1;
		return;
	}
	if (j->begun && g.began_ns > j->asked_ns)
		g.there = false;
	take_given(j, &g);
	j->debt_ns += g.took_ns > JUDGING_LEAST_NS ? g.took_ns : JUDGING_LEAST_NS;
	if (!g.there)
		return;
	j->judge = take_fd(&judge);
	j->mounts = take_fd(&mounts);
}

/* The front has a deadline of its own for us: each wait begins with a sign of life. */
static void await(struct judging *j)
{
	uint64_t from = clock_ns();

	emit_tick(j->emit);
	if (judge_wait(j->door, &(struct judge_patience){ j->stop, j->wait_ns, JUDGING_STOP_NS,
							  NULL, NULL }))
		receive(j);
	else
		j->debt_ns += clock_ns() - from;
}

bool judging_renew(struct judging *j)
{
	uint64_t had = j->count;

	judging_want(j);
	if (j->asked)
		await(j);
	look_at_mounts(j);
	return j->count != had;
}

static bool is_stopped(const struct judging *j)
{
	struct pollfd p = { .fd = j->stop, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

/* Who is blocked in a file system gets no time of a processor, however idle that is. */
static bool wait_again(void *ctx)
{
	struct judging *j = ctx;
	uint64_t had = judge_time(j->pid), from = j->had_ns;

	j->had_ns = had;
	if (had < from + j->wait_ns / JUDGING_LITTLE || j->rounds++ == JUDGING_ROUNDS ||
	    is_stopped(j) || (j->until_ns && clock_ns() >= j->until_ns))
		return false;
	emit_tick(j->emit);
	return true;
}

bool judging_ask(struct judging *j, const struct access_ask *a, struct reason *ret)
{
	struct judge_patience p = { j->stop, j->wait_ns, JUDGING_STOP_NS, wait_again, j };
	uint64_t from;

	if (j->judge < 0)
		return false;
	emit_tick(j->emit);
	from = clock_ns();
	j->rounds = 0;
	j->had_ns = judge_time(j->pid);
	j->dead = !judge_ask_until(&j->judge, a, ret, &p);
	/* until it could answer it had to copy the mounts */
	if (!j->heard || j->dead)
		j->debt_ns += clock_ns() - from;
	j->heard = true;
	return !j->dead;
}

void judging_free(struct judging *j)
{
	own_close(&j->judge);
	own_close(&j->mounts);
	idmap_free(&j->uids);
	idmap_free(&j->gids);
}

/* ---- the front ---- */

uint32_t judging_put_ids(const struct idmap *m, struct judging_ids ret[IDMAP_MAX])
{
	uint32_t n = m->count < IDMAP_MAX ? m->count : IDMAP_MAX;

	/* of the host's own namespace no extent is read: none told would be none mapped */
	if (m->identity) {
		ret[0] = (struct judging_ids){ 0, 0, UINT32_MAX };
		return 1;
	}
	for (uint32_t i = 0; i < n; i++)
		ret[i] = (struct judging_ids){ m->extents[i].inside, m->extents[i].outside,
			m->extents[i].count };
	return n;
}

bool judging_give(int door, const struct judging_given *g, int judge, int mounts)
{
	return fd_offer(door, g, sizeof(*g), judge) && fd_offer(door, "", 1, mounts);
}
