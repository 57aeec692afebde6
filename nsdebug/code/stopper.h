/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stopper - what the ways of holding share, inside the stopper: one thread at a time (stop.c), all
 * of a process (holdall.c).
 */
#ifndef NSDEBUG_CODE_STOPPER_H
#define NSDEBUG_CODE_STOPPER_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

struct stopper {
	int peer;
	timer_t timer;
	sigset_t open;		/* signal mask of a wait: SIGCHLD may come */
	uint64_t running;	/* when the thread had not stopped yet */
	size_t pending;		/* threads that are seized and have not stopped */
};

/* From now on the kernel ends us after ns, by SIGKILL; 0: it does not. */
bool stopper_arm(struct stopper *s, uint64_t ns);
/* Lets a thread go that has this wait status, if it has stopped: the signal that the stop was about
 * is delivered as if nothing had been. */
void stopper_let_go(pid_t tid, int status);

#endif
