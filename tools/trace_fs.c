/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace fs - what a container changes in its file systems, and which of its reads and writes take
 * long.
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>

#include "bpf/path.h"
#include "nsdebug/base/buf.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/pathput.h"
#include "nsdebug/trace/sysput.h"
#include "nsdebug/trace/sysrow.h"
#include "nsdebug/trace/sysword.h"

#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef SYS_setxattrat
#define SYS_setxattrat 463
#define SYS_removexattrat 466
#endif

static const struct opt fs_opt[] = {
	SYSROW_OPTS,
	OPT(0, "slower", OPT_DURATION, struct sysrow_opts, slower, "TIME",
	    "only what took longer, and then also open, read, write and fsync; implies -T"),
	OPT_END
};

struct fs_row {
	struct sysrow base;
	uint64_t fd, dirfd, to_dirfd, size, new_uid, new_gid;
	uint64_t number;
	struct bytes path, file, to, mode, change;
	const char *op, *call;
};

#define C(t, f, fl, h, ...) COL(t, struct fs_row, f, fl, h, ##__VA_ARGS__)

static const struct col fs_col[] = {
	SYSROW_WHO_COLS(struct fs_row),
	C(COL_STR, op, 0, "what was to be done", .least = 8),
	C(COL_STR, call, COL_WIDE, "by which system call"),
	C(COL_U64, number, COL_HIDE, "its number"),
	SYSROW_RESULT_COLS(struct fs_row),
	C(COL_U64, fd, COL_HIDE, "the descriptor that it was done to"),
	C(COL_U64, dirfd, COL_WIDE,
	  "descriptor that a relative path begins at; null: the working directory"),
	C(COL_BYTES, path, COL_HIDE | COL_NAME | COL_CLAIMED, "as it was named"),
	C(COL_BYTES, file, COL_HIDE, "the descriptor's file, as the kernel has it; its last 16 "
	  "directories"),
	C(COL_U64, to_dirfd, COL_HIDE, "the same as dirfd, for to"),
	C(COL_BYTES, to, COL_HIDE | COL_CLAIMED, "new name; of a symbolic link, where it leads"),
	C(COL_BYTES, mode, COL_HIDE, "permissions, of a new file before the umask"),
	C(COL_U64, new_uid, COL_HIDE, "new owner, in the caller's user namespace; null: as it was"),
	C(COL_U64, new_gid, COL_HIDE, "new group; null: as it was"),
	C(COL_SIZE, size, COL_HIDE, "new size; bytes read or written"),
	C(COL_BYTES, change, COL_NOJSON | COL_CLAIMED | COL_CODE, "the file, and what was changed"),
	STACKS_BASE_COLS(struct fs_row),
	COL_END
};

/* Which argument says what; 0: none, else its number from 1 on. */
struct fscall {
	uint16_t nr;
	bool slow;		/* only asked for with --slower */
	const char *op;
	uint8_t fd, dirfd, path, to_dirfd, to, mode, owner, size, flags;
	int8_t words;		/* enum sys_words of the flags */
};

