/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/threadrow.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/clock.h"
#include "nsdebug/base/esc.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/code/frames.h"
#include "nsdebug/code/goroutines.h"
#include "nsdebug/code/names.h"
#include "nsdebug/code/snapshot.h"
#include "nsdebug/code/unwind.h"

#define C(t, f, fl, h) COL(t, struct thread_row, f, fl, h)

const struct col thread_cols[] = {
	C(COL_BYTES, process, COL_NOJSON, "the process, for people"),
	C(COL_BYTES, thread, COL_NOJSON | COL_CLAIMED | COL_FOLD | COL_CODE, "and its thread"),
	COL(COL_BYTES, struct thread_row, doing, COL_NOJSON | COL_CLAIMED, "and what that does",
	    .glue = ": "),
	C(COL_BYTES, tids, COL_NOJSON | COL_CLAIMED | COL_HIDE | COL_CODE,
	  "one of some that do the same"),
	C(COL_BYTES, goids, COL_NOJSON | COL_HIDE, "a goroutine of some that do the same"),
	C(COL_U64, order, COL_NOJSON | COL_HIDE, "threads, then goroutines"),
	C(COL_STR, kind, COL_HIDE, "thread or goroutine"),
	C(COL_U64, pid, COL_HIDE, "process, as the container numbers it"),
	C(COL_U64, host_pid, COL_HIDE, "process, as the host numbers it"),
	C(COL_U64, tid, COL_HIDE | COL_NAME, "thread, as the container numbers it"),
	C(COL_U64, host_tid, COL_HIDE, "thread, as the host numbers it"),
	C(COL_BYTES, comm, COL_HIDE | COL_CLAIMED, "name the thread gave itself"),
	C(COL_STR, state, COL_HIDE, "R S D T t Z X I, as in ps"),
	C(COL_BYTES, wchan, COL_HIDE, "kernel function it sleeps in"),
	C(COL_STR, how, COL_HIDE,
	  "blocked, iterated (by BPF), sampled (running): without a stop; stopped; not taken"),
	C(COL_DUR, held_s, COL_HIDE, "how long it was stopped"),
	C(COL_BYTES, note, COL_HIDE, "why it was not taken, or why its frames end early"),
	C(COL_U64, goid, COL_HIDE, "a goroutine's number; its tid is the thread it is on"),
	C(COL_BYTES, gstate, COL_HIDE | COL_CLAIMED,
	  "what it does or waits for, as Go's runtime has it"),
	C(COL_DUR, wait_s, COL_HIDE, "how long it waits at least: Go looks when it collects"),
	C(COL_BYTES, created_by, COL_HIDE | COL_CLAIMED, "function that started it"),
	C(COL_HEX, created_offset, COL_HIDE, "where in that function"),
	C(COL_U64, creator, COL_HIDE, "goroutine that started it; Go 1.21 and later tell"),
	C(COL_BOOL, locked, COL_HIDE, "to a thread (runtime.LockOSThread)"),
	C(COL_BOOL, system, COL_HIDE, "the runtime's own; its traces leave it out"),
	{ .name = "frames", .type = COL_ROWS, .offset = offsetof(struct thread_row, frames),
	  .help = "innermost first", .sub = frame_cols },
	COL_END
};

static struct bytes text_of(struct arena *a, const struct buf *b)
{
	return (struct bytes){ arena_dup(a, b->bytes, b->len), b->len };
}

static struct bytes textf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
static struct bytes textf(struct arena *a, const char *fmt, ...)
{
	char text[4 * PROC_COMM_MAX + 128];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return (struct bytes){ arena_dup(a, text, strlen(text)), strlen(text) };
}

/* "pid 1", "tid 7 (t3)"; of the first thread "(web)" */
static void put_who(struct thread_row *row, const struct process *p, const struct thread *t,
		    struct arena *a)
{
	int pid = p->nspid ? p->nspid : p->pid, tid = t->nstid ? t->nstid : t->tid;
	auto_buf struct buf comm = { 0 };

	esc_listed(&comm, t->comm);
	buf_char(&comm, '\0');
	row->process = textf(a, "pid %d", pid);
	row->tids = textf(a, "%d (%s)", tid, comm.bytes);
	row->thread = tid == pid ? textf(a, "(%s)", comm.bytes) :
		textf(a, "tid %d (%s)", tid, comm.bytes);
}

/* "S, futex_wait_queue", "...; stopped for 41 us" */
static struct bytes doing(const struct thread *t, struct arena *a)
{
	auto_buf struct buf b = { 0 };

	buf_char(&b, t->state);
	if (t->wchan[0])
		buf_addf(&b, ", %s", t->wchan);
	if (t->how == HOW_STOPPED)
		buf_addf(&b, "; stopped for %lld us", (long long)(t->held_ns + 999) / 1000);
	if (t->how == HOW_NOT)
		buf_str(&b, "; not taken");
	if (t->note[0])
		buf_addf(&b, "%s%s", t->how == HOW_NOT ? ": " : "; ", t->note);
	return text_of(a, &b);
}

static const char *state_name(char c)
{
	static const char names[] = "R\0S\0D\0T\0t\0Z\0X\0I";
	const char *found = memchr(names, c, sizeof(names) - 1);

	return c && found ? found : "?";
}

static const char *thread_how(const struct thread *t)
{
	static const char *const how[] = {
		[HOW_NOT] = "not taken", [HOW_BLOCKED] = "blocked",
		[HOW_ITERATED] = "iterated", [HOW_SAMPLED] = "sampled",
		[HOW_STOPPED] = "stopped", [HOW_CORE] = "core",
	};

	return how[t->how];
}

