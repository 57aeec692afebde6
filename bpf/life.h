/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * life - processes that begin, end, are sent signals or killed for want of memory, and what
 * capabilities they are asked for.
 */
#ifndef BPF_LIFE_H
#define BPF_LIFE_H

#include "bpf/cap.h"
#include "bpf/path.h"
#include "bpf/shared.h"

#define LIFE_ARGS_MAX 4096
#define LIFE_PATH_MAX 256

enum life_kind { LIFE_EXEC = 1, LIFE_EXIT, LIFE_SIGNAL, LIFE_OOM, LIFE_CAP };

/* What TRACE_SIGNAL_ of the kernel says became of a signal (include/trace/events/signal.h). */
enum life_result { LIFE_QUEUED, LIFE_IGNORED, LIFE_PENDING, LIFE_NO_ROOM, LIFE_NO_INFO };

enum life_flag {
	LIFE_BLOCKED = 1,	/* signal: the receiver blocks it */
	LIFE_HANDLED = 2,	/* signal: it has a handler for it */
	LIFE_GROUP = 4,		/* signal: for the process, not for one thread */
	LIFE_NO_SENDER = 8,	/* signal: the kernel's, or of whoever was interrupted */
	LIFE_DEEP = 16,		/* oom: not all cgroups above it were looked at for a limit */
	LIFE_CLAIMED = 32,	/* signal: it may be of who runs, and not be what it says */
};

struct life_event {
	__u32 kind;
	__s32 ret;		/* exec, cap: 0 or -errno; signal: enum life_result */
	__u64 at;
	/* exec, exit, oom: the process; signal: the receiver; cap: the thread */
	struct who who;
	struct who other;	/* exec, exit: the parent; signal: the sender; oom: who asked */
	__u32 sig;
	__s32 code;		/* signal: si_code; exit: as wait(2) has it */
	__u64 since;		/* exit: when it was forked */
	__u32 flags;		/* enum life_flag */
	__u32 stack;		/* enum stack_state, of who did it */
	__u64 stack_at;		/* exit: when it was copied */
	__u32 stack_tid, stack_ns_tid;	/* exit: of which thread */
};

struct life_exec {
	struct life_event e;
	__u32 args_len;		/* of args[]; more than fits: LIFE_ARGS_MAX */
	__u32 unused;
	char file[LIFE_PATH_MAX];
	char interp[LIFE_PATH_MAX];	/* what runs a script; else the file again */
	char args[LIFE_ARGS_MAX];
	struct path_names cwd;
};

/* Numbers are pages. */
struct life_oom {
	struct life_event e;
	__s64 file, anon, swap, shmem;	/* of the victim; some pages off since Linux 6.2 */
	__u64 limit, usage;		/* of the tightest memory cgroup above it */
	__s64 score_adj;
};

struct life_cap {
	struct life_event e;
	__u32 cap, call;	/* CAP_NO_CALL: in none */
	__u32 ns, sort;		/* enum cap_ns, cap_sort */
	__u32 ns_inum, unused;
};

_Static_assert(sizeof(struct life_event) == 152, "both sides see the same record");
_Static_assert(sizeof(struct life_exec) == 152 + 8 + 512 + 4096 + 1032, "and this one");
_Static_assert(sizeof(struct life_oom) == 152 + 56, "and this one");
_Static_assert(sizeof(struct life_cap) == 152 + 24, "and this one");

#endif
