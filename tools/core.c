/* SPDX-License-Identifier: Apache-2.0 */
/*
 * core - an ELF core of a process of a container, in a file on the host.
 *
 * The first round looks whether its threads may be stopped and asks for who does that, or for who
 * knows registers without it; the second takes. The child that copies has the descriptor of the
 * file and can write nowhere else; it understands nothing of what it copies.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/code/blocked.h"
#include "nsdebug/code/corecopy.h"
#include "nsdebug/code/corefile.h"
#include "nsdebug/code/coregdb.h"
#include "nsdebug/code/corethreads.h"
#include "nsdebug/code/held.h"
#include "nsdebug/code/holdall.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/iterated.h"

#define LLU(x) ((unsigned long long)(x))
#define ARGS_MAX 4096u
#define AUXV_MAX 65536u

struct core_opts {
	uint64_t pid, host_pid, max_size, max_pause;
	const char *write, *after;
	bool force, no_stop, no_heap, files, no_shared, no_huge;
};

static const struct opt core_opt[] = {
	OPT('w', "write", OPT_STR, struct core_opts, write, "FILE",
	    "the file to write, on the host; - for stdout, but no terminal"),
	OPT('f', "force", OPT_FLAG, struct core_opts, force, NULL, "replace a file that is there"),
	OPT('p', "pid", OPT_U64, struct core_opts, pid, "PID",
	    "of this process, by the container's number; else of its first"),
	OPT(0, "host-pid", OPT_U64, struct core_opts, host_pid, "PID",
	    "of this process, by the host's number"),
	OPT(0, "no-heap", OPT_FLAG, struct core_opts, no_heap, NULL,
	    "only what a stack trace needs: stacks, data of files, no heap"),
	OPT(0, "files", OPT_FLAG, struct core_opts, files, NULL,
	    "also what is as in its file: code, and mapped files"),
	OPT(0, "no-shared", OPT_FLAG, struct core_opts, no_shared, NULL, "leave out shared memory"),
	OPT(0, "no-huge", OPT_FLAG, struct core_opts, no_huge, NULL,
	    "leave out pages of hugetlbfs"),
	OPT(0, "max-size", OPT_SIZE, struct core_opts, max_size, "SIZE",
	    "write at most this much of memory (4G)"),
	OPT(0, "max-pause", OPT_DURATION, struct core_opts, max_pause, "TIME",
	    "let the process go on after this long at the latest (100ms)"),
	OPT(0, "after", OPT_CHOICE, struct core_opts, after, "copy|skip",
	    "what is not copied by then: copy it while the process runs (copy), or leave it out"),
	OPT(0, "no-stop", OPT_FLAG, struct core_opts, no_stop, NULL,
	    "do not stop the process: memory is of many moments"),
	OPT_END
};

struct core_row {
	uint64_t mappings, size, data, late;
	const char *what, *note;
};

struct core_sum {
	uint64_t pid, host_pid, threads, registers, data, size, late, consistent;
	int64_t held_s;
	struct bytes file, text;
};

#define C(t, f, fl, h, ...) COL(t, struct core_row, f, fl, h, ##__VA_ARGS__)
#define S(t, f, fl, h) COL(t, struct core_sum, f, fl, h)

static const struct col core_col[] = {
	C(COL_STR, what, COL_NAME, "kind of memory"),
	C(COL_U64, mappings, 0, "parts of the address space that are of it"),
	C(COL_SIZE, size, 0, "of addresses"),
	C(COL_SIZE, data, 0, "written to the core; the rest is zero, or left out"),
	C(COL_SIZE, late, COL_WIDE, "of that, copied while the process ran"),
	C(COL_STR, note, 0, "why something is not in the core"),
	COL_END
};

static const struct col core_sum_col[] = {
	S(COL_U64, pid, 0, "process, by the container's number"),
	S(COL_U64, host_pid, 0, "process, by the host's number"),
	S(COL_BYTES, file, 0, "where the core is"),
	S(COL_U64, threads, 0, "threads in the core"),
	S(COL_U64, registers, 0, "of these, with all their registers"),
	S(COL_SIZE, data, 0, "bytes of memory written"),
	S(COL_SIZE, size, 0, "of the file, with its holes"),
	S(COL_SIZE, late, 0, "bytes copied while the process ran"),
	S(COL_DUR, held_s, 0, "how long all threads were stopped; null: they were not"),
	S(COL_BOOL, consistent, 0,
	  "memory and registers are of one moment: no thread ran, no shared memory is in it"),
	S(COL_BYTES, text, COL_NOJSON, "all of it on one line"),
	COL_END
};

struct core {
	struct run *r;
	const struct core_opts *o;
	struct core_choice choice;
	int dir;
	int memory;		/* the same, or of a thread that lives if the first has ended */
	pid_t pid, nspid;
	pid_t any;		/* as `memory` */
	struct corethreads t;
	struct core_process info;
	struct core_uses uses;
	struct maps maps;
	struct core_plan plan;
	struct corecopy copy;
	struct buf notes;
	struct held held;
	struct arena *arena;
	const char *unstopped;	/* why the threads were not stopped; NULL: they were */
	bool frozen;		/* they stood still all the same */
	bool consistent;
	char trouble[192];	/* with stopping them */
};

