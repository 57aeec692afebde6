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

static int pin(struct target *t, const struct target_want *want, struct err *e)
{
	t->place.pidfd = t->place.proc = t->place.procfs = t->place.cgroup = -1;
	t->arena = arena_new();
	if (open_process(t, e) < 0)
		return -1;
	if (t->container.start && t->container.start != t->start)
		return err_set(e, ST_TARGET, "%s has exited: pid %d is another process now",
			       t->name, (int)t->pid);
	if (read_namespaces(t, e) < 0)
		return -1;
	if (!want->host && has_host_root(t))
		return err_set(e, ST_REFUSED, "%s has the host's own files: not a container; "
			       "--host allows it", t->name);
	return target_alive(t) ? 0 : err_gone(t, e);
}

int target_pin(struct target *t, const struct container *c, const struct target_want *want,
	       struct err *e)
{
	*t = (struct target){ .container = *c, .pid = c->pid };
	snprintf(t->name, sizeof(t->name), "%s://%s", c->runtime->name, c->id);
	if (c->pid <= 0) {
		t->place = (struct place){ -1, -1, -1, -1, false };
		return err_set(e, ST_TARGET, "%s has no process: it has exited or not started",
			       t->name);
	}
	return pin(t, want, e);
}

static int find_pid(struct target *t, const char *digits, const struct target_want *want,
		    struct err *e)
{
	uint64_t pid;

	*t = (struct target){ .place = { -1, -1, -1, -1, false } };
	if (!str_u64(digits, &pid) || pid == 0 || pid > INT32_MAX)
		return err_set(e, ST_USAGE, "'%s' is not a process id", digits);
	t->pid = (pid_t)pid;
	snprintf(t->name, sizeof(t->name), "pid://%d", (int)t->pid);
	return pin(t, want, e);
}

/* ---- names ---- */

#define CANDIDATES_MAX 6

struct search {
	const char *word;
	const struct runtime *runtime;	/* being searched */
	struct { const struct runtime *runtime; char id[ID_MAX]; } hit[CANDIDATES_MAX];
	unsigned int hits, seen;
	char nearest[ID_MAX + 16];
	unsigned int distance;
};

static bool consider(void *ctx, const char *id)
{
	struct search *s = ctx;
	unsigned int d = str_distance(s->word, id, 3);

	s->seen++;
	if (str_prefix(id, s->word)) {
		if (s->hits < CANDIDATES_MAX) {
			s->hit[s->hits].runtime = s->runtime;
			snprintf(s->hit[s->hits].id, ID_MAX, "%s", id);
		}
		s->hits++;
	} else if (d < s->distance) {
		s->distance = d;
		snprintf(s->nearest, sizeof(s->nearest), "%s", id);
	}
	return true;
}

static int err_ambiguous(const struct search *s, struct err *e)
{
	char list[400] = "";
	size_t used = 0;

	for (unsigned int i = 0; i < s->hits && i < CANDIDATES_MAX && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s://%s",
					 i ? ", " : "", s->hit[i].runtime->name, s->hit[i].id);
	return err_set(e, ST_USAGE, "'%s' is ambiguous: %s%s", s->word, list,
		       s->hits > CANDIDATES_MAX ? ", ..." : "");
}

static int err_unknown(const struct search *s, const struct target_want *want, struct err *e)
{
	char where[200] = "";
	size_t used = 0;

	if (s->nearest[0] && s->distance <= 3)
		return err_set(e, ST_TARGET, "no container '%s'; did you mean '%s'?", s->word,
			       s->nearest);
	for (const struct runtime *const *r = runtimes; *r && used < sizeof(where); r++)
		if (!want->runtime || !strcmp(want->runtime, (*r)->name))
			used += (size_t)snprintf(where + used, sizeof(where) - used, "%s%s",
					 used ? ", " : "", (*r)->where);
	if (!s->seen)
		return err_set(e, ST_TARGET, "no container '%s': no container at all in %s",
			       s->word, where);
	return err_set(e, ST_TARGET, "no container '%s' (looked in %s; 'nsdebug list' shows what "
		       "is there)", s->word, where);
}

/* An exact id, first; several runtimes may know the same one. */
static int find_exact(struct search *s, const struct target_want *want, struct container *ret,
		      struct err *e)
{
	struct container c;

