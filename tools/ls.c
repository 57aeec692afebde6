/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ls - directories and files as the container sees them.
 *
 * One statx(2) a file and none where the name alone is asked for; no file system's server is asked
 * (AT_STATX_DONT_SYNC), and -R does not descend into those that have one (fuse, nfs ...) unless the
 * user named them.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/sys/mode.h"
#include "nsdebug/target/target.h"

#define ENTRIES_MAX 10000000u
#define LINK_MAX_BYTES 4096

struct ls_opts {
	bool long_format, all, almost_all, directory, human, inode, numeric, recursive, by_size,
		by_time, reverse, one, classify, attributes, full_time, unsorted;
	/* set by setup() */
	bool stat;	/* the kernel must be asked about each file */
	bool titles;	/* rows are shown under their directory's name */
	bool hidden;	/* columns that no table shows unless named are wanted */
	bool marks;	/* and about its attributes, which is another call */
};

#define O(l, n, f, h) OPT(l, n, OPT_FLAG, struct ls_opts, f, NULL, h)

static const struct opt ls_opt[] = {
	O('l', "long", long_format, "mode, links, owner, size, time and where links lead"),
	O('a', "all", all, "names that begin with a dot too, and . and .."),
	O('A', "almost-all", almost_all, "names that begin with a dot too"),
	O('d', "directory", directory, "directories themselves, not what is in them"),
	O('h', "human-readable", human, "sizes as 1.5K, 20M"),
	O('i', "inode", inode, "inode numbers"),
	O('n', "numeric", numeric, "like -l, ids instead of the target's user names"),
	O('R', "recursive", recursive, "directories below too; never into fuse or network mounts"),
	O('S', NULL, by_size, "largest first"),
	O('t', NULL, by_time, "newest first"),
	O('r', "reverse", reverse, "the other way round"),
	O('U', NULL, unsorted, "as the directory has them, at once"),
	O('1', NULL, one, "one name a line"),
	O('F', "classify", classify, "mark directories /, links @, programs *, FIFOs |, sockets ="),
	O('@', "attributes", attributes, "extended attributes; + after the mode: an ACL"),
	O(0, "full-time", full_time, "like -l, times in full"),
	OPT_END
};

struct ls_row {
	struct bytes dir, path, name, link_target, device;
	const char *type, *mode, *perm, *mark;
	uint64_t inode, nlink, user, group, uid, gid, host_uid, host_gid, size, blocks, paint;
	struct coltime mtime, ctime, atime;
	struct col_list xattrs;
};

#define C(t, f, fl, h, ...) COL(t, struct ls_row, f, fl, h, ##__VA_ARGS__)

static const struct col ls_col[] = {
	C(COL_BYTES, dir, COL_HIDE | COL_GROUP | COL_CLAIMED, "directory it is in, as named"),
	C(COL_U64, inode, COL_HIDE, "inode number"),
	C(COL_STR, mode, 0, "type and permissions, drwxr-xr-x"),
	C(COL_STR, perm, COL_HIDE, "permissions in octal"),
	C(COL_STR, type, COL_HIDE, "file, dir, link, fifo, socket, block or char"),
	C(COL_U64, nlink, 0, "number of hard links", .head = "LINKS"),
	C(COL_UID, user, COL_CLAIMED, "owner, by the target's own passwd"),
	C(COL_GID, group, COL_CLAIMED, "group, by the target's own group file"),
	C(COL_U64, uid, COL_HIDE, "owner's id in the container; 65534: not mapped"),
	C(COL_U64, gid, COL_HIDE, "group's id in the container"),
	C(COL_U64, host_uid, COL_WIDE, "owner's id on the host", .head = "HOSTUID"),
	C(COL_U64, host_gid, COL_WIDE, "group's id on the host", .head = "HOSTGID"),
	C(COL_SIZE, size, 0, "size in bytes"),
	C(COL_U64, blocks, COL_HIDE, "blocks of 512 bytes it takes up"),
	C(COL_BYTES, device, COL_WIDE, "major:minor of a device"),
	C(COL_TIME, mtime, 0, "last change of the contents", .head = "MODIFIED"),
	C(COL_TIME, ctime, COL_HIDE, "last change of the inode"),
	C(COL_TIME, atime, COL_HIDE, "last read"),
	C(COL_PAINT, paint, 0, "colour of the name"),
	C(COL_BYTES, name, COL_CLAIMED, "name"),
	C(COL_STR, mark, COL_GLUE, "/ directory, @ link, * program, | FIFO, = socket"),
	C(COL_BYTES, link_target, COL_GLUE | COL_CLAIMED, "where a symbolic link leads",
	  .glue = " -> "),
	C(COL_LIST, xattrs, COL_GLUE | COL_CLAIMED, "names of extended attributes, with -@",
	  .glue = "  "),
	C(COL_BYTES, path, COL_HIDE | COL_NAME | COL_CLAIMED, "whole path in the container"),
	COL_END
};

