/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/enter/enter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/killed.h"
#include "nsdebug/enter/seal.h"
#include "nsdebug/sys/cgset.h"

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void close_between(int first, int last)
{
	struct rlimit r;

	if (first > last)
		return;
	if (!syscall(SYS_close_range, first, last, 0))
		return;
	/* Linux before 5.9 */
	if (getrlimit(RLIMIT_NOFILE, &r) < 0 || r.rlim_cur > 1 << 20)
		r.rlim_cur = 1 << 20;
	for (int fd = first; fd <= last && fd < (int)r.rlim_cur; fd++)
		close(fd);
}

/* Closes every descriptor but those in keep[] (sorted here; -1 is skipped). */
static void close_others(int *keep, size_t count)
{
	int next = 0;

	qsort(keep, count, sizeof(*keep), by_number);
	for (size_t i = 0; i < count; i++) {
		if (keep[i] < 0)
			continue;
		close_between(next, keep[i] - 1);
		next = keep[i] + 1;
	}
	close_between(next, INT32_MAX);
}

/* Who must outlive all others takes no signal that can be refused, and has not their name. */
static void reset_signals(enum role role)
{
	sigset_t set;

	sigemptyset(&set);
	if (role == ROLE_GUARDIAN) {
		sigfillset(&set);
		prctl(PR_SET_NAME, "nsd-guardian");
	}
	sigprocmask(SIG_SETMASK, &set, NULL);
}

static int seal(struct inside *in, const struct spawn *s, pid_t front, struct err *e)
{
	bool reader = s->role == ROLE_READER, tracer = s->role == ROLE_TRACER;
	bool proc = s->role == ROLE_PROC, guardian = s->role == ROLE_GUARDIAN;
	int pidfd = reader || tracer ? s->place->pidfd : -1;
	const struct cgset *cgroups = proc ? s->place->cgroups : NULL;
	bool alone = s->role == ROLE_STOPPER || s->role == ROLE_ITERATOR ||
		s->role == ROLE_SAMPLER;
	int keep[10 + CGSET_MAX + SPAWN_KEEP_MAX] = { in->emit.fd, in->emit.data, in->peer,
		pidfd, in->stop, reader || proc ? in->proc : -1,
		alone || tracer || guardian ? -1 : in->procfs,
		proc || tracer ? in->cgroup : -1, proc || tracer ? in->second : -1, in->types };
	size_t kept = 10;

	for (size_t i = 0; cgroups && i < cgroups->count; i++)
		keep[kept++] = cgroups->at[i].dir;
	for (size_t i = 0; i < s->kept; i++)
		keep[kept++] = s->keep[i];
	if (seal_process(guardian ? 0 : front, s->writes, e) < 0)
		return -1;
	close_others(keep, kept);
	if (reader) {
		if (s->host_debug)
			seal_debug(in);
		if (s->place->image ? seal_image(in, s->place->image, e) < 0 :
		    seal_root(in, pidfd, e) < 0)
			return -1;
		own_close(&pidfd);
		own_close(&in->proc);
		own_close(&in->procfs);
	}
	if (tracer)
		in->proc = in->procfs = -1;
	if (proc && s->nets && nets_open(in, s->nets, e) < 0)
		return -1;
	if (s->prompt)
		seal_prompt();
	return seal_rights(s, e);
}

static void __attribute__((noreturn)) live(const struct spawn *s, pid_t front, int frames, int data,
					   int stop)
{
	struct inside in = {
		.role = s->role,
		.emit = { .fd = frames, .data = data, .cols = s->cols, .summary = s->summary,
			.flushed_ns = clock_ns() },
		.root = -1, .own_fds = -1, .peer = s->peer, .second = s->second,
		.proc = s->place->proc,
		.procfs = s->place->procfs, .cgroup = s->place->cgroup, .raw = s->place->raw,
		.pidfd = s->place->pidfd, .stop = stop,
		.types = s->role == ROLE_TRACER || s->role == ROLE_ITERATOR ? s->types : -1,
		.debug = -1, .files = -1, .judge = -1, .sampler = -1, .file = -1,
	};
	struct err e = { 0 };

	reset_signals(s->role);
	if (seal(&in, s, front, &e) < 0) {
		emit_err(&in.emit, &e);
	} else {
		if (in.raw && !s->place->raw)
			emit_note(&in.emit, "the container's mounts could not be copied: read in "
				  "place, access times may change");
		s->fn(&in, s->arg);
	}
	own_close(&in.emit.data);	/* the front waits for its end, not for ours */
	emit_end(&in.emit);
	_exit(0);
}

