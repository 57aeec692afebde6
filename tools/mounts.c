/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mounts - what is mounted in a container, where it comes from, and what it hides.
 *
 * The table is the kernel's, read beside the container: nothing of it is touched, so that a dead
 * file server costs nothing. Only --df and a PATH go inside.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/sys/mounts.h"
#include "nsdebug/target/origin.h"
#include "nsdebug/target/target.h"

struct mounts_opts {
	bool all, df, bytes;
};

#define F(l, n, f, h) OPT(l, n, OPT_FLAG, struct mounts_opts, f, NULL, h)

static const struct opt mounts_opt[] = {
	F('a', "all", all, "the plumbing too: proc, sysfs, cgroup, devices, masked paths"),
	F('D', "df", df, "how full they are; fuse and network file systems are not asked"),
	F('b', "bytes", bytes, "sizes in bytes"),
	OPT_END
};

struct mount_row {
	uint64_t id, parent, hidden_by, shared, master, size, used, available, use_percent,
		inodes, inodes_used, read_only, deleted, idmapped, network;
	const char *kind, *access, *device, *propagation;
	struct bytes asked, path, from, host_path, host_file, name, pod, driver, inside, part_of,
		hidden_by_path, root, fstype, source, upper, work;
	struct col_list options, fs_options, layers;
};

#define C(t, f, fl, h, ...) COL(t, struct mount_row, f, fl, h, ##__VA_ARGS__)

static const struct col mounts_col[] = {
	C(COL_BYTES, asked, COL_HIDE | COL_CLAIMED, "the path that was asked for"),
	C(COL_BYTES, path, COL_NAME | COL_CLAIMED, "where it is mounted in the container"),
	C(COL_STR, kind, 0, "what it is: image, volume, bind, tmpfs, configmap, secret ..."),
	C(COL_BYTES, fstype, COL_CLAIMED, "type of the file system"),
	C(COL_STR, access, COL_NOJSON, "ro if the mount or its file system is, rw", .head = "RW"),
	C(COL_BYTES, from, COL_NOJSON | COL_CLAIMED, "where it comes from, and what is odd there"),
	C(COL_BYTES, name, COL_HIDE, "of the volume, ConfigMap, Secret or injected file"),
	C(COL_BYTES, host_path, COL_HIDE, "the same files on the host; null: not mounted there",
	  .head = "HOSTPATH"),
	C(COL_BYTES, host_file, COL_HIDE, "with PATH: the same file on the host",
	  .head = "HOSTFILE"),
	C(COL_BYTES, pod, COL_HIDE, "uid of the pod that the volume is of"),
	C(COL_BYTES, driver, COL_HIDE, "of a volume of the kubelet: csi, nfs ..."),
	C(COL_BYTES, inside, COL_HIDE, "what of the volume is mounted, if not all"),
	C(COL_BYTES, part_of, COL_HIDE | COL_CLAIMED, "path in the container of the same files",
	  .head = "PARTOF"),
	C(COL_U64, hidden_by, COL_HIDE, "id of the mount that hides it; null: it can be reached",
	  .head = "HIDDENBY"),
	C(COL_BYTES, hidden_by_path, COL_HIDE | COL_CLAIMED, "where that one is"),
	C(COL_LIST, layers, COL_HIDE | COL_CLAIMED, "of an overlay, the uppermost first"),
	C(COL_BYTES, upper, COL_HIDE | COL_CLAIMED, "of an overlay: the writable layer"),
	C(COL_BYTES, work, COL_HIDE | COL_CLAIMED, "of an overlay: its work directory"),
	C(COL_SIZE, size, COL_HIDE, "of the file system in bytes, with --df"),
	C(COL_SIZE, used, COL_HIDE, "of that used"),
	C(COL_SIZE, available, COL_HIDE, "of that free for everyone", .head = "AVAIL"),
	C(COL_U64, use_percent, COL_HIDE, "used part of what is not root's own", .head = "USE%"),
	C(COL_U64, inodes, COL_HIDE, "number of inodes, with --df"),
	C(COL_U64, inodes_used, COL_HIDE, "of that used", .head = "IUSED"),
	C(COL_LIST, options, COL_WIDE, "of the mount: ro or rw, nosuid, nodev, noexec ..."),
	C(COL_BOOL, read_only, COL_HIDE, "the mount or its file system is", .head = "RO"),
	C(COL_BOOL, idmapped, COL_HIDE, "its owners are shown shifted"),
	C(COL_BOOL, deleted, COL_HIDE, "what was mounted has been removed since, or replaced"),
	C(COL_BOOL, network, COL_HIDE, "a server answers for it: fuse, nfs ..."),
	C(COL_STR, propagation, COL_WIDE, "private, shared, slave or unbindable"),
	C(COL_U64, shared, COL_HIDE, "peer group that it shares mounts with"),
	C(COL_U64, master, COL_HIDE, "peer group that it receives mounts of"),
	C(COL_STR, device, COL_WIDE, "major:minor of the file system"),
	C(COL_BYTES, root, COL_WIDE | COL_CLAIMED, "what of the file system is mounted"),
	C(COL_BYTES, source, COL_WIDE | COL_CLAIMED, "as whoever mounted it called it"),
	C(COL_LIST, fs_options, COL_HIDE | COL_CLAIMED, "of the file system"),
	C(COL_U64, id, COL_WIDE, "number of the mount"),
	C(COL_U64, parent, COL_HIDE, "number of the one it is on"),
	COL_END
};