struct entry {
	size_t name;		/* offset in names */
	uint64_t inode, size;
	int64_t mtime;
	uint32_t mtime_nsec;
	uint32_t at;		/* index in stats, when there are any */
	mode_t type;
};

struct stat_cell {		/* of struct statx, what rows show */
	uint64_t blocks;
	uint32_t nlink, uid, gid, rdev_major, rdev_minor, mode;
	int64_t ctime, atime;
	uint32_t ctime_nsec, atime_nsec;
};

struct listing {
	struct run *r;
	const struct ls_opts *o;
	struct buf names;
	struct entry *entries;
	struct stat_cell *stats;
	size_t count;
	uint32_t nstats;
	char **pending;		/* directories still to be listed, the next one last */
	size_t npending;
	bool named;		/* this directory was named by the user */
};

/* ---- one row ---- */

static enum paint paint_of(mode_t m)
{
	if (S_ISDIR(m))
		return PAINT_DIR;
	if (S_ISLNK(m))
		return PAINT_LINK;
	if (!S_ISREG(m))
		return m & S_IFMT ? PAINT_SPECIAL : PAINT_NONE;
	if (m & (S_ISUID | S_ISGID))
		return PAINT_SETID;
	return m & 0111 ? PAINT_EXEC : PAINT_NONE;
}

struct row_text {
	char mode[12], perm[8], target[LINK_MAX_BYTES], device[32], path[8192], xattrs[65536];
	struct bytes names[1024];
};

static struct bytes text_of(const char *s)
{
	return (struct bytes){ s, strlen(s) };
}

static void fill_stat(struct listing *l, struct ls_row *row, struct row_text *x,
		      const struct entry *en)
{
	const struct stat_cell *s = &l->stats[en->at];
	const struct target *t = l->r->target;

	mode_text(s->mode, x->mode);
	row->mode = x->mode;
	row->nlink = s->nlink;
	row->host_uid = s->uid;
	row->host_gid = s->gid;
	row->user = target_uid(t, s->uid);
	row->group = target_gid(t, s->gid);
	row->size = en->size;
	row->mtime = (struct coltime){ en->mtime, en->mtime_nsec };
	row->paint = paint_of(s->mode);
	if (S_ISBLK(s->mode) || S_ISCHR(s->mode)) {
		snprintf(x->device, sizeof(x->device), "%u:%u", s->rdev_major, s->rdev_minor);
		row->device = text_of(x->device);
		row->size = NONE_U64;
	}
}

/* Of a name in the open directory dir, or of one that the user named: then through its directory,
 * for no call lists those of a descriptor without opening what may not be opened. */
