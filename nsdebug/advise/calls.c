/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/advise/calls.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/own.h"
#include "nsdebug/trace/sysdef.h"
#include "nsdebug/trace/used.h"

#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_close_range
#define SYS_close_range 436
#endif
#ifndef SYS_openat2
#define SYS_openat2 437
#endif
#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif

/*
 * What a runtime does behind the filter, on its way to the container's first program, and again for
 * each that it starts in there later. With no_new_privs that is little, for the filter comes last;
 * without, it comes before the rights are given up. Measured of runc 1.1 (tests/tools/
 * advise.t does it again); the first line is what the Go runtime may do at any time.
 */
static const uint16_t runtime_calls[] = {
	SYS_futex, SYS_nanosleep, SYS_epoll_pwait, SYS_epoll_ctl, SYS_rt_sigreturn,
	SYS_rt_sigprocmask, SYS_rt_sigaction, SYS_sigaltstack, SYS_mmap, SYS_munmap, SYS_madvise,
	SYS_sched_yield, SYS_getpid, SYS_gettid, SYS_tgkill, SYS_clone, SYS_set_robust_list,
	SYS_exit,
	/* it closes what is not for the program, and tells its parent that it is there */
	SYS_openat, SYS_openat2, SYS_getdents64, SYS_close, SYS_close_range, SYS_fcntl, SYS_read,
	SYS_write, SYS_fstat, SYS_fstatfs, SYS_newfstatat, SYS_lseek,
	/* it becomes the program's user, with the rights that it is to have */
	SYS_prctl, SYS_capget, SYS_capset, SYS_setuid, SYS_setgid, SYS_setgroups, SYS_setresuid,
	SYS_setresgid, SYS_fchown, SYS_fchownat, SYS_umask, SYS_setsid, SYS_ioctl,
	SYS_chdir, SYS_fchdir, SYS_getcwd, SYS_getppid, SYS_getuid, SYS_getgid, SYS_geteuid,
	SYS_getegid,
	/* it finds the program, and starts it */
	SYS_faccessat, SYS_faccessat2, SYS_access, SYS_stat, SYS_execve, SYS_brk,
	/* any program is interrupted, and ends */
	SYS_exit_group, SYS_restart_syscall,
	/* clocks are read without a call, but on a machine whose clock takes one */
	SYS_clock_gettime, SYS_clock_getres, SYS_gettimeofday, SYS_time, SYS_getcpu,
};

/* How a program starts before its main(): ld.so and the C libraries of Debian 12 (glibc 2.36) and
 * of musl, statically linked or not. */
static const uint16_t start_calls[] = {
	SYS_execve, SYS_brk, SYS_arch_prctl, SYS_mmap, SYS_munmap, SYS_mprotect, SYS_mremap,
	SYS_access, SYS_openat, SYS_open, SYS_read, SYS_pread64, SYS_readv, SYS_fstat,
	SYS_newfstatat, SYS_close, SYS_set_tid_address, SYS_set_robust_list, SYS_prlimit64,
	SYS_getrandom, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_readlink, SYS_readlinkat,
	SYS_rseq, SYS_uname, SYS_ioctl, SYS_write, SYS_writev, SYS_fcntl, SYS_futex,
};

/* It is told to end, ends what it has begun within a time, and removes what others know it by. */
static const uint16_t end_calls[] = {
	SYS_exit, SYS_exit_group, SYS_rt_sigreturn, SYS_restart_syscall, SYS_rt_sigaction,
	SYS_rt_sigprocmask, SYS_setitimer, SYS_alarm, SYS_timer_create, SYS_timer_settime,
	SYS_timer_delete, SYS_futex, SYS_getpid, SYS_gettid, SYS_tgkill, SYS_close, SYS_shutdown,
	SYS_munmap, SYS_madvise, SYS_unlink, SYS_unlinkat, SYS_epoll_ctl, SYS_io_destroy,
};

/* Who makes processes ends them, and is told that they have ended. */
static const uint16_t parent_calls[] = { SYS_wait4, SYS_waitid, SYS_kill };

/* What it has that makes others of it likely: who serves has made a socket for that. */
static const uint16_t server_calls[] = { SYS_socket, SYS_setsockopt, SYS_bind, SYS_listen };

