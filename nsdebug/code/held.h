/* SPDX-License-Identifier: Apache-2.0 */
/*
 * held - the reader's side of holdall.h: a process whose threads all stand still, for a while.
 *
 *	held_begin(&h, peer, emit, max_ns);
 *	if (held_process(&h, dir, &e) == 0)	all threads, also those that came meanwhile
 *		copy; held_still(&h)		was all of the copy made while they stood?
 *	held_end(&h);				how long it was
 *
 * What may not be stopped, or need not be (frozen, waiting for a vfork child), is the caller's to
 * know. Runs in a ROLE_PROC child.
 */
#ifndef NSDEBUG_CODE_HELD_H
#define NSDEBUG_CODE_HELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

#include "nsdebug/base/map.h"

struct arena;
struct emit;
struct err;

struct held_thread {
	pid_t tid;
	int err;		/* as of struct holdall_answer; 0: what follows is known */
	struct user_regs_struct regs;
	struct user_fpregs_struct fp;
	uint8_t *xstate;
	size_t xstate_len;	/* 0: the processor has none */
};

struct held {
	int peer;		/* to the stopper; -1: it has ended */
	struct emit *emit;	/* is ticked while it is waited for; or NULL */
	struct arena *arena;
	struct map by_tid;
	struct held_thread **threads;
	size_t count;
	uint64_t since;		/* clock_ns() when the first was interrupted */
	bool begun, lost;	/* lost: the stopper ended before it said that it let go */
	uint64_t ns;		/* after held_end(): how long, from the first to the last */
	bool late;		/* it was let go before it was told to */
};

/* `peer` stays the caller's. False: there is no stopper (any more). */
bool held_begin(struct held *h, int peer, struct emit *emit, uint64_t max_ns);
/* Holds all threads of the process of a /proc/PID directory. -1 with *e: what is held then is to be
 * ended all the same. */
int held_process(struct held *h, int dir, struct err *e);
const struct held_thread *held_get(const struct held *h, pid_t tid);
/* Have all of them been held until now? Once false it stays so. */
bool held_still(struct held *h);
void held_end(struct held *h);
void held_free(struct held *h);

#define auto_held __attribute__((cleanup(held_free)))

#endif
