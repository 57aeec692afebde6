/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idmaps N: in a container that may mount: N bind mounts, each with ids mapped by 340 lines, below
 * /tmp. Prints "ready", and waits. Linux 5.12.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../fixtures/apps/lend.h"

#define LINES 340	/* user_namespaces(7) */

/* A user namespace with such maps. */
static int mapped(void)
{
	char map[LINES * 16];
	size_t len = 0;

	for (int i = 0; i < LINES; i++)
		len += (size_t)snprintf(map + len, sizeof(map) - len, "%d %d 1\n", 2 * i,
					2 * i + 2);
	return lend_userns(map);
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
