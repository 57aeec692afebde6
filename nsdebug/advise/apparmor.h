/* SPDX-License-Identifier: Apache-2.0 */
/*
 * apparmor - an AppArmor profile of what was used. apparmor.d(5); of AppArmor 3 and newer.
 *
 * Every byte of a name is written so that it means itself, whatever it is. What has a number of its
 * own each time is generalised: processes in /proc, files with digits that were made, /tmp.
 */
#ifndef NSDEBUG_ADVISE_APPARMOR_H
#define NSDEBUG_ADVISE_APPARMOR_H

#include <stdbool.h>

#include "nsdebug/base/str.h"

struct advice;
struct buf;
struct used_path;

/* False: a family of sockets has no name there, and is left out. */
bool apparmor_profile(struct buf *b, const struct advice *a, const char *name);
/* "mrix": what is done to a file. */
void apparmor_rights(struct buf *b, const struct used_path *p);
/* The bytes of a name as they stand between the quotes of a rule. */
void apparmor_quote(struct buf *b, struct bytes name);

#endif
