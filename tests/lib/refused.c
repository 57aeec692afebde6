/* SPDX-License-Identifier: Apache-2.0 */
/* flags: -static -pthread */
/*
 * refused - calls that a nonroot container is refused, each for one reason; and calls that it is
 * not. With files of DIR that refusing.c has made.  This is the list of them all.
 *
 *	refused expect KIND	"NAME REASON CURE APART" of each: the word with which it is to be
 *			explained, and how what is said to help is to be applied; then "NAME -" for
 *			those that succeed, or fail in a way that is no refusal
 *	refused run DIR KIND [NAME...]	waits for DIR/go, makes them, each in a process that is
 *			called like it, and says on stderr which of them went as meant, with what
 *			errno; then "done"
 *	refused after DIR [NAME[:CAP]...]	the same of what has been cured: it goes as meant
 *			if it is not refused any more.  With this one capability at most, if it
 *			can be had
 *
 * KIND: filtered, free: with or without a seccomp filter, limits and filters are made here.
 *	docker, podman: as these give them; limits and filters are the container's, and those
 *	calls that want a container of their own are apart.
 * CURE: flags: as options of the engine; cap: as well, and setcap; owner, host, image: of files and
 *	volumes; program: it does as the text says (after_NAME); own: the program's own filter or
 *	limit; node: not done, it would change the node; none: there is none.
 */
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/perf_event.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <termios.h>
#include <unistd.h>

#include "refusals.h"
#include "allowed.h"

enum kind { FILTERED, FREE, DOCKER, PODMAN, KINDS };
static const char *const kinds[] = { "filtered", "free", "docker", "podman" };

