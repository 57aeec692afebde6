/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace mount - what a container mounts, unmounts and takes as its root, and which namespaces it
 * makes or enters.
 */
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <string.h>
#include <sys/syscall.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/sysput.h"
#include "nsdebug/trace/sysrow.h"

#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif
#define RECURSIVE 0x8000	/* AT_RECURSIVE */

static const struct opt mount_opt[] = {
	SYSROW_OPTS,
	OPT_END
};

struct mount_row {
	struct sysrow base;
	uint64_t fd, number;
	struct bytes source, path, fstype, data, what;
	const char *op, *call;
};

#define C(t, f, fl, h, ...) COL(t, struct mount_row, f, fl, h, ##__VA_ARGS__)

static const struct col mount_col[] = {
	SYSROW_WHO_COLS(struct mount_row),
	C(COL_STR, op, 0, "what was to be done", .least = 10),
	C(COL_STR, call, COL_HIDE, "by which system call"),
	C(COL_U64, number, COL_HIDE, "its number"),
	SYSROW_RESULT_COLS(struct mount_row),
	C(COL_U64, fd, COL_WIDE, "the descriptor that came of it", .least = 3),
	C(COL_BYTES, source, COL_HIDE | COL_CLAIMED, "what was mounted, bound or moved"),
	C(COL_BYTES, path, COL_HIDE | COL_NAME | COL_CLAIMED, "where, as it was named"),
	C(COL_BYTES, fstype, COL_HIDE | COL_CLAIMED, "the kind of file system"),
	C(COL_BYTES, data, COL_HIDE | COL_CLAIMED, "its own options"),
	C(COL_BYTES, what, COL_CLAIMED | COL_CODE, "in words"),
	STACKS_BASE_COLS(struct mount_row),
	COL_END
};

struct word {
	uint64_t bit;
	const char *text;
};

static const struct word mount_words[] = {
	{ 1, "read-only" }, { 2, "nosuid" }, { 4, "nodev" }, { 8, "noexec" }, { 16, "sync" },
	{ 64, "mandatory locks" }, { 128, "dirsync" }, { 256, "nosymfollow" },
	{ 1024, "noatime" }, { 2048, "nodiratime" }, { 1 << 21, "relatime" },
	{ 1 << 24, "strictatime" }, { 1 << 25, "lazytime" }, { 0, NULL }
};

#define BIND 4096
#define MOVE 8192
#define REMOUNT 32
#define BELOW 16384

static const struct word propagation_words[] = {
	{ 1 << 17, "unbindable" }, { 1 << 18, "private" }, { 1 << 19, "slave" },
	{ 1 << 20, "shared" }, { 0, NULL }
};

static const struct word attr_words[] = {
	{ 1, "read-only" }, { 2, "nosuid" }, { 4, "nodev" }, { 8, "noexec" },
	{ 16, "noatime" }, { 32, "strictatime" }, { 128, "nodiratime" },
	{ 0x100000, "mapped ids" }, { 0x200000, "nosymfollow" }, { 0, NULL }
};

static const struct word umount_words[] = {
	{ 1, "by force" }, { 2, "detached" }, { 4, "if it is not used" }, { 8, "no link followed" },
	{ 0, NULL }
};

static const struct word ns_words[] = {
	{ 0x80, "time" }, { CLONE_NEWNS, "mount" }, { CLONE_NEWCGROUP, "cgroup" },
	{ CLONE_NEWUTS, "uts" }, { CLONE_NEWIPC, "ipc" }, { CLONE_NEWUSER, "user" },
	{ CLONE_NEWPID, "pid" }, { CLONE_NEWNET, "net" }, { CLONE_FS, "root and directory" },
	{ CLONE_FILES, "descriptors" }, { CLONE_SYSVSEM, "semaphores" }, { 0, NULL }
};

