/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/callbytes.h"
#include "nsdebug/code/memory.h"
#include "nsdebug/code/modules.h"
#include "nsdebug/code/settle.h"
#include "nsdebug/enter/emit.h"
#include "nsdebug/sys/ns.h"
#include "nsdebug/sys/task.h"

#define TRIES 5
#define STOPS_KEPT 64		/* execve(2) ends all threads but one */

void snapshot_init(struct snapshot *s, int procfs, unsigned int level)
{
	*s = (struct snapshot){
		.arena = arena_new(), .procfs = procfs, .target = -1, .level = level,
		.stack_bytes = 256 << 10,
	};
}

void snapshot_free(struct snapshot *s)
{
	for (size_t i = 0; i < s->module_count; i++)
		own_close(&s->modules[i]->fd);
	served_free(&s->served);
	map_free(&s->files);
	free(s->modules);
	free(s->processes);
	arena_free(&s->arena);
}

bool thread_is_frozen(const struct thread *t)
{
	return strstr(t->wchan, "refrigerator") || strstr(t->wchan, "freezer_trap");
}

bool thread_waits_for_vfork(const struct thread *t)
{
	return strstr(t->wchan, "kernel_clone") || strstr(t->wchan, "do_fork");
}

bool thread_refuse(struct thread *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(t->note, sizeof(t->note), fmt, ap);
	va_end(ap);
	return false;
}

int snapshot_dir(const struct process *p)
{
	return p->living >= 0 ? p->living : p->dir;
}

bool snapshot_served(struct snapshot *s, const struct process *p, const struct vma *v)
{
	return v->inode && served_device(&s->served, snapshot_dir(p), v->major, v->minor);
}

struct memory *snapshot_memory(struct process *p)
{
	struct memory *m = p->memory;

	if (m)
		return m;
	m = mem_alloc(sizeof(*m));
	if (memory_open(m, snapshot_dir(p)) < 0)
		own_free(&m);
	p->memory = m;
	return m;
}

void snapshot_close(struct process *p)
{
	if (p->memory)
		memory_close(p->memory);
	own_free(&p->memory);
	own_close(&p->living);
	own_close(&p->mapped);
}

/* What is there of the stack: how much, or -1 with errno. */
static ssize_t copy_stack(struct snapshot *s, struct process *p, struct thread *t, size_t len)
{
	struct memory *m = snapshot_memory(p);
	struct holes holes = { 0 };
	void *to;
	ssize_t n;

	if (!m)
		return -1;
	to = arena_alloc(s->arena, len);
	n = memory_copy(m, t->stack_at, to, len, &holes);
	t->stack = to;
	t->hole_count = holes.count;
	t->holes = memory_keep(&holes, s->arena);
	return n;
}

/* Of a stack that is in no file: what follows may be the same memory, which a userfaultfd or
 * madvise(2) was told of in part. */
static uint64_t stack_end(const struct process *p, const struct vma *v)
{
	const struct vma *end = p->maps.items + p->maps.count, *next = v + 1;
	uint64_t to = v->end;

	for (; next < end && next->start == to && !next->inode && !v->inode; next++) {
		if (!next->read || next->write != v->write || next->exec != v->exec ||
		    !bytes_same(next->path, v->path))
			break;
		to = next->end;
	}
	return to;
}

uint64_t snapshot_far(const struct snapshot *s)
{
	return s->far_bytes && s->far_bytes < s->stack_bytes ? s->far_bytes : s->stack_bytes;
}

/* Nobody has its memory any more: or has it executed another program? */
static bool has_ended(const struct process *p)
{
	struct proc_stat st;

	return proc_stat(snapshot_dir(p), &st) < 0 || st.state == 'Z' || st.state == 'X';
}

