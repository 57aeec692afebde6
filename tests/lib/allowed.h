/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allowed - calls that are no refusals, for refused.c: each returns 0 if it went as it is meant to,
 * which is well, or badly for another reason than a right.
 */
#ifndef NSDEBUG_TESTS_ALLOWED_H
#define NSDEBUG_TESTS_ALLOWED_H

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
static int do_seccompok(void)
{
	filter(SYS_getppid, SECCOMP_RET_ERRNO);
	return syscall(SYS_getppid) != 0;
}
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


/* What fails, with this errno. */
#define FAILS(name, e, call) \
	static int do_##name(void) { return !((long)(call) < 0 && errno == (e)); }
#define WORKS(name, call) static int do_##name(void) { return (long)(call) < 0 ? errno : 0; }

static int at_loopback(int port, int type, int (*fn)(int, const struct sockaddr *, socklen_t))
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

	return fn(socket(AF_INET, type, 0), (struct sockaddr *)&a, sizeof(a));
}

static int not_ours(int fd, const struct sockaddr *a, socklen_t len)
{
	struct sockaddr_in other = *(const struct sockaddr_in *)a;

	other.sin_addr.s_addr = htonl(0xc0000201);	/* 192.0.2.1 */
	return bind(fd, (struct sockaddr *)&other, len);
}

static int own(int flags)
{
	return open("/tmp/own", flags | O_CREAT, 0600);
}

static int no_reader(void)
{
	int p[2];

	signal(SIGPIPE, SIG_IGN);
	return pipe(p) < 0 || close(p[0]) < 0 || write(p[1], "x", 1) < 0 ? -1 : 0;
}

static int seek_pipe(void)
{
	int p[2];

	return pipe(p) < 0 || lseek(p[0], 0, SEEK_SET) < 0 ? -1 : 0;
}

static int full_dir(void)
{
	mkdir("/tmp/full", 0700);
	mkdir("/tmp/full/dir", 0700);
	return rmdir("/tmp/full");
}

static int loop(void)
{
	return symlink("/tmp/loop", "/tmp/loop") < 0 || open("/tmp/loop", O_RDONLY) < 0 ? -1 : 0;
}

static int twice(void)
{
	return at_loopback(7001, SOCK_STREAM, bind) < 0 ||
		at_loopback(7001, SOCK_STREAM, bind) < 0 ? -1 : 0;
}

static int pairs(void)
{
	int p[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, p) < 0 || write(p[0], "x", 1) < 0 ? -1 : 0;
}

static int ran(const char *path)
{
	int status;
	pid_t pid = fork();

	if (!pid)
		_exit(run(path));
	return waitpid(pid, &status, 0) < 0 || status ? -1 : 0;
}

static char room[4096];
static struct stat st;
static struct rlimit had;
static sigset_t signals;

WORKS(getcwd, syscall(SYS_getcwd, room, sizeof(room)))
WORKS(root, chdir("/"))
WORKS(statroot, stat("/", &st))
WORKS(statsecret, stat(in("secret"), &st))
WORKS(readlink, readlink("/proc/self/exe", room, sizeof(room)))
WORKS(list, open(dir, O_RDONLY | O_DIRECTORY))
WORKS(opath, open(in("secret"), O_PATH))
WORKS(accessok, access(in("theirs"), R_OK))
WORKS(eventfd, eventfd(0, 0))
WORKS(timerfd, timerfd_create(CLOCK_MONOTONIC, 0))
WORKS(signalfd, signalfd(-1, &signals, 0))
WORKS(epoll, epoll_create1(0))
WORKS(memfd, syscall(SYS_memfd_create, "x", 0))
WORKS(random, syscall(SYS_getrandom, room, 16, 0))
WORKS(sleep, usleep(10))
WORKS(yield, sched_yield())
WORKS(limits, getrlimit(RLIMIT_NOFILE, &had))
WORKS(lowerhard, getrlimit(RLIMIT_CORE, &had) ?: setrlimit(RLIMIT_CORE, &had))
WORKS(naming, prctl(PR_SET_NAME, "naming"))
WORKS(dumpable, prctl(PR_SET_DUMPABLE, 0))
WORKS(nonewprivs, prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
WORKS(session, setsid())
WORKS(groups, syscall(SYS_getgroups, 0, NULL))
WORKS(setgidown, syscall(SYS_setgid, 65532))
WORKS(waited, ran("/h/refused"))
WORKS(ftruncate, ftruncate(own(O_RDWR), 10))
WORKS(fsync, fsync(own(O_RDWR)))
WORKS(pwrite, pwrite(own(O_WRONLY), "x", 1, 5))
WORKS(fchmodown, fchmod(own(O_RDWR), 0644))
WORKS(fchownown, fchown(own(O_RDWR), 65532, 65532))
WORKS(appends, own(O_WRONLY | O_APPEND))
WORKS(pair, pairs())
WORKS(udp6, socket(AF_INET6, SOCK_DGRAM, 0))
WORKS(high, at_loopback(7002, SOCK_DGRAM, bind))
WORKS(mapfile, (long)mmap(NULL, 10, PROT_READ, MAP_SHARED, open("/h/refused", O_RDONLY), 0))
WORKS(policy, syscall(SYS_sched_setscheduler, 0, SCHED_IDLE, &(struct sched_param){ 0 }))
FAILS(isdir, EISDIR, open("/tmp", O_WRONLY))
FAILS(looped, ELOOP, loop())
FAILS(longname, ENAMETOOLONG, open(memset(room, 'x', 300), O_RDONLY))
FAILS(notempty, ENOTEMPTY, full_dir())
FAILS(nobody, ESRCH, kill(4194304, 0))	/* PID_MAX_LIMIT: none is that */
FAILS(nosignal, EINVAL, kill(getpid(), 99))
FAILS(pipeless, EPIPE, no_reader())
FAILS(seekless, ESPIPE, seek_pipe())
FAILS(notty, ENOTTY, ioctl(own(O_RDWR), TCGETS, room))
FAILS(nofamily, EAFNOSUPPORT, socket(99, SOCK_STREAM, 0))
FAILS(inuse, EADDRINUSE, twice())
FAILS(notours, EADDRNOTAVAIL, at_loopback(7003, SOCK_STREAM, not_ours))
FAILS(nolink, EINVAL, readlink("/tmp", room, sizeof(room)))
FAILS(fault, EFAULT, open((const char *)8, O_RDONLY))

#endif
