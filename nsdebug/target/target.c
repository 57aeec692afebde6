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
#include "nsdebug/sys/cgroup.h"
#include "nsdebug/sys/ns.h"
#include "nsdebug/sys/proc.h"

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

static int err_gone(struct target *t, struct err *e)
{
	return err_set(e, ST_TARGET, "%s: process %d is gone", t->name, (int)t->pid);
}

static int open_process(struct target *t, struct err *e)
{
	t->place.procfs = target_procfs(e);
	if (t->place.procfs < 0)
		return -1;
	t->place.pidfd = (int)syscall(SYS_pidfd_open, t->pid, 0);
	if (t->place.pidfd < 0 && (errno == ESRCH || errno == EINVAL))
		return err_gone(t, e);
	if (t->place.pidfd < 0)
		return err_sys(e, "%s: hold process %d (pidfd_open, Linux 5.3)", t->name,
			       (int)t->pid);
	t->place.proc = proc_open(t->place.procfs, t->pid);
	if (t->place.proc < 0 || proc_start(t->place.proc, &t->start) < 0 || !target_alive(t))
		return err_gone(t, e);
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
		return err_gone(t, e);
	t->ns.user = ns_id(t->place.proc, "user");
	t->host = (struct nsids){ .mnt = ns_id(self, "mnt"), .user = ns_id(self, "user") };
	t->uids.identity = t->gids.identity = t->ns.user == t->host.user;
	if (t->uids.identity)
		return 0;
	if (idmap_read(&t->uids, t->place.proc, "uid_map") < 0 ||
	    idmap_read(&t->gids, t->place.proc, "gid_map") < 0)
		return err_gone(t, e);
	return 0;
}

/*
 * The host's mount namespace, or one of its own with the host's root in it (unshare -m, a service
 * with PrivateTmp): its files are the host's. The kernel is asked for the identity of the root, no
 * server is.
 */
static bool has_host_root(const struct target *t)
{
	struct statx ours, theirs;

	if (t->ns.mnt == t->host.mnt)
		return true;
	return statx(AT_FDCWD, "/", AT_STATX_DONT_SYNC, STATX_INO, &ours) == 0 &&
		statx(t->place.proc, "root", AT_STATX_DONT_SYNC, STATX_INO, &theirs) == 0 &&
		ours.stx_ino == theirs.stx_ino && ours.stx_dev_major == theirs.stx_dev_major &&
		ours.stx_dev_minor == theirs.stx_dev_minor;
}

/* Without a recorded start: a process that began after its pid was written down is another. */
static bool began_later(const struct target *t)
{
	struct timespec boot, now;
	int64_t began;

	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_REALTIME, &now);
	began = now.tv_sec - boot.tv_sec + (int64_t)(t->start / (uint64_t)sysconf(_SC_CLK_TCK));
	return began > t->container.noted + 1;
}

