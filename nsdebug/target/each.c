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

	/* A state that vanishes or is half-written while we look is that container's business. */
	if (w->runtime->load(w->runtime, id, &c, NULL) < 0) {
		w->broken++;
		return true;
	}
	return w->found(w->ctx, &c);
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

enum cstate container_state(const struct container *c, uint32_t *ret_uid)
{
	auto_close int procfs = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int self = openat(procfs, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_close int dir = c->pid > 0 ? proc_open(procfs, c->pid) : -1;
	struct proc_status status;
	struct proc_stat st;

	*ret_uid = UINT32_MAX;
	if (dir < 0 || proc_stat(dir, &st) < 0 || st.state == 'Z' || st.state == 'X' ||
	    (c->start && st.start != c->start) || proc_status(dir, &status) < 0)
		return CSTATE_EXITED;
	*ret_uid = status.uid[1];
	return cgroup_frozen(dir, self) ? CSTATE_PAUSED : CSTATE_RUNNING;
}

const char *cstate_name(enum cstate s)
{
	static const char *const names[] = { "running", "paused", "exited" };

	return names[s];
}
