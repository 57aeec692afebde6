/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sample - the sampler: a process that has the kernel copy a thread while it runs, once.
 *
 * A perf event counts the time that one thread runs; the timer's interrupt after the first ten
 * microseconds copies its registers and the upper end of its stack, and the event is over. The
 * thread is not stopped and no call of it returns. The sampler knows nothing of a target but the
 * thread's id, which the reader beside it (sampled.c) tells; it holds CAP_PERFMON (with
 * CAP_SYS_ADMIN where a kernel wants that: seal.c), opens no file, and hands on what was copied
 * without looking at it.
 */
#ifndef NSDEBUG_TRACE_SAMPLE_H
#define NSDEBUG_TRACE_SAMPLE_H

#include <stdint.h>

struct inside;

#define SAMPLE_BYTES_MAX 65272u		/* a record is shorter than 64 KiB */
#define SAMPLE_REGS 17

struct sample_ask {
	int32_t tid;
	uint32_t bytes;		/* of its stack at most */
	uint64_t wait_ns;	/* for it to run */
};

/* With err 0, stack_len bytes from the stack pointer on follow in a message of their own. */
struct sample_answer {
	int32_t err;		/* ETIME: it did not run; ENOTSUP: not 64-bit code */
	uint32_t pid, tid;
	uint32_t stack_len;	/* fewer than there are: the rest is not in memory */
	uint64_t at;		/* of clock_ns() */
	uint64_t regs[SAMPLE_REGS];	/* order of struct regs */
};

/* The whole of a ROLE_SAMPLER child: serves in->peer until it closes. */
void sample_serve(struct inside *in, void *arg);

#endif
