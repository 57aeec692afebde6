/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/stacks.h"

#include <bpf/libbpf.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/unwind.h"
#include "nsdebug/code/work.h"
#include "nsdebug/enter/emit.h"
#include "nsdebug/out/out.h"
#include "nsdebug/trace/changed.h"
#include "nsdebug/trace/mapper.h"

#define FRAMES_MAX 256
#define ANSWER_NS (5 * NS_PER_S)
#define AGAIN_NS (100 * NS_PER_MS)
#define CHECK_ASKS 16		/* at once: events wait meanwhile */
#define KEPT_MAX 4096		/* threads whose stacks wait for their event ... */
#define KEPT_BYTES_MAX (64u << 20)	/* ... and what these take */
#define VDSO_MAX (64u << 10)
#define BYTES_MAX (128u << 20)	/* of processes: a parser has 512 MB for all that it does */
#define NAMES_MAX (16u << 20)	/* of these, of the names of one */
#define UNWINDER_BYTES (80u << 10)	/* libunwind's caches, about */

/* A process as the mapper told of it. */
struct mapped {
	struct process p;
	struct unwinder *u;
	struct names names;
	uint64_t exec, code;	/* of the event for which it was asked */
	uint64_t mm, start;
	uint64_t asked, told;	/* when, in CLOCK_BOOTTIME */
	uint64_t tried;		/* as asked, of the last time, which may have been in vain */
	struct changed changed;	/* since it was asked, until ... */
	uint64_t checked;	/* ... here */
	bool gone;		/* the mapper told no more when it was asked again */
	struct mapped *newer, *older;
	size_t bytes;		/* that were counted */
	char why[96];		/* why nothing is known of it */
};

struct kept {
	struct thread_stack s;
	uint8_t bytes[];
};

uint32_t stacks_bytes(const struct stacks_opts *o)
{
	if (!o->on && !o->bytes)
		return 0;
	if (!o->bytes)
		return 16 << 10;
	return o->bytes < STACK_MAX ? (uint32_t)o->bytes : STACK_MAX;
}

bool stacks_mapper(const void *opts)
{
	return stacks_bytes(&((const struct stacked_opts *)opts)->stacks);
}

void stacks_fields(const void *opts, struct layout *l, const char *fields)
{
	if (!l->fields && l->format == OUT_TABLE && stacks_mapper(opts))
		l->fields = fields;
}

int stacks_possible(struct err *e)
{
	if (libbpf_probe_bpf_helper(BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_FUNC_task_pt_regs, NULL) > 0)
		return 0;
	return err_set(e, ST_REFUSED, "--stack: this kernel does not tell registers to programs "
		       "(Linux 5.15)");
}

void stacks_init(struct stacks *k, int peer, struct emit *emit)
{
	*k = (struct stacks){ .peer = peer, .row = arena_new() };
	snapshot_init(&k->s, -1, 0);
	k->s.emit = work.emit = emit;
}

static void keep(struct stacks *k, const struct thread_stack *s)
{
	struct kept *t = map_get(&k->kept, s->tid);

	if (k->kept_bytes > KEPT_BYTES_MAX || (!t && k->kept.used >= KEPT_MAX)) {
		map_each(&k->kept, free);
		map_free(&k->kept);
		k->kept_bytes = 0;
		t = NULL;
	}
	if (!t || t->s.len != s->len) {
		k->kept_bytes += sizeof(*t) + s->len - (t ? sizeof(*t) + t->s.len : 0);
		free(t);
		t = mem_alloc(sizeof(*t) + s->len);
		map_put(&k->kept, s->tid, t);
	}
	t->s = *s;
	memcpy(t->bytes, s + 1, s->len);
}

/* ---- what the mapper tells ---- */

/* A busy machine takes its time; the front must not take us for stuck meanwhile. */
static bool wait_for_it(struct stacks *k)
{
	struct pollfd p = { .fd = k->peer, .events = POLLIN };
	uint64_t end = clock_ns() + ANSWER_NS;

	while (k->peer >= 0 && clock_ns() < end) {
		emit_tick(k->s.emit);
		if (poll(&p, 1, 50) == 1)
			return true;
	}
	return false;
}

/* A message of exactly len bytes, and the descriptor that came along, or -1. */
static bool receive(struct stacks *k, void *to, size_t len, int *fd)
{
	*fd = -1;
	if (!wait_for_it(k) || !fd_take(k->peer, to, len, fd)) {
		k->peer = -1;	/* what comes later would be of another question */
		return false;
	}
	return true;
}