static long xattrs_of(struct listing *l, struct row_text *x, int dir, const char *name)
{
	const char *slash = strrchr(name, '/');
	auto_close int up = -1;

	if (dir < 0) {
		auto_buf struct buf b = { 0 };

		buf_addf(&b, "%.*s.", slash ? (int)(slash - name + 1) : 0, name);
		up = root_open(&l->r->root, b.bytes, false, NULL);
		dir = up;
		name = slash ? slash + 1 : name;
	}
	return dir < 0 ? 0 : root_xattrs(dir, *name ? name : ".", x->xattrs, sizeof(x->xattrs));
}

static void fill_path(struct ls_row *row, struct row_text *x, const char *dir, const char *name)
{
	const char *slash = dir && *dir && dir[strlen(dir) - 1] != '/' ? "/" : "";
	int n = dir ? snprintf(x->path, sizeof(x->path), "%s%s%s", dir, slash, name) :
		snprintf(x->path, sizeof(x->path), "%s", name);

	if (n > 0 && (size_t)n < sizeof(x->path))
		row->path = (struct bytes){ x->path, (size_t)n };
}

static void fill_hidden(struct listing *l, struct ls_row *row, struct row_text *x,
			const struct entry *en, const char *dir, const char *name)
{
	const struct stat_cell *s = &l->stats[en->at];

	fill_path(row, x, dir, name);
	if (dir)
		row->dir = text_of(dir);
	row->type = mode_word(en->type);
	row->inode = en->inode;
	if (!l->o->stat)
		return;
	snprintf(x->perm, sizeof(x->perm), "%04o", s->mode & 07777);
	row->perm = x->perm;
	row->uid = row->user;
	row->gid = row->group;
	row->blocks = s->blocks;
	row->ctime = (struct coltime){ s->ctime, s->ctime_nsec };
	row->atime = (struct coltime){ s->atime, s->atime_nsec };
}

static void fill_xattrs(struct listing *l, struct ls_row *row, struct row_text *x, int dir,
			const char *name)
{
	long len = xattrs_of(l, x, dir, name);
	size_t n = 0;
	bool acl = false;

	for (long at = 0; at < len && n < ARRAY_SIZE(x->names); n++) {
		x->names[n] = text_of(x->xattrs + at);
		acl |= str_prefix(x->xattrs + at, "system.posix_acl");
		at += (long)x->names[n].len + 1;
	}
	if (n && l->o->attributes)
		row->xattrs = (struct col_list){ x->names, n };
	if (n && row->mode)
		x->mode[10] = acl ? '+' : '@';
}

static void fill_link(struct listing *l, struct ls_row *row, struct row_text *x, int dir,
		      const char *name)
{
	long n = root_readlink(dir, name, x->target, sizeof(x->target));
	struct err e;

	if (n >= 0) {
		row->link_target = (struct bytes){ x->target, (size_t)n };
		return;
	}
	/* those of /proc/PID need CAP_SYS_PTRACE, which a reader lacks */
	err_sys(&e, "%.*s: where the link leads cannot be read", (int)row->name.len, row->name.p);
	e.status = ST_FAILED;
	emit_err(l->r->emit, &e);
}

/* dirname is NULL for a file that the user named: it then is its own path. */
static void send(struct listing *l, const struct entry *en, int dir, const char *dirname)
{
	const char *name = l->names.bytes + en->name;
	struct ls_row row = {
		.name = text_of(name), .inode = NONE_U64, .nlink = NONE_U64, .user = NONE_U64,
		.group = NONE_U64, .uid = NONE_U64, .gid = NONE_U64, .host_uid = NONE_U64,
		.host_gid = NONE_U64, .size = NONE_U64,
		.blocks = NONE_U64, .mtime = { NONE_I64, 0 }, .ctime = { NONE_I64, 0 },
		.atime = { NONE_I64, 0 }, .paint = paint_of(en->type), .xattrs = COL_NO_LIST,
	};
	struct row_text x;

	if (dirname && l->o->titles)
		row.dir = text_of(dirname);
	if (l->o->stat)
		fill_stat(l, &row, &x, en);
	if (l->o->hidden)
		fill_hidden(l, &row, &x, en, dirname, name);
	if (l->o->marks)
		fill_xattrs(l, &row, &x, dirname ? dir : -1, name);
	if (l->o->classify && !(l->o->long_format && S_ISLNK(en->type)))
		row.mark = mode_mark(l->o->stat ? l->stats[en->at].mode : en->type);
	if (S_ISLNK(en->type) && l->o->long_format)
		fill_link(l, &row, &x, dir, dirname ? name : "");
	emit_row(l->r->emit, &row);
}