static const struct fscall calls[] = {
	{ SYS_open, 0, "create", .path = 1 },
	{ SYS_creat, 0, "create", .path = 1 },
	{ SYS_openat, 0, "create", .dirfd = 1, .path = 2 },
	{ SYS_openat2, 0, "create", .dirfd = 1, .path = 2 },
	{ SYS_mkdir, 0, "mkdir", .path = 1, .mode = 2 },
	{ SYS_mkdirat, 0, "mkdir", .dirfd = 1, .path = 2, .mode = 3 },
	{ SYS_rmdir, 0, "rmdir", .path = 1 },
	{ SYS_unlink, 0, "unlink", .path = 1 },
	{ SYS_unlinkat, 0, "unlink", .dirfd = 1, .path = 2 },
	{ SYS_rename, 0, "rename", .path = 1, .to = 2 },
	{ SYS_renameat, 0, "rename", .dirfd = 1, .path = 2, .to_dirfd = 3, .to = 4 },
	{ SYS_renameat2, 0, "rename", .dirfd = 1, .path = 2, .to_dirfd = 3, .to = 4, .flags = 5,
	  .words = F_rename },
	{ SYS_link, 0, "link", .path = 1, .to = 2 },
	{ SYS_linkat, 0, "link", .dirfd = 1, .path = 2, .to_dirfd = 3, .to = 4, .flags = 5,
	  .words = F_at },
	{ SYS_symlink, 0, "symlink", .path = 2, .to = 1 },
	{ SYS_symlinkat, 0, "symlink", .dirfd = 2, .path = 3, .to = 1 },
	{ SYS_mknod, 0, "mknod", .path = 1, .mode = 2 },
	{ SYS_mknodat, 0, "mknod", .dirfd = 1, .path = 2, .mode = 3 },
	{ SYS_chmod, 0, "chmod", .path = 1, .mode = 2 },
	{ SYS_fchmod, 0, "chmod", .fd = 1, .mode = 2 },
	{ SYS_fchmodat, 0, "chmod", .dirfd = 1, .path = 2, .mode = 3 },
	{ SYS_fchmodat2, 0, "chmod", .dirfd = 1, .path = 2, .mode = 3, .flags = 4, .words = F_at },
	{ SYS_chown, 0, "chown", .path = 1, .owner = 2 },
	{ SYS_lchown, 0, "chown", .path = 1, .owner = 2 },
	{ SYS_fchown, 0, "chown", .fd = 1, .owner = 2 },
	{ SYS_fchownat, 0, "chown", .dirfd = 1, .path = 2, .owner = 3, .flags = 5,
	  .words = F_at },
	{ SYS_truncate, 0, "truncate", .path = 1, .size = 2 },
	{ SYS_ftruncate, 0, "truncate", .fd = 1, .size = 2 },
	{ SYS_fallocate, 0, "allocate", .fd = 1, .size = 4, .flags = 2, .words = F_falloc },
	{ SYS_utime, 0, "utimes", .path = 1 },
	{ SYS_utimes, 0, "utimes", .path = 1 },
	{ SYS_futimesat, 0, "utimes", .dirfd = 1, .path = 2 },
	{ SYS_utimensat, 0, "utimes", .dirfd = 1, .path = 2, .flags = 4, .words = F_at },
	{ SYS_setxattr, 0, "setxattr", .path = 1, .to = 2, .size = 4, .flags = 5,
	  .words = F_xattr },
	{ SYS_lsetxattr, 0, "setxattr", .path = 1, .to = 2, .size = 4, .flags = 5,
	  .words = F_xattr },
	{ SYS_fsetxattr, 0, "setxattr", .fd = 1, .to = 2, .size = 4, .flags = 5,
	  .words = F_xattr },
	{ SYS_setxattrat, 0, "setxattr", .dirfd = 1, .path = 2, .to = 4, .flags = 3,
	  .words = F_at },
	{ SYS_removexattr, 0, "rmxattr", .path = 1, .to = 2 },
	{ SYS_lremovexattr, 0, "rmxattr", .path = 1, .to = 2 },
	{ SYS_fremovexattr, 0, "rmxattr", .fd = 1, .to = 2 },
	{ SYS_removexattrat, 0, "rmxattr", .dirfd = 1, .path = 2, .to = 4, .flags = 3,
	  .words = F_at },
	{ SYS_read, 1, "read", .fd = 1 }, { SYS_pread64, 1, "read", .fd = 1 },
	{ SYS_readv, 1, "read", .fd = 1 }, { SYS_preadv, 1, "read", .fd = 1 },
	{ SYS_preadv2, 1, "read", .fd = 1 }, { SYS_getdents64, 1, "list", .fd = 1 },
	{ SYS_write, 1, "write", .fd = 1 }, { SYS_pwrite64, 1, "write", .fd = 1 },
	{ SYS_writev, 1, "write", .fd = 1 }, { SYS_pwritev, 1, "write", .fd = 1 },
	{ SYS_pwritev2, 1, "write", .fd = 1 }, { SYS_copy_file_range, 1, "copy", .fd = 1 },
	{ SYS_fsync, 1, "fsync", .fd = 1 }, { SYS_fdatasync, 1, "fsync", .fd = 1 },
	{ SYS_sync_file_range, 1, "fsync", .fd = 1 }, { SYS_syncfs, 1, "fsync", .fd = 1 },
};

