/* SPDX-License-Identifier: Apache-2.0 */
/*
 * capnum.h - the numbers of all capabilities, as CAP_*.
 *
 * From linux/capability.h, and those that headers older than the oldest kernel we run on may lack:
 * CAP_PERFMON and CAP_BPF are of Linux 5.8, CAP_CHECKPOINT_RESTORE of 5.9.
 */
#ifndef NSDEBUG_BASE_CAPNUM_H
#define NSDEBUG_BASE_CAPNUM_H

#include <linux/capability.h>

#ifndef CAP_BPF
#define CAP_PERFMON 38
#define CAP_BPF 39
#endif
#ifndef CAP_CHECKPOINT_RESTORE
#define CAP_CHECKPOINT_RESTORE 40
#endif

#endif