static bool add_module(struct stacks *k, const struct mapper_vma *t, int fd)
{
	struct module *m = arena_alloc(k->s.arena, sizeof(*m));
	int none;

	m->fd = fd;
	memcpy(m->why, t->why, sizeof(m->why) - 1);
	m->path = (struct bytes){ arena_dup(k->s.arena, t->path, t->path_len), t->path_len };
	k->s.modules = mem_more(k->s.modules, k->s.module_count);
	k->s.modules[k->s.module_count++] = m;
	if (t->bytes_len > VDSO_MAX)
		return false;
	if (!t->bytes_len)
		return true;
	m->bytes = arena_alloc(k->s.arena, t->bytes_len);
	m->len = t->bytes_len;
	return receive(k, (void *)m->bytes, t->bytes_len, &none);
}

static bool receive_vma(struct stacks *k, struct mapped *m, size_t i)
{
	struct mapper_vma t;
	struct vma *v = &m->p.maps.items[i];
	int fd;

	if (!receive(k, &t, sizeof(t), &fd))
		return false;
	if (t.path_len > sizeof(t.path))
		return false;
	if (t.is_new && !add_module(k, &t, fd))
		return false;
	if (t.module > k->s.module_count)
		return false;
	*v = (struct vma){
		.start = t.start, .end = t.end, .offset = t.offset, .read = true, .exec = true,
	};
	m->p.modules[i] = t.module ? k->s.modules[t.module - 1] : NULL;
	m->p.maps.count = i + 1;
	return true;
}

static void free_mapped(void *value)
{
	struct mapped *m = value;

	unwinder_free(&m->u);
	names_free(&m->names);
	free(m->p.maps.items);
	free(m->p.modules);
	free(m);
}

static bool ask(struct stacks *k, struct mapped *m, const struct thread_stack *s)
{
	struct mapper_ask ask = { .pid = (int32_t)s->pid, .start = s->start };
	struct mapper_head h;
	int none;

	if (k->peer < 0 || send(k->peer, &ask, sizeof(ask), MSG_NOSIGNAL) != sizeof(ask) ||
	    !receive(k, &h, sizeof(h), &none) || h.count > MAPPER_VMAS_MAX) {
		snprintf(m->why, sizeof(m->why), "nobody tells where code is any more");
		return false;
	}
	m->p.own_map = h.own_map;
	m->p.maps.items = mem_alloc((h.count + 1) * sizeof(*m->p.maps.items));
	m->p.modules = mem_alloc((h.count + 1) * sizeof(struct module *));
	for (size_t i = 0; i < h.count; i++)
		if (!receive_vma(k, m, i)) {
			k->peer = -1;	/* what comes next is of this answer still */
			snprintf(m->why, sizeof(m->why), "where code is was not told");
			return false;
		}
	if (h.full && !k->full) {
		k->full = true;
		emit_cut(k->s.emit, "no more processes are told of: frames of those that come now, "
			 "or map other code, are missing or cut");
	}
	if (!h.known)
		snprintf(m->why, sizeof(m->why), "%.90s", h.why);
	else if (h.exec != s->exec)
		snprintf(m->why, sizeof(m->why), "the process runs another program by now");
	return !m->why[0];
}

/* Where other code may have come between the event and the look at the mappings, whichever was
 * first. */
static void find_changed(const struct stacks *k, const struct mapped *m,
			 const struct thread_stack *s, struct changed *c)
{
	uint64_t from = s->when < m->asked ? s->when : m->checked;

	*c = (struct changed){ 0 };
	if (!k->log)
		return;
	changed_between(c, k->log, s->mm, s->pid, from, s->when > m->told ? s->when : m->told);
	if (s->when >= m->asked)
		changed_add(c, &m->changed);
}

/* The same process, running the same program? */
static bool is_of(const struct mapped *m, const struct thread_stack *s)
{
	return m->exec == s->exec && m->mm == s->mm && m->start == s->start;
}

static bool still_holds(const struct stacks *k, const struct mapped *m,
			const struct thread_stack *s)
{
	struct changed c;

	if (!is_of(m, s))
		return false;
	/* who makes code at run time has other code mapped all the time */
	if (s->when <= m->told || s->when <= m->tried ||
	    clock_of(CLOCK_BOOTTIME) - m->tried < AGAIN_NS)
		return true;
	find_changed(k, m, s, &c);
	return m->code == s->code && !c.all && !c.count;
}

/* Asks the mapper. */
static struct mapped *learn(struct stacks *k, const struct thread_stack *s)
{
	struct mapped *m = mem_alloc(sizeof(*m));

	m->p.pid = (pid_t)s->pid;
	m->p.dir = m->p.living = -1;
	m->p.start = s->start / PROC_TICK_NS;
	m->exec = s->exec;
	m->code = s->code;
	m->mm = s->mm;
	m->start = s->start;
	m->asked = m->tried = m->checked = clock_of(CLOCK_BOOTTIME);
	names_init(&m->names);
	if (!ask(k, m, s))
		m->p.maps.count = 0;
	m->told = clock_of(CLOCK_BOOTTIME);
	k->asked = true;
	m->u = unwinder_new(&m->p);
	return m;
}

