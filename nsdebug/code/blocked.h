/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blocked - the snapshot source that stops nobody: threads that do not run.
 *
 * The kernel tells stack pointer and program counter of a thread that is off the processors
 * (/proc/PID/task/TID/syscall). Its stack is copied, and counts only if the thread had no turn
 * meanwhile and is at the same place still; up to three tries. The other registers are not known.
 */
#ifndef NSDEBUG_CODE_BLOCKED_H
#define NSDEBUG_CODE_BLOCKED_H

#include "nsdebug/code/snapshot.h"

extern const struct snapshot_source source_blocked;	/* self: NULL */

#endif
