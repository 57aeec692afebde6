/* SPDX-License-Identifier: Apache-2.0 */
/* flags: -static -pthread */
/*
 * refused - calls that a nonroot container is refused, each for one reason; and calls that it is
 * not. With files of DIR that refusing.c has made.
 *
 *	refused expect filtered|free	"NAME KIND" of each, with or without a seccomp filter: the
 *			word with which it is to be explained; then "NAME -" for those that succeed,
 *			or fail in a way that is no refusal
 *	refused run DIR filtered|free [NAME...]	waits for DIR/go, makes them, each in a process that
 *			is called like it, and says on stderr which of them went as
 *			meant, then "done"
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
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/timex.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

static const char *dir;

static const char *in(const char *name)
{
	static char path[4][512];
	static unsigned int n;

	n = (n + 1) % 4;
	snprintf(path[n], sizeof(path[n]), "%s/%s", dir, name);
	return path[n];
}

/* 0, or the errno of what is to fail. */
static int result(long ret)
{
	return ret < 0 ? errno : 0;
}

/* ---- files ---- */

static int open_at(const char *path, int flags)
{
	return result(open(path, flags, 0644));
}

static int do_secret(void) { return open_at(in("secret"), O_RDONLY); }
static int do_writing(void) { return open_at(in("theirs"), O_WRONLY); }
static int do_deep(void) { return open_at(in("deep/file"), O_RDONLY); }
static int do_acl(void) { return open_at(in("acl"), O_RDONLY); }
static int do_rootfs(void) { return open_at("/newfile", O_WRONLY | O_CREAT); }
static int do_noatime(void) { return open_at(in("theirs"), O_RDONLY | O_NOATIME); }
static int do_sysctl(void) { return open_at("/proc/sys/kernel/hostname", O_WRONLY); }
static int do_chown(void) { return result(chown(in("theirs"), 65532, 65532)); }
static int do_give(void) { return result(chown(in("mine"), 0, (gid_t)-1)); }
static int do_chmod(void) { return result(chmod(in("theirs"), 0600)); }
static int do_utimes(void) { return result(utimes(in("theirs"), (struct timeval[2]){ 0 })); }
static int do_sticky(void) { return result(unlink(in("sticky/file"))); }
static int do_unlink(void) { return result(unlink(in("shut/file"))); }
static int do_mkdir(void) { return result(mkdir(in("shut/new"), 0755)); }
static int do_rmdir(void) { return result(rmdir(in("shut/dir"))); }
static int do_symlink(void) { return result(symlink("x", in("shut/new"))); }
static int do_rename(void) { return result(rename(in("shut/file"), in("shut/other"))); }
static int do_xdev(void) { return result(rename(in("mine"), "/tmp/moved")); }
static int do_xlink(void) { return result(link(in("mine"), "/tmp/linked")); }
static int do_link(void) { return result(link(in("secret"), in("sticky/new"))); }
static int do_truncate(void) { return result(truncate(in("theirs"), 0)); }
static int do_access(void) { return result(access(in("secret"), R_OK)); }
static int do_chdir(void) { return result(chdir(in("deep"))); }
static int do_stat(void) { struct stat st; return result(stat(in("deep/file"), &st)); }
static int do_watch(void)
{
	return result(inotify_add_watch(inotify_init1(0), in("secret"), IN_OPEN));
}
static int do_trusted(void) { return result(setxattr(in("mine"), "trusted.x", "", 0, 0)); }
static int do_immutable(void) { return open_at(in("immutable"), O_WRONLY); }
static int do_appendonly(void) { return open_at(in("append"), O_WRONLY); }

static int do_relative(void)
{
	return chdir(in("")) < 0 ? 0 : result(open("secret", O_RDONLY));
}

static int do_dirfd(void)
{
	return result(openat(open(dir, O_RDONLY | O_DIRECTORY), "deep/file", O_RDONLY));
}

