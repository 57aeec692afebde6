/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/sysrow.h"

#include "nsdebug/out/expr.h"
#include "nsdebug/trace/words.h"

struct sys_want sysrow_want(const struct sysrow_opts *o, const struct expr *filter)
{
	return (struct sys_want){
		.timed = o->timed || o->slower || expr_uses(filter, "took_s"),
		.failed = o->failed, .slower_ns = o->slower,
		.stack_bytes = stacks_bytes(&o->stacks),
	};
}

void sysrow_fill(struct sys_trace *t, const struct target *target, const struct sys_call *c,
		 const struct who *w, struct sysrow *row)
{
	row->time = tracer_time(&t->tracer, c->at);
	row->pid = w->ns_pid;
	row->tid = w->ns_tid;
	row->host_pid = w->pid;
	row->host_tid = c->tid;
	row->uid = tracer_uid(target, w);
	row->comm = tracer_comm(w);
	if (c->ret < 0)
		row->error = word_errno(c->ret);
	if (c->flags & SYS_TIMED)
		row->took_s = (int64_t)c->took;
	row->frames = stacks_frames(&t->stacks, c->tid, c->at, &row->frames_end);
}
