/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snapshot - what was copied out of processes: registers, stacks, maps, and the files of the code.
 *
 * Everything slow happens before or after the capture; the capture only copies bytes. A source
 * (struct snapshot_source) takes one thread; the ways to do so are a file each: blocked.c copies a
 * thread that does not run without touching it, trace/iterated.c does so with all its registers,
 * trace/sampled.c copies one while it runs, stopped.c has the stopper hold it for the while,
 * standing.c all threads of a process at once. coreread.c makes the same of a core.
 * Taking is done in a ROLE_PROC child. What is taken is worked on after the child gave up its
 * rights: nothing here points to anything that needs them but the descriptors of the ELF files.
 */
#ifndef NSDEBUG_CODE_SNAPSHOT_H
#define NSDEBUG_CODE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "nsdebug/base/map.h"
#include "nsdebug/sys/maps.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/sys/served.h"
#include "nsdebug/sys/task.h"

struct arena;
struct emit;
struct err;
struct memory;

#define SNAPSHOT_STACKS_MAX (192u << 20)	/* bytes of all stacks together */
#define SNAPSHOT_THREADS_MAX 65536u
#define SNAPSHOT_FILES_MAX 2048u		/* ELF files held open */
#define STACK_RED_ZONE 128u			/* below the stack pointer, x86_64 psABI 3.2.2 */

/* The order of libunwind: rax rdx rcx rbx rsi rdi rbp rsp r8 ... r15 rip. */
#define REGS_COUNT 17
#define REG_BX 3
#define REG_BP 6
#define REG_SP 7
#define REG_PC 16

struct regs {
	uint64_t value[REGS_COUNT];
	uint32_t known;			/* a bit for each */
};

enum how { HOW_NOT, HOW_BLOCKED, HOW_ITERATED, HOW_SAMPLED, HOW_STOPPED, HOW_CORE };

struct thread {
	pid_t tid, nstid;		/* the host's, and the container's or 0 */
	uint64_t start;
	char comm[PROC_COMM_MAX], wchan[64];
	char state;
	pid_t tracer;
	enum how how;
	struct regs regs;
	const uint8_t *stack;		/* stack_len bytes from stack_at on */
	uint64_t stack_at;
	size_t stack_len;
	const struct hole *holes;	/* of these, bytes that were not there; ascending */
	size_t hole_count;
	bool stack_cut;			/* there is more above */
	bool interrupted;		/* its pc is anywhere, not behind a system call */
	int64_t held_ns;		/* how long it was stopped */
	bool late;			/* is stopped after we left it alone, and let go at once */
	bool running;			/* was not taken because it ran: a stop would help */
	bool ran;			/* the same, a round before: no register was missed */
	bool waited;			/* then, and only more of its stack is wanted */
	bool gone;			/* ended meanwhile: no row */
	struct task_turns turns;	/* that it had had, of one that did not run */
	uint64_t copied;		/* clock_ns(); 0: just now */
	bool close, unsettled;		/* of settle.c: its code was looked at just after it */
	char note[160];			/* why it was not taken, or not by stopping it */
};

/* The file behind executable mappings, or the vdso. One for a file, however often mapped. */
struct module {
	struct module *next;		/* of the same hash */
	uint64_t dev, inode;
	struct bytes path;		/* as one process's maps have it */
	int fd;				/* -1: not opened, see why */
	const void *bytes;		/* the vdso */
	size_t len;
	char why[96];
	bool missed;			/* a frame is in it, and it is not open */
	void *code;			/* of whoever works on it later */
};

struct process {
	pid_t pid, nspid;
	pid_t innermost;		/* as it numbers itself: of its own pid namespace */
	uint32_t euid;			/* the host's */
	bool own_map;			/* snapshot_own_map() */
	uint64_t start;			/* clock ticks after boot */
	char comm[PROC_COMM_MAX];
	struct maps maps;
	struct module **modules;	/* by index of maps.items; NULL: no code, or of no file */
	struct thread *threads;
	size_t count;
	bool cut;			/* it has more threads than we take */
	struct callbytes *calls;	/* of code that is in no file; ascending */
	size_t call_count;
	struct made_page *pages;	/* of the same; ascending */
	size_t page_count;
	/* While it is taken: /proc/PID; and the same of a thread that lives, where the process's
	 * first thread has ended and others go on, else -1. */
	int dir, living;
	uint64_t faults;		/* that it had made before its maps were read */
	bool remapped;			/* other code came while it was looked at */
	bool at_once;			/* maps and threads are of one moment */
	int mapped;			/* the maps of the memory that it had then, or -1 */
	struct memory *memory;		/* NULL: not opened (yet) */
};

