/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/ns.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/target/binds.h"
#include "nsdebug/target/ending.h"

int target_procfs(struct err *e)
{
	auto_close int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return err_sys(e, "open /proc");
	if (fs.f_type != PROC_SUPER_MAGIC)
		return err_set(e, ST_REFUSED, "/proc is not procfs here");
	return take_fd(&fd);
}

bool target_alive(const struct target *t)
{
	struct pollfd p = { .fd = t->place.pidfd, .events = POLLIN };

	return poll(&p, 1, 0) == 0;
}

int target_gone(const struct target *t, struct err *e)
{
	err_set(e, ST_TARGET, "%s: process %d is gone", t->name, (int)t->pid);
	if (t->container.runtime)
		err_add(e, ": it has ended, and 'nsdebug why %s' tells why", t->name);
	return -1;
}

static int open_process(struct target *t, struct err *e)
{
	auto_close int first = -1;
	pid_t tid = t->pid;

	t->place.procfs = target_procfs(e);
	if (t->place.procfs < 0)
		return -1;
	t->place.pidfd = (int)syscall(SYS_pidfd_open, t->pid, 0);
	if (t->place.pidfd < 0 && (errno == ESRCH || errno == EINVAL))
		return target_gone(t, e);
	if (t->place.pidfd < 0)
		return err_sys(e, "%s: hold process %d (pidfd_open, Linux 5.3)", t->name,
			       (int)t->pid);
	first = proc_open(t->place.procfs, t->pid);
	if (first < 0 || proc_start(first, &t->start) < 0)
		return target_gone(t, e);
	/* where its first thread has ended and others go on, one of these has its namespaces */
	t->place.proc = proc_open_memory(t->place.procfs, first, &tid);
	if (t->place.proc < 0 || !target_alive(t))
		return target_gone(t, e);
	return 0;
}

