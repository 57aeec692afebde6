/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/gorows.h"

#include <stdlib.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/goroutines.h"
#include "nsdebug/code/names.h"
#include "nsdebug/code/threadrow.h"
#include "nsdebug/enter/emit.h"

#define BATCH 128u		/* goroutines whose frames are held at once */

struct batch {
	struct goroutine *gs;
	struct trace *traces;
	struct frame *created;
	size_t count;
};

static void walk_batch(struct go_rows *k, struct goroutines *x, struct batch *b)
{
	for (size_t i = 0; i < b->count; i++) {
		emit_tick(k->emit);
		goroutines_walk(x, &b->gs[i], k->max_frames, &b->traces[i]);
		b->created[i] = (struct frame){ b->gs[i].created, METHOD_PC, false };
	}
	/* one more, of where they were created: for their names */
	b->traces[b->count] = (struct trace){ .frames = b->created, .count = b->count };
}

static void show_one(struct go_rows *k, const struct process *p, const struct goroutine *g,
		     struct trace *t, struct names *names)
{
	auto_arena struct arena *a = arena_new();
	struct thread_row row = goroutine_row(p, g, t, names, a);
	bool shown = emit_row(k->emit, &row);

	k->shown++;
	k->missed += shown && !t->count;
	k->cut += shown && t->cut;
}

static void show_all(struct go_rows *k, struct goroutines *x, struct names *names)
{
	auto_free struct goroutine *gs = mem_alloc(BATCH * sizeof(*gs));
	auto_free struct trace *traces = mem_alloc((BATCH + 1) * sizeof(*traces));
	auto_free struct frame *created = mem_alloc(BATCH * sizeof(*created));
	struct batch b = { gs, traces, created, 0 };

	for (size_t i = 0; i < x->t->count;) {
		for (b.count = 0; b.count < BATCH && i < x->t->count; i++)
			b.count += goroutines_get(x, i, &gs[b.count]);
		walk_batch(k, x, &b);
		names_find(names, x->p, traces, b.count + 1);
		for (size_t n = 0; n < b.count; n++) {
			show_one(k, x->p, &gs[n], &traces[n], names);
			free(traces[n].frames);
		}
	}
}

static void show_taken(struct go_rows *k, const struct go_process *g, const struct go_taken *t)
{
	const struct process *p = g->p;
	struct goroutines x;
	struct names names;
	struct err e;

	if (!goroutines_init(&x, p, g->held, t)) {
		err_set(&e, ST_FAILED, "goroutines of process %d: %s",
			(int)(p->nspid ? p->nspid : p->pid), x.why);
		emit_err(k->emit, &e);
		return;
	}
	names_init(&names);
	names.files = k->files;
	names.lines = k->lines;
	show_all(k, &x, &names);
	names_free(&names);
	goroutines_free(&x);
	if (t->cut)
		emit_cut(k->emit, "more goroutines than are taken at once: %u are looked at",
			 GO_GS_MAX);
	if (t->lost)
		emit_cut(k->emit, "goroutines that cannot be read: %zu", t->lost);
}

void go_rows(struct go_rows *k, const struct go_process *g)
{
	for (size_t i = 0; i < g->count; i++)
		show_taken(k, g, &g->taken[i]);
}
