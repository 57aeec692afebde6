/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/members.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/clock.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/sys/cgroup.h"
#include "nsdebug/sys/ns.h"
#include "nsdebug/sys/proc.h"

/* A process that moved between two cgroups while they were read is listed in both. */
static size_t unique(pid_t *pids, size_t count)
{
	size_t n = 0;

	pids_sort(pids, count);
	for (size_t i = 0; i < count; i++)
		if (pids[i] > 0 && (!n || pids[n - 1] != pids[i]))
			pids[n++] = pids[i];
	return n;
}

/* In the same cgroup, or one below it. */
static bool is_in_cgroup(const struct cgroup *at, int dir)
{
	auto_buf struct buf text = { 0 };
	const char *p;
	size_t len = strlen(at->path);
	struct cgroup c;

	if (fd_read_file(dir, "cgroup", &text, 1u << 18) < 0 || !text.len)
		return false;
	for (p = text.bytes; cgroup_next(&p, &c);)
		if (!strcmp(c.controllers, at->controllers))
			return str_prefix(c.path, at->path) &&
				(!c.path[len] || c.path[len] == '/');
	return false;
}

bool members_is(const struct members_want *w, int dir)
{
	if (w->cgroup < 0)
		return w->ns_id && ns_id(dir, w->ns) == w->ns_id;
	return is_in_cgroup(w->at, dir);
}

bool members_was(const struct members_want *w, int dir, const struct proc_stat *st)
{
	return (w->cgroup >= 0 && (st->start < w->since || st->state == 'Z')) ||
		members_is(w, dir);
}

bool members_has(const struct members_want *w, int dir)
{
	struct proc_stat st = { 0 };

	return (w->cgroup < 0 || proc_stat(dir, &st) == 0) && members_was(w, dir, &st);
}

static uint64_t ticks_now(void)
{
	return clock_of(CLOCK_BOOTTIME) / (NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK));
}

static int scan(const struct members_want *w, pid_t **pids, size_t *count)
{
	auto_close int list = openat(w->procfs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct proc_dir d;
	pid_t pid;
	int more;

	if (list < 0)
		return -1;
	proc_dir_init(&d, list);
	while ((more = proc_dir_next(&d, &pid)) > 0) {
		auto_close int dir = proc_open(w->procfs, pid);

		if (dir < 0 || !members_has(w, dir))
			continue;
		if (*count >= MEMBERS_MAX)
			return 1;
		*pids = mem_more(*pids, *count);
		(*pids)[(*count)++] = pid;
	}
	return more;
}

/* Adds it if it is a zombie whose parent is one of the living, which come first and in order. */
static void add_if_zombie(const struct members_want *w, pid_t pid, size_t living, pid_t **pids,
			  size_t *count)
{
	auto_close int dir = pids_find(*pids, living, pid) ? -1 : proc_open(w->procfs, pid);
	struct proc_stat st;

	if (dir < 0 || proc_stat(dir, &st) < 0 || st.state != 'Z' ||
	    !pids_find(*pids, living, st.ppid) || *count >= MEMBERS_MAX)
		return;
	*pids = mem_more(*pids, *count);
	(*pids)[(*count)++] = pid;
}

/* Among the children of a thread: "12 13 ". */
static void add_children(const struct members_want *w, int tasks, pid_t tid, size_t living,
			 pid_t **pids, size_t *count)
{
	auto_buf struct buf b = { 0 };
	char name[32];
	const char *p;
	uint64_t pid;

	snprintf(name, sizeof(name), "%d/children", (int)tid);
	if (fd_read_file(tasks, name, &b, 1u << 20) < 0)
		return;
	for (p = b.len ? b.bytes : ""; scan_u64(&p, &pid); p += *p == ' ')
		add_if_zombie(w, (pid_t)pid, living, pids, count);
}

static void add_zombies_below(const struct members_want *w, size_t living, pid_t **pids,
			      size_t *count)
{
	for (size_t i = 0; i < living; i++) {
		auto_close int dir = proc_open(w->procfs, (*pids)[i]);
		auto_close int tasks = dir < 0 ? -1 : proc_open_tasks(dir);
		struct proc_dir d;
		pid_t tid;

		if (tasks < 0)
			continue;
		proc_dir_init(&d, tasks);
		while (proc_dir_next(&d, &tid) > 0)
			add_children(w, tasks, tid, living, pids, count);
	}
}

static void add_zombies_of_node(const struct members_want *w, size_t living, pid_t **pids,
				size_t *count)
{
	auto_close int list = openat(w->procfs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct proc_dir d;
	pid_t pid;

	if (list < 0)
		return;
	proc_dir_init(&d, list);
	while (proc_dir_next(&d, &pid) > 0)
		add_if_zombie(w, pid, living, pids, count);
}

/*
 * A zombie is in no cgroup's list and in no namespace: it is found below its parent, or, where the
 * container is most of the node, among the few that are not of it. /proc has as many links as there
 * are processes.
 */
static void add_zombies(const struct members_want *w, pid_t **pids, size_t *count)
{
	size_t living = unique(*pids, *count);
	struct stat st;

	*count = living;
	if (fstat(w->procfs, &st) == 0 && (size_t)st.st_nlink < 2 * living)
		add_zombies_of_node(w, living, pids, count);
	else
		add_zombies_below(w, living, pids, count);
}

static bool has(const pid_t *pids, size_t count, pid_t pid)
{
	while (count && pids[count - 1] != pid)
		count--;
	return count;
}

int members_list(struct members_want *w, pid_t **pids, size_t *count, bool *cut,
		 struct err *e)
{
	auto_free pid_t *found = NULL;
	size_t n = 0;
	int more;

	w->since = ticks_now();
	if (w->cgroup >= 0)
		more = cgroup_pids(w->cgroup, &found, &n, MEMBERS_MAX);
	else
		more = scan(w, &found, &n);
	if (more < 0 && (errno == ENOENT || errno == ENODEV))
		return err_set(e, ST_TARGET, "the target went away: its cgroup is gone");
	if (!more && w->zombies && !has(found, n, w->named))
		add_zombies(w, &found, &n);
	if (more < 0)
		return err_sys(e, "list the target's processes");
	*cut = more > 0;
	*count = unique(found, n);
	*pids = take_ptr(found);
	return 0;
}
