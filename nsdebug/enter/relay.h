/* SPDX-License-Identifier: Apache-2.0 */
/*
 * relay - the front's only wait: frames and data of one child, its end, signals, the deadlines.
 *
 * The deadline is time without progress: it starts anew with every byte that the child sends, and
 * does not run while the front itself is writing to a slow reader. Of a tracer that loads its
 * programs, processor time is progress. --max-time bounds the whole. A child over its deadline gets
 * SIGKILL and 300 ms; one that is still there (blocked in a file system whose server does not
 * answer) is left behind, and that is said.
 */
#ifndef NSDEBUG_ENTER_RELAY_H
#define NSDEBUG_ENTER_RELAY_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/str.h"
#include "nsdebug/enter/emit.h"
#include "nsdebug/enter/enter.h"

struct relay {
	/* A frame other than F_TICK and F_END. -1 ends the relay with *e. */
	int (*frame)(void *ctx, enum frame_type type, struct bytes body, struct err *e);
	/* Those frames that had come are all handed on: a time to write; or NULL. */
	int (*batch)(void *ctx, struct err *e);
	/* The data pipe is readable: moves something, 0 at its end, -1 with *e. */
	int (*data)(void *ctx, int fd, struct err *e);
	void *ctx;
	const char *who;	/* whose child, for messages: the target */
	uint64_t timeout_ns;
	uint64_t until_ns;	/* clock_ns() at which --max-time is over, 0: never */
	int signals;		/* signalfd of SIGINT, SIGTERM, SIGHUP; -1: none */
	/* A tracer shows what it has when SIGUSR1 comes, and when Enter is pressed. */
	bool pokes;
};

/*
 * Until the child's end. Returns the child's own status, or the status of what went wrong, which
 * is then described in *e (e->msg is empty if there is nothing to say). The child is closed.
 */
enum status relay_run(const struct relay *r, struct child *c, struct err *e);

/* Ends the process with ST_DEADLINE a second after this time, whatever it is blocked in then: a
 * reader of ours that does not read. The orderly way comes first. */
void relay_bound(uint64_t max_ns);

#endif
