/* SPDX-License-Identifier: Apache-2.0 */
/*
 * trace syscalls - every system call of a container in words, or how often and how long.
 */
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/out/expr.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/sys.h"
#include "nsdebug/trace/sysput.h"
#include "nsdebug/trace/sysset.h"
#include "nsdebug/trace/words.h"

#define CORE_DUMPED 0x80	/* wait(2) */
#define LOSSLESS_MIN 65536

struct syscalls_opts {
	struct tracer_opts tracer;
	struct stacks_opts stacks;
	bool failed, timed, count, life, lossless;
	uint64_t slower, strings, ring, last;
	const char *calls;
	struct sysset set;	/* filled in by setup() */
};

static const struct syscalls_opts syscalls_defaults = { .strings = 32 };

static const struct opt syscalls_opt[] = {
	OPT('e', "calls", OPT_STR, struct syscalls_opts, calls, "SET",
	    "only these: openat,close or %file,%network or !write", .words = sysset_word),
	OPT('c', "count", OPT_FLAG, struct syscalls_opts, count, NULL,
	    "only how many, how long and how many failed, at the end"),
	OPT('T', "took", OPT_FLAG, struct syscalls_opts, timed, NULL,
	    "how long each took; a --filter by took_s implies it"),
	OPT(0, "failed", OPT_FLAG, struct syscalls_opts, failed, NULL, "only those that failed"),
	OPT(0, "life", OPT_FLAG, struct syscalls_opts, life, NULL,
	    "also programs that start and processes that end, whatever else is left out"),
	OPT(0, "slower", OPT_DURATION, struct syscalls_opts, slower, "TIME",
	    "only those that took longer; implies -T"),
	OPT('s', "strings", OPT_SIZE, struct syscalls_opts, strings, "SIZE",
	    "show so many bytes of a string, at most 256 (32)"),
	OPT(0, "buffer", OPT_SIZE, struct syscalls_opts, ring, "SIZE",
	    "events that wait to be read, in bytes: more of them lose less (16M)"),
	OPT(0, "last", OPT_DURATION, struct syscalls_opts, last, "TIME",
	    "a flight recorder: show the calls of this time on Enter or SIGUSR1, and at the end"),
	OPT(0, "lossless", OPT_FLAG, struct syscalls_opts, lossless, NULL,
	    "stop the container while its calls come faster than they are read"),
	TRACER_OPTS(struct syscalls_opts),
	STACKS_OPTS(struct syscalls_opts),
	OPT_END
};

struct syscall_row {
	struct coltime time;
	uint64_t pid, tid, host_pid, host_tid, number, compat, calls, errors;
	uint64_t status;
	int64_t took_s, result, total_s, mean_s, longest_s;
	struct bytes comm, call, value, histogram;
	struct col_list args, slots;
	const char *name, *error, *signal;
	struct col_rows frames;
	struct bytes frames_end;
};

#define C(t, f, fl, h, ...) COL(t, struct syscall_row, f, fl, h, ##__VA_ARGS__)

