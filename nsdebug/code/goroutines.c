/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/goroutines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/own.h"
#include "nsdebug/code/gofind.h"

/* runtime/runtime2.go */
enum { G_IDLE, G_RUNNABLE, G_RUNNING, G_SYSCALL, G_WAITING, G_DEAD = 6, G_COPYSTACK = 8,
	G_PREEMPTED, G_LEAKED, G_DEAD_EXTRA, G_STATUS_MAX = 15 };
#define G_SCAN 0x1000u

#define SAMPLE 256u		/* goroutines that the layout is found by */
#define ID_MAX (1ull << 48)

/* Words of struct g from its pointer to itself on, or from the goid. */
#define SELF_SP (-2)
#define SELF_PC (-1)
#define SELF_GOID_MIN 8u
#define SELF_GOID_MAX 14u
#define GOID_SINCE 2
#define GOID_REASON 3
#define GOID_START_MIN 4u
/* and back from where its function begins */
#define START_GOPC 2u
#define START_PARENT 3u
#define START_LOCKED 10u	/* one more where there is a parent */

static uint32_t status_of(const uint64_t *words, unsigned int goid)
{
	return (uint32_t)words[goid - 1] & ~G_SCAN;
}

static bool is_dead(uint32_t status)
{
	return status == G_IDLE || status == G_DEAD || status == G_DEAD_EXTRA;
}

/* ---- which word is what ---- */

/* The i-th that is alive, of those that the layout is found by; *i is moved on. NULL: no more. */
static const uint64_t *next_alive(const struct goroutines *x, size_t *i)
{
	for (; *i < x->t->count && *i < SAMPLE; ++*i) {
		const struct go_g *g = &x->t->gs[*i];

		if (!g->moved && !is_dead(status_of(g->words, x->at.goid))) {
			++*i;
			return g->words;
		}
	}
	return NULL;
}

static bool is_goid(const struct goroutines *x, unsigned int at)
{
	auto_map struct map seen = { 0 };
	size_t alive = 0;

	for (size_t i = 0; i < x->t->count && i < SAMPLE; i++) {
		const struct go_g *g = &x->t->gs[i];
		uint32_t status = status_of(g->words, at);

		if (g->moved)
			continue;
		if (status > G_STATUS_MAX)
			return false;
		if (is_dead(status))
			continue;
		if (!g->words[at] || g->words[at] >= ID_MAX || map_get(&seen, g->words[at]))
			return false;
		map_put(&seen, g->words[at], (void *)g);
		alive++;
	}
	return alive;
}

static bool is_entry(struct goroutines *x, uint64_t addr)
{
	const struct go_place *at = gostack_at(&x->go, x->p, addr);

	return at && at->entry == addr;
}

/* Nearly all have a function; those that C's threads brought have none. */
static bool is_start(struct goroutines *x, unsigned int at)
{
	size_t n = 0, none = 0, i = 0;
	const uint64_t *words;

	while ((words = next_alive(x, &i))) {
		if (words[at] && !is_entry(x, words[at]))
			return false;
		n++;
		none += !words[at];
	}
	return none < (n + 1) / 2;
}

static bool is_parent(const struct goroutines *x, unsigned int at)
{
	size_t n = 0, none = 0, i = 0;
	const uint64_t *words;

	while ((words = next_alive(x, &i))) {
		if (words[x->at.goid] == 1)
			continue;
		if (words[at] >= ID_MAX)
			return false;
		n++;
		none += !words[at];
	}
	return none < (n + 1) / 2;
}

/* Points to a thread of the runtime's, or is 0. */
static bool is_locked(const struct goroutines *x, unsigned int at)
{
	const uint64_t *words;
	const struct vma *v;
	size_t i = 0;

	while ((words = next_alive(x, &i))) {
		v = words[at] ? maps_find(&x->p->maps, words[at]) : NULL;
		if (words[at] && (words[at] & 7 || !v || !v->write))
			return false;
	}
	return true;
}

/* Of one that was taken both times, what was added first stands. */
static void add_threads(struct goroutines *x, const struct process *p)
{
	for (size_t i = 0; p && i < p->count; i++) {
		struct thread *t = &p->threads[i];
		uint64_t tid = (uint64_t)(t->nstid ? t->nstid : t->tid);
		const struct thread *known = map_get(&x->threads, tid);

		if (!known || known->how == HOW_NOT)
			map_put(&x->threads, tid, t);
	}
}

/* Of the threads that goroutines are on, the word that is the id of one in most. With C there is
 * a dead one too, on what is no thread yet: it is for one that C will bring. */
static unsigned int find_procid(const struct goroutines *x)
{
	unsigned int best = 0;
	size_t most = 0;

	for (unsigned int at = 1; at < GO_M_WORDS; at++) {
		size_t n = 0, all = 0;

		for (size_t i = 0; i < x->t->count && all < SAMPLE; i++) {
			const struct go_g *g = &x->t->gs[i];

			if (!g->m || is_dead(status_of(g->words, x->at.goid)))
				continue;
			all++;
			n += g->m[at] && map_get(&x->threads, g->m[at]);
		}
		if (n > most && n > all / 2) {
			most = n;
			best = at;
		}
	}
	return best;
}

