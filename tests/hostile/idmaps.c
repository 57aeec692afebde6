/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idmaps N: in a container that may mount: N bind mounts, each with ids mapped by 340 lines, below
 * /tmp. Prints "ready", and waits. Linux 5.12.
 */
#include <err.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINES 340	/* user_namespaces(7) */

static void write_map(pid_t pid, const char *name)
{
	char path[64], text[LINES * 16];
	ssize_t len = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	for (int i = 0; i < LINES; i++)
		len += snprintf(text + len, sizeof(text) - (size_t)len, "%d %d 1\n", 2 * i,
				2 * i + 2);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, text, (size_t)len) != len)	/* at once, or not at all */
		err(1, "%s", path);
	close(fd);
}

/* A user namespace with such maps: kept by the descriptor, without a process. */
static int mapped(void)
{
	int ready[2], fd;
	char path[64], c;
	pid_t pid;

	if (pipe(ready))
		err(1, "pipe");
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWUSER) || write(ready[1], "", 1) != 1)
			err(1, "unshare");
		for (;;)
			pause();
	}
	close(ready[1]);
	if (pid < 0 || read(ready[0], &c, 1) != 1)
		errx(1, "no user namespace");
	write_map(pid, "uid_map");
	write_map(pid, "gid_map");
	snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		err(1, "%s", path);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return fd;
}

static void mount_first(const char *from, const char *to)
{
	struct mount_attr a = { .attr_set = MOUNT_ATTR_IDMAP, .userns_fd = (unsigned int)mapped() };
	int tree = (int)syscall(SYS_open_tree, AT_FDCWD, from, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);

	if (tree < 0 || syscall(SYS_mount_setattr, tree, "", AT_EMPTY_PATH, &a, sizeof(a)))
		err(1, "mount_setattr");
	if (syscall(SYS_move_mount, tree, "", AT_FDCWD, to, MOVE_MOUNT_F_EMPTY_PATH))
		err(1, "move_mount");
}

int main(int argc, char **argv)
{
	int n = argc == 2 ? atoi(argv[1]) : 0;
	char path[64];

	if (mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("none", "/tmp", "tmpfs", 0, "nr_inodes=0"))
		err(1, "mount");
	if (mkdir("/tmp/from", 0755) || mkdir("/tmp/0", 0755))
		err(1, "mkdir");
	mount_first("/tmp/from", "/tmp/0");
	for (int i = 1; i < n; i++) {
		snprintf(path, sizeof(path), "/tmp/%d", i);
		if (mkdir(path, 0755) || mount("/tmp/0", path, NULL, MS_BIND, NULL))
			err(1, "%s", path);
	}
	printf("ready\n");
	fflush(stdout);
	for (;;)
		pause();
}
