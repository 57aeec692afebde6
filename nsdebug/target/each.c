/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/map.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/cgroup.h"
#include "nsdebug/sys/ns.h"
#include "nsdebug/sys/passwd.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/target/scan.h"
#include "nsdebug/target/target.h"

/* ---- names before documents ---- */

struct names {
	struct container *items;
	size_t count;
};

static bool keep(void *ctx, const struct container *c)
{
	struct names *n = ctx;

	n->items = mem_more(n->items, n->count);
	n->items[n->count++] = *c;
	return true;
}

static size_t rank(const struct runtime *r)
{
	size_t i = 0;

	while (runtimes[i] != r)
		i++;
	return i;
}

static int in_order(const void *a, const void *b)
{
	const struct container *x = a, *y = b;
	const char *const keys[][2] = {
		{ x->pod_space, y->pod_space }, { x->pod, y->pod }, { x->name, y->name },
	};
	size_t i, j;
	int d = 0;

	for (i = 0; i < ARRAY_SIZE(keys) && !d; i++)
		d = strcmp(keys[i][0] ? keys[i][0] : "", keys[i][1] ? keys[i][1] : "");
	if (!d)
		d = strcmp(x->id, y->id);
	i = rank(x->runtime);
	j = rank(y->runtime);
	return d ? d : i < j ? -1 : i > j;
}

static int by_id(const void *a, const void *b)
{
	const struct container *x = a, *y = b;
	size_t i = rank(x->runtime), j = rank(y->runtime);
	int d = strcmp(x->id, y->id);

	return d ? d : i < j ? -1 : i > j;
}

bool container_owns(const struct container *outer, const struct container *inner)
{
	/* an OCI runtime owns nothing that another one started */
	if (!outer->runtime->named || rank(outer->runtime) >= rank(inner->runtime) ||
	    strcmp(outer->id, inner->id))
		return false;
	if (outer->pid > 0 && inner->pid > 0)
		return outer->pid == inner->pid &&
			(!outer->start || !inner->start || outer->start == inner->start);
	/* one that has ended left the same generated id everywhere */
	return is_generated_id(outer->id);
}

static bool load(struct container *c, struct arena *a, unsigned int *broken)
{
	struct err e;

	if (c->loaded)
		return true;
	c->loaded = c->runtime->load(c, a, &e) == 0;
	/* one that is being made or taken away is none of now */
	*broken += !c->loaded && e.status != ST_TARGET;
	return c->loaded;
}

/* Of the records of one id, those that no outer one owns. A single one is not read for that. */
static size_t drop_owned(struct container *c, size_t count, struct arena *a, unsigned int *broken)
{
	size_t kept = 0;

	if (count == 1)
		return 1;
	for (size_t i = 0; i < count; i++) {
		bool owned = false;

		if (!load(&c[i], a, broken))
			continue;
		for (size_t k = 0; k < kept; k++)
			owned |= container_owns(&c[k], &c[i]);
		if (!owned)
			c[kept++] = c[i];
	}
	return kept;
}

static void drop_all_owned(struct names *n, struct arena *a, unsigned int *broken)
{
	size_t kept = 0;

	if (n->count)
		qsort(n->items, n->count, sizeof(*n->items), by_id);
	for (size_t i = 0, same; i < n->count; i += same) {
		size_t left;

		for (same = 1; i + same < n->count; same++)
			if (strcmp(n->items[i].id, n->items[i + same].id))
				break;
		left = drop_owned(&n->items[i], same, a, broken);
		memmove(&n->items[kept], &n->items[i], left * sizeof(*n->items));
		kept += left;
	}
	n->count = kept;
}

/* ---- those that only processes tell of, beside the recorded ones ---- */

/* What tells containers apart that have no common record. */
struct facts {
	bool asked, known, part;
	uint64_t mnt;
	uint64_t pid;		/* these and what follows only if known */
	struct statx root;
};

