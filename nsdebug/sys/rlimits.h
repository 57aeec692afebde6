/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rlimits - the resource limits of a process and how much of each it uses. /proc/PID/limits;
 * format: Linux fs/proc/base.c (lnames); meaning: getrlimit(2).
 *
 * Some limits are on the process, some on all threads of its user, some are no longer enforced.
 */
#ifndef NSDEBUG_SYS_RLIMITS_H
#define NSDEBUG_SYS_RLIMITS_H

#include <stdbool.h>
#include <stdint.h>

enum rlimit_id {
	RL_CPU, RL_FSIZE, RL_DATA, RL_STACK, RL_CORE, RL_RSS, RL_NPROC, RL_NOFILE, RL_MEMLOCK,
	RL_AS, RL_LOCKS, RL_SIGPENDING, RL_MSGQUEUE, RL_NICE, RL_RTPRIO, RL_RTTIME, RL_COUNT
};

struct rlimit_kind {
	const char *name;	/* as ulimit(1) and prlimit(1) have it: "nofile" */
	const char *unit;	/* "bytes", "count", "s", "us" */
	const char *meaning;
};

extern const struct rlimit_kind rlimit_kinds[RL_COUNT];

struct rlimits {
	uint64_t soft[RL_COUNT], hard[RL_COUNT];	/* UINT64_MAX: unlimited */
	bool there[RL_COUNT];
};

int rlimits_read(struct rlimits *r, int dir);		/* of a /proc/PID; -1 with errno */
bool rlimits_parse(struct rlimits *r, const char *text);

/* The hard limit of this process, where it is the highest that root can set here: neither it nor
 * process 1 may have CAP_SYS_RESOURCE. UINT64_MAX: there is none such. */
uint64_t rlimits_most(enum rlimit_id which);

/* What is used now, UINT64_MAX where that cannot be known; `procfs` is looked through for the
 * threads of the same user. `tick` is called now and then. */
void rlimits_use(uint64_t use[RL_COUNT], const struct rlimits *r, int dir, int procfs,
		 void (*tick)(void *ctx), void *ctx);

#endif
