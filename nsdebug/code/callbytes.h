/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callbytes - of code that is in no file, made at run time: what stands before each address in it
 * that is on a copied stack, and the code that goes on there or where a thread is.
 *
 * So that the unwinder can tell what calls return to (callsite.h), and follow such code to its
 * return. The target says how many addresses there are, so they are counted, and of code so many
 * pages are taken; of two threads, or two words, with the same address it is copied once.
 */
#ifndef NSDEBUG_CODE_CALLBYTES_H
#define NSDEBUG_CODE_CALLBYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/code/callsite.h"

struct process;
struct snapshot;

#define CALLBYTES_MAX 16384u		/* addresses of a process */
#define CALLBYTES_ALL_MAX 262144u	/* of all */
#define MADE_PAGE 4096u
#define MADE_PAGES_MAX 1024u		/* of a process */
#define MADE_PAGES_ALL_MAX 8192u	/* of all */

struct callbytes {
	uint64_t addr;
	uint8_t bytes[CALL_BYTES];	/* before it */
};

struct made_page {
	uint64_t addr;
	const uint8_t *bytes;
};

/* Reads all of it, or false. */
typedef bool made_read_fn(void *arg, uint64_t from, void *to, size_t len);

/* Fills p->calls and p->pages, from its threads that were taken. With rights. */
void callbytes_take(struct snapshot *s, struct process *p);
/* The same of memory that is read so. */
void callbytes_take_by(struct snapshot *s, struct process *p, made_read_fn *read, void *arg);
/* False: they were not copied. */
bool callbytes_find(const struct process *p, uint64_t addr, uint8_t bytes[CALL_BYTES]);
/* Up to room bytes of such code, as far as it was copied without a gap. Returns how many. */
size_t callbytes_code(const struct process *p, uint64_t addr, uint8_t *to, size_t room);

#endif
