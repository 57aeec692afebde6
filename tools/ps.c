/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ps - the processes of a container, from the host's /proc: right whether the container has a /proc
 * of its own, hides its processes, or shares its pid namespace.
 *
 * A snapshot that takes a few milliseconds; each process is read through one directory descriptor,
 * so that no line mixes two processes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/clock.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/map.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/sys/task.h"
#include "nsdebug/target/target.h"

#define ARGS_MAX (64 * 1024)

struct ps_opts {
	bool every, full, threads, forest, pod, numeric;
	const char *pids, *sort;
	bool wchan;		/* set by setup(): a read more for each process */
};

#define F(l, n, f, h) OPT(l, n, OPT_FLAG, struct ps_opts, f, NULL, h)

static const struct opt ps_opt[] = {
	F('e', "every", every, "every process of the container: the default"),
	F('f', "full", full, "parents, host users and terminals too"),
	F('L', "threads", threads, "a line for each thread"),
	F(0, "forest", forest, "as a tree of parents and children"),
	F(0, "pod", pod, "of the whole pid namespace: all containers of a pod that shares it"),
	F('n', "numeric", numeric, "ids instead of the target's user names"),
	OPT('p', "pid", OPT_STR, struct ps_opts, pids, "LIST", "only these pids of the container"),
	OPT(0, "sort", OPT_STR, struct ps_opts, sort, "FIELD",
	    "by this field; -FIELD: largest first"),
	OPT_END
};

struct ps_row {
	uint64_t pid, ppid, host_pid, host_ppid, tid, host_tid, user, group, uid, gid, host_uid,
		threads, rss, vsize, cpu_percent, processor, tracer, seccomp, no_new_privs;
	int64_t nice, cpu_s, elapsed_s;
	const char *state, *state_name, *wchan, *tty;
	struct coltime start;
	struct bytes comm, command;
	struct col_list args;
};

#define C(t, f, fl, h, ...) COL(t, struct ps_row, f, fl, h, ##__VA_ARGS__)

static const struct col ps_col[] = {
	C(COL_U64, pid, COL_NAME, "number in the container's pid namespace"),
	C(COL_U64, ppid, COL_WIDE, "parent's number there; 0: outside of it"),
	C(COL_U64, host_pid, 0, "number on the host", .head = "HOSTPID"),
	C(COL_U64, host_ppid, COL_HIDE, "parent's number on the host", .head = "HOSTPPID"),
	C(COL_U64, tid, COL_HIDE, "thread's number in the container, with -L"),
	C(COL_U64, host_tid, COL_HIDE, "thread's number on the host, with -L", .head = "HOSTTID"),
	C(COL_UID, user, COL_CLAIMED, "effective user, by the target's own passwd"),
	C(COL_GID, group, COL_HIDE | COL_CLAIMED, "effective group, by its own group file"),
	C(COL_U64, uid, COL_HIDE, "effective user id in the container; 65534: not mapped"),
	C(COL_U64, gid, COL_HIDE, "effective group id in the container"),
	C(COL_U64, host_uid, COL_WIDE, "effective user id on the host", .head = "HOSTUID"),
	C(COL_STR, state, 0, "R S D T t Z I", .head = "S"),
	C(COL_STR, state_name, COL_HIDE, "the same in a word"),
	C(COL_STR, wchan, COL_WIDE, "function of the kernel it sleeps in"),
	C(COL_STR, tty, COL_WIDE, "controlling terminal, major:minor"),
	C(COL_U64, threads, COL_HIDE, "number of threads"),
	C(COL_I64, nice, COL_HIDE, "nice value"),
	C(COL_U64, processor, COL_HIDE, "processor it ran on last"),
	C(COL_U64, cpu_percent, 0, "processor time in percent of its life", .head = "%CPU"),
	C(COL_SIZE, rss, 0, "resident memory in bytes"),
	C(COL_SIZE, vsize, COL_HIDE, "address space in bytes"),
	C(COL_TIME, start, 0, "when it started"),
	C(COL_DUR, elapsed_s, COL_HIDE | COL_CLOCK, "time since then"),
	C(COL_DUR, cpu_s, COL_CLOCK, "processor time", .head = "TIME"),
	C(COL_U64, tracer, COL_HIDE, "host pid of the process that traces it"),
	C(COL_U64, seccomp, COL_HIDE, "0 none, 1 strict, 2 filter"),
	C(COL_BOOL, no_new_privs, COL_HIDE, "no_new_privs is set"),
	C(COL_BYTES, comm, COL_HIDE | COL_CLAIMED, "name that it gave itself"),
	C(COL_LIST, args, COL_HIDE | COL_CLAIMED, "its arguments"),
	C(COL_BYTES, command, COL_NOJSON | COL_CLAIMED,
	  "arguments, or [name] without any; a name that begins with [ is quoted"),
	COL_END
};

