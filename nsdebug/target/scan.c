/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/scan.h"

#include <linux/capability.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/clock.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/map.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/relay.h"
#include "nsdebug/sys/ns.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/target/target.h"

#define TEXT_MAX (32u << 20)	/* of all that is kept */

/* One search a run of the program: what it found stays. */
static struct {
	uint64_t timeout_ns, until_ns;
	int signals;
	int procfs;
	bool started, done, files;	/* the last: users' files were looked into */
	bool interrupted;
	struct child child;
	struct arena *arena;
	size_t text;
	struct scan_job job;
	struct map by_pid;		/* number of the item, from 1 */
	size_t indexed;			/* items that are in it */
	uint64_t denied;
	pid_t at_pid;			/* what may hang now; 0: nothing */
	uid_t at_uid;
	struct err missing;
} scan = { .timeout_ns = 2 * NS_PER_S, .signals = -1, .procfs = -1, .child = CHILD_NONE };

void scan_bound(uint64_t timeout_ns, uint64_t until_ns, int signals)
{
	scan.timeout_ns = timeout_ns;
	scan.until_ns = until_ns;
	scan.signals = signals;
}

const struct err *scan_missing(void)
{
	return scan.missing.msg[0] ? &scan.missing : NULL;
}

/* The first is said. */
static void miss(enum status status, const char *msg, size_t len)
{
	if (!scan.missing.msg[0])
		err_set(&scan.missing, status, "%.*s", (int)(len < 400 ? len : 400), msg);
}

static const char *keep(struct bytes b, size_t max)
{
	if (!b.p || !b.len || b.len > max || memchr(b.p, '\0', b.len) ||
	    scan.text + b.len > TEXT_MAX)
		return NULL;
	scan.text += b.len + 1;
	return arena_dup(scan.arena, b.p, b.len);
}

/* What a container may be called: no path, no byte that needs escaping, no word of ours. */
static const char *keep_name(struct bytes b)
{
	const char *name = keep(b, ID_MAX - 1);

	if (!name || name[0] == '.' || name[0] == '-')
		return NULL;
	for (const char *p = name; *p; p++)
		if (!(*p >= '0' && *p <= '9') && !((*p | 32) >= 'a' && (*p | 32) <= 'z') &&
		    !strchr("_.-", *p))
			return NULL;
	return name;
}

/* ---- what the kernel says of a monitor's words ---- */

static bool is_one_user(const struct proc_status *st)
{
	return st->uid[1] == st->uid[0] && st->uid[2] == st->uid[0] && st->uid[3] == st->uid[0];
}

/* A process of the host itself, not of a container that shares some of its namespaces. */
static bool is_of_host(int dir, uid_t uid)
{
	return ns_id(dir, "pid") == ns_id_at(scan.procfs, "self/ns/pid") && ns_host_root(dir) &&
		(uid || ns_id(dir, "user") == ns_id_at(scan.procfs, "self/ns/user"));
}

static bool may_name(const struct scanned *s, const struct cell *cells, uid_t *ret)
{
	pid_t pid = cells[SC_PARENT].u <= INT32_MAX ? (pid_t)cells[SC_PARENT].u : 0;
	auto_close int dir = proc_open(scan.procfs, s->c.pid);
	auto_close int parent = proc_open(scan.procfs, pid);
	auto_close int user = dir < 0 ? -1 : ns_open(dir, "user");
	struct proc_stat st, pst;
	struct proc_status status;
	uint32_t owner;

	if (user < 0 || parent < 0 || proc_stat(dir, &st) < 0 || proc_stat(parent, &pst) < 0 ||
	    st.start != s->c.start || pst.start != cells[SC_PARENT_START].u || st.ppid != pid ||
	    proc_status(parent, &status) < 0 || ns_creator(user, &owner) < 0)
		return false;
	*ret = status.uid[0];
	return is_one_user(&status) && owner == status.uid[0] && is_of_host(parent, *ret);
}

