/* SPDX-License-Identifier: Apache-2.0 */
/*
 * enter - the one door: short-lived children, sealed before they touch anything of a container.
 *
 * The front never opens a file of a container or reads its memory. It spawns a child in a role;
 * the child goes through one sealing sequence (seal.c), driven by one table with a row a role:
 * which namespace is joined, which capabilities stay, which limits hold, which system calls exist.
 * Only mount and network namespaces are ever joined, never pid, user, ipc, uts or cgroup: a
 * process that joined the pid namespace could be taken over by a container root with
 * CAP_SYS_PTRACE, one that joined only the mount namespace cannot even be seen.
 *
 * A child owns the write ends of its pipes to the front and the descriptors in struct inside, and
 * nothing else: no terminal, no descriptor of a host directory, no environment. The reader that
 * opens debug files has one: of a read-only mount of /usr/lib/debug, that leads nowhere else. No
 * child may write to a file, but one that was given a file's descriptor for that, to which alone it
 * can.
 *
 * Roles that share a process: a ROLE_PROC or ROLE_SCAN child may become a parser
 * (enter_become_parser) once it has copied or opened what it needs, a ROLE_TRACER child once its
 * programs are attached. It gives up its capabilities and every system call that could reach
 * another process before it parses the first byte, so no promise suffers, and the snapshot need
 * not cross a pipe. A ROLE_PROC child may also be what would be a role of its own, the one that
 * asks for sockets by netlink: its sockets are made before it is sealed (nets.h), so it gains no
 * capability and no system call by them.
 */
#ifndef NSDEBUG_ENTER_ENTER_H
#define NSDEBUG_ENTER_ENTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "nsdebug/enter/emit.h"
#include "nsdebug/enter/nets.h"

struct cgset;

enum role {
	ROLE_READER,	/* mount namespace, chrooted into a read-only clone; DAC_READ_SEARCH */
	ROLE_PROC,	/* host namespaces; /proc files and memory of the target; SYS_PTRACE ... */
	ROLE_SCAN,	/* host namespaces; who runs on the node, files of users; SYS_PTRACE ... */
	ROLE_STOPPER,	/* host namespaces; PTRACE_SEIZE ... DETACH only; opens and reads nothing */
	ROLE_TRACER,	/* host namespaces; loads, attaches BPF programs, then becomes a parser */
	ROLE_ITERATOR,	/* host namespaces; loads the BPF program that copies threads */
	ROLE_SAMPLER,	/* host namespaces; perf events of a thread, one sample each */
	ROLE_GUARDIAN,	/* host namespaces; outlives the front and takes no signal; SIGCONT only */
};

/* Where to enter: descriptors of the front, owned by the target. */
struct place {
	int pidfd;
	int proc;		/* directory /proc/PID, opened by the front */
	int procfs;		/* directory /proc of the host */
	int cgroup;		/* directory of the target's own cgroup, or -1 */
	bool raw;		/* the mount tree cannot be cloned whole: enter without the clone */
	const struct cgset *cgroups;	/* a ROLE_PROC child keeps their descriptors; or NULL */
	const struct imagefs *image;	/* of one that does not run: its files; else NULL */
};

/*
 * The files of a container without a process: directories of the host, those of an overlay in the
 * order in which they are looked through, and what was mounted in it from the host. Without any
 * layer the reader is in an empty directory.
 */
#define IMAGE_LAYERS_MAX 200
#define IMAGE_BINDS_MAX 64

/* A directory or file of the host's, to which no link leads. The child finds out the rest. */
struct imagefs_bind {
	const char *source, *at;	/* at: in the container, whose own links are followed */
	bool there;
	int tree;			/* a copy of its mount, where its place in the container
					 * is not there; else -1 */
	bool empty;			/* a directory without anything in it */
	int err;			/* errno: why it is not there, or 0 */
};

struct imagefs {
	const char **layers;
	size_t count;
	struct imagefs_bind **binds;	/* a directory before what is in it */
	size_t nbinds;
};