/* ---- sorting ---- */

static const struct listing *sorting;	/* qsort(3) has no context argument */

static int by_name(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;

	return strcmp(sorting->names.bytes + x->name, sorting->names.bytes + y->name);
}

static int in_order(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	const struct ls_opts *o = sorting->o;
	int d = 0;

	if (o->by_size)
		d = x->size < y->size ? 1 : -(x->size > y->size);
	else if (o->by_time)
		d = x->mtime != y->mtime ? (x->mtime < y->mtime ? 1 : -1) :
			x->mtime_nsec < y->mtime_nsec ? 1 : -(x->mtime_nsec > y->mtime_nsec);
	d = d ? d : by_name(a, b);
	return o->reverse ? -d : d;
}

static void sort(struct listing *l)
{
	sorting = l;
	if (!l->o->unsorted && l->count)
		qsort(l->entries, l->count, sizeof(*l->entries), in_order);
}

/* ---- gathering ---- */

static void take_stat(struct listing *l, struct entry *en, const struct statx *st)
{
	en->type = st->stx_mode;
	en->inode = st->stx_ino;
	en->size = st->stx_size;
	en->mtime = st->stx_mtime.tv_sec;
	en->mtime_nsec = st->stx_mtime.tv_nsec;
	en->at = l->nstats;
	l->stats = mem_more(l->stats, l->nstats);
	l->nstats++;
	l->stats[en->at] = (struct stat_cell){
		.blocks = st->stx_blocks, .nlink = st->stx_nlink, .uid = st->stx_uid,
		.gid = st->stx_gid, .rdev_major = st->stx_rdev_major,
		.rdev_minor = st->stx_rdev_minor, .mode = st->stx_mode,
		.ctime = st->stx_ctime.tv_sec, .ctime_nsec = st->stx_ctime.tv_nsec,
		.atime = st->stx_atime.tv_sec, .atime_nsec = st->stx_atime.tv_nsec,
	};
}

/* Adds a name; its own failure is said and does not end the listing. */
static void add(struct listing *l, int dir, const char *stat_name, const char *name, mode_t type,
		uint64_t inode)
{
	struct statx st;
	struct entry *en;
	struct err e;

	l->entries = mem_more(l->entries, l->count);
	en = &l->entries[l->count];
	*en = (struct entry){ .name = l->names.len, .type = type, .inode = inode };
	if (l->o->stat || !type) {
		if (root_stat(dir, stat_name, &st) < 0) {
			err_sys(&e, "%s", name);
			e.status = ST_FAILED;
			emit_err(l->r->emit, &e);
			return;
		}
		take_stat(l, en, &st);
	}
	buf_add(&l->names, name, strlen(name) + 1);
	l->count++;
}

static void clear(struct listing *l)
{
	free(take_ptr(l->entries));
	free(take_ptr(l->stats));
	buf_clear(&l->names);
	l->count = l->nstats = 0;
}

static bool is_wanted(const struct ls_opts *o, const char *name)
{
	return name[0] != '.' || o->all || o->almost_all;
}

static void push(struct listing *l, const char *dir, const char *name)
{
	const char *slash = dir[strlen(dir) - 1] == '/' ? "" : "/";
	auto_buf struct buf b = { 0 };

	buf_addf(&b, "%s%s%s", dir, slash, name);
	l->pending = mem_more(l->pending, l->npending);
	l->pending[l->npending++] = take_ptr(b.bytes);
}