/* The process that a record names may be another one by now. */
static bool is_known(struct facts *f, int procfs, const struct container *c)
{
	auto_close int dir = f->asked ? -1 : proc_open(procfs, c->pid);
	uint64_t start;

	if (!f->asked)
		f->known = dir >= 0 && proc_start(dir, &start) == 0 &&
			(!c->start || c->start == start) && f->mnt == ns_id(dir, "mnt") &&
			(f->pid = ns_id(dir, "pid")) &&
			statx(dir, "root", AT_STATX_DONT_SYNC, STATX_INO, &f->root) == 0;
	f->asked = true;
	return f->known;
}

static bool has_same_root(const struct facts *f, const struct facts *g)
{
	return f->root.stx_ino == g->root.stx_ino &&
		f->root.stx_dev_major == g->root.stx_dev_major &&
		f->root.stx_dev_minor == g->root.stx_dev_minor;
}

/* Nearly all processes that were found are the recorded containers' first ones. */
static void drop_recorded(struct names *n, size_t recorded)
{
	auto_map struct map by_pid = { 0 };
	size_t kept = recorded;

	for (size_t i = 0; i < recorded; i++)
		if (n->items[i].pid > 0)
			map_put(&by_pid, (uint64_t)n->items[i].pid, &n->items[i]);
	for (size_t i = recorded; i < n->count; i++) {
		const struct container *c = &n->items[i];
		const struct container *r = map_get(&by_pid, (uint64_t)c->pid);

		if (!r || (r->start && r->start != c->start))
			n->items[kept++] = *c;
	}
	n->count = kept;
}

static void read_mounts(const struct names *n, int procfs, struct facts *facts)
{
	char path[32];

	for (size_t i = 0; i < n->count; i++) {
		snprintf(path, sizeof(path), "%d/ns/mnt", (int)n->items[i].pid);
		facts[i].mnt = n->items[i].pid > 0 ? ns_id_at(procfs, path) : 0;
	}
}

/*
 * Is container i a part of container k: in its mount namespace; or, if it is a plain one, in
 * another one of the same root and the same processes, like a service of a systemd in there?
 */
static bool is_part(const struct names *n, struct facts *facts, int procfs, size_t i, size_t k,
		    uint64_t host)
{
	bool plain = n->items[i].kind == KIND_PLAIN;

	if (!facts[k].mnt || (!plain && facts[i].mnt != facts[k].mnt) ||
	    !is_known(&facts[i], procfs, &n->items[i]) ||
	    !is_known(&facts[k], procfs, &n->items[k]))
		return false;
	return facts[i].mnt == facts[k].mnt ||
		(facts[i].pid == facts[k].pid && facts[i].pid != host &&
		 has_same_root(&facts[i], &facts[k]));
}

static void drop_parts(struct names *n, size_t recorded, struct err *e)
{
	auto_close int procfs = target_procfs(e);
	auto_free struct facts *facts = mem_alloc((n->count + 1) * sizeof(*facts));
	uint64_t host = ns_id_at(procfs, "self/ns/pid");
	size_t kept = recorded;

	read_mounts(n, procfs, facts);
	for (size_t i = recorded; i < n->count; i++)
		for (size_t k = 0; k < n->count && !facts[i].part; k++)
			facts[i].part = k != i &&
				(k < recorded || n->items[k].kind != KIND_PLAIN) &&
				is_part(n, facts, procfs, i, k, host);
	for (size_t i = recorded; i < n->count; i++)
		if (!facts[i].part)
			n->items[kept++] = n->items[i];
	n->count = kept;
}

static int ask_all(struct names *n, bool scanned, struct arena *a, unsigned int *broken,
		   struct err *e)
{
	for (const struct runtime *const *r = runtimes; *r; r++) {
		struct ask ask = { .arena = a, .names = true };
		int told = (*r)->scanned == scanned ? (*r)->each(*r, &ask, keep, n, e) : 0;

		*broken += ask.broken + (told < 0);
		if (told < 0 && (scanned || e->status == ST_PRIVILEGE))
			return -1;
	}
	return 0;
}