struct listing {
	struct run *r;
	const struct sysrow_opts *o;
	struct sys_trace sys;
	const struct fscall *of[SYS_NR_MAX];
};

/* What a row's words are kept in until it is sent. */
struct texts {
	struct buf file, mode, change;
};

static void free_texts(struct texts *t)
{
	buf_free(&t->file);
	buf_free(&t->mode);
	buf_free(&t->change);
}

static struct bytes bytes_of(const struct buf *b)
{
	return (struct bytes){ b->bytes, b->len };
}

static uint64_t arg(const struct sys_call *c, unsigned int n)
{
	return n ? c->args[n - 1] : 0;
}

static struct bytes string_of(const struct sysview *v, unsigned int n)
{
	return n ? sysview_string(v, n - 1) : (struct bytes){ NULL, 0 };
}

static bool is_open(uint16_t nr)
{
	return nr == SYS_open || nr == SYS_creat || nr == SYS_openat || nr == SYS_openat2;
}

/* Whether a file was there before, the call does not say, unless it had to be new. */
static const char *open_op(uint64_t flags)
{
	if ((flags & O_TMPFILE) == O_TMPFILE)
		return "tmpfile";
	if (flags & O_CREAT)
		return flags & O_EXCL ? "create" : "opencreat";
	return flags & O_TRUNC ? "truncate" : "open";
}

static void put_permissions(struct buf *b, unsigned int mode)
{
	static const char letters[] = "rwxrwxrwx";

	buf_addf(b, "%04o ", mode & 07777);
	for (unsigned int i = 0; i < 9; i++)
		buf_char(b, mode >> (8 - i) & 1 ? letters[i] : '-');
	if (mode & S_ISUID)
		buf_str(b, " set-user-id");
	if (mode & S_ISGID)
		buf_str(b, " set-group-id");
	if (mode & S_ISVTX)
		buf_str(b, " sticky");
}

static void put_node(struct buf *b, unsigned int mode, uint64_t dev)
{
	if (S_ISCHR(mode) || S_ISBLK(mode))
		buf_addf(b, ", %s device %u:%u", S_ISCHR(mode) ? "character" : "block",
			 (unsigned int)(dev >> 8 & 0xfff),
			 (unsigned int)((dev & 0xff) | (dev >> 12 & ~0xffull)));
	else
		buf_addf(b, ", %s", S_ISFIFO(mode) ? "fifo" : S_ISSOCK(mode) ? "socket" : "file");
}

static void put_owner(struct buf *b, struct fs_row *row, uint64_t uid, uint64_t gid)
{
	row->new_uid = (uint32_t)uid == UINT32_MAX ? NONE_U64 : (uint32_t)uid;
	row->new_gid = (uint32_t)gid == UINT32_MAX ? NONE_U64 : (uint32_t)gid;
	if (row->new_uid != NONE_U64)
		buf_addf(b, ", owner %u", (uint32_t)uid);
	if (row->new_gid != NONE_U64)
		buf_addf(b, ", group %u", (uint32_t)gid);
}