static bool find_layout(struct goroutines *x)
{
	struct go_layout *l = &x->at;
	unsigned int at;

	for (at = x->t->self + SELF_GOID_MIN; at <= x->t->self + SELF_GOID_MAX && !l->goid; at++)
		if (is_goid(x, at))
			l->goid = at;
	if (!l->goid)
		return false;
	for (at = l->goid + GOID_START_MIN; at < GO_WORDS && !l->start; at++)
		if (is_start(x, at))
			l->start = at;
	if (l->start > l->goid + START_LOCKED + 1) {
		if (is_parent(x, l->start - START_PARENT))
			l->parent = l->start - START_PARENT;
		at = l->start - START_LOCKED - (l->parent > 0);
		if (is_locked(x, at))
			l->locked = at;
	}
	l->procid = find_procid(x);
	return true;
}

/* ---- the words for what it waits for ---- */

static bool word_at(const struct go_words *t, size_t i, struct code *c, uint64_t bias, char *to)
{
	uint64_t text[2];

	if ((i + 1) * sizeof(text) > t->len)
		return false;
	memcpy(text, t->bytes + i * sizeof(text), sizeof(text));
	memset(to, 0, GO_STATE_MAX);
	if (text[1] > 256)
		return false;
	if (text[1] >= GO_STATE_MAX)
		text[1] = GO_STATE_MAX - 1;
	return !text[1] || elf_image(&c->elf, text[0] - bias, to, text[1]);
}

/* Is this the table? It begins with nothing, and there are such words in it. */
static bool read_reasons(struct goroutines *x, const struct go_words *t)
{
	bool receive = false, select = false;
	uint64_t bias;
	struct code *c = go_data(x->p, t->at, &bias);
	size_t n;

	for (n = 0; c && n < GO_REASONS_MAX && word_at(t, n, c, bias, x->reasons[n]); n++) {
		receive |= !strcmp(x->reasons[n], "chan receive");
		select |= !strcmp(x->reasons[n], "select");
	}
	x->nreasons = receive && select && !x->reasons[0][0] ? n : 0;
	return x->nreasons;
}

void goroutines_free(struct goroutines *x)
{
	unwinder_free(&x->unwinder);
	unwinder_free(&x->held_unwinder);
	gostack_free(&x->go);
	map_free(&x->threads);
}

bool goroutines_init(struct goroutines *x, const struct process *p, const struct process *held,
		     const struct go_taken *t)
{
	*x = (struct goroutines){ .p = p, .held = held, .t = t };
	add_threads(x, held);
	add_threads(x, p);
	if (!t->found)
		snprintf(x->why, sizeof(x->why), "Go's list of them is not where it is looked for");
	else if (!find_layout(x))
		snprintf(x->why, sizeof(x->why), "what its list holds does not look as Go has it");
	for (size_t i = 0; i < t->ntables; i++)
		if (read_reasons(x, &t->tables[i]))
			break;
	if (x->why[0])
		goroutines_free(x);
	return !x->why[0];
}

/* ---- one of them ---- */

static void put_state(const struct goroutines *x, const uint64_t *words, char *to, size_t room)
{
	static const char *const names[G_STATUS_MAX + 1] = {
		[G_RUNNABLE] = "runnable", [G_RUNNING] = "running", [G_SYSCALL] = "syscall",
		[G_WAITING] = "waiting", [G_COPYSTACK] = "copystack", [G_PREEMPTED] = "preempted",
		[G_LEAKED] = "waiting",
	};
	uint32_t status = status_of(words, x->at.goid);
	uint8_t reason = (uint8_t)words[x->at.goid + GOID_REASON];
	const char *name = names[status & G_STATUS_MAX];

	if ((status == G_WAITING || status == G_LEAKED) && reason && reason < x->nreasons)
		name = x->reasons[reason];
	snprintf(to, room, "%s%s", name ? name : "???", status == G_LEAKED ? " (leaked)" : "");
}

/* The function there; "": none of Go's. */
static const char *begins_in(struct goroutines *x, uint64_t addr)
{
	const struct go_place *at = gostack_at(&x->go, x->p, addr);

	return at ? at->name : "";
}

/* Those that the runtime itself leaves out of what it shows: isSystemGoroutine() of its
 * traceback.go. One that runs finalizers is the user's while it does. */
static bool is_system(struct goroutines *x, const struct goroutine *g)
{
	static const char *const not[] = {
		"runtime.main", "runtime.handleAsyncEvent", "runtime.corostart",
	};
	const char *name = g->start ? begins_in(x, g->start) : "";

	if (strncmp(name, "runtime.", 8) != 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(not); i++)
		if (!strcmp(name, not[i]))
			return false;
	return (strncmp(name, "runtime.runfinq", 15) != 0 &&
		strncmp(name, "runtime.runFinalizers", 21) != 0) ||
		!strcmp(g->state, "finalizer wait");
}