struct process {
	struct ps_row row;
	struct bytes *argv;
};

struct listing {
	struct run *r;
	const struct ps_opts *o;
	struct arena *a;
	struct process *items;
	size_t count, shown;
	struct members_want want;
	struct map by_host;	/* host pid -> index + 1 */
	int64_t boot_ns;	/* of the real-time clock, when the machine booted */
	int64_t now_ns;		/* since boot */
	uint64_t ticks, page;
};

/* ---- reading one process ---- */

static const char *state_name(char c)
{
	switch (c) {
	case 'R': return "running";
	case 'S': return "sleeping";
	case 'D': return "disk sleep";
	case 'T': return "stopped";
	case 't': return "traced";
	case 'Z': return "zombie";
	case 'X': return "dead";
	case 'I': return "idle";
	default: return "unknown";
	}
}

static const char *keep(struct listing *l, const char *s)
{
	return arena_dup(l->a, s, strlen(s));
}

static void fill_times(struct listing *l, struct ps_row *row, const struct proc_stat *st)
{
	int64_t start = (int64_t)(st->start * (NS_PER_S / l->ticks));
	int64_t at = l->boot_ns + start, life = l->now_ns - start;

	row->cpu_s = (int64_t)((st->utime + st->stime) * (NS_PER_S / l->ticks));
	row->start = (struct coltime){ at / (int64_t)NS_PER_S, (uint32_t)(at % (int64_t)NS_PER_S) };
	row->elapsed_s = life > 0 ? life : 0;
	row->cpu_percent = life > 0 ? (uint64_t)((double)row->cpu_s * 100 / (double)life) : 0;
}

static void fill_stat(struct listing *l, struct ps_row *row, const struct proc_stat *st)
{
	const char state[2] = { st->state };
	char tty[24];

	row->state = keep(l, state);
	row->state_name = state_name(st->state);
	row->host_ppid = (uint64_t)st->ppid;
	row->threads = st->threads;
	row->nice = st->nice;
	row->processor = st->cpu;
	row->vsize = st->vsize;
	row->rss = st->rss * l->page;
	row->comm = (struct bytes){ keep(l, st->comm), strlen(st->comm) };
	if (st->tty) {
		/* the kernel's old encoding: major 15..8, minor 31..20 and 7..0 */
		snprintf(tty, sizeof(tty), "%u:%u", st->tty >> 8 & 0xfff,
			 (st->tty & 0xff) | (st->tty >> 12 & 0xfff00));
		row->tty = keep(l, tty);
	}
	fill_times(l, row, st);
}

static void fill_status(struct listing *l, struct ps_row *row, const struct proc_status *st)
{
	const struct target *t = l->r->target;

	row->pid = (uint64_t)target_pid(t, st);
	row->host_uid = st->uid[1];
	row->uid = row->user = target_uid(t, st->uid[1]);
	row->gid = row->group = target_gid(t, st->gid[1]);
	row->tracer = st->tracer ? (uint64_t)st->tracer : NONE_U64;
	row->seccomp = st->seccomp;
	row->no_new_privs = st->no_new_privs;
}

static size_t count_args(const struct buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < b->len; i++)
		n += b->bytes[i] == '\0' || i == b->len - 1;
	return n;
}