/* What is left over is no word, and 0 nothing; true if there was anything. */
static bool put_words(struct buf *b, const struct word *words, uint64_t bits, const char *before)
{
	bool any = bits != 0;

	for (; bits && words->text; words++) {
		if (!(bits & words->bit))
			continue;
		buf_addf(b, "%s%s", before, words->text);
		bits &= ~words->bit;
		before = ", ";
	}
	if (bits)
		buf_addf(b, "%s%#llx", before, (unsigned long long)bits);
	return any;
}

static uint64_t all_of(const struct word *words)
{
	uint64_t all = 0;

	for (; words->text; words++)
		all |= words->bit;
	return all;
}

static void put_string(struct buf *b, struct bytes s)
{
	if (s.p)
		sysput_string(b, s, s.len, s.len);
	else
		buf_str(b, "?");
}

/* A path, or with an empty one the descriptor itself. */
static void put_at(struct buf *b, uint64_t dirfd, struct bytes path)
{
	if (path.p && !path.len && (int)dirfd != AT_FDCWD) {
		buf_addf(b, "descriptor %d", (int)dirfd);
		return;
	}
	put_string(b, path);
	if (path.p && path.p[0] != '/' && (int)dirfd != AT_FDCWD)
		buf_addf(b, " below descriptor %d", (int)dirfd);
}

/* ---- the calls ---- */

static void say_mount(struct buf *b, struct mount_row *row, const struct sysview *v)
{
	uint64_t flags = v->call->args[3], how = flags & all_of(propagation_words);
	uint64_t options = flags & all_of(mount_words);
	const char *below = flags & BELOW ? ", and all below" : "";

	row->path = sysview_string(v, 1);
	if (flags & REMOUNT) {
		row->op = "remount";
		put_string(b, row->path);
		buf_str(b, flags & BIND ? " alone" : "");
		if (!put_words(b, mount_words, options, ": "))
			buf_str(b, ": without options");
	} else if (flags & (BIND | MOVE)) {
		row->op = flags & BIND ? "bind" : "move";
		row->source = sysview_string(v, 0);
		put_string(b, row->source);
		buf_str(b, " -> ");
		put_string(b, row->path);
		buf_str(b, flags & BIND ? below : "");
	} else if (how) {
		row->op = "propagate";
		put_string(b, row->path);
		put_words(b, propagation_words, how, ": ");
		buf_str(b, below);
	} else {
		row->source = sysview_string(v, 0);
		row->fstype = sysview_string(v, 2);
		put_string(b, row->fstype);
		buf_str(b, " of ");
		put_string(b, row->source);
		buf_str(b, " -> ");
		put_string(b, row->path);
		put_words(b, mount_words, options, ": ");
	}
	if (!(flags & (BIND | MOVE)) && !how && v->call->args[4]) {
		row->data = sysview_string(v, 4);
		buf_str(b, ", ");
		put_string(b, row->data);
	}
}

static void say_umount(struct buf *b, struct mount_row *row, const struct sysview *v)
{
	row->path = sysview_string(v, 0);
	put_string(b, row->path);
	put_words(b, umount_words, v->call->args[1], ": ");
}

static void say_fsopen(struct buf *b, struct mount_row *row, const struct sysview *v)
{
	row->fstype = sysview_string(v, 0);
	buf_str(b, "a new ");
	put_string(b, row->fstype);
}

/* enum fsconfig_command of <linux/mount.h> */
static void say_fsconfig(struct buf *b, struct mount_row *row, const struct sysview *v)
{
	static const char *const commands[] = {
		[6] = "create", [7] = "reconfigure", [8] = "create, which must be new",
	};
	const struct sys_call *c = v->call;
	struct bytes key = sysview_string(v, 2);

	buf_addf(b, "descriptor %d: ", (int)c->args[0]);
	if (c->args[1] < ARRAY_SIZE(commands) && commands[c->args[1]]) {
		buf_str(b, commands[c->args[1]]);
		return;
	}
	row->data = key;
	put_string(b, key);
	if (c->args[1] == 1 || c->args[1] == 3 || c->args[1] == 4) {
		buf_str(b, " = ");
		put_string(b, sysview_string(v, 3));
	} else if (c->args[1] == 2) {
		buf_addf(b, " = %llu bytes", (unsigned long long)c->args[4]);
	} else if (c->args[1] == 5) {
		buf_addf(b, " = descriptor %d", (int)c->args[4]);
	}
}

