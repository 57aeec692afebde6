/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/task.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"

int task_open(struct task *t, int dir)
{
	t->dir = dir;
	t->schedstat = openat(dir, "schedstat", O_RDONLY | O_CLOEXEC);
	t->syscall = openat(dir, "syscall", O_RDONLY | O_CLOEXEC);
	return t->syscall < 0 ? -1 : 0;
}

void task_close(struct task *t)
{
	own_close(&t->syscall);
	own_close(&t->schedstat);
}

/* A file of one line, which one read gives whole and anew. */
static ssize_t read_line(int fd, char *text, size_t room)
{
	ssize_t n = pread(fd, text, room - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return n;
}

static bool scan_0x(const char **p, uint64_t *ret)
{
	while (**p == ' ')
		(*p)++;
	if (!str_prefix(*p, "0x"))
		return false;
	*p += 2;
	return scan_hex(p, ret);
}

/* "running", "-1 SP PC" or "NR ARG1 ... ARG6 SP PC" */
bool task_parse_where(const char *text, struct task_where *ret)
{
	uint64_t words[8] = { 0 }, nr;
	size_t n = 0;

	*ret = (struct task_where){ .nr = -1 };
	if (str_prefix(text, "running")) {
		ret->running = true;
		return true;
	}
	if (str_prefix(text, "-1")) {
		text += 2;
	} else {
		if (!scan_u64(&text, &nr))
			return false;
		ret->nr = (int64_t)nr;
	}
	while (n < 8 && scan_0x(&text, &words[n]))
		n++;
	if (n != (ret->nr < 0 ? 2 : 8))
		return false;
	ret->sp = words[n - 2];
	ret->pc = words[n - 1];
	return true;
}

int task_where(const struct task *t, struct task_where *ret)
{
	char text[256];

	if (read_line(t->syscall, text, sizeof(text)) < 0)
		return -1;
	if (task_parse_where(text, ret))
		return 0;
	errno = text[0] ? EPROTO : ESRCH;
	return -1;
}

static uint64_t number_after(const char *text, const char *key)
{
	const char *p = strstr(text, key);
	uint64_t n = 0;

	if (!p)
		return 0;
	p += strlen(key);
	while (*p == '\t' || *p == ' ')
		p++;
	scan_u64(&p, &n);
	return n;
}

int task_turns(const struct task *t, struct task_turns *ret)
{
	char text[4096];
	const char *p = text;
	uint64_t waited;

	*ret = (struct task_turns){ 0 };
	if (read_line(t->schedstat, text, 128) > 0 && scan_u64(&p, &ret->time) && *p++ &&
	    scan_u64(&p, &waited) && *p++ && scan_u64(&p, &ret->count) && ret->count)
		return 0;
	/* without CONFIG_SCHED_INFO it says "0 0 0" */
	if (fd_read_at(t->dir, "status", text, sizeof(text)) <= 0)
		return -1;
	ret->time = 0;
	/* the shorter key is the end of the longer one, so it begins with the line before */
	ret->count = number_after(text, "\nvoluntary_ctxt_switches:") +
		number_after(text, "nonvoluntary_ctxt_switches:");
	return 0;
}

bool task_stayed(int dir, uint64_t switches)
{
	char text[4096];

	return fd_read_at(dir, "status", text, sizeof(text)) > 0 && !strstr(text, "State:\tR") &&
		number_after(text, "\nvoluntary_ctxt_switches:") +
		number_after(text, "nonvoluntary_ctxt_switches:") == switches;
}

static void read_wchan(int dir, const char *path, char *text, size_t room)
{
	auto_close int fd = openat(dir, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read_line(fd, text, room);

	if (n <= 0 || !strcmp(text, "0"))
		text[0] = '\0';
}

void task_wchan(int dir, char *text, size_t room)
{
	read_wchan(dir, "wchan", text, room);
}

void task_wchan_of(int tasks, pid_t tid, char *text, size_t room)
{
	char path[32];

	snprintf(path, sizeof(path), "%d/wchan", (int)tid);
	read_wchan(tasks, path, text, room);
}