static const struct col syscalls_col[] = {
	C(COL_TIME, time, COL_CLOCK, "when it returned"),
	C(COL_U64, pid, COL_HIDE, "number in the container's pid namespace"),
	C(COL_U64, tid, 0, "the thread's number there"),
	C(COL_U64, host_pid, COL_HIDE, "number on the host", .head = "HOSTPID"),
	C(COL_U64, host_tid, COL_WIDE, "the thread's number on the host", .head = "HOSTTID"),
	C(COL_BYTES, comm, COL_CLAIMED, "name that the thread gave itself", .least = 15),
	C(COL_STR, name, COL_HIDE | COL_NAME, "the system call", .head = "SYSCALL"),
	C(COL_U64, number, COL_HIDE, "its number"),
	C(COL_BOOL, compat, COL_HIDE, "a 32-bit call: the number is of i386, nothing is decoded"),
	C(COL_LIST, args, COL_HIDE | COL_CLAIMED | COL_CODE, "its arguments, decoded"),
	C(COL_I64, result, COL_HIDE, "what it returned: -1 if it failed; null: it does not"),
	C(COL_BYTES, value, COL_HIDE | COL_CODE, "what it returned, decoded"),
	C(COL_STR, error, COL_HIDE, "why it failed"),
	C(COL_DUR, took_s, COL_WIDE, "how long it took, with -T; null if it had begun before",
	  .head = "TOOK", .least = 7),
	C(COL_U64, status, COL_HIDE, "with --life: exit status of a process that has ended"),
	C(COL_STR, signal, COL_HIDE, "with --life: the signal that ended it"),
	C(COL_BYTES, call, COL_NOJSON | COL_CLAIMED | COL_CODE, "all of it"),
	C(COL_U64, calls, COL_HIDE, "with -c: how many"),
	C(COL_U64, errors, COL_HIDE, "with -c: how many of them failed"),
	C(COL_DUR, total_s, COL_HIDE, "with -c: how long they took together", .head = "TOTAL"),
	C(COL_DUR, mean_s, COL_HIDE, "with -c: on average", .head = "MEAN"),
	C(COL_DUR, longest_s, COL_HIDE, "with -c: the longest", .head = "LONGEST"),
	C(COL_BYTES, histogram, COL_HIDE | COL_NOJSON,
	  "with -c: from 256 ns on, twice as long a column; the taller the more"),
	C(COL_LIST, slots, COL_HIDE,
	  "with -c: how many took from 2^n ns to twice of that, n from 0"),
	STACKS_COLS(struct syscall_row),
	COL_END
};

struct listing {
	struct run *r;
	const struct syscalls_opts *o;
	struct sys_trace sys;
};

static bool wants_stack(const struct syscalls_opts *o)
{
	return stacks_bytes(&o->stacks);
}

struct texts {
	struct buf args[SYS_ARGS];
	struct bytes items[SYS_ARGS];
	struct buf value, call;
	unsigned int count;
};

static void put_call(struct texts *t, const char *name)
{
	buf_addf(&t->call, "%s(", name);
	for (unsigned int i = 0; i < t->count; i++) {
		buf_str(&t->call, i ? ", " : "");
		buf_add(&t->call, t->args[i].bytes, t->args[i].len);
	}
	buf_str(&t->call, ") = ");
	buf_add(&t->call, t->value.bytes, t->value.len);
}

/* The buffers are kept from call to call. */
static void put_texts(struct texts *t, const struct sysview *v, const char *name)
{
	t->count = sysput_count(v);
	for (unsigned int i = 0; i < t->count; i++) {
		buf_clear(&t->args[i]);
		sysput_arg(&t->args[i], v, i);
		t->items[i] = (struct bytes){ t->args[i].bytes, t->args[i].len };
	}
	buf_clear(&t->value);
	buf_clear(&t->call);
	sysput_result(&t->value, v);
	put_call(t, name);
}

static void fill_result(struct syscall_row *row, const struct sys_call *c)
{
	if (c->flags & SYS_NO_RETURN)
		return;
	row->result = c->ret;
	if (c->ret < 0 && c->ret >= -4095) {
		row->error = word_errno(c->ret);
		row->result = -1;
	}
}

static void fill_call(struct syscall_row *row, const struct listing *l, const struct sys_call *c)
{
	static struct texts t;
	static char room[16];
	bool compat = c->flags & SYS_COMPAT;
	struct sysview v = { c, compat || !sysdefs[c->nr].name ? NULL : &sysdefs[c->nr],
		l->o->strings };

	if (compat)
		snprintf(room, sizeof(room), "i386_%u", c->nr);
	row->name = compat ? room : sysdef_name(c->nr, room);
	put_texts(&t, &v, row->name);
	row->number = c->nr;
	row->compat = compat;
	row->args = (struct col_list){ t.items, t.count };
	row->value = (struct bytes){ t.value.bytes, t.value.len };
	row->call = (struct bytes){ t.call.bytes, t.call.len };
	fill_result(row, c);
	if (c->flags & SYS_TIMED && !(c->flags & SYS_NO_RETURN))
		row->took_s = (int64_t)c->took;
}

