/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits - what the cgroups of a process may use and do use, at every level up to the root, and the
 * pressure they are under: pids, memory, processor, cpuset, disks, huge pages, v1 and v2.
 *
 * A level that sets no limit is left out, but for the container's own. What is told of a level
 * that is not the container's own is of all that is below that level, and bears its path.
 */
#ifndef NSDEBUG_SYS_LIMITS_H
#define NSDEBUG_SYS_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/base/str.h"
#include "nsdebug/sys/cgset.h"

struct arena;

struct limit {
	const char *name;	/* "pids", "memory" ... */
	const char *kind;	/* "cgroup", "pressure", or the caller's */
	const char *unit;	/* "bytes", "count", "millicpu", "percent", or the caller's */
	/* NONE_U64: not known, or no limit */
	uint64_t use, soft, hard, headroom, used_percent, headroom_percent, up, events, periods,
		throttled_percent, avg10, avg60, avg300;
	int64_t throttled_s, stalled_s;		/* ns, or NONE_I64 */
	const char *state;	/* "ok", "tight" ...; NULL until limit_judge() */
	struct bytes level, note;
	bool shows_max;		/* no limit is worth saying */
};

struct limit_cpu {
	uint64_t used_ns, periods, throttled, throttled_ns;
};

struct limits {
	const struct cgset *cgroups;
	struct arena *arena;
	void (*found)(void *ctx, struct limit *l);
	void (*tick)(void *ctx);	/* this may take long: called now and then */
	void *ctx;
	struct limit_cpu before[CGSET_DEPTH_MAX + 1];	/* of each level */
	uint64_t sampled_ns;		/* since limits_sample(), or 0 */
};

/* Remembers processor times; whoever calls it waits, and says in sampled_ns how long. */
void limits_sample(struct limits *s);
/* Calls found for each limit that is set, and for the most important ones that are not. */
void limits_of_cgroups(struct limits *s);
void limits_of_pressure(struct limits *s);
void limits_of_freezer(struct limits *s);

struct limit limit_new(const char *name, const char *kind, const char *unit);
/* Fills what follows from use and limit, and state where none is set yet. */
void limit_judge(struct limit *l);
bool limit_is_trouble(const struct limit *l);

#endif
