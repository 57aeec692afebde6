/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * filters - the seccomp filters of a thread, as their programs were written.
 *
 * The kernel keeps them beside what it made of them where it has CONFIG_CHECKPOINT_RESTORE.
 */
#ifndef BPF_FILTERS_H
#define BPF_FILTERS_H

#include <linux/types.h>

#define FILTERS_MAX 32
#define FILTERS_INSNS 4096	/* of each: BPF_MAXINSNS */

struct filter_code {
	__u32 len, whole;	/* instructions; whole: all of them are here */
	__u64 code[FILTERS_INSNS];	/* struct sock_filter */
};

#endif
