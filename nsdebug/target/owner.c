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

static void read_cgroups(struct owners *o)
{
	if (!o->mnt)
		read_mnts(o);
	o->cgroups = arena_alloc(o->a, (o->near->count + 1) * sizeof(*o->cgroups));
	for (size_t i = 0; i < o->near->count; i++) {
		auto_close int dir = o->mnt[i] ? open_near(o, i) : -1;

		if (dir >= 0 && !cgroup_read(&o->cgroups[i], dir))
			o->cgroups[i].path[0] = '\0';
	}
}

static bool is_in(const struct cgroup *c, const struct cgroup *of)
{
	size_t len = strlen(of->path);

	return len > 1 && !strcmp(c->controllers, of->controllers) &&
		!strncmp(c->path, of->path, len) && (!c->path[len] || c->path[len] == '/');
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

uint32_t owner_by_cgroup(struct owners *o, pid_t pid)
{
	auto_close int dir = proc_open(o->procfs, pid);
	struct cgroup c;

	if (dir < 0 || !cgroup_read(&c, dir))
		return OWNER_NONE;
	if (!o->cgroups)
		read_cgroups(o);
	for (size_t i = 0; i < o->near->count; i++)
		if (is_in(&c, &o->cgroups[i]))
			return (uint32_t)i;
	return OWNER_NONE;
}