static int setup(void *opts, int nargs, char *const *args, struct layout *l, struct err *e)
{
	struct core_opts *o = opts;

	if (!o->write)
		return err_set(e, ST_USAGE, "where to? --write FILE is missing");
	if (o->pid && o->host_pid)
		return err_set(e, ST_USAGE, "-p and --host-pid name the same thing: give one");
	if (!strcmp(o->write, "-")) {
		if (l->format != OUT_TABLE || l->fields)
			return err_set(e, ST_USAGE, "the core itself goes to stdout: no -o");
		l->kind = LAYOUT_RAW;
		l->no_headers = true;
	}
	if (!o->max_size)
		o->max_size = 4ull << 30;
	if (!o->max_pause)
		o->max_pause = 100 * NS_PER_MS;
	if (o->max_pause > HOLDALL_MAX_NS)
		o->max_pause = HOLDALL_MAX_NS;
	l->human = true;
	return 0;
}

static bool core_file(const void *opts, struct tool_file *ret)
{
	const struct core_opts *o = opts;

	*ret = (struct tool_file){ .path = o->write, .write = true, .force = o->force };
	return true;
}

/* ---- before anybody is held ---- */

static int open_host(struct core *k, struct err *e)
{
	struct members_want w = target_members(k->r->target, k->r->in);
	auto_close int dir = k->o->host_pid > INT32_MAX ? -1 :
		proc_open(w.procfs, (pid_t)k->o->host_pid);

	if (dir < 0 || !members_is(&w, dir))
		return err_set(e, ST_FAILED, "no process with the host's number %llu in %s",
			       LLU(k->o->host_pid), k->r->target->name);
	return take_fd(&dir);
}

/* Its parent may be none of the container's. */
static pid_t parent_of(const struct core *k, pid_t ppid)
{
	auto_close int dir = proc_open(k->r->in->procfs, ppid);
	struct proc_status st;

	return dir >= 0 && proc_status(dir, &st) == 0 ? target_pid(k->r->target, &st) : 0;
}

