/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wanted - threads and goroutines that one round of taking leaves to the next, as bytes that travel
 * through the front.
 *
 * They come from a parser, which holds no rights and has read what a target wrote: whoever reads
 * them believes none of it, and takes only processes that belong to the target.
 */
#ifndef NSDEBUG_CODE_WANTED_H
#define NSDEBUG_CODE_WANTED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "nsdebug/base/str.h"
#include "nsdebug/code/gotake.h"

struct arena;
struct buf;
struct process;

struct wanted {
	pid_t pid;
	uint64_t start;
	pid_t *tids;		/* ascending; in the arena */
	uint8_t *was;		/* of each, enum thread_was */
	size_t count;
	struct go_ask go[GO_RUNTIMES_MAX];	/* whose goroutines are to be copied */
	size_t ngo;
};

/* Adds the threads p->threads[i] for which want[i], as many as w->count, and w's goroutines. */
void wanted_put(struct buf *b, const struct process *p, const bool *want, const struct wanted *w);
/* The next process. False at the end, or when the rest is none. */
bool wanted_next(struct bytes *in, struct wanted *w, struct arena *a);

#endif