/* NUL-terminated strings, the last one perhaps without its NUL: the process may write there. */
static void fill_args(struct listing *l, struct process *p, int dir)
{
	auto_buf struct buf b = { 0 };
	int more = fd_read_file(dir, "cmdline", &b, ARGS_MAX);
	size_t n = 0, at = 0, room = count_args(&b);
	const char *text;

	if (more > 0)
		emit_cut(l->r->emit, "process %d: only the first %d KiB of its arguments",
			 (int)p->row.host_pid, ARGS_MAX / 1024);
	if (more < 0 || !b.len)
		return;
	text = arena_dup(l->a, b.bytes, b.len);
	p->argv = arena_alloc(l->a, room * sizeof(*p->argv));
	while (at < b.len && n < room) {
		size_t len = strnlen(text + at, b.len - at);

		p->argv[n++] = (struct bytes){ text + at, len };
		at += len + 1;
	}
	/* setproctitle(3) leaves NULs behind its title */
	while (n > 1 && !p->argv[n - 1].len)
		n--;
	p->row.args = (struct col_list){ p->argv, n };
}

static void fill_wchan(struct listing *l, struct ps_row *row, int dir)
{
	char text[64];

	if (!l->o->wchan)
		return;
	task_wchan(dir, text, sizeof(text));
	row->wchan = text[0] ? keep(l, text) : NULL;
}

static struct process *append(struct listing *l)
{
	struct process *p;

	l->items = mem_more(l->items, l->count);
	p = &l->items[l->count++];
	*p = (struct process){ .row = { .tid = NONE_U64, .host_tid = NONE_U64,
		.args = COL_NO_LIST } };
	return p;
}

/* False if it is gone: then it is no process of now. */
static bool read_process(struct listing *l, int dir, pid_t host_pid, struct process *p)
{
	struct proc_status status;
	struct proc_stat stat;

	if (proc_stat(dir, &stat) < 0 || !members_was(&l->want, dir, &stat) ||
	    proc_status(dir, &status) < 0)
		return false;
	p->row.host_pid = (uint64_t)host_pid;
	fill_stat(l, &p->row, &stat);
	fill_status(l, &p->row, &status);
	fill_wchan(l, &p->row, dir);
	fill_args(l, p, dir);
	return true;
}

static void read_thread(struct listing *l, const struct process *of, int task, pid_t tid)
{
	struct process *p;
	struct proc_status status;
	struct proc_stat stat;
	struct process base = *of;	/* append() may move what `of` points to */

	if (proc_stat(task, &stat) < 0 || proc_status(task, &status) < 0)
		return;
	p = append(l);
	*p = base;
	fill_stat(l, &p->row, &stat);
	fill_wchan(l, &p->row, task);
	p->row.host_tid = (uint64_t)tid;
	p->row.tid = (uint64_t)target_pid(l->r->target, &status);
	p->row.host_ppid = base.row.host_ppid;
}

/* Replaces the process's line by one for each of its threads. */
static void read_threads(struct listing *l, int dir)
{
	struct process of = l->items[--l->count];
	auto_close int tasks = proc_open_tasks(dir);
	struct proc_dir d;
	pid_t tid;

	if (tasks < 0)
		return;
	proc_dir_init(&d, tasks);
	while (proc_dir_next(&d, &tid) > 0) {
		auto_close int task = proc_open(tasks, tid);

		if (task >= 0)
			read_thread(l, &of, task, tid);
	}
}

static void read_all(struct listing *l, const pid_t *pids, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		auto_close int dir = proc_open(l->r->in->procfs, pids[i]);
		struct process *p;

		emit_tick(l->r->emit);
		if (dir < 0)
			continue;
		p = append(l);
		if (!read_process(l, dir, pids[i], p)) {
			l->count--;
			continue;
		}
		map_put(&l->by_host, (uint64_t)pids[i], (void *)(uintptr_t)l->count);
		if (l->o->threads)
			read_threads(l, dir);
	}
}

static void fill_parents(struct listing *l)
{
	for (size_t i = 0; i < l->count; i++) {
		struct ps_row *row = &l->items[i].row;
		uintptr_t at = (uintptr_t)map_get(&l->by_host, row->host_ppid);

		/* with -L a process's place is that of its first thread */
		row->ppid = at && at <= l->count ? l->items[at - 1].row.pid : 0;
	}
}

/* ---- how lines look ---- */

static struct bytes command_of(struct listing *l, const struct process *p, const char *prefix)
{
	auto_buf struct buf b = { 0 };
	bool none = !p->row.args.items || !p->row.args.count;
	bool quoted = !none && p->argv[0].len && p->argv[0].p[0] == '[';