static int open_process(struct core *k, struct err *e)
{
	unsigned int level = k->r->target->levels - 1;
	struct proc_status st;
	struct proc_stat stat;

	k->dir = k->o->host_pid ? open_host(k, e) :
		target_process(k->r->target, k->r->in, k->o->pid, e);
	if (k->dir < 0)
		return -1;
	if (proc_status(k->dir, &st) < 0 || proc_stat(k->dir, &stat) < 0)
		return err_set(e, ST_TARGET, "the process went away");
	k->pid = k->any = st.nspid[0];
	k->memory = proc_open_memory(k->r->in->procfs, k->dir, &k->any);
	if (k->memory < 0)
		return err_set(e, ST_TARGET, "process %d has ended", (int)k->pid);
	if (stat.flags & PROC_KTHREAD)
		return err_set(e, ST_FAILED, "process %d is a thread of the kernel: it has no "
			       "memory of its own", (int)k->pid);
	k->nspid = target_pid(k->r->target, &st);
	k->info.pid = k->nspid ? k->nspid : k->pid;
	k->info.ppid = parent_of(k, stat.ppid);
	k->info.pgrp = st.nspgrp[level];
	k->info.session = st.nssid[level];
	k->info.state = stat.state;
	k->info.uid = (uint32_t)target_uid(k->r->target, st.uid[0]);
	k->info.gid = (uint32_t)target_gid(k->r->target, st.gid[0]);
	snprintf(k->info.comm, sizeof(k->info.comm), "%.15s", stat.comm);
	if (fd_read_file(k->memory, "cmdline", &k->info.args, ARGS_MAX) < 0 ||
	    fd_read_file(k->memory, "auxv", &k->info.auxv, AUXV_MAX) < 0)
		return errno == EACCES || errno == EPERM ?
			err_set(e, ST_PRIVILEGE, "read process %d: not permitted; run nsdebug as "
				"root on the node, or give it CAP_SYS_PTRACE and "
				"CAP_DAC_READ_SEARCH", (int)k->pid) :
			err_sys(e, "read process %d", (int)k->pid);
	return 0;
}

/* The first round: who is to be beside the second. */
static int ask(struct core *k, struct err *e)
{
	unsigned int beside = AGAIN_ITERATOR;
	const char *why = k->o->no_stop ? "--no-stop" : NULL;

	if (!why && corethreads_look(&k->t, k->dir, k->pid, &source_look, NULL, e) < 0)
		return -1;
	if (!why)
		why = corethreads_refuse(&k->t, &k->frozen);
	if (!why) {
		beside = AGAIN_STOPPER;
		why = "";
	}
	emit_again(k->r->emit, beside, why, strlen(why) + 1);
	return 0;
}

static int prepare(struct core *k, struct err *e)
{
	if (coreplan_uses(&k->uses, k->memory, k->arena) < 0)
		return err_sys(e, "read the mappings of process %d", (int)k->pid);
	if (corecopy_open(&k->copy, k->r->in->file, k->memory, k->any,
			  coreplan_estimate(&k->uses), k->o->max_size, e) < 0)
		return -1;
	k->copy.emit = k->r->emit;
	return 0;
}

/* ---- while they are held, or not ---- */

static int make_plan(struct core *k, struct err *e)
{
	if (maps_read(&k->maps, k->memory, k->arena) < 0 || !k->maps.count)
		return err_set(e, ST_TARGET, "process %d went away", (int)k->pid);
	if (coreplan_is_new(&k->uses, &k->maps) &&
	    coreplan_uses(&k->uses, k->memory, k->arena) < 0)
		return err_sys(e, "read the mappings of process %d", (int)k->pid);
	if (!k->t.count)
		return err_set(e, ST_TARGET, "process %d went away", (int)k->pid);
	coreplan_make(&k->plan, &k->maps, &k->uses, &k->choice, &k->t.s.served, k->dir,
		      k->t.sps, k->t.nsps, k->arena);
	k->info.maps = &k->maps;
	k->info.threads = k->t.items;
	k->info.count = k->t.count;
	corefile_notes(&k->notes, &k->info);
	corecopy_plan(&k->copy, &k->plan, corefile_begin(&k->plan, k->notes.len));
	return 0;
}

static int copy_held(struct core *k, uint64_t until, struct err *e)
{
	corethreads_held(&k->t, &k->held, !k->trouble[0]);
	if (make_plan(k, e) < 0)
		return -1;
	return corecopy_run(&k->copy, &k->held, until, !held_still(&k->held), e);
}