static void put_name(struct buf *b, struct bytes s, struct bytes file, uint64_t fd)
{
	if (s.p)
		sysput_string(b, s, s.len, s.len);
	else if (file.p)
		sysput_string(b, file, file.len, file.len);
	else if (fd != NONE_U64)
		buf_addf(b, "fd %llu", (unsigned long long)fd);
	else
		buf_str(b, "(unreadable name)");
}

/* "a" -> "b", 0644 rw-r--r--, ... */
static void put_change(struct buf *b, struct fs_row *row, const struct fscall *k,
		       const struct sys_call *c)
{
	put_name(b, row->path, row->file, row->fd);
	if (row->to.p) {
		buf_str(b, strstr(k->op, "xattr") ? ", " : " -> ");
		sysput_string(b, row->to, row->to.len, row->to.len);
	}
	if (!strcmp(k->op, "mknod"))
		put_node(b, (unsigned int)arg(c, k->mode), c->args[k->mode]);
	if (row->mode.p) {
		buf_str(b, ", ");
		buf_add(b, row->mode.p, row->mode.len);
	}
	if (k->owner)
		put_owner(b, row, arg(c, k->owner), arg(c, k->owner + 1u));
	if (row->size != NONE_U64)
		buf_addf(b, ", %llu bytes", (unsigned long long)row->size);
	if (k->flags && arg(c, k->flags)) {
		buf_str(b, ", ");
		sysword_put_flags(b, (enum sys_words)k->words, arg(c, k->flags), true);
	}
}

/* The descriptor's file, if the kernel told one. 0: it did not; else st_mode. */
static uint32_t put_file(struct buf *b, const struct sysview *v)
{
	struct bytes s = sysview_part(v, 0, SYS_FILE);
	struct path_names n;

	if (s.len != sizeof(n))
		return 0;
	memcpy(&n, s.p, sizeof(n));
	if (!S_ISREG(n.mode) && !S_ISDIR(n.mode) && !S_ISBLK(n.mode))
		return 0;
	pathput(b, &n);
	return n.mode;
}

static void fill_names(struct fs_row *row, const struct fscall *k, const struct sysview *v)
{
	const struct sys_call *c = v->call;

	row->path = string_of(v, k->path);
	row->to = string_of(v, k->to);
	/* futimens(3) has no name */
	if (k->fd)
		row->fd = (uint32_t)arg(c, k->fd);
	else if (k->dirfd && !arg(c, k->path) && (int)arg(c, k->dirfd) != AT_FDCWD)
		row->fd = (uint32_t)arg(c, k->dirfd);
	if (k->dirfd && (int)arg(c, k->dirfd) != AT_FDCWD && row->path.p && row->path.p[0] != '/')
		row->dirfd = (uint32_t)arg(c, k->dirfd);
	if (k->to_dirfd && (int)arg(c, k->to_dirfd) != AT_FDCWD && row->to.p &&
	    row->to.p[0] != '/')
		row->to_dirfd = (uint32_t)arg(c, k->to_dirfd);
	if (k->slow)
		row->size = c->ret >= 0 && strcmp(k->op, "fsync") ? (uint64_t)c->ret : NONE_U64;
	else if (k->size)
		row->size = arg(c, k->size);
}

/* False: it is nothing that was asked for. */
static bool fill_open(struct listing *l, struct fs_row *row, struct texts *t,
		      const struct sysview *v)
{
	struct open_how h = sysview_how(v);

	row->op = open_op(h.flags);
	if (!l->o->slower && !strcmp(row->op, "open"))
		return false;
	if (strcmp(row->op, "open") && strcmp(row->op, "truncate"))
		put_permissions(&t->mode, (unsigned int)h.mode);
	return true;
}

