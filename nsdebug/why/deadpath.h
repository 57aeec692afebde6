/* SPDX-License-Identifier: Apache-2.0 */
/*
 * deadpath - what a container that has no process any more may do with a path: the same judge as of
 * one that runs (access.h), over its files as they are now. In a ROLE_READER child of one that has
 * ended.
 *
 * As whom it ran, its capabilities and its mounts are as its configuration says. Of what was
 * mounted the node's directories are there (target/binds.h); of other mounts, of ids that are not
 * the files' own, and of capabilities that nobody wrote down, nothing is said but that.
 */
#ifndef NSDEBUG_WHY_DEADPATH_H
#define NSDEBUG_WHY_DEADPATH_H

#include <stdbool.h>
#include <stdint.h>

struct access_ask;
struct access_site;
struct arena;
struct creds;
struct ending;
struct look_ids;
struct reason;

/* As whom it ran, as far as that is recorded; else NULL, and *why_not in words. */
const struct creds *deadpath_creds(const struct ending *x, const struct look_ids *as,
				   struct arena *a, const char **why_not);
/* The same for what is not about files, which need not be there. */
const struct creds *deadpath_who(const struct ending *x, const struct look_ids *as,
				 struct arena *a, const char **why_not);
/* The capabilities that it might have. */
uint64_t deadpath_bounding(const struct ending *x);
/* Of an answer: was it another one by the file of its program, which may be setuid or setgid, or
 * have capabilities? True: so it is not known. Where its program is not here it is a guess. */
bool deadpath_doubt(const struct ending *x, const struct look_ids *as, const struct creds *c,
		    struct reason *r);
/* Like access_judge(), of an ask that has creds of deadpath_creds(). rules: judge_rules(). */
void deadpath_ask(const struct ending *x, const struct look_ids *as,
		  const struct access_site *rules, const struct access_ask *ask, struct arena *a,
		  struct reason *ret);
/* Of a path for which rights were missing, nobody knows for what: to be read, written, made; as a
 * shell ended with 126, or for EPERM, to be executed. err: EACCES or EPERM, if its words say so,
 * or 0. True: *ret says which component refuses it. Else *why_not, in words, or NULL: nothing
 * refuses it. */
bool deadpath_judge(const struct ending *x, const struct look_ids *as, const char *path, int err,
		    struct arena *a, struct reason *ret, const char **why_not);

#endif