static int do_fchmod(void) { return result(fchmod(open(in("theirs"), O_RDONLY), 0600)); }

static int do_beneath(void)
{
	struct { uint64_t flags, mode, resolve; } how = { O_RDONLY, 0, 8 };

	return result(syscall(SYS_openat2, open(dir, O_PATH), "/etc", &how, sizeof(how)));
}

static int unix_socket(const char *path, int (*fn)(int, const struct sockaddr *, socklen_t))
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	snprintf(un.sun_path, sizeof(un.sun_path), "%s", path);
	return result(fn(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&un, sizeof(un)));
}

static int do_unixbind(void) { return unix_socket(in("shut/socket"), bind); }
static int do_unixconnect(void) { return unix_socket(in("socket"), connect); }

/* ---- programs ---- */

static int run(const char *path)
{
	char *argv[] = { "x", NULL };

	return result(execv(path, argv));
}

/* The test's own file system may be one on which nobody may execute anything. */
static int do_noexec(void)
{
	const char *path = "/dev/shm/program";
	int fd = open(path, O_WRONLY | O_CREAT, 0755);

	if (fd < 0 || write(fd, "#!/h/refused\n", 13) != 13)
		return 0;
	close(fd);
	return run(path);
}

static int do_nox(void) { return run(in("theirs")); }
static int do_script(void) { return run(in("script")); }
static int do_loader(void) { return run(in("dynamic")); }
static int do_format(void) { return run(in("text")); }

/* ---- the network ---- */

static int do_port(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(80) };

	return result(bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof(a)));
}

static int do_port6(void)
{
	struct sockaddr_in6 a = { .sin6_family = AF_INET6, .sin6_port = htons(443) };

	return result(bind(socket(AF_INET6, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof(a)));
}

static int do_raw(void) { return result(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)); }
static int do_packet(void) { return result(socket(AF_PACKET, SOCK_RAW, 0)); }

static int do_ifup(void)
{
	struct ifreq r = { .ifr_name = "lo", .ifr_flags = 0 };

	return result(ioctl(socket(AF_INET, SOCK_DGRAM, 0), SIOCSIFFLAGS, &r));
}

static int do_mark(void)
{
	int mark = 7;

	return result(setsockopt(socket(AF_INET, SOCK_DGRAM, 0), SOL_SOCKET, SO_MARK, &mark,
				 sizeof(mark)));
}

/* ---- users and processes ---- */

static int do_setuid(void) { return result(syscall(SYS_setuid, 0)); }
static int do_setgid(void) { return result(syscall(SYS_setgid, 0)); }
static int do_setgroups(void) { gid_t g = 0; return result(syscall(SYS_setgroups, 1, &g)); }
static int do_nice(void) { return result(setpriority(PRIO_PROCESS, 0, -5)); }

static int do_realtime(void)
{
	struct sched_param p = { .sched_priority = 1 };

	return result(sched_setscheduler(0, SCHED_FIFO, &p));
}

static int do_kill(void) { return result(kill(1, 0)); }

/* What is not dumpable belongs to root. */
static int do_ptrace(void)
{
	int ready[2], ret;
	pid_t pid;
	char c;

	if (pipe(ready) < 0)
		return 0;
	pid = fork();
	if (!pid) {
		prctl(PR_SET_DUMPABLE, 0);
		_exit(write(ready[1], "", 1) == 1 ? pause() : 1);
	}
	if (read(ready[0], &c, 1) != 1)
		return 0;
	ret = result(ptrace(PTRACE_SEIZE, pid, 0, 0));
	kill(pid, SIGKILL);
	return ret;
}

static int do_capbset(void) { return result(prctl(PR_CAPBSET_DROP, CAP_CHOWN)); }

/* ---- limits ---- */

static void limit(int which, rlim_t soft)
{
	struct rlimit r;

	getrlimit(which, &r);
	r.rlim_cur = soft;
	setrlimit(which, &r);
}

