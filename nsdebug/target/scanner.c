/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scanner - the child of scan.h that goes over the processes.
 *
 * All groups are sent before the first memory of a process is read, so that whatever hangs then
 * hides none of them.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/map.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/ns.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/target/scan.h"

#define ARGS_MAX 16384		/* what names a container comes first */

struct group {
	bool host;		/* has the host's root: a service with PrivateTmp and the like */
	pid_t pid, parent;
	uint64_t start;
};

struct pass {
	struct inside *in;
	const struct scan_job *job;
	struct arena *arena;
	struct map by_mnt;
	struct group **items;
	size_t count;
	uint64_t denied;
	uint64_t mnt;		/* our own mount namespace */
};

const struct col scan_cols[] = {
#define C(t, f) COL(t, struct scan_row, f, 0, #f)
	C(COL_U64, what), C(COL_U64, pid), C(COL_U64, start), C(COL_U64, parent),
	C(COL_U64, parent_start), C(COL_U64, monitor), C(COL_U64, uid), C(COL_U64, sandbox),
	C(COL_BYTES, id), C(COL_BYTES, name), C(COL_BYTES, bundle), C(COL_BYTES, image),
	C(COL_BYTES, created), C(COL_BYTES, labels), COL_END
};

bool scan_skips(const struct scan_job *job, pid_t pid, uid_t uid)
{
	for (unsigned int i = 0; i < job->skips; i++)
		if (job->skip[i].uid == uid && (uid || job->skip[i].pid == pid))
			return true;
	return false;
}

void scan_say_at(struct emit *e, pid_t pid, uid_t uid)
{
	struct scan_row row = { .what = SCAN_AT, .pid = (uint64_t)pid, .uid = uid };

	emit_row(e, &row);
	emit_flush(e);
}

/* ---- which mount namespaces there are ---- */

static struct group *group_of(struct pass *p, uint64_t mnt, int dir)
{
	struct group *g = map_get(&p->by_mnt, mnt);

	if (g)
		return g;
	g = arena_alloc(p->arena, sizeof(*g));
	map_put(&p->by_mnt, mnt, g);
	g->host = ns_host_root(dir);
	if (g->host)
		return g;
	if (p->count == SCAN_GROUPS_MAX) {
		g->host = true;
		emit_cut(&p->in->emit, "more than %u mount namespaces: not all are shown",
			 SCAN_GROUPS_MAX);
		return g;
	}
	p->items = mem_more(p->items, p->count);
	p->items[p->count++] = g;
	return g;
}

static void add_process(struct pass *p, pid_t pid, uint64_t mnt)
{
	struct group *g = map_get(&p->by_mnt, mnt);
	auto_close int dir = g && g->host ? -1 : proc_open(p->in->procfs, pid);
	struct proc_stat st;

	/* by the directory from here on: the number may be another's by now */
	if (dir < 0 || ns_id(dir, "mnt") != mnt || proc_stat(dir, &st) < 0 || st.state == 'Z' ||
	    (st.flags & PROC_KTHREAD))
		return;
	g = group_of(p, mnt, dir);
	if (g->host || (g->pid && (g->start < st.start || (g->start == st.start && g->pid < pid))))
		return;
	g->pid = pid;
	g->start = st.start;
	g->parent = st.ppid;
}

