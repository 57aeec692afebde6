/* SPDX-License-Identifier: Apache-2.0 */
/*
 * target - one pinned container, and all of a node's.
 *
 * A target is bound to a process by pidfd, by the directory /proc/PID opened right after it, by
 * its start time, and by the identity of its namespaces: whatever the pid is reused for, nothing
 * reads from another process under this name. The runtime's recorded start time is checked against
 * the process; target_alive() is asked again before results count.
 *
 * The "container's processes" are those of its cgroup and the cgroups below it; where it has no
 * cgroup of its own (rootless podman on cgroup v1), those of its pid namespace, else of its mount
 * namespace. A cgroup is a container's own if its runtime named it after the container's id, else
 * if it is not a root and no process of the host's mount namespace is in it.
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
#include "nsdebug/sys/cgset.h"
#include "nsdebug/sys/ids.h"
#include "nsdebug/sys/members.h"
#include "nsdebug/sys/mounts.h"
#include "nsdebug/target/ownprofile.h"
#include "nsdebug/target/runtime.h"

struct arena;
struct ending;
struct err;
struct next;
struct proc_status;

struct nsids {
	uint64_t mnt, user, net, uts;	/* inode numbers of /proc/PID/ns/..., 0: unreadable */
	uint64_t pid;		/* only after target_scope() */
};

enum scope { SCOPE_CGROUP, SCOPE_PIDNS, SCOPE_MNTNS };

#define TARGET_NAME_MAX 600

struct target {
	char name[TARGET_NAME_MAX];	/* canonical: "runc://web", "pid://42" */
	struct container container;	/* .runtime is NULL for pid:// */
	pid_t pid;			/* host pid of the process that stands for it */
	uint64_t start;			/* its start time, clock ticks after boot */
	struct nsids ns, host;		/* the target's and our own */
	struct idmap uids, gids;
	struct mounts mounts;		/* only after target_mounts() */
	struct mounts host_mounts;	/* our own; only after target_host_mounts() */
	enum scope scope;		/* only after target_scope() */
	struct cgroup cgroup;		/* of SCOPE_CGROUP */
	struct cgset cgroups;		/* only after target_cgroups(); owned */
	unsigned int levels;		/* pid namespaces down to its own, 1: the host's */
	struct place place;		/* the descriptors to enter by; owned */
	const struct next *next;	/* of a container that is not there yet; else NULL */
	struct ending *ending;		/* only after target_pin_or_end(): how it ended */
	struct ownprofile profile;	/* for verbs that have .judge */
	struct arena *arena;		/* owned, and all strings of .container with it */
};

struct target_want {
	bool host;			/* --host: the host's mount namespace is allowed */
	bool ended;			/* one without a process will do */
	const char *space;		/* only of this Kubernetes or containerd namespace */
	const char *part;		/* only containers of this name in their pod */
};

/* Pins a container that runtime->load() filled; its strings are copied. */
int target_pin(struct target *t, const struct container *c, const struct target_want *want,
	       struct err *e);
/* The same; of one without a process its name, what is recorded, and the files (place.image). */
int target_pin_or_end(struct target *t, const struct container *c, const struct target_want *want,
		      struct err *e);
int target_pin_pid(struct target *t, pid_t pid, const struct target_want *want, struct err *e);
/* Reads the mount table: needed before a ROLE_READER child. */
int target_mounts(struct target *t, struct err *e);
/* Reads our own mount table: how the target's mounts are called on the host. */
int target_host_mounts(struct target *t, struct err *e);
/* Finds out which processes belong to it and opens the cgroup: needed before ROLE_PROC. */
int target_scope(struct target *t, struct err *e);
/* Opens its cgroup in every hierarchy: needed before the ROLE_PROC child of a verb that reads them.
 * Which of them are its own is found out for each. */
int target_cgroups(struct target *t, struct err *e);
/* Is the cgroup, or one above it, named after the container of this id? */
bool scope_is_named(const struct cgroup *c, const char *id);
bool target_alive(const struct target *t);
/* "... is gone": -1 with ST_TARGET. */
int target_gone(const struct target *t, struct err *e);
void target_free(struct target *t);

/* ---- all of a node ---- */

/*
 * Calls found for each container of every runtime, once by its outermost owner, loaded, in the
 * order of their words; broken ones are skipped and counted in *broken. Strings live in *a.
 */
int target_each(struct arena *a, bool (*found)(void *ctx, struct container *c), void *ctx,
		unsigned int *broken, struct err *e);
/* Only those that no file of root tells of (runtime.scanned). */
int target_each_scanned(struct arena *a, bool (*found)(void *ctx, struct container *c), void *ctx,
			struct err *e);
/* The word that means this container and no other: "docker://web", "prod/shop/app". Two attempts
 * of one container of a pod have the same: there the id's word tells them apart. The word of a
 * claimed one has the user's id in it, so that nobody's claim is another's word. */
void container_word(const struct container *c, char *ret, size_t room);
void container_id_word(const struct container *c, char *ret, size_t room);
/* Whose word the names of a claimed one are. */
void container_claim(const struct container *c, char *ret, size_t room);
/* Are its labels in a file? Those of podman are in its database, those of pods with the kubelet. */
bool container_knows_labels(const struct container *c);
/* Has it this "key=value" among its labels? Reads its documents. */
bool container_has_label(struct container *c, struct arena *a, const char *label);
/* Is it of this namespace, and of this name in its pod? NULL: any. */
bool container_is_in(const struct container *c, const char *space, const char *part);
/* The outer one of two records of the same process tells of it. */
bool container_owns(const struct container *outer, const struct container *inner);

/* What is looked up once for many containers. */
struct node {
	int procfs;
	struct cgroup_mounts cgroups;
};

/* The host's /proc, and it is procfs: O_PATH directory or -1. */
int target_procfs(struct err *e);
int node_open(struct node *n, struct err *e);
void node_close(struct node *n);

/* Is the process that started then (clock ticks after boot) the one that was recorded? One that
 * began after its pid was written down is another. */
enum began { BEGAN_THEN, BEGAN_OTHERWISE, BEGAN_UNKNOWN };
enum began container_began(const struct container *c, uint64_t start);

enum cstate { CSTATE_RUNNING, CSTATE_PAUSED, CSTATE_CREATED, CSTATE_EXITED };

struct life {
	enum cstate state;
	uint64_t start;		/* clock ticks after boot; 0: not alive */
	uint32_t uid;		/* host's; UINT32_MAX: not alive */
};

/* Is the recorded first process alive, and the same one? Frozen? */
struct life container_life(const struct container *c, struct node *n);
const char *cstate_name(enum cstate s);

/* In a ROLE_PROC child: what members_list() is asked for the container's processes. */
struct members_want target_members(const struct target *t, const struct inside *in);
/* In a ROLE_PROC child: opens /proc/PID of the container's process with this number of its own, or
 * for 0 of the one that stands for the target. -1 with ST_FAILED if it has none. */
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
