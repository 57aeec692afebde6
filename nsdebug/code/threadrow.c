/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/threadrow.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/esc.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/code/frames.h"
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
	char text[4 * PROC_COMM_MAX + 64];
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
static struct bytes doing(const struct thread *t, struct arena *a, const char *note)
{
	auto_buf struct buf b = { 0 };

	buf_char(&b, t->state);
	if (t->wchan[0])
		buf_addf(&b, ", %s", t->wchan);
	if (t->how == HOW_STOPPED)
		buf_addf(&b, "; stopped for %lld us", (long long)(t->held_ns + 999) / 1000);
	if (t->how == HOW_NOT)
		buf_str(&b, "; not taken");
	if (note[0])
		buf_addf(&b, "%s%s", t->how == HOW_NOT ? ": " : "; ", note);
	return text_of(a, &b);
}

static const char *state_name(char c)
{
	static const char names[] = "R\0S\0D\0T\0t\0Z\0X\0I";
	const char *found = memchr(names, c, sizeof(names) - 1);

	return c && found ? found : "?";
}

struct thread_row thread_row(const struct process *p, const struct thread *t, struct trace *trace,
			     const struct names *names, struct arena *a)
{
	static const char *const how[] = {
		[HOW_NOT] = "not taken", [HOW_BLOCKED] = "blocked",
		[HOW_ITERATED] = "iterated", [HOW_SAMPLED] = "sampled",
		[HOW_STOPPED] = "stopped",
	};
	auto_buf struct buf note = { 0 };
	struct thread_row row = {
		.pid = p->nspid ? (uint64_t)p->nspid : NONE_U64, .host_pid = (uint64_t)p->pid,
		.tid = t->nstid ? (uint64_t)t->nstid : NONE_U64, .host_tid = (uint64_t)t->tid,
		.comm = { t->comm, strlen(t->comm) },
		.wchan = { t->wchan[0] ? t->wchan : NULL, strlen(t->wchan) },
		.state = state_name(t->state), .how = how[t->how],
		.held_s = t->how == HOW_STOPPED ? t->held_ns : NONE_I64,
		.doing = doing(t, a, t->note),
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
