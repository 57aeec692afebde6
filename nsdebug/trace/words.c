/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/words.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/own.h"

#define E(name) [E##name] = "E" #name

static const char *const errors[] = {
	E(PERM), E(NOENT), E(SRCH), E(INTR), E(IO), E(NXIO), E(2BIG), E(NOEXEC), E(BADF),
	E(CHILD), E(AGAIN), E(NOMEM), E(ACCES), E(FAULT), E(NOTBLK), E(BUSY), E(EXIST), E(XDEV),
	E(NODEV), E(NOTDIR), E(ISDIR), E(INVAL), E(NFILE), E(MFILE), E(NOTTY), E(TXTBSY),
	E(FBIG), E(NOSPC), E(SPIPE), E(ROFS), E(MLINK), E(PIPE), E(DOM), E(RANGE), E(DEADLK),
	E(NAMETOOLONG), E(NOLCK), E(NOSYS), E(NOTEMPTY), E(LOOP), E(NOMSG), E(IDRM), E(CHRNG),
	E(L2NSYNC), E(L3HLT), E(L3RST), E(LNRNG), E(UNATCH), E(NOCSI), E(L2HLT), E(BADE),
	E(BADR), E(XFULL), E(NOANO), E(BADRQC), E(BADSLT), E(BFONT), E(NOSTR), E(NODATA),
	E(TIME), E(NOSR), E(NONET), E(NOPKG), E(REMOTE), E(NOLINK), E(ADV), E(SRMNT), E(COMM),
	E(PROTO), E(MULTIHOP), E(DOTDOT), E(BADMSG), E(OVERFLOW), E(NOTUNIQ), E(BADFD),
	E(REMCHG), E(LIBACC), E(LIBBAD), E(LIBSCN), E(LIBMAX), E(LIBEXEC), E(ILSEQ), E(RESTART),
	E(STRPIPE), E(USERS), E(NOTSOCK), E(DESTADDRREQ), E(MSGSIZE), E(PROTOTYPE),
	E(NOPROTOOPT), E(PROTONOSUPPORT), E(SOCKTNOSUPPORT), E(OPNOTSUPP), E(PFNOSUPPORT),
	E(AFNOSUPPORT), E(ADDRINUSE), E(ADDRNOTAVAIL), E(NETDOWN), E(NETUNREACH), E(NETRESET),
	E(CONNABORTED), E(CONNRESET), E(NOBUFS), E(ISCONN), E(NOTCONN), E(SHUTDOWN),
	E(TOOMANYREFS), E(TIMEDOUT), E(CONNREFUSED), E(HOSTDOWN), E(HOSTUNREACH), E(ALREADY),
	E(INPROGRESS), E(STALE), E(UCLEAN), E(NOTNAM), E(NAVAIL), E(ISNAM), E(REMOTEIO),
	E(DQUOT), E(NOMEDIUM), E(MEDIUMTYPE), E(CANCELED), E(NOKEY), E(KEYEXPIRED),
	E(KEYREVOKED), E(KEYREJECTED), E(OWNERDEAD), E(NOTRECOVERABLE), E(RFKILL), E(HWPOISON),
};

#undef E

/* Never seen by a program: the call is begun anew, or was interrupted (include/linux/errno.h). */
static const char *const restarts[] = {
	"ERESTARTSYS", "ERESTARTNOINTR", "ERESTARTNOHAND", "ENOIOCTLCMD", "ERESTART_RESTARTBLOCK",
};

#define RESTART_FIRST 512

const char *word_errno(int64_t ret)
{
	uint64_t n = (uint64_t)-ret;

	if (n >= RESTART_FIRST && n < RESTART_FIRST + ARRAY_SIZE(restarts))
		return restarts[n - RESTART_FIRST];
	return n < ARRAY_SIZE(errors) && errors[n] ? errors[n] : "unknown error";
}

bool is_restart(int64_t ret)
{
	uint64_t n = (uint64_t)-ret;

	return n >= RESTART_FIRST && n < RESTART_FIRST + ARRAY_SIZE(restarts) && n != 515;
}