static int take_held(struct core *k, struct err *e)
{
	struct err why;
	uint64_t until;
	int n;

	if (corethreads_look(&k->t, k->dir, k->pid, &source_look, NULL, e) < 0)
		return -1;
	if (!held_begin(&k->held, k->r->in->peer, k->r->emit, k->o->max_pause))
		return err_set(e, ST_INTERNAL, "the stopper ended before it began");
	if (held_process(&k->held, k->dir, &why) < 0) {
		if (why.status == ST_TARGET) {
			*e = why;
			return -1;
		}
		snprintf(k->trouble, sizeof(k->trouble), "%.190s", why.msg);
	}
	/* let go of in order, and not by the stopper in the middle of a copy */
	until = k->held.since + k->o->max_pause / 10 * 9;
	n = copy_held(k, until, e);
	k->consistent = !k->trouble[0] && held_still(&k->held);
	held_end(&k->held);
	enter_calm();
	if (n < 0 || corecopy_flush(&k->copy, e) < 0)
		return -1;
	if (k->o->after && !strcmp(k->o->after, "skip"))
		return 0;
	return corecopy_run(&k->copy, NULL, 0, true, e);
}

static bool is_frozen(struct core *k)
{
	struct corethreads t = { .dir = -1 };
	bool frozen = false;
	struct err e;

	snapshot_init(&t.s, k->r->in->procfs, k->t.s.level);
	if (corethreads_look(&t, k->dir, k->pid, &source_look, NULL, &e) == 0)
		corethreads_refuse(&t, &frozen);
	corethreads_free(&t);
	return frozen;
}

static int take_running(struct core *k, struct err *e)
{
	struct iterated x = { .peer = k->r->in->second, .other = &source_blocked };
	int n;

	k->frozen = is_frozen(k);
	n = corethreads_look(&k->t, k->dir, k->pid, &source_iterated, &x, e);
	iterated_free(&x);
	if (n < 0)
		return -1;
	corethreads_taken(&k->t);
	if (make_plan(k, e) < 0 || corecopy_run(&k->copy, NULL, 0, !k->frozen, e) < 0)
		return -1;
	k->frozen = k->frozen && is_frozen(k);
	k->consistent = k->frozen;
	return 0;
}

static int take(struct core *k, struct err *e)
{
	const char *why = k->r->again.p;

	k->unstopped = why[0] ? why : NULL;
	if (prepare(k, e) < 0 || (why[0] ? take_running(k, e) : take_held(k, e)) < 0 ||
	    corecopy_flush(&k->copy, e) < 0)
		return -1;
	corecopy_end(&k->copy);
	return corefile_write(k->r->in->file, &k->plan, &k->notes, e);
}

/* ---- what is said of it ---- */

static void emit_kinds(struct core *k)
{
	for (int what = 0; what < CORE_WHATS; what++) {
		struct core_row row = { .what = coreplan_name((enum core_what)what) };

		for (size_t i = 0; i < k->plan.count; i++) {
			const struct core_segment *s = &k->plan.segments[i];

			if (s->what != (enum core_what)what)
				continue;
			row.mappings++;
			row.size += s->end - s->start;
			row.data += s->data;
			row.late += s->late;
			if (s->cut && s->lost)
				row.note = "too far apart";
			else if (!s->copy)
				row.note = coreplan_why(s->what, &k->choice);
			else if (s->cut)
				row.note = k->copy.full ? "--max-size" :
					k->copy.gone ? "the process ended" : "--max-pause";
		}
		if (row.mappings)
			emit_row(k->r->emit, &row);
	}
}

static void put_size(struct buf *b, uint64_t n)
{
	if (n < 10ull << 20)
		buf_addf(b, "%llu KiB", LLU(n + 1023) / 1024);
	else
		buf_addf(b, "%llu MiB", LLU(n + (1 << 20) - 1) >> 20);
}

static void put_pause(struct buf *b, const struct core *k)
{
	if (k->unstopped && k->frozen)
		buf_str(b, "not stopped: frozen before");
	else if (k->unstopped)
		buf_addf(b, "not stopped (%s)", k->unstopped);
	else if (k->held.lost)
		buf_str(b, "stopped until the stopper ended");
	else
		buf_addf(b, "stopped for %llu.%03llu ms", LLU(k->held.ns / NS_PER_MS),
			 LLU(k->held.ns % NS_PER_MS / 1000));
}