static void say_fsmount(struct buf *b, struct mount_row *row, const struct sysview *v)
{
	buf_addf(b, "a mount of descriptor %d", (int)v->call->args[0]);
	put_words(b, attr_words, v->call->args[2], ": ");
}

static void say_fspick(struct buf *b, struct mount_row *row, const struct sysview *v)
{
	row->path = sysview_string(v, 1);
	buf_str(b, "the file system at ");
	put_at(b, v->call->args[0], row->path);
}

static void say_move_mount(struct buf *b, struct mount_row *row, const struct sysview *v)
{
	const struct sys_call *c = v->call;

	row->source = sysview_string(v, 1);
	row->path = sysview_string(v, 3);
	put_at(b, c->args[0], row->source);
	buf_str(b, " -> ");
	put_at(b, c->args[2], row->path);
}

/* struct mount_attr: attr_set, attr_clr, propagation, userns_fd */
static void put_attr(struct buf *b, struct bytes s)
{
	uint64_t a[4];

	if (s.len < sizeof(a))
		return;
	memcpy(a, s.p, sizeof(a));
	put_words(b, attr_words, a[0], ": ");
	put_words(b, attr_words, a[1], ": not ");
	put_words(b, propagation_words, a[2], ": ");
	if (a[0] & 0x100000)
		buf_addf(b, " of descriptor %d", (int)a[3]);
}

static void say_open_tree(struct buf *b, struct mount_row *row, const struct sysview *v)
{
	uint64_t flags = v->call->args[2];

	row->path = sysview_string(v, 1);
	buf_str(b, flags & 1 ? "a copy of the mount at " : "the mount at ");
	put_at(b, v->call->args[0], row->path);
	buf_str(b, flags & RECURSIVE ? ", and all below" : "");
	put_attr(b, sysview_part(v, 3, SYS_ITSELF));
}

static void say_setattr(struct buf *b, struct mount_row *row, const struct sysview *v)
{
	row->path = sysview_string(v, 1);
	put_at(b, v->call->args[0], row->path);
	buf_str(b, v->call->args[2] & RECURSIVE ? ", and all below" : "");
	put_attr(b, sysview_part(v, 3, SYS_ITSELF));
}

static void say_pivot(struct buf *b, struct mount_row *row, const struct sysview *v)
{
	struct bytes old = sysview_string(v, 1);

	row->path = sysview_string(v, 0);
	put_string(b, row->path);
	buf_str(b, ", what was the root -> ");
	put_string(b, old);
}

static void say_chroot(struct buf *b, struct mount_row *row, const struct sysview *v)
{
	row->path = sysview_string(v, 0);
	put_string(b, row->path);
}

static void say_unshare(struct buf *b, struct mount_row *row, const struct sysview *v)
{
	if (!put_words(b, ns_words, v->call->args[0], "new: "))
		buf_str(b, "nothing");
}

static void say_setns(struct buf *b, struct mount_row *row, const struct sysview *v)
{
	buf_addf(b, "descriptor %d", (int)v->call->args[0]);
	put_words(b, ns_words, v->call->args[1], ": ");
}

