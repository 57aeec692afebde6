/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heldfile - "fd:PID/N": a file that a process of the container holds open, in a ROLE_PROC child.
 *
 * PID is the container's own number for the process. A descriptor proves nothing about who may
 * read what is behind it: it may have leaked in from the host. So the file is opened only if it was
 * opened through a mount of the container (its mount id is in the container's mount
 * table) or is anonymous memory that no mount table has (memfd). Only regular files.
 */
#ifndef NSDEBUG_TARGET_HELDFILE_H
#define NSDEBUG_TARGET_HELDFILE_H

#include <stdbool.h>

struct err;
struct inside;
struct target;

bool heldfile_is(const char *word);
/* A descriptor open for reading, its position at the beginning; or -1. */
int heldfile_open(const struct target *t, const struct inside *in, const char *word,
		  struct err *e);

#endif
