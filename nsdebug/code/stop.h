/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stop - the stopper: a process that holds one thread at a time, and lets it go whatever happens.
 *
 * It opens no file and reads no memory; the reader beside it (stopped.c) does that and asks over a
 * socket: which thread to hold, and when it has its copy. Promises:
 *
 * - only PTRACE_SEIZE: no SIGSTOP that could stay behind, no option that kills. Whenever and
 *   however the stopper ends, the kernel detaches and the thread runs on.
 * - before a thread is seized, a timer of the kernel's is armed that ends the stopper with SIGKILL
 *   after STOP_BUDGET_NS, even if the stopper itself is stopped or stuck.
 * - a thread that does not stop in STOP_WAIT_NS (a vfork, a frozen cgroup, a disk that does not
 *   answer) cannot be detached, only released by our end: so the stopper ends, and the reader sees
 *   the socket close. Such a thread was not held: it was not running, or it ran on.
 * - a thread is held for the reader's copy at most STOP_HOLD_NS.
 * - a signal met on the way is passed on; a thread that was stopped before (SIGSTOP) stays so.
 */
#ifndef NSDEBUG_CODE_STOP_H
#define NSDEBUG_CODE_STOP_H

#include <stdint.h>
#include <sys/types.h>

struct inside;

#define STOP_WAIT_NS (20 * 1000000ull)
#define STOP_HOLD_NS (20 * 1000000ull)
#define STOP_SPIN_NS (100 * 1000ull)
#define STOP_BUDGET_NS (50 * 1000000ull)

enum stop_op {
	STOP_HOLD = 1,		/* to the stopper: hold tid */
	STOP_RELEASE,		/* to the stopper: the copy is made */
	STOP_HELD,		/* from it: regs */
	STOP_RELEASED,		/* from it: held_ns; err is ETIME if it let go before it was told */
	STOP_FAILED,		/* from it: err; nothing is held */
	STOP_ALL,		/* to it: what follows is as holdall.h has it; held_ns at most */
};

struct stop_message {
	uint32_t op;
	int32_t tid, err;
	uint64_t held_ns;
	uint64_t regs[17];	/* order of struct regs */
};

/* The whole of a ROLE_STOPPER child: serves in->peer until it closes. */
void stop_serve(struct inside *in, void *arg);

#endif
