/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/owner.h"

#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/cgroup.h"
#include "nsdebug/sys/ns.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/target/near.h"
#include "nsdebug/target/target.h"

#define PIDS_DEEP 33		/* pid namespaces are 32 deep, below the first */

void owners_init(struct owners *o, const struct near *near, const struct target *t, int procfs,
		 struct arena *a)
{
	*o = (struct owners){ .near = near, .t = t, .procfs = procfs, .a = a };
}

static int open_near(const struct owners *o, size_t i)
{
	const struct neighbour *n = &o->near->items[i];
	auto_close int dir = proc_open(o->procfs, n->pid);
	uint64_t start;

	if (dir < 0 || proc_start(dir, &start) < 0 || (n->start && n->start != start))
		return -1;
	return take_fd(&dir);
}

static void read_mnts(struct owners *o)
{
	o->mnt = arena_alloc(o->a, (o->near->count + 1) * sizeof(*o->mnt));
	for (size_t i = 0; i < o->near->count; i++) {
		auto_close int dir = open_near(o, i);
		uint64_t mnt = dir < 0 ? 0 : ns_id(dir, "mnt");

		o->mnt[i] = mnt == o->t->ns.mnt || mnt == o->t->host.mnt ? 0 : mnt;
	}
}

static bool is_in(const struct cgroup *c, const struct cgroup *of)
{
	size_t len = strlen(of->path);

	return len > 1 && !strcmp(c->controllers, of->controllers) &&
		!strncmp(c->path, of->path, len) && (!c->path[len] || c->path[len] == '/');
}

/* Where nobody may make cgroups (a user's podman) a container is in that of who started it. */
static bool is_of_starter(const struct owners *o, int first, const struct cgroup *c)
{
	struct proc_stat st;
	auto_close int parent = proc_stat(first, &st) < 0 ? -1 : proc_open(o->procfs, st.ppid);
	struct cgroup of;

	return parent >= 0 && cgroup_read(&of, parent) && is_in(&of, c);
}

/* The starter may have ended, but what else is in his cgroup is in no pid namespace of containers
 * other than the host's. */
static bool is_own(const struct owners *o, size_t i, int first, const struct cgroup *c)
{
	return o->pids[i] == o->t->host.pid ? scope_is_named(c, o->near->items[i].id) :
		!is_of_starter(o, first, c);
}

static void read_cgroups(struct owners *o)
{
	if (!o->mnt)
		read_mnts(o);
	o->cgroups = arena_alloc(o->a, (o->near->count + 1) * sizeof(*o->cgroups));
	o->pids = arena_alloc(o->a, (o->near->count + 1) * sizeof(*o->pids));
	for (size_t i = 0; i < o->near->count; i++) {
		auto_close int dir = o->mnt[i] ? open_near(o, i) : -1;

		o->pids[i] = dir < 0 ? 0 : ns_id(dir, "pid");
		if (dir >= 0 && (!cgroup_read(&o->cgroups[i], dir) ||
				 !is_own(o, i, dir, &o->cgroups[i])))
			o->cgroups[i].path[0] = '\0';
	}
}

uint32_t owner_by_mnt(struct owners *o, uint64_t mnt)
{
	if (!o->mnt)
		read_mnts(o);
	for (size_t i = 0; mnt && i < o->near->count; i++)
		if (o->mnt[i] == mnt)
			return (uint32_t)i;
	return OWNER_NONE;
}

/* The pid namespace of a process, and those that it is in. */
static size_t read_pids(int dir, uint64_t ret[PIDS_DEEP])
{
	auto_close int ns = ns_open(dir, "pid");
	size_t n = 0;

	while (ns >= 0 && n < PIDS_DEEP) {
		int above = ns_parent(ns);

		ret[n++] = ns_id_fd(ns);
		own_close(&ns);
		ns = above;
	}
	return n;
}

static bool is_below(const uint64_t *pids, size_t count, uint64_t of)
{
	for (size_t i = 0; i < count; i++)
		if (of && pids[i] == of)
			return true;
	return false;
}

uint32_t owner_by_cgroup(struct owners *o, pid_t pid)
{
	auto_close int dir = proc_open(o->procfs, pid);
	uint64_t pids[PIDS_DEEP];
	struct cgroup c;
	size_t npids;

	if (dir < 0 || ns_id(dir, "mnt") == o->t->host.mnt || !cgroup_read(&c, dir))
		return OWNER_NONE;
	if (!o->cgroups)
		read_cgroups(o);
	npids = read_pids(dir, pids);
	for (size_t i = 0; i < o->near->count; i++)
		if (is_in(&c, &o->cgroups[i]) && is_below(pids, npids, o->pids[i]))
			return (uint32_t)i;
	return OWNER_NONE;
}