/* ---- what is kept ---- */

static void link_newest(struct stacks *k, struct mapped *m)
{
	m->older = k->newest;
	m->newer = NULL;
	*(k->newest ? &k->newest->newer : &k->oldest) = m;
	k->newest = m;
}

static void unlink_it(struct stacks *k, struct mapped *m)
{
	*(m->newer ? &m->newer->older : &k->newest) = m->older;
	*(m->older ? &m->older->newer : &k->oldest) = m->newer;
}

/* To be called when it has been used: names come with use. */
static void count_bytes(struct stacks *k, struct mapped *m)
{
	k->bytes -= m->bytes;
	m->bytes = sizeof(*m) + UNWINDER_BYTES + arena_bytes(m->names.arena) +
		m->names.by_pc.room * 2 * sizeof(uint64_t) +
		m->p.maps.count * (sizeof(*m->p.maps.items) + sizeof(*m->p.modules));
	k->bytes += m->bytes;
}

/* No more in the map. */
static void drop(struct stacks *k, struct mapped *m)
{
	unlink_it(k, m);
	k->bytes -= m->bytes;
	free_mapped(m);
}

/* Those that were not wanted for longest go, which have ended if anybody has. What was told of them
 * can be asked again. */
static void make_room(struct stacks *k)
{
	while (k->bytes > BYTES_MAX && k->oldest)
		drop(k, map_take(&k->processes, (uint64_t)k->oldest->p.pid));
}

/* What is known of the process at any time. */
static struct mapped *find(struct stacks *k, uint64_t pid)
{
	struct mapped *m;

	make_room(k);
	m = map_get(&k->processes, pid);
	if (m) {
		unlink_it(k, m);
		link_newest(k, m);
	}
	return m;
}

/* What is known of the process is this now; m, if there was anything, is freed. */
static void replace(struct stacks *k, struct mapped *m, struct mapped *by)
{
	if (m)
		drop(k, m);
	link_newest(k, by);
	count_bytes(k, by);
	map_put(&k->processes, (uint64_t)by->p.pid, by);
}

/* What the mapper told before holds where nothing has changed since; if it can tell no more, for
 * the process has ended or runs another program, that is what there is. */
static struct mapped *learn_again(struct stacks *k, struct mapped *m, const struct thread_stack *s)
{
	struct mapped *by = learn(k, s);

	if (m && is_of(m, s) && !m->why[0] && by->why[0]) {
		m->tried = by->asked;
		m->gone = true;
		free_mapped(by);
		return m;
	}
	replace(k, m, by);
	return by;
}

/* What is known of the process at this event; asked for anew when it is another program's. */
static struct mapped *mapped_of(struct stacks *k, const struct thread_stack *s)
{
	struct mapped *m = find(k, s->pid);

	return m && still_holds(k, m, s) ? m : learn_again(k, m, s);
}

/* It is there, or has mapped code, and may not live long. */
static void look(struct stacks *k, const struct thread_stack *s)
{
	struct mapped *m = find(k, s->pid);

	if (m && is_of(m, s) && m->tried >= s->when)
		m->code = s->code;
	else
		learn_again(k, m, s);
}

/* Notes what the log says, unless one of the calls has not returned: next time, then. False: the
 * log has forgotten what has changed, so that only another look can say it. */
static bool check(struct stacks *k, struct mapped *m, uint64_t now)
{
	struct changed c;

	if (m->why[0] || m->gone)
		return true;
	changed_between(&c, k->log, m->mm, (uint64_t)m->p.pid, m->checked, now);
	if (c.all)
		return false;
	if (c.going_on)
		return true;
	changed_add(&m->changed, &c);
	m->checked = now;
	return true;
}

static void check_all(struct stacks *k, uint64_t now)
{
	unsigned int asks = 0;

	for (struct mapped *m = k->newest, *older; m; m = older) {
		struct thread_stack s = {
			.pid = (uint32_t)m->p.pid, .exec = m->exec, .code = m->code, .mm = m->mm,
			.start = m->start, .when = now,
		};

		older = m->older;
		if (check(k, m, now))
			continue;
		k->again = now + AGAIN_NS;
		if (now - m->tried >= AGAIN_NS && asks++ < CHECK_ASKS)
			learn_again(k, m, &s);
	}
}

void stacks_check(struct stacks *k)
{
	uint64_t latest, now;

	if (!k->log)
		return;
	latest = k->log->latest;
	if (latest - k->checked < CHANGES / 4 && !k->again)
		return;
	now = clock_of(CLOCK_BOOTTIME);
	if (latest - k->checked < CHANGES / 4 && now < k->again)
		return;
	k->checked = latest;
	k->again = 0;
	check_all(k, now);
}

