/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ended - why a container ended, or does not start; of one that runs, why its run before ended.
 *
 * Put together, in a ROLE_READER child, from what its runtime has written down (target/ending.h),
 * the kernel's log, the counts of its cgroup, a look at what was to be started (look.h), and the
 * last lines of its output, which are its own word. The first finding is the verdict.
 */
#ifndef NSDEBUG_WHY_ENDED_H
#define NSDEBUG_WHY_ENDED_H

#include "nsdebug/base/err.h"
#include "nsdebug/why/finding.h"

struct access_site;
struct root;
struct target;

/* rules: judge_rules(). ST_OK: an answer was found. ST_FAILED: nothing is wrong, or nothing has
 * ended. ST_INCOMPLETE: f->missing says what was not looked at, and nothing else explains it. */
enum status ended_why(const struct target *t, const struct root *root,
		      const struct access_site *rules,
		      const char *(*call_name)(unsigned int nr, char room[16]),
		      struct findings *f);

#endif