struct listing {
	struct run *r;
	const struct mounts_opts *o;
	const struct mounts *m;
	struct origins origins;
	struct arena *a;
	unsigned int plumbing, unasked;
};

/* ---- one row ---- */

static struct bytes text(const char *s)
{
	return s ? (struct bytes){ s, strlen(s) } : (struct bytes){ NULL, 0 };
}

static struct bytes text_if(const char *s)
{
	return s && *s ? text(s) : (struct bytes){ NULL, 0 };
}

static const char *device(struct listing *l, const struct mount *m)
{
	char t[32];
	int n = snprintf(t, sizeof(t), "%u:%u", m->major, m->minor);

	return arena_dup(l->a, t, (size_t)n);
}

/* "rw,size=64k" to its words; what is escaped within one is a byte of it. */
static struct col_list split(struct listing *l, const char *options)
{
	char *copy = arena_dup(l->a, options, strlen(options));
	struct bytes *items;
	size_t n = 1;

	for (const char *p = copy; *p; p++)
		n += *p == ',';
	items = arena_alloc(l->a, n * sizeof(*items));
	n = 0;
	for (char *p = copy; *p;) {
		char *end = strchrnul(p, ','), *next = *end ? end + 1 : end;

		*end = '\0';
		mounts_unescape(p);
		items[n++] = text(p);
		p = next;
	}
	return (struct col_list){ items, n };
}

static const char *propagation(const struct mount *m)
{
	if (m->unbindable)
		return "unbindable";
	if (m->shared)
		return m->master ? "shared,slave" : "shared";
	return m->master ? "slave" : "private";
}

static struct bytes keep(struct listing *l, const struct buf *b)
{
	return (struct bytes){ arena_dup(l->a, b->bytes, b->len), b->len };
}

static void fill_layers(struct listing *l, const struct mount *m, struct mount_row *row)
{
	struct layers layers;
	struct bytes *items;

	row->layers = COL_NO_LIST;
	if (strcmp(m->type, "overlay") != 0)
		return;
	origin_layers(m, &layers, l->a);
	items = arena_alloc(l->a, (layers.count + 1) * sizeof(*items));
	for (size_t i = 0; i < layers.count; i++)
		items[i] = layers.lower[i];
	row->layers = (struct col_list){ items, layers.count };
	row->upper = layers.upper;
	row->work = layers.work;
	free(layers.lower);
}

static void fill_mount(struct listing *l, uint32_t i, struct mount_row *row)
{
	const struct mount *m = &l->m->items[i];
	uint32_t by = l->origins.own_cover.items[i].hidden_by;

	row->id = m->id;
	row->parent = m->parent;
	row->path = text(m->point);
	row->fstype = text(m->type);
	row->root = text(m->root);
	row->source = text_if(m->source);
	row->options = split(l, m->options);
	row->fs_options = split(l, m->fs_options);
	row->read_only = mounts_option(m->options, "ro") || mounts_option(m->fs_options, "ro");
	row->access = row->read_only ? "ro" : "rw";
	row->idmapped = mounts_option(m->options, "idmapped");
	row->deleted = m->deleted;
	row->network = m->served;
	row->propagation = propagation(m);
	row->shared = m->shared ? m->shared : NONE_U64;
	row->master = m->master ? m->master : NONE_U64;
	row->device = device(l, m);
	row->hidden_by = by == NO_MOUNT ? NONE_U64 : l->m->items[by].id;
	row->hidden_by_path = by == NO_MOUNT ? text(NULL) : text(l->m->items[by].point);
	fill_layers(l, m, row);
}