/* Last one first, so that the first is listed next. */
static void push_below(struct listing *l, const char *dir)
{
	for (size_t i = l->count; l->o->recursive && i; i--) {
		const char *name = l->names.bytes + l->entries[i - 1].name;

		if (S_ISDIR(l->entries[i - 1].type) && strcmp(name, ".") && strcmp(name, ".."))
			push(l, dir, name);
	}
}

static void gather(struct listing *l, struct root_dir *d, const char *path)
{
	struct root_name n;
	struct err e;
	int more;

	if (l->o->all) {
		add(l, d->fd, ".", ".", S_IFDIR, 0);
		add(l, d->fd, "..", "..", S_IFDIR, 0);
	}
	while ((more = root_dir_next(d, &n, &e)) > 0) {
		emit_tick(l->r->emit);
		if (!is_wanted(l->o, n.name))
			continue;
		if (l->count == ENTRIES_MAX) {
			emit_cut(l->r->emit, "%s: only the first %u names", path, ENTRIES_MAX);
			return;
		}
		add(l, d->fd, n.name, n.name, n.type, n.inode);
	}
	if (more < 0) {
		err_wrap(&e, "%s", path);
		emit_err(l->r->emit, &e);
	}
}

/* A server that may not answer is asked only where the user asks for it. */
static bool stays_out(struct listing *l, int fd, const char *path)
{
	struct statx st;

	if (l->named || root_stat(fd, "", &st) < 0 ||
	    !mounts_served(&l->r->target->mounts, st.stx_dev_major, st.stx_dev_minor))
		return false;
	emit_note(l->r->emit, "%s: not entered: its file system asks a server (name it to list it)",
		  path);
	return true;
}

static void list_directory(struct listing *l, const char *path)
{
	auto_close int fd = -1;
	struct root_dir d = { .fd = -1 };
	struct err e;

	fd = root_open(&l->r->root, path, false, &e);
	if (fd >= 0 && stays_out(l, fd, path))
		return;
	if (fd < 0 || root_dir_open_fd(&d, &l->r->root, fd, path, &e) < 0) {
		emit_err(l->r->emit, &e);
		return;
	}
	clear(l);
	gather(l, &d, path);
	sort(l);
	for (size_t i = 0; i < l->count; i++) {
		send(l, &l->entries[i], d.fd, path);
		emit_tick(l->r->emit);
	}
	push_below(l, path);
	root_dir_close(&d);
}

/* A link to a directory is one, unless the options are about the link itself; the kernel follows a
 * link whose name ends in a slash in any case. */
static bool follows(const struct ls_opts *o)
{
	return !o->long_format && !o->directory && !o->classify;
}

static bool is_directory(struct listing *l, const char *path, struct err *e, bool *ret)
{
	auto_close int fd = root_open(&l->r->root, path, true, e), to = -1;
	mode_t mode, to_mode;

	if (fd < 0 || root_type(fd, path, &mode, e) < 0)
		return false;
	*ret = S_ISDIR(mode) && !l->o->directory;
	if (S_ISLNK(mode) && follows(l->o)) {
		to = root_open(&l->r->root, path, false, NULL);	/* one to nowhere is a name */
		*ret = to >= 0 && root_type(to, path, &to_mode, NULL) == 0 && S_ISDIR(to_mode);
	}
	if (!*ret)
		add(l, fd, "", path, mode & S_IFMT, 0);
	return true;
}

/* The next one is the last. */
static void reverse(char **words, size_t n)
{
	for (size_t i = 0; i < n / 2; i++) {
		char *word = words[i];

		words[i] = words[n - 1 - i];
		words[n - 1 - i] = word;
	}
}

