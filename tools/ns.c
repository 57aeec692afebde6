/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ns - the namespaces of a container: whose they are, with whom they are shared, what they map.
 *
 * Everything is read from the host's /proc; no namespace is joined.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/clock.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/sys/cgroup.h"
#include "nsdebug/sys/cover.h"
#include "nsdebug/sys/ids.h"
#include "nsdebug/sys/ns.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/target/near.h"
#include "nsdebug/target/sharing.h"
#include "nsdebug/target/target.h"

struct ns_opts {
	uint64_t pid;		/* 0: the container's first process */
};

static const struct opt ns_opt[] = {
	OPT('p', "pid", OPT_U64, struct ns_opts, pid, "PID",
	    "of this process, by the container's number, not of its first one"),
	OPT_END
};

struct process_row {
	uint64_t host_pid;
	struct bytes comm;
};

struct elsewhere_row {
	uint64_t id, processes, host_pid, pid;
	struct bytes comm;
};

struct map_row {
	uint64_t inside, outside, count;
};

struct level_row {
	uint64_t level, id, pid;
};

#define S(t, s, f, fl, h) COL(t, struct s, f, fl, h)

static const struct col process_col[] = {
	S(COL_U64, process_row, host_pid, 0, "on the host"),
	S(COL_BYTES, process_row, comm, COL_CLAIMED, "name that it gave itself"),
	COL_END
};

static const struct col elsewhere_col[] = {
	S(COL_U64, elsewhere_row, id, 0, "inode number of that namespace"),
	S(COL_U64, elsewhere_row, processes, 0, "of the container in it"),
	S(COL_U64, elsewhere_row, pid, 0, "the first of them, as the container numbers it"),
	S(COL_U64, elsewhere_row, host_pid, 0, "as the host numbers it"),
	S(COL_BYTES, elsewhere_row, comm, COL_CLAIMED, "name that it gave itself"),
	COL_END
};

static const struct col map_col[] = {
	S(COL_U64, map_row, inside, 0, "first id in the namespace"),
	S(COL_U64, map_row, outside, 0, "its number on the host"),
	S(COL_U64, map_row, count, 0, "how many"),
	COL_END
};

static const struct col level_col[] = {
	S(COL_U64, level_row, level, 0, "0: the host's"),
	S(COL_U64, level_row, id, 0, "inode number of the pid namespace; null: not ours to know"),
	S(COL_U64, level_row, pid, 0, "number of the process in it"),
	COL_END
};

struct ns_row {
	uint64_t id, host_id, process, processes, members, first_pid, owner, owner_uid, parent,
		others;
	int64_t monotonic_offset_s, boottime_offset_s;
	const char *type, *link, *whose, *setgroups;
	struct bytes first_comm, notes, cgroup, cgroup_root;
	struct col_list containers, kept_by;
	struct col_rows strangers, elsewhere, uid_map, gid_map, levels;
};

#define C(t, f, fl, h, ...) COL(t, struct ns_row, f, fl, h, ##__VA_ARGS__)

static const struct col ns_col[] = {
	C(COL_STR, type, 0, "cgroup ipc mnt net pid time user uts; pid_for_children if another"),
	C(COL_U64, id, 0, "inode number, as lsns has it"),
	C(COL_STR, link, COL_HIDE | COL_NAME, "type and number, as in /proc/PID/ns"),
	C(COL_STR, whose, 0, "host: that of nsdebug; own: of this container only; shared"),
	C(COL_U64, processes, 0, "how many are in it on the whole node", .head = "PROCS"),
	C(COL_U64, members, COL_HIDE, "of these, the container's; null if it is the host's"),
	C(COL_U64, owner, COL_WIDE, "user namespace that it belongs to; null: not ours to know"),
	C(COL_U64, owner_uid, COL_WIDE, "host's uid of who made that user namespace",
	  .head = "OWNERUID"),
	C(COL_U64, first_pid, COL_WIDE, "lowest host pid in it, as lsns has it", .head = "HOSTPID"),
	C(COL_BYTES, first_comm, COL_WIDE | COL_CLAIMED, "its name", .head = "COMM"),
	C(COL_BYTES, notes, COL_NOJSON | COL_CLAIMED, "with whom, and what it maps"),
	C(COL_U64, host_id, COL_HIDE, "our own one of the kind"),
	C(COL_U64, parent, COL_HIDE, "of a pid or user namespace, the one above"),
	C(COL_U64, process, COL_HIDE, "host pid of the process whose namespaces these are"),
	C(COL_LIST, containers, COL_HIDE, "other containers that are in it"),
	C(COL_U64, others, COL_HIDE, "how many processes of no container are in it"),
	C(COL_ROWS, strangers, COL_HIDE, "which ones, at most 256", .sub = process_col),
	C(COL_ROWS, elsewhere, COL_HIDE, "processes of the container that are in another one",
	  .sub = elsewhere_col),
	C(COL_LIST, kept_by, COL_HIDE, "files of the host that keep it alive"),
	C(COL_ROWS, uid_map, COL_HIDE, "user: ids, and what they are on the host", .sub = map_col),
	C(COL_ROWS, gid_map, COL_HIDE, "user: the same for groups", .sub = map_col),
	C(COL_STR, setgroups, COL_HIDE, "user: allow or deny"),
	C(COL_ROWS, levels, COL_HIDE, "pid: the process's number in each, outermost first",
	  .sub = level_col),
	C(COL_BYTES, cgroup, COL_HIDE, "cgroup: of the process, from the host's root"),
	C(COL_BYTES, cgroup_root, COL_HIDE, "cgroup: what is / in there"),
	C(COL_DUR, monotonic_offset_s, COL_HIDE, "time: added to the host's monotonic clock"),
	C(COL_DUR, boottime_offset_s, COL_HIDE, "time: added to the host's time since boot"),
	COL_END
};