static const struct thread *thread_of(const struct goroutines *x, const struct go_g *g)
{
	const struct thread *t = x->at.procid && g->m ?
		map_get(&x->threads, g->m[x->at.procid]) : NULL;

	return t && t->how != HOW_NOT ? t : NULL;
}

bool goroutines_get(struct goroutines *x, size_t i, struct goroutine *ret)
{
	const struct go_g *g = &x->t->gs[i];
	const struct go_layout *l = &x->at;
	const uint64_t *w = g->words;
	uint32_t status = status_of(w, l->goid);
	uint64_t since = w[l->goid + GOID_SINCE];

	if (is_dead(status) || !w[l->goid])
		return false;
	*ret = (struct goroutine){
		.g = g, .goid = w[l->goid], .running = status == G_RUNNING,
		.start = l->start ? w[l->start] : 0, .parent = l->parent ? w[l->parent] : 0,
		.locked = l->locked && w[l->locked],
		.on = status == G_RUNNING || status == G_SYSCALL ? thread_of(x, g) : NULL,
	};
	if (l->start && ret->goid != 1)
		ret->created = w[l->start - START_GOPC];
	if ((status == G_WAITING || status == G_SYSCALL) && since && since < x->t->now)
		ret->waits_ns = x->t->now - since;
	put_state(x, w, ret->state, sizeof(ret->state));
	ret->system = is_system(x, ret);
	return true;
}

/* ---- its frames ---- */

static bool on_stack(const struct go_g *g, uint64_t sp)
{
	return sp >= g->words[0] && sp < g->words[1];
}

static void walk_aside(struct goroutines *x, const struct go_g *g, uint64_t pc, uint64_t sp,
		       size_t max, struct trace *r)
{
	struct thread t = {
		.stack = g->stack, .stack_at = g->stack_at, .stack_len = g->stack_len,
		.holes = g->holes, .hole_count = g->hole_count, .stack_cut = g->stack_cut,
	};

	trace_add(r, pc, METHOD_PC, is_entry(x, pc));
	if (!gostack_walk(&x->go, x->p, &t, sp, max, r))
		trace_end(r, "0x%llx is not in Go's code", (unsigned long long)pc);
}

/* Where it went into the kernel, or into C: two words, at one of two places by the version. */
static bool walk_syscall(struct goroutines *x, const struct go_g *g, size_t max, struct trace *r)
{
	const uint64_t *self = g->words + x->t->self;

	for (int at = 4; at <= 5; at++) {
		if (!on_stack(g, self[at]) || !gostack_at(&x->go, x->p, self[at + 1] - 1))
			continue;
		walk_aside(x, g, self[at + 1], self[at], max, r);
		return true;
	}
	return false;
}

static void walk_thread(struct goroutines *x, const struct thread *t, size_t max, struct trace *r)
{
	bool held = x->held && t >= x->held->threads && t < x->held->threads + x->held->count;
	struct unwinder **u = held ? &x->held_unwinder : &x->unwinder;

	if (!*u)
		*u = unwinder_new(held ? x->held : x->p);
	if (*u)
		unwind_thread(*u, t, max, r);
}

static void walk_running(struct goroutines *x, struct goroutine *g, size_t max, struct trace *r)
{
	const uint64_t *self = g->g->words + x->t->self;

	if (g->on && on_stack(g->g, g->on->regs.value[REG_SP])) {
		walk_thread(x, g->on, max, r);
		return;
	}
	if (!g->on) {
		snprintf(g->note, sizeof(g->note), "it runs, and its thread was not taken");
	} else if (on_stack(g->g, self[SELF_SP]) &&
		   !strcmp(begins_in(x, self[SELF_PC]), "runtime.systemstack_switch")) {
		snprintf(g->note, sizeof(g->note), "from where it went to its thread's own stack");
		walk_aside(x, g->g, self[SELF_PC], self[SELF_SP], max, r);
	} else {
		snprintf(g->note, sizeof(g->note), "it runs, and was not on the thread that was "
			 "taken any more, or not on its own stack");
	}
}

void goroutines_walk(struct goroutines *x, struct goroutine *g, size_t max, struct trace *r)
{
	const uint64_t *self = g->g->words + x->t->self;
	uint32_t status = status_of(g->g->words, x->at.goid);

	*r = (struct trace){ 0 };
	if (g->running) {
		walk_running(x, g, max, r);
	} else if (g->g->moved) {
		snprintf(g->note, sizeof(g->note), "moved while it was read");
	} else if (status == G_COPYSTACK) {
		snprintf(g->note, sizeof(g->note), "its stack is just being moved");
	} else if (status != G_SYSCALL || !walk_syscall(x, g->g, max, r)) {
		if (on_stack(g->g, self[SELF_SP]))
			walk_aside(x, g->g, self[SELF_PC], self[SELF_SP], max, r);
		else
			snprintf(g->note, sizeof(g->note), "its stack pointer is not in its stack");
	}
}
