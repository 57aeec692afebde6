/* SPDX-License-Identifier: Apache-2.0 */
/* sys/maps, sys/task and code/wanted parse; code/blocked refuses who runs or has
 * ended; code/standing who could not be held. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/blocked.h"
#include "nsdebug/code/standing.h"
#include "nsdebug/code/wanted.h"
#include "nsdebug/sys/task.h"

static int tests;

static void ok(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, name);
}

static void test_maps(void)
{
	static const char text[] =
		"00400000-00452000 r-xp 00002000 08:02 173521      /usr/bin/dbus\n"
		"00451000-00453000 r-xp 00002000 08:02 173521      /overlaps/the/first\n"
		"not a mapping\n"
		"7f00-7e00 r-xp 00000000 00:00 0\n"
		"00e03000-00e24000 rw-p 00000000 00:00 0           [heap]\n"
		"7fff0000-7fff1000 ---p ffffffffff 0:1 18446744073709551615 a b\\012c (deleted)";
	struct arena *a = arena_new();
	struct maps m;

	maps_parse(&m, text, strlen(text), a);
	ok(m.count == 3, "lines that are no mapping are skipped");
	ok(m.items[0].exec && !m.items[0].write && m.items[0].inode == 173521 &&
	   m.items[0].major == 8 && m.items[0].minor == 2 && m.items[0].offset == 0x2000,
	   "the words of a line");
	ok(m.items[0].path.len == 13 && !memcmp(m.items[0].path.p, "/usr/bin/dbus", 13), "path");
	ok(m.items[2].path.len == 18, "a path is what is left of the line");
	ok(maps_find(&m, 0x451fff) == &m.items[0] && !maps_find(&m, 0x452000) &&
	   maps_find(&m, 0xe03000) == &m.items[1] && !maps_find(&m, ~0ull), "search");
	maps_parse(&m, "", 0, a);
	ok(!m.count && !maps_find(&m, 1), "of nothing");
	arena_free(&a);
}

static void test_where(void)
{
	struct task_where w;

	ok(task_parse_where("running\n", &w) && w.running, "running");
	ok(task_parse_where("-1 0x7ffd1234 0x401000\n", &w) && !w.running && w.nr == -1 &&
	   w.sp == 0x7ffd1234 && w.pc == 0x401000, "in no system call");
	ok(task_parse_where("0 0x3 0x7 0x2 0x0 0xffff 0x1 0x7ffe8 0x7fb75\n", &w) && w.nr == 0 &&
	   w.sp == 0x7ffe8 && w.pc == 0x7fb75, "in one");
	ok(!task_parse_where("0 0x3 0x7\n", &w) && !task_parse_where("", &w) &&
	   !task_parse_where("x", &w), "cut or broken");
}

static void test_wanted(void)
{
	struct thread t[3] = { { .tid = 9 }, { .tid = 7 }, { .tid = 8 } };
	struct process p = { .pid = 5, .start = 1ull << 40, .threads = t, .count = 3 };
	bool want[3] = { true, false, true };
	auto_buf struct buf b = { 0 };
	struct arena *a = arena_new();
	struct bytes in;
	struct wanted w;

	wanted_put(&b, &p, want, &(struct wanted){ .count = 2 });
	in = (struct bytes){ b.bytes, b.len };
	ok(wanted_next(&in, &w, a) && w.pid == 5 && w.start == 1ull << 40 && w.count == 2 &&
	   w.tids[0] == 8 && w.tids[1] == 9, "comes back as it was, ascending");
	ok(!wanted_next(&in, &w, a), "and ends");
	for (size_t n = 0; n < b.len; n++) {
		in = (struct bytes){ b.bytes, n };
		if (wanted_next(&in, &w, a))
			ok(false, "cut");
	}
	in = (struct bytes){ "\1\1\xff\xff\xff\xff\x0f", 7 };
	ok(!wanted_next(&in, &w, a), "a count that cannot be");
	arena_free(&a);
}

static void take(pid_t pid, char state, const char *note, const char *name)
{
	auto_close int procfs = open("/proc", O_PATH | O_DIRECTORY), dir = proc_open(procfs, pid);
	struct process *p;
	struct snapshot s;
	struct err e;

	snapshot_init(&s, procfs, 0);
	p = snapshot_take(&s, dir, pid, NULL, &source_blocked, NULL, &e);
	ok(p && p->count == 1 && p->threads[0].state == state && p->threads[0].how == HOW_NOT &&
	   strstr(p->threads[0].note, note), name);
	snapshot_free(&s);
}

/* Of who was held before, nothing is said of the next. */
static void test_standing(void)
{
	auto_close int procfs = open("/proc", O_PATH | O_DIRECTORY);
	auto_close int dir = proc_open(procfs, getpid());
	struct standing x = { .peer = -1, .held_ns = 5 };
	struct vma v = { 0 };
	struct process p = { .pid = getpid(), .dir = dir, .maps = { &v, 1 } };
	struct thread t = { .tid = getpid() };
	struct snapshot s;

	snapshot_init(&s, procfs, 0);
	source_standing.begin(&x, &s, &p, NULL);
	ok(!source_standing.take(&x, &s, &p, &t, dir) && strstr(t.note, "stopper") && !t.held_ns,
	   "who could not be held was not held");
	standing_free(&x);
	snapshot_free(&s);
}

