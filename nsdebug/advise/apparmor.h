/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apparmor - an AppArmor profile of what was used. apparmor.d(5); of AppArmor 3 and newer.
 *
 * Every byte of a name is written so that it means itself, whatever it is. What has a number of its
 * own each time is generalised: processes in /proc, files with digits that were made, /tmp. So are
 * files beyond a number: of a directory in which many were used alike, or made, there is one rule,
 * behind a comment that says so.
 */
#ifndef NSDEBUG_ADVISE_APPARMOR_H
#define NSDEBUG_ADVISE_APPARMOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/base/str.h"

struct advice;
struct buf;
struct used;

#define APPARMOR_RULES 2000u	/* of files: a parser takes seconds for them */

struct apparmor {
	const char *name;	/* of the profile */
	struct bytes comments;	/* lines for its beginning */
	bool exact;		/* rules of all files that are noted, however many */
};

/* How many rules are of all files of a directory. */
size_t apparmor_profile(struct buf *b, const struct advice *a, const struct apparmor *how);
/* False: a family of sockets has no name there, and is left out. */
bool apparmor_has_names(const struct used *u);
/* "mrix": what is done to a file; access: enum used_access. */
void apparmor_rights(struct buf *b, uint32_t access);
/* The bytes of a name as they stand between the quotes of a rule. */
void apparmor_quote(struct buf *b, struct bytes name);

#endif
