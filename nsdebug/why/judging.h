/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judging - a judge (why/judge.h) for who asks for a long time: one that is had when it is wanted,
 * and another one when the container's mounts have changed, for his copy of them is of his time.
 *
 * A ROLE_TRACER child cannot start one. It says F_LOOK, and the front answers by a socket with a
 * struct judging_given and a socket to a new judge, then with the mount table that this one has,
 * whose changes poll(2) tells. Bounded: of the time, one JUDGING_SHARE-th at most is spent on new
 * ones, and JUDGING_BURST_NS at once, whatever the container mounts: what the front needed to make
 * them, which an answer that nobody has taken for long does not add to, and what was waited for
 * them to look at the mounts, or in vain. One that did not answer in time is not replaced before a
 * change; the time goes on while it gets processor time.
 */
#ifndef NSDEBUG_WHY_JUDGING_H
#define NSDEBUG_WHY_JUDGING_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/sys/ids.h"
#include "nsdebug/why/judge.h"

struct emit;

#define JUDGING_SHARE 50u
#define JUDGING_BURST_NS NS_PER_S
#define JUDGING_LEAST_NS (2 * NS_PER_MS)	/* what one counts as, however soon it is there */
/* So often it is waited for once more, if it has had this share of a processor's time: it does not
 * hang, but others keep it from going on. */
#define JUDGING_ROUNDS 10u
#define JUDGING_LITTLE 200u
#define JUDGING_STOP_NS (200 * NS_PER_MS)	/* so long an answer is waited for after `stop` */

/* Whose files a judge looks at; of one that there is none of, zeros. */
struct judging_given {
	bool there;
	pid_t judge;
	uint64_t took_ns;		/* the front, until it was there */
	uint64_t began_ns;		/* the container's first process, CLOCK_BOOTTIME */
	uint64_t mnt;			/* inode number of the mount namespace */
	uint64_t root_mount, root_ino;	/* struct mounts */
	uint64_t user_ns;		/* inode number of the user namespace, which these are of */
	uint32_t nuids, ngids;
	struct judging_ids { uint32_t inside, outside, count; } uids[IDMAP_MAX], gids[IDMAP_MAX];
};

struct judging {
	struct emit *emit;
	int door;		/* to the front, in->judge; not owned; -1: there is never a judge */
	int stop;		/* in->stop: readable when the user has had enough; or -1 */
	uint64_t wait_ns;	/* for one answer; 0: for ever */
	uint64_t until_ns;	/* clock_ns(): from then on none is waited for again; or 0 */
	/* of a container that is waited for: not before the first is set and after the second,
	 * and none of one that began after it was asked for: another one with its name. Or NULL */
	const volatile __u32 *begun, *ended;
	/* the rest is its own; zero, but for descriptors */
	int judge, mounts;
	bool asked, changed, dead, heard;
	uint64_t asked_ns, debt_ns, paid_ns, count;
	pid_t pid;			/* of the judge */
	uint64_t had_ns;		/* judge_time() when it was last waited for */
	unsigned int rounds;
	bool known;			/* these are: */
	uint64_t mnt, root_mount, root_ino, user_ns;
	struct idmap uids, gids;
};

#define JUDGING_NONE { .door = -1, .stop = -1, .judge = -1, .mounts = -1 }

/* Asks for one without waiting for it, if there is none that is good and it is time to. */
void judging_want(struct judging *j);
/* Waits for it. True: there is another judge than at the last call. */
bool judging_renew(struct judging *j);
/* Is there one that knows the mounts as they are? */
bool judging_is_good(const struct judging *j);
/* Like judge_ask(). */
bool judging_ask(struct judging *j, const struct access_ask *a, struct reason *ret);
void judging_free(struct judging *j);

/* ---- the front ---- */

/* Answers by `door`, without waiting; judge -1: there is none. False: nobody is there who could be
 * told, or who takes what he is told. */
bool judging_give(int door, const struct judging_given *g, int judge, int mounts);
/* Ids as they are told; those above IDMAP_MAX there are not. */
uint32_t judging_put_ids(const struct idmap *m, struct judging_ids ret[IDMAP_MAX]);

#endif