static void load_all(struct names *n, size_t from, struct arena *a, unsigned int *broken)
{
	size_t kept = from;

	for (size_t i = from; i < n->count; i++)
		if (load(&n->items[i], a, broken))
			n->items[kept++] = n->items[i];
	n->count = kept;
}

/* The child that goes over the processes does so while the files are read. */
static int gather(struct names *n, struct arena *a, unsigned int *broken, struct err *e)
{
	struct err own;
	size_t recorded;

	*broken = 0;
	e = e ? e : &own;
	scan_start();
	if (ask_all(n, false, a, broken, e) < 0) {
		scan_stop();
		return -1;
	}
	drop_all_owned(n, a, broken);
	load_all(n, 0, a, broken);
	recorded = n->count;
	if (ask_all(n, true, a, broken, e) < 0)
		return -1;
	drop_recorded(n, recorded);
	if (n->count > recorded)
		drop_parts(n, recorded, e);
	load_all(n, recorded, a, broken);
	if (n->count)
		qsort(n->items, n->count, sizeof(*n->items), in_order);
	return 0;
}

int target_each(struct arena *a, bool (*found)(void *ctx, struct container *c), void *ctx,
		unsigned int *broken, struct err *e)
{
	struct names n = { NULL, 0 };
	int ret = gather(&n, a, broken, e);

	for (size_t i = 0; ret == 0 && i < n.count; i++)
		if (!found(ctx, &n.items[i]))
			break;
	free(n.items);
	return ret;
}

int target_each_scanned(struct arena *a, bool (*found)(void *ctx, struct container *c), void *ctx,
			struct err *e)
{
	struct names n = { NULL, 0 };
	unsigned int broken;
	int ret = gather(&n, a, &broken, e);

	for (size_t i = 0; ret == 0 && i < n.count; i++)
		if (n.items[i].runtime->scanned && !found(ctx, &n.items[i]))
			break;
	free(n.items);
	return ret;
}

/* A word of these parts is read as these parts. */
static bool has_pod_word(const struct container *c)
{
	const char *const parts[] = { c->pod_space, c->pod, c->part };
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		if (!parts[i] || strchr(parts[i], '/'))
			return false;
		len += strlen(parts[i]) + 1;
	}
	return c->recorded == REC_STARTED && len < TARGET_NAME_MAX && strcmp(c->pod_space, "pod");
}

/* Not with a name that could be the beginning of another one's id. */
static bool has_name_word(const struct container *c)
{
	return !c->pod && c->kind != KIND_PLAIN && strlen(c->name) < TARGET_NAME_MAX / 2 &&
		!strchr(c->name, '/') && !is_hex_id(c->name);
}

void container_id_word(const struct container *c, char *ret, size_t room)
{
	bool space = c->space && !c->pod;	/* kubectl shows none */

	if (c->kind == KIND_PLAIN)
		snprintf(ret, room, "pid://%d", (int)c->pid);
	else
		snprintf(ret, room, "%s://%s%s%s", runtime_scheme(c->runtime),
			 space ? c->space : "", space ? "/" : "", c->id);
}

void container_word(const struct container *c, char *ret, size_t room)
{
	if (has_pod_word(c))
		snprintf(ret, room, "%s/%s/%s", c->pod_space, c->pod, c->part);
	else if (has_name_word(c) && c->claimed)
		snprintf(ret, room, "%s://%s/%s", runtime_scheme(c->runtime), c->space, c->name);
	else if (!c->space && has_name_word(c))
		snprintf(ret, room, "%s://%s", runtime_scheme(c->runtime), c->name);
	else
		container_id_word(c, ret, room);
}

struct user {
	uid_t uid;
	char name[64];
};

static void take_user(void *ctx, uint32_t id, const char *name, size_t len)
{
	struct user *u = ctx;

	if (id == u->uid && !u->name[0])
		snprintf(u->name, sizeof(u->name), " (%.*s)", (int)(len < 40 ? len : 40), name);
}

