/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/threadsum.h"

#include "nsdebug/base/buf.h"
#include "nsdebug/code/snapshot.h"
#include "nsdebug/code/unwind.h"
#include "nsdebug/enter/emit.h"

#define LLU(x) ((unsigned long long)(x))
#define COUNTS (sizeof(struct thread_sum) / sizeof(uint64_t))

struct row {
	uint64_t threads, taken, stopped, goroutines;
	int64_t longest_s;
	struct bytes text;
};

#define S(t, f, fl, h) COL(t, struct row, f, fl, h)

const struct col thread_sum_cols[] = {
	S(COL_U64, threads, 0, "threads that there were"),
	S(COL_U64, taken, 0, "whose stack was taken"),
	S(COL_U64, stopped, 0, "that were stopped for it"),
	S(COL_DUR, longest_s, 0, "the longest of these stops"),
	S(COL_U64, goroutines, 0, "goroutines that there were, if they were asked for"),
	S(COL_BYTES, text, COL_NOJSON, "all of it on one line"),
	COL_END
};

void thread_sum_put(struct buf *b, const struct thread_sum *t)
{
	for (size_t i = 0; i < COUNTS; i++)
		put_varint(b, ((const uint64_t *)t)[i]);
}

bool thread_sum_get(struct bytes *in, struct thread_sum *t)
{
	for (size_t i = 0; i < COUNTS; i++)
		if (!get_varint(in, &((uint64_t *)t)[i]))
			return false;
	return true;
}

void thread_sum_add(struct thread_sum *sum, const struct process *p, const struct thread *t,
		    const struct trace *trace, bool shown)
{
	bool lives = t->state != 'Z' && t->state != 'X' && p->maps.count;

	sum->threads++;
	sum->taken += t->how != HOW_NOT;
	sum->stopped += t->held_ns > 0 || t->late;
	if ((uint64_t)t->held_ns > sum->longest)
		sum->longest = (uint64_t)t->held_ns;
	sum->cut += shown && trace->cut;
	sum->missed += shown && t->how == HOW_NOT && lives;
}

void thread_sum_emit(struct emit *e, const struct thread_sum *t, bool goroutines, bool at_once,
		     bool core)
{
	struct row row = {
		.threads = t->threads, .taken = t->taken, .stopped = t->stopped,
		.longest_s = t->longest ? (int64_t)t->longest : NONE_I64,
		.goroutines = goroutines ? t->goroutines : NONE_U64,
	};
	auto_buf struct buf b = { 0 };

	if (!core)
		buf_addf(&b, "stopped %llu of ", LLU(t->stopped));
	buf_addf(&b, "%llu thread%s%s", LLU(t->threads), t->threads == 1 ? "" : "s",
		 core ? " in the core" : !at_once || t->apart ? "" :
		 ", those of a process at once");
	if (t->longest)
		buf_addf(&b, ", longest %llu us", LLU(t->longest + 999) / 1000);
	if (t->taken < t->threads)
		buf_addf(&b, "; %llu not taken", LLU(t->threads - t->taken));
	if (goroutines)
		buf_addf(&b, "; goroutines: %llu%s", LLU(t->goroutines),
			 t->go || t->goroutines ? "" :
			 ", no process runs Go's code");
	else if (t->go && !core)
		buf_str(&b, "; a Go program: --goroutines shows its goroutines");
	row.text = (struct bytes){ b.bytes, b.len };
	emit_summary(e, &row);
}

void thread_sum_cuts(struct emit *e, const struct thread_sum *t)
{
	if (t->cut)
		emit_cut(e, "stacks cut short, see --max-frames and --stack-bytes: %llu",
			 LLU(t->cut));
	if (t->missed)
		emit_cut(e, "threads not taken, see there why: %llu", LLU(t->missed));
	if (t->apart)
		emit_cut(e, "processes whose threads were not all held at once, so that stacks are "
			 "not of one moment (more time: --max-pause): %llu", LLU(t->apart));
	if (t->lost)
		emit_cut(e, "goroutines without frames, see there why: %llu", LLU(t->lost));
}