	buf_str(&b, prefix);
	if (none) {
		buf_char(&b, '[');
		buf_add(&b, p->row.comm.p, p->row.comm.len);
		buf_char(&b, ']');
	}
	for (size_t i = 0; !none && i < p->row.args.count; i++) {
		if (i)
			buf_char(&b, ' ');
		if (quoted && !i)
			buf_char(&b, '"');
		buf_add(&b, p->argv[i].p, p->argv[i].len);
		if (quoted && !i)
			buf_char(&b, '"');
	}
	return (struct bytes){ arena_dup(l->a, b.bytes, b.len), b.len };
}

static bool is_asked_for(const struct ps_opts *o, uint64_t pid)
{
	uint64_t n;

	if (!o->pids)
		return true;
	for (const char *p = o->pids; scan_u64(&p, &n); p += *p == ',')
		if (n == pid)
			return true;
	return false;
}

static void send(struct listing *l, struct process *p, const char *prefix)
{
	if (!is_asked_for(l->o, p->row.pid))
		return;
	p->row.command = command_of(l, p, prefix);
	l->shown++;
	emit_row(l->r->emit, &p->row);
}

/* Children of each process, in the order of the items. */
struct forest {
	size_t *first, *next;	/* index + 1, 0: none */
	bool *placed;
	struct buf lines;	/* what stands before a line: which levels go on */
};

#define DEPTH_MAX 1000		/* what is deeper begins a tree of its own */

static void plant(struct listing *l, struct forest *f)
{
	map_free(&l->by_host);
	for (size_t i = 0; i < l->count; i++)
		map_put(&l->by_host, l->items[i].row.host_pid, (void *)(uintptr_t)(i + 1));
	for (size_t i = l->count; i; i--) {
		uintptr_t at = (uintptr_t)map_get(&l->by_host, l->items[i - 1].row.host_ppid);

		if (at && at != i) {
			f->next[i - 1] = f->first[at - 1];
			f->first[at - 1] = i;
		}
	}
}

static void send_below(struct listing *l, struct forest *f, size_t parent, int depth)
{
	size_t base = f->lines.len;

	for (size_t i = f->first[parent]; i && depth < DEPTH_MAX; i = f->next[i - 1]) {
		bool last = !f->next[i - 1];

		buf_str(&f->lines, last ? "└─ " : "├─ ");
		f->placed[i - 1] = true;
		send(l, &l->items[i - 1], f->lines.bytes);
		f->lines.len = base;
		buf_str(&f->lines, last ? "   " : "│  ");
		send_below(l, f, i - 1, depth + 1);
		f->lines.len = base;
		f->lines.bytes[base] = '\0';
	}
}

static void send_forest(struct listing *l)
{
	auto_free size_t *links = mem_alloc(2 * l->count * sizeof(*links));
	auto_free bool *placed = mem_alloc(l->count);
	struct forest f = { links, links + l->count, placed, { 0 } };

	plant(l, &f);
	for (int pass = 0; pass < 2; pass++)	/* the second: what was too deep, or in a loop */
		for (size_t i = 0; i < l->count; i++) {
			bool root = !map_get(&l->by_host, l->items[i].row.host_ppid);

			if (placed[i] || (!root && !pass))
				continue;
			placed[i] = true;
			send(l, &l->items[i], "");
			send_below(l, &f, i, 0);
		}
	buf_free(&f.lines);
}

/* ---- order ---- */

static const struct col *sort_col;	/* qsort(3) has no context argument */
static bool sort_down;

static int in_order(const void *a, const void *b)
{
	const struct process *x = a, *y = b;
	int d = sort_col ? col_compare(sort_col, &x->row, &y->row) : 0;

	d = sort_down ? -d : d;
	if (!d)
		d = x->row.host_pid < y->row.host_pid ? -1 : x->row.host_pid > y->row.host_pid;
	if (!d)
		d = x->row.host_tid < y->row.host_tid ? -1 : x->row.host_tid > y->row.host_tid;
	return d;
}

static const struct col *sort_column(const char *word)
{
	word += *word == '-';
	return col_find(ps_col, word, strlen(word));
}