static bool has_served(const struct used *u)
{
	for (size_t i = 0; i < u->nports; i++)
		if (u->ports[i].before)
			return true;
	return false;
}

/* Threads may be made by the same calls: then these are too many. */
static bool has_made(const struct used *u)
{
	bool made = u->entered[SYS_fork] || u->entered[SYS_vfork] || u->entered[SYS_clone] ||
		u->entered[SYS_clone3];

	for (size_t i = 0; i < u->ncreds; i++)
		made |= u->creds[i].ns_pid > 1;
	return made;
}

bool calls_allow(const struct calls *c, unsigned int nr)
{
	return nr < USED_CALLS && (c->why[nr] == CALL_SEEN || c->why[nr] == CALL_RUNTIME ||
				   c->why[nr] == CALL_START || c->why[nr] == CALL_BEFORE ||
				   c->why[nr] == CALL_END);
}

static void add(struct calls *c, const uint16_t *nrs, size_t count, enum call_why why)
{
	for (size_t i = 0; i < count; i++)
		if (!calls_allow(c, nrs[i]))
			c->why[nrs[i]] = (uint8_t)why;
}

void calls_of(const struct used *u, bool whole, struct calls *ret)
{
	*ret = (struct calls){ 0 };
	for (unsigned int nr = 0; nr < USED_CALLS; nr++) {
		if (u->entered[nr])
			ret->why[nr] = CALL_SEEN;
		else if (u->refused[nr])
			ret->why[nr] = u->refused[nr] == USED_ANSWERED ? CALL_ANSWERED :
				u->refused[nr] == ENOSYS ? CALL_ABSENT : CALL_REFUSED;
		ret->error[nr] = u->refused[nr];
		ret->unnamed |= u->entered[nr] && !sysdefs[nr].name;
	}
	ret->spaces = *u->spaces;
	ret->vsock = u->families[AF_VSOCK];
	add(ret, runtime_calls, ARRAY_SIZE(runtime_calls), CALL_RUNTIME);
	if (!whole)
		add(ret, start_calls, ARRAY_SIZE(start_calls), CALL_START);
	if (!whole && has_served(u))
		add(ret, server_calls, ARRAY_SIZE(server_calls), CALL_BEFORE);
	if (!u->tracer.gone)
		add(ret, end_calls, ARRAY_SIZE(end_calls), CALL_END);
	if (!u->tracer.gone && has_made(u))
		add(ret, parent_calls, ARRAY_SIZE(parent_calls), CALL_END);
	/* a C library that is told that it may not (EPERM) makes no thread; with ENOSYS it goes the
	 * old way, of which a filter sees what is asked for */
	if (!calls_allow(ret, SYS_clone3) || !ret->spaces)
		ret->why[SYS_clone3] = CALL_ABSENT;
	for (unsigned int nr = 0; nr < USED_CALLS; nr++)
		ret->count += calls_allow(ret, nr);
}

const char *calls_why(enum call_why why)
{
	static const char *const words[] = {
		[CALL_SEEN] = "seen",
		[CALL_RUNTIME] = "not seen: the runtime makes it behind the filter, or it is how "
			"a program ends or reads a clock",
		[CALL_START] = "not seen: a program's loader and C library make it when it starts",
		[CALL_END] = "not seen: its end, or that of a process that it made, commonly takes "
			"it, and was not seen",
		[CALL_BEFORE] = "not seen: it serves at a port, and has made a socket for that",
		[CALL_REFUSED] = "refused today, and still",
		[CALL_ANSWERED] = "answered by a filter today and not run: not in the profile",
		[CALL_ABSENT] = "answered with ENOSYS, as if the kernel did not have it: who "
			"tries it knows another way",
	};

	return words[why];
}

const char *calls_title(enum call_why why)
{
	static const char *const titles[CALL_WHYS] = {
		[CALL_SEEN] = "system calls that were seen",
		[CALL_RUNTIME] = "system calls of the runtime",
		[CALL_START] = "system calls of the start, which was not seen",
		[CALL_END] = "system calls of the end, which was not seen",
		[CALL_BEFORE] = "system calls of a server, which were not seen",
		[CALL_REFUSED] = "system calls that are refused today, and still",
		[CALL_ANSWERED] = "system calls that a filter answers today, and are not allowed",
	};

	return titles[why];
}

