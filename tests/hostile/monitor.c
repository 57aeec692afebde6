/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor - a process that looks like a runtime's monitor, with a child that looks like a
 * container.
 *
 *	monitor [-f UID] [-k] [-r DIR] [-h FILE] UID COMM ROOT ARG...
 *
 * Its command name is COMM, its arguments are ARG..., all its ids are UID. The child has a mount
 * and a pid namespace of its own and the root directory ROOT, in a user namespace of UID's. Prints
 * the child's pid and stays.
 *
 *	-f UID	its real id is that one, as of a set-uid program
 *	-k	the child stays root's: no user namespace, made before its parent became UID
 *	-r DIR	its own root directory is that one
 *	-h FILE	reading its arguments hangs: one thread waits for FILE, whose server is silent, with
 *		the lock of the address space held, another one waits to change that
 */
#include <err.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static void become(uid_t real, uid_t uid)
{
	if (setresgid(uid, uid, uid) < 0 || setresuid(real, uid, uid) < 0)
		err(1, "become %d", (int)uid);
}

/* The kernel makes no user namespace below a chroot(2). */
static void change_root(const char *dir)
{
	if (unshare(CLONE_NEWNS) < 0 || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount(dir, dir, NULL, MS_BIND, NULL) < 0 || chdir(dir) < 0 ||
	    syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
		err(1, "change to %s", dir);
}

static pid_t start_child(const char *root, int flags)
{
	int ready[2];
	char c;
	pid_t pid;

	if (pipe(ready) < 0)
		err(1, "pipe");
	pid = (pid_t)syscall(SYS_clone, flags | CLONE_NEWNS | CLONE_NEWPID | SIGCHLD, 0, 0, 0, 0);
	if (pid < 0)
		err(1, "clone");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (chroot(root) < 0 || chdir("/") < 0)
			err(1, "chroot %s", root);
		if (write(ready[1], "x", 1) != 1)
			err(1, "say so");
		for (;;)
			pause();
	}
	if (read(ready[0], &c, 1) != 1)
		errx(1, "the child failed");
	return pid;
}

/* ---- arguments that nobody can read ---- */

static pid_t tid;	/* of the other thread, once it runs */

static void *read_page(void *page)
{
	int mem = open("/proc/self/mem", O_RDONLY);
	char c;

	__atomic_store_n(&tid, gettid(), __ATOMIC_SEQ_CST);
	if (pread(mem, &c, 1, (off_t)page) < 0)
		err(1, "read our own memory");
	errx(1, "the server is not silent");
}

/* Blocked in this system call? Then its number comes first in the file, else "running". */
static bool waits_in(long nr)
{
	char path[64], text[32] = "";
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%d/syscall",
		 (int)__atomic_load_n(&tid, __ATOMIC_SEQ_CST));
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	close(fd);
	return text[0] != 'r' && strtol(text, NULL, 10) == nr;
}

static void hold(int fd)
{
	void *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	pthread_t t;

	if (page == MAP_FAILED)
		err(1, "map the file");
	if (pthread_create(&t, NULL, read_page, page))
		errx(1, "no thread");
	while (!__atomic_load_n(&tid, __ATOMIC_SEQ_CST) || !waits_in(SYS_pread64))
		sched_yield();
}

/* Once more, so that the arguments are what is asked for. */
static void again(int self, char **args, const char *comm, int file, pid_t child)
{
	char number[16];

	setenv("MONITOR_COMM", comm, 1);
	snprintf(number, sizeof(number), "%d", (int)child);
	setenv("MONITOR_CHILD", number, 1);
	snprintf(number, sizeof(number), "%d", file);
	setenv("MONITOR_FILE", number, 1);
	fexecve(self, args, environ);
	err(1, "execute ourselves");
}

static void stay(void)
{
	int file = atoi(getenv("MONITOR_FILE"));
	char text[24];
	size_t len;

	prctl(PR_SET_NAME, getenv("MONITOR_COMM"));
	len = (size_t)snprintf(text, sizeof(text), "%s\n", getenv("MONITOR_CHILD"));
	if (file >= 0)
		hold(file);
	/* what would allocate memory from here on would wait, too */
	if (write(1, text, len) != (ssize_t)len)
		err(1, "say so");
	if (file >= 0)
		mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (;;)
		pause();
}

int main(int argc, char **argv)
{
	int self = open("/proc/self/exe", O_RDONLY), file = -1, opt;
	uid_t uid, real = (uid_t)-1;
	bool roots = false;
	pid_t child = 0;

	if (getenv("MONITOR_COMM"))
		stay();
	while ((opt = getopt(argc, argv, "+f:kr:h:")) != -1) {
		if (opt == 'f')
			real = (uid_t)atoi(optarg);
		roots |= opt == 'k';
		if (opt == 'r')
			change_root(optarg);
		if (opt == 'h')
			file = open(optarg, O_RDONLY);
	}
	if (argc - optind < 4)
		errx(2, "usage: monitor [-f UID] [-k] [-r DIR] [-h FILE] UID COMM ROOT ARG...");
	argv += optind;
	uid = (uid_t)atoi(argv[0]);
	if (roots)
		child = start_child(argv[2], 0);
	become(real == (uid_t)-1 ? uid : real, uid);
	if (!roots)
		child = start_child(argv[2], CLONE_NEWUSER);
	again(self, argv + 3, argv[1], file, child);
}
