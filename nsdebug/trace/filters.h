/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filters - the seccomp filters of a thread, read from the kernel by a BPF program: the thread is
 * not stopped, as PTRACE_SECCOMP_GET_FILTER would have to, and nothing is called in its name.
 *
 * A ROLE_ITERATOR child reads them for the ROLE_PROC child that it runs beside; it does not look at
 * what it hands on. Who asked becomes a parser before it does.
 */
#ifndef NSDEBUG_TRACE_FILTERS_H
#define NSDEBUG_TRACE_FILTERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bpf/filters.h"
#include "nsdebug/why/seccomp.h"

struct arena;
struct err;
struct inside;

struct filters {
	struct seccomp_filter items[FILTERS_MAX];	/* the newest first; len 0: not known */
	size_t count;
	bool more;		/* there are more than these */
	bool strict;		/* mode 1: read, write, exit and sigreturn only */
	/* leftcalls.h: why the answer to the call is not known; or NULL. So it is of each call. */
	const char *hidden;
	bool hides_all;
};

/* The whole of a ROLE_ITERATOR child: serves in->peer until it closes. */
void filters_serve(struct inside *in, void *arg);

/* Of the first thread of a process, whose directory in /proc this is; asked of in->second. Filters
 * are the target's words, so the child is a parser from then on. -1: ST_TARGET if it is gone,
 * another status if this kernel does not tell, or not us. */
int filters_of(struct filters *f, struct inside *in, int dir, struct arena *a, struct err *e);

#endif
