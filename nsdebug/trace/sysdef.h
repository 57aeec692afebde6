/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sysdef - the system calls of x86-64: numbers, names, what each argument is. Numbers and names are
 * those of arch/x86/entry/syscalls/syscall_64.tbl up to Linux 6.18, arguments those of the manual
 * (section 2).
 */
#ifndef NSDEBUG_TRACE_SYSDEF_H
#define NSDEBUG_TRACE_SYSDEF_H

#include <stddef.h>
#include <stdint.h>

#include "bpf/sys.h"

enum sys_what {
	W_NONE,		/* behind the last one */
	/* numbers */
	W_INT, W_UINT, W_LONG, W_ULONG, W_HEX, W_POINTER, W_OCTAL, W_ID, W_FD, W_DIRFD, W_SIGNAL,
	W_KEY, W_DEV, W_OPEN, W_CREATE_MODE, W_FILE_MODE, W_MAP, W_SOCKTYPE, W_PROTOCOL,
	W_SOCKLEVEL, W_SOCKOPT, W_CLONE, W_FCNTL, W_FCNTL_ARG, W_IOCTL, W_IOCTL_ARG, W_FUTEX,
	W_FUTEX_TIME, W_PRCTL, W_PRCTL_ARG, W_REST, W_SHMGET, W_IPC_COMMAND, W_FLAGS, W_ENUM,
	/* what they point to; the parameter is the argument that says how much */
	W_PATH, W_STRING, W_STRING_N, W_STRING_OUT, W_WORDS, W_IN, W_OUT, W_IOV, W_IOV_OUT,
	W_IOV_ONLY, W_MESSAGE, W_MESSAGE_OUT, W_MESSAGES, W_ADDRESS, W_ADDRESS_OUT,
	W_LENGTH, W_OPTION, W_OPTION_OUT, W_INTS, W_FD_PAIR, W_INT_AT, W_UINT_AT, W_ID_AT,
	W_OFFSET_AT, W_GROUPS,
	W_FD_SET, W_POLL, W_EPOLL, W_EPOLL_OUT, W_TIMESPEC, W_TIMESPEC_OUT, W_TIMESPEC_PAIR,
	W_TIMEVAL, W_TIMEVAL_OUT, W_TIMEVAL_PAIR, W_ITIMERVAL, W_ITIMERVAL_OUT, W_ITIMERSPEC,
	W_ITIMERSPEC_OUT, W_SIGSET, W_SIGSET_OUT, W_SIGACTION, W_SIGACTION_OUT, W_SIGSTACK,
	W_SIGSTACK_OUT, W_RLIMIT, W_RLIMIT_OUT, W_STAT, W_STATX, W_UTSNAME, W_WAIT_STATUS, W_RUSAGE,
	W_OPEN_HOW, W_CLONE_ARGS, W_CPUS, W_CPUS_OUT,
	W_BLOB,		/* copied for who knows what it is; shown as its address */
	W_COUNT,
};

/* Sets of words: for the ORed bits of W_FLAGS, or the one value of W_ENUM. */
enum sys_words {
	F_access, F_at, F_atrm, F_cloexec, F_clone, F_closer, F_efd, F_epc, F_falloc, F_flock,
	F_grnd, F_inc, F_inotify, F_ipcmsg, F_map, F_memfd, F_mlock2, F_mlockall, F_mount, F_mremap,
	F_msg, F_msync, F_open, F_pidfd, F_poll, F_epoll, F_prot, F_rename, F_resolve, F_rwf, F_sa,
	F_sfd, F_shmat, F_sock, F_splice, F_ss, F_statx, F_tfd, F_tfdset, F_timerabs, F_umount,
	F_wait, F_xattr,
	F_af, F_archprctl, F_bpf, F_clock, F_epctl, F_fadvise, F_fcntl, F_futex, F_idtype, F_ioctl,
	F_ipc, F_itimer, F_madvise, F_membarrier, F_prctl, F_prio, F_proto, F_ptrace, F_rlimit,
	F_rusage, F_sched, F_seccomp, F_seek, F_shut, F_sighow, F_sol, F_so, F_socktype, F_tcp,
	F_COUNT,
};

enum sys_class {
	CLASS_FILE = 1, CLASS_DESC = 2, CLASS_NET = 4, CLASS_PROC = 8, CLASS_MEM = 16,
	CLASS_SIG = 32, CLASS_IPC = 64,
};

struct sysdef {
	const char *name;	/* NULL: there is no such call */
	uint8_t class;		/* CLASS_FILE and CLASS_DESC follow from the arguments */
	struct {
		uint8_t what, par;
	} args[SYS_ARGS];
};

extern const struct sysdef sysdefs[SYS_NR_MAX];

/* "openat", or a number for one that is newer than this program. */
const char *sysdef_name(unsigned int nr, char room[16]);
/* SYS_NR_MAX: there is no such call. */
unsigned int sysdef_number(const char *name, size_t len);
/* Names one by one, for completion: "" where there is no such call; behind the last one NULL. */
const char *sysdef_word(size_t nr);
unsigned int sysdef_class(const struct sysdef *d);
unsigned int sysdef_args(const struct sysdef *d);
/* What the programs are to copy of an argument. */
struct sys_arg sysdef_copy(const struct sysdef *d, unsigned int arg);

#endif
