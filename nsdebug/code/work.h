/* SPDX-License-Identifier: Apache-2.0 */
/*
 * work - how much is done for files that a target wrote, all files together.
 *
 * A file may say that it has a table of gigabytes, and cost a few kilobytes of disk. So who goes
 * through something whose size a file states asks before each piece. What is small is paid from a
 * purse that many processes with honest files do not empty; what is beyond WORK_SMALL in one table
 * from a smaller one besides, so that a few monsters leave the others their names. After
 * WORK_AGAIN_NS, as a trace may last, there is as much again. The parser's processor time (seal.c)
 * is more than all of it takes.
 *
 * It also ticks: a parser at work is not to be taken for a file system that does not answer.
 */
#ifndef NSDEBUG_CODE_WORK_H
#define NSDEBUG_CODE_WORK_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/base/clock.h"

struct emit;

#define WORK_MAX (1024ull << 20)	/* in all; about a byte that is looked at */
#define WORK_SMALL (1ull << 20)
#define WORK_BIG_MAX (128ull << 20)
#define WORK_AGAIN_NS (10 * NS_PER_S)

struct work {
	struct emit *emit;	/* is ticked, and told (emit_cut) when there is no more; or NULL */
	uint64_t done, big;
	uint64_t since;		/* clock_ns() of the first of it */
	uint64_t unticked;
	unsigned int round;	/* how often it began anew */
	uint64_t refused;	/* how often it was not allowed */
	bool said;
};

extern struct work work;	/* zero: as at the start */

/* May this much be done, `at` being what was before in the same table? False: leave it. */
bool work_may(uint64_t at, uint64_t cost);
/* So much was done: how much was not known before. */
void work_spent(uint64_t cost);
/* Is there as much again as in that round, for who had to leave something? */
bool work_again(unsigned int round);
/* So much was done that has a limit of its own. */
void work_tick(uint64_t cost);

#endif
