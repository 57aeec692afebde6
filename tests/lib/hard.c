/* SPDX-License-Identifier: Apache-2.0 */
/* flags: -static -pthread */
/*
 * hard - refusals that are easily explained by the wrong reason: hard WHAT [ARGUMENT...]. The
 * thread that is refused is called WHAT.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Pages of the stack that were not there. */
static long deep(int n)
{
	volatile char page[4096];

	page[0] = (char)n;
	return n ? deep(n - 1) + page[0] : 0;
}

static void on_stack(char **args)
{
	(void)args;
	if (getpgrp() != getpid())
		setpgid(0, 0);
	deep(500);
	setsid();	/* of who leads a group */
}

/* ---- filters ---- */

#define NUMBER BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define ANSWER(nr, action) \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (nr), 0, 1), BPF_STMT(BPF_RET | BPF_K, (action))
#define REST BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static int filter(struct sock_filter *f, size_t n, unsigned int flags)
{
	struct sock_fprog p = { (unsigned short)n, f };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &p);
}

static void on_errnos(char **args)
{
	struct sock_filter f[] = {
		NUMBER, ANSWER(SYS_getpgrp, SECCOMP_RET_ERRNO | ENOSR),
		ANSWER(SYS_getpriority, SECCOMP_RET_ERRNO | EINVAL),
		ANSWER(SYS_getppid, SECCOMP_RET_ERRNO | EDQUOT), REST,
	};

	(void)args;
	filter(f, COUNT(f), 0);
	syscall(SYS_getpgrp);
	syscall(SYS_getpriority, 0, 0);
	syscall(SYS_getppid);
}

/* Numbers that x86-64 does not have, and one of x32. */
static void on_numbers(char **args)
{
	struct sock_filter f[] = {
		NUMBER, ANSWER(1000, SECCOMP_RET_ERRNO | EPERM),
		ANSWER(0x40000027, SECCOMP_RET_ERRNO | EPERM),
		ANSWER(1001, SECCOMP_RET_KILL_PROCESS), REST,
	};

	(void)args;
	filter(f, COUNT(f), 0);
	syscall(1000);
	syscall(0x40000027);
	syscall(1001);
}

static void on_signal(int sig)
{
	(void)sig;
}

static void *trap_and_end(void *none)
{
	signal(SIGSYS, on_signal);
	syscall(SYS_getpgrp);
	syscall(SYS_getpriority, 0, 0);
	return none;
}

static void on_trapped(char **args)
{
	struct sock_filter f[] = {
		NUMBER, ANSWER(SYS_getpgrp, SECCOMP_RET_TRAP),
		ANSWER(SYS_getpriority, SECCOMP_RET_KILL_THREAD), REST,
	};
	pthread_t other;

	(void)args;
	filter(f, COUNT(f), 0);
	pthread_create(&other, NULL, trap_and_end, NULL);
	pthread_join(other, NULL);
}