static void take_words(struct scanned *s, const struct cell *cells)
{
	struct container *c = &s->c;
	const char *id = keep_name(cells[SC_ID].s), *name = keep_name(cells[SC_NAME].s);
	uint64_t which = cells[SC_MONITOR].u;
	char space[16];
	uid_t uid;

	if ((!id && !name) || which >= MONITORS || s->monitor || !may_name(s, cells, &uid))
		return;
	s->monitor = monitors[which];
	c->id = id ? id : name;
	c->name = name ? name : id;
	c->bundle = keep(cells[SC_BUNDLE].s, NAME_BYTES_MAX);
	c->owner = uid;
	c->claimed = uid != 0;
	c->kind = KIND_APP;
	snprintf(space, sizeof(space), "%u", (unsigned int)uid);
	c->space = uid ? arena_dup(scan.arena, space, strlen(space)) : NULL;
}

/* ---- what the children say ---- */

static void take_group(const struct cell *cells)
{
	struct scan_job *j = &scan.job;
	struct scanned *s;

	if (j->count == SCAN_GROUPS_MAX || !cells[SC_PID].u || cells[SC_PID].u > INT32_MAX)
		return;
	j->items = mem_more(j->items, j->count);
	s = &j->items[j->count++];
	*s = (struct scanned){ .c = { .id = "", .name = "", .root = "", .kind = KIND_PLAIN,
		.exit_code = INT64_MIN, .pid = (pid_t)cells[SC_PID].u,
		.start = cells[SC_START].u, .claimed = true } };
}

static void take_files(struct scanned *s, const struct cell *cells)
{
	struct container *c = &s->c;
	const char *image = keep(cells[SC_IMAGE].s, NAME_BYTES_MAX);
	const char *created = keep(cells[SC_CREATED].s, NAME_BYTES_MAX);
	const char *labels = keep(cells[SC_LABELS].s, LABELS_MAX);

	c->image = image ? image : c->image;
	c->created = created ? created : c->created;
	if (labels)
		s->labels = (struct bytes){ labels, strlen(labels) };
	if (cells[SC_SANDBOX].u && s->monitor)
		c->kind = KIND_SANDBOX;
}

static struct scanned *item_of(uint64_t pid)
{
	for (; scan.indexed < scan.job.count; scan.indexed++)
		map_put(&scan.by_pid, (uint64_t)scan.job.items[scan.indexed].c.pid,
			(void *)(uintptr_t)(scan.indexed + 1));
	pid = (uint64_t)(uintptr_t)map_get(&scan.by_pid, pid);
	return pid ? &scan.job.items[pid - 1] : NULL;
}

static void take_row(const struct cell *cells)
{
	struct scanned *s;

	switch (cells[SC_WHAT].u) {
	case SCAN_GROUP:
		take_group(cells);
		break;
	case SCAN_AT:
		scan.at_pid = (pid_t)cells[SC_PID].u;
		scan.at_uid = (uid_t)cells[SC_UID].u;
		break;
	case SCAN_DENIED:
		scan.denied = cells[SC_PID].u;
		break;
	default:
		s = item_of(cells[SC_PID].u);
		if (s && cells[SC_WHAT].u == SCAN_WORDS)
			take_words(s, cells);
		else if (s)
			take_files(s, cells);
	}
}

static int take_frame(void *ctx, enum frame_type type, struct bytes body, struct err *e)
{
	struct cell cells[SC_COUNT];

	(void)ctx;
	if (type == F_ROW && !row_decode(scan_cols, &body, cells))
		return err_set(e, ST_INTERNAL, "the search among processes: a row that is none");
	if (type == F_ROW)
		take_row(cells);
	else if (type == F_CUT)
		miss(ST_INCOMPLETE, body.p, body.len);
	else if (type == F_ERR && body.len > 1)
		miss(ST_INCOMPLETE, body.p + 1, body.len - 1);
	return 0;
}

/* ---- the children's lives ---- */

static int start(enter_fn *fn, struct err *e)
{
	struct place place = { .pidfd = -1, .proc = -1, .procfs = scan.procfs, .cgroup = -1 };
	struct spawn s = { .role = ROLE_SCAN, .place = &place, .fn = fn, .arg = &scan.job,
		.cols = scan_cols, .peer = -1, .second = -1 };

	scan.at_pid = 0;
	return enter_spawn(&scan.child, &s, e);
}

static bool is_over(void)
{
	return scan.interrupted || (scan.until_ns && clock_ns() >= scan.until_ns);
}