static const struct {
	const char *name;
	int (*fn)(void);
	const char *reason[KINDS];	/* NULL: not made there */
	const char *cure;
	int (*after)(void);		/* NULL: the same */
	int past[2];			/* what it fails with, as it would for root */
	bool apart;
} all[] = {
#define OP(op, a, b, c, d, help, ...) \
	{ .name = #op, .fn = do_##op, .reason = { a, b, c, d }, .cure = help, __VA_ARGS__ }
#define ALL(name, kind, cure, ...) OP(name, kind, kind, kind, kind, cure, __VA_ARGS__)
#define FINE(name) ALL(name, "-", "-")
	ALL(secret, "mode", "owner"), ALL(writing, "mode", "owner"), ALL(deep, "mode", "owner"),
	ALL(acl, "acl", "owner"), ALL(rootfs, "read-only-mount", "program", .after = after_rootfs),
	OP(rootdir, NULL, NULL, "read-only-mount", "read-only-mount", "flags"),
	ALL(noatime, "owner", "owner"), ALL(sysctl, "sysctl", "flags", .after = after_sysctl),
	OP(netsysctl, NULL, NULL, "sysctl", "sysctl", "flags", .after = after_netsysctl),
	ALL(chown, "chown", "owner"), ALL(give, "chown", "cap"), ALL(chmod, "owner", "owner"),
	ALL(utimes, "owner", "owner"), ALL(sticky, "sticky", "program", .after = after_sticky),
	ALL(unlink, "mode", "owner"), ALL(mkdir, "mode", "owner"), ALL(rmdir, "mode", "owner"),
	ALL(symlink, "mode", "owner"), ALL(rename, "mode", "owner"),
	ALL(xdev, "cross-device", "program", .after = after_xdev),
	ALL(xlink, "cross-device", "program", .after = after_xlink),
	ALL(link, "protected-hardlink", "owner"), ALL(truncate, "mode", "owner"),
	ALL(access, "mode", "owner"), ALL(chdir, "mode", "owner"), ALL(stat, "mode", "owner"),
	ALL(watch, "mode", "owner"), ALL(trusted, "capability", "cap"),
	ALL(immutable, "immutable", "host"), ALL(appendonly, "append-only", "host"),
	ALL(relative, "mode", "owner"), ALL(dirfd, "mode", "owner"),
	ALL(fchmod, "owner", "owner"),
	ALL(beneath, "resolve-flag", "program", .after = after_beneath),
	ALL(unixbind, "mode", "owner"), ALL(unixconnect, "mode", "owner", .past = { ECONNREFUSED }),
	ALL(noexec, "noexec", "flags"), ALL(nox, "mode", "image"),
	ALL(script, "missing-interpreter", "image"), ALL(loader, "missing-interpreter", "image"),
	ALL(format, "format", "image"), ALL(port, "port", "flags"), ALL(port6, "port", "flags"),
	ALL(raw, "capability", "cap"), ALL(packet, "capability", "cap"),
	ALL(ifup, "capability", "cap"), ALL(mark, "capability", "cap"),
	ALL(setuid, "capability", "own", .after = do_setuidown),
	ALL(setgid, "capability", "own", .after = do_setgidown),
	ALL(setgroups, "capability", "own", .after = do_groups), ALL(nice, "capability", "cap"),
	ALL(realtime, "capability", "cap"),
	OP(kill, NULL, "capability", NULL, NULL, "cap"),
	ALL(ptrace, "ptrace", "cap"), ALL(capbset, "capability", "cap"),
	ALL(hardlimit, "capability", "flags"), ALL(nofile, "rlimit", "flags"),
	ALL(nproc, "rlimit", "flags", .apart = true), ALL(memlock, "rlimit", "flags"),
	ALL(fsize, "rlimit", "flags"), ALL(as, "rlimit", "own", .after = after_as),
	OP(pids, NULL, "pids-limit", "pids-limit", "pids-limit", "flags"),
#define ROOTS(name, ...) OP(name, "seccomp", "capability", "seccomp", "seccomp", __VA_ARGS__)
#define PODMANS(name, ...) \
	OP(name, "capability", "capability", "seccomp", "capability", __VA_ARGS__)
#define BARE(name, ...) OP(name, "seccomp", NULL, "seccomp", "seccomp", __VA_ARGS__)
	ALL(mknod, "capability", "cap"), PODMANS(mount, "cap"), PODMANS(umount, "cap"),
	PODMANS(unshare, "cap"), ROOTS(sethostname, "flags", .after = after_sysctl),
	OP(chroot, "seccomp", "capability", "capability", "capability", "cap"),
	PODMANS(reboot, "cap", .past = { EINVAL }), ROOTS(settime, "node"),
	ALL(adjtime, "capability", "node"), ROOTS(bpf, "cap"), ROOTS(perf, "cap"),
	ROOTS(swapon, "cap", .past = { EINVAL }), BARE(iopl, "node"),
	PODMANS(syslog, "cap"), BARE(module, "node"),
	ROOTS(vhangup, "cap"), BARE(quota, "cap", .past = { ENODEV }), ROOTS(acct, "cap"),
#define FILTER(name) ALL(filter_##name, "seccomp", "flags", .apart = true)
	FILTER(eperm), FILTER(enosys), FILTER(eacces), FILTER(kill), FILTER(thread), FILTER(trap),

	FINE(read), FINE(create), FINE(absent), FINE(noprogram), FINE(preload), FINE(chmodown),
	FINE(chownown), FINE(port8080), FINE(udp), FINE(connrefused), FINE(nonblock),
	FINE(setuidown), FINE(killown), FINE(nicer), FINE(lower), FINE(fork),
	/* docker has no clone3, which the C library tries first */
	OP(thread, "-", "-", NULL, "-", "-"),
	FINE(exists), FINE(notdir), FINE(movown), FINE(rmown), FINE(mkdirown), FINE(linkown),
	FINE(map), FINE(brk), FINE(seccompok), FINE(reaped), FINE(badfd), FINE(watchok),
	FINE(symlinkok), FINE(unixok), FINE(stop), FINE(fifo), FINE(execok), FINE(truncok),
	FINE(timesown), FINE(polling), FINE(getcwd), FINE(root), FINE(statroot), FINE(statsecret),
	FINE(readlink), FINE(list), FINE(opath), FINE(accessok), FINE(eventfd), FINE(timerfd),
	FINE(signalfd), FINE(epoll), FINE(memfd), FINE(random), FINE(sleep), FINE(yield),
	FINE(limits), FINE(lowerhard), FINE(naming), FINE(dumpable), FINE(nonewprivs),
	FINE(session), FINE(groups), FINE(setgidown), FINE(waited), FINE(ftruncate), FINE(fsync),
	FINE(pwrite), FINE(fchmodown), FINE(fchownown), FINE(appends), FINE(pair), FINE(udp6),
	FINE(high), FINE(mapfile), FINE(policy), FINE(isdir), FINE(looped), FINE(longname),
	FINE(notempty), FINE(nobody), FINE(nosignal), FINE(pipeless), FINE(seekless), FINE(notty),
	FINE(nofamily), FINE(inuse), FINE(notours), FINE(nolink), FINE(fault),
};
#define COUNT (sizeof(all) / sizeof(all[0]))

/* ---- one by one ---- */

static int kind_of(const char *word)
{
	for (int i = 0; i < KINDS; i++)
		if (!strcmp(kinds[i], word))
			return i;
	errx(2, "%s: filtered, free, docker or podman", word);
}

/* No right but this one, of those that it has. -1: none at all. */
static void keep_only(int cap)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = { 0 };

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (cap >= 0)
		d[cap / 32].effective = d[cap / 32].permitted = 1u << cap % 32;
	if (syscall(SYS_capset, &h, d) < 0)
		_exit(98);
}

