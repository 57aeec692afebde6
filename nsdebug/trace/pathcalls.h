/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pathcalls - what seccomp filters answer to the calls by which something is done to a path: they
 * are asked before the path is.
 */
#ifndef NSDEBUG_TRACE_PATHCALLS_H
#define NSDEBUG_TRACE_PATHCALLS_H

#include "nsdebug/trace/filters.h"
#include "nsdebug/why/action.h"
#include "nsdebug/why/reason.h"

struct buf;

/* If they refuse all: *why becomes WHY_SECCOMP. If some: *text is what *why says, and which. */
void pathcalls_judge(const struct filters *f, const struct action *act, struct reason *why,
		     struct buf *text);

#endif
