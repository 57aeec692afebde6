/* SPDX-License-Identifier: Apache-2.0 */
/*
 * holdall - the stopper holds all threads of a process at once, and lets them go in time.
 *
 * As for one thread (stop.h) it opens no file and reads no memory: the reader beside it (held.h)
 * names the threads, over the same socket, until it finds no more of them, copies, and says when it
 * is done. STOP_ALL begins it. Promises, besides those of stop.h:
 *
 * - the time runs from the first thread that is interrupted, and it is the stopper that ends it,
 *   whatever the reader does: after as long as the reader asked for, at most HOLDALL_MAX_NS. Who
 *   was not answered by then was not held. Of thousands, letting go begins as much earlier as it
 *   takes.
 *   Should it be stuck itself, a timer of the kernel's ends it HOLDALL_SLACK_NS later.
 * - before the first thread is let go the reader can know: HOLDALL_RELEASING is sent, and of a
 *   stopper that dies the kernel closes the socket first. So what the reader copied before it found
 *   neither was copied while all were held.
 * - a thread that does not stop (it sleeps in the kernel until a disk answers) is answered with
 *   ETIME: it runs no code of its own before we let go of it. One that the reader saw asleep like
 *   that is not waited for, the others for half the time. If it still has not stopped at the end,
 *   only our own releases it, so the stopper ends.
 */
#ifndef NSDEBUG_CODE_HOLDALL_H
#define NSDEBUG_CODE_HOLDALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/user.h>

#include "nsdebug/base/clock.h"

struct stopper;

#define HOLDALL_MAX_NS (60 * NS_PER_S)
#define HOLDALL_SLACK_NS (250 * NS_PER_MS)	/* a busy node gives a turn late */
#define HOLDALL_TIDS 64u		/* of one message; between two the time is looked at */
#define HOLDALL_THREADS 65536u	/* more are not held */
#define HOLDALL_XSTATE 16384u	/* bytes of NT_X86_XSTATE: 11008 with all of AMX */

enum holdall_op {
	HOLDALL_MORE = 0x100,	/* to the stopper: hold these too */
	HOLDALL_RELEASE,	/* to it: the copy is made */
	HOLDALL_THREAD,		/* from it: registers, or err */
	HOLDALL_ALL,		/* from it: each of the last HOLDALL_MORE was answered; held_ns is
				 * the time (clock_ns) when the first of all was interrupted */
	HOLDALL_RELEASING,	/* from it: they run on from here */
	HOLDALL_RELEASED,	/* from it: held_ns; err is ETIME if it was not told to */
};

struct holdall_ask {
	uint32_t op, count;
	int32_t tids[HOLDALL_TIDS];	/* as many as count are sent; -tid: is not waited for */
};

/* err: ESRCH it is gone, EPERM traced by somebody else, ETIME see above, ENOTSUP a 32-bit program
 * (it is held). */
struct holdall_answer {
	uint32_t op;
	int32_t tid, err;
	uint32_t xstate_len;
	uint64_t held_ns;
	struct user_regs_struct regs;
	struct user_fpregs_struct fp;
	uint8_t xstate[HOLDALL_XSTATE];	/* as many as xstate_len are sent */
};

/* From STOP_ALL to its end. False: the stopper has to end. */
bool holdall_serve(struct stopper *s, uint64_t max_ns);

#endif
