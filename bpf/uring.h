/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * uring - how much the target asks of io_uring, which is no system call and is only counted.
 */
#ifndef BPF_URING_H
#define BPF_URING_H

#include "bpf/filter.h"

__u64 uring;	/* submissions */

/* io_uring_submit_sqe before Linux 6.3; one of them attaches. */
SEC("raw_tp/io_uring_submit_req")
int on_uring(struct raw_tracepoint *ctx)
{
	if (is_current_target())
		__sync_fetch_and_add(&uring, 1);
	return 0;
}

SEC("raw_tp/io_uring_submit_sqe")
int on_uring_old(struct raw_tracepoint *ctx)
{
	if (is_current_target())
		__sync_fetch_and_add(&uring, 1);
	return 0;
}

#endif
