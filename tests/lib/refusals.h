/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refusals - calls that a nonroot container is refused, for refused.c; each returns the errno that
 * it gets, or 0. What is called "after" is the same work done as the cure says that it is to be.
 *
 * given: limits and filters are not made here, they are those that the container was given.
 */
#ifndef NSDEBUG_TESTS_REFUSALS_H
#define NSDEBUG_TESTS_REFUSALS_H

static const char *dir;
static bool given;

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
static int do_rootdir(void) { return open_at("/home/nonroot/new", O_WRONLY | O_CREAT); }
static int after_rootfs(void) { return open_at("/tmp/newfile", O_WRONLY | O_CREAT); }
static int do_noatime(void) { return open_at(in("theirs"), O_RDONLY | O_NOATIME); }
static int do_sysctl(void) { return open_at("/proc/sys/kernel/hostname", O_WRONLY); }
static int do_netsysctl(void) { return open_at("/proc/sys/net/ipv4/ip_default_ttl", O_WRONLY); }

/* Is it as the runtime was told to set it? */
static int has(const char *path, const char *want)
{
	char text[64] = "";
	int fd = open(path, O_RDONLY);

	return read(fd, text, sizeof(text) - 1) < 0 || strcmp(text, want) ? EINVAL : 0;
}

static int after_sysctl(void) { return has("/proc/sys/kernel/hostname", "77\n"); }
static int after_netsysctl(void) { return has("/proc/sys/net/ipv4/ip_default_ttl", "77\n"); }
static int do_chown(void) { return result(chown(in("theirs"), 65532, 65532)); }
static int do_give(void) { return result(chown(in("mine"), 0, (gid_t)-1)); }
static int do_chmod(void) { return result(chmod(in("theirs"), 0600)); }
static int do_utimes(void) { return result(utimes(in("theirs"), (struct timeval[2]){ 0 })); }
static int do_sticky(void) { return result(unlink(in("sticky/file"))); }
static int after_sticky(void)
{
	return result(mkdir(in("sticky/own"), 0700)) ?:
		open_at(in("sticky/own/file"), O_WRONLY | O_CREAT) ?:
		result(unlink(in("sticky/own/file")));
}
static int do_unlink(void) { return result(unlink(in("shut/file"))); }
static int do_mkdir(void) { return result(mkdir(in("shut/new"), 0755)); }
static int do_rmdir(void) { return result(rmdir(in("shut/dir"))); }
static int do_symlink(void) { return result(symlink("x", in("shut/link"))); }
static int do_rename(void) { return result(rename(in("shut/moving"), in("shut/moved"))); }
static int do_xdev(void) { return result(rename(in("mine"), "/tmp/moved")); }
static int after_xdev(void)
{
	return open_at("/tmp/one", O_WRONLY | O_CREAT) ?: result(rename("/tmp/one", "/tmp/moved"));
}
static int do_xlink(void) { return result(link(in("mine"), "/tmp/linked")); }
static int after_xlink(void)
{
	return open_at("/tmp/two", O_WRONLY | O_CREAT) ?: result(link("/tmp/two", "/tmp/linked"));
}
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
static int do_appendonly(void) { return open_at(in("appendonly"), O_WRONLY); }

static int do_relative(void)
{
	return chdir(in("")) < 0 ? 0 : result(open("secret", O_RDONLY));
}

static int do_dirfd(void)
{
	return result(openat(open(dir, O_RDONLY | O_DIRECTORY), "deep/file", O_RDONLY));
}

static int do_fchmod(void) { return result(fchmod(open(in("theirs"), O_RDONLY), 0600)); }

static int open_beneath(const char *path)
{
	struct { uint64_t flags, mode, resolve; } how = { O_RDONLY, 0, 8 };

	return result(syscall(SYS_openat2, open(dir, O_PATH), path, &how, sizeof(how)));
}

static int do_beneath(void) { return open_beneath("/etc"); }
static int after_beneath(void) { return open_beneath("."); }

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