struct look {
	struct run *r;
	const struct target *t;
	struct sharing s;
	struct proc_status status;	/* of the process */
	pid_t pid;			/* on the host */
	int dir;			/* its /proc/PID */
	struct arena *a;
};

/* ---- texts ---- */

static struct bytes text(const char *s)
{
	return (struct bytes){ s, strlen(s) };
}

static struct bytes keep(struct look *l, const char *s)
{
	return text(arena_dup(l->a, s, strlen(s)));
}

static struct bytes comm_of(struct look *l, pid_t pid)
{
	auto_close int dir = proc_open(l->r->in->procfs, pid);
	struct proc_stat st;

	return dir >= 0 && proc_stat(dir, &st) == 0 ? keep(l, st.comm) : (struct bytes){ NULL, 0 };
}

static void sep(struct buf *b)
{
	if (b->len)
		buf_str(b, "; ");
}

/* ---- with whom ---- */

static void fill_containers(struct look *l, const struct space *s, struct ns_row *row)
{
	struct bytes *names = arena_alloc(l->a, (s->ncontainers + 1) * sizeof(*names));

	for (size_t i = 0; i < s->ncontainers; i++)
		names[i] = text(l->r->near->items[s->containers[i]].name);
	row->containers = s->id == s->host ? COL_NO_LIST :
		(struct col_list){ names, s->ncontainers };
}

static void fill_strangers(struct look *l, const struct space *s, struct ns_row *row)
{
	size_t n = s->nstrangers < STRANGERS_MAX ? s->nstrangers : STRANGERS_MAX;
	struct process_row *rows = arena_alloc(l->a, (n + 1) * sizeof(*rows));

	for (size_t i = 0; i < n; i++)
		rows[i] = (struct process_row){ (uint64_t)s->strangers[i],
			comm_of(l, s->strangers[i]) };
	row->strangers = (struct col_rows){ rows, n, sizeof(*rows) };
	row->others = s->id == s->host ? NONE_U64 : s->nstrangers;
}

static uint64_t inside_pid(struct look *l, pid_t pid)
{
	auto_close int dir = proc_open(l->r->in->procfs, pid);
	struct proc_status st;
	pid_t in;

	if (dir < 0 || proc_status(dir, &st) < 0)
		return NONE_U64;
	in = target_pid(l->t, &st);
	return in ? (uint64_t)in : NONE_U64;
}

static void fill_elsewhere(struct look *l, const struct space *s, struct ns_row *row)
{
	struct elsewhere_row *rows = arena_alloc(l->a, (s->nelsewhere + 1) * sizeof(*rows));

	for (size_t i = 0; i < s->nelsewhere; i++) {
		const struct elsewhere *e = &s->elsewhere[i];

		rows[i] = (struct elsewhere_row){ e->id, e->count, (uint64_t)e->first,
			inside_pid(l, e->first), comm_of(l, e->first) };
	}
	row->elsewhere = (struct col_rows){ rows, s->nelsewhere, sizeof(*rows) };
}