void stacks_keep(struct stacks *k, const struct thread_stack *s, size_t len)
{
	if (len < sizeof(*s) || s->len > len - sizeof(*s) || s->len > STACK_MAX)
		return;
	if (s->tid)
		keep(k, s);
	else
		look(k, s);
}

void stacks_drop(struct stacks *k, uint32_t tid)
{
	struct kept *t = map_take(&k->kept, tid);

	if (t)
		k->kept_bytes -= sizeof(*t) + t->s.len;
	free(t);
}

void stacks_forget(struct stacks *k, uint32_t pid)
{
	struct mapped *m = map_take(&k->processes, pid);

	if (m)
		drop(k, m);
	stacks_drop(k, pid);
}

/* ---- frames ---- */

/* From the first frame on whose code may have been other code at the event, nothing is known. */
static bool cut_changed(struct trace *t, const struct changed *c)
{
	for (size_t i = 0; i < t->count; i++) {
		uint64_t pc = t->frames[i].pc;

		if (!changed_at(c, pc) && !changed_at(c, pc - 1))
			continue;
		t->count = i + 1;
		t->whole = false;
		snprintf(t->end, sizeof(t->end), "other code may have been mapped at this address "
			 "before it was looked at");
		return true;
	}
	return false;
}

/* What is cut is named apart: names that are kept know the address by another time's code. */
static struct names *name_frames(struct stacks *k, struct mapped *m,
				 const struct thread_stack *s, struct trace *t)
{
	struct process nowhere = { .pid = 0 };
	struct changed c;

	find_changed(k, m, s, &c);
	/* those of the last row are wanted no more */
	if (arena_bytes(m->names.arena) > NAMES_MAX) {
		names_free(&m->names);
		names_init(&m->names);
	}
	if (m->why[0] || !cut_changed(t, &c)) {
		names_find(&m->names, &m->p, t, 1);
		return &m->names;
	}
	names_free(&k->apart);
	names_init(&k->apart);
	t->count--;
	names_find(&k->apart, &m->p, t, 1);
	t->count++;
	names_find(&k->apart, &nowhere, t, 1);
	return &k->apart;
}

/* NULL: the ring had room for one of the two records only, what is kept is of another event. */
static struct mapped *unwind_kept(struct stacks *k, const struct kept *t, uint64_t when,
				  bool interrupted, struct trace *ret)
{
	struct thread thread = { .how = HOW_ITERATED, .stack_cut = true };
	struct mapped *m;

	if (!t || t->s.when != when)
		return NULL;
	m = mapped_of(k, &t->s);
	if (!m->u)
		return NULL;
	thread.tid = (pid_t)t->s.tid;
	thread.interrupted = interrupted;
	memcpy(thread.regs.value, t->s.regs, sizeof(t->s.regs));
	thread.regs.known = (1u << REGS_COUNT) - 1;
	thread.stack = t->bytes;
	thread.stack_at = t->s.at;
	thread.stack_len = t->s.len;
	unwind_thread(m->u, &thread, FRAMES_MAX, ret);
	if (m->why[0])
		snprintf(ret->end, sizeof(ret->end), "%s", m->why);
	return m;
}

struct col_rows stacks_frames(struct stacks *k, uint32_t tid, uint64_t when, struct bytes *end)
{
	const struct kept *t = map_get(&k->kept, tid);
	struct col_rows rows = { 0 };
	struct trace trace = { 0 };
	struct mapped *m = unwind_kept(k, t, when, false, &trace);

	if (!m)
		return rows;
	arena_free(&k->row);
	k->row = arena_new();
	rows = frame_rows(&trace, name_frames(k, m, &t->s, &trace), k->row);
	count_bytes(k, m);
	if (!trace.whole)
		*end = (struct bytes){ arena_dup(k->row, trace.end, strlen(trace.end)),
			strlen(trace.end) };
	free(trace.frames);
	return rows;
}

bool stacks_trace(struct stacks *k, uint32_t tid, uint64_t when, bool interrupted,
		  struct trace *ret, const struct process **process)
{
	const struct kept *t = map_get(&k->kept, tid);
	struct mapped *m = unwind_kept(k, t, when, interrupted, ret);
	struct changed c;

	if (!m)
		return false;
	find_changed(k, m, &t->s, &c);
	if (!m->why[0])
		cut_changed(ret, &c);
	count_bytes(k, m);
	*process = &m->p;
	return true;
}

void stacks_free(struct stacks *k)
{
	map_each(&k->processes, free_mapped);
	map_free(&k->processes);
	map_each(&k->kept, free);
	map_free(&k->kept);
	modules_close(&k->s);
	snapshot_free(&k->s);
	names_free(&k->apart);
	arena_free(&k->row);
}