/* Others write to it, who are not stopped. */
static bool has_shared(const struct core *k)
{
	for (size_t i = 0; i < k->plan.count; i++) {
		const struct core_segment *s = &k->plan.segments[i];

		if (s->data && s->vma->shared && s->vma->write)
			return true;
	}
	return false;
}

static void emit_totals(struct core *k, uint64_t late)
{
	bool shared = has_shared(k);
	bool out = !strcmp(k->o->write, "-");
	off_t size = lseek(k->r->in->file, 0, SEEK_END);
	struct core_sum sum = {
		.pid = k->nspid ? (uint64_t)k->nspid : NONE_U64, .host_pid = (uint64_t)k->pid,
		.threads = k->t.count, .registers = k->t.count - k->t.unknown - k->t.partial -
			k->t.general,
		.data = k->copy.written, .size = size < 0 ? 0 : (uint64_t)size, .late = late,
		.consistent = k->consistent && !late && !shared,
		.held_s = k->unstopped || k->held.lost ? NONE_I64 : (int64_t)k->held.ns,
		.file = { k->o->write, strlen(k->o->write) },
	};
	auto_buf struct buf b = { 0 }, gdb = { 0 };

	buf_addf(&b, "process %d, %zu thread%s: ", (int)k->info.pid, k->t.count,
		 k->t.count == 1 ? "" : "s");
	put_size(&b, sum.data);
	buf_str(&b, " of memory in a file of ");
	put_size(&b, sum.size);
	buf_str(&b, "; ");
	put_pause(&b, k);
	buf_addf(&b, "; %s", sum.consistent ? "all of one moment" :
		  k->consistent && !late ? "all of one moment but shared memory" :
		  "not all of one moment");
	sum.text = (struct bytes){ out ? NULL : b.bytes, b.len };
	if (out)
		emit_note(k->r->emit, "%s", b.bytes);
	emit_summary(k->r->emit, &sum);
	if (!out && coregdb_command(&gdb, k->memory, k->any,
				    k->r->target->ns.mnt == k->r->target->host.mnt, k->o->write))
		emit_note(k->r->emit, "while the process is there: %s", gdb.bytes);
}

static void say_missing(struct core *k, uint64_t late, uint64_t failed, uint64_t skipped)
{
	struct emit *e = k->r->emit;

	if (k->trouble[0])
		emit_cut(e, "the process was not stopped as a whole (%zu of %zu threads not): %s",
			 k->t.missed, k->t.count, k->trouble);
	if (k->unstopped && !k->frozen && !k->o->no_stop)
		emit_cut(e, "it was not stopped (%s): what is in the core is not of one moment",
			 k->unstopped);
	if (late && !k->unstopped)
		emit_cut(e, "%llu KiB were copied while the process ran, for more than "
			 "--max-pause would have been needed: not of one moment with the rest",
			 LLU(late) / 1024);
	if (k->copy.gone)
		emit_cut(e, "%llu KiB of addresses are missing: the process ended, or became "
			 "another program, before they were copied", LLU(skipped) / 1024);
	else if (k->copy.full)
		emit_cut(e, "memory is missing: --max-size was reached");
	else if (skipped)
		emit_cut(e, "%llu KiB of addresses are missing: --max-pause was over",
			 LLU(skipped) / 1024);
	if (failed)
		emit_cut(e, "%llu KiB could not be read and are zeros in the core",
			 LLU(failed) / 1024);
	if (k->t.unknown)
		emit_cut(e, "threads without registers: %zu (%s)", k->t.unknown, k->t.why);
	if (k->t.partial)
		emit_note(e, "threads of which only stack pointer and program counter are known: "
			  "%zu", k->t.partial);
	if (k->t.general)
		emit_note(e, "threads of which only the general registers are known (no floating "
			  "point, flags, fs, gs; what they have of their own by fs, as errno, a "
			  "debugger cannot find): %zu", k->t.general);
}