/* Files that were named come first, then the directories: as ls does it. */
static void list_named(struct listing *l, int n, char *const *paths)
{
	for (int i = 0; i < n; i++) {
		struct err e;
		bool directory = false;

		if (!is_directory(l, paths[i], &e, &directory)) {
			emit_err(l->r->emit, &e);
		} else if (directory) {
			l->pending = mem_more(l->pending, l->npending);
			l->pending[l->npending++] = mem_strdup(paths[i]);
		}
	}
	reverse(l->pending, l->npending);
	sort(l);
	for (size_t i = 0; i < l->count; i++) {
		auto_close int fd = root_open(&l->r->root, l->names.bytes + l->entries[i].name,
					      true, NULL);

		send(l, &l->entries[i], fd, NULL);
	}
}

static void ls_run(struct run *r)
{
	static char *const top[] = { (char *)"/" };
	struct listing l = { .r = r, .o = r->opts };
	size_t named;

	if (l.o->long_format && !l.o->numeric)
		run_send_names(r);
	list_named(&l, r->nargs ? r->nargs : 1, r->nargs ? r->args : top);
	named = l.npending;
	while (l.npending) {
		auto_free char *path = l.pending[--l.npending];

		l.named = l.npending < named;
		named = l.npending < named ? l.npending : named;
		list_directory(&l, path);
	}
	clear(&l);
	buf_free(&l.names);
	free(l.pending);
}

static int ls_setup(void *opts, int nargs, char *const *args, struct layout *lay, struct err *e)
{
	struct ls_opts *o = opts;
	bool rows = lay->format == OUT_JSON || lay->format == OUT_JSONL || lay->fields;

	(void)args;
	(void)e;
	o->long_format |= o->numeric || o->full_time || lay->format == OUT_WIDE || rows;
	o->marks = o->attributes || lay->format == OUT_WIDE;
	o->hidden = rows || o->inode || lay->format != OUT_TABLE;
	o->stat = o->long_format || o->inode || o->by_size || o->by_time || o->classify ||
		lay->color == WHEN_ALWAYS || (lay->color == WHEN_AUTO && lay->columns);
	if (lay->format == OUT_WIDE || lay->fields)
		lay->kind = LAYOUT_TABLE;	/* chosen columns need their names */
	else
		lay->kind = o->long_format ? LAYOUT_LIST : o->one ? LAYOUT_LIST : LAYOUT_GRID;
	lay->titles = o->titles = (nargs > 1 || o->recursive) && !o->directory;
	lay->human = o->human;
	lay->numeric = o->numeric;
	lay->full_time = o->full_time;
	if (!lay->fields && !o->long_format)
		lay->fields = o->inode ? "inode,name" : "name";
	else if (!lay->fields && o->inode && lay->format == OUT_TABLE)
		lay->fields = "inode,mode,nlink,user,group,size,mtime,name";
	return 0;
}

static bool ls_mounts(const void *opts)
{
	return ((const struct ls_opts *)opts)->recursive;
}

static const struct arg ls_arg = {
	"PATH", "file or directory in the container (/)", ARG_PATH, 0, -1,
};

static const struct example ls_example[] = {
	{ "nsdebug ls -l nsd-demo /", "what is in an image without a shell" },
	{ "nsdebug ls -la nsd-demo /etc /app", "several directories" },
	{ "nsdebug ls -R -o json nsd-demo /app", "for programs" },
	{ NULL }
};

const struct tool tool_ls = {
	.name = "ls",
	.summary = "list files and directories as the container sees them",
	.about = "Sizes, times and owners come from the kernel through the container's own mounts. "
		"User names are those of the container's passwd, ids those of its user namespace; "
		"-o wide adds the host's. Nothing is written, access times do not change.",
	.needs = NEED_ROOT,
	.arg = &ls_arg,
	.opts = ls_opt, .opts_size = sizeof(struct ls_opts),
	.cols = ls_col,
	.mounts = ls_mounts,
	.examples = ls_example,
	.setup = ls_setup,
	.run = ls_run,
};