struct thread_row thread_row(const struct process *p, const struct thread *t, struct trace *trace,
			     struct names *names, struct arena *a)
{
	auto_buf struct buf note = { 0 };
	struct thread_row row = {
		.kind = "thread", .order = (uint64_t)t->tid, .goid = NONE_U64, .creator = NONE_U64,
		.created_offset = NONE_U64, .locked = NONE_U64, .system = NONE_U64,
		.wait_s = NONE_I64,
		.pid = p->nspid ? (uint64_t)p->nspid : NONE_U64, .host_pid = (uint64_t)p->pid,
		.tid = t->nstid ? (uint64_t)t->nstid : NONE_U64, .host_tid = (uint64_t)t->tid,
		.comm = { t->comm, strlen(t->comm) },
		.wchan = { t->wchan[0] ? t->wchan : NULL, strlen(t->wchan) },
		.state = state_name(t->state), .how = thread_how(t),
		.held_s = t->how == HOW_STOPPED ? t->held_ns : NONE_I64,
		.doing = doing(t, a),
	};

	put_who(&row, p, t, a);
	row.frames = frame_rows(trace, names, a);
	buf_str(&note, t->note);
	if (trace->lost[0])
		buf_addf(&note, "%s%s; what follows is a guess", note.len ? "; " : "", trace->lost);
	if (t->how != HOW_NOT && !trace->whole)
		buf_addf(&note, "%s%s", note.len ? "; " : "", trace->end);
	if (note.len)
		row.note = text_of(a, &note);
	return row;
}

/* ---- goroutines ---- */

/* "goroutine 18", "goroutine 7 (on tid 12, 3 minutes)": what does not tell it from others. */
static void put_goroutine(struct thread_row *row, const struct process *p,
			  const struct goroutine *g, struct arena *a)
{
	uint64_t minutes = g->waits_ns / (60 * NS_PER_S);
	auto_buf struct buf b = { 0 };

	if (g->on)
		buf_addf(&b, " (on tid %d", g->on->nstid ? g->on->nstid : g->on->tid);
	if (minutes)
		buf_addf(&b, "%s%llu minute%s", g->on ? ", " : " (", (unsigned long long)minutes,
			 minutes == 1 ? "" : "s");
	if (b.len)
		buf_char(&b, ')');
	buf_char(&b, '\0');
	row->process = textf(a, "pid %d", p->nspid ? p->nspid : p->pid);
	row->goids = textf(a, "%llu%s", (unsigned long long)g->goid, b.bytes);
	row->thread = textf(a, "goroutine %llu%s", (unsigned long long)g->goid, b.bytes);
}

/* "chan receive, locked to thread; created by main.main+0x1f3" */
static struct bytes goroutine_does(const struct thread_row *row, const struct goroutine *g,
				   struct arena *a)
{
	auto_buf struct buf b = { 0 };

	buf_str(&b, g->state);
	if (g->locked)
		buf_str(&b, ", locked to thread");
	if (g->system)
		buf_str(&b, ", system");
	if (row->created_by.len) {
		buf_str(&b, "; created by ");
		buf_add(&b, row->created_by.p, row->created_by.len);
		buf_addf(&b, "+0x%llx", (unsigned long long)row->created_offset);
	}
	if (g->note[0])
		buf_addf(&b, "; %s", g->note);
	return text_of(a, &b);
}

static void put_creator(struct thread_row *row, const struct goroutine *g,
			const struct names *names)
{
	const struct frame at = { g->created, METHOD_PC, false };
	const struct name *name = g->created ? names_get(names, &at) : NULL;

	row->creator = g->parent ? g->parent : NONE_U64;
	row->created_offset = NONE_U64;
	if (!name || !name->function)
		return;
	row->created_by = (struct bytes){ name->function, strlen(name->function) };
	row->created_offset = name->offset;
}

static const char *goroutine_how(const struct goroutine *g, const struct trace *trace)
{
	if (!trace->count)
		return "not taken";
	return g->running && g->on ? thread_how(g->on) : "blocked";
}

struct thread_row goroutine_row(const struct process *p, const struct goroutine *g,
				struct trace *trace, struct names *names, struct arena *a)
{
	auto_buf struct buf note = { 0 };
	struct thread_row row = {
		.kind = "goroutine", .order = (1ull << 32) + g->goid, .goid = g->goid,
		.pid = p->nspid ? (uint64_t)p->nspid : NONE_U64, .host_pid = (uint64_t)p->pid,
		.tid = g->on && g->on->nstid ? (uint64_t)g->on->nstid : NONE_U64,
		.host_tid = g->on ? (uint64_t)g->on->tid : NONE_U64, .held_s = NONE_I64,
		.gstate = { g->state, strlen(g->state) }, .how = goroutine_how(g, trace),
		.wait_s = g->waits_ns ? (int64_t)g->waits_ns : NONE_I64,
		.locked = g->locked, .system = g->system,
	};

	put_goroutine(&row, p, g, a);
	put_creator(&row, g, names);
	row.doing = goroutine_does(&row, g, a);
	row.frames = frame_rows(trace, names, a);
	buf_str(&note, g->note);
	if (trace->count && !trace->whole)
		buf_addf(&note, "%s%s", note.len ? "; " : "", trace->end);
	if (note.len)
		row.note = text_of(a, &note);
	return row;
}
