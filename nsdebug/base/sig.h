/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sig - the signals that end us, as something to wait for.
 *
 * They are blocked and read from a descriptor, so that the front ends in order: the child first,
 * then the JSON document. Around a call that may block and cannot be waited for, they are let
 * through (sig_allow) and then simply end the process: its children die with it.
 */
#ifndef NSDEBUG_BASE_SIG_H
#define NSDEBUG_BASE_SIG_H

#include <stdbool.h>

int sig_open(void);		/* blocks SIGINT SIGTERM SIGHUP SIGQUIT; a signalfd(2), or -1 */
void sig_open_poke(int fd);	/* SIGUSR1, too: it does not end us but wants to see something */
/* What was waited for, so that the next one counts anew; true if it ends us. */
bool sig_take(int fd);
bool sig_poked(void);		/* was a SIGUSR1 among what was taken since the last time? */
void sig_allow(void);
void sig_block(void);

#endif
