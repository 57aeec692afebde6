/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seal - the steps by which a child gives up what it must not have; enter.c is the only caller.
 *
 * Each step is irrevocable. They are called in the order of this file.
 */
#ifndef NSDEBUG_ENTER_SEAL_H
#define NSDEBUG_ENTER_SEAL_H

#include <stdbool.h>
#include <sys/types.h>

#include "nsdebug/enter/enter.h"

/* Not dumpable, dies with the front (0: outlives it), own session, no new privileges, no core, no
 * file (but one that it was given to write), no child. */
int seal_process(pid_t front, bool writes, struct err *e);
/* Goes before all that share the processors, or does not if the kernel refuses. */
void seal_prompt(void);
int seal_calm(void);	/* takes that back. -1 with errno */
/* ROLE_READER: where the host's debug files are, in->debug; -1 where there are none. */
void seal_debug(struct inside *in);
/* ROLE_READER: joins the mount namespace, clones its tree read-only, makes the clone the root. */
int seal_root(struct inside *in, int pidfd, struct err *e);
/* ROLE_READER of a container without a process: makes its layers, put together, the root, by a
 * mount that nobody else has and that cannot be written to. */
int seal_image(struct inside *in, const struct imagefs *image, struct err *e);
/* Capabilities and system calls of the role; a reader that serves another child has others. */
int seal_rights(const struct spawn *s, struct err *e);
/* From ROLE_PROC, ROLE_SCAN or ROLE_TRACER: no capability at all, pipes and reading only, limited
 * memory and, but for a tracer, time. One that asks, as a tracer does, is given files. */
int seal_parser(enum role role, bool asks, struct err *e);

const char *seal_name(enum role role);

/* ---- between seal.c and image.c ---- */

/* A missing capability is named, not numbered: this is what most first runs fail on. */
int seal_err(struct err *e, int pidfd, const char *what, const char *caps);
/* No mount of a tree may be written to, or change times, or execute. -1 with errno. */
int seal_read_only(int tree);
/* Makes in->root a private copy of its mount, with AT_RECURSIVE of the whole tree, that the kernel
 * itself keeps read-only; else sets in->raw. */
int seal_clone(struct inside *in, unsigned int recursive);

#endif
