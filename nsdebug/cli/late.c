/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/cli/late.h"

#include <sys/socket.h>
#include <unistd.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/job.h"
#include "nsdebug/target/find.h"

int late_connect(struct late *l, int *peer, struct err *e)
{
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
		return err_sys(e, "connect two children");
	l->ours = *peer = sv[0];
	l->reader = sv[1];
	return 0;
}

void late_given(struct late *l)
{
	own_close(&l->ours);
}

/* Whoever it is that has the name now. */
static int find(struct late *l, struct err *e)
{
	int n = target_find(&l->found, l->word, l->want, e);

	l->pinned = true;
	return n < 0 ? -1 : target_mounts(&l->found, e);
}

int late_start(struct late *l, const struct job *j, struct err *e)
{
	const struct target *t = l->word ? &l->found : j->target;
	auto_close int peer = take_fd(&l->reader);

	if (peer < 0 || (l->word && find(l, e) < 0))
		return peer < 0 ? 0 : -1;
	return job_start_look(j, t, peer, &l->child, e);
}

void late_free(struct late *l)
{
	own_close(&l->ours);
	own_close(&l->reader);
	if (l->pinned)
		target_free(&l->found);
	l->pinned = false;
}
