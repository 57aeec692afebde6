/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * used - what a container makes use of: system calls, files, names, capabilities, users, ports.
 *
 * A thing is told once, when it is seen for the first time (again if the kernel's table has
 * forgotten it meanwhile), so there is next to nothing on the ring. Calls and capabilities are not
 * told at all: they are bits in memory that the reader has mapped.
 */
#ifndef BPF_USED_H
#define BPF_USED_H

#include <linux/types.h>

#define USED_CALLS 512		/* as SYS_NR_MAX */
#define USED_PATH_MAX 4096
#define USED_STRING_MAX 1024	/* of a name as a program says it */
#define USED_GROUPS 32

/* What is done to a file. */
enum used_access {
	USED_READ = 1, USED_WRITE = 2, USED_EXEC = 4, USED_MAP = 8 /* to run code */,
	USED_CREATE = 16, USED_TOUCH = 32 /* looked at, or opened for that */,
	USED_REMOVE = 64, USED_LINK = 128,
	USED_BEFORE = 256 /* was so when we came */, USED_LOCK = 512,
	USED_ELSEWHERE = 1024 /* in a mount namespace that the target has made */,
};

enum used_record { USED_FILE = 1, USED_NAME, USED_CRED, USED_PORT };

/*
 * A file as the kernel has it. The names on the way to it follow, each with a NUL: the innermost
 * first; where a mount is crossed there is an empty one.
 */
struct used_file {
	__u32 record, access;
	__u64 magic;		/* of its file system */
	__u32 len;		/* bytes that follow */
	__u16 mode;
	__u8 deleted;		/* it has no name any more: it is what it was */
	__u8 cut;		/* there were more names */
};

/*
 * A name as a program said it in a call that returned well: it is the program's word, and links in
 * it are not followed. The names of where it begins follow, as of a file, if it is relative or the
 * task has another root; and then, at .string, itself.
 */
struct used_name {
	__u32 record;
	__u16 nr;		/* the call */
	__u8 arg;		/* which of its names: 0 or 1 */
	__u8 cut : 1;		/* it was longer */
	__u8 elsewhere : 1;	/* USED_ELSEWHERE */
	__u32 string, len;	/* bytes in all */
};

/* How the first process of the target ended, and how others did not well. */
struct used_end {
	__u32 first;		/* its number on the host; 0: no program of it has begun */
	__u32 over;		/* that has ended, or what was to be it */
	__s32 code;		/* as wait(2) has it */
	__u32 starved;		/* for want of memory */
	__u64 crashed;		/* bit n: signal n ended another process for what that did */
};

struct used_cred {
	__u32 record, ns_pid;
	__u32 uid, gid, euid, egid;	/* the host's */
	__u32 ns_euid, ns_egid;		/* as in struct who */
	__u64 prm, eff, bnd;
	__u32 ngroups;			/* of groups[]; more: USED_GROUPS + 1 */
	__u8 nnp, seccomp, before;
	__u8 inner;			/* in a user namespace that the target has made */
	__u32 groups[USED_GROUPS];
	__u32 unused2[2];
};

struct used_port {
	__u32 record;
	__u16 family, port;
	__u16 protocol;			/* of TCP's kinds: TCP */
	__u8 listens, before;
	__u8 chosen;			/* the kernel chose the number */
	__u8 unused[3];
	__u8 addr[16];
} __attribute__((aligned(8)));

_Static_assert(sizeof(struct used_file) == 24, "both sides see the same record");
_Static_assert(sizeof(struct used_name) == 16, "both sides see the same record");
_Static_assert(sizeof(struct used_cred) == 200, "both sides see the same record");
_Static_assert(sizeof(struct used_port) == 32, "both sides see the same record");

/* In the place of an error: it was answered well, by a filter or whom that asks, and not run. */
#define USED_ANSWERED 0xffff

/* CLONE_NEW...: a mask that clone(2) and unshare(2) have in common. */
#define USED_NEW_MOUNTS 0x20000u
#define USED_NEW_ALL 0x7e020000u

/* What a call means for us, and which of its arguments say it. */
enum used_kind {
	USED_NOTHING,
	USED_OPENS,		/* returns a descriptor of a file */
	USED_MAPS,		/* mmap(2) */
	USED_NAMES,		/* only names */
	USED_FD_WRITES,		/* changes what a descriptor is of */
	USED_LOCKS,		/* flock(2); fcntl(2) does if its command says so */
	USED_SOCKET,		/* makes one of a family and a type */
	USED_BINDS,		/* bind(2), listen(2): its socket has a port now */
	USED_ADDRESS,		/* connect(2), bind(2) of a name in a file system */
	USED_PROTECTS,		/* mprotect(2) */
	USED_RECEIVES,		/* recvmsg(2): descriptors; of recvmmsg(2) with the first message */
	USED_SENDS,		/* sendto(2); with .arg sendmsg(2): to a name in a file system */
	USED_SPACES,		/* clone(2), unshare(2): new namespaces; with .arg clone3(2) */
	USED_SIGNALS,		/* sends one */
	USED_CREDS,		/* another user, group, capabilities */
};

struct used_call {
	__u8 kind;
	__u8 arg;		/* the descriptor, the signal */
	__u8 name[2], base[2];	/* which argument it is, from 1 on; where it begins, 0: cwd */
};

#endif