static void send_all(struct listing *l)
{
	sort_col = l->o->sort ? sort_column(l->o->sort) : NULL;
	sort_down = l->o->sort && l->o->sort[0] == '-';
	if (l->count)
		qsort(l->items, l->count, sizeof(*l->items), in_order);
	if (l->o->forest) {
		send_forest(l);
		return;
	}
	for (size_t i = 0; i < l->count; i++)
		send(l, &l->items[i], "");
}

/* ---- the verb ---- */

static void read_clocks(struct listing *l)
{
	l->now_ns = (int64_t)clock_of(CLOCK_BOOTTIME);
	l->boot_ns = (int64_t)clock_of(CLOCK_REALTIME) - l->now_ns;
	l->ticks = (uint64_t)sysconf(_SC_CLK_TCK);
	l->page = (uint64_t)sysconf(_SC_PAGESIZE);
}

static void say_missing(struct listing *l)
{
	struct err e;

	if (l->o->pids && !l->shown) {
		err_set(&e, ST_FAILED, "no process %s in %s", l->o->pids, l->r->target->name);
		emit_err(l->r->emit, &e);
	}
}

static void ps_run(struct run *r)
{
	struct listing l = { .r = r, .o = r->opts, .a = arena_new() };
	struct target pod = *r->target;
	auto_free pid_t *pids = NULL;
	size_t count = 0;
	bool cut = false;
	struct err e;

	if (l.o->pod)
		pod.scope = SCOPE_PIDNS;
	l.want = target_members(&pod, r->in);
	l.want.zombies = true;
	read_clocks(&l);
	if (members_list(&l.want, &pids, &count, &cut, &e) < 0) {
		emit_err(r->emit, &e);
	} else {
		if (cut)
			emit_cut(r->emit, "only the first %zu processes", count);
		read_all(&l, pids, count);
		fill_parents(&l);
		send_all(&l);
		say_missing(&l);
	}
	free(l.items);
	map_free(&l.by_host);
	arena_free(&l.a);
}

static bool ps_names(const void *opts)
{
	return !((const struct ps_opts *)opts)->numeric;
}

static int ps_setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	struct ps_opts *o = opts;
	const char *p = o->pids;
	uint64_t n;

	(void)nargs;
	(void)args;
	while (p && *p)
		if (!scan_u64(&p, &n) || (*p && *p++ != ','))
			return err_set(e, ST_USAGE, "'%s' is not a list of pids", o->pids);
	if (o->forest && o->threads)
		return err_set(e, ST_USAGE, "--forest is of processes: it does not go with -L");
	if (o->sort && !sort_column(o->sort))
		return err_set(e, ST_USAGE, "--sort: '%s' is not a field", o->sort);
	o->wchan = l->format != OUT_TABLE || (l->fields && strstr(l->fields, "wchan"));
	l->numeric = o->numeric;
	l->human = true;
	if (!l->fields && o->full && l->format == OUT_TABLE)
		l->fields = o->threads ?
			"pid,ppid,tid,host_pid,host_tid,user,host_uid,state,cpu_percent,"
			"start,tty,cpu_s,comm,command" :
			"pid,ppid,host_pid,user,host_uid,state,cpu_percent,rss,start,tty,"
			"cpu_s,command";
	else if (!l->fields && o->threads && l->format == OUT_TABLE)
		l->fields = "pid,tid,host_tid,user,state,cpu_percent,cpu_s,comm";
	return 0;
}

static const struct example ps_example[] = {
	{ "nsdebug ps nsd-demo", "the processes of a container without ps" },
	{ "nsdebug ps -fL nsd-demo", "threads, with their names" },
	{ "nsdebug ps -o pid,host_pid,user,args --sort=-rss nsd-demo",
	  "chosen fields, largest first" },
	{ NULL }
};

const struct tool tool_ps = {
	.name = "ps",
	.summary = "show the processes of a container, with both pids",
	.about = "Read from the host's /proc, so it does not matter what the container mounts "
		"there. The processes are those of the container's cgroup and the cgroups "
		"below it; where it has no cgroup of its own, those of its pid namespace, else of "
		"its mount namespace.",
	.needs = NEED_PROC,
	.opts = ps_opt, .opts_size = sizeof(struct ps_opts),
	.cols = ps_col,
	.examples = ps_example,
	.names = ps_names,
	.setup = ps_setup,
	.run = ps_run,
};