static int read_namespaces(struct target *t, struct err *e)
{
	auto_close int self = openat(t->place.procfs, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	t->ns.mnt = ns_id(t->place.proc, "mnt");
	/* EACCES is also what /proc says of a process that is no more */
	if (!t->ns.mnt && (errno == EACCES || errno == EPERM) && target_alive(t))
		return err_set(e, ST_PRIVILEGE, "%s: may not look at process %d: run nsdebug as "
			       "root on the node, or give it CAP_SYS_PTRACE; if it has that, a "
			       "security module forbids it", t->name, (int)t->pid);
	if (!t->ns.mnt)
		return target_gone(t, e);
	t->ns.user = ns_id(t->place.proc, "user");
	t->ns.net = ns_id(t->place.proc, "net");
	t->ns.uts = ns_id(t->place.proc, "uts");
	t->host = (struct nsids){ .mnt = ns_id(self, "mnt"), .user = ns_id(self, "user"),
		.net = ns_id(self, "net"), .uts = ns_id(self, "uts") };
	t->uids.identity = t->gids.identity = t->ns.user == t->host.user;
	if (t->uids.identity)
		return 0;
	if (idmap_read(&t->uids, t->place.proc, "uid_map") < 0 ||
	    idmap_read(&t->gids, t->place.proc, "gid_map") < 0)
		return target_gone(t, e);
	return 0;
}

/* The host's mount namespace, or one of its own with the host's root in it. */
static bool has_host_root(const struct target *t)
{
	return t->ns.mnt == t->host.mnt || ns_host_root(t->place.proc);
}

static int check_incarnation(const struct target *t, struct err *e)
{
	switch (t->container.runtime ? container_began(&t->container, t->start) : BEGAN_THEN) {
	case BEGAN_THEN:
		return 0;
	case BEGAN_UNKNOWN:
		return err_set(e, ST_REFUSED, "%s: no start time is recorded, so process %d may be "
			       "another by now: pid://%d, if you know better", t->name,
			       (int)t->pid, (int)t->pid);
	default:
		return err_set(e, ST_TARGET, "%s has exited: pid %d is another process now; "
			       "'nsdebug why %s' tells why", t->name, (int)t->pid, t->name);
	}
}

static int pin(struct target *t, const struct target_want *want, struct err *e)
{
	if (open_process(t, e) < 0)
		return -1;
	if (check_incarnation(t, e) < 0)
		return -1;
	if (read_namespaces(t, e) < 0)
		return -1;
	if (!want->host && has_host_root(t))
		return err_set(e, ST_REFUSED, "%s has the host's own files: not a container; "
			       "--host allows it", t->name);
	return target_alive(t) ? 0 : target_gone(t, e);
}

/* The strings move to the target's own arena. */
static void keep_container(struct target *t, const struct container *c)
{
	const char **text[] = {
#define TEXT(f) &t->container.f
		TEXT(root), TEXT(space), TEXT(id), TEXT(name), TEXT(pod_space), TEXT(pod),
		TEXT(part), TEXT(image), TEXT(created), TEXT(bundle), TEXT(state_dir), TEXT(logs),
	};

	t->container = *c;
	for (size_t i = 0; i < ARRAY_SIZE(text); i++)
		if (*text[i])
			*text[i] = arena_dup(t->arena, *text[i], strlen(*text[i]));
}

int target_pin(struct target *t, const struct container *c, const struct target_want *want,
	       struct err *e)
{
	*t = (struct target){
		.pid = c->pid, .place = { -1, -1, -1, -1, false }, .arena = arena_new(),
	};
	keep_container(t, c);
	container_word(c, t->name, sizeof(t->name));
	if (c->pid <= 0)
		return err_set(e, ST_TARGET, "%s has no process: it has exited or not started; "
			       "'nsdebug why %s' tells why", t->name, t->name);
	return pin(t, want, e);
}

static int end(struct target *t, const struct container *c, enum cstate state, struct err *e)
{
	*t = (struct target){ .place = { -1, -1, -1, -1, false }, .arena = arena_new() };
	keep_container(t, c);
	t->container.pid = 0;
	container_word(c, t->name, sizeof(t->name));
	t->uids.identity = t->gids.identity = true;
	t->place.procfs = target_procfs(e);
	if (t->place.procfs < 0)
		return -1;
	t->ending = ending_read(&t->container, t->arena);
	t->ending->state = cstate_name(state);
	t->ending->never_ran |= state == CSTATE_CREATED;
	ending_forget(t->ending);
	t->place.image = &t->ending->image;
	if (target_host_mounts(t, e) < 0)
		return -1;
	binds_plan(t->ending, &t->host_mounts, t->arena);
	return 0;
}

int target_pin_or_end(struct target *t, const struct container *c, const struct target_want *want,
		      struct err *e)
{
	struct life life;
	struct node node;

	*t = (struct target){ .place = { -1, -1, -1, -1, false } };
	if (node_open(&node, e) < 0)
		return -1;
	life = container_life(c, &node);
	node_close(&node);
	if (!life.start)
		return end(t, c, life.state, e);
	if (target_pin(t, c, want, e) < 0)
		return -1;
	t->ending = ending_read(&t->container, t->arena);
	t->ending->state = cstate_name(life.state);
	t->ending->runs = true;
	t->ending->previous |= t->ending->exit_code != INT64_MIN;
	return 0;
}

int target_pin_pid(struct target *t, pid_t pid, const struct target_want *want, struct err *e)
{
	*t = (struct target){
		.pid = pid, .place = { -1, -1, -1, -1, false }, .arena = arena_new(),
	};
	snprintf(t->name, sizeof(t->name), "pid://%d", (int)pid);
	return pin(t, want, e);
}

/* ---- what a pinned target has ---- */

int target_mounts(struct target *t, struct err *e)
{
	/* EINVAL: it is on its way out and has left its namespaces */
	if (mounts_read(&t->mounts, t->place.proc, t->arena, e) < 0)
		return target_alive(t) && e->sys != EINVAL ? -1 : target_gone(t, e);
	mounts_memory(&t->mounts);
	/* An unbindable mount would be an empty directory in the clone: someone else's truth. */
	t->place.raw = t->mounts.unbindable || t->mounts.cut;
	return 0;
}

int target_host_mounts(struct target *t, struct err *e)
{
	auto_close int self = openat(t->place.procfs, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return mounts_read(&t->host_mounts, self, t->arena, e) < 0 ?
		err_wrap(e, "our own") : 0;
}

struct members_want target_members(const struct target *t, const struct inside *in)
{
	return (struct members_want){
		.procfs = in->procfs, .cgroup = t->scope == SCOPE_CGROUP ? in->cgroup : -1,
		.at = &t->cgroup,
		.ns = t->scope == SCOPE_MNTNS ? "mnt" : "pid",
		.ns_id = t->scope == SCOPE_MNTNS ? t->ns.mnt : t->ns.pid,
	};
}

pid_t target_pid(const struct target *t, const struct proc_status *st)
{
	return st->levels >= t->levels ? st->nspid[t->levels - 1] : 0;
}

int target_process(const struct target *t, const struct inside *in, uint64_t pid, struct err *e)
{
	struct members_want want = target_members(t, in);
	auto_free pid_t *pids = NULL;
	size_t count;
	bool cut;

	if (!pid) {
		int dir = openat(in->proc, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

		return dir < 0 ? err_set(e, ST_TARGET, "%s went away", t->name) : dir;
	}
	want.zombies = true;
	if (members_list(&want, &pids, &count, &cut, e) < 0)
		return -1;
	for (size_t i = 0; i < count; i++) {
		auto_close int dir = proc_open(in->procfs, pids[i]);
		struct proc_status st;

		if (dir >= 0 && proc_status(dir, &st) == 0 &&
		    (uint64_t)target_pid(t, &st) == pid && members_has(&want, dir))
			return take_fd(&dir);
	}
	return err_set(e, ST_FAILED, "no process %llu in %s ('nsdebug ps' shows them)",
		       (unsigned long long)pid, t->name);
}

void target_free(struct target *t)
{
	int *fds[] = { &t->place.pidfd, &t->place.proc, &t->place.procfs, &t->place.cgroup };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		own_close(fds[i]);
	if (t->ending)
		ending_close(t->ending);
	cgset_close(&t->cgroups);
	idmap_free(&t->uids);
	idmap_free(&t->gids);
	arena_free(&t->arena);
}
