/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exits - exit codes as runtimes write them down: 128 + n for a process that signal n ended, which
 * a program may also have chosen itself.
 */
#ifndef NSDEBUG_WHY_EXITS_H
#define NSDEBUG_WHY_EXITS_H

#include <stdbool.h>
#include <stdint.h>

struct findings;

/* The signal, or 0: none. */
unsigned int exits_signal(int64_t code);
/* "SIGSEGV" */
const char *exits_signal_name(struct findings *f, unsigned int sig);
/* Adds what a code alone tells: its kind, what it means, what helps. Proven: something else than
 * the code tells of the signal, too. runtime: which had it started. */
struct finding *exits_say(struct findings *f, int64_t code, bool proven, const char *runtime);

/* With what it ended is in no file. */
void exits_unknown(struct findings *f);

#endif
