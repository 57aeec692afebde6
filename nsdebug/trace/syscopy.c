/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syscopy - what of an argument the programs copy, which follows from what it is.
 */
#include "nsdebug/base/own.h"
#include "nsdebug/trace/sysdef.h"

/* Sizes of the kernel's structs on x86-64, in bytes. */
static const struct {
	uint8_t kind;
	uint16_t size;
} copies[W_COUNT] = {
	[W_IOCTL_ARG] = { SYS_FIXED, 8 },
	[W_FUTEX_TIME] = { SYS_FIXED, 16 },
	[W_PRCTL_ARG] = { SYS_STRING, 0 },
	[W_PATH] = { SYS_STRING, 0 },
	[W_STRING] = { SYS_STRING, 0 },
	[W_STRING_N] = { SYS_BY_ARG, 1 },
	[W_STRING_OUT] = { SYS_BY_RET | SYS_OUT, 1 },
	[W_WORDS] = { SYS_WORDS, 0 },
	[W_IN] = { SYS_BY_ARG, 1 },
	[W_BLOB] = { SYS_BY_ARG, 1 },
	[W_OUT] = { SYS_BY_RET | SYS_OUT, 1 },
	[W_IOV] = { SYS_VECTOR, 0 },
	[W_IOV_OUT] = { SYS_VECTOR | SYS_OUT, 0 },
	[W_IOV_ONLY] = { SYS_BY_ARG, 16 },
	[W_MESSAGE] = { SYS_MESSAGE, 0 },
	[W_MESSAGE_OUT] = { SYS_MESSAGE | SYS_OUT, 0 },
	[W_MESSAGES] = { SYS_MESSAGE, 0 },
	[W_ADDRESS] = { SYS_BY_ARG, 1 },
	[W_ADDRESS_OUT] = { SYS_BY_POINTER | SYS_OUT, 1 },
	[W_LENGTH] = { SYS_FIXED, 4 },
	[W_OPTION] = { SYS_BY_ARG, 1 },
	[W_OPTION_OUT] = { SYS_BY_POINTER | SYS_OUT, 1 },
	[W_INTS] = { SYS_FIXED, 4 },
	[W_FD_PAIR] = { SYS_FIXED | SYS_OUT, 8 },
	[W_INT_AT] = { SYS_FIXED | SYS_OUT, 4 },
	[W_UINT_AT] = { SYS_FIXED | SYS_OUT, 4 },
	[W_ID_AT] = { SYS_FIXED | SYS_OUT, 4 },
	[W_OFFSET_AT] = { SYS_FIXED, 8 },
	[W_GROUPS] = { SYS_BY_RET | SYS_OUT, 4 },
	[W_FD_SET] = { SYS_FIXED, 128 },
	[W_POLL] = { SYS_BY_ARG, 8 },
	[W_EPOLL] = { SYS_FIXED, 12 },
	[W_EPOLL_OUT] = { SYS_BY_RET | SYS_OUT, 12 },
	[W_TIMESPEC] = { SYS_FIXED, 16 },
	[W_TIMESPEC_OUT] = { SYS_FIXED | SYS_OUT, 16 },
	[W_TIMESPEC_PAIR] = { SYS_FIXED, 32 },
	[W_TIMEVAL] = { SYS_FIXED, 16 },
	[W_TIMEVAL_OUT] = { SYS_FIXED | SYS_OUT, 16 },
	[W_TIMEVAL_PAIR] = { SYS_FIXED, 32 },
	[W_ITIMERVAL] = { SYS_FIXED, 32 },
	[W_ITIMERVAL_OUT] = { SYS_FIXED | SYS_OUT, 32 },
	[W_ITIMERSPEC] = { SYS_FIXED, 32 },
	[W_ITIMERSPEC_OUT] = { SYS_FIXED | SYS_OUT, 32 },
	[W_SIGSET] = { SYS_FIXED, 8 },
	[W_SIGSET_OUT] = { SYS_FIXED | SYS_OUT, 8 },
	[W_SIGACTION] = { SYS_FIXED, 32 },
	[W_SIGACTION_OUT] = { SYS_FIXED | SYS_OUT, 32 },
	[W_SIGSTACK] = { SYS_FIXED, 24 },
	[W_SIGSTACK_OUT] = { SYS_FIXED | SYS_OUT, 24 },
	[W_RLIMIT] = { SYS_FIXED, 16 },
	[W_RLIMIT_OUT] = { SYS_FIXED | SYS_OUT, 16 },
	[W_STAT] = { SYS_FIXED | SYS_OUT, 144 },
	[W_STATX] = { SYS_FIXED | SYS_OUT, 256 },
	[W_UTSNAME] = { SYS_FIXED | SYS_OUT, 130 },
	[W_WAIT_STATUS] = { SYS_FIXED | SYS_OUT, 4 },
	[W_RUSAGE] = { SYS_FIXED | SYS_OUT, 32 },
	[W_OPEN_HOW] = { SYS_FIXED, 24 }, [W_CLONE_ARGS] = { SYS_BY_ARG, 1 },
	[W_CPUS] = { SYS_BY_ARG, 1 },
	[W_CPUS_OUT] = { SYS_BY_RET | SYS_OUT, 1 },
};

struct sys_arg sysdef_copy(const struct sysdef *d, unsigned int arg)
{
	unsigned int what = d->args[arg].what;

	return (struct sys_arg){ copies[what].kind, d->args[arg].par, copies[what].size };
}

unsigned int sysdef_args(const struct sysdef *d)
{
	unsigned int n = 0;

	while (n < SYS_ARGS && d->args[n].what)
		n++;
	return n;
}

unsigned int sysdef_class(const struct sysdef *d)
{
	unsigned int class = d->class;

	for (unsigned int i = 0; i < SYS_ARGS; i++) {
		if (d->args[i].what == W_PATH || d->args[i].what == W_DIRFD)
			class |= CLASS_FILE;
		if (d->args[i].what == W_FD || d->args[i].what == W_DIRFD)
			class |= CLASS_DESC;
	}
	return class;
}
