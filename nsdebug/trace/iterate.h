/* SPDX-License-Identifier: Apache-2.0 */
/*
 * iterate - the iterator: a process that has the kernel copy threads as they stand, by a BPF
 * program that visits them.
 *
 * It knows nothing of a target but what it is asked for by the reader beside it (iterated.c), over
 * a socket: a process by pid and start time. The program looks at no other one. The iterator holds
 * CAP_BPF and CAP_PERFMON, may open nothing but what libbpf reads of the kernel, and hands on what
 * was copied without looking at it. Where the kernel does not load the program (no types in
 * /sys/kernel/btf, before Linux 5.18, no capability), the iterator ends, and the reader sees the
 * socket close.
 */
#ifndef NSDEBUG_TRACE_ITERATE_H
#define NSDEBUG_TRACE_ITERATE_H

#include <stdint.h>

#include "bpf/snap.h"

struct inside;

#define ITERATE_TASKS_MAX 200	/* at once: no less than the kernel tells in 32 KiB */
#define ITERATE_CHUNK (128u << 10)

struct iterate_ask {
	int32_t pid, tid;	/* tid 0: all threads */
	uint64_t start;		/* of pid, as /proc/PID/stat has it */
	uint64_t bytes, far_bytes;	/* of a stack at most; of one that has more */
	uint32_t depth;		/* of the target's pid namespace */
	uint32_t unused;
};

/*
 * An answer is as many of these as it takes; the last one has no tasks. Each is followed by its
 * pages, ITERATE_CHUNK bytes at a time.
 */
struct iterate_answer {
	uint32_t count, pages;
	struct snap_task tasks[ITERATE_TASKS_MAX];
};

/* The whole of a ROLE_ITERATOR child: serves in->peer until it closes. */
void iterate_serve(struct inside *in, void *arg);

#endif