static int do_nox(void) { return run(in("program")); }
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

	if (given)
		return;
	getrlimit(which, &r);
	r.rlim_cur = soft;
	setrlimit(which, &r);
}

static int do_hardlimit(void)
{
	struct rlimit r;

	getrlimit(RLIMIT_NOFILE, &r);
	r.rlim_max = given ? 70 : r.rlim_max + 1;
	return result(setrlimit(RLIMIT_NOFILE, &r));
}

static int do_nofile(void)
{
	limit(RLIMIT_NOFILE, 3);
	for (int i = 0; i < 100; i++)
		if (dup(0) < 0)
			return errno;
	return 0;
}

/* As many processes as it can have, up to this. */
static int forks(int count)
{
	pid_t pid = 0, leader = getpid();
	int n = 0, ret = 0;

	while (n < count && (pid = fork()) > 0 && !setpgid(pid, n ? leader : pid))
		if (!n++)
			leader = pid;
	if (!pid)
		for (;;)
			pause();
	if (pid < 0)
		ret = errno;
	if (n)
		kill(-leader, SIGKILL);
	while (wait(NULL) > 0)
		;
	return ret;
}

/* Of those that there may be, the test says: fewer than these. */
static int do_pids(void) { return forks(128); }

static int do_nproc(void)
{
	limit(RLIMIT_NPROC, 0);
	return forks(given ? 400 : 1);
}

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
	return result(pwrite(fd, "x", 1, 5000));
}

static int after_as(void)
{
	return mmap(NULL, 1 << 30, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ?
		errno : 0;
}

/* No engine sets this one: it is always the program's own, or its shell's. */
static int do_as(void)
{
	struct rlimit r = { 64 << 20, RLIM_INFINITY };

	setrlimit(RLIMIT_AS, &r);
	return after_as();
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
static int do_swapon(void) { return result(syscall(SYS_swapon, in("mine"), 0)); }
static int do_iopl(void) { return result(syscall(SYS_iopl, 3)); }
static int do_syslog(void) { char c[8]; return result(syscall(SYS_syslog, 3, c, sizeof(c))); }
static int do_module(void) { return result(syscall(SYS_delete_module, "nothing", O_NONBLOCK)); }
static int do_vhangup(void) { return result(syscall(SYS_vhangup)); }
static int do_quota(void) { return result(syscall(SYS_quotactl, 0x80000200, NULL, 0, NULL)); }
static int do_acct(void) { return result(syscall(SYS_acct, NULL)); }

/* ---- seccomp: by a filter of its own, or the one it was given ---- */

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

/* Calls without an argument that could be wrong. */
static int answered(unsigned int nr, unsigned int answer)
{
	if (!given)
		filter(nr, answer);
	return result(syscall(nr, 0, 0, 0, 0, 0));
}

static int do_filter_eperm(void) { return answered(SYS_getpriority, SECCOMP_RET_ERRNO | EPERM); }
static int do_filter_enosys(void) { return answered(SYS_getpgid, SECCOMP_RET_ERRNO | ENOSYS); }
static int do_filter_eacces(void) { return answered(SYS_getsid, SECCOMP_RET_ERRNO | EACCES); }

/* Told by how they end. */
static int do_filter_kill(void)
{
	return answered(SYS_sched_getscheduler, SECCOMP_RET_KILL_PROCESS);
}

static void *end_thread(void *arg)
{
	syscall(SYS_sched_get_priority_max, 0);
	return arg;
}

static int do_filter_thread(void)
{
	void *came = NULL;
	pthread_t t;

	if (!given)
		filter(SYS_sched_get_priority_max, SECCOMP_RET_KILL_THREAD);
	pthread_create(&t, NULL, end_thread, &came);
	pthread_join(t, &came);
	return came == &came ? 0 : SIGSYS;
}

static volatile sig_atomic_t trapped;

static void on_sigsys(int sig)
{
	trapped = sig;
}

static int do_filter_trap(void)
{
	signal(SIGSYS, on_sigsys);
	answered(SYS_sched_get_priority_min, SECCOMP_RET_TRAP);
	return trapped;
}

#endif
