/* SPDX-License-Identifier: Apache-2.0 */
/* flags: -Wl,--no-warnings */
/*
 * victim - what nsdebug must not be: a static program that joins the mount namespace of a
 * process and then asks glibc for a user's name, which loads a library of the container.
 *
 *	victim PID
 */
#include <err.h>
#include <fcntl.h>
#include <pwd.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char path[64];
	int fd;

	if (argc != 2)
		errx(2, "usage: victim PID");
	snprintf(path, sizeof(path), "/proc/%d/ns/mnt", atoi(argv[1]));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNS) < 0)
		err(1, "%s", path);
	printf("%s\n", getpwuid(4242) ? "a name" : "no name");
	return 0;
}