/* fork(2) and pidfd_open(2) in one, without the handlers that a fork of a library would run. */
static pid_t fork_pidfd(int *ret, const int *cgroup)
{
	struct clone_args a = {
		.flags = CLONE_PIDFD, .pidfd = (uint64_t)(uintptr_t)ret, .exit_signal = SIGCHLD,
	};

	if (cgroup) {
		a.flags |= CLONE_INTO_CGROUP;
		a.cgroup = (uint64_t)*cgroup;
	}
	return (pid_t)syscall(SYS_clone3, &a, sizeof(a));
}

/* Children that nobody waits for any more: their own ends are taken, never that of another one,
 * whose status somebody still wants. */
static struct gone {
	pid_t pid;
	int pidfd;
	bool killed;
} *gone;
static size_t ngone;

static bool has_ended(const struct gone *g)
{
	if (waitpid(g->pid, NULL, WNOHANG) == 0)
		return false;
	close(g->pidfd);
	return true;
}

static void reap(void)
{
	size_t left = 0;

	for (size_t i = 0; i < ngone; i++)
		if (!has_ended(&gone[i]))
			gone[left++] = gone[i];
	ngone = left;
}

static void leave(struct child *c, bool killed)
{
	gone = mem_more(gone, ngone);
	gone[ngone++] = (struct gone){ c->pid, take_fd(&c->pidfd), killed };
}

static size_t count_killed(struct pollfd *one)
{
	size_t n = 0;

	reap();
	for (size_t i = 0; i < ngone; i++)
		if (gone[i].killed && !n++)
			one->fd = gone[i].pidfd;
	return n;
}

static size_t count_blocked(void)
{
	size_t n = 0;

	for (size_t i = 0; i < ngone; i++)
		n += gone[i].killed && killed_state(gone[i].pid) == 'D';
	return n;
}

size_t enter_left(size_t most, uint64_t wait_ns)
{
	struct pollfd p = { .fd = -1, .events = POLLIN };
	uint64_t now = clock_ns(), until = now + wait_ns;
	size_t n;

	while ((n = count_killed(&p)) > most && now < until) {
		poll(&p, 1, (int)((until - now) / NS_PER_MS) + 1);
		now = clock_ns();
	}
	return n > most ? count_blocked() : n;
}

int enter_spawn(struct child *c, const struct spawn *s, struct err *e)
{
	auto_close int in = -1, out = -1, data_in = -1, data_out = -1, stop_in = -1, stop_out = -1;
	pid_t front = getpid();
	int p[2];

	*c = (struct child)CHILD_NONE;
	reap();
	if (pipe2(p, O_CLOEXEC) < 0)
		return err_sys(e, "make a pipe");
	in = p[0], out = p[1];
	if (s->data) {
		if (pipe2(p, O_CLOEXEC) < 0)
			return err_sys(e, "make a pipe");
		data_in = p[0], data_out = p[1];
		/* fewer turns for big files; more than the user's share is refused, and fine */
		fcntl(data_out, F_SETPIPE_SZ, 1 << 20);
	}
	if (s->role == ROLE_TRACER) {
		if (pipe2(p, O_CLOEXEC) < 0)
			return err_sys(e, "make a pipe");
		stop_in = p[0], stop_out = p[1];
		fcntl(stop_out, F_SETFL, O_NONBLOCK);
	}
	c->pid = fork_pidfd(&c->pidfd, s->cgroup);
	if (c->pid < 0)
		return err_sys(e, "start a child");
	if (c->pid == 0)
		live(s, front, out, data_out, stop_in);
	c->role = s->role;
	c->frames = take_fd(&in);
	c->data = take_fd(&data_in);
	c->stop = take_fd(&stop_out);
	return 0;
}

static void close_all(struct child *c, bool killed)
{
	if (c->pid > 0 && c->pidfd >= 0)
		leave(c, killed);
	if (c->frames >= 0)
		close(c->frames);
	if (c->data >= 0)
		close(c->data);
	if (c->pidfd >= 0)
		close(c->pidfd);
	if (c->stop >= 0)
		close(c->stop);
	*c = (struct child)CHILD_NONE;
}

void enter_close(struct child *c)
{
	close_all(c, false);
}

void enter_kill(struct child *c)
{
	if (c->pidfd >= 0)
		syscall(SYS_pidfd_send_signal, c->pidfd, SIGKILL, NULL, 0);
	close_all(c, true);
}

void enter_calm(void)
{
	seal_calm();
}

int enter_become_parser(struct inside *in, const int *keep, size_t count, struct err *e)
{
	auto_free int *all = mem_alloc((count + 4) * sizeof(*all));

	all[0] = in->emit.fd;
	all[1] = in->emit.data;
	all[2] = in->files;
	all[3] = in->judge;
	for (size_t i = 0; i < count; i++)
		all[4 + i] = keep[i];
	close_others(all, 4 + count);
	in->proc = in->procfs = in->cgroup = in->peer = in->second = in->sampler = in->types = -1;
	in->nnets = 0;
	return seal_parser(in->role, in->files >= 0 || in->judge >= 0, e);
}