bool snapshot_stack(struct snapshot *s, struct process *p, struct thread *t, uint64_t sp)
{
	const struct vma *v = maps_find(&p->maps, sp);
	uint64_t want, room = SNAPSHOT_STACKS_MAX - s->total.stacks;
	ssize_t n;

	if (!v || !v->read)
		return thread_refuse(t, "its stack pointer 0x%llx is in no memory",
				     (unsigned long long)sp);
	if (snapshot_served(s, p, v))
		return thread_refuse(t, "its stack is a file on a file system that may ask a "
				     "server");
	t->stack_at = sp - v->start < STACK_RED_ZONE ? v->start : sp - STACK_RED_ZONE;
	want = stack_end(p, v) - t->stack_at;
	t->stack_cut = want > s->stack_bytes + STACK_RED_ZONE || want > room;
	if (want > s->stack_bytes + STACK_RED_ZONE)
		want = snapshot_far(s) + STACK_RED_ZONE;
	if (want > room) {
		s->cut = true;
		want = room;
	}
	if (!want)
		return thread_refuse(t, "as much of stacks was copied as is at once");
	n = copy_stack(s, p, t, want);
	if (n < 0) {
		thread_refuse(t, "its stack cannot be read: %s", errno_name(errno));
		t->gone = errno == ESRCH && has_ended(p);
		return false;
	}
	if (!n)
		return thread_refuse(t, "its stack is not in memory: it was never written, or a "
				     "program is asked for it (userfaultfd)");
	t->stack_len = (size_t)n;
	s->total.stacks += want;
	return true;
}

static pid_t view(const struct proc_status *st, unsigned int level)
{
	return st->levels > level ? st->nspid[level] : 0;
}

/* Who it is. False if it is gone. */
static bool describe(struct snapshot *s, struct thread *t, int dir)
{
	struct proc_status status;
	struct proc_stat stat;

	if (proc_stat(dir, &stat) < 0 || proc_status(dir, &status) < 0)
		return false;
	t->nstid = view(&status, s->level);
	t->start = stat.start;
	t->state = stat.state;
	t->tracer = status.tracer;
	memcpy(t->comm, stat.comm, sizeof(t->comm));
	task_wchan(dir, t->wchan, sizeof(t->wchan));
	return true;
}

/* The process's first thread has ended and took /proc/PID/maps along: ask one that lives. */
static void borrow_maps(struct snapshot *s, struct process *p, const struct thread *t, int dir)
{
	uint64_t start;

	if (maps_read(&p->maps, dir, s->arena) < 0 || !p->maps.count)
		return;
	own_close(&p->living);
	p->living = proc_open(s->procfs, t->tid);
	if (p->living >= 0 && (proc_start(p->living, &start) < 0 || start != t->start))
		own_close(&p->living);
	if (p->modules)		/* they were of the maps that went */
		modules_open(s, p);
}

static void take_thread(struct snapshot *s, struct process *p, struct thread *t, int dir,
			const struct snapshot_source *source, void *self)
{
	if (t->state == 'Z' || t->state == 'X') {
		thread_refuse(t, "zombie: it has ended and has no stack any more");
		return;
	}
	if (!p->maps.count)
		borrow_maps(s, p, t, dir);
	if (!p->maps.count) {
		thread_refuse(t, "it has no memory of its own (a kernel thread, or just ending)");
		return;
	}
	if (!source->take(self, s, p, t, dir))
		t->how = HOW_NOT;
}

bool snapshot_wants(const struct snapshot_only *only, pid_t tid)
{
	return !only || !only->tids || pids_find(only->tids, only->count, tid);
}

static unsigned int was(const struct snapshot_only *only, pid_t tid)
{
	const pid_t *at = only && only->was && only->tids ?
		pids_find(only->tids, only->count, tid) : NULL;

	return at ? only->was[at - only->tids] : 0;
}

static bool has_nstid(const struct snapshot_only *only, const struct thread *t)
{
	return !only || !only->nstid || only->nstid == (uint64_t)t->nstid;
}