static int do_hardlimit(void)
{
	struct rlimit r;

	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_max++;
	return result(setrlimit(RLIMIT_NOFILE, &r));
}

static int do_nofile(void) { limit(RLIMIT_NOFILE, 3); return result(dup(0)); }
static int do_nproc(void) { limit(RLIMIT_NPROC, 0); return result(fork()); }

static int do_memlock(void)
{
	static char page[8192] __attribute__((aligned(4096)));

	limit(RLIMIT_MEMLOCK, 4096);
	return result(mlock(page, sizeof(page)));
}

static int do_fsize(void)
{
	int fd = open("/tmp/long", O_WRONLY | O_CREAT, 0600);

	signal(SIGXFSZ, SIG_IGN);
	limit(RLIMIT_FSIZE, 4);
	return result(pwrite(fd, "x", 1, 8));
}

static int do_as(void)
{
	limit(RLIMIT_AS, 64 << 20);
	return mmap(NULL, 1 << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ?
		errno : 0;
}

/* Of those that there may be, the test says: fewer than these. */
static int do_pids(void)
{
	pid_t pids[64], pid = 0;
	int n = 0, ret = 0;

	while (n < 64 && (pid = fork()) > 0)
		pids[n++] = pid;
	if (!pid)
		for (;;)
			pause();
	if (pid < 0)
		ret = errno;
	while (n)
		kill(pids[--n], SIGKILL);
	while (wait(NULL) > 0)
		;
	return ret;
}

/* ---- what is root's ---- */

static int do_mknod(void) { return result(mknod("/tmp/device", S_IFCHR | 0600, makedev(1, 3))); }
static int do_mount(void) { return result(mount("none", "/tmp", "tmpfs", 0, NULL)); }
static int do_umount(void) { return result(umount("/tmp")); }
static int do_unshare(void) { return result(syscall(SYS_unshare, CLONE_NEWNS)); }
static int do_sethostname(void) { return result(sethostname("x", 1)); }
static int do_chroot(void) { return result(chroot(dir)); }
static int do_reboot(void) { return result(syscall(SYS_reboot, 0, 0, 0, NULL)); }
static int do_settime(void) { struct timeval t = { 1, 0 }; return result(settimeofday(&t, NULL)); }
static int do_adjtime(void)
{
	struct timex t = { .modes = ADJ_TICK, .tick = 10000 };

	return result(adjtimex(&t));
}
static int do_bpf(void)
{
	uint32_t attr[18] = { 2, 4, 4, 1 };	/* BPF_MAP_CREATE: an array */

	return result(syscall(SYS_bpf, 0, attr, sizeof(attr)));
}
static int do_perf(void)
{
	struct perf_event_attr a = { .type = PERF_TYPE_SOFTWARE, .size = sizeof(a) };

	return result(syscall(SYS_perf_event_open, &a, -1, 0, -1, 0));
}
static int do_swapon(void) { return result(syscall(SYS_swapon, "/tmp", 0)); }
static int do_iopl(void) { return result(syscall(SYS_iopl, 3)); }
static int do_syslog(void) { char c[8]; return result(syscall(SYS_syslog, 3, c, sizeof(c))); }
static int do_module(void) { return result(syscall(SYS_delete_module, "nothing", O_NONBLOCK)); }
static int do_vhangup(void) { return result(syscall(SYS_vhangup)); }
static int do_quota(void) { return result(syscall(SYS_quotactl, 0x80000200, NULL, 0, NULL)); }
static int do_acct(void) { return result(syscall(SYS_acct, NULL)); }

/* ---- seccomp, by a filter of its own ---- */

static void filter(unsigned int nr, unsigned int answer)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, nr, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, answer),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog p = { sizeof(code) / sizeof(code[0]), code };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &p) < 0)
		_exit(99);
}

static int answered(unsigned int answer)
{
	filter(SYS_getpriority, answer);
	return result(syscall(SYS_getpriority, 0, 0));
}

