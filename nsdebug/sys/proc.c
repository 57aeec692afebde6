/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/sys/dirent.h"

/* Fields of stat after the comm, numbered as proc(5) does: 3 is the state. */
enum {
	F_PPID = 4, F_PGRP, F_SESSION, F_TTY, F_TPGID, F_FLAGS, F_MINFLT, F_MAJFLT = 12,
	F_UTIME = 14, F_STIME,
	F_PRIORITY = 18, F_NICE, F_THREADS, F_START = 22, F_VSIZE, F_RSS, F_CPU = 39, F_LAST = 39,
};

static bool scan_field(const char **p, int64_t *ret)
{
	bool minus;
	uint64_t n;

	while (**p == ' ')
		(*p)++;
	minus = **p == '-';
	*p += minus;
	if (!scan_u64(p, &n))
		return false;
	*ret = minus ? (int64_t)-n : (int64_t)n;
	return true;
}

static bool scan_fields(const char *p, int64_t *field)
{
	for (int i = F_PPID; i <= F_LAST; i++)
		if (!scan_field(&p, &field[i]))
			return false;
	return true;
}

bool proc_parse_stat(char *text, struct proc_stat *ret)
{
	int64_t f[F_LAST + 1];
	/* comm may hold anything, ") R 1 (" too: it goes to the last parenthesis */
	char *open = strchr(text, '('), *close = strrchr(text, ')');

	if (!open || !close || close < open || close[1] != ' ' || !close[2])
		return false;
	*close = '\0';
	snprintf(ret->comm, sizeof(ret->comm), "%s", open + 1);
	ret->state = close[2];
	if (!scan_fields(close + 3, f))
		return false;
	ret->ppid = (pid_t)f[F_PPID];
	ret->pgrp = (pid_t)f[F_PGRP];
	ret->session = (pid_t)f[F_SESSION];
	ret->tty = (uint32_t)f[F_TTY];
	ret->tpgid = (pid_t)f[F_TPGID];
	ret->flags = (uint64_t)f[F_FLAGS];
	ret->faults = (uint64_t)f[F_MINFLT] + (uint64_t)f[F_MAJFLT];
	ret->utime = (uint64_t)f[F_UTIME];
	ret->stime = (uint64_t)f[F_STIME];
	ret->priority = f[F_PRIORITY];
	ret->nice = f[F_NICE];
	ret->threads = (uint64_t)f[F_THREADS];
	ret->start = (uint64_t)f[F_START];
	ret->vsize = (uint64_t)f[F_VSIZE];
	ret->rss = (uint64_t)f[F_RSS];
	ret->cpu = (uint32_t)f[F_CPU];
	return true;
}

int proc_stat(int dir, struct proc_stat *ret)
{
	char text[1024];

	if (fd_read_at(dir, "stat", text, sizeof(text)) < 0)
		return -1;
	if (proc_parse_stat(text, ret))
		return 0;
	errno = text[0] ? EPROTO : ESRCH;
	return -1;
}

int proc_start(int dir, uint64_t *ret)
{
	struct proc_stat st;

	if (proc_stat(dir, &st) < 0)
		return -1;
	*ret = st.start;
	return 0;
}

static unsigned int scan_list(const char *p, uint64_t *items, unsigned int room)
{
	unsigned int n = 0;

	while (n < room) {
		while (*p == ' ' || *p == '\t')
			p++;
		if (!scan_u64(&p, &items[n]))
			break;
		n++;
	}
	return n;
}

static bool ids(const char *p, uint32_t *ret)
{
	uint64_t id[4];

	if (scan_list(p, id, 4) != 4)
		return false;
	for (int i = 0; i < 4; i++)
		ret[i] = (uint32_t)id[i];
	return true;
}

/* Lines in kB. */
static const struct { const char *key; size_t offset; } sizes[] = {
	{ "VmRSS", offsetof(struct proc_status, vm_rss) },
	{ "VmSwap", offsetof(struct proc_status, vm_swap) },
	{ "RssAnon", offsetof(struct proc_status, rss_anon) },
	{ "RssFile", offsetof(struct proc_status, rss_file) },
	{ "RssShmem", offsetof(struct proc_status, rss_shmem) },
	{ "VmSize", offsetof(struct proc_status, vm_size) },
	{ "VmData", offsetof(struct proc_status, vm_data) },
	{ "VmStk", offsetof(struct proc_status, vm_stack) },
	{ "VmLck", offsetof(struct proc_status, vm_locked) },
	{ "VmPin", offsetof(struct proc_status, vm_pinned) },
};

static bool one_size(const char *key, uint64_t n, struct proc_status *ret)
{
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		if (!strcmp(key, sizes[i].key)) {
			*(uint64_t *)((char *)ret + sizes[i].offset) = n * 1024;
			return true;
		}
	return false;
}

