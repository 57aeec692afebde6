/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proc - the files of /proc/PID, parsed. Format: proc(5), Linux Documentation/filesystems/proc.rst.
 *
 * Every function takes a directory descriptor of /proc/PID (or /proc/PID/task/TID), opened once:
 * reads through it fail with ESRCH when the process is gone, they never answer for its successor.
 * Values are the host's view (host pids, host ids); struct idmap and nspid give the other one.
 * All of it comes from the kernel, but for comm, which is the target's own word.
 */
#ifndef NSDEBUG_SYS_PROC_H
#define NSDEBUG_SYS_PROC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

#define PROC_COMM_MAX 64	/* 16 of the kernel's, more for kernel threads */

struct proc_stat {
	char comm[PROC_COMM_MAX];
	char state;		/* R S D Z T t X I */
	pid_t ppid, pgrp, session, tpgid;
	uint32_t tty;		/* device number, as stat(2) encodes it */
	uint64_t flags;		/* PF_* of the kernel */
	uint64_t faults;	/* of pages, of all threads, since it began */
	uint64_t utime, stime;	/* clock ticks */
	int64_t priority, nice;
	uint64_t threads;
	uint64_t start;		/* clock ticks after boot: with the pid, the process's identity */
	uint64_t vsize;		/* bytes */
	uint64_t rss;		/* pages */
	uint32_t cpu;		/* last ran here */
};

#define PROC_KTHREAD 0x200000	/* of flags: PF_KTHREAD, linux/sched.h */
#define PROC_NSPID_MAX 32	/* pid namespaces nest 32 deep (MAX_PID_NS_LEVEL) */

struct proc_status {
	uint32_t uid[4], gid[4];	/* real, effective, saved, file system; host ids */
	pid_t tracer;
	pid_t nspid[PROC_NSPID_MAX];	/* from the reader's namespace inwards */
	pid_t nspgrp[PROC_NSPID_MAX], nssid[PROC_NSPID_MAX];	/* its group and session */
	unsigned int levels;		/* of nspid; 1: the reader's own namespace */
	uint64_t vm_rss, vm_swap;	/* bytes; these and the next are 0 without memory */
	uint64_t rss_anon, rss_file, rss_shmem;
	uint64_t vm_size, vm_data, vm_stack, vm_locked, vm_pinned;
	uint64_t threads;
	uint64_t signals, signals_max;	/* queued for its user, and RLIMIT_SIGPENDING */
	uint64_t cap_eff;
	unsigned int seccomp;		/* 0 none, 1 strict, 2 filter */
	bool no_new_privs;
};

/* -1 with errno; EPROTO if the text is not what the kernel writes. */
int proc_stat(int dir, struct proc_stat *ret);
int proc_status(int dir, struct proc_status *ret);
/* Just the start time, for checking an identity: in ticks, which /proc counts by USER_HZ. */
int proc_start(int dir, uint64_t *ret);
#define PROC_TICK_NS 10000000ull	/* on x86-64 */

/* Parsers of the text, for tests and fuzzing. The text is NUL terminated and is cut up. */
bool proc_parse_stat(char *text, struct proc_stat *ret);
bool proc_parse_status(const char *text, struct proc_status *ret);

/* The next numeric name of an open /proc or task directory: 1, 0 at the end, -1 with errno. */
struct proc_dir {
	int fd;
	long len, at;
	_Alignas(8) char bytes[8192];
};

void proc_dir_init(struct proc_dir *d, int fd);	/* fd open for reading; not owned */
int proc_dir_next(struct proc_dir *d, pid_t *ret);

/* O_PATH directory of procfs/PID (or of task/TID), or -1 with errno. */
int proc_open(int procfs, pid_t pid);
/* O_PATH directory of the process, or, where its first thread has ended and others go on, of one
 * of these: the ended one has no memory and no cgroup. -1 with errno: none lives. */
int proc_open_living(int dir);
/* The same with map_files, which is only in directories of procfs itself. *pid, the process's
 * number, becomes that of the thread, for calls that take the memory of a pid. */
int proc_open_memory(int procfs, int dir, pid_t *pid);
/* The directory task of a /proc/PID, open for reading. */
int proc_open_tasks(int dir);
/* Threads of a /proc/PID, by the links of that directory: one for each, and two. */
uint64_t proc_threads(int dir);

/* Of pids, or of tids. */
void pids_sort(pid_t *pids, size_t count);	/* ascending */
/* Where it is among sorted ones; NULL: it is none of them. */
const pid_t *pids_find(const pid_t *pids, size_t count, pid_t pid);

#endif