static int do_filter_eperm(void) { return answered(SECCOMP_RET_ERRNO | EPERM); }
static int do_filter_enosys(void) { return answered(SECCOMP_RET_ERRNO | ENOSYS); }
static int do_filter_eacces(void) { return answered(SECCOMP_RET_ERRNO | EACCES); }

/* Told by how they end. */
static int do_filter_kill(void) { return answered(SECCOMP_RET_KILL_PROCESS); }

static void *end_thread(void *arg)
{
	syscall(SYS_getpriority, 0, 0);
	return arg;
}

static int do_filter_thread(void)
{
	pthread_t t;

	filter(SYS_getpriority, SECCOMP_RET_KILL_THREAD);
	pthread_create(&t, NULL, end_thread, NULL);
	pthread_join(t, NULL);
	return SIGSYS;
}

static void on_sigsys(int sig)
{
	(void)sig;
}

static int do_filter_trap(void)
{
	signal(SIGSYS, on_sigsys);
	answered(SECCOMP_RET_TRAP);
	return SIGSYS;
}

/* ---- what is no refusal: 0, or a failure of another sort ---- */

static int do_read(void) { return open_at(in("theirs"), O_RDONLY); }
static int do_create(void) { return open_at("/tmp/new", O_WRONLY | O_CREAT); }
static int do_absent(void) { return !(open_at(in("nothing"), O_RDONLY) == ENOENT); }
static int do_noprogram(void) { return !(run(in("nothing")) == ENOENT); }
static int do_preload(void) { return !(access("/etc/ld.so.preload", R_OK) && errno == ENOENT); }
static int do_chmodown(void) { return result(chmod(in("mine"), 0640)); }
static int do_chownown(void) { return result(chown(in("mine"), 65532, 65532)); }
static int do_port8080(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(8080) };

	return result(bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof(a)));
}
static int do_udp(void) { return result(socket(AF_INET, SOCK_DGRAM, 0)); }
static int do_connrefused(void)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(9),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	return !(connect(fd, (struct sockaddr *)&a, sizeof(a)) < 0);
}
static int do_nonblock(void)
{
	int p[2];
	char c;

	return pipe2(p, O_NONBLOCK) < 0 || !(read(p[0], &c, 1) < 0 && errno == EAGAIN);
}
static int do_setuidown(void) { return result(setuid(65532)); }
static int do_killown(void) { return result(kill(getpid(), 0)); }
static int do_nicer(void) { return result(setpriority(PRIO_PROCESS, 0, 5)); }
static int do_lower(void) { limit(RLIMIT_NOFILE, 64); return 0; }
static int do_fork(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	return result(waitpid(pid, NULL, 0));
}
static int do_thread(void)
{
	pthread_t t;

	return pthread_create(&t, NULL, end_thread, NULL) || pthread_join(t, NULL);
}
static int do_exists(void) { return !(mkdir("/tmp", 0755) < 0 && errno == EEXIST); }
static int do_notdir(void) { return !(open_at(in("theirs/x"), O_RDONLY) == ENOTDIR); }
static int do_movown(void)
{
	return open_at("/tmp/a", O_WRONLY | O_CREAT) || result(rename("/tmp/a", "/tmp/b"));
}
static int do_rmown(void)
{
	return open_at("/tmp/c", O_WRONLY | O_CREAT) || result(unlink("/tmp/c"));
}
static int do_mkdirown(void) { return mkdir("/tmp/d", 0755) || result(rmdir("/tmp/d")); }
static int do_linkown(void)
{
	return open_at("/tmp/e", O_WRONLY | O_CREAT) || result(link("/tmp/e", "/tmp/f"));
}
static int do_map(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
		MAP_FAILED;
}
static int do_brk(void) { return !malloc(1 << 24); }
static int do_seccompok(void) { return answered(SECCOMP_RET_ERRNO | EBUSY) != EBUSY; }
static int do_reaped(void) { return !(wait(NULL) < 0 && errno == ECHILD); }
static int do_badfd(void) { return !(close(-1) < 0 && errno == EBADF); }
static int do_watchok(void)
{
	return result(inotify_add_watch(inotify_init1(0), in("theirs"), IN_OPEN));
}
static int do_symlinkok(void) { return result(symlink("x", "/tmp/s")); }
static int do_unixok(void) { return unix_socket("/tmp/socket", bind); }
static int do_stop(void) { return result(ptrace(PTRACE_TRACEME, 0, 0, 0)); }
static int do_fifo(void) { return result(mkfifo("/tmp/fifo", 0600)); }
static int do_execok(void) { return run("/h/refused"); }
static int do_truncok(void) { return result(truncate(in("mine"), 0)); }
static int do_timesown(void) { return result(utimes(in("mine"), NULL)); }
static int do_polling(void) { return poll(NULL, 0, 1); }