static void *supervise(void *fd)
{
	struct seccomp_notif asked = { 0 };
	struct seccomp_notif_resp answer = { 0 };

	if (ioctl(*(int *)fd, SECCOMP_IOCTL_NOTIF_RECV, &asked))
		return NULL;
	answer.id = asked.id;
	answer.error = -EPERM;
	ioctl(*(int *)fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	return NULL;
}

static void on_supervised(char **args)
{
	struct sock_filter f[] = { NUMBER, ANSWER(SYS_getpgrp, SECCOMP_RET_USER_NOTIF), REST };
	int fd = filter(f, COUNT(f), SECCOMP_FILTER_FLAG_NEW_LISTENER);
	pthread_t other;

	(void)args;
	pthread_create(&other, NULL, supervise, &fd);
	syscall(SYS_getpgrp);
	pthread_join(other, NULL);
}

/* The profile of the engines answers EINVAL. */
static void on_audit(char **args)
{
	(void)args;
	socket(AF_NETLINK, SOCK_RAW, 9 /* NETLINK_AUDIT */);
}

/* ---- paths ---- */

/* 38 links of 4 KB each, the last to a file that is refused: when args[1] is there, through all of
 * them; then through one, again and again and in two ways, until somebody ends it. */
static void on_links(char **args)
{
	char text[4100], name[64];

	mkdir(args[0], 0755);
	snprintf(name, sizeof(name), "%s/x", args[0]);
	mkdir(name, 0755);
	snprintf(name, sizeof(name), "%s/no", args[0]);
	close(open(name, O_CREAT | O_WRONLY, 0));
	for (int i = 0; i < 38; i++) {
		size_t at = 0;

		while (at < 4000)
			at += (size_t)snprintf(text + at, sizeof(text) - at, "x/../");
		snprintf(text + at, sizeof(text) - at, i == 37 ? "no" : "%d", i + 1);
		snprintf(name, sizeof(name), "%s/%d", args[0], i);
		if (symlink(text, name))
			return;
	}
	while (access(args[1], F_OK) < 0)
		usleep(1000);
	snprintf(name, sizeof(name), "%s/0", args[0]);
	open(name, O_RDONLY);
	snprintf(name, sizeof(name), "%s/37", args[0]);
	for (unsigned int i = 0; open(name, O_RDONLY | (i & 1 ? O_CLOEXEC : 0)) < 0; i++)
		;
}

/* FILE, which is refused below DIR, while FILE itself is another one. */
static void on_chroot(char **args)
{
	if (chroot(args[0]) || chdir("/"))
		err(1, "chroot %s", args[0]);
	open(args[1], O_RDONLY);
}

static void open_below(char **args, uint64_t resolve)
{
	struct open_how how = { .resolve = resolve };

	syscall(SYS_openat2, open(args[0], O_PATH), args[1], &how, sizeof(how));
}

static void on_inroot(char **args) { open_below(args, RESOLVE_IN_ROOT); }
static void on_beneath(char **args) { open_below(args, RESOLVE_BENEATH); }
static void on_noxdev(char **args) { open_below(args, RESOLVE_NO_XDEV); }
static void on_nolinks(char **args) { open_below(args, RESOLVE_NO_SYMLINKS); }
static void on_nomagic(char **args) { open_below(args, RESOLVE_NO_MAGICLINKS); }

/* ELOOP for other reasons than a flag's: it is none of a refusal. */
static void on_loops(char **args)
{
	struct open_how how = { .flags = O_NOFOLLOW };

	syscall(SYS_openat2, open(args[0], O_PATH), args[1], &how, sizeof(how));
	open_below((char *[]){ args[0], args[2] }, 0);
}

/* DIR on top of ITS, then FILE: with mounts of its own, or in those of the container. */
static void on_unshared(char **args)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) ||
	    mount(args[0], args[1], NULL, MS_BIND | MS_REC, NULL))
		err(1, "mount %s", args[0]);
	open(args[2], O_RDONLY);
}

static void on_faults(char **args)
{
	(void)args;
	syscall(SYS_userfaultfd, 0);
}

/* The second time its ids are those of nobody. */
static void on_twice(char **args)
{
	(void)args;
	if (unshare(CLONE_NEWUSER))
		err(1, "unshare");
	unshare(CLONE_NEWUSER);
	syscall(SYS_acct, NULL);
}

/* As root of a user namespace of its own, with its own id alone: what is another's, FILE. */
static void on_nested(char **args)
{
	int f;

	if (unshare(CLONE_NEWUSER))
		err(1, "unshare");
	f = open("/proc/self/uid_map", O_WRONLY);
	if (write(f, "0 65532 1", 9) != 9)
		err(1, "uid_map");
	open(args[0], O_WRONLY);
	if (chown(args[0], 5, 5))
		return;
}

static void on_mounted(char **args)
{
	if (mount(args[0], args[1], NULL, MS_BIND, NULL) || setresuid(65532, 65532, 65532))
		err(1, "mount %s", args[0]);
	open(args[2], O_RDONLY);
}

