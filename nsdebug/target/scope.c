/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/sys/cgroup.h"
#include "nsdebug/sys/ns.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/target/target.h"

#define CHECK_MAX 4096

/*
 * What runtimes put before an id: with systemd's names (docker-ID.scope; moby, podman, CRI-O,
 * containerd's CRI plugin, runc and crun themselves) and without.
 */
static const char *const prefixes[] = {
	"", "docker-", "libpod-", "libpod-payload-", "crio-", "cri-containerd-", "nerdctl-",
	"runc-", "crun-", "lxc.payload.",
};

/* Is this component of a cgroup's path named after the id, or after any that is generated? */
static bool is_named(struct bytes name, const char *id)
{
	static const char suffix[] = ".scope";
	size_t end = sizeof(suffix) - 1;
	char text[ID_MAX];

	if (name.len > end && !memcmp(name.p + name.len - end, suffix, end))
		name.len -= end;
	for (size_t i = 0; i < ARRAY_SIZE(prefixes); i++) {
		size_t skip = strlen(prefixes[i]), len = name.len - skip;

		if (name.len <= skip || len >= sizeof(text) || memcmp(name.p, prefixes[i], skip))
			continue;
		memcpy(text, name.p + skip, len);
		text[len] = '\0';
		if (id ? !strcmp(text, id) : is_generated_id(text))
			return true;
	}
	return false;
}

/*
 * Cuts the path behind the component that is the container's, false if none is: the first process
 * may have moved itself to a cgroup below it, as systemd does. Of a known generated id that is the
 * topmost, for what is below it is named by the container. Another id, "docker" perhaps, may be the
 * name of a cgroup above it; and of any id the innermost container's is meant: the last.
 */
static bool cut_to_id(char *path, const char *id)
{
	bool topmost = id && is_generated_id(id);
	char *end = NULL;

	for (char *p = path; *p == '/' && !(topmost && end);) {
		size_t len = strcspn(p + 1, "/");

		if (is_named((struct bytes){ p + 1, len }, id))
			end = p + 1 + len;
		p += 1 + len;
	}
	if (end)
		*end = '\0';
	return end;
}

bool scope_is_named(const struct cgroup *c, const char *id)
{
	struct cgroup copy = *c;

	return cut_to_id(copy.path, id);
}

/* Host pids of processes known to be in another mount namespace than the host's, ascending. */
struct others {
	pid_t *pids;
	size_t count;
};

static bool is_of_host(const struct target *t, pid_t pid, const struct others *o)
{
	char path[32];

	if (pids_find(o->pids, o->count, pid))
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
		pids_sort(pids, count);
		free(o->pids);
		o->pids = take_ptr(pids);
		o->count = count;
	}
	return false;
}

/*
 * Or any of another pid namespace, which is not below the container's? systemd-nspawn has all the
 * machines of one unit in the same "payload".
 */
static bool is_shared_with_another(const struct target *t, int cgroup)
{
	auto_free pid_t *pids = NULL;
	size_t count = 0;

	if (t->ns.pid == t->host.pid || cgroup_pids(cgroup, &pids, &count, CHECK_MAX) < 0)
		return false;
	for (size_t i = 0; i < count; i++) {
		auto_close int dir = proc_open(t->place.procfs, pids[i]);
		uint64_t ns = dir < 0 ? 0 : ns_id(dir, "pid");
		struct proc_status st;

		if (ns && ns != t->ns.pid && proc_status(dir, &st) == 0 && st.levels <= t->levels)
			return true;
	}
	return false;
}

/* The cgroup at this path if it is the container's own, or -1. */
static int open_own(const struct target *t, const struct cgroup *at,
		    struct cgroup_mounts *mounts, bool known)
{
	auto_close int dir = cgroup_open(at, mounts);
	struct others others = { 0 };
	bool own = dir >= 0 && (known || t->ns.mnt == t->host.mnt ||
				!is_shared_with_host(t, dir, &others));

	free(others.pids);
	return own ? take_fd(&dir) : -1;
}

/* Where the id tells, nobody is asked: who is on the way into a container is the host's still. */
static int open_cgroup(struct target *t, struct cgroup_mounts *mounts)
{
	const char *id = t->container.id;
	struct cgroup of_process = t->cgroup;
	auto_close int dir = -1;

	if (cut_to_id(t->cgroup.path, id))
		dir = open_own(t, &t->cgroup, mounts, id && is_generated_id(id));
	if (dir >= 0)
		return take_fd(&dir);
	t->cgroup = of_process;
	dir = open_own(t, &t->cgroup, mounts, false);
	return dir >= 0 && !is_shared_with_another(t, dir) ? take_fd(&dir) : -1;
}

static int read_levels(struct target *t, int self, struct err *e)
{
	struct proc_status st;

	t->ns.pid = ns_id(t->place.proc, "pid");
	t->host.pid = ns_id(self, "pid");
	if (proc_status(t->place.proc, &st) < 0)
		return target_gone(t, e);
	t->levels = st.levels ? st.levels : 1;
	return 0;
}

int target_scope(struct target *t, struct err *e)
{
	auto_close int self = openat(t->place.procfs, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct cgroup_mounts mounts = { 0 };

	if (read_levels(t, self, e) < 0)
		return -1;
	t->scope = t->ns.pid != t->host.pid ? SCOPE_PIDNS : SCOPE_MNTNS;
	if (!cgroup_read(&t->cgroup, t->place.proc))
		return target_alive(t) ? 0 : target_gone(t, e);
	if (cgroup_mounts_read(&mounts, self) == 0)
		t->place.cgroup = open_cgroup(t, &mounts);
	cgroup_mounts_free(&mounts);
	if (t->place.cgroup >= 0)
		t->scope = SCOPE_CGROUP;
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
	cgroup_mounts_free(&mounts);
	if (n < 0)
		return target_alive(t) ? err_sys(e, "%s: read its cgroups", t->name) :
			target_gone(t, e);
	for (size_t i = 0; i < t->cgroups.count; i++) {
		struct cgset_at *at = &t->cgroups.at[i];

		at->own = at->dir >= 0 && at->depth && (t->ns.mnt == t->host.mnt ||
				!is_shared_with_host(t, at->dir, &others));
	}
	free(others.pids);
	t->place.cgroups = &t->cgroups;
	return 0;
}