static const struct {
	const char *name;
	int (*fn)(void);
	const char *filtered, *free;	/* NULL: not made there */
} all[] = {
#define BOTH(name, kind) { #name, do_##name, kind, kind }
#define ROOTS(name, kind) { #name, do_##name, "seccomp", kind }
	BOTH(secret, "mode"), BOTH(writing, "mode"), BOTH(deep, "mode"), BOTH(acl, "acl"),
	BOTH(rootfs, "read-only-mount"), BOTH(noatime, "owner"), BOTH(sysctl, "sysctl"),
	BOTH(chown, "chown"), BOTH(give, "chown"), BOTH(chmod, "owner"), BOTH(utimes, "owner"),
	BOTH(sticky, "sticky"), BOTH(unlink, "mode"), BOTH(mkdir, "mode"), BOTH(rmdir, "mode"),
	BOTH(symlink, "mode"), BOTH(rename, "mode"), BOTH(xdev, "cross-device"),
	BOTH(xlink, "cross-device"), BOTH(link, "protected-hardlink"), BOTH(truncate, "mode"),
	BOTH(access, "mode"), BOTH(chdir, "mode"), BOTH(stat, "mode"), BOTH(watch, "mode"),
	BOTH(trusted, "capability"), BOTH(immutable, "immutable"),
	BOTH(appendonly, "append-only"), BOTH(relative, "mode"), BOTH(dirfd, "mode"),
	BOTH(fchmod, "owner"), BOTH(beneath, "rule"), BOTH(unixbind, "mode"),
	BOTH(unixconnect, "mode"), BOTH(noexec, "noexec"), BOTH(nox, "mode"),
	BOTH(script, "missing-interpreter"), BOTH(loader, "missing-interpreter"),
	BOTH(format, "format"), BOTH(port, "port"), BOTH(port6, "port"), BOTH(raw, "capability"),
	BOTH(packet, "capability"), BOTH(ifup, "capability"), BOTH(mark, "capability"),
	BOTH(setuid, "capability"), BOTH(setgid, "capability"), BOTH(setgroups, "capability"),
	BOTH(nice, "capability"), BOTH(realtime, "capability"),
	{ "kill", do_kill, NULL, "capability" },
	BOTH(ptrace, "ptrace"), BOTH(capbset, "capability"), BOTH(hardlimit, "capability"),
	BOTH(nofile, "rlimit"), BOTH(nproc, "rlimit"), BOTH(memlock, "rlimit"),
	BOTH(fsize, "rlimit"), BOTH(as, "rlimit"), { "pids", do_pids, NULL, "pids-limit" },
	BOTH(mknod, "capability"), BOTH(mount, "capability"), BOTH(umount, "capability"),
	BOTH(unshare, "capability"), ROOTS(sethostname, "capability"),
	ROOTS(chroot, "capability"), BOTH(reboot, "capability"), ROOTS(settime, "capability"),
	BOTH(adjtime, "capability"), ROOTS(bpf, "capability"),
	ROOTS(perf, "capability"), ROOTS(swapon, "capability"),
	{ "iopl", do_iopl, "seccomp", NULL }, BOTH(syslog, "capability"),
	{ "module", do_module, "seccomp", NULL }, ROOTS(vhangup, "capability"),
	{ "quota", do_quota, "seccomp", NULL }, ROOTS(acct, "capability"),
	BOTH(filter_eperm, "seccomp"), BOTH(filter_enosys, "seccomp"),
	BOTH(filter_eacces, "seccomp"), BOTH(filter_kill, "seccomp"),
	BOTH(filter_thread, "seccomp"), BOTH(filter_trap, "seccomp"),

	BOTH(read, "-"), BOTH(create, "-"), BOTH(absent, "-"), BOTH(noprogram, "-"),
	BOTH(preload, "-"), BOTH(chmodown, "-"), BOTH(chownown, "-"), BOTH(port8080, "-"),
	BOTH(udp, "-"), BOTH(connrefused, "-"), BOTH(nonblock, "-"), BOTH(setuidown, "-"),
	BOTH(killown, "-"), BOTH(nicer, "-"), BOTH(lower, "-"), BOTH(fork, "-"),
	BOTH(thread, "-"), BOTH(exists, "-"), BOTH(notdir, "-"), BOTH(movown, "-"),
	BOTH(rmown, "-"), BOTH(mkdirown, "-"), BOTH(linkown, "-"), BOTH(map, "-"),
	BOTH(brk, "-"), BOTH(seccompok, "-"), BOTH(reaped, "-"), BOTH(badfd, "-"),
	BOTH(watchok, "-"), BOTH(symlinkok, "-"), BOTH(unixok, "-"), BOTH(stop, "-"),
	BOTH(fifo, "-"), BOTH(execok, "-"), BOTH(truncok, "-"), BOTH(timesown, "-"),
	BOTH(polling, "-"),
};
#define COUNT (sizeof(all) / sizeof(all[0]))

