/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace open - files that a container opens, and those that it does not get.
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/sysput.h"
#include "nsdebug/trace/sysrow.h"
#include "nsdebug/trace/sysword.h"

static const struct opt open_opt[] = {
	SYSROW_OPTS,
	OPT(0, "slower", OPT_DURATION, struct sysrow_opts, slower, "TIME",
	    "only those that took longer; implies -T"),
	OPT_END
};

struct open_row {
	struct sysrow base;
	uint64_t fd, dirfd;
	struct bytes path, flags, mode, resolve;
};

#define C(t, f, fl, h, ...) COL(t, struct open_row, f, fl, h, ##__VA_ARGS__)

static const struct col open_col[] = {
	SYSROW_WHO_COLS(struct open_row),
	C(COL_U64, fd, 0, "the new descriptor", .least = 3),
	SYSROW_RESULT_COLS(struct open_row),
	C(COL_BYTES, flags, 0, "how it was to be opened"),
	C(COL_BYTES, mode, COL_WIDE, "permissions of a new file, before the umask"),
	C(COL_BYTES, resolve, COL_HIDE, "restrictions of openat2(2)"),
	C(COL_U64, dirfd, COL_WIDE,
	  "descriptor that a relative path begins at; null: the working directory"),
	C(COL_BYTES, path, COL_NAME | COL_CLAIMED, "as it was named"),
	STACKS_BASE_COLS(struct open_row),
	COL_END
};

struct listing {
	struct run *r;
	struct sys_trace sys;
};

static const unsigned int calls[] = { SYS_open, SYS_creat, SYS_openat, SYS_openat2 };

static void put_flags(struct buf *b, uint64_t flags)
{
	static const char *const modes[] = { "O_RDONLY", "O_WRONLY", "O_RDWR", "O_ACCMODE" };

	buf_str(b, modes[flags & O_ACCMODE]);
	sysword_put_flags(b, F_open, flags & ~(uint64_t)O_ACCMODE, false);
}

static void show(struct listing *l, struct open_row *row, const struct sysview *v)
{
	auto_buf struct buf flags = { 0 }, mode = { 0 }, resolve = { 0 };
	bool at = v->call->nr == SYS_openat || v->call->nr == SYS_openat2;
	struct open_how o = sysview_how(v);

	put_flags(&flags, o.flags);
	row->flags = (struct bytes){ flags.bytes, flags.len };
	if (o.flags & O_CREAT || (o.flags & O_TMPFILE) == O_TMPFILE) {
		buf_addf(&mode, "%04o", (unsigned int)o.mode & 07777);
		row->mode = (struct bytes){ mode.bytes, mode.len };
	}
	if (o.resolve) {
		sysword_put_flags(&resolve, F_resolve, o.resolve, true);
		row->resolve = (struct bytes){ resolve.bytes, resolve.len };
	}
	row->path = sysview_string(v, at);
	if (at && (int)v->call->args[0] != AT_FDCWD && row->path.p && row->path.p[0] != '/')
		row->dirfd = (uint32_t)v->call->args[0];
	tracer_row(&l->sys.tracer, row);
}

static void take(void *ctx, const struct sys_call *c, const struct who *w)
{
	struct listing *l = ctx;
	struct sysview v = { c, &sysdefs[c->nr], UINT64_MAX };
	struct open_row row;

	if (c->flags & SYS_COMPAT)
		return;
	row_none(open_col, &row);
	sysrow_fill(&l->sys, l->r->target, c, w, &row.base);
	if (c->ret >= 0)
		row.fd = (uint64_t)c->ret;
	show(l, &row, &v);
}

static void open_run(struct run *r)
{
	const struct sysrow_opts *o = r->opts;
	struct listing l = { .r = r, .sys = { .fn = take, .ctx = &l } };
	struct sys_want want = sysrow_want(o, r->emit->filter);

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		sysset_add(&want.set, calls[i]);
	sys_run(&l.sys, &want, r->in, &o->tracer, r->target);
}

static int open_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	const struct sysrow_opts *o = opts;

	if (!l->fields && l->format == OUT_TABLE)
		l->fields = o->timed || o->slower ?
			"time,pid,comm,fd,error,took_s,flags,path,frames" :
			"time,pid,comm,fd,error,flags,path,frames";
	return tracer_layout(opts, nargs, args, l, e);
}

static const struct example open_example[] = {
	{ "nsdebug trace open nsd-demo --for 1s", "all of a second" },
	{ "nsdebug trace open nsd-demo --failed --for 1s",
	  "the file that it looks for and does not find" },
	{ "nsdebug trace open nsd-demo --for 1s --filter 'path ~ \"/etc/*\"' -o jsonl",
	  "only below a directory" },
	{ NULL }
};

const struct tool tool_trace_open = {
	.name = "trace open",
	.summary = "show the files that a container opens, and why others were refused",
	.about = "Names are read when the call returns, where they are always there, and are as "
		"the program said them: not resolved, and a claim, for another thread may have "
		"changed the bytes since the kernel read them. What goes by io_uring or by a "
		"32-bit call is said at the end.",
	.needs = NEED_TRACE,
	.next = tracer_next,
	.opts = open_opt, .opts_size = sizeof(struct sysrow_opts),
	.cols = open_col,
	.examples = open_example,
	.mapper = stacks_mapper,
	.setup = open_setup,
	.run = open_run,
};
