/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tries DIR - waits for the file DIR/go, then does what each line of DIR/list says, "ACTION PATH
 * [TO]", in a process of its own, and writes to DIR/got the line with what came of it: "ok", or the
 * error's name. Then it waits for ever. The actions are those of nsdebug why --for.
 *
 * tries wait|hidden only waits: hidden, as one whose memory is not dumped.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int try_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);
	struct stat st;

	/* a FIFO that nobody reads: it was permitted */
	if (fd < 0 && errno == ENXIO && stat(path, &st) == 0 && S_ISFIFO(st.st_mode))
		return 0;
	return fd;
}

static int try_exec(const char *path)
{
	char *argv[] = { (char *)path, NULL }, *envp[] = { NULL };

	return execve(path, argv, envp);
}

static int try_connect(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	strncpy(a.sun_path, path, sizeof(a.sun_path) - 1);
	return connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&a, sizeof(a));
}

static int try(const char *what, const char *path, const char *to)
{
	struct timespec then[2] = { { 1, 0 }, { 1, 0 } };
	struct stat st;

	if (!strcmp(what, "read"))
		return try_open(path, O_RDONLY | O_NONBLOCK);
	if (!strcmp(what, "write"))
		return try_open(path, O_WRONLY | O_NONBLOCK);
	if (!strcmp(what, "append"))
		return try_open(path, O_WRONLY | O_APPEND | O_NONBLOCK);
	if (!strcmp(what, "create"))
		return try_open(path, O_WRONLY | O_CREAT | O_NONBLOCK);
	if (!strcmp(what, "list"))
		return try_open(path, O_RDONLY | O_DIRECTORY);
	if (!strcmp(what, "exec"))
		return try_exec(path);
	if (!strcmp(what, "enter"))
		return chdir(path);
	if (!strcmp(what, "stat"))
		return stat(path, &st);
	if (!strcmp(what, "truncate"))
		return truncate(path, 0);
	if (!strcmp(what, "mkdir"))
		return mkdir(path, 0700);
	if (!strcmp(what, "mknod"))
		return mknod(path, S_IFCHR | 0600, makedev(1, 3));
	if (!strcmp(what, "delete"))
		return unlink(path);
	if (!strcmp(what, "rmdir"))
		return rmdir(path);
	if (!strcmp(what, "rename"))
		return rename(path, to);
	if (!strcmp(what, "link"))
		return link(path, to);
	if (!strcmp(what, "chmod"))
		return stat(path, &st) < 0 ? -1 : chmod(path, st.st_mode & 07777);
	if (!strcmp(what, "chown"))
		return chown(path, 12345, (gid_t)-1);
	if (!strcmp(what, "touch"))
		return utimensat(AT_FDCWD, path, NULL, 0);
	if (!strcmp(what, "utimes"))
		return utimensat(AT_FDCWD, path, then, 0);
	return try_connect(path);
}

/* A program that runs closes the pipe, and says nothing; it may end as it likes. */
static int in_child(const char *what, const char *path, const char *to)
{
	int err = 0, p[2];
	pid_t pid;

	if (pipe2(p, O_CLOEXEC) < 0)
		return errno;
	pid = fork();
	if (pid == 0) {
		if (try(what, path, to) < 0)
			err = errno;
		if (err && write(p[1], &err, sizeof(err)) != sizeof(err))
			_exit(1);
		_exit(0);
	}
	close(p[1]);
	if (read(p[0], &err, sizeof(err)) != sizeof(err))
		err = 0;
	close(p[0]);
	waitpid(pid, NULL, 0);
	return err;
}

static void try_all(FILE *list, FILE *got)
{
	char line[4096], what[32], path[2048], to[2048];

	while (fgets(line, sizeof(line), list)) {
		int n, err;

		to[0] = '\0';
		n = sscanf(line, "%31s %2047s %2047s", what, path, to);
		if (n < 2)
			continue;
		fflush(got);
		err = in_child(what, path, to);
		fprintf(got, "%s %s%s%s %s\n", what, path, *to ? " " : "", to,
			err ? strerrorname_np(err) : "ok");
	}
	fputs("end\n", got);
	fflush(got);
}

int main(int argc, char **argv)
{
	struct timespec soon = { 0, 10000000 };
	FILE *list, *got;

	if (argc == 2 && !strcmp(argv[1], "hidden") && prctl(PR_SET_DUMPABLE, 0) < 0)
		return 4;
	if (argc == 2 && (!strcmp(argv[1], "wait") || !strcmp(argv[1], "hidden")))
		for (;;)
			pause();
	if (argc != 2 || chdir(argv[1]) < 0)
		return 2;
	umask(0);
	got = fopen("got", "we");
	if (!got)
		return 3;
	puts("ready");
	fflush(stdout);
	while (access("go", F_OK) < 0)
		nanosleep(&soon, NULL);
	list = fopen("list", "re");
	if (!list)
		return 4;
	try_all(list, got);
	for (;;)
		pause();
}
