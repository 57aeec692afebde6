/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/cgroup.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/target/target.h"

struct walk {
	bool (*found)(void *ctx, struct container *c);
	void *ctx;
	const struct runtime *runtime;
	unsigned int broken;
};

static bool load_one(void *ctx, const char *id)
{
	struct walk *w = ctx;
	struct container c;
	struct err e;

	if (w->runtime->load(w->runtime, id, &c, &e) == 0)
		return w->found(w->ctx, &c);
	/* one that is being made or taken away has a directory and no state: it is none of now */
	w->broken += e.status != ST_TARGET;
	return true;
}

int target_each(bool (*found)(void *ctx, struct container *c), void *ctx, unsigned int *broken,
		struct err *e)
{
	struct walk w = { .found = found, .ctx = ctx };

	for (const struct runtime *const *r = runtimes; *r; r++) {
		w.runtime = *r;
		if ((*r)->each(*r, load_one, &w, e) < 0)
			return -1;
	}
	*broken = w.broken;
	return 0;
}

int node_open(struct node *n, struct err *e)
{
	auto_close int self = -1;

	*n = (struct node){ .procfs = target_procfs(e) };
	if (n->procfs < 0)
		return -1;
	self = openat(n->procfs, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (cgroup_mounts_read(&n->cgroups, self) < 0)
		return err_sys(e, "read our own mount table");
	return 0;
}

void node_close(struct node *n)
{
	own_close(&n->procfs);
	buf_free(&n->cgroups.text);
}

enum cstate container_state(const struct container *c, const struct node *n, uint32_t *ret_uid)
{
	auto_close int dir = c->pid > 0 ? proc_open(n->procfs, c->pid) : -1;
	struct proc_status status;
	struct proc_stat st;

	*ret_uid = UINT32_MAX;
	if (dir < 0 || proc_stat(dir, &st) < 0 || st.state == 'Z' || st.state == 'X' ||
	    (c->start && st.start != c->start) || proc_status(dir, &status) < 0)
		return CSTATE_EXITED;
	*ret_uid = status.uid[1];
	return cgroup_frozen(dir, &n->cgroups) ? CSTATE_PAUSED : CSTATE_RUNNING;
}

const char *cstate_name(enum cstate s)
{
	static const char *const names[] = { "running", "paused", "exited" };

	return names[s];
}
