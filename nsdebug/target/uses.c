/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/uses.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/emit.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/sys/maps.h"
#include "nsdebug/target/target.h"

static const char *const words[] = { "cwd", "root", "exe", "mem" };

const char *use_word(const struct use *u)
{
	return u->fd < 0 ? words[-1 - u->fd] : NULL;
}

static void use_name(const struct use *u, char *name)
{
	if (u->fd >= 0)
		snprintf(name, USE_NAME_MAX, "fd/%d", u->fd);
	else if (u->fd == USE_MEM)
		snprintf(name, USE_NAME_MAX, "map_files/%llx-%llx", (unsigned long long)u->start,
			 (unsigned long long)u->end);
	else
		snprintf(name, USE_NAME_MAX, "%s", use_word(u));
}

/* ---- whose ---- */

/* Its /proc/PID, if that pid is still of the same process; -1. */
static int open_person(const struct uses *u, const struct person *p)
{
	auto_close int dir = proc_open(u->in->procfs, p->host_pid);
	uint64_t start;

	if (dir < 0 || proc_start(dir, &start) < 0 || start != p->start)
		return -1;
	return take_fd(&dir);
}

/* One that began since the list was made may have the pid of one that was in it. */
static bool is_listed(const struct uses *u, const struct members_want *w, const struct person *p)
{
	auto_close int dir = p->state && p->start >= w->since ? open_person(u, p) : -1;

	return p->state && (p->start < w->since || (dir >= 0 && members_has(w, dir)));
}

int uses_find(struct uses *u, const struct target *t, struct inside *in,
	      bool (*wanted)(const void *ctx, uint64_t pid), const void *ctx, struct err *e)
{
	struct members_want want = target_members(t, in);
	size_t count = 0;
	bool cut = false;

	*u = (struct uses){ .target = t, .in = in, .of.procfs = in->procfs };
	ends_init(&u->ends, t, in);
	for (size_t i = 0; i < t->mounts.count; i++)
		map_put(&u->mounts, t->mounts.items[i].id, &t->mounts.items[i]);
	want.zombies = true;
	if (members_list(&want, &u->pids, &count, &cut, e) < 0)
		return -1;
	if (cut)
		emit_cut(&in->emit, "only the first %zu processes", count);
	u->ends.members = u->pids;
	u->ends.nmembers = count;
	for (size_t i = 0; i < count; i++) {
		const struct person *p = ends_person(&u->ends, u->pids[i]);

		emit_tick(&in->emit);
		if (!is_listed(u, &want, p) || (wanted && !wanted(ctx, (uint64_t)p->pid)))
			continue;
		u->people = mem_more(u->people, u->npeople);
		u->people[u->npeople++] = p;
	}
	return 0;
}

void uses_free(struct uses *u)
{
	ends_free(&u->ends);
	descr_free(&u->d);
	free(u->people);
	free(u->pids);
	free(u->later);
	map_free(&u->mounts);
}

void uses_find_ends(struct uses *u, const struct near *node)
{
	for (size_t i = 0; i < u->npeople; i++) {
		auto_close int dir = open_person(u, u->people[i]);

		emit_tick(&u->in->emit);
		if (dir >= 0)
			ends_add(&u->ends, dir, u->people[i]->host_pid);
	}
	ends_find(&u->ends, node);
}

/* ---- their uses ---- */

static void finish(struct uses *u, const struct use *one, int dir, const char *name)
{
	if (descr_stat(&u->d, &u->of, dir, name) < 0 && (errno == ENOENT || errno == ESRCH))
		return;		/* closed meanwhile */
	u->fn(u->ctx, one, dir, name, &u->d);
}

static void put_off(struct uses *u, const struct use *one)
{
	if (u->nlater == USES_LATER_MAX) {
		u->cut = true;
		return;
	}
	u->later = mem_more(u->later, u->nlater);
	u->later[u->nlater++] = *one;
}

static void look_at(struct uses *u, const struct use *one, int dir, bool now)
{
	char name[USE_NAME_MAX];
	bool denied;

	emit_tick(&u->in->emit);
	use_name(one, name);
	if (descr_link(&u->d, dir, name) < 0) {
		denied = errno == EACCES || errno == EPERM;
		if (one->fd == USE_MEM)
			u->no_files |= denied;
		else
			u->refused |= denied;
	} else if (!now && descr_may_wait(&u->d, map_get(&u->mounts, u->d.info.mount))) {
		put_off(u, one);
	} else {
		finish(u, one, dir, name);
	}
}

static void each_descriptor(struct uses *u, const struct person *who, int dir)
{
	auto_close int fds = openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct proc_dir d;
	pid_t n;

	if (fds < 0) {
		u->refused |= errno == EACCES || errno == EPERM;
		return;
	}
	proc_dir_init(&d, fds);
	while (proc_dir_next(&d, &n) > 0)
		look_at(u, &(struct use){ .who = who, .fd = (int)n }, dir, false);
}

static bool is_deleted(const struct vma *v)
{
	static const char end[] = " (deleted)";
	size_t len = sizeof(end) - 1;

	return v->inode && v->path.len > len && !memcmp(v->path.p + v->path.len - len, end, len);
}

/* A file that is mapped in several pieces is one use. */
static void each_mapped(struct uses *u, const struct person *who, int dir)
{
	auto_arena struct arena *a = arena_new();
	const struct vma *before = NULL;
	struct maps maps;

	if (maps_read(&maps, dir, a) < 0)
		return;
	u->cut |= maps.cut;
	for (size_t i = 0; i < maps.count; i++) {
		const struct vma *v = &maps.items[i];

		if (!is_deleted(v) || (before && before->inode == v->inode &&
				       before->major == v->major && before->minor == v->minor))
			continue;
		before = v;
		look_at(u, &(struct use){ who, USE_MEM, v->start, v->end }, dir, false);
	}
}

static void each_of(struct uses *u, const struct person *who)
{
	auto_close int dir = open_person(u, who);

	if (dir < 0)
		return;
	for (int fd = USE_CWD; u->others && fd >= USE_EXE; fd--)
		look_at(u, &(struct use){ .who = who, .fd = fd }, dir, false);
	each_descriptor(u, who, dir);
	if (u->mapped)
		each_mapped(u, who, dir);
}

static void each_later(struct uses *u)
{
	const struct person *who = NULL;
	auto_close int dir = -1;

	for (size_t i = 0; i < u->nlater; i++) {
		if (u->later[i].who != who) {
			own_close(&dir);
			who = u->later[i].who;
			dir = open_person(u, who);
		}
		if (dir >= 0)
			look_at(u, &u->later[i], dir, true);
	}
}

void uses_each(struct uses *u, use_fn *fn, void *ctx)
{
	u->fn = fn;
	u->ctx = ctx;
	for (size_t i = 0; i < u->npeople; i++)
		each_of(u, u->people[i]);
	emit_flush(&u->in->emit);
	each_later(u);
}