static bool fill_what(struct listing *l, struct fs_row *row, struct texts *t,
		      const struct fscall *k, const struct sysview *v)
{
	fill_names(row, k, v);
	row->op = k->op;
	if (is_open(v->call->nr) && !fill_open(l, row, t, v))
		return false;
	/* a pipe, a socket or a terminal may keep who reads it waiting, and is no file */
	if (row->fd != NONE_U64 && !put_file(&t->file, v) && k->slow)
		return false;
	if (!strcmp(k->op, "unlink") && k->dirfd && v->call->args[2] & AT_REMOVEDIR)
		row->op = "rmdir";
	if (k->mode)
		put_permissions(&t->mode, (unsigned int)arg(v->call, k->mode));
	if (t->file.len)
		row->file = bytes_of(&t->file);
	if (t->mode.len)
		row->mode = bytes_of(&t->mode);
	put_change(&t->change, row, k, v->call);
	row->change = bytes_of(&t->change);
	return true;
}

static void take(void *ctx, const struct sys_call *c, const struct who *w)
{
	__attribute__((cleanup(free_texts))) struct texts t = { 0 };
	struct listing *l = ctx;
	struct sysview v = { c, &sysdefs[c->nr], UINT64_MAX };
	struct fs_row row;
	char room[16];

	if (c->flags & SYS_COMPAT || !l->of[c->nr])
		return;
	row_none(fs_col, &row);
	if (!fill_what(l, &row, &t, l->of[c->nr], &v))
		return;
	sysrow_fill(&l->sys, l->r->target, c, w, &row.base);
	row.call = sysdef_name(c->nr, room);
	row.number = c->nr;
	tracer_row(&l->sys.tracer, &row);
}

static void fs_run(struct run *r)
{
	const struct sysrow_opts *o = r->opts;
	struct listing l = { .r = r, .o = o, .sys = { .fn = take, .ctx = &l } };
	struct sys_want want = sysrow_want(o, r->emit->filter);

	want.files = true;
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		if (calls[i].slow && !o->slower)
			continue;
		sysset_add(&want.set, calls[i].nr);
		l.of[calls[i].nr] = &calls[i];
	}
	sys_run(&l.sys, &want, r->in, &o->tracer, r->target);
}

static int fs_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	const struct sysrow_opts *o = opts;

	if (!l->fields && l->format == OUT_TABLE)
		l->fields = o->timed || o->slower ?
			"time,pid,comm,op,error,took_s,change,frames" :
			"time,pid,comm,op,error,change,frames";
	return tracer_layout(opts, nargs, args, l, e);
}

static const struct example fs_example[] = {
	{ "nsdebug trace fs nsd-demo --for 1s", "what it changes" },
	{ "nsdebug trace fs nsd-demo --failed --for 1s", "what it tries to change and may not" },
	{ "nsdebug trace fs nsd-demo --slower 10ms --for 1s", "reads and writes that take long" },
	{ "nsdebug trace fs nsd-demo --for 1s --filter 'path ~ \"/tmp/*\"' -o jsonl",
	  "only below a directory" },
	{ NULL }
};

const struct tool tool_trace_fs = {
	.name = "trace fs",
	.summary = "show what a container changes in its files, and what takes long",
	.about = "Files that are created, renamed, linked, removed, cut or given other owners, "
		"permissions, times and attributes. Of an open that may create a file the call "
		"does not say whether it did (opencreat), unless the file had to be new (create). "
		"Names are as the program said them: not resolved, and a claim, for another thread "
		"may have changed the bytes since the kernel read them.\n\n"
		"With --slower also reads, writes, fsync and all opens are shown, if they took "
		"longer: of files, directories and block devices, not of pipes, sockets and "
		"terminals. What a descriptor is the kernel tells, when the call returns, as a "
		"path within the container's root; by then another thread may have put another "
		"file there. Writes through a mapping and what goes by io_uring are no such "
		"calls.",
	.needs = NEED_TRACE,
	.next = tracer_next,
	.opts = fs_opt, .opts_size = sizeof(struct sysrow_opts),
	.cols = fs_col,
	.examples = fs_example,
	.mapper = stacks_mapper,
	.setup = fs_setup,
	.run = fs_run,
};
