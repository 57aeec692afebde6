/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/usedcalls.h"

#include <sys/syscall.h>

#include "nsdebug/base/own.h"

#ifndef SYS_statx
#define SYS_statx 332
#endif
#ifndef SYS_clone3
#define SYS_clone3 435
#endif
#ifndef SYS_pidfd_getfd
#define SYS_pidfd_getfd 438
#endif
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

#define T USED_TOUCH
#define W USED_WRITE
#define MADE (USED_WRITE | USED_CREATE)
#define GONE (USED_WRITE | USED_REMOVE)
#define MOVED (USED_READ | USED_WRITE | USED_REMOVE)

/* The kind, the argument that it is of; names and where they begin, as numbers of arguments. */
#define FD(n, kind_, at) { SYS_##n, { .kind = kind_, .arg = at }, { 0 } }
#define ONE(n, kind_, name_, base_, what) \
	{ SYS_##n, { .kind = kind_, .name = { name_ }, .base = { base_ } }, { what } }
#define TWO(n, name1, base1, what1, name2, base2, what2) \
	{ SYS_##n, { .kind = USED_NAMES, .name = { name1, name2 }, .base = { base1, base2 } }, \
	  { what1, what2 } }

const struct used_entry used_entries[] = {
	ONE(open, USED_OPENS, 1, 0, T), ONE(openat, USED_OPENS, 2, 1, T),
	ONE(openat2, USED_OPENS, 2, 1, T), ONE(creat, USED_OPENS, 1, 0, T),
	FD(open_by_handle_at, USED_OPENS, 0),
	FD(mmap, USED_MAPS, 0), FD(mprotect, USED_PROTECTS, 0), FD(pkey_mprotect, USED_PROTECTS, 0),
	FD(recvmsg, USED_RECEIVES, 0), FD(recvmmsg, USED_RECEIVES, 0),
	FD(pidfd_getfd, USED_OPENS, 0),
	ONE(mkdir, USED_NAMES, 1, 0, MADE), ONE(mkdirat, USED_NAMES, 2, 1, MADE),
	ONE(mknod, USED_NAMES, 1, 0, MADE), ONE(mknodat, USED_NAMES, 2, 1, MADE),
	ONE(rmdir, USED_NAMES, 1, 0, GONE), ONE(unlink, USED_NAMES, 1, 0, GONE),
	ONE(unlinkat, USED_NAMES, 2, 1, GONE),
	TWO(rename, 1, 0, MOVED, 2, 0, MADE), TWO(renameat, 2, 1, MOVED, 4, 3, MADE),
	TWO(renameat2, 2, 1, MOVED, 4, 3, MADE),
	TWO(link, 1, 0, USED_LINK, 2, 0, MADE | USED_LINK),
	TWO(linkat, 2, 1, USED_LINK, 4, 3, MADE | USED_LINK),
	ONE(symlink, USED_NAMES, 2, 0, MADE), ONE(symlinkat, USED_NAMES, 3, 2, MADE),
	ONE(truncate, USED_NAMES, 1, 0, W),
	ONE(chmod, USED_NAMES, 1, 0, W), ONE(fchmodat, USED_NAMES, 2, 1, W),
	ONE(fchmodat2, USED_NAMES, 2, 1, W),
	ONE(chown, USED_NAMES, 1, 0, W), ONE(lchown, USED_NAMES, 1, 0, W),
	ONE(fchownat, USED_NAMES, 2, 1, W),
	ONE(utime, USED_NAMES, 1, 0, W), ONE(utimes, USED_NAMES, 1, 0, W),
	ONE(utimensat, USED_NAMES, 2, 1, W), ONE(futimesat, USED_NAMES, 2, 1, W),
	ONE(setxattr, USED_NAMES, 1, 0, W), ONE(lsetxattr, USED_NAMES, 1, 0, W),
	ONE(removexattr, USED_NAMES, 1, 0, W), ONE(lremovexattr, USED_NAMES, 1, 0, W),
	FD(flock, USED_LOCKS, 0), FD(fcntl, USED_LOCKS, 1),
	FD(fchmod, USED_FD_WRITES, 1), FD(fchown, USED_FD_WRITES, 1),
	ONE(stat, USED_NAMES, 1, 0, T), ONE(lstat, USED_NAMES, 1, 0, T),
	ONE(newfstatat, USED_NAMES, 2, 1, T), ONE(statx, USED_NAMES, 2, 1, T),
	ONE(access, USED_NAMES, 1, 0, T), ONE(faccessat, USED_NAMES, 2, 1, T),
	ONE(faccessat2, USED_NAMES, 2, 1, T),
	ONE(readlink, USED_NAMES, 1, 0, T), ONE(readlinkat, USED_NAMES, 2, 1, T),
	ONE(statfs, USED_NAMES, 1, 0, T), ONE(chdir, USED_NAMES, 1, 0, T),
	ONE(getxattr, USED_NAMES, 1, 0, T), ONE(lgetxattr, USED_NAMES, 1, 0, T),
	ONE(inotify_add_watch, USED_NAMES, 2, 0, T),
	/* of a program that is started: by sched_process_exec, for then nothing returns */
	{ SYS_execve, { 0 }, { T, T } },
	FD(socket, USED_SOCKET, 0), FD(socketpair, USED_SOCKET, 0),
	{ SYS_bind, { .kind = USED_BINDS, .arg = 1 }, { USED_READ | MADE } },
	FD(listen, USED_BINDS, 0),
	{ SYS_connect, { .kind = USED_ADDRESS }, { USED_READ | USED_WRITE } },
	{ SYS_sendto, { .kind = USED_SENDS }, { USED_READ | USED_WRITE } },
	{ SYS_sendmsg, { .kind = USED_SENDS, .arg = 1 }, { USED_READ | USED_WRITE } },
	{ SYS_sendmmsg, { .kind = USED_SENDS, .arg = 1 }, { USED_READ | USED_WRITE } },
	FD(clone, USED_SPACES, 0), FD(clone3, USED_SPACES, 1), FD(unshare, USED_SPACES, 0),
	FD(kill, USED_SIGNALS, 2), FD(tkill, USED_SIGNALS, 2), FD(tgkill, USED_SIGNALS, 3),
	FD(rt_sigqueueinfo, USED_SIGNALS, 2), FD(rt_tgsigqueueinfo, USED_SIGNALS, 3),
	FD(pidfd_send_signal, USED_SIGNALS, 2),
	FD(setuid, USED_CREDS, 0), FD(setgid, USED_CREDS, 0), FD(setreuid, USED_CREDS, 0),
	FD(setregid, USED_CREDS, 0), FD(setresuid, USED_CREDS, 0), FD(setresgid, USED_CREDS, 0),
	FD(setgroups, USED_CREDS, 0), FD(capset, USED_CREDS, 0),
};

const unsigned int used_entry_count = ARRAY_SIZE(used_entries);

uint32_t used_access_of(unsigned int nr, unsigned int arg)
{
	for (size_t i = 0; arg < 2 && i < ARRAY_SIZE(used_entries); i++)
		if (used_entries[i].nr == nr)
			return used_entries[i].access[arg];
	return USED_TOUCH;
}
