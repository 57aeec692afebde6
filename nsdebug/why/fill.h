/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fill - has a directory of the container anything in it, that a mount over it would hide?
 */
#ifndef NSDEBUG_WHY_FILL_H
#define NSDEBUG_WHY_FILL_H

#include "nsdebug/why/reason.h"

struct root;

/* In a ROLE_READER child. DIR_EMPTY of one that is not there, too. */
enum dir_fill fill_look(const struct root *root, const char *dir);
/* The same of an O_PATH descriptor. */
enum dir_fill fill_look_fd(const struct root *root, int fd);

#endif
