/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/work.h"

#include "nsdebug/enter/emit.h"

#define TICK (256u << 10)

struct work work;

void work_tick(uint64_t cost)
{
	work.unticked += cost;
	if (work.unticked < TICK)
		return;
	work.unticked = 0;
	if (work.emit)
		emit_tick(work.emit);
}

bool work_again(unsigned int round)
{
	if (work.since && clock_ns() - work.since >= WORK_AGAIN_NS) {
		work.done = work.big = work.since = 0;
		work.round++;
	}
	return work.round != round;
}

void work_spent(uint64_t cost)
{
	if (!work.since)
		work.since = clock_ns();
	work.done += cost;
	work_tick(cost);
}

static bool is_left(uint64_t at, uint64_t cost)
{
	return work.done + cost <= WORK_MAX &&
		(at < WORK_SMALL || work.big + cost <= WORK_BIG_MAX);
}

bool work_may(uint64_t at, uint64_t cost)
{
	if (!is_left(at, cost) && (!work_again(work.round) || !is_left(at, cost))) {
		if (work.emit && !work.said)
			emit_cut(work.emit, "files of the target are too much work to go through: "
				 "names and frames are missing");
		work.said = true;
		work.refused++;
		return false;
	}
	if (at >= WORK_SMALL)
		work.big += cost;
	work_spent(cost);
	return true;
}