/* What counts against the limits of a snapshot. */
struct snapshot_total {
	size_t threads;
	size_t stacks;		/* bytes */
	size_t calls, pages;	/* of callbytes.h */
};

struct snapshot {
	struct arena *arena;		/* holds all of it */
	int procfs;
	int target;			/* /proc/PID of who has the target's root, or -1 */
	unsigned int level;		/* of the container's pid namespace in NSpid */
	uint64_t stack_bytes;		/* at most, of one thread */
	uint64_t far_bytes;		/* not 0: of a stack that has more than stack_bytes, so that
					 * its end may be nowhere near: a piece of a heap */
	struct served served;		/* file systems that ask a server */
	struct emit *emit;		/* ticks */
	struct process **processes;
	size_t count;
	struct map files;		/* modules by device and inode */
	struct module **modules;	/* all of them */
	size_t module_count;
	struct snapshot_total total;
	bool cut;			/* a limit was reached */
	bool no_files;			/* map_files is not allowed: no CAP_CHECKPOINT_RESTORE */
};

/* What a thread that is taken again was a round before: its ran, its waited. */
enum thread_was { WAS_RUNNING = 1, WAS_WAITING = 2 };
#define WAS_BITS 2

/* Which of a process's threads; NULL: all. tids are the host's, ascending. */
struct snapshot_only {
	uint64_t nstid;			/* 0: any; else the container's id */
	const pid_t *tids;		/* NULL: any */
	const uint8_t *was;		/* of each, enum thread_was; NULL: nothing */
	size_t count;
};

struct snapshot_source {
	const char *name;
	/* If not NULL: comes before the threads of a process are taken. */
	void (*begin)(void *self, struct snapshot *s, struct process *p,
		      const struct snapshot_only *only);
	/* If not NULL: did begin() take this thread? Then all of it is filled but wchan. */
	bool (*taken)(void *self, struct snapshot *s, struct thread *t);
	/*
	 * Takes one thread (its /proc directory is `dir`): fills how, regs and stack. False: why
	 * not is in t->note, or t->gone.
	 */
	bool (*take)(void *self, struct snapshot *s, struct process *p, struct thread *t, int dir);
};

/* How much is copied of a stack of more than s->stack_bytes. */
uint64_t snapshot_far(const struct snapshot *s);
void snapshot_init(struct snapshot *s, int procfs, unsigned int level);
/*
 * Takes a process: `dir` is its /proc directory. NULL with *e if it cannot be read; a process
 * without memory (zombie) is taken without maps, and its threads say so. One that executes another
 * program meanwhile is taken anew, and if it does so each time its threads say that.
 */
struct process *snapshot_take(struct snapshot *s, int dir, pid_t pid,
			      const struct snapshot_only *only,
			      const struct snapshot_source *source, void *self, struct err *e);
void snapshot_free(struct snapshot *s);
/*
 * Is a perf map (perfmap.h) below the target's root that has the process's number its own? Not if
 * it has other files, or numbers itself otherwise than the target does: the map is another's.
 */
bool snapshot_own_map(const struct snapshot *s, int dir, const struct proc_status *st);

/* For sources, before a thread is known by more than its id: may it be one of these? */
bool snapshot_wants(const struct snapshot_only *only, pid_t tid);
/* While it is taken, its memory; NULL with errno. snapshot_close() what has no snapshot_take(). */
struct memory *snapshot_memory(struct process *p);
void snapshot_close(struct process *p);
/* While it is taken: /proc/PID of it, or of a thread that lives. */
int snapshot_dir(const struct process *p);
/* For settle(): one that was taken before. False: it is not there any more. */
bool snapshot_again(struct snapshot *s, struct process *p, struct thread *t, int dir,
		    const struct snapshot_source *source, void *self);
/* While all its threads stand still: its maps and files of this moment. */
void snapshot_at_once(struct snapshot *s, struct process *p);
/* May reading what is mapped there ask a server? */
bool snapshot_served(struct snapshot *s, const struct process *p, const struct vma *v);
/* For sources: copies the stack from sp on. False with t->note. */
bool snapshot_stack(struct snapshot *s, struct process *p, struct thread *t, uint64_t sp);
/* By where in the kernel it is. A sleeper in a frozen v1 cgroup is where it slept, in D. */
bool thread_is_frozen(const struct thread *t);
bool thread_waits_for_vfork(const struct thread *t);
bool thread_refuse(struct thread *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