/* A bind mount of its link keeps a namespace without processes: /run/netns/x of ip-netns(8). */
static void fill_kept_by(struct look *l, const struct space *s, struct ns_row *row)
{
	const struct mounts *m = &l->t->host_mounts;
	const char *base = ns_base_name(s->base);
	size_t len = strlen(base), n = 0;
	struct bytes *paths = NULL;

	for (size_t i = 0; i < m->count; i++) {
		const struct mount *x = &m->items[i];

		if (strcmp(x->type, "nsfs") != 0 || strncmp(x->root, base, len) != 0 ||
		    x->root[len] != ':' || ns_id_of(x->root) != s->id)
			continue;
		if (!paths)
			paths = arena_alloc(l->a, m->count * sizeof(*paths));
		paths[n++] = text(x->point);
	}
	row->kept_by = (struct col_list){ paths, n };
}

/* ---- what the kernel tells of the namespace itself ---- */

static void fill_owner(struct look *l, const struct space *s, struct ns_row *row)
{
	auto_close int fd = ns_open(l->dir, s->name), owner = -1, parent = -1;
	uint32_t uid;

	if (fd < 0)
		return;
	owner = ns_owner(fd);
	if (owner >= 0)
		row->owner = ns_id_fd(owner);
	if (ns_creator(s->base == NS_USER ? fd : owner, &uid) == 0)
		row->owner_uid = uid;
	if (s->base == NS_USER || s->base == NS_PID)
		parent = ns_parent(fd);
	if (parent >= 0)
		row->parent = ns_id_fd(parent);
}

/* From its own namespace outwards, as far as we may know. */
static void fill_levels(struct look *l, struct ns_row *row)
{
	size_t n = l->status.levels;
	struct level_row *rows = arena_alloc(l->a, (n + 1) * sizeof(*rows));
	auto_close int fd = ns_open(l->dir, "pid");

	for (size_t i = n; i; i--) {
		rows[i - 1] = (struct level_row){ i - 1, fd < 0 ? NONE_U64 : ns_id_fd(fd),
			(uint64_t)l->status.nspid[i - 1] };
		if (fd >= 0) {
			int parent = ns_parent(fd);

			own_close(&fd);
			fd = parent;
		}
	}
	row->levels = (struct col_rows){ rows, n, sizeof(*rows) };
}

static struct col_rows map_rows(struct look *l, const char *name)
{
	struct idmap m = { 0 };
	struct map_row *rows;
	size_t n;

	if (idmap_read(&m, l->dir, name) < 0)
		return (struct col_rows){ NULL, 0, sizeof(*rows) };
	n = m.count;
	rows = arena_alloc(l->a, (n + 1) * sizeof(*rows));
	for (size_t i = 0; i < n; i++)
		rows[i] = (struct map_row){ m.extents[i].inside, m.extents[i].outside,
			m.extents[i].count };
	idmap_free(&m);
	return (struct col_rows){ rows, n, sizeof(*rows) };
}

static void fill_user(struct look *l, struct ns_row *row)
{
	char word[16];

	row->uid_map = map_rows(l, "uid_map");
	row->gid_map = map_rows(l, "gid_map");
	if (fd_read_at(l->dir, "setgroups", word, sizeof(word)) > 0)
		row->setgroups = str_prefix(word, "deny") ? "deny" : "allow";
}

/*
 * A mount of cgroups that was made in there shows what the namespace takes for the root, as the
 * host sees it. One of the host's root says nothing.
 */
static void fill_cgroup(struct look *l, const struct space *s, struct ns_row *row)
{
	const struct mounts *m = &l->t->mounts;
	struct cgroup c;

	cgroup_read(&c, l->dir);
	row->cgroup = keep(l, c.path);
	if (s->id == s->host)
		row->cgroup_root = text("/");
	for (size_t i = 0; i < m->count && !row->cgroup_root.len; i++) {
		const struct mount *x = &m->items[i];

		if ((!strcmp(x->type, "cgroup") || !strcmp(x->type, "cgroup2")) &&
		    strcmp(x->root, "/") != 0 && cover_below(c.path, x->root))
			row->cgroup_root = text(x->root);
	}
}

static void fill_time(struct look *l, const struct space *s, struct ns_row *row)
{
	/* the file tells of the namespace for children: the same, unless that has its own row */
	if (s->id == s->host || ns_id(l->dir, "time_for_children") != s->id ||
	    ns_time_offsets(l->dir, &row->monotonic_offset_s, &row->boottime_offset_s) < 0)
		row->monotonic_offset_s = row->boottime_offset_s = NONE_I64;
}

/* ---- the same for people ---- */

#define NAMES_SHOWN 8
#define ELSEWHERE_SHOWN 2

