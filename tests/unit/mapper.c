/* SPDX-License-Identifier: Apache-2.0 */
/* trace/mapper: whoever asks is told of processes of the target only. */
#include "nsdebug/trace/mapper.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/clock.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/sys/cgroup.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/target/target.h"
#include "tests/unit/check.h"

static int procfs;

/* Is a mapper for this cgroup, whose directory lists nobody, willing to tell of the process? */
static bool tells(const struct cgroup *of, pid_t pid, uint64_t start)
{
	struct mapper_ask ask = { .pid = pid, .start = start };
	struct mapper_head h = { 0 };
	char empty[64];
	int pair[2], fd = -1;
	pid_t child;

	snprintf(empty, sizeof(empty), "/tmp/nsdebug-mapper-%d", (int)getpid());
	if (mkdir(empty, 0700) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return false;
	child = fork();
	if (!child) {
		struct target t = { .scope = SCOPE_CGROUP, .levels = 1, .cgroup = *of };
		struct inside in = { .procfs = procfs, .peer = pair[1] };

		close(pair[0]);
		in.cgroup = open(empty, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		close(openat(in.cgroup, "cgroup.procs", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
		close(openat(in.cgroup, "cgroup.events", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
		mapper_serve(&in, &t);
		unlinkat(in.cgroup, "cgroup.procs", 0);
		unlinkat(in.cgroup, "cgroup.events", 0);
		_exit(0);
	}
	close(pair[1]);
	ok(send(pair[0], &ask, sizeof(ask), MSG_NOSIGNAL) == sizeof(ask) &&
	   fd_take(pair[0], &h, sizeof(h), &fd), "it answers");
	close(pair[0]);
	waitpid(child, NULL, 0);
	rmdir(empty);
	return h.known && h.count;
}

/* A process that is older than any mapper, and that we may read. */
static void parent(void)
{
	auto_close int dir = proc_open(procfs, getppid());
	auto_buf struct buf text = { 0 };
	struct cgroup at, other = { 0 };
	const char *p;
	uint64_t start;

	ok(fd_read_file(dir, "cgroup", &text, 1u << 18) == 0 && !proc_start(dir, &start),
	   "our parent");
	p = text.bytes;
	ok(cgroup_next(&p, &at), "its cgroup");
	start *= PROC_TICK_NS;
	ok(tells(&at, getppid(), start), "one of the target is told of");
	ok(!tells(&at, getppid(), start + PROC_TICK_NS), "another one of its pid is not");
	other = at;
	strcpy(other.path, "/no-such-cgroup");
	ok(!tells(&other, getppid(), start), "one that is in another cgroup is not");
}

static void first(void)
{
	auto_close int dir = proc_open(procfs, 1);
	struct cgroup other = { .path = "/no-such-cgroup" };
	uint64_t start;

	ok(!proc_start(dir, &start) && !tells(&other, 1, start * PROC_TICK_NS), "nor is init");
}

int main(void)
{
	procfs = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	parent();
	first();
	return done();
}