/* What it returned: an errno, 0, or how it was ended. */
static int attempt(size_t i, int (*fn)(void))
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_NAME, all[i].name);
		_exit(fn());
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static void say(size_t i, bool meant, int got)
{
	const char *word = got ? strerrorname_np(got) : "0";

	fprintf(stderr, "%s %c %s\n", all[i].name, meant ? '+' : '-',
		got == SIGSYS ? "SIGSYS" : word ? word : "?");
}

static bool is_asked(size_t i, char **names, int *cap)
{
	size_t n = strlen(all[i].name);

	*cap = -1;
	for (; *names; names++)
		if (!strncmp(*names, all[i].name, n) && strchr(":", (*names)[n])) {
			if ((*names)[n])
				*cap = atoi(*names + n + 1);
			return true;
		}
	return false;
}

static void run_all(enum kind kind, char **names)
{
	given = kind >= DOCKER;
	for (size_t i = 0; i < COUNT; i++) {
		const char *reason = all[i].reason[kind];
		int cap, got;

		if (!reason || (*names ? !is_asked(i, names, &cap) : given && all[i].apart))
			continue;
		got = attempt(i, all[i].fn);
		say(i, !strcmp(reason, "-") == !got, got);
	}
}

static void run_after(char **names)
{
	given = true;
	for (size_t i = 0; i < COUNT; i++) {
		int cap, got;
		pid_t pid;

		if (!is_asked(i, names, &cap))
			continue;
		pid = fork();
		if (pid) {
			waitpid(pid, NULL, 0);
			continue;
		}
		keep_only(cap);
		got = attempt(i, all[i].after ? all[i].after : all[i].fn);
		say(i, !got || got == all[i].past[0] || got == all[i].past[1], got);
		_exit(0);
	}
}

static void expect(enum kind kind)
{
	for (size_t i = 0; i < COUNT; i++)
		if (all[i].reason[kind])
			printf("%s %s %s %d\n", all[i].name, all[i].reason[kind], all[i].cure,
			       all[i].apart);
}

int main(int argc, char **argv)
{
	if (argc < 3 || !strcmp(argv[0], "x"))	/* as one of those programs that may be run */
		return 0;
	dir = argv[2];
	if (!strcmp(argv[1], "expect")) {
		expect(kind_of(argv[2]));
		return 0;
	}
	while (access(in("go"), F_OK))
		poll(NULL, 0, 10);
	if (!strcmp(argv[1], "after"))
		run_after(argv + 3);
	else
		run_all(kind_of(argv[3]), argv + 4);
	fprintf(stderr, "done\n");
	for (;;)
		pause();
}
