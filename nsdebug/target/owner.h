/* SPDX-License-Identifier: Apache-2.0 */
/*
 * owner - which of the node's other containers a process belongs to, in a ROLE_PROC child.
 *
 * By its mount namespace, which only one container has; or else by its cgroup, if that is the
 * container's alone, for processes that a container made a mount namespace for. Those are in its
 * pid namespace, or below: others in its cgroup it has not made. Of one in the host's pid
 * namespace, where all are, the cgroup has to be named after it. The neighbours are looked at when
 * the first one is asked for, each of them only if it still is the process that was collected
 * (near.h).
 */
#ifndef NSDEBUG_TARGET_OWNER_H
#define NSDEBUG_TARGET_OWNER_H

#include <stdint.h>
#include <sys/types.h>

struct arena;
struct cgroup;
struct near;
struct target;

#define OWNER_NONE UINT32_MAX

struct owners {
	const struct near *near;
	const struct target *t;
	int procfs;
	uint64_t *mnt;		/* of each neighbour; 0: it is gone, or its is ours or the host's */
	struct cgroup *cgroups;
	uint64_t *pids;		/* their pid namespaces; 0: not known */
	struct arena *a;
};

/* What it points to must live as long; it needs no free. */
void owners_init(struct owners *o, const struct near *near, const struct target *t, int procfs,
		 struct arena *a);
/* Index into near->items, or OWNER_NONE. The target is no owner here. */
uint32_t owner_by_mnt(struct owners *o, uint64_t mnt);
uint32_t owner_by_cgroup(struct owners *o, pid_t pid);

#endif
