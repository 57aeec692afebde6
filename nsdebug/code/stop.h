/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stop - the stopper: a process that holds one thread at a time, and lets it go whatever happens.
 *
 * It opens no file and reads no memory; the reader beside it (stopped.c) does that and asks over a
 * socket: which thread to hold, and when it has its copy. Promises:
 *
 * - only PTRACE_SEIZE: no SIGSTOP that could stay behind, no option that kills. Whenever and
 *   however the stopper ends, the kernel detaches and the thread runs on.
 * - a thread is held for the reader's copy at most STOP_HOLD_NS from when it was seen to have
 *   stopped; then it is let go, copied or not.
 * - before a thread is seized, a timer of the kernel's is armed that ends the stopper with SIGKILL
 *   STOP_BUDGET_NS later, even if the stopper itself is stopped or stuck.
 * - a thread that does not stop in STOP_WAIT_NS is left alone: it waits in the kernel for something
 *   that no signal ends, or for its turn on a processor. That is no pause: it runs on, if it runs.
 *   It cannot be detached from before it stops, so it is let go the moment that it does, or when
 *   the stopper ends. Others are held meanwhile.
 * - a signal met on the way is passed on; a thread that was stopped before (SIGSTOP) stays so.
 */
#ifndef NSDEBUG_CODE_STOP_H
#define NSDEBUG_CODE_STOP_H

#include <stdint.h>
#include <sys/types.h>
#include <sys/user.h>

struct inside;

#define STOP_WAIT_NS (50 * 1000000ull)
#define STOP_HOLD_NS (2 * 1000000ull)
#define STOP_SPIN_NS (100 * 1000ull)
#define STOP_BUDGET_NS (100 * 1000000ull)
#define STOP_PENDING_MAX 16		/* threads left alone that have not stopped yet */

enum stop_op {
	STOP_HOLD = 1,		/* to the stopper: hold tid */
	STOP_RELEASE,		/* to the stopper: the copy is made */
	STOP_HELD,		/* from it: regs */
	STOP_RELEASED,		/* from it: held_ns; err is ETIME if it let go before it was told */
	STOP_FAILED,		/* from it: err; nothing is held. ETIME: it did not stop */
	STOP_ALL,		/* to it: what follows is as holdall.h has it; held_ns at most */
};

struct stop_message {
	uint32_t op;
	int32_t tid, err;
	uint64_t held_ns;	/* from when it was last seen not to have stopped */
	uint64_t regs[17];	/* order of struct regs */
};

/* In the order of struct regs. */
void stop_regs(const struct user_regs_struct *r, uint64_t *to);

/* The whole of a ROLE_STOPPER child: serves in->peer until it closes. */
void stop_serve(struct inside *in, void *arg);

#endif
