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

/* One answer, whatever it tells of mappings. */
static struct mapper_head answer(int peer, const struct mapper_ask *ask)
{
	static char bytes[1 << 20];
	struct mapper_head h = { 0 };
	struct mapper_vma v;
	int fd = -1;

	if (send(peer, ask, sizeof(*ask), MSG_NOSIGNAL) != sizeof(*ask) ||
	    !fd_take(peer, &h, sizeof(h), &fd))
		return (struct mapper_head){ .why = "no answer" };
	for (uint32_t i = 0; i < h.count; i++) {
		if (!fd_take(peer, &v, sizeof(v), &fd) ||
		    (v.bytes_len && recv(peer, bytes, sizeof(bytes), 0) <= 0))
			break;
		if (fd >= 0)
			close(fd);
	}
	return h;
}

/* Is a mapper for this cgroup, whose directory lists nobody, willing to tell of the process? */
static struct mapper_head tells(const struct cgroup *of, pid_t pid, uint64_t start, int more)
{
	struct mapper_ask ask = { .pid = pid, .start = start };
	struct mapper_head h = { 0 };
	char empty[64];
	int pair[2];
	pid_t child;

	snprintf(empty, sizeof(empty), "/tmp/nsdebug-mapper-%d", (int)getpid());
	if (mkdir(empty, 0700) < 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return h;
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
	do
		h = answer(pair[0], &ask);
	while (more-- > 0 && h.known);
	ok(strcmp(h.why, "no answer") != 0, "it answers");
	close(pair[0]);
	waitpid(child, NULL, 0);
	rmdir(empty);
	return h;
}

/* A process that is older than any mapper, and that we may read. */
static void parent(void)
{
	auto_close int dir = proc_open(procfs, getppid());
	auto_buf struct buf text = { 0 };
	struct cgroup at, other = { 0 };
	struct mapper_head h;
	const char *p;
	uint64_t start;

	ok(fd_read_file(dir, "cgroup", &text, 1u << 18) == 0 && !proc_start(dir, &start),
	   "our parent");
	p = text.bytes;
	ok(cgroup_next(&p, &at), "its cgroup");
	start *= PROC_TICK_NS;
	ok(tells(&at, getppid(), start, 0).count, "one of the target is told of");
	ok(!tells(&at, getppid(), start + PROC_TICK_NS, 0).known, "another one of its pid is not");
	other = at;
	strcpy(other.path, "/no-such-cgroup");
	h = tells(&at, getppid(), start, MAPPER_ASKS_MAX);
	ok(!h.known && h.full, "that no more are told of is said");
	ok(!tells(&other, getppid(), start, 0).known, "one that is in another cgroup is not");
}

static void first(void)
{
	auto_close int dir = proc_open(procfs, 1);
	struct cgroup other = { .path = "/no-such-cgroup" };
	uint64_t start;

	ok(!proc_start(dir, &start) &&
	   !tells(&other, 1, start * PROC_TICK_NS, 0).known, "nor is init");
}

int main(void)
{
	procfs = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	parent();
	first();
	return done();
}
