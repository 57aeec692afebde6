/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault - what the kernel's log tells of a process that got a signal for what it did, in words.
 * Pure.
 *
 * abort() raises SIGABRT, which the first process of a pid namespace ignores like every signal that
 * it does not handle. Then glibc and musl execute an instruction that only the kernel may (hlt):
 * a general protection fault, within the C library unless it is linked into the program.
 */
#ifndef NSDEBUG_WHY_FAULT_H
#define NSDEBUG_WHY_FAULT_H

#include <stdbool.h>

struct finding;
struct findings;
struct kmsg_fault;

typedef const char *fault_call_fn(unsigned int nr, char room[16]);

/* What follows "a process that": "wrote to address 0x0 (a null pointer)". */
const char *fault_words(struct findings *f, const struct kmsg_fault *k, fault_call_fn *call_name);
/* Of *x, which says what its signal means, what this fault tells besides. shared_pids: it was not
 * the first process of a pid namespace. */
void fault_explain(struct findings *f, struct finding *x, const struct kmsg_fault *k,
		   bool shared_pids, fault_call_fn *call_name);

#endif