static void put_with(struct buf *b, const struct ns_row *row)
{
	const struct process_row *p = row->strangers.rows;
	size_t shown = 0;

	if (!row->containers.items)
		return;		/* the host's */
	for (size_t i = 0; i < row->containers.count && shown < NAMES_SHOWN; i++)
		buf_addf(b, "%s%s", shown++ ? ", " : "with ", row->containers.items[i].p);
	for (size_t i = 0; i < row->strangers.count && shown < NAMES_SHOWN; i++) {
		buf_addf(b, "%s%llu", shown++ ? ", " : "with ", (unsigned long long)p[i].host_pid);
		if (p[i].comm.p)
			buf_addf(b, " (%s)", p[i].comm.p);
	}
	if (row->containers.count + row->others > shown)
		buf_addf(b, ", %llu more",
			 (unsigned long long)(row->containers.count + row->others - shown));
}

static void put_range(struct buf *b, uint64_t first, uint64_t count)
{
	buf_u64(b, first);
	if (count > 1)
		buf_addf(b, "-%llu", (unsigned long long)(first + count - 1));
}

static void put_map(struct buf *b, const char *what, const struct col_rows *m)
{
	const struct map_row *rows = m->rows;

	for (size_t i = 0; i < m->count && i < NAMES_SHOWN; i++) {
		buf_str(b, i ? ", " : what);
		put_range(b, rows[i].inside, rows[i].count);
		buf_str(b, i ? " = " : " in here = ");
		put_range(b, rows[i].outside, rows[i].count);
		if (!i)
			buf_str(b, " on the host");
	}
	if (m->count > NAMES_SHOWN)
		buf_addf(b, ", %zu more", m->count - NAMES_SHOWN);
	if (!m->count)
		buf_addf(b, "%sno id is mapped", what);
}

static bool same_maps(const struct ns_row *row)
{
	return row->uid_map.count == row->gid_map.count && (!row->uid_map.count ||
		!memcmp(row->uid_map.rows, row->gid_map.rows,
			row->uid_map.count * row->uid_map.size));
}

static void put_user(struct buf *b, const struct ns_row *row)
{
	bool same = same_maps(row);

	sep(b);
	put_map(b, same ? "" : "users ", &row->uid_map);
	if (!same)
		put_map(b, "; groups ", &row->gid_map);
	if (row->setgroups && row->setgroups[0] == 'd')
		buf_str(b, "; setgroups is denied");
}

static void put_levels(struct buf *b, const struct ns_row *row)
{
	const struct level_row *rows = row->levels.rows;

	if (row->levels.count < 2)
		return;
	sep(b);
	for (size_t i = row->levels.count; i; i--)
		buf_addf(b, "%s%llu", i < row->levels.count ? " = " : "pid ",
			 (unsigned long long)rows[i - 1].pid);
	buf_str(b, " on the host");
}

static void put_elsewhere(struct buf *b, const struct ns_row *row)
{
	const struct elsewhere_row *e = row->elsewhere.rows;

	for (size_t i = 0; i < row->elsewhere.count; i++) {
		sep(b);
		if (i == ELSEWHERE_SHOWN) {
			buf_addf(b, "and in %zu more", row->elsewhere.count - i);
			return;
		}
		buf_addf(b, "%llu of its processes in %llu: %llu",
			 (unsigned long long)e[i].processes, (unsigned long long)e[i].id,
			 (unsigned long long)e[i].host_pid);
		if (e[i].comm.p)
			buf_addf(b, " (%s)", e[i].comm.p);
	}
}

static void put_offset(struct buf *b, const char *clock, int64_t ns)
{
	if (ns == NONE_I64 || ns == 0)
		return;
	sep(b);
	buf_addf(b, "%s %+.9g s", clock, (double)ns / (double)NS_PER_S);
}

static struct bytes notes_of(struct look *l, const struct space *s, const struct ns_row *row)
{
	auto_buf struct buf b = { 0 };

	put_with(&b, row);
	if (s->base == NS_USER && s->id != s->host)
		put_user(&b, row);
	if (row->levels.rows)
		put_levels(&b, row);
	if (row->cgroup_root.len && s->id != s->host) {
		sep(&b);
		buf_addf(&b, "/ is %s", row->cgroup_root.p);
	}
	put_offset(&b, "monotonic", row->monotonic_offset_s);
	put_offset(&b, "boottime", row->boottime_offset_s);
	put_elsewhere(&b, row);
	for (size_t i = 0; i < row->kept_by.count && i < NAMES_SHOWN; i++) {
		sep(&b);
		buf_addf(&b, "kept by %s", row->kept_by.items[i].p);
	}
	return b.len ? (struct bytes){ arena_dup(l->a, b.bytes, b.len), b.len } :
		(struct bytes){ NULL, 0 };
}