/* As strace has it. */
static void fill_end(struct syscall_row *row, const struct sys_call *c)
{
	static char text[64], room[16];
	uint32_t code = (uint32_t)c->ret, sig = code & 0x7f;
	int len;

	if (sig) {
		row->signal = word_signal(sig, room);
		len = snprintf(text, sizeof(text), "+++ killed by %s%s +++", row->signal,
			       code & CORE_DUMPED ? " (core dumped)" : "");
	} else {
		row->status = code >> 8 & 0xff;
		len = snprintf(text, sizeof(text), "+++ exited with %u +++",
			       (unsigned int)row->status);
	}
	row->call = (struct bytes){ text, (size_t)len };
}

static void take(void *ctx, const struct sys_call *c, const struct who *w)
{
	struct listing *l = ctx;
	struct syscall_row row;

	row_none(syscalls_col, &row);
	row.time = tracer_time(&l->sys.tracer, c->at);
	row.pid = w->ns_pid;
	row.tid = w->ns_tid;
	row.host_pid = w->pid;
	row.host_tid = c->tid;
	row.comm = tracer_comm(w);
	if (c->flags & SYS_ENDED)
		fill_end(&row, c);
	else
		fill_call(&row, l, c);
	if (wants_stack(l->o))
		row.frames = stacks_frames(&l->sys.stacks, c->tid, c->at, &row.frames_end);
	tracer_row(&l->sys.tracer, &row);
}

/* ---- -c ---- */

#define FIRST_SLOT 8	/* 256 ns: nothing is faster */
#define LAST_SLOT 30

static void put_histogram(struct buf *b, const struct sys_count *c)
{
	static const char *const bars[] = { " ", "\u2581", "\u2582", "\u2583", "\u2584", "\u2585",
		"\u2586", "\u2587", "\u2588" };
	uint64_t most = 1;

	for (unsigned int i = 0; i < SYS_SLOTS; i++)
		most = c->slots[i] > most ? c->slots[i] : most;
	for (unsigned int i = FIRST_SLOT; i <= LAST_SLOT; i++)
		buf_str(b, bars[(c->slots[i] * 8 + most - 1) / most]);
}

static void send_count(struct listing *l, unsigned int nr, const struct sys_count *c)
{
	auto_buf struct buf histogram = { 0 };
	char room[16], numbers[SYS_SLOTS][24];
	struct bytes slots[SYS_SLOTS];
	uint64_t timed = 0;
	struct syscall_row row;

	row_none(syscalls_col, &row);
	row.name = sysdef_name(nr, room);
	row.number = nr;
	row.calls = c->calls;
	row.errors = c->errors;
	for (unsigned int i = 0; i < SYS_SLOTS; i++)
		timed += c->slots[i];	/* not those that had begun before we did */
	if (l->sys.want->timed) {
		row.total_s = (int64_t)c->took;
		row.mean_s = timed ? (int64_t)(c->took / timed) : NONE_I64;
		row.longest_s = (int64_t)c->longest;
		put_histogram(&histogram, c);
		row.histogram = (struct bytes){ histogram.bytes, histogram.len };
		for (unsigned int i = 0; i < SYS_SLOTS; i++)
			slots[i] = (struct bytes){ numbers[i], (size_t)snprintf(numbers[i],
				sizeof(numbers[i]), "%llu", (unsigned long long)c->slots[i]) };
		row.slots = (struct col_list){ slots, SYS_SLOTS };
	}
	emit_row(l->r->emit, &row);
}

/* Those first that took, or were, the most. */
static void send_counts(struct listing *l)
{
	static struct sys_count all[SYS_NR_MAX];

	for (unsigned int nr = 0; nr < SYS_NR_MAX; nr++)
		all[nr] = sys_count_of(&l->sys, nr);
	for (;;) {
		unsigned int most = 0;

		for (unsigned int nr = 1; nr < SYS_NR_MAX; nr++)
			if (all[nr].took > all[most].took || (all[nr].took == all[most].took &&
							      all[nr].calls > all[most].calls))
				most = nr;
		if (!all[most].calls)
			break;
		send_count(l, most, &all[most]);
		tracer_count(&l->sys.tracer);
		all[most] = (struct sys_count){ 0 };
	}
	tracer_say_none(&l->sys.tracer);
}