	for (const struct runtime *const *r = runtimes; *r; r++) {
		if (want->runtime && strcmp(want->runtime, (*r)->name))
			continue;
		if ((*r)->load(*r, s->word, &c, e) < 0) {
			if (e->status != ST_TARGET)
				return -1;
			continue;
		}
		if (s->hits < CANDIDATES_MAX) {
			s->hit[s->hits].runtime = *r;
			snprintf(s->hit[s->hits].id, ID_MAX, "%s", c.id);
		}
		if (!s->hits++)
			*ret = c;
	}
	return s->hits > 1 ? err_ambiguous(s, e) : 0;
}

static int find_prefix(struct search *s, const struct target_want *want, struct container *ret,
		       struct err *e)
{
	for (const struct runtime *const *r = runtimes; *r; r++) {
		if (want->runtime && strcmp(want->runtime, (*r)->name))
			continue;
		s->runtime = *r;
		if ((*r)->each(*r, consider, s, e) < 0)
			return -1;
	}
	if (s->hits > 1)
		return err_ambiguous(s, e);
	if (!s->hits)
		return err_unknown(s, want, e);
	return s->hit[0].runtime->load(s->hit[0].runtime, s->hit[0].id, ret, e);
}

static int err_scheme(const char *word, size_t len, struct err *e)
{
	char list[100] = "pid";
	size_t used = 3;

	for (const struct runtime *const *r = runtimes; *r && used < sizeof(list); r++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, ", %s", (*r)->name);
	return err_set(e, ST_USAGE, "'%.*s://' is not a kind of target known here: %s", (int)len,
		       word, list);
}

int target_find(struct target *t, const char *word, const struct target_want *want, struct err *e)
{
	struct target_want narrowed = *want;
	struct search s = { .word = word, .distance = 4 };
	const char *scheme = strstr(word, "://");
	struct container c;

	*t = (struct target){ .place = { -1, -1, -1, -1, false } };
	if (scheme) {
		size_t len = (size_t)(scheme - word);
		const struct runtime *r = runtime_named(word, len);

		if (len == 3 && !memcmp(word, "pid", 3))
			return find_pid(t, scheme + 3, want, e);
		if (!r)
			return err_scheme(word, len, e);
		narrowed.runtime = r->name;
		s.word = scheme + 3;
	}
	if (!s.word[0] || strlen(s.word) >= ID_MAX)
		return err_set(e, ST_USAGE, "'%s' is not a target: give a container's name, or "
			       "pid://N", word);
	if (find_exact(&s, &narrowed, &c, e) < 0)
		return -1;
	if (!s.hits && find_prefix(&s, &narrowed, &c, e) < 0)
		return -1;
	return target_pin(t, &c, want, e);
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

#define CHECK_MAX 4096

/* Does any process of the host's mount namespace live in this cgroup? Then it is no container's. */
static bool is_shared_with_host(const struct target *t, int cgroup)
{
	auto_free pid_t *pids = NULL;
	size_t count = 0;

	if (cgroup_pids(cgroup, &pids, &count, CHECK_MAX) < 0)
		return true;
	for (size_t i = 0; i < count; i++) {
		char path[32];

		snprintf(path, sizeof(path), "%d/ns/mnt", (int)pids[i]);
		if (ns_id_at(t->place.procfs, path) == t->host.mnt)
			return true;
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
	struct cgroup cgroup;

	if (read_levels(t, self, e) < 0)
		return -1;
	t->scope = t->ns.pid != t->host.pid ? SCOPE_PIDNS : SCOPE_MNTNS;
	if (!cgroup_read(&cgroup, t->place.proc))
		return target_alive(t) ? 0 : err_gone(t, e);
	if (cgroup_mounts_read(&cgroups, self) == 0)
		dir = cgroup_open(&cgroup, &cgroups);
	buf_free(&cgroups.text);
	if (dir < 0 || (t->ns.mnt != t->host.mnt && is_shared_with_host(t, dir)))
		return 0;
	t->scope = SCOPE_CGROUP;
	t->place.cgroup = take_fd(&dir);
	return 0;
}

void target_free(struct target *t)
{
	int *fds[] = { &t->place.pidfd, &t->place.proc, &t->place.procfs, &t->place.cgroup };

	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		own_close(fds[i]);
	idmap_free(&t->uids);
	idmap_free(&t->gids);
	arena_free(&t->arena);
}