static void *stay(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void lose_leader(int in)
{
	pthread_t t;
	char c;

	if (pthread_create(&t, NULL, stay, NULL) || read(in, &c, 1) != 1)
		_exit(1);
	syscall(SYS_exit, 0);
}

/* Claims all it is asked for, in no code, and ends the first thread when it comes to the second. */
static bool end_leader(void *self, struct snapshot *s, struct process *p, struct thread *t, int dir)
{
	const int *out = self;
	struct proc_stat st;

	(void)s, (void)dir;
	t->how = HOW_BLOCKED;
	if (t->tid == p->pid || write(*out, "", 1) != 1)
		return true;
	while (proc_stat(p->dir, &st) == 0 && st.state != 'Z')
		usleep(100);
	return true;
}

/* The maps go with the first thread and come back with another: files are those of the maps. */
static void test_leader(void)
{
	static const struct snapshot_source source = { "end_leader", NULL, NULL, end_leader };
	auto_close int procfs = open("/proc", O_PATH | O_DIRECTORY);
	auto_close int dir = -1;
	size_t files = 0, right = 0;
	struct process *p;
	struct snapshot s;
	struct err e;
	int ends[2];
	pid_t pid;

	if (pipe(ends) < 0 || (pid = fork()) < 0)
		exit(1);
	if (!pid)
		lose_leader(ends[0]);
	dir = proc_open(procfs, pid);
	snapshot_init(&s, procfs, 0);
	while ((p = snapshot_take(&s, dir, pid, NULL, &source, &ends[1], &e)) && p->count < 2)
		;	/* its second thread comes */
	for (size_t i = 0; p && i < p->maps.count; i++) {
		const struct vma *v = &p->maps.items[i];

		if (!v->exec || !v->inode)
			continue;
		files++;
		right += p->modules[i] && p->modules[i]->inode == v->inode;
	}
	ok(files && right == files, "files of the maps that another thread has");
	snapshot_free(&s);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

int main(void)
{
	siginfo_t info;
	pid_t pid;

	test_maps();
	test_where();
	test_wanted();
	test_standing();
	test_leader();
	pid = fork();
	if (!pid)
		for (;;)
			__asm__ volatile("");
	usleep(10000);
	take(pid, 'R', "running", "who runs is not taken");
	kill(pid, SIGKILL);
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	take(pid, 'Z', "zombie", "nor is a zombie");
	waitpid(pid, NULL, 0);
	printf("1..%d\n", tests);
	return 0;
}