static const struct mountcall {
	uint16_t nr;
	bool opens;		/* it returns a descriptor */
	const char *op;
	void (*say)(struct buf *b, struct mount_row *row, const struct sysview *v);
} calls[] = {
	{ SYS_mount, false, "mount", say_mount }, { SYS_umount2, false, "umount", say_umount },
	{ SYS_fsopen, true, "fsopen", say_fsopen },
	{ SYS_fsconfig, false, "fsconfig", say_fsconfig },
	{ SYS_fsmount, true, "fsmount", say_fsmount }, { SYS_fspick, true, "fspick", say_fspick },
	{ SYS_move_mount, false, "move", say_move_mount },
	{ SYS_open_tree, true, "open_tree", say_open_tree },
	{ SYS_open_tree_attr, true, "open_tree", say_open_tree },
	{ SYS_mount_setattr, false, "setattr", say_setattr },
	{ SYS_pivot_root, false, "pivot_root", say_pivot },
	{ SYS_chroot, false, "chroot", say_chroot },
	{ SYS_unshare, false, "unshare", say_unshare }, { SYS_setns, false, "setns", say_setns },
};

struct listing {
	struct run *r;
	struct sys_trace sys;
};

static const struct mountcall *find(uint16_t nr)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].nr == nr)
			return &calls[i];
	return NULL;
}

static void take(void *ctx, const struct sys_call *c, const struct who *w)
{
	const struct mountcall *k = find(c->nr);
	struct listing *l = ctx;
	struct sysview v = { c, &sysdefs[c->nr], UINT64_MAX };
	auto_buf struct buf what = { 0 };
	struct mount_row row;
	char room[16];

	if (c->flags & SYS_COMPAT || !k)
		return;
	row_none(mount_col, &row);
	sysrow_fill(&l->sys, l->r->target, c, w, &row.base);
	row.call = sysdef_name(c->nr, room);
	row.number = c->nr;
	row.op = k->op;
	k->say(&what, &row, &v);
	row.what = (struct bytes){ what.bytes, what.len };
	if (c->ret >= 0 && k->opens)
		row.fd = (uint64_t)c->ret;
	tracer_row(&l->sys.tracer, &row);
}

static void mount_run(struct run *r)
{
	const struct sysrow_opts *o = r->opts;
	struct listing l = { .r = r, .sys = { .fn = take, .ctx = &l } };
	struct sys_want want = sysrow_want(o, r->emit->filter);

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		sysset_add(&want.set, calls[i].nr);
	sys_run(&l.sys, &want, r->in, &o->tracer, r->target);
}

static int mount_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	const struct sysrow_opts *o = opts;

	if (!l->fields && l->format == OUT_TABLE)
		l->fields = o->timed ? "time,pid,comm,op,error,took_s,fd,what,frames" :
			"time,pid,comm,op,error,fd,what,frames";
	return tracer_layout(opts, nargs, args, l, e);
}

static const struct example mount_example[] = {
	{ "nsdebug trace mount nsd-demo --for 1s", "mounts, roots and namespaces" },
	{ "nsdebug trace mount nsd-demo --failed --for 1s -o jsonl", "those that were refused" },
	{ "nsdebug trace mount --next nsd-new --early --for 1s",
	  "what the runtime mounts for a container that is to come" },
	{ NULL }
};

const struct tool tool_trace_mount = {
	.name = "trace mount",
	.summary = "show what a container mounts, and the roots and namespaces it takes",
	.about = "Old calls (mount, umount2, pivot_root, chroot) and new ones (fsopen, fsconfig, "
		"fsmount, open_tree, move_mount, mount_setattr), and unshare and setns, in words "
		"and with their result. Names are as the program said them: not resolved, and a "
		"claim, for another thread may have changed the bytes since the kernel read them. "
		"Namespaces that clone makes with a new process are not among them: "
		"'trace syscalls -e clone,clone3' shows those.",
	.needs = NEED_TRACE,
	.next = tracer_next,
	.opts = mount_opt, .opts_size = sizeof(struct sysrow_opts),
	.cols = mount_col,
	.examples = mount_example,
	.mapper = stacks_mapper,
	.setup = mount_setup,
	.run = mount_run,
};