static void syscalls_run(struct run *r)
{
	const struct syscalls_opts *o = r->opts;
	struct listing l = { .r = r, .o = o, .sys = { .fn = take, .ctx = &l } };
	struct sys_want want = {
		.set = o->set, .failed = o->failed,
		.count = o->count, .life = o->life, .slower_ns = o->slower, .ring = o->ring,
		.timed = o->timed || o->slower || expr_uses(r->emit->filter, "took_s"),
		.guard = r->guard, .last_ns = o->last,
		.stack_bytes = stacks_bytes(&o->stacks),
		.cure = o->last ? NULL : "; a larger --buffer, fewer calls by -e or --failed, or "
			"--lossless",
		.idle = o->failed || o->slower || o->calls ? NULL : ": calls are shown when they "
			"return, and 'nsdebug stack' shows those that do not",
	};

	sys_run(&l.sys, &want, r->in, &o->tracer, r->target);
	if (o->count)
		send_counts(&l);
}

static int check_last(const struct syscalls_opts *o, struct err *e)
{
	if (o->count)
		return err_set(e, ST_USAGE, "--last with -c: what is only counted is not kept");
	if (o->lossless)
		return err_set(e, ST_USAGE, "--last with --lossless: it is there to forget what is "
			       "old; --buffer gives it more room");
	if (wants_stack(o))
		return err_set(e, ST_USAGE, "--last with --stack: where a call came from must be "
			       "looked for while its process is there");
	if (o->tracer.max_events)
		return err_set(e, ST_USAGE, "--last with --max-events: it is read from its end on, "
			       "which comes last; say a shorter time");
	if (o->ring > BOX_SIZE_MAX)
		return err_set(e, ST_USAGE, "--last: the --buffer is at most 128M");
	return 0;
}

static int syscalls_setup(void *opts, int nargs, char *const *args, struct layout *l,
			  struct err *e)
{
	struct syscalls_opts *o = opts;

	if (o->count && o->tracer.max_events)
		return err_set(e, ST_USAGE, "--max-events with -c: what is only counted is not "
			       "read; --for ends it");
	if (o->count && o->life)
		return err_set(e, ST_USAGE, "--life: a process that ends cannot be counted by -c");
	if (sysset_parse(&o->set, o->calls, e) < 0)
		return -1;
	if (o->ring && (o->ring < 4096 || o->ring > 1u << 30 || o->ring & (o->ring - 1)))
		return err_set(e, ST_USAGE, "--buffer is a power of two from 4K to 1G");
	if (o->last && check_last(o, e) < 0)
		return -1;
	if (o->count && wants_stack(o))
		return err_set(e, ST_USAGE, "--stack with -c: stacks are not counted");
	if (o->lossless && o->count)
		return err_set(e, ST_USAGE, "--lossless with -c: what is counted in the kernel is "
			       "not read, and not lost");
	if (o->lossless && o->ring && o->ring < LOSSLESS_MIN)
		return err_set(e, ST_USAGE, "--lossless wants a --buffer of 64K at least: what "
			       "comes on until the container has stopped must find room");
	if (o->strings > SYS_BYTES_MAX)
		return err_set(e, ST_USAGE, "-s: at most %d bytes of a string are copied",
			       SYS_BYTES_MAX);
	if (!l->fields && o->count)
		l->fields = o->timed || o->slower ?
			"calls,errors,total_s,mean_s,longest_s,histogram,name" :
			"calls,errors,name";
	else if (!l->fields && l->format == OUT_TABLE && (o->timed || o->slower))
		l->fields = wants_stack(o) ? "time,tid,comm,took_s,call,frames" :
			"time,tid,comm,took_s,call";
	else if (!l->fields && l->format == OUT_TABLE && wants_stack(o))
		l->fields = "time,tid,comm,call,frames";
	if (o->count)
		return 0;
	return tracer_layout(opts, nargs, args, l, e);
}

