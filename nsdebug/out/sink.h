/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sink - stdout, written so that a signal or a vanished reader never leaves us hanging.
 *
 * Bytes are collected and written in blocks. Before a write that could block (pipe, terminal,
 * socket) the sink waits for the reader and for signals together. A closed pipe is remembered and
 * swallows everything after it; any other failure is ST_INTERNAL, for a truthful exit status.
 */
#ifndef NSDEBUG_OUT_SINK_H
#define NSDEBUG_OUT_SINK_H

#include <stdbool.h>

#include "nsdebug/base/buf.h"

struct err;

struct sink {
	int fd;
	int signals;		/* signalfd, or -1 */
	bool pipe, waits;	/* stdout is a pipe; writing to it may block */
	bool append;		/* opened O_APPEND: splice(2) refuses it */
	bool closed;
	bool grown;		/* its pipe has been asked to hold more */
	struct buf out;
};

void sink_init(struct sink *s, int fd, int signals);
/* Writes what has been collected if it is a block or more; all of it with `now`. */
int sink_flush(struct sink *s, bool now, struct err *e);
/* Moves bytes of a pipe to stdout without copying where that works. 0 at the pipe's end. */
int sink_splice(struct sink *s, int fd, struct err *e);

#endif