static void fill_origin(struct listing *l, const struct origin *o, struct mount_row *row)
{
	row->kind = origin_word(o->kind);
	row->name = o->name;
	row->pod = o->pod;
	row->driver = o->driver;
	row->inside = text_if(o->inside);
	row->host_path = text(o->host);
	if (o->part_of != NO_MOUNT)
		row->part_of = text(l->m->items[o->part_of].point);
}

/* ---- "from": the same in a few words ---- */

static void put(struct buf *b, struct bytes s)
{
	buf_add(b, s.p, s.len);
}

static void put_image(struct buf *b, const struct mount_row *row)
{
	size_t n = row->layers.count;

	if (!row->layers.items) {
		buf_str(b, row->host_path.p ? row->host_path.p : "not mounted on the host");
		return;
	}
	buf_addf(b, "%zu layer%s%s", n, n == 1 ? "" : "s",
		 row->upper.len ? " below " : ", none to write to");
	put(b, row->upper);
}

static void put_size_limit(struct buf *b, const struct mount_row *row)
{
	for (size_t i = 0; i < row->fs_options.count; i++)
		if (str_prefix(row->fs_options.items[i].p, "size=")) {
			buf_str(b, "memory, ");
			put(b, row->fs_options.items[i]);
			return;
		}
	buf_str(b, "memory");
}

static void put_named(struct buf *b, const struct mount_row *row)
{
	if (row->driver.len) {
		put(b, row->driver);
		buf_char(b, ' ');
	}
	put(b, row->name);
	put(b, row->inside);
	if (row->pod.len) {
		buf_str(b, " of pod ");
		put(b, row->pod);
	} else if (row->host_path.len) {
		buf_str(b, " (");
		put(b, row->host_path);
		buf_char(b, ')');
	}
}

static void put_unknown(struct buf *b, const struct mount_row *row)
{
	if (row->source.len && row->source.len < 256) {
		put(b, row->source);
		buf_str(b, ", ");
	}
	buf_str(b, "not mounted on the host");
}

static void put_origin(struct buf *b, enum origin_kind kind, const struct mount_row *row)
{
	if (kind == ORIGIN_IMAGE || kind == ORIGIN_OVERLAY)
		put_image(b, row);
	else if (kind == ORIGIN_TMPFS)
		put_size_limit(b, row);
	else if (row->part_of.p && (kind == ORIGIN_REMOUNT || kind == ORIGIN_READONLY))
		buf_str(b, "itself, with other options");
	else if (row->part_of.p)
		buf_addf(b, "its own %s%s", row->part_of.p[1] ? row->part_of.p : "",
			 row->inside.p ? row->inside.p : row->part_of.p[1] ? "" : "/");
	else if (kind == ORIGIN_MASKED)
		buf_str(b, "nothing: hides what is there");
	else if (row->name.len)
		put_named(b, row);
	else if (row->host_path.len)
		put(b, row->host_path);
	else if (kind == ORIGIN_OTHER)
		put_unknown(b, row);
}

static void put_remark(struct buf *b, const char *what)
{
	if (b->len)
		buf_str(b, "; ");
	buf_str(b, what);
}

/* What someone who wonders why a file is not as expected would like to know. */
static void put_remarks(struct listing *l, uint32_t i, struct buf *b, const struct mount_row *row)
{
	const struct cover *c = &l->origins.own_cover;
	uint32_t by = c->items[i].hidden_by;

	if (by != NO_MOUNT && (by == c->root || by == i)) {
		put_remark(b, "hidden: mounted over the root after that was chosen");
	} else if (by != NO_MOUNT) {
		put_remark(b, "hidden by what is on ");
		put(b, row->hidden_by_path);
	}
	if (row->deleted)
		put_remark(b, "removed or replaced since: changes there do not show here");
	if (row->idmapped)
		put_remark(b, "idmapped");
	if (row->network && by == NO_MOUNT)
		put_remark(b, "a server answers for it");
}

static void fill_from(struct listing *l, uint32_t i, enum origin_kind kind, struct mount_row *row)
{
	auto_buf struct buf b = { 0 };

	put_origin(&b, kind, row);
	put_remarks(l, i, &b, row);
	if (b.len)
		row->from = keep(l, &b);
}

/* ---- inside: how full it is ---- */

