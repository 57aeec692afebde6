/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plain - what else has a mount namespace and a root of its own: containers of engines whose state
 * is not where we look, bwrap, unshare.
 *
 * Their word is pid://N. What they are called is a claim, of a process (comm) or of whoever made
 * its cgroup: engines name that one after the container. Only the latter is an id that they are
 * found by: any program may be called web while the container of that name is being made anew.
 */
#include <string.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/cgroup.h"
#include "nsdebug/sys/ns.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/target/scan.h"
#include "nsdebug/target/target.h"

#define ID_LEN 64

static int each(const struct runtime *r, struct ask *ask, found_fn *found, void *ctx,
		struct err *e)
{
	return scan_each(r, NULL, ask, found, ctx, e);
}

/* The last generated id in a path: "/kubepods/podX/ID", "/docker-ID.scope/init.scope". */
static const char *id_in(struct arena *a, const char *path)
{
	size_t run = 0;

	for (size_t i = strlen(path); i-- > 0;) {
		run = strchr("0123456789abcdef", path[i]) ? run + 1 : 0;
		if (run == ID_LEN)
			return arena_dup(a, path + i, ID_LEN);
	}
	return NULL;
}

/* Is it in a cgroup of its own? One that it shares with the host's processes names neither. */
static bool owns_cgroup(const struct container *c)
{
	const struct target_want want = { 0 };
	struct target t;
	bool ret = target_pin_pid(&t, c->pid, &want, NULL) == 0 && t.start == c->start &&
		target_scope(&t, NULL) == 0 && t.scope == SCOPE_CGROUP;

	target_free(&t);
	return ret;
}

static int load(struct container *c, struct arena *a, struct err *e)
{
	auto_close int procfs = target_procfs(e);
	auto_close int dir = procfs < 0 ? -1 : proc_open(procfs, c->pid);
	auto_close int user = dir < 0 ? -1 : ns_open(dir, "user");
	struct proc_stat st;
	struct cgroup cgroup;
	const char *id = NULL;

	if (dir < 0 || proc_stat(dir, &st) < 0 || st.start != c->start)
		return err_set(e, ST_TARGET, "process %d is gone", (int)c->pid);
	c->id = "";
	c->name = arena_dup(a, st.comm, strlen(st.comm));
	if (user < 0 || ns_creator(user, &c->owner) < 0)
		c->owner = 0;
	if (!cgroup_read(&cgroup, dir))
		return 0;
	id = id_in(a, cgroup.path);
	if (id) {
		c->id = id;
	} else if (owns_cgroup(c)) {
		id = strrchr(cgroup.path, '/') + 1;
		c->id = c->name = arena_dup(a, id, strlen(id));
	}
	return 0;
}

extern const struct runtime runtime_plain;
const struct runtime runtime_plain = {
	.name = "plain", .scheme = "pid", .where = SCAN_WHERE, .named = true, .scanned = true,
	.each = each, .load = load, .detail = scan_detail,
};