static bool syscalls_guarded(const void *opts)
{
	return ((const struct syscalls_opts *)opts)->lossless;
}

static bool syscalls_pokes(const void *opts)
{
	return ((const struct syscalls_opts *)opts)->last != 0;
}

static const struct example syscalls_example[] = {
	{ "nsdebug trace syscalls nsd-demo --for 1s", "what strace -f would show, without it" },
	{ "nsdebug trace syscalls nsd-demo -e %network -T --for 1s", "how long the network takes" },
	{ "nsdebug trace syscalls nsd-demo -c -T --for 1s", "where the time goes, as histograms" },
	{ "nsdebug trace syscalls nsd-demo --failed --for 1s -o jsonl", "what fails" },
	{ "nsdebug trace syscalls nsd-demo -e write --stack --for 1s", "and from where" },
	{ "nsdebug trace syscalls --next nsd-new --failed --life --for 1s",
	  "why a container does not stay: first program, what failed, how it ended" },
	{ "nsdebug trace syscalls nsd-demo --last 30s --for 1s", "what came before the end" },
	{ "nsdebug trace syscalls nsd-demo --lossless --for 1s", "all, and pauses if it must be" },
	{ NULL }
};

const struct tool tool_trace_syscalls = {
	.name = "trace syscalls",
	.summary = "show the system calls of a container, with arguments and results",
	.about = "As strace -f does, for all processes of the container, but without ptrace: "
		"nothing is stopped (unless you ask for that), and a call costs a fraction of a "
		"microsecond more. Calls are shown when they return; what a pointer leads to is "
		"read then, and is the target's word. A program that execveat starts is shown as "
		"of execve. While it runs, every system call of the node takes about a tenth of a "
		"microsecond longer, so it is not to be forgotten in the background.\n\n"
		"Events that come faster than they can be shown are lost; how many is said, and "
		"the exit status is 5. -e, --failed, --slower and -c choose in the kernel and cost "
		"no room; --buffer gives more.\n\n"
		"With --last it is a flight recorder: calls are kept in the kernel, in as much "
		"memory as --buffer says (shared by the processors), and nobody reads them until "
		"Enter is pressed, SIGUSR1 comes, the container ends or the user ends it by "
		"Ctrl-C. Then those of the time that --last says are shown, in their order, each "
		"once; if what is older than some moment of it is overwritten, that is said, and "
		"the exit status is 5.\n\n"
		"With --lossless none is lost: a process that makes calls while the buffer is more "
		"than half full is stopped by SIGSTOP, and continued by SIGCONT when all has been "
		"read. The container sees pauses, as long as it takes to read and show what waits; "
		"a pager that waits holds it. The parent of a stopped process may see CLD_STOPPED "
		"and CLD_CONTINUED, a handler of SIGCONT runs, a debugger sees both signals, and "
		"calls that a stop interrupts (epoll_wait, nanosleep and others, signal(7)) may "
		"return EINTR. A guardian with a session and a cgroup of its own continues what is "
		"stopped however nsdebug ends, even by SIGKILL; it cannot if it is killed in the "
		"same moment. What somebody else has stopped by SIGSTOP stays stopped; a Ctrl-Z "
		"that meets such a pause is lost. Calls that come on before all threads have "
		"stopped need room in the other half of the buffer: a container of very many "
		"processes may fill it, and that loss is counted and said as ever.\n\n"
		"--stack copies the upper end of the stack with each call, and shows who called: "
		"frames as stack has them. A process that has ended, or runs another program, "
		"before its memory map was read has addresses only, and says so; exec has none.",
	.needs = NEED_TRACE,
	.next = tracer_next,
	.opts = syscalls_opt, .opts_size = sizeof(struct syscalls_opts),
	.defaults = &syscalls_defaults,
	.cols = syscalls_col,
	.examples = syscalls_example,
	.guarded = syscalls_guarded,
	.mapper = stacks_mapper,
	.pokes = syscalls_pokes,
	.setup = syscalls_setup,
	.run = syscalls_run,
};