static int check_incarnation(const struct target *t, struct err *e)
{
	const struct container *c = &t->container;

	if (!c->runtime || (c->start && c->start == t->start))
		return 0;
	if (!c->start && !c->noted)
		return err_set(e, ST_REFUSED, "%s: no start time is recorded, so process %d may be "
			       "another by now: pid://%d, if you know better", t->name,
			       (int)t->pid, (int)t->pid);
	if (!c->start && !began_later(t))
		return 0;
	return err_set(e, ST_TARGET, "%s has exited: pid %d is another process now", t->name,
		       (int)t->pid);
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
	return target_alive(t) ? 0 : err_gone(t, e);
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
		return err_set(e, ST_TARGET, "%s has no process: it has exited or not started",
			       t->name);
	return pin(t, want, e);
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
	if (mounts_read(&t->mounts, t->place.proc, t->arena, e) < 0)
		return target_alive(t) ? -1 : err_gone(t, e);
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

#define CHECK_MAX 4096

/* Host pids of processes known to be in another mount namespace than the host's, ascending. */
struct others {
	pid_t *pids;
	size_t count;
};

static int by_pid(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static bool is_of_host(const struct target *t, pid_t pid, const struct others *o)
{
	char path[32];

	if (o->count && bsearch(&pid, o->pids, o->count, sizeof(pid), by_pid))
		return false;
	snprintf(path, sizeof(path), "%d/ns/mnt", (int)pid);
	return ns_id_at(t->place.procfs, path) == t->host.mnt;
}

/* Does any process of the host's mount namespace live in this cgroup? Then it is no container's.
 * Else its processes are known from then on: a container's cgroups have mostly the same. */
static bool is_shared_with_host(const struct target *t, int cgroup, struct others *o)
{
	auto_free pid_t *pids = NULL;
	size_t count = 0;

	if (cgroup_pids(cgroup, &pids, &count, CHECK_MAX) < 0)
		return true;
	for (size_t i = 0; i < count; i++)
		if (is_of_host(t, pids[i], o))
			return true;
	if (count > o->count) {
		qsort(pids, count, sizeof(*pids), by_pid);
		free(o->pids);
		o->pids = take_ptr(pids);
		o->count = count;
	}
	return false;
}

struct members_want target_members(const struct target *t, const struct inside *in)
{
	return (struct members_want){
		.procfs = in->procfs, .cgroup = t->scope == SCOPE_CGROUP ? in->cgroup : -1,
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

		if (dir >= 0 && members_has(&want, dir) && proc_status(dir, &st) == 0 &&
		    (uint64_t)target_pid(t, &st) == pid)
			return take_fd(&dir);
	}
	return err_set(e, ST_FAILED, "no process %llu in %s ('nsdebug ps' shows them)",
		       (unsigned long long)pid, t->name);
}

static int read_levels(struct target *t, int self, struct err *e)
{
	struct proc_status st;

	t->ns.pid = ns_id(t->place.proc, "pid");
	t->host.pid = ns_id(self, "pid");
	if (proc_status(t->place.proc, &st) < 0)
		return err_gone(t, e);
	t->levels = st.levels ? st.levels : 1;
	return 0;
}

int target_scope(struct target *t, struct err *e)
{
	auto_close int self = openat(t->place.procfs, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int dir = -1;
	struct cgroup_mounts cgroups = { 0 };
	struct others others = { 0 };
	struct cgroup cgroup;
	bool own;

	if (read_levels(t, self, e) < 0)
		return -1;
	t->scope = t->ns.pid != t->host.pid ? SCOPE_PIDNS : SCOPE_MNTNS;
	if (!cgroup_read(&cgroup, t->place.proc))
		return target_alive(t) ? 0 : err_gone(t, e);
	if (cgroup_mounts_read(&cgroups, self) == 0)
		dir = cgroup_open(&cgroup, &cgroups);
	buf_free(&cgroups.text);
	own = dir >= 0 && (t->ns.mnt == t->host.mnt || !is_shared_with_host(t, dir, &others));
	free(others.pids);
	if (!own)
		return 0;
	t->scope = SCOPE_CGROUP;
	t->place.cgroup = take_fd(&dir);
	return 0;
}

int target_cgroups(struct target *t, struct err *e)
{
	auto_close int self = openat(t->place.procfs, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct cgroup_mounts mounts = { 0 };
	struct others others = { 0 };
	int n = cgroup_mounts_read(&mounts, self);

	if (n == 0)
		n = cgset_open(&t->cgroups, t->place.proc, &mounts, t->arena);
	buf_free(&mounts.text);
	if (n < 0)
		return target_alive(t) ? err_sys(e, "%s: read its cgroups", t->name) :
			err_gone(t, e);
	for (size_t i = 0; i < t->cgroups.count; i++) {
		struct cgset_at *at = &t->cgroups.at[i];

		at->own = at->dir >= 0 && at->depth && (t->ns.mnt == t->host.mnt ||
				!is_shared_with_host(t, at->dir, &others));
	}
	free(others.pids);
	t->place.cgroups = &t->cgroups;
	return 0;
}

void target_free(struct target *t)
{
	int *fds[] = { &t->place.pidfd, &t->place.proc, &t->place.procfs, &t->place.cgroup };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		own_close(fds[i]);
	cgset_close(&t->cgroups);
	idmap_free(&t->uids);
	idmap_free(&t->gids);
	arena_free(&t->arena);
}
