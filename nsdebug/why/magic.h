/* SPDX-License-Identifier: Apache-2.0 */
/*
 * magic - links of /proc that no path leads through: what a process has open, its directories, its
 * program. Where a walk ends at one (WHY_MAGIC), a ROLE_PROC child goes on.
 */
#ifndef NSDEBUG_WHY_MAGIC_H
#define NSDEBUG_WHY_MAGIC_H

#include <stdbool.h>
#include <stdint.h>

struct access_ask;
struct inside;
struct reason;
struct target;

/*
 * r->path is the link, r->word what is behind it. True: *r says how it ends. False: *next is what
 * is to be asked in the place of *a.
 */
bool magic_judge(const struct target *t, const struct inside *in, const struct access_ask *a,
		 struct access_ask *next, struct reason *r);
/*
 * The path, below the root of the process, of one of the links of a /proc/PID directory: "cwd".
 * False: it leads out of that root, or is no path.
 */
bool magic_path(int dir, const char *link, char *ret, unsigned long room);

#endif
