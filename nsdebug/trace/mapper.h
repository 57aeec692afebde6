/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mapper - a process that tells a tracer where the code of a process is: its executable mappings,
 * and the ELF files behind them as descriptors.
 *
 * The tracer reads what targets wrote, and has given up all rights; so it asks. The mapper
 * (ROLE_PROC) believes it nothing: it tells of processes of the target only, and opens what
 * `stack` would open (code/modules.h). It parses no file.
 */
#ifndef NSDEBUG_TRACE_MAPPER_H
#define NSDEBUG_TRACE_MAPPER_H

#include <stdint.h>

struct inside;

#define MAPPER_VMAS_MAX 4096	/* executable ones, of a process */
#define MAPPER_ASKS_MAX 16384	/* more are not answered */

struct mapper_ask {
	int32_t pid;
	uint32_t unused;
	uint64_t start;		/* as in struct thread_stack: another one, another process */
};

/* The answer; then so many mapper_vma, each a message. */
struct mapper_head {
	uint32_t count;
	uint32_t known;		/* there is such a process */
	uint64_t exec;		/* as in struct thread_stack */
	uint32_t full;		/* nor will any other be told of: a limit is reached */
	uint32_t own_map;	/* snapshot_own_map() */
	char why[96];
};

struct mapper_vma {
	uint64_t start, end, offset;
	uint32_t module;	/* number + 1; 0: no file */
	uint32_t is_new;	/* not told of before: a descriptor comes along, if there is one */
	uint32_t path_len;
	uint32_t bytes_len;	/* of the vdso, which come as the next message */
	char why[96];		/* why there is no descriptor */
	char path[256];
};

/* The whole of it; arg is the struct target. Serves in->peer until it closes. */
void mapper_serve(struct inside *in, void *arg);

#endif
