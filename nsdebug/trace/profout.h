/* SPDX-License-Identifier: Apache-2.0 */
/*
 * profout - a profile as other programs read it, written to a pipe.
 *
 *	folded		"comm;main;work 17": a line a stack, Brendan Gregg's format
 *	pprof		profile.proto of github.com/google/pprof, gzipped
 *	speedscope	its file-format-schema.json: one profile a thread
 *	svg		a flame graph in one file, for a browser, without a network
 *
 * Names are a target's bytes: a ';' in one, a control character or what is not UTF-8 cannot make a
 * line, a frame or a tag of its own.
 */
#ifndef NSDEBUG_TRACE_PROFOUT_H
#define NSDEBUG_TRACE_PROFOUT_H

#include <stdbool.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/trace/profile.h"

struct profout {
	const struct profile *p;
	const char *title;	/* our own words, and the target's name */
	int fd;
	bool failed;
	struct buf b;
};

typedef void profout_fn(struct profout *o);

/* Hands on what has come together; to be called often. */
void profout_flush(struct profout *o, bool all);
/* A frame's name on one line, without what is special in the folded format. */
void profout_name(struct buf *b, const struct profile_frame *f);

profout_fn profout_folded, profout_pprof, profout_speedscope, profout_svg;

/* NULL: there is no such format. */
profout_fn *profout_format(const char *name);

#endif