/* What the child's function finds. */
struct inside {
	enum role role;
	struct emit emit;
	int root;		/* ROLE_READER: the target's root directory, O_PATH */
	int own_fds;		/* ROLE_READER: our own /proc/self/fd, to re-open O_PATH */
	int proc, procfs;	/* ROLE_PROC; ROLE_SCAN has procfs only */
	int cgroup;		/* ROLE_PROC, ROLE_TRACER */
	int peer;		/* socket to the child beside it (PROC and STOPPER, TRACER and
				 * GUARDIAN), or -1 */
	int second;		/* the same for a second one (PROC and ITERATOR, TRACER and PROC) */
	int sampler;		/* ROLE_PROC: the same to a SAMPLER */
	int pidfd, stop;	/* ROLE_TRACER: the target; readable when the user has had enough */
	int types;		/* ROLE_TRACER, ROLE_ITERATOR: the kernel's types (trace/types.h),
				 * or -1 */
	int judge;		/* ROLE_PROC: the socket to a reader that says why a path is refused
				 * (why/judge.h); ROLE_TRACER: to who starts such (why/judging.h),
				 * or to who looks; or -1. A parser has it, too */
	int debug;		/* ROLE_READER with host_debug: a read-only mount of the host's
				 * /usr/lib/debug, or -1 */
	int file;		/* ROLE_PROC: a file of the host's that the verb asked for, or -1 */
	int files;		/* ROLE_PROC: the socket to a reader that a parser may ask for files
				 * (code/debugfile.h), or -1 */
	struct net *nets;	/* ROLE_PROC that asked for them: the target's is the first */
	size_t nnets;
	int nets_err;		/* errno: why there are none */
	bool nets_cut;		/* there were more than NETS_MAX */
	bool raw;
};

typedef void enter_fn(struct inside *in, void *arg);

struct child {
	pid_t pid;
	int pidfd;
	int frames, data;	/* read ends; -1 once at the end */
	int stop;		/* of a ROLE_TRACER: closing it asks for an end; or -1 */
	enum role role;
};

#define CHILD_NONE { .pid = -1, .pidfd = -1, .frames = -1, .data = -1, .stop = -1 }

#define SPAWN_KEEP_MAX 6

struct spawn {
	enum role role;
	const struct place *place;
	enter_fn *fn;
	void *arg;
	const struct col *cols, *summary;
	bool data;		/* give it a raw data pipe */
	bool host_debug;	/* ROLE_READER: opens debug files, also the host's */
	bool judge;		/* ROLE_READER: says why a path is refused */
	bool looks;		/* ROLE_READER: tells who asks what files there are */
	bool clocks;		/* ROLE_TRACER: opens perf events */
	bool prompt;		/* goes before all that share the processors, until enter_calm() or
				 * it is a parser: somebody is held for it */
	int peer, second;	/* ends of socketpairs for it, or -1 */
	int types;		/* ROLE_TRACER, ROLE_ITERATOR: the kernel's types for it, or -1 */
	int keep[SPAWN_KEEP_MAX];	/* more descriptors that it keeps, from fn's arg */
	size_t kept;
	bool writes;		/* one of these is a file that it may write to */
	const int *cgroup;	/* born in this cgroup (v2), or NULL */
	enum nets nets;		/* ROLE_PROC: netlink sockets in these network namespaces */
};

/* Starts a child. When fn returns, the child sends F_END and exits. */
int enter_spawn(struct child *c, const struct spawn *s, struct err *e);
void enter_close(struct child *c);	/* closes the pipes; a child that lives goes on */
void enter_kill(struct child *c);	/* SIGKILL, not waited for; and enter_close() */
/* How many that were killed so have not gone: waits at most so long for no more than `most` of
 * them, and if that was in vain counts those that are blocked in the kernel (killed.h). Others that
 * are closed are reaped by and by; whose end is waited for elsewhere has no pid any more when it is
 * closed. */
size_t enter_left(size_t most, uint64_t wait_ns);

/* In a ROLE_PROC child: nobody is held any more, so it takes its turns as all others do. */
void enter_calm(void);
/* In a ROLE_PROC, ROLE_SCAN or ROLE_TRACER child: gives up all capabilities, all descriptors but
 * the pipes, in->files, in->judge and those in keep[], and every system call but those of a
 * parser; address space and (but for a tracer, which lives as long as its trace) processor
 * time are limited. */
int enter_become_parser(struct inside *in, const int *keep, size_t count, struct err *e);

#endif