/* With what is root's below /tmp, by calls that take a path in a way of their own. */
static void on_paths(char **args)
{
	struct sockaddr_un to = { AF_UNIX, "/tmp/log" }, near = { AF_UNIX, "log" };
	struct timespec now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };
	struct iovec v = { "x", 1 };
	struct msghdr m = { .msg_name = &near, .msg_namelen = sizeof(near), .msg_iov = &v,
		.msg_iovlen = 1 };
	struct mmsghdr both = { .msg_hdr = m };
	struct { unsigned int bytes; int type; char at[128]; } handle = { .bytes = 128 };
	int s = socket(AF_UNIX, SOCK_DGRAM, 0), file, id;

	(void)args;
	umask(0);
	file = open("/tmp/theirs", O_CREAT | O_RDWR, 0600);
	if (bind(s, (struct sockaddr *)&to, sizeof(to)) || chmod("/tmp/log", 0600) ||
	    mkdir("/tmp/shut", 0700) || creat("/tmp/shut/x", 0666) < 0 ||
	    syscall(SYS_mq_open, "q", O_CREAT | O_RDWR, 0600, NULL) < 0 || chdir("/tmp") ||
	    setresuid(65532, 65532, 65532))
		err(1, "/tmp");
	s = socket(AF_UNIX, SOCK_DGRAM, 0);
	sendto(s, "x", 1, 0, (struct sockaddr *)&to, sizeof(to));
	sendmsg(s, &m, 0);
	sendmmsg(s, &both, 1, 0);
	listxattr("/tmp/shut/x", NULL, 0);
	llistxattr("shut/x", NULL, 0);
	syscall(SYS_name_to_handle_at, AT_FDCWD, "/tmp/shut/x", &handle, &id, 0);
	syscall(SYS_open_tree, AT_FDCWD, "/tmp/shut/x", 0);
	fgetxattr(file, "user.x", NULL, 0);
	utimensat(AT_FDCWD, "/tmp/theirs", now, 0);
	syscall(SYS_mq_open, "q", O_RDWR, 0, NULL);
}

/* ---- memory ---- */

static void on_maps(char **args)
{
	struct rlimit far = { 1ul << 43, 1ul << 43 };

	(void)args;
	setrlimit(RLIMIT_AS, &far);
	for (int i = 0; mmap(NULL, 4096, i & 1 ? PROT_READ : PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			     -1, 0) != MAP_FAILED; i++)
		;
}

/* Where nothing is, and then more than may be. */
static void on_mlock(char **args)
{
	struct rlimit two = { 8192, 8192 };
	char *p = mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)args;
	setrlimit(RLIMIT_MEMLOCK, &two);
	munmap(p, 1 << 19);
	mlock(p, 4096);
	mlock(p + (1 << 19), 1 << 19);
}

static void on_port(char **args)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(80) };

	(void)args;
	bind(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof(a));
}

static const struct {
	const char *name;
	void (*fn)(char **args);
} all[] = {
	{ "stack", on_stack }, { "errnos", on_errnos }, { "numbers", on_numbers },
	{ "trapped", on_trapped }, { "supervised", on_supervised }, { "audit", on_audit },
	{ "links", on_links }, { "chroot", on_chroot }, { "inroot", on_inroot },
	{ "beneath", on_beneath }, { "noxdev", on_noxdev },
	{ "nolinks", on_nolinks }, { "nomagic", on_nomagic }, { "loops", on_loops },
	{ "unshared", on_unshared }, { "nested", on_nested },
	{ "faults", on_faults }, { "twice", on_twice },
	{ "mounted", on_mounted }, { "paths", on_paths },
	{ "maps", on_maps },
	{ "mlock", on_mlock }, { "port", on_port },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < COUNT(all); i++)
		if (!strcmp(all[i].name, argv[1])) {
			prctl(PR_SET_NAME, argv[1]);
			all[i].fn(argv + 2);
			return 0;
		}
	return 2;
}
