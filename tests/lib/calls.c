/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calls - makes many different system calls, between two getpriority(77, n) as marks, for whoever
 * traces it: some succeed, some fail, all with arguments that have something to say.
 *
 *	calls DIRECTORY		a writable one; begins when a file "go" is in it
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/openat2.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CALL(name, ...) syscall(SYS_##name, ##__VA_ARGS__)

static char bytes[4096] = "some bytes\n\033[31m\001\0022\"\\ and many more of them: they are cut";
static char more[4096];
static int fds[2], pair[2], number;
static struct stat st;
static struct timespec ts = { 0, 1000 };
static struct timespec times2[2] = { { 1000000000, 5 }, { 0, UTIME_OMIT } };
static struct timeval tv = { 0, 10 }, tv2[2] = { { 1000000000, 5 }, { 1000000001, 6 } };
static struct rlimit limit = { 100, 200 };
static struct itimerval every = { { 5, 0 }, { 100, 7 } };
static struct itimerspec spec = { { 5, 0 }, { 100, 7 } };
static struct iovec vec[2] = { { bytes, 10 }, { more, 20 } };
static struct sockaddr_in in4 = { .sin_family = AF_INET };
static struct sockaddr_in6 in6 = { AF_INET6, 0, 0, IN6ADDR_LOOPBACK_INIT, 0 };
static struct sockaddr_un un = { AF_UNIX, "\0calls of a test" };
static socklen_t len = sizeof(in4);
static struct msghdr msg = { .msg_iov = vec, .msg_iovlen = 1 };
static struct epoll_event event = { EPOLLIN | EPOLLET, { .u64 = 0x123456789 } }, events[4];
static struct pollfd polled[2] = { { 1, POLLIN | POLLOUT, 0 }, { -1, POLLPRI, 0 } };
static uint64_t set = 1 << (SIGUSR1 - 1) | 1 << (SIGTERM - 1), oldset;
static uint64_t action[4] = { 1, SA_RESTART, 0, 1 << (SIGHUP - 1) }, old[4];
static stack_t altstack = { more, 0, 2048 };
static struct open_how how = { O_RDONLY | O_CLOEXEC, 0, RESOLVE_NO_SYMLINKS };
static unsigned int uids[3];
static struct utsname_ { char s[6][65]; } uts;
static const char *const argv0[] = { "no such program", "with \"words\"", NULL };

static void files(void)
{
	int fd = CALL(openat, AT_FDCWD, "f", O_RDWR | O_CREAT | O_EXCL, 0640), dir;

	CALL(write, fd, bytes, 70);
	CALL(pwrite64, fd, bytes, 5, 100);
	CALL(lseek, fd, 0, SEEK_SET);
	CALL(read, fd, more, 12);
	CALL(read, fd, more, 0);
	CALL(pread64, fd, more, 40, 2);
	CALL(readv, fd, vec, 1);
	CALL(writev, fd, vec, 1);
	CALL(preadv, fd, vec, 1, 4, 0);
	CALL(pwritev, fd, vec, 1, 4, 0);
	CALL(fstat, fd, &st);
	CALL(stat, "f", &st);
	CALL(lstat, "/dev/null", &st);
	CALL(newfstatat, AT_FDCWD, "nothing", &st, AT_SYMLINK_NOFOLLOW);
	CALL(newfstatat, fd, "", &st, AT_EMPTY_PATH);
	CALL(access, "f", R_OK | W_OK);
	CALL(faccessat, AT_FDCWD, "nothing", F_OK);
	CALL(faccessat2, AT_FDCWD, "f", X_OK, AT_EACCESS);
	CALL(ftruncate, fd, 10);
	CALL(truncate, "f", 20L);
	CALL(fchmod, fd, 0600);
	CALL(chmod, "f", 0604);
	CALL(fchmodat, AT_FDCWD, "f", 04755);
	CALL(fchown, fd, -1, -1);
	CALL(chown, "f", 1, 2);
	CALL(lchown, "nothing", -1, 5);
	CALL(fchownat, AT_FDCWD, "f", -1, -1, AT_SYMLINK_NOFOLLOW);
	CALL(utimensat, AT_FDCWD, "f", times2, 0);
	CALL(utimensat, AT_FDCWD, "f", NULL, AT_SYMLINK_NOFOLLOW);
	CALL(futimesat, AT_FDCWD, "f", tv2);
	CALL(utimes, "f", tv2);
	CALL(fsync, fd);
	CALL(fdatasync, fd);
	CALL(fallocate, fd, FALLOC_FL_KEEP_SIZE, 0L, 4096L);
	CALL(fadvise64, fd, 0L, 100L, POSIX_FADV_WILLNEED);
	CALL(readahead, fd, 0L, 10L);
	CALL(flock, fd, LOCK_EX | LOCK_NB);
	CALL(sync_file_range, fd, 0L, 10L, 0);
	CALL(close, fd);
	CALL(close, 99);
	CALL(open, "f", O_WRONLY | O_APPEND | O_NOFOLLOW);
	CALL(creat, "c", 0600);
	CALL(openat2, AT_FDCWD, "f", &how, sizeof(how));
	dir = CALL(openat, AT_FDCWD, ".", O_RDONLY | O_DIRECTORY);
	CALL(openat, dir, "nothing", O_RDONLY | O_NONBLOCK);
	CALL(openat, AT_FDCWD, ".", O_RDWR | O_TMPFILE, 0600);
}

static void names(void)
{
	CALL(mkdir, "d", 0750);
	CALL(mkdirat, AT_FDCWD, "d/e", 01777);
	CALL(rename, "d/e", "d/g");
	CALL(renameat, AT_FDCWD, "d/g", AT_FDCWD, "d/h");
	CALL(renameat2, AT_FDCWD, "d/h", AT_FDCWD, "f", RENAME_EXCHANGE | RENAME_NOREPLACE);
	CALL(link, "f", "l");
	CALL(linkat, AT_FDCWD, "f", AT_FDCWD, "l2", AT_SYMLINK_FOLLOW);
	CALL(symlink, "to \n nowhere", "s");
	CALL(symlinkat, "x", AT_FDCWD, "s2");
	CALL(readlink, "s", more, 100);
	CALL(readlinkat, AT_FDCWD, "nothing", more, 100);
	CALL(mknod, "p", S_IFIFO | 0600, 0);
	CALL(mknodat, AT_FDCWD, "n", S_IFCHR | 0666, makedev(1, 3));
	CALL(unlink, "l");
	CALL(unlinkat, AT_FDCWD, "l2", 0);
	CALL(unlinkat, AT_FDCWD, "d/h", AT_REMOVEDIR);
	CALL(rmdir, "d");
	CALL(chdir, "nothing");
	CALL(fchdir, 99);
	CALL(getcwd, more, 100);
	CALL(umask, 027);
	CALL(umask, 022);
	CALL(setxattr, "f", "user.x", "value", 5, 1);
	CALL(getxattr, "nothing", "user.x", more, 100);
	CALL(lgetxattr, "nothing", "user.x", more, 100);
	CALL(fgetxattr, 99, "user.x", more, 100);
	CALL(listxattr, "nothing", more, 100);
	CALL(removexattr, "nothing", "user.x");
	CALL(chroot, "/nothing");
	CALL(mount, "a", "/nothing", "tmpfs", 2 | 1, "size=1k");
	CALL(umount2, "/nothing", 2);
	CALL(inotify_add_watch, 99, "f", 0x2 | 0x100);
	CALL(inotify_init1, O_CLOEXEC);
	CALL(inotify_rm_watch, 99, 1);
	CALL(name_to_handle_at, 99, "f", 0L, 0L, 0);
	CALL(sync);
	CALL(syncfs, 99);
}

static void descriptors(void)
{
	CALL(pipe, fds);
	CALL(pipe2, pair, O_CLOEXEC | O_NONBLOCK);
	CALL(dup, fds[0]);
	CALL(dup2, fds[0], 50);
	CALL(dup3, fds[0], 51, O_CLOEXEC);
	CALL(fcntl, 51, F_GETFD);
	CALL(fcntl, 50, F_GETFD);
	CALL(fcntl, 50, F_SETFD, FD_CLOEXEC);
	CALL(fcntl, pair[0], F_GETFL);
	CALL(fcntl, fds[0], F_SETFL, O_RDONLY | O_NONBLOCK);
	CALL(fcntl, fds[0], F_DUPFD_CLOEXEC, 60);
	CALL(fcntl, fds[0], F_GETPIPE_SZ);
	CALL(read, fds[0], more, 10);
	CALL(write, fds[1], bytes, 20);
	CALL(ioctl, fds[0], 0x541b /* FIONREAD */, &number);
	CALL(ioctl, fds[0], 0x5401 /* TCGETS */, more);
	CALL(poll, polled, 2, 0);
	CALL(splice, 99, 0L, 98, 0L, 10L, 0);
	CALL(tee, 99, 98, 10L, 1);
	CALL(vmsplice, 99, vec, 1L, 0);
	CALL(sendfile, 99, 98, 0L, 10L);
	CALL(copy_file_range, 99, 0L, 98, 0L, 10L, 0);
	CALL(eventfd2, 7, 0x80000);
	CALL(eventfd, 3);
	CALL(timerfd_create, CLOCK_MONOTONIC, O_CLOEXEC);
	CALL(timerfd_settime, 99, 1, &spec, 0L);
	CALL(timerfd_gettime, 99, &spec);
	CALL(signalfd4, -1, &set, 8L, O_CLOEXEC);
	CALL(memfd_create, "a name", 1);
	number = CALL(epoll_create1, EPOLL_CLOEXEC);
	CALL(epoll_create, 5);
	CALL(epoll_ctl, number, EPOLL_CTL_ADD, fds[0], &event);
	CALL(epoll_wait, number, events, 4, 0);
	CALL(epoll_pwait, number, events, 4, 0, 0L, 8L);
	CALL(epoll_ctl, number, EPOLL_CTL_DEL, fds[0], 0L);
	CALL(close_range, 60, 70, 0);
}

static void memory(void)
{
	char *p = mmap((void *)0x10000000, 8192, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	CALL(mprotect, p, 4096L, PROT_READ);
	CALL(mprotect, p, 4096L, PROT_NONE);
	CALL(madvise, p, 4096L, MADV_DONTNEED);
	CALL(msync, p, 4096L, MS_SYNC);
	CALL(mincore, p + 1, 4096L, more);
	CALL(mlock, p + 4096, 4096L);
	CALL(munlock, p + 4096, 4096L);
	CALL(mlockall, 8);
	CALL(munlockall);
	CALL(mremap, p + 4096, 4096L, 8192L, MREMAP_MAYMOVE | MREMAP_FIXED, 0x20000000L);
	CALL(munmap, p, 4096L);
	CALL(mmap, 0L, 4096L, PROT_READ, MAP_SHARED, 99, 4096L);
	CALL(brk, 0L);
	CALL(shmget, 0, 4096L, 01600);
	CALL(shmat, 99, 0L, 0);
	CALL(shmdt, 4096L);
	CALL(semget, 0, 1, 01600);
	CALL(msgget, 0, 01600);
	CALL(getrandom, more, 0L, 1);
	CALL(process_vm_readv, 0, vec, 1L, vec, 1L, 0L);
}

static void network(void)
{
	int s = CALL(socket, AF_INET, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP), c, t, u;

	in4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	CALL(setsockopt, s, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, 4);
	CALL(bind, s, &in4, sizeof(in4));
	CALL(listen, s, 5);
	CALL(getsockname, s, &in4, &len);
	CALL(getpeername, s, &in4, &len);
	CALL(getsockopt, s, SOL_SOCKET, SO_TYPE, &number, &len);
	c = CALL(socket, AF_INET6, SOCK_DGRAM, 0);
	in6.sin6_port = htons(99);
	CALL(bind, c, &in6, sizeof(in6));
	in4.sin_port = htons(1);
	t = CALL(socket, AF_INET, SOCK_STREAM, 0);
	CALL(connect, t, &in4, sizeof(in4));
	u = CALL(socket, AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	CALL(bind, u, &un, 2 + 17);
	CALL(connect, u, &un, 2 + 17);
	CALL(sendto, u, bytes, 30, MSG_NOSIGNAL, 0L, 0);
	CALL(recvfrom, u, more, 100, MSG_PEEK, 0L, 0L);
	CALL(sendmsg, u, &msg, MSG_DONTWAIT);
	CALL(recvfrom, u, more, 100, MSG_DONTWAIT, 0L, 0L);
	CALL(accept, u, 0L, 0L);
	CALL(accept4, u, 0L, 0L, SOCK_CLOEXEC);
	CALL(socketpair, AF_UNIX, SOCK_STREAM, 0, pair);
	CALL(shutdown, pair[0], SHUT_WR);
	CALL(recvmsg, 99, &msg, 0);
}

static void signals(void)
{
	CALL(rt_sigaction, SIGUSR1, action, old, 8L);
	CALL(rt_sigaction, SIGUSR1, 0L, old, 8L);
	CALL(rt_sigprocmask, SIG_BLOCK, &set, &oldset, 8L);
	CALL(kill, getpid(), SIGTERM);
	CALL(tgkill, getpid(), getpid(), SIGUSR2 + 40);
	CALL(tkill, 0, SIGHUP);
	CALL(rt_sigpending, &oldset, 8L);
	CALL(rt_sigtimedwait, &set, 0L, &ts, 8L);
	CALL(sigaltstack, &altstack, 0L);
	CALL(rt_sigprocmask, SIG_UNBLOCK, &set, 0L, 8L);
	CALL(pidfd_open, 0, 0);
	CALL(pidfd_send_signal, 99, SIGTERM, 0L, 0);
}

static void clocks(void)
{
	CALL(nanosleep, &ts, 0L);
	CALL(clock_nanosleep, CLOCK_MONOTONIC, 0, &ts, 0L);
	CALL(clock_gettime, CLOCK_BOOTTIME, &ts);
	CALL(clock_getres, CLOCK_REALTIME, &ts);
	CALL(clock_settime, CLOCK_MONOTONIC, &ts);
	CALL(setitimer, ITIMER_PROF, &every, 0L);
	CALL(setitimer, ITIMER_VIRTUAL, &every, 0L);
	CALL(alarm, 100);
	CALL(alarm, 0);
	CALL(settimeofday, &tv, 0L);
	CALL(timer_getoverrun, 5);
	CALL(timer_delete, 5);
	CALL(futex, &number, FUTEX_WAKE_PRIVATE, 1, 0L, 0L, 0);
	CALL(futex, &number, FUTEX_WAIT, number + 1, &ts, 0L, 0);
}

static void processes(void)
{
	struct clone_args child = {
		.flags = CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID, .exit_signal = SIGCHLD,
		.parent_tid = (uintptr_t)&number, .child_tid = (uintptr_t)&number,
	};
	struct clone_args task = {	/* none that there could be */
		.flags = CLONE_VM | CLONE_THREAD | CLONE_SETTLS | CLONE_CLEAR_SIGHAND,
		.stack = 0x1000, .stack_size = 0x2000, .tls = 0x3000,
	};
	int pid = (int)syscall(SYS_fork), status;

	if (pid == 0)
		CALL(exit_group, 7);
	CALL(wait4, pid, &status, 0, 0L);
	CALL(wait4, -1, &number, WNOHANG, 0L);
	pid = (int)syscall(SYS_clone3, &child, sizeof(child));
	if (pid == 0)
		CALL(exit_group, 8);
	CALL(wait4, pid, &status, 0, 0L);
	CALL(clone3, &task, sizeof(task));
	CALL(clone3, &task, 8);
	CALL(execve, "/nothing/here", argv0, 0L);
	CALL(getpid), CALL(getppid), CALL(gettid), CALL(getuid), CALL(geteuid), CALL(getgid);
	CALL(getegid), CALL(getpgrp), CALL(setsid);
	CALL(getpgid, 0), CALL(getsid, 0), CALL(setpgid, 99999, 5);
	CALL(getresuid, uids, uids + 1, uids + 2);
	CALL(getresgid, uids, uids + 1, uids + 2);
	CALL(setresuid, -1, -1, 1), CALL(setresgid, -1, 5, -1);
	CALL(setuid, 0), CALL(setgid, 0), CALL(setreuid, 5, -1), CALL(setregid, -1, 5);
	CALL(setfsuid, 65532), CALL(setfsgid, 65532);
	CALL(getrlimit, RLIMIT_NOFILE, &limit);
	CALL(setrlimit, RLIMIT_NICE, &limit);
	CALL(prlimit64, 0, RLIMIT_STACK, 0L, &limit);
	CALL(prlimit64, 1, RLIMIT_CORE, &limit, 0L);
	CALL(setpriority, PRIO_PROCESS, 0, -20);
	CALL(sched_yield);
	CALL(sched_getscheduler, 0);
	CALL(sched_get_priority_max, SCHED_RR), CALL(sched_get_priority_min, SCHED_FIFO);
	CALL(sched_setparam, 0, &number), CALL(sched_getparam, 0, &number);
	CALL(sched_setscheduler, 0, SCHED_RR, &number);
	CALL(prctl, PR_SET_NAME, "new \"name\"");
	CALL(prctl, PR_GET_DUMPABLE);
	CALL(prctl, PR_SET_PDEATHSIG, SIGKILL);
	CALL(personality, 0xffffffffL);
	CALL(uname, &uts);
	CALL(unshare, CLONE_NEWNS | CLONE_NEWNET), CALL(setns, 99, CLONE_NEWPID);
	CALL(sethostname, "host", 4), CALL(setdomainname, "do\nmain", 7);
	CALL(set_tid_address, &number), CALL(set_robust_list, more, 5L);
	CALL(getgroups, 0, 0L);
	CALL(kcmp, 1, 2, 77, 4L, 5L);
	CALL(vhangup), CALL(swapoff, "/nothing"), CALL(acct, "/nothing");
	CALL(pivot_root, "a", "b");
}

int main(int argc, char **argv)
{
	if (argc < 2 || chdir(argv[1]) < 0)
		return 1;
	while (access("go", F_OK) < 0)
		usleep(10000);
	CALL(getpriority, 77, 1);
	files();
	names();
	descriptors();
	memory();
	network();
	signals();
	clocks();
	processes();
	CALL(getpriority, 77, 2);
	return 0;
}
