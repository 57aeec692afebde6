/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/cgroup.h"
#include "nsdebug/sys/proc.h"
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

int target_each(struct arena *a, bool (*found)(void *ctx, struct container *c), void *ctx,
		unsigned int *broken, struct err *e)
{
	struct names n = { NULL, 0 };
	int ret = 0;

	*broken = 0;
	for (const struct runtime *const *r = runtimes; *r && ret == 0; r++) {
		struct ask ask = { .arena = a, .names = true };
		int told = (*r)->each(*r, &ask, keep, &n, e);

		*broken += ask.broken + (told < 0);
		ret = told < 0 && e->status == ST_PRIVILEGE ? -1 : 0;
	}
	if (ret == 0 && n.count) {
		drop_all_owned(&n, a, broken);
		qsort(n.items, n.count, sizeof(*n.items), in_order);
		for (size_t i = 0; i < n.count; i++)
			if (load(&n.items[i], a, broken) && !found(ctx, &n.items[i]))
				break;
	}
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
	return !c->pod && strlen(c->name) < TARGET_NAME_MAX / 2 && !strchr(c->name, '/') &&
		!is_hex_id(c->name);
}

void container_id_word(const struct container *c, char *ret, size_t room)
{
	bool space = c->space && !c->pod;	/* kubectl shows none */

	snprintf(ret, room, "%s://%s%s%s", c->runtime->name, space ? c->space : "",
		 space ? "/" : "", c->id);
}

void container_word(const struct container *c, char *ret, size_t room)
{
	if (c->kind == KIND_PLAIN)
		snprintf(ret, room, "pid://%d", (int)c->pid);
	else if (has_pod_word(c))
		snprintf(ret, room, "%s/%s/%s", c->pod_space, c->pod, c->part);
	else if (!c->space && has_name_word(c))
		snprintf(ret, room, "%s://%s", c->runtime->name, c->name);
	else
		container_id_word(c, ret, room);
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
	buf_free(&n->cgroups.text);
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

struct life container_life(const struct container *c, const struct node *n)
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
