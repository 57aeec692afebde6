/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kmsg - what the kernel's log says about processes of a cgroup that it killed for their memory,
 * and about one, of a name and a time, that did what it is killed for.
 *
 * /dev/kmsg gives one record a read(2): "LEVEL,NUMBER,MICROSECONDS,FLAGS;TEXT". Programs may write
 * there, too, which LEVEL tells: their records are not believed. The line that is looked for is
 * dump_oom_victim()'s of mm/oom_kill.c (Linux 4.20):
 *
 *	oom-kill:constraint=C,nodemask=N,cpuset=NAME,mems_allowed=N[,oom_memcg=PATH],
 *	task_memcg=PATH,task=COMM,pid=N,uid=N
 *
 * COMM and the names of cgroups below the container's own are the container's words and may hold
 * commas: what can be read in two ways is not read at all, and counted. Bounded: RECORDS_MAX.
 */
#ifndef NSDEBUG_WHY_KMSG_H
#define NSDEBUG_WHY_KMSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KMSG_RECORD_MAX 8192
#define KMSG_RECORDS_MAX 200000
#define KMSG_PATH_MAX 1024
#define KMSG_SLACK_US 2000000	/* the log's clock and ours may differ */

struct oom_kill {
	uint64_t at_us;		/* of the kernel's clock, that does not count while it sleeps */
	char cgroup[KMSG_PATH_MAX];	/* of the victim; the container's own word below its own */
	char limit[KMSG_PATH_MAX];	/* the cgroup whose limit was reached; "": the node's */
	char comm[64];		/* the victim's own word */
	uint64_t pid, uid;	/* the host's */
};

/*
 * A signal for what a process did, as x86's show_signal_msg() and show_signal() tell of it, or
 * seccomp's line of audit:
 *
 *	COMM[PID]: segfault at ADDRESS ip X sp X error CODE in FILE[...]
 *	traps: COMM[PID] trap divide error ip:X sp:X error:0 in FILE[...]
 *	audit: type=1326 audit(...): ... pid=N comm="COMM" ... sig=31 arch=X syscall=N ...
 */
struct kmsg_fault {
	uint64_t at_us;
	char comm[16];		/* its own word */
	uint64_t pid;		/* the host's */
	unsigned int sig;
	uint64_t address, code;	/* of a segfault */
	uint64_t syscall, arch;	/* of seccomp */
	char what[48];		/* of another one: "trap divide error" */
	char file[64];		/* in which it was: the last name of its path; or "" */
};

struct kmsg_want {
	const char *cgroup;	/* as the kernel calls it, "/docker/ID"; or NULL */
	const char *id;		/* else an id that an engine made up */
	uint64_t from_us;	/* what is older is another's of the same name */
	/* a fault: by what it is called, or "", its signal and when that was, about */
	char comm[16];
	unsigned int sig;
	uint64_t fault_from_us, fault_at_us, fault_to_us;
};

struct kmsg_found {
	struct oom_kill last;
	unsigned int count;	/* of such records */
	unsigned int unclear;	/* records that can be read in two ways */
	uint64_t first_us;	/* how far back the log goes */
	struct kmsg_fault fault;	/* the one nearest to that time; .sig 0: there is none */
	bool faults;		/* there are others of the same name and time */
};

/* -1 with errno if the log cannot be read. */
int kmsg_find(int fd, const struct kmsg_want *w, struct kmsg_found *ret);

/* ---- the pure parts ---- */

/* 1: a record of that kind; 0: another one; -1: one that can be read in two ways. */
int kmsg_parse(const char *record, size_t len, struct oom_kill *ret);
/* False: it is a record of something else. */
bool kmsg_parse_fault(const char *record, size_t len, struct kmsg_fault *ret);
bool kmsg_is_of(const struct oom_kill *k, const struct kmsg_want *w);

#endif