/* Files of an overlay, and of btrfs, may say another device than the table. */
static bool is_same(int fd, const struct mount *m)
{
	struct statx st;

	if (!strcmp(m->type, "overlay") || !strcmp(m->type, "btrfs"))
		return true;
	return root_stat(fd, "", &st) == 0 && st.stx_dev_major == m->major &&
		st.stx_dev_minor == m->minor;
}

static void fill_space(const struct mount *m, int fd, struct mount_row *row)
{
	struct statfs fs;
	uint64_t block, reach;

	if (!is_same(fd, m) || root_statfs(fd, &fs) < 0)
		return;
	block = fs.f_frsize > 0 ? (uint64_t)fs.f_frsize : (uint64_t)fs.f_bsize;
	row->size = (uint64_t)fs.f_blocks * block;
	row->used = (uint64_t)(fs.f_blocks - fs.f_bfree) * block;
	row->available = (uint64_t)fs.f_bavail * block;
	reach = row->used / 1024 + row->available / 1024;
	if (reach)	/* rounded up, as df does it */
		row->use_percent = (row->used / 1024 * 100 + reach - 1) / reach;
	if (fs.f_files) {
		row->inodes = (uint64_t)fs.f_files;
		row->inodes_used = (uint64_t)(fs.f_files - fs.f_ffree);
	}
}

static void ask_space(struct listing *l, uint32_t i, struct mount_row *row)
{
	const struct mount *m = &l->m->items[i];
	auto_close int fd = -1;

	if (!l->o->df || l->origins.own_cover.items[i].hidden_by != NO_MOUNT)
		return;
	if (m->served) {
		l->unasked++;
		return;
	}
	fd = root_open(&l->r->root, m->point, true, NULL);
	if (fd >= 0)
		fill_space(m, fd, row);
}

static void fill_row(struct listing *l, uint32_t i, const struct origin *o, struct mount_row *row)
{
	*row = (struct mount_row){ .size = NONE_U64, .used = NONE_U64, .available = NONE_U64,
		.use_percent = NONE_U64, .inodes = NONE_U64, .inodes_used = NONE_U64 };
	fill_mount(l, i, row);
	fill_origin(l, o, row);
	fill_from(l, i, o->kind, row);
}

/* ---- the table, and what a path is on ---- */

static const struct mounts *sorted;	/* qsort(3) has no context argument */

static int by_path(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	int d = cover_path_order(sorted->items[x].point, sorted->items[y].point);

	return d ? d : (x > y) - (x < y);
}

static void send_table(struct listing *l)
{
	auto_free uint32_t *order = mem_alloc((l->m->count + 1) * sizeof(*order));
	struct mount_row row;

	for (uint32_t i = 0; i < l->m->count; i++)
		order[i] = i;
	sorted = l->m;
	qsort(order, l->m->count, sizeof(*order), by_path);
	for (uint32_t n = 0; n < l->m->count; n++) {
		uint32_t i = order[n];
		struct origin o;

		emit_tick(l->r->emit);
		origin_of(&l->origins, i, &o);
		if (o.plumbing && !l->o->all &&
		    l->origins.own_cover.items[i].hidden_by == NO_MOUNT) {
			l->plumbing++;
			continue;
		}
		fill_row(l, i, &o, &row);
		ask_space(l, i, &row);
		emit_row(l->r->emit, &row);
	}
}

/* The same file by the host's path of the mount, if nothing else is mounted on the way. */
static void fill_host_file(struct listing *l, const char *below, struct mount_row *row)
{
	const struct cover *c = &l->origins.host_cover;
	auto_buf struct buf b = { 0 };

	if (!row->host_path.len)
		return;
	put(&b, row->host_path);
	if (b.len == 1 && *below)
		buf_clear(&b);
	buf_str(&b, below);
	if (cover_holding(c, b.bytes) == cover_holding(c, row->host_path.p))
		row->host_file = keep(l, &b);
}

static void send_holder(struct listing *l, const char *asked, int fd, const char *path,
			struct err *e)
{
	uint32_t i = cover_holding(&l->origins.own_cover, path);
	struct mount_row row;
	struct origin o;

	if (i == NO_MOUNT) {
		err_set(e, ST_FAILED, "%s: is on the file system of a root that was changed: its "
			"mount is not in the container's table", asked);
		emit_err(l->r->emit, e);
		return;
	}
	origin_of(&l->origins, i, &o);
	fill_row(l, i, &o, &row);
	row.asked = text(asked);
	fill_host_file(l, cover_below(path, row.path.p), &row);
	if (l->o->df)
		fill_space(&l->m->items[i], fd, &row);
	emit_row(l->r->emit, &row);
}

