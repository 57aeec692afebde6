/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remarks - what a profile does not know, said: on the terminal, and where it was cut off also in
 * the files that are written, for who reads these later.
 */
#ifndef NSDEBUG_ADVISE_REMARKS_H
#define NSDEBUG_ADVISE_REMARKS_H

#include <stdbool.h>
#include <stddef.h>

struct advice;
struct buf;
struct emit;
struct files_unused;
struct used;

struct remarks {
	const struct advice *a;
	const struct files_unused *unused;
	bool unnamed;		/* calls that have no name here */
	bool nameless;		/* sockets of families that AppArmor has no name for */
	bool lost;		/* not all that was seen could be told */
	size_t widened;		/* rules of directories in the place of many */
};

/* Has it failed while it was watched: its first process, or another one, by a signal for what it
 * did, for want of memory, or with a number that is not 0? To be stopped is no failure. */
bool remarks_failed(const struct used *u);
/* Lines for a file, each behind `before`; with the end and what was left out, for a report. */
void remarks_put(struct buf *b, const struct remarks *r, const char *before);
void remarks_report(struct buf *b, const struct remarks *r);
/* False: something that it did while it was watched is not known. */
bool remarks_say(struct emit *emit, const struct remarks *r);

#endif
