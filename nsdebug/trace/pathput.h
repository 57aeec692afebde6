/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pathput - the path that a program found by walking up from a file (bpf/path.h).
 */
#ifndef NSDEBUG_TRACE_PATHPUT_H
#define NSDEBUG_TRACE_PATHPUT_H

#include "bpf/path.h"

struct buf;

/* "/srv/data"; ".../data" if the way was longer than what is noted of one. */
void pathput(struct buf *b, const struct path_names *n);

#endif
