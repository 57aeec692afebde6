/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * cap - checks of capabilities, as both sides see them.
 */
#ifndef BPF_CAP_H
#define BPF_CAP_H

#include "bpf/shared.h"

/* The user namespace that a capability must be held in, from where the asking thread is. */
enum cap_ns {
	CAP_NS_HOST,		/* the host's, which may be its own */
	CAP_NS_OWN,
	CAP_NS_INNER,		/* further down: one that it made */
	CAP_NS_OUTER,		/* between its own and the host's */
	CAP_NS_COUNT,
};

/* What a check says of the thread in whose call it was made. */
enum cap_sort {
	CAP_USED,		/* it had the capability, and so went on */
	CAP_REFUSED,
	CAP_ASKED,		/* the kernel only wanted to know */
	CAP_BORROWED,		/* asked of others: who mounted an overlay, or opened the file */
	CAP_RUNTIME,		/* of a runtime's program that is about to become the container's */
	CAP_SORT_COUNT,
};

#define CAP_MAX 48		/* Linux 6.18 has 41 */
#define CAP_CALLS 512		/* system calls; the last number is for what is in none */
#define CAP_NO_CALL (CAP_CALLS - 1)

/* With counts only, by system call and capability. */
struct cap_count {
	__u64 n[CAP_NS_COUNT][CAP_SORT_COUNT];
};

#define CAP_ASKERS 4	/* functions of the kernel that only want to know (bpf/capable.h) */

#endif
