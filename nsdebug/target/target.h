/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target - from a word of the user to one pinned container.
 *
 * A target is bound to a process by pidfd, by the directory /proc/PID opened right after it, by
 * its start time, and by the identity of its namespaces: whatever the pid is reused for, nothing
 * reads from another process under this name. target_find() checks the runtime's recorded start
 * time against the process; target_alive() is asked again before results count.
 *
 * The "container's processes" are those of its cgroup and the cgroups below it; where it has no
 * cgroup of its own (rootless podman on cgroup v1), those of its pid namespace, else of its mount
 * namespace. A cgroup is a container's own if it is not a root and no process of the host's mount
 * namespace is in it.
 *
 * The front owns targets; a child sees one through its copy of the front's memory and must not
 * call anything here but the accessors.
 */
#ifndef NSDEBUG_TARGET_TARGET_H
#define NSDEBUG_TARGET_TARGET_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/enter/enter.h"
#include "nsdebug/sys/cgroup.h"
#include "nsdebug/sys/ids.h"
#include "nsdebug/sys/members.h"
#include "nsdebug/sys/mounts.h"
#include "nsdebug/target/runtime.h"

struct arena;
struct err;
struct proc_status;

struct nsids {
	uint64_t mnt, user;	/* inode numbers of /proc/PID/ns/..., 0: unreadable */
	uint64_t pid;		/* only after target_scope() */
};

enum scope { SCOPE_CGROUP, SCOPE_PIDNS, SCOPE_MNTNS };

struct target {
	char name[ID_MAX + 16];		/* canonical: "runc://web", "pid://42" */
	struct container container;	/* .runtime is NULL for pid:// */
	pid_t pid;			/* host pid of the process that stands for it */
	uint64_t start;			/* its start time, clock ticks after boot */
	struct nsids ns, host;		/* the target's and our own */
	struct idmap uids, gids;
	struct mounts mounts;		/* only after target_mounts() */
	enum scope scope;		/* only after target_scope() */
	unsigned int levels;		/* pid namespaces down to its own, 1: the host's */
	struct place place;		/* the descriptors to enter by; owned */
	struct arena *arena;
};

struct target_want {
	bool host;			/* --host: the host's mount namespace is allowed */
	const char *runtime;		/* only this runtime, or NULL */
};

/* Finds and pins. Unknown: ST_TARGET, with the nearest name; ambiguous: ST_USAGE, with the list. */
int target_find(struct target *t, const char *word, const struct target_want *want, struct err *e);
/* Pins a container that runtime->load() filled. */
int target_pin(struct target *t, const struct container *c, const struct target_want *want,
	       struct err *e);
/* Reads the mount table: needed before a ROLE_READER child. */
int target_mounts(struct target *t, struct err *e);
/* Finds out which processes belong to it and opens the cgroup: needed before ROLE_PROC. */
int target_scope(struct target *t, struct err *e);
bool target_alive(const struct target *t);
void target_free(struct target *t);

/* Calls found for each container of every runtime, loaded, in no order; broken ones are skipped
 * and counted in *broken. */
int target_each(bool (*found)(void *ctx, struct container *c), void *ctx, unsigned int *broken,
		struct err *e);
/* What is looked up once for many containers. */
struct node {
	int procfs;
	struct cgroup_mounts cgroups;
};

/* The host's /proc, and it is procfs: O_PATH directory or -1. */
int target_procfs(struct err *e);
int node_open(struct node *n, struct err *e);
void node_close(struct node *n);

/* Is the recorded first process alive (same start time)? Frozen? */
enum cstate { CSTATE_RUNNING, CSTATE_PAUSED, CSTATE_EXITED };
enum cstate container_state(const struct container *c, const struct node *n, uint32_t *ret_uid);
const char *cstate_name(enum cstate s);

/* In a ROLE_PROC child: what members_list() is asked for the container's processes. */
struct members_want target_members(const struct target *t, const struct inside *in);
/* In a ROLE_PROC child: opens /proc/PID of the container's process with this number of its own. -1
 * with ST_FAILED if it has none. */
int target_process(const struct target *t, const struct inside *in, uint64_t pid, struct err *e);
/* The container's own number of a process, 0 if it has none. */
pid_t target_pid(const struct target *t, const struct proc_status *st);

/* The inside view of a host id. */
static inline uint64_t target_uid(const struct target *t, uint32_t host)
{
	return idmap_inside(&t->uids, host);
}

static inline uint64_t target_gid(const struct target *t, uint32_t host)
{
	return idmap_inside(&t->gids, host);
}

#endif
