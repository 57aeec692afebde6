/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sharing - the namespaces of one process, and who else on the node is in them.
 *
 * One look at the links of every process. A process belongs to a container by its mount namespace,
 * or else by its cgroup; what belongs to none of the node's containers is named itself. The host's
 * namespaces are counted only: everyone who is in them would be no answer.
 */
#ifndef NSDEBUG_TARGET_SHARING_H
#define NSDEBUG_TARGET_SHARING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct arena;
struct emit;
struct err;
struct inside;
struct near;
struct target;

enum { NS_CGROUP, NS_IPC, NS_MNT, NS_NET, NS_PID, NS_TIME, NS_USER, NS_UTS, NS_BASES };

#define SPACES_MAX (NS_BASES + 2)	/* pid and time have one more, for children */
#define STRANGERS_MAX 256		/* named of one namespace; all are counted */
#define ELSEWHERE_MAX 32

/* Processes of the container that are in another namespace of the kind. */
struct elsewhere {
	uint64_t id;
	size_t count;
	pid_t first;		/* host pid */
};

struct space {
	const char *name;	/* "mnt", "pid_for_children" */
	unsigned int base;	/* NS_...: the kind */
	uint64_t id, host;	/* its inode number, and that of our own of the kind */
	size_t count;		/* processes in it */
	size_t members;		/* of these, the container's */
	pid_t first;		/* the lowest host pid of them */
	uint32_t *containers;	/* indices into `near`, ascending: who else is in it */
	size_t ncontainers;
	pid_t *strangers;	/* processes of no container, ascending, at most STRANGERS_MAX */
	size_t nstrangers;	/* how many there are */
	struct elsewhere elsewhere[ELSEWHERE_MAX];
	size_t nelsewhere;
};

struct sharing {
	struct space spaces[SPACES_MAX];	/* those that the process has, by name */
	unsigned int count;
	size_t unreadable;	/* processes in other pid namespaces that may not be looked at */
	size_t barred;		/* the same of our own one: init, in some virtual machines */
	pid_t first_barred;
	bool cut;		/* there were more processes, or namespaces, than are kept */
};

const char *ns_base_name(unsigned int base);

/* In a ROLE_PROC child; `dir` is the /proc/PID of one of the container's processes. Results are in
 * the arena. */
int sharing_find(struct sharing *s, const struct target *t, const struct inside *in, int dir,
		 const struct near *near, struct arena *a, struct emit *tick, struct err *e);

#endif