static void find_groups(struct pass *p)
{
	auto_close int list = openat(p->in->procfs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct proc_dir d;
	char path[32];
	uint64_t mnt;
	pid_t pid;

	proc_dir_init(&d, list);
	while (list >= 0 && proc_dir_next(&d, &pid) > 0) {
		emit_tick(&p->in->emit);
		snprintf(path, sizeof(path), "%d/ns/mnt", (int)pid);
		mnt = ns_id_at(p->in->procfs, path);
		p->denied += !mnt && (errno == EACCES || errno == EPERM);
		if (mnt && mnt != p->mnt)
			add_process(p, pid, mnt);
	}
}

static void send_groups(struct pass *p)
{
	struct scan_row denied = { .what = SCAN_DENIED, .pid = p->denied };

	for (size_t i = 0; i < p->count; i++) {
		struct scan_row row = { .what = SCAN_GROUP, .pid = (uint64_t)p->items[i]->pid,
			.start = p->items[i]->start };

		emit_row(&p->in->emit, &row);
	}
	emit_row(&p->in->emit, &denied);
	emit_flush(&p->in->emit);
}

/* ---- what their monitors say ---- */

bool words_next(struct bytes *args, struct bytes *ret)
{
	const char *end = args->len ? memchr(args->p, '\0', args->len) : NULL;

	*ret = (struct bytes){ args->p, end ? (size_t)(end - args->p) : args->len };
	if (!args->len)
		return false;
	args->p += ret->len + (end != NULL);
	args->len -= ret->len + (end != NULL);
	return true;
}

static bool is_option(struct bytes arg, struct bytes *args, const char *name, struct bytes *ret)
{
	size_t len = strlen(name);

	if (bytes_is(arg, name))
		return words_next(args, ret);
	if (arg.len <= len || memcmp(arg.p, name, len) != 0 || arg.p[len] != '=')
		return false;
	*ret = (struct bytes){ arg.p + len + 1, arg.len - len - 1 };
	return true;
}

bool words_option(struct bytes arg, struct bytes *args, const char *name, const char *or_name,
		  struct bytes *ret)
{
	return is_option(arg, args, name, ret) || is_option(arg, args, or_name, ret);
}

const struct monitor *const monitors[MONITORS] = {
	&monitor_conmon, &monitor_lxc, &monitor_nspawn
};

/* A program that root installed; a server of its file system is not asked. */
static bool is_roots_program(int dir)
{
	struct statx st;

	return statx(dir, "exe", AT_STATX_DONT_SYNC, STATX_UID | STATX_MODE, &st) == 0 &&
		st.stx_uid == 0 && !(st.stx_mode & (S_IWGRP | S_IWOTH));
}

/* Its index, or -1. Only its command name says so yet. */
static int monitor_of(int dir)
{
	char comm[PROC_COMM_MAX];

	if (fd_read_at(dir, "comm", comm, sizeof(comm)) <= 0)
		return -1;
	comm[strcspn(comm, "\n")] = '\0';
	for (int i = 0; i < MONITORS; i++)
		if (monitors[i]->is(comm) && is_roots_program(dir))
			return i;
	return -1;
}

static bool read_words(int dir, const struct monitor *m, char *args, struct words *w)
{
	auto_close int fd = openat(dir, "cmdline", O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	*w = (struct words){ 0 };
	while (fd >= 0 && len < ARGS_MAX && (n = read(fd, args + len, ARGS_MAX - len)) > 0)
		len += (size_t)n;
	return len && m->read((struct bytes){ args, len }, w);
}

static void ask_monitor(struct pass *p, const struct group *g, char *args)
{
	auto_close int dir = proc_open(p->in->procfs, g->parent);
	int monitor = dir < 0 ? -1 : monitor_of(dir);
	struct scan_row row = { .what = SCAN_WORDS, .pid = (uint64_t)g->pid,
		.parent = (uint64_t)g->parent, .monitor = (uint64_t)monitor };
	struct proc_status status;
	struct words w;

	if (monitor < 0 || proc_status(dir, &status) < 0 ||
	    proc_start(dir, &row.parent_start) < 0 ||
	    scan_skips(p->job, g->parent, status.uid[0]))
		return;
	/* root's conmon is one of podman's or CRI-O's own, or its name is not to be had */
	if (monitors[monitor] == &monitor_conmon && status.uid[0] == 0)
		return;
	scan_say_at(&p->in->emit, g->parent, status.uid[0]);
	if (!read_words(dir, monitors[monitor], args, &w))
		return;
	row.id = w.id;
	row.name = w.name;
	row.bundle = w.bundle;
	emit_row(&p->in->emit, &row);
}

void scanner_live(struct inside *in, void *job)
{
	struct pass p = { .in = in, .job = job, .arena = arena_new() };
	char *args = arena_alloc(p.arena, ARGS_MAX);

	p.mnt = ns_id_at(in->procfs, "self/ns/mnt");
	find_groups(&p);
	send_groups(&p);
	for (size_t i = 0; i < p.count; i++)
		if (p.items[i]->parent > 1)
			ask_monitor(&p, p.items[i], args);
}
