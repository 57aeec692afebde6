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

#define CAP_ASKERS 4	/* functions of the kernel that only want to know (bpf/capable.h) */

#endif
