/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * sys - system calls of the target, told when they return.
 *
 * At sys_exit the arguments are still in pt_regs and what they point to is resident, so a call is
 * one record with arguments, results and strings. sys_enter is attached only where durations are
 * asked for. Three things cannot be seen there: the arguments of an execve that succeeded
 * (sched_process_exec tells them), calls that never return (sched_process_exit), and what a program
 * asks of io_uring (counted, so that it can be said).
 */
#ifndef BPF_SYS_H
#define BPF_SYS_H

#include "bpf/shared.h"

#define SYS_NR_MAX 512		/* x86-64 has 470 */
#define SYS_ARGS 6
#define SYS_BYTES_MAX 256	/* of what one argument points to */
#define SYS_STRING_MAX 1024	/* of a path */
#define SYS_DATA_MAX 4096	/* of all that the arguments of a call point to */
#define SYS_SLOTS 32		/* of the latency histogram: 2^n nanoseconds */

/* What an argument points to, as far as it is copied. */
enum sys_kind {
	SYS_VALUE,		/* nothing: the number says it */
	SYS_STRING,
	SYS_FIXED,		/* .size bytes */
	SYS_BY_ARG,		/* as argument .from says, in units of .size */
	SYS_BY_RET,		/* as the call returned, in units of .size */
	SYS_BY_POINTER,		/* as the int says that argument .from points to: accept(2) */
	SYS_VECTOR,		/* struct iovec[], their number is in argument .from; then bytes */
	SYS_MESSAGE,		/* struct msghdr; then its name, its vector, bytes */
	SYS_WORDS,		/* char *[] up to NULL: argv; only its strings are copied */
};

#define SYS_OUT 0x80		/* beside a kind: written by the call, so nothing if it failed */

struct sys_arg {
	__u8 kind, from;
	__u16 size;
};

enum sys_flag {
	SYS_COMPAT = 1,		/* a 32-bit call: numbers and arguments are another table's */
	SYS_TIMED = 2,		/* .took is set */
	SYS_CUT = 4,		/* bytes of an argument were left out */
	SYS_NO_RETURN = 8,	/* the call does not: exit(2) */
	SYS_ENDED = 16,		/* no call: the process has ended, .ret is as wait(2) has it */
	SYS_STRANGE = 32,	/* a number that no call has, of a refusal: it is in .took */
};

/* Ring records begin with their kind; or it is a RECORD_STACK. */
enum sys_record { SYS_CALL = 1, SYS_WHO };

struct sys_call {
	__u32 record;
	__u32 tid;
	__u64 at;		/* when it returned */
	__u64 took;
	__s64 ret;
	__u16 nr, flags;
	__u32 len;		/* bytes that follow: struct sys_data, each with its bytes */
	__u64 args[SYS_ARGS];
};

/* Which bytes of an argument: a message has several. */
enum sys_part { SYS_ITSELF, SYS_IOVECS, SYS_BYTES, SYS_NAME, SYS_FILE /* struct path_names */ };

/* A first argument that is the file itself: always; or if there is no name in the second one, as
 * in futimens(3). */
enum sys_descriptor { SYS_DESCRIPTOR = 1, SYS_NO_NAME };

struct sys_data {
	__u8 arg, part;
	__u16 len;		/* bytes that follow, rounded up to 4 on the ring */
};

struct sys_who {
	__u32 record, generation;
	struct who who;
};

/* With counts only, by processor and number. */
struct sys_count {
	__u64 calls, errors, took, longest;
	__u64 slots[SYS_SLOTS];
};

_Static_assert(sizeof(struct sys_call) == 88, "both sides see the same record");
_Static_assert(sizeof(struct sys_who) == 56, "and this one");

#endif