void container_claim(const struct container *c, char *ret, size_t room)
{
	auto_close int fd = runtime_open_file("/etc/passwd", NULL);
	auto_buf struct buf b = { 0 };
	struct user u = { .uid = c->owner };
	char word[TARGET_NAME_MAX];

	if (fd >= 0 && fd_read_all(fd, &b, PASSWD_BYTES_MAX) >= 0)
		passwd_parse(b.bytes, b.len, take_user, &u);
	container_word(c, word, sizeof(word));
	snprintf(ret, room, "%s: '%s' is the word of processes of user %u%s: no file of root tells "
		 "of it", word, c->name, (unsigned int)c->owner, u.name);
}

bool container_knows_labels(const struct container *c)
{
	return c->runtime->labels && !c->pod;
}

bool container_has_label(struct container *c, struct arena *a, const char *label)
{
	auto_buf struct buf labels = { 0 };
	size_t len = strlen(label);

	if (c->runtime->detail(c, a, &labels, NULL) < 0 || !labels.len)
		return false;
	for (const char *p = labels.bytes; *p; p = strchr(p, '\n') + 1)
		if (!strncmp(p, label, len) && p[len] == '\n')
			return true;
	return false;
}

static bool is_one_of(const char *want, const char *a, const char *b)
{
	return !want || (a && !strcmp(a, want)) || (b && !strcmp(b, want));
}

bool container_is_in(const struct container *c, const char *space, const char *part)
{
	return is_one_of(space, c->pod_space, c->space) && is_one_of(part, c->part, NULL);
}

/* ---- what is so now ---- */

int node_open(struct node *n, struct err *e)
{
	auto_close int self = -1;

	*n = (struct node){ .procfs = target_procfs(e) };
	if (n->procfs < 0)
		return -1;
	self = openat(n->procfs, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (cgroup_mounts_read(&n->cgroups, self) < 0)
		return err_sys(e, "read our own mount table");
	return 0;
}

void node_close(struct node *n)
{
	own_close(&n->procfs);
	cgroup_mounts_free(&n->cgroups);
}

enum began container_began(const struct container *c, uint64_t start)
{
	struct timespec boot, now;
	int64_t began;

	if (c->start)
		return c->start == start ? BEGAN_THEN : BEGAN_OTHERWISE;
	if (!c->noted)
		return BEGAN_UNKNOWN;
	clock_gettime(CLOCK_BOOTTIME, &boot);
	clock_gettime(CLOCK_REALTIME, &now);
	began = now.tv_sec - boot.tv_sec + (int64_t)(start / (uint64_t)sysconf(_SC_CLK_TCK));
	return began > c->noted + 1 ? BEGAN_OTHERWISE : BEGAN_THEN;
}

/* runc and crun keep a FIFO while a created container waits for its start. */
static bool waits_for_start(const struct container *c)
{
	char path[NAME_BYTES_MAX];
	struct stat st;

	if (!c->state_dir)
		return false;
	snprintf(path, sizeof(path), "%s/exec.fifo", c->state_dir);
	return lstat(path, &st) == 0 && S_ISFIFO(st.st_mode);
}

struct life container_life(const struct container *c, struct node *n)
{
	auto_close int dir = c->pid > 0 ? proc_open(n->procfs, c->pid) : -1;
	struct life life = {
		c->recorded == REC_CREATED ? CSTATE_CREATED : CSTATE_EXITED, 0, UINT32_MAX
	};
	struct proc_status status;
	struct proc_stat st;

	if (dir < 0 || proc_stat(dir, &st) < 0 || st.state == 'Z' || st.state == 'X' ||
	    container_began(c, st.start) != BEGAN_THEN || proc_status(dir, &status) < 0)
		return life;
	life.uid = status.uid[1];
	life.start = st.start;
	life.state = waits_for_start(c) ? CSTATE_CREATED :
		cgroup_frozen(dir, &n->cgroups) ? CSTATE_PAUSED : CSTATE_RUNNING;
	return life;
}

const char *cstate_name(enum cstate s)
{
	static const char *const names[] = { "running", "paused", "created", "exited" };

	return names[s];
}
