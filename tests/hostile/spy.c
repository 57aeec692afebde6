/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spy - container root that waits for nsdebug: scans /proc for a process of that name and tries
 * what could be done to it. Writes "TIMES WHAT" lines and exits when it gets a SIGTERM.
 *
 *	spy NAME OUT
 *
 * "new" counts processes that were not there at the start, whatever their name; "seen" those named
 * NAME; the others what was possible with one.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PIDS 4194304

enum what { NEW, SEEN, EXE, FD, MEM, ENVIRON, MAPS, ROOT, CWD, MAP_FILES, PTRACE, GETFD, READV,
	SCANS, WHATS };

static const char *const what_name[] = { "new", "seen", "exe", "fd", "mem", "environ", "maps",
	"root", "cwd", "map_files", "ptrace", "getfd", "readv", "scans" };

static unsigned char known[PIDS / 8];
static unsigned long count[WHATS];
static volatile sig_atomic_t over;

static void end(int sig)
{
	over = sig;
}

static void try_open(int pid, const char *file, int flags, enum what w)
{
	char path[64], c;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		return;
	/* environ and maps may be opened and then say nothing */
	if ((w != ENVIRON && w != MAPS) || read(fd, &c, 1) == 1)
		count[w]++;
	close(fd);
}

static void try_map_files(int pid)
{
	char path[64];
	struct dirent *de;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%d/map_files", pid);
	d = opendir(path);
	while (d && (de = readdir(d)))
		count[MAP_FILES] += de->d_name[0] != '.';
	if (d)
		closedir(d);
}

static void try_descriptors(int pid)
{
	char path[64];
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);

	for (int fd = 0; pidfd >= 0 && fd < 8; fd++) {
		int got = (int)syscall(SYS_pidfd_getfd, pidfd, fd, 0);

		count[GETFD] += got >= 0;
		if (got >= 0)
			close(got);
	}
	close(pidfd);
	for (int fd = 0; fd < 8; fd++) {
		snprintf(path, sizeof(path), "fd/%d", fd);
		try_open(pid, path, O_PATH, FD);
	}
}

static void try_memory(int pid)
{
	char byte;
	struct iovec to = { &byte, 1 }, from = { (void *)0x400000, 1 };

	if (process_vm_readv(pid, &to, 1, &from, 1, 0) == 1 || errno == EFAULT)
		count[READV]++;
	if (ptrace(PTRACE_SEIZE, pid, 0, 0) == 0) {
		count[PTRACE]++;
		ptrace(PTRACE_INTERRUPT, pid, 0, 0);
		waitpid(pid, NULL, __WALL);
		ptrace(PTRACE_DETACH, pid, 0, 0);
	}
}

static void attack(int pid)
{
	count[SEEN]++;
	try_open(pid, "exe", O_RDONLY, EXE);
	try_open(pid, "mem", O_RDWR, MEM);
	try_open(pid, "environ", O_RDONLY, ENVIRON);
	try_open(pid, "maps", O_RDONLY, MAPS);
	try_open(pid, "root", O_PATH | O_DIRECTORY, ROOT);
	try_open(pid, "cwd", O_PATH | O_DIRECTORY, CWD);
	try_map_files(pid);
	try_descriptors(pid);
	try_memory(pid);
}

static int is_named(int pid, const char *name)
{
	char path[64], comm[32] = "";
	size_t len = strlen(name);
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, comm, sizeof(comm) - 1);
	close(fd);
	return n > 0 && !strncmp(comm, name, len) && comm[len] == '\n';
}

static void scan(const char *name, int first)
{
	DIR *d = opendir("/proc");
	struct dirent *de;

	while (d && (de = readdir(d))) {
		int pid = atoi(de->d_name);

		if (pid <= 0 || pid >= PIDS || pid == getpid())
			continue;
		if (!first && !(known[pid / 8] & 1 << pid % 8))
			count[NEW]++;
		known[pid / 8] |= (unsigned char)(1 << pid % 8);
		if (!first && is_named(pid, name))
			attack(pid);
	}
	if (d)
		closedir(d);
	count[SCANS]++;
}

int main(int argc, char **argv)
{
	FILE *f;

	if (argc != 3)
		errx(2, "usage: spy NAME OUT");
	signal(SIGTERM, end);
	scan(argv[1], 1);
	printf("ready\n");
	fflush(stdout);
	while (!over)
		scan(argv[1], 0);
	f = fopen(argv[2], "w");
	if (!f)
		err(1, "%s", argv[2]);
	for (int i = 0; i < WHATS; i++)
		fprintf(f, "%lu %s\n", count[i], what_name[i]);
	return fclose(f) != 0;
}
