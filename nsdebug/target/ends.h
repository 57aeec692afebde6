/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ends - what the sockets of processes are, and who has the other ends of their sockets and pipes,
 * in a ROLE_PROC child.
 *
 * First the processes that are to be shown are added, then all is looked for at once, in the whole
 * node or only among these. The answer is a moment's.
 */
#ifndef NSDEBUG_TARGET_ENDS_H
#define NSDEBUG_TARGET_ENDS_H

#include "nsdebug/base/map.h"
#include "nsdebug/sys/holders.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/target/owner.h"
#include "nsdebug/target/socks.h"

struct arena;
struct inside;
struct target;

/* Who a process is. */
struct person {
	pid_t host_pid;
	pid_t pid;		/* the container's own number; 0: it is not in it, or has none */
	const char *container;	/* another one, that it is in; NULL: none that is known */
	char comm[PROC_COMM_MAX];	/* its own word */
	char state;		/* Z: a zombie; 0: it is gone */
	uint64_t start;		/* with host_pid its identity */
};

struct ends {
	const struct target *target;
	const struct inside *in;
	struct emit *emit;
	struct holders holders;
	struct socks socks;
	struct owners owners;	/* with .near, if ends_find() was given one */
	struct map people;	/* host pid -> struct person */
	struct map wanted;	/* inodes that are looked for */
	const pid_t *members;	/* host pids of the container, ascending; the caller's */
	size_t nmembers;
	struct arena *arena;
};

void ends_init(struct ends *x, const struct target *t, struct inside *in);
/* A process that is shown: its sockets and pipes. -1 with errno if they may not be read. */
int ends_add(struct ends *x, int dir, pid_t host_pid);
/* Looks all up; with node, who has the other ends among all processes of the node too: those of
 * the containers that it names are called so. */
void ends_find(struct ends *x, const struct near *node);
void ends_free(struct ends *x);

/* Of a process of the node. */
const struct person *ends_person(struct ends *x, pid_t host_pid);

/* A process at the other end. */
struct end_peer {
	const struct person *person;
	uint64_t fd;
};

/* Who has the other ends of a pipe that host_pid holds as fd, or the socket with this inode: fills
 * peers and returns how many there are, up to ENDS_COUNTED. */
#define ENDS_COUNTED 4096
size_t ends_of_pipe(struct ends *x, const struct holder *own, struct end_peer *peers, size_t room);
size_t ends_of_socket(struct ends *x, uint64_t inode, struct end_peer *peers, size_t room);

#endif