/* ---- the verb ---- */

static void send_space(struct look *l, const struct space *s)
{
	bool host = s->id == s->host, first = s->name == ns_base_name(s->base);
	char link[64];
	struct ns_row row = {
		.id = s->id, .host_id = s->host, .process = (uint64_t)l->pid,
		.processes = s->count, .members = host ? NONE_U64 : s->members,
		.first_pid = s->count ? (uint64_t)s->first : NONE_U64, .owner = NONE_U64,
		.owner_uid = NONE_U64, .parent = NONE_U64, .monotonic_offset_s = NONE_I64,
		.boottime_offset_s = NONE_I64, .type = s->name, .link = link,
		.whose = host ? "host" : s->ncontainers || s->nstrangers ? "shared" : "own",
	};

	snprintf(link, sizeof(link), "%s:[%llu]", ns_base_name(s->base),
		 (unsigned long long)s->id);
	if (s->count)
		row.first_comm = comm_of(l, s->first);
	fill_containers(l, s, &row);
	fill_strangers(l, s, &row);
	fill_elsewhere(l, s, &row);
	fill_kept_by(l, s, &row);
	fill_owner(l, s, &row);
	if (s->base == NS_USER)
		fill_user(l, &row);
	else if (s->base == NS_CGROUP)
		fill_cgroup(l, s, &row);
	else if (s->base == NS_TIME && first)
		fill_time(l, s, &row);
	else if (s->base == NS_PID && first)
		fill_levels(l, &row);
	row.notes = notes_of(l, s, &row);
	emit_row(l->r->emit, &row);
}

static void say_missing(struct look *l)
{
	if (l->s.barred)
		emit_note(l->r->emit, "not counted: what the kernel lets nobody look at: %zu of "
			  "the host's processes, first %d", l->s.barred, (int)l->s.first_barred);
	if (l->s.unreadable)
		emit_cut(l->r->emit, "%zu processes of other pid namespaces may not be looked at: "
			 "who is in a namespace is not all of them", l->s.unreadable);
	if (l->s.cut)
		emit_cut(l->r->emit, "too many processes or namespaces: not all are counted");
	near_say(l->r->near, l->r->emit);
}

static bool ns_near(const void *opts)
{
	return true;
}

static void look(struct look *l)
{
	struct run *r = l->r;
	struct err e;

	if (proc_status(l->dir, &l->status) < 0) {
		err_set(&e, ST_TARGET, "%s: the process is gone", l->t->name);
		emit_err(r->emit, &e);
		return;
	}
	l->pid = l->status.nspid[0];
	if (sharing_find(&l->s, l->t, r->in, l->dir, r->near, l->a, r->emit, &e) < 0) {
		emit_err(r->emit, &e);
		return;
	}
	for (unsigned int i = 0; i < l->s.count; i++)
		send_space(l, &l->s.spaces[i]);
	say_missing(l);
}

static void ns_run(struct run *r)
{
	const struct ns_opts *o = r->opts;
	struct look l = { .r = r, .t = r->target, .dir = r->in->proc, .a = arena_new() };
	auto_close int other = -1;
	struct err e;

	if (o->pid) {
		other = target_process(r->target, r->in, o->pid, &e);
		l.dir = other;
	}
	if (l.dir < 0)
		emit_err(r->emit, &e);
	else
		look(&l);
	arena_free(&l.a);
}

static const struct example ns_example[] = {
	{ "nsdebug ns nsd-demo", "which namespaces, whose, and what ids map to" },
	{ "nsdebug ns -o wide nsd-demo", "and which user namespace owns them" },
	{ "nsdebug ns -o type,containers,others nsd-demo", "who else is in each" },
	{ "nsdebug ns -o json nsd-demo", "for programs: also the maps of ids" },
	{ NULL }
};

const struct tool tool_ns = {
	.name = "ns",
	.summary = "show a container's namespaces, and with whom they are shared",
	.about = "Numbers are those of lsns. Other containers that are in a namespace are named; "
		"a process of no container is named itself. The host's namespaces are those that "
		"nsdebug itself runs in.\n"
		"Nothing is joined: what a namespace alone knows, as the host name of a uts "
		"namespace, is not shown.",
	.needs = NEED_PROC,
	.opts = ns_opt, .opts_size = sizeof(struct ns_opts),
	.cols = ns_col,
	.near = ns_near,
	.host_mounts = true,
	.examples = ns_example,
	.run = ns_run,
};