/* ---- one by one ---- */

/* How it went: '+' as meant, '-' not. */
static char attempt(size_t i, const char *kind)
{
	int status;
	pid_t pid = fork();

	if (!pid) {
		prctl(PR_SET_NAME, all[i].name);
		_exit(all[i].fn());
	}
	waitpid(pid, &status, 0);
	if (!strcmp(kind, "-"))
		return WIFEXITED(status) && !WEXITSTATUS(status) ? '+' : '-';
	if (all[i].fn == do_filter_kill)
		return WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS ? '+' : '-';
	return WIFEXITED(status) && WEXITSTATUS(status) ? '+' : '-';
}

static bool is_asked(size_t i, char **names)
{
	for (; *names; names++)
		if (!strcmp(*names, all[i].name))
			return true;
	return false;
}

int main(int argc, char **argv)
{
	bool filtered = argc > 2 && !strcmp(argv[argc > 3 ? 3 : 2], "filtered");

	if (argc == 1)		/* as one of those programs that may be run */
		return 0;
	if (!strcmp(argv[0], "x"))
		return 0;
	dir = argc > 2 ? argv[2] : "";
	for (size_t i = 0; !strcmp(argv[1], "expect") && i < COUNT; i++)
		if (filtered ? all[i].filtered : all[i].free)
			printf("%s %s\n", all[i].name, filtered ? all[i].filtered : all[i].free);
	if (strcmp(argv[1], "run") || argc < 4)
		return 0;
	while (access(in("go"), F_OK))
		poll(NULL, 0, 10);
	for (size_t i = 0; i < COUNT; i++) {
		const char *kind = filtered ? all[i].filtered : all[i].free;

		if (kind && (argc == 4 || is_asked(i, argv + 4)))
			fprintf(stderr, "%s %c\n", all[i].name, attempt(i, kind));
	}
	fprintf(stderr, "done\n");
	for (;;)
		pause();
}
