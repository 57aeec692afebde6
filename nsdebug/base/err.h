/* SPDX-License-Identifier: Apache-2.0 */
/*
 * err - why something failed, in one flat value that the caller owns.
 *
 * A function that can fail takes `struct err *e` last, returns -1 (or NULL) on failure and has
 * then filled *e; on success it leaves *e alone. There is nothing to release, so an error can be
 * tolerated by ignoring it and crosses a process boundary by copying it.
 *
 * A message names the object and, where there is one, the cure; it is lower case and has no full
 * stop. It may hold bytes of a target: whoever prints it escapes it (out/, cli/).
 */
#ifndef NSDEBUG_BASE_ERR_H
#define NSDEBUG_BASE_ERR_H

#include <stddef.h>

#include <stdbool.h>

/* The exit status of the whole program, the only table of it (shown by nsdebug help). */
enum status {
	ST_OK = 0,
	ST_FAILED = 1,		/* target-side or negative result: ENOENT, nothing found */
	ST_USAGE = 2,		/* bad words on the command line, or an ambiguous target */
	ST_TARGET = 3,		/* no such target, or it went away */
	ST_REFUSED = 4,		/* file type, policy, missing kernel feature */
	ST_INCOMPLETE = 5,	/* a limit was reached: some output is missing, and said so */
	ST_NOTHING = 6,		/* nothing could be attached */
	ST_PRIVILEGE = 77,	/* a capability is missing; the message names it */
	ST_DEADLINE = 124,	/* no progress within --timeout, or --max-time is over */
	ST_STUCK = 125,		/* the same, and a child had to be left behind */
	ST_INTERNAL = 126,	/* own error, own child killed, stdout could not be written */
	ST_INTERRUPTED = 130,	/* by a signal, after a clean detach */
};

struct err {
	enum status status;
	int sys;		/* errno of the failed call, or 0 */
	char msg[512];		/* NUL terminated; cut, never overflowed */
};

/* All return -1, so that `return err_sys(e, ...)` is a whole failure path. e may be NULL. */
int err_set(struct err *e, enum status status, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* For a failed system call: appends ": <name of errno>"; the status follows from errno. */
int err_sys(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Prepends what the caller was doing: "<text>: <old message>". */
int err_wrap(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Appends what else there is to say. */
int err_add(struct err *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* ST_USAGE of a word, up to a comma or parenthesis, that is none of words(0), words(1) ... up to
 * NULL; what is "" is passed over. The nearest of them is said besides; of those in capitals,
 * whatever the word's letters are. */
int err_no_word(struct err *e, const char *word, const char *(*words)(size_t i),
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* The worse of two by the order 126 125 124 130 77 3 6 5 4 2 1 0 (the exit status of several). */
enum status status_worse(enum status a, enum status b);
/* Is the number one of the table? What a child says may be anything. */
bool status_known(unsigned int n);

/* "ENOENT"-like name and text of an errno without libc's locale: never NULL. */
const char *errno_name(int err);

#endif