static void show(struct core *k)
{
	uint64_t late = 0, failed = 0, skipped = 0, apart;
	const char *why;

	for (size_t i = 0; i < k->plan.count; i++) {
		const struct core_segment *s = &k->plan.segments[i];

		late += s->late;
		failed += s->failed;
		if (s->cut)
			skipped += s->end - s->start - s->filesz;
	}
	apart = coreplan_apart(&k->plan, &why);
	skipped -= apart;
	if (why)
		emit_cut(k->r->emit, "%llu GiB of addresses are missing, with memory far apart in "
			 "them: %s", LLU(apart) >> 30, why);
	if (strcmp(k->o->write, "-"))
		emit_kinds(k);
	say_missing(k, late, failed, skipped);
	emit_totals(k, late);
}

static void close_all(struct core *k)
{
	held_free(&k->held);
	corecopy_close(&k->copy);
	corethreads_free(&k->t);
	buf_free(&k->notes);
	buf_free(&k->info.args);
	buf_free(&k->info.auxv);
	arena_free(&k->arena);
	own_close(&k->memory);
	own_close(&k->dir);
}

static void run(struct run *r)
{
	const struct core_opts *o = r->opts;
	struct core k = { .r = r, .o = o, .dir = -1, .memory = -1, .held.peer = -1,
		.arena = arena_new(),
		.copy = { .pagemap = -1, .mem = -1, .file_of = -1 },
		.choice = { o->files, o->no_shared, o->no_huge, o->no_heap } };
	struct err e;

	snapshot_init(&k.t.s, r->in->procfs, r->target->levels - 1);
	served_init(&k.t.s.served, &r->target->mounts, r->in->procfs);
	k.t.s.stack_bytes = 0;
	k.t.s.emit = r->emit;
	if (open_process(&k, &e) < 0)
		emit_err(r->emit, &e);
	else if ((r->again.len ? take(&k, &e) : ask(&k, &e)) < 0)
		emit_err(r->emit, &e);
	else if (r->again.len)
		show(&k);
	close_all(&k);
}

static const struct example examples[] = {
	{ "nsdebug core -f --write /tmp/demo.core nsd-demo", "of the container's first process" },
	{ "nsdebug core nsd-demo --no-heap -f -w /tmp/demo.core", "small: without the heap" },
	{ "nsdebug core nsd-demo -w - | gzip >/tmp/demo.core.gz", "through a pipe" },
	{ NULL }
};

const struct tool tool_core = {
	.name = "core",
	.summary = "write a core of a process of a container, for a debugger",
	.about = "A file on the host that gdb and others open. All threads of the process are "
		"stopped at once, their registers and memory copied, and let go: after --max-pause "
		"at the latest, whatever happens, and what was not copied by then is copied while "
		"the process runs, which is said. Nothing is started in the process, and no copy "
		"of it made. Another process that has the same memory (CLONE_VM, "
		"shared memory) is not stopped. A stop makes a few system calls of the program "
		"return EINTR, as with any debugger. A process that is frozen, traced by "
		"another one or in the middle of "
		"a vfork is not stopped, nor is any with --no-stop; what is known of registers "
		"then comes from the kernel.\n"
		"\n"
		"A core holds what the process has in memory: keys, passwords, data of users. The "
		"file can be read by its owner only; keep it so.\n"
		"\n"
		"In it is what the kernel would write by default, memory that the program asked "
		"not to be dumped (MADV_DONTDUMP) not. What is as in files is left out, so a "
		"debugger needs these files, and to be told the program: gdb --core FILE "
		"DIR/PROGRAM -ex 'set sysroot DIR', where DIR has the container's files; as long "
		"as the process is there, /proc/PID/root is such a DIR, and the command is "
		"shown. Memory that was never written to takes no room. The file "
		"has its name only when it is whole; where the file system cannot do that "
		"(O_TMPFILE), it is called FILE.partial meanwhile. With --no-heap, libraries that "
		"were loaded with dlopen(3) may be unknown to the debugger.",
	.needs = NEED_STACK,
	.opts = core_opt,
	.opts_size = sizeof(struct core_opts),
	.cols = core_col,
	.summary_cols = core_sum_col,
	.examples = examples,
	.file = core_file,
	.setup = setup,
	.run = run,
};