static void one(const char *key, const char *p, struct proc_status *ret)
{
	uint64_t n[PROC_NSPID_MAX] = { 0 };
	unsigned int count;

	if (!strcmp(key, "CapEff")) {
		while (*p == '\t')
			p++;
		scan_hex(&p, &ret->cap_eff);
		return;
	}
	count = scan_list(p, n, PROC_NSPID_MAX);
	if (one_size(key, n[0], ret))
		return;
	if (!strcmp(key, "TracerPid")) {
		ret->tracer = (pid_t)n[0];
	} else if (!strcmp(key, "Threads")) {
		ret->threads = n[0];
	} else if (!strcmp(key, "SigQ")) {
		p += strcspn(p, "/") + 1;
		ret->signals = n[0];
		ret->signals_max = p[-1] && scan_u64(&p, &n[1]) ? n[1] : 0;
	} else if (!strcmp(key, "NoNewPrivs")) {
		ret->no_new_privs = n[0] != 0;
	} else if (!strcmp(key, "Seccomp")) {
		ret->seccomp = (unsigned int)n[0];
	} else if (!strcmp(key, "NSpid")) {
		ret->levels = count;
		for (unsigned int i = 0; i < count; i++)
			ret->nspid[i] = (pid_t)n[i];
	} else if (!strcmp(key, "NSpgid")) {
		for (unsigned int i = 0; i < count; i++)
			ret->nspgrp[i] = (pid_t)n[i];
	} else if (!strcmp(key, "NSsid")) {
		for (unsigned int i = 0; i < count; i++)
			ret->nssid[i] = (pid_t)n[i];
	}
}

bool proc_parse_status(const char *text, struct proc_status *ret)
{
	bool uid = false, gid = false;
	char key[24];

	memset(ret, 0, sizeof(*ret));
	for (const char *line = text; *line;) {
		const char *end = strchrnul(line, '\n'), *colon = memchr(line, ':', end - line);
		size_t len = colon ? (size_t)(colon - line) : sizeof(key);

		if (len < sizeof(key)) {
			memcpy(key, line, len);
			key[len] = '\0';
			if (!strcmp(key, "Uid"))
				uid = ids(colon + 1, ret->uid);
			else if (!strcmp(key, "Gid"))
				gid = ids(colon + 1, ret->gid);
			else
				one(key, colon + 1, ret);
		}
		line = *end ? end + 1 : end;
	}
	return uid && gid;
}

int proc_status(int dir, struct proc_status *ret)
{
	auto_buf struct buf b = { 0 };
	char text[4096];
	const char *all = text;

	if (fd_read_at(dir, "status", text, sizeof(text)) < 0)
		return -1;
	/* A process may be in 65536 groups, and all of them stand in it. */
	if (strlen(text) == sizeof(text) - 1) {
		if (fd_read_file(dir, "status", &b, 4u << 20) < 0)
			return -1;
		all = b.bytes;
	}
	if (proc_parse_status(all, ret))
		return 0;
	errno = text[0] ? EPROTO : ESRCH;
	return -1;
}

void proc_dir_init(struct proc_dir *d, int fd)
{
	d->fd = fd;
	d->len = d->at = 0;
}

int proc_dir_next(struct proc_dir *d, pid_t *ret)
{
	for (;;) {
		const struct dirent_raw *de;
		uint64_t pid;

		if (d->at >= d->len) {
			d->len = syscall(SYS_getdents64, d->fd, d->bytes, sizeof(d->bytes));
			d->at = 0;
			if (d->len <= 0)
				return (int)d->len;
		}
		de = (const void *)(d->bytes + d->at);
		d->at += de->reclen;
		if (str_u64(de->name, &pid)) {
			*ret = (pid_t)pid;
			return 1;
		}
	}
}

int proc_open(int procfs, pid_t pid)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", (int)pid);
	return openat(procfs, name, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* The first thread that lives, of a process whose own has ended. */
static int open_other(int dir, pid_t *tid, struct proc_stat *st)
{
	auto_close int tasks = proc_open_tasks(dir);
	struct proc_dir d;

	if (tasks < 0)
		return -1;
	proc_dir_init(&d, tasks);
	while (proc_dir_next(&d, tid) > 0) {
		auto_close int task = proc_open(tasks, *tid);

		if (task >= 0 && proc_stat(task, st) == 0 && st->state != 'Z' && st->state != 'X')
			return take_fd(&task);
	}
	errno = ESRCH;
	return -1;
}

int proc_open_living(int dir)
{
	struct proc_stat st;
	pid_t tid;

	if (proc_stat(dir, &st) < 0)
		return -1;
	return st.state != 'Z' && st.state != 'X' ?
		openat(dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC) : open_other(dir, &tid, &st);
}

int proc_open_memory(int procfs, int dir, pid_t *pid)
{
	auto_close int other = -1, task = -1;
	struct proc_stat st;
	uint64_t start;

	if (proc_stat(dir, &st) < 0)
		return -1;
	if (st.state != 'Z' && st.state != 'X')
		return openat(dir, ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	task = open_other(dir, pid, &st);
	if (task < 0)
		return -1;
	other = proc_open(procfs, *pid);
	/* the id may be another's by now */
	if (other >= 0 && (proc_start(other, &start) < 0 || start != st.start ||
			   proc_start(task, &start) < 0)) {
		errno = ESRCH;
		return -1;
	}
	return take_fd(&other);
}

int proc_open_tasks(int dir)
{
	return openat(dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

uint64_t proc_threads(int dir)
{
	struct stat st;

	return fstatat(dir, "task", &st, 0) == 0 && st.st_nlink > 2 ? st.st_nlink - 2 : 0;
}

static int by_number(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

void pids_sort(pid_t *pids, size_t count)
{
	if (count)
		qsort(pids, count, sizeof(*pids), by_number);
}

const pid_t *pids_find(const pid_t *pids, size_t count, pid_t pid)
{
	return count ? bsearch(&pid, pids, count, sizeof(*pids), by_number) : NULL;
}