/* Links are followed and names looked up by the kernel, in there; the table says the rest. */
static void find_path(struct listing *l, const char *asked)
{
	char path[4096];
	struct err e;
	auto_close int fd = root_open(&l->r->root, asked, false, &e);
	long n;

	if (fd < 0) {
		emit_err(l->r->emit, &e);
		return;
	}
	n = root_path(&l->r->root, fd, path, sizeof(path));
	if (n <= 0 || n == sizeof(path) || path[0] != '/') {
		err_set(&e, ST_FAILED, "%s: its path is too long, or leads out of the root", asked);
		emit_err(l->r->emit, &e);
		return;
	}
	path[n] = '\0';
	send_holder(l, asked, fd, path, &e);
}

static void say_missing(struct listing *l)
{
	const struct target *t = l->r->target;

	if (t->mounts.cut)
		emit_cut(l->r->emit, "only the first %zu mounts", t->mounts.count);
	if (t->host_mounts.cut)
		emit_cut(l->r->emit, "only the first %zu mounts of the host: paths there may be "
			 "missing", t->host_mounts.count);
	if (l->unasked)
		emit_note(l->r->emit, "%u not asked how full they are: their servers might not "
			  "answer (name a path on one to ask it)", l->unasked);
	if (l->plumbing)
		emit_note(l->r->emit, "%u more: proc, sysfs, cgroup, devices, masked paths "
			  "(--all)", l->plumbing);
}

static void mounts_run(struct run *r)
{
	struct listing l = { .r = r, .o = r->opts, .m = &r->target->mounts, .a = arena_new() };

	origins_init(&l.origins, l.m, &r->target->host_mounts, l.a);
	for (int i = 0; i < r->nargs; i++)
		find_path(&l, r->args[i]);
	if (!r->nargs)
		send_table(&l);
	say_missing(&l);
	arena_free(&l.a);
}

static enum need mounts_needs(const void *opts, int nargs, char *const *args)
{
	(void)args;
	return nargs || ((const struct mounts_opts *)opts)->df ? NEED_ROOT : NEED_PROC;
}

static bool mounts_mounts(const void *opts)
{
	(void)opts;
	return true;
}

static int mounts_setup(void *opts, int nargs, char *const *args, struct layout *l,
			struct err *e)
{
	struct mounts_opts *o = opts;

	(void)args;
	if (o->all && nargs)
		return err_set(e, ST_USAGE, "--all is of the whole table: it does not go with a "
			       "path");
	l->human = !o->bytes;
	if (l->fields || l->format != OUT_TABLE)
		return 0;
	if (o->df)
		l->fields = nargs ?
			"asked,path,kind,size,used,available,use_percent,inodes,inodes_used" :
			"path,kind,size,used,available,use_percent,inodes,inodes_used,from";
	else if (nargs)
		l->fields = "asked,path,kind,access,from,host_file";
	return 0;
}

static const struct arg mounts_arg = {
	"PATH", "only the mount that holds this file or directory", ARG_PATH, 0, -1,
};

static const struct example mounts_example[] = {
	{ "nsdebug mounts nsd-demo", "what is mounted, and from where" },
	{ "nsdebug mounts nsd-demo /etc/passwd /tmp", "what these paths are on" },
	{ "nsdebug mounts --df nsd-demo", "how full it is" },
	{ "nsdebug mounts --all -o path,hidden_by_path,options nsd-demo",
	  "masked paths and what is hidden below another mount" },
	{ NULL }
};

const struct tool tool_mounts = {
	.name = "mounts",
	.summary = "show what is mounted in a container, and where it comes from",
	.about = "The origin follows from what the kernel tells (device, root within the file "
		"system, type) and from the host's own mount table, never from the source that a "
		"mount claims; so it holds for volumes of docker and podman, for ConfigMaps, "
		"Secrets and other volumes of the kubelet, and for subPaths of them.\n"
		"A mount that another one hides is shown with the one that hides it.\n"
		"Without --df and PATH nothing in the container is touched.",
	.needs = NEED_PROC,
	.needs_of = mounts_needs,
	.arg = &mounts_arg,
	.opts = mounts_opt, .opts_size = sizeof(struct mounts_opts),
	.cols = mounts_col,
	.mounts = mounts_mounts,
	.host_mounts = true,
	.examples = mounts_example,
	.setup = mounts_setup,
	.run = mounts_run,
};