/* A process or its user kept the child waiting. True: without them there is more to learn. */
static bool skip(enum status st, const struct err *why)
{
	struct scan_job *j = &scan.job;
	struct err e;

	if (!scan.at_pid || is_over())
		return false;
	err_set(&e, st == ST_STUCK ? ST_STUCK : ST_INCOMPLETE, "containers of user %u: no answer "
		"within %.3g s (--timeout), so names or images are missing%s%s",
		(unsigned int)scan.at_uid, (double)scan.timeout_ns / 1e9,
		st == ST_STUCK ? ": " : "", st == ST_STUCK ? why->msg : "");
	miss(e.status, e.msg, strlen(e.msg));
	j->skip[j->skips].pid = scan.at_pid;
	j->skip[j->skips].uid = scan.at_uid;
	return ++j->skips < SCAN_ROUNDS;
}

/* Hears the running child to its end. True if it is worth another one. */
static bool hear(void)
{
	struct relay r = { .frame = take_frame, .who = "the search among processes",
		.timeout_ns = scan.timeout_ns, .until_ns = scan.until_ns, .signals = scan.signals };
	struct err e;
	enum status st = relay_run(&r, &scan.child, &e);

	scan.interrupted |= st == ST_INTERRUPTED;
	if ((st == ST_DEADLINE || st == ST_STUCK) && skip(st, &e))
		return true;
	miss(st, e.msg, strlen(e.msg));
	return false;
}

static void forget(void)
{
	scan.job.count = 0;
	scan.indexed = 0;
	map_free(&scan.by_pid);
}

void scan_start(void)
{
	struct err e;

	if (scan.started)
		return;
	scan.started = true;
	scan.arena = arena_new();
	scan.procfs = target_procfs(&e);
	if (scan.procfs < 0 || start(scanner_live, &e) < 0) {
		miss(e.status, e.msg, strlen(e.msg));
		scan.done = true;
	}
}

void scan_stop(void)
{
	if (!scan.done)
		enter_kill(&scan.child);
	scan.done = true;
}

static void say_denied(void)
{
	static const char cure[] = "processes of others may not be looked at: containers without "
		"a state file are not seen; run nsdebug as root on the node, or give it "
		"CAP_SYS_PTRACE";
	auto_close int self = proc_open(scan.procfs, getpid());
	struct proc_status st;

	if (scan.denied && self >= 0 && proc_status(self, &st) == 0 &&
	    !(st.cap_eff & 1ull << CAP_SYS_PTRACE))
		miss(ST_INCOMPLETE, cure, strlen(cure));
}

static int collect(struct err *e)
{
	struct err why;

	scan_start();
	while (!scan.done) {
		scan.done = !hear();
		if (scan.done)
			break;
		forget();
		if (start(scanner_live, &why) < 0) {
			miss(why.status, why.msg, strlen(why.msg));
			scan.done = true;
		}
	}
	say_denied();
	return scan.interrupted ? err_set(e, ST_INTERRUPTED, "%s", "") : 0;
}

/* ---- what the runtimes ask ---- */

int scan_each(const struct runtime *r, const struct monitor *m, struct ask *ask, found_fn *found,
	      void *ctx, struct err *e)
{
	if (collect(e) < 0)
		return -1;
	for (size_t i = 0; i < scan.job.count; i++) {
		struct container c = scan.job.items[i].c;

		c.runtime = r;
		if (scan.job.items[i].monitor == m && (!ask->id || !strcmp(ask->id, c.id)) &&
		    !found(ctx, &c))
			break;
	}
	return 0;
}

int scan_load(struct container *c, struct arena *a, struct err *e)
{
	(void)c;
	(void)a;
	(void)e;
	return 0;
}

static void look_into_files(void)
{
	struct err e;

	if (scan.files)
		return;
	scan.files = true;
	do {
		if (start(userfiles_live, &e) < 0) {
			miss(e.status, e.msg, strlen(e.msg));
			return;
		}
	} while (hear());
}

int scan_detail(struct container *c, struct arena *a, struct buf *labels, struct err *e)
{
	const struct scanned *s;

	(void)a;
	(void)e;
	if (!c->claimed || !c->bundle)
		return 0;
	look_into_files();
	s = item_of((uint64_t)c->pid);
	if (!s)
		return 0;
	c->image = s->c.image;
	c->created = s->c.created;
	c->kind = s->c.kind;
	if (s->labels.len)
		buf_add(labels, s->labels.p, s->labels.len);
	return 0;
}