/* Calls that are only allowed as far as their first argument goes. */
struct narrow {
	uint16_t nr;
	const char *comment, *args;
};

#define NO_SPACES "without new namespaces, of which none was made"
#define MASKED_ZERO "\"value\": 2114060288, \"valueTwo\": 0, \"op\": \"SCMP_CMP_MASKED_EQ\""

_Static_assert(USED_NEW_ALL == 2114060288u && AF_VSOCK == 40, "as the profile has it");

static const struct narrow narrows[] = {
	{ SYS_clone, NO_SPACES, MASKED_ZERO },
	{ SYS_unshare, NO_SPACES, MASKED_ZERO },
	{ SYS_socket, "but not to the hypervisor (AF_VSOCK), which was not seen",
	  "\"value\": 40, \"op\": \"SCMP_CMP_NE\"" },
};

static const struct narrow *narrow_of(const struct calls *c, unsigned int nr)
{
	for (size_t i = 0; i < ARRAY_SIZE(narrows); i++)
		if (narrows[i].nr == nr)
			return (nr == SYS_socket ? c->vsock : c->spaces) ? NULL : &narrows[i];
	return NULL;
}

/* ", " in front of all but the first. */
static void put_names(struct buf *b, const struct calls *c, enum call_why why)
{
	const char *sep = "";
	char room[16];

	for (unsigned int nr = 0; nr < USED_CALLS; nr++) {
		/* a call that is newer than this program has no name for a profile either */
		if (c->why[nr] != why || !sysdefs[nr].name || narrow_of(c, nr))
			continue;
		buf_addf(b, "%s\"%s\"", sep, sysdef_name(nr, room));
		sep = ", ";
	}
}

static void put_narrow(struct buf *b, const struct calls *c)
{
	char room[16];

	for (size_t i = 0; i < ARRAY_SIZE(narrows); i++) {
		const struct narrow *n = narrow_of(c, narrows[i].nr);

		if (!n || !calls_allow(c, n->nr))
			continue;
		buf_addf(b, ",\n\t\t{\n\t\t\t\"comment\": \"%s\",\n", n->comment);
		buf_addf(b, "\t\t\t\"names\": [\"%s\"],\n", sysdef_name(n->nr, room));
		buf_str(b, "\t\t\t\"action\": \"SCMP_ACT_ALLOW\",\n");
		buf_addf(b, "\t\t\t\"args\": [{\"index\": 0, %s}]\n\t\t}", n->args);
	}
}

static bool has(const struct calls *c, enum call_why why)
{
	for (unsigned int nr = 0; nr < USED_CALLS; nr++)
		if (c->why[nr] == why && sysdefs[nr].name && !narrow_of(c, nr))
			return true;
	return false;
}

void calls_profile(struct buf *b, const struct calls *c, bool whole)
{
	static const enum call_why allowed[] = { CALL_SEEN, CALL_RUNTIME, CALL_START,
		CALL_END, CALL_BEFORE };
	const char *sep = "";

	buf_str(b, "{\n\t\"defaultAction\": \"SCMP_ACT_ERRNO\",\n\t\"defaultErrnoRet\": 1,\n"
		"\t\"architectures\": [\"SCMP_ARCH_X86_64\"],\n\t\"syscalls\": [");
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
		if (!has(c, allowed[i]) || (whole && allowed[i] == CALL_START))
			continue;
		buf_addf(b, "%s\n\t\t{\n\t\t\t\"comment\": \"%s\",\n\t\t\t\"names\": [", sep,
			 calls_why(allowed[i]));
		put_names(b, c, allowed[i]);
		buf_str(b, "],\n\t\t\t\"action\": \"SCMP_ACT_ALLOW\"\n\t\t}");
		sep = ",";
	}
	put_narrow(b, c);
	if (has(c, CALL_ABSENT)) {
		buf_addf(b, "%s\n\t\t{\n\t\t\t\"names\": [", sep);
		put_names(b, c, CALL_ABSENT);
		buf_addf(b, "],\n\t\t\t\"action\": \"SCMP_ACT_ERRNO\",\n\t\t\t\"errnoRet\": %d"
			 "\n\t\t}", ENOSYS);
	}
	buf_str(b, "\n\t]\n}\n");
}
