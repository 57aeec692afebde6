/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pathcalls - what seccomp filters answer to the calls by which something is done to a path, or a
 * port is bound: they are asked before the path or the port is.
 *
 * Of flags and modes that a call is made with, those that make it what is asked about are known;
 * what a program may add to them (O_CLOEXEC, permissions ...) may be or not.
 */
#ifndef NSDEBUG_TRACE_PATHCALLS_H
#define NSDEBUG_TRACE_PATHCALLS_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/why/action.h"
#include "nsdebug/why/reason.h"

struct arena;
struct buf;
struct emit;
struct inside;
struct target;

/* Whose filters. */
struct pathcalls {
	struct inside *in;
	struct emit *emit;
	const struct target *t;
	struct arena *a;
	int dir;		/* /proc/PID; -1: it has ended, and its recorded profile is asked */
	uint32_t seccomp;	/* struct creds */
};

/* *why, what is said of the path or the port, becomes WHY_SECCOMP if filters refuse it; if it was
 * allowed, WHY_UNKNOWN where it is not known whether they let through what is needed. Said in
 * *text, unless reason_text() says it. Last of all: of one that runs, who asks becomes a parser. */
void pathcalls_judge(const struct pathcalls *p, const struct action *act, struct reason *why,
		     struct buf *text);
void pathcalls_port(const struct pathcalls *p, bool udp, struct reason *why, struct buf *text);

#endif
