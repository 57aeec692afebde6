/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gofind - where a process's Go runtimes keep their goroutines.
 *
 * Stripped programs have no symbol for runtime.allgs, but names of functions, and code that says
 * which variables it is about: those that runtime.allgadd refers to are few, and the list is among
 * them. In the same way runtime.goroutineheader refers to the words for what a goroutine waits for,
 * whose numbers are others in each version of Go. Nothing of the process's memory is searched
 * through. Runs in the parser; what it finds is for the taker to copy (gotake.h).
 */
#ifndef NSDEBUG_CODE_GOFIND_H
#define NSDEBUG_CODE_GOFIND_H

#include <stdbool.h>
#include <stddef.h>

#include "nsdebug/code/gotake.h"

struct buf;
struct bytes;
struct code;
struct err;
struct process;

/* Does it run Go's code, as far as is known? Looks for nothing. */
bool go_seen(const struct process *p);
/* At most GO_RUNTIMES_MAX of them. -1 with *e: it has Go code that does not say where they are. */
int go_find(const struct process *p, struct go_ask *ret, size_t *count, struct err *e);

/* The Go program or library that has the address in its file's segments, or NULL. */
struct code *go_data(const struct process *p, uint64_t addr, uint64_t *bias);

/* As bytes, from one round to the next. */
void go_ask_put(struct buf *b, const struct go_ask *asks, size_t count);
bool go_ask_get(struct bytes *in, struct go_ask *ret, size_t *count);

#endif