/* False: it is none that is wanted, or is gone. */
static bool look(struct snapshot *s, struct process *p, int tasks, struct thread *t,
		 const struct snapshot_only *only, const struct snapshot_source *source, void *self)
{
	auto_close int dir = -1;

	if (p->maps.count && source->taken && source->taken(self, s, t)) {
		task_wchan_of(tasks, t->tid, t->wchan, sizeof(t->wchan));
		return has_nstid(only, t);
	}
	dir = proc_open(tasks, t->tid);
	if (dir < 0 || !describe(s, t, dir) || !has_nstid(only, t))
		return false;
	take_thread(s, p, t, dir, source, self);
	if ((t->how == HOW_SAMPLED || t->how == HOW_STOPPED) && !p->at_once)
		settle_thread(s, p, t, dir);
	return !t->gone;
}

bool snapshot_again(struct snapshot *s, struct process *p, struct thread *t, int dir,
		    const struct snapshot_source *source, void *self)
{
	struct thread again = { .tid = t->tid, .ran = t->ran, .waited = t->waited,
		.held_ns = t->held_ns };

	if (!describe(s, &again, dir) || again.start != t->start)
		return false;
	take_thread(s, p, &again, dir, source, self);
	*t = again;
	return !t->gone;
}

void snapshot_at_once(struct snapshot *s, struct process *p)
{
	struct maps now;

	if (maps_read(&now, snapshot_dir(p), s->arena) < 0 || !now.count)
		return;
	p->maps = now;
	modules_open(s, p);
	p->at_once = true;
}

static void add_thread(struct snapshot *s, struct process *p, int tasks, pid_t tid,
		       const struct snapshot_only *only, const struct snapshot_source *source,
		       void *self)
{
	struct thread t = { .tid = tid };

	if (!snapshot_wants(only, tid))
		return;
	t.ran = was(only, tid) & WAS_RUNNING;
	t.waited = was(only, tid) & WAS_WAITING;
	if (s->total.threads == SNAPSHOT_THREADS_MAX) {
		p->cut = s->cut = true;
		return;
	}
	if (!look(s, p, tasks, &t, only, source, self))
		return;
	p->threads = mem_more(p->threads, p->count);
	p->threads[p->count++] = t;
	s->total.threads++;
}

static int take_threads(struct snapshot *s, struct process *p, const struct snapshot_only *only,
			const struct snapshot_source *source, void *self)
{
	auto_close int tasks = proc_open_tasks(p->dir);
	struct proc_dir d;
	pid_t tid;
	int more;

	if (tasks < 0)
		return -1;
	if (source->begin)
		source->begin(self, s, p, only);
	proc_dir_init(&d, tasks);
	while ((more = proc_dir_next(&d, &tid)) > 0) {
		add_thread(s, p, tasks, tid, only, source, self);
		if (s->emit)
			emit_tick(s->emit);
	}
	return more;
}

static int err_take(struct err *e, pid_t pid)
{
	if (errno == ENOENT || errno == ESRCH)
		return err_set(e, ST_TARGET, "process %d went away", (int)pid);
	if (errno == EPERM || errno == EACCES)
		return err_set(e, ST_PRIVILEGE, "read the memory map of process %d: not permitted; "
			       "run nsdebug as root on the node, or give it CAP_SYS_PTRACE and "
			       "CAP_DAC_READ_SEARCH", (int)pid);
	return err_sys(e, "read process %d", (int)pid);
}

/*
 * execve(2) gives a process a new memory: the file of the old one's maps has nothing in it once
 * nobody has that. To see this takes no lock that the target could hold.
 */
static bool lives(int mapped)
{
	char c;

	return mapped < 0 || pread(mapped, &c, 1, 0) != 0;
}

static void open_mapped(struct process *p)
{
	for (int try = 0; try < TRIES; try++) {
		p->mapped = openat(p->dir, "maps", O_RDONLY | O_CLOEXEC);
		if (lives(p->mapped))
			return;
		/* it has just called execve(2), or its first thread has ended and has none */
		own_close(&p->mapped);
	}
}