#define S(name) [SIG##name] = "SIG" #name

static const char *const signals[] = {
	S(HUP), S(INT), S(QUIT), S(ILL), S(TRAP), S(ABRT), S(BUS), S(FPE), S(KILL), S(USR1),
	S(SEGV), S(USR2), S(PIPE), S(ALRM), S(TERM), S(STKFLT), S(CHLD), S(CONT), S(STOP),
	S(TSTP), S(TTIN), S(TTOU), S(URG), S(XCPU), S(XFSZ), S(VTALRM), S(PROF), S(WINCH), S(IO),
	S(PWR), S(SYS),
};

#undef S

#define SIGRT_FIRST 32	/* the kernel's; libc keeps the first two or three for itself */

const char *word_signal(uint32_t sig, char room[16])
{
	if (sig < ARRAY_SIZE(signals) && signals[sig])
		return signals[sig];
	if (sig == SIGRT_FIRST)
		return "SIGRTMIN";
	if (sig > SIGRT_FIRST && sig <= 64)
		snprintf(room, 16, "SIGRT_%u", sig - SIGRT_FIRST);
	else
		snprintf(room, 16, "%u", sig);
	return room;
}

/* Why a signal came: si_code of sigaction(2), which means another thing for some signals. */
const char *word_sicode(uint32_t sig, int32_t code)
{
	static const struct { uint32_t sig; const char *names[10]; } of[] = {
		{ SIGILL, { "ILL_ILLOPC", "ILL_ILLOPN", "ILL_ILLADR", "ILL_ILLTRP", "ILL_PRVOPC",
			    "ILL_PRVREG", "ILL_COPROC", "ILL_BADSTK" } },
		{ SIGFPE, { "FPE_INTDIV", "FPE_INTOVF", "FPE_FLTDIV", "FPE_FLTOVF", "FPE_FLTUND",
			    "FPE_FLTRES", "FPE_FLTINV", "FPE_FLTSUB" } },
		{ SIGSEGV, { "SEGV_MAPERR", "SEGV_ACCERR", "SEGV_BNDERR", "SEGV_PKUERR" } },
		{ SIGBUS, { "BUS_ADRALN", "BUS_ADRERR", "BUS_OBJERR", "BUS_MCEERR_AR",
			    "BUS_MCEERR_AO" } },
		{ SIGTRAP, { "TRAP_BRKPT", "TRAP_TRACE", "TRAP_BRANCH", "TRAP_HWBKPT" } },
		{ SIGCHLD, { "CLD_EXITED", "CLD_KILLED", "CLD_DUMPED", "CLD_TRAPPED",
			     "CLD_STOPPED", "CLD_CONTINUED" } },
		{ SIGIO, { "POLL_IN", "POLL_OUT", "POLL_MSG", "POLL_ERR", "POLL_PRI",
			   "POLL_HUP" } },
		{ SIGSYS, { "SYS_SECCOMP", "SYS_USER_DISPATCH" } },
	};
	static const char *const common[] = { "SI_USER", "SI_QUEUE", "SI_TIMER", "SI_MESGQ",
		"SI_ASYNCIO", "SI_SIGIO", "SI_TKILL" };

	if (code <= 0 && code > -(int32_t)ARRAY_SIZE(common))
		return common[-code];
	if (code == SI_KERNEL)
		return "SI_KERNEL";
	for (size_t i = 0; i < ARRAY_SIZE(of); i++)
		if (of[i].sig == sig && code >= 1 && code <= 10)
			return of[i].names[code - 1];
	return NULL;
}

bool is_shell(struct bytes file)
{
	static const char *const names[] = {
		"sh", "ash", "bash", "dash", "zsh", "ksh", "mksh", "fish", "csh", "tcsh", "pwsh",
	};
	struct bytes base = bytes_base(file);

	if (base.len && *base.p == '-')	/* a login shell's argv[0] */
		base.p++, base.len--;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (bytes_same(base, (struct bytes){ names[i], strlen(names[i]) }))
			return true;
	return false;
}
