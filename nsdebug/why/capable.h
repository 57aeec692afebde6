/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capable - over what a process has its capabilities: user_namespaces(7), cap_capable() of the
 * kernel's security/commoncap.c.
 *
 * A capability counts for what belongs to one's user namespace or to one below it. Who has made a
 * user namespace for himself, as sandboxes and builders of images do, has all of them there, and
 * none over the network, mounts or name of the host that were there before.
 */
#ifndef NSDEBUG_WHY_CAPABLE_H
#define NSDEBUG_WHY_CAPABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/why/creds.h"
#include "nsdebug/why/reason.h"

struct buf;

enum capable_over { OVER_OWN, OVER_NET, OVER_MNT, OVER_UTS, OVER_PID, OVER_HOST, OVER_COUNT };

struct capable {
	uint64_t caps[OVER_COUNT];	/* that count over it */
	bool host;			/* its own user namespace is the host's */
	uint64_t owner[OVER_COUNT];	/* user namespace that it belongs to; 0: not known */
};

/* Of an open /proc/PID, before the child becomes a parser; -1: of one that has ended. Where the
 * kernel does not tell who owns a namespace, it is taken for one of the process's own user
 * namespace. */
void capable_read(int dir, const struct creds *c, struct capable *ret);
/* Those that count over the user namespace of another open /proc/PID. */
uint64_t capable_over(int dir, const struct creds *c);
/* "network namespace"; NULL of OVER_OWN and OVER_HOST. */
const char *capable_name(enum capable_over over);
/* What this capability is asked over, if that is always one thing; else OVER_OWN. */
enum capable_over capable_of(unsigned int cap);

/* May it use it there? WHY_GRANTED or WHY_CAPABILITY; of one that it has, over what: in *text. */
void capable_judge(const struct capable *c, unsigned int cap, struct reason *ret, struct buf *text);

#endif
