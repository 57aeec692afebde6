/* SPDX-License-Identifier: Apache-2.0 */
/*
 * callbytes - of code that is in no file, made at run time: what stands before each address in it
 * that is on a copied stack.
 *
 * So that the unwinder can tell what calls return to (callsite.h) when it can read nothing more.
 * For the rest such code is not copied. The target says how many there are, so they are counted;
 * of two threads, or two words, with the same address it is copied once.
 */
#ifndef NSDEBUG_CODE_CALLBYTES_H
#define NSDEBUG_CODE_CALLBYTES_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/code/callsite.h"

struct process;
struct snapshot;

#define CALLBYTES_MAX 16384u		/* addresses of a process */
#define CALLBYTES_ALL_MAX 262144u	/* of all */

struct callbytes {
	uint64_t addr;
	uint8_t bytes[CALL_BYTES];	/* before it */
};

/* Fills p->calls, from its threads that were taken. With rights. */
void callbytes_take(struct snapshot *s, struct process *p);
/* False: they were not copied. */
bool callbytes_find(const struct process *p, uint64_t addr, uint8_t bytes[CALL_BYTES]);

#endif
