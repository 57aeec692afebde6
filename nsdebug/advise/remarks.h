/* SPDX-License-Identifier: Apache-2.0 */
/*
 * remarks - what a profile does not know, said.
 */
#ifndef NSDEBUG_ADVISE_REMARKS_H
#define NSDEBUG_ADVISE_REMARKS_H

#include <stdbool.h>

struct advice;
struct emit;
struct files_unused;

struct buf;

/* The same for who reads the report later: lines of what was not seen. */
void remarks_report(struct buf *b, const struct advice *a);
/* families: AppArmor has names for all sockets; unnamed: there are calls without a name. False:
 * something that it did while it was watched is not known. */
bool remarks_say(struct emit *emit, const struct advice *a, const struct files_unused *f,
		 bool families, bool unnamed);

#endif
