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
#include <stdint.h>

struct ending;
struct finding;
struct findings;
struct kmsg_fault;
struct kmsg_found;
struct kmsg_want;

typedef const char *fault_call_fn(unsigned int nr, char room[16]);

/* Which one would be the container's: of the program that was started, about when it ended; or,
 * if it was never executed, of what runc calls the process that was to become it. Times: ended_ns
 * since 1970, 0 if that is not known; boot_us of when the kernel's clock began. */
void fault_want(const struct ending *x, int64_t ended_ns, int64_t boot_us,
		struct kmsg_want *want);
/* Of the fault that was found: "at TIME the kernel's log has a process ... that wrote to ...". */
const char *fault_evidence(struct findings *f, const struct kmsg_found *log, const char *at,
			   fault_call_fn *call_name);
/* Of *x, which says what its signal means, what this fault tells besides. shared_pids: it was not
 * the first process of a pid namespace. */
void fault_explain(struct findings *f, struct finding *x, const struct kmsg_fault *k,
		   bool shared_pids, fault_call_fn *call_name);

#endif