bool snapshot_own_map(const struct snapshot *s, int dir, const struct proc_status *st)
{
	return s->target >= 0 && view(st, s->level) == view(st, st->levels - 1) &&
		ns_same_files(s->target, dir);
}

static int read_process(struct snapshot *s, struct process *p)
{
	struct proc_status status;
	struct proc_stat stat;

	if (proc_stat(p->dir, &stat) < 0 || proc_status(p->dir, &status) < 0)
		return -1;
	p->start = stat.start;
	p->faults = stat.faults;
	p->nspid = view(&status, s->level);
	p->innermost = view(&status, status.levels - 1);
	p->euid = status.uid[1];
	p->own_map = snapshot_own_map(s, p->dir, &status);
	memcpy(p->comm, stat.comm, sizeof(p->comm));
	if (stat.state == 'Z' || stat.state == 'X')
		return 0;
	open_mapped(p);
	return maps_read(&p->maps, p->dir, s->arena);
}

static int take_once(struct snapshot *s, struct process *p, const struct snapshot_only *only,
		     const struct snapshot_source *source, void *self)
{
	struct thread *threads;

	if (read_process(s, p) < 0 || take_threads(s, p, only, source, self) < 0) {
		free(take_ptr(p->threads));
		return -1;
	}
	threads = p->threads;
	p->threads = arena_alloc(s->arena, (p->count + 1) * sizeof(*threads));
	if (p->count)
		memcpy(p->threads, threads, p->count * sizeof(*threads));
	free(threads);
	if (p->count) {
		if (!p->modules)
			modules_open(s, p);
		settle(s, p, source, self);
		callbytes_take(s, p);
	}
	return 0;
}

/* Who was stopped for a copy that does not count was stopped nonetheless. */
static void keep_stops(struct process *p, const struct thread *before, size_t count)
{
	for (size_t i = 0; i < p->count; i++)
		for (size_t k = 0; k < count; k++)
			if (before[k].tid == p->threads[i].tid &&
			    before[k].held_ns > p->threads[i].held_ns)
				p->threads[i].held_ns = before[k].held_ns;
}

static void refuse_all(struct process *p)
{
	for (size_t i = 0; i < p->count; i++) {
		p->threads[i].how = HOW_NOT;
		p->threads[i].running = false;
		thread_refuse(&p->threads[i], "the process executed one program after the other "
			      "each time it was looked at");
	}
}

/* Maps and files of one program and the threads of the next would be names of functions in which
 * nobody ever was. */
static int take_whole(struct snapshot *s, struct process *p, const struct snapshot_only *only,
		      const struct snapshot_source *source, void *self)
{
	const struct snapshot_total total = s->total;
	const struct thread *before = NULL;
	size_t count = 0;

	for (int try = 1;; try++) {
		int ret = take_once(s, p, only, source, self);
		bool same = lives(p->mapped), last = try == TRIES;

		snapshot_close(p);
		if (ret < 0)
			return ret;
		keep_stops(p, before, count < STOPS_KEPT ? count : STOPS_KEPT);
		if (same)
			return 0;
		if (last) {
			refuse_all(p);
			return 0;
		}
		before = p->threads;
		count = p->count;
		s->total = total;
		*p = (struct process){ .pid = p->pid, .dir = p->dir, .living = -1, .mapped = -1 };
	}
}

struct process *snapshot_take(struct snapshot *s, int dir, pid_t pid,
			      const struct snapshot_only *only,
			      const struct snapshot_source *source, void *self, struct err *e)
{
	struct process *p = arena_alloc(s->arena, sizeof(*p));

	p->pid = pid;
	p->dir = dir;
	p->living = p->mapped = -1;
	if (take_whole(s, p, only, source, self) < 0) {
		err_take(e, pid);
		return NULL;
	}
	p->dir = -1;
	s->processes = mem_more(s->processes, s->count);
	s->processes[s->count++] = p;
	return p;
}
