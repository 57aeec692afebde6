/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/callbytes.h"

#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/map.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/memory.h"
#include "nsdebug/code/snapshot.h"

#define RANGES_MAX 4096u	/* mappings with such code */

struct range {
	uint64_t start, end;
};

struct search {
	struct range *ranges;
	size_t nranges;
	struct map seen;
	struct callbytes *found;
	size_t count, max;
	struct made_page *pages;
	size_t npages, pages_max;
	made_read_fn *read;
	void *arg;
};

/* A memfd, if mounts do not tell, as of a core: a file may be called so. */
static bool is_memory(const struct snapshot *s, const struct vma *v)
{
	static const char memory[] = "/memfd:";

	return s->served.target ? served_is_memory(&s->served, v->major, v->minor) :
		v->path.len > sizeof(memory) && !memcmp(v->path.p, memory, sizeof(memory) - 1);
}

/* No file is behind it that could keep a reader waiting. */
static bool is_made(const struct snapshot *s, const struct vma *v)
{
	static const char vdso[] = "[vdso]";

	if (!v->exec || !v->read || v->start < CALL_BYTES)
		return false;
	if (v->path.len == sizeof(vdso) - 1 && !memcmp(v->path.p, vdso, sizeof(vdso) - 1))
		return false;
	return !v->inode || is_memory(s, v);
}

static void find_ranges(struct search *f, const struct snapshot *s, const struct maps *m)
{
	for (size_t i = 0; i < m->count && f->nranges < RANGES_MAX; i++) {
		const struct vma *v = &m->items[i];
		struct range *last = f->nranges ? &f->ranges[f->nranges - 1] : NULL;

		if (!is_made(s, v))
			continue;
		if (last && last->end == v->start) {
			last->end = v->end;
			continue;
		}
		f->ranges = mem_more(f->ranges, f->nranges);
		f->ranges[f->nranges++] = (struct range){ v->start, v->end };
	}
}

/* Ranges ascend, as mappings do. */
static bool is_in(const struct search *f, uint64_t addr)
{
	size_t lo = 0, hi = f->nranges;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;

		if (addr < f->ranges[mid].start + CALL_BYTES)
			hi = mid;
		else if (addr > f->ranges[mid].end)
			lo = mid + 1;
		else
			return true;
	}
	return false;
}

static void find_words(struct search *f, const struct thread *t)
{
	static char seen;
	uint64_t first = f->ranges[0].start, last = f->ranges[f->nranges - 1].end;

	for (size_t at = -t->stack_at & 7; t->stack_len >= 8 && at <= t->stack_len - 8; at += 8) {
		uint64_t word;

		memcpy(&word, t->stack + at, sizeof(word));
		if (word < first || word > last || !is_in(f, word) || map_get(&f->seen, word))
			continue;
		if (f->count == f->max)
			return;
		map_put(&f->seen, word, &seen);
		f->found = mem_more(f->found, f->count);
		f->found[f->count++].addr = word;
	}
}

/* The page, and the one that the code there may go on in. */
static void want_pages(struct search *f, uint64_t addr)
{
	static char seen;

	for (uint64_t at = addr & ~(uint64_t)(MADE_PAGE - 1), i = 0; i < 2; i++, at += MADE_PAGE) {
		/* no address that calls return to: these have a byte before them */
		if (f->npages == f->pages_max || !is_in(f, at + CALL_BYTES) ||
		    map_get(&f->seen, ~at))
			continue;
		map_put(&f->seen, ~at, &seen);
		f->pages = mem_more(f->pages, f->npages);
		f->pages[f->npages++] = (struct made_page){ .addr = at };
	}
}

static void find_pages(struct search *f, const struct process *p)
{
	for (size_t i = 0; i < p->count; i++)
		if (p->threads[i].how != HOW_NOT)
			want_pages(f, p->threads[i].regs.value[REG_PC]);
	for (size_t i = 0; i < f->count; i++)
		want_pages(f, f->found[i].addr);
}

static bool read_memory(void *process, uint64_t from, void *to, size_t len)
{
	struct memory *m = snapshot_memory(process);

	return m && memory_read(m, from, to, len);
}

/* Those that are there. They ascend, so that neighbours are asked about once. */
static void read_all(struct search *f)
{
	size_t left = 0;

	for (size_t i = 0; i < f->count; i++) {
		struct callbytes *c = &f->found[i];

		if (f->read(f->arg, c->addr - CALL_BYTES, c->bytes, CALL_BYTES))
			f->found[left++] = *c;
	}
	f->count = left;
}

static int by_addr(const void *a, const void *b)
{
	const struct callbytes *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

static int by_page(const void *a, const void *b)
{
	const struct made_page *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

/* One that cannot be read is left out. */
static void read_pages(struct search *f, struct snapshot *s, struct process *p)
{
	if (f->npages)
		qsort(f->pages, f->npages, sizeof(*f->pages), by_page);
	p->pages = arena_alloc(s->arena, (f->npages + 1) * sizeof(*f->pages));
	for (size_t i = 0; i < f->npages; i++) {
		uint8_t *bytes = arena_alloc(s->arena, MADE_PAGE);

		if (f->read(f->arg, f->pages[i].addr, bytes, MADE_PAGE))
			p->pages[p->page_count++] =
				(struct made_page){ f->pages[i].addr, bytes };
	}
	s->total.pages += p->page_count;
}

void callbytes_take_by(struct snapshot *s, struct process *p, made_read_fn *read, void *arg)
{
	struct search f = {
		.max = CALLBYTES_ALL_MAX - s->total.calls,
		.pages_max = MADE_PAGES_ALL_MAX - s->total.pages, .read = read, .arg = arg,
	};

	if (f.max > CALLBYTES_MAX)
		f.max = CALLBYTES_MAX;
	if (f.pages_max > MADE_PAGES_MAX)
		f.pages_max = MADE_PAGES_MAX;
	find_ranges(&f, s, &p->maps);
	for (size_t i = 0; i < p->count && f.nranges; i++)
		if (p->threads[i].how != HOW_NOT)
			find_words(&f, &p->threads[i]);
	if (f.count) {
		qsort(f.found, f.count, sizeof(*f.found), by_addr);
		read_all(&f);
		p->calls = arena_alloc(s->arena, (f.count + 1) * sizeof(*f.found));
		memcpy(p->calls, f.found, f.count * sizeof(*f.found));
		p->call_count = f.count;
		s->total.calls += f.count;
	}
	if (f.nranges) {
		find_pages(&f, p);
		read_pages(&f, s, p);
	}
	map_free(&f.seen);
	free(f.ranges);
	free(f.found);
	free(f.pages);
}

void callbytes_take(struct snapshot *s, struct process *p)
{
	callbytes_take_by(s, p, read_memory, p);
}

bool callbytes_find(const struct process *p, uint64_t addr, uint8_t bytes[CALL_BYTES])
{
	const struct callbytes want = { .addr = addr }, *found = NULL;

	if (p->call_count)
		found = bsearch(&want, p->calls, p->call_count, sizeof(want), by_addr);
	if (found)
		memcpy(bytes, found->bytes, CALL_BYTES);
	return found;
}

size_t callbytes_code(const struct process *p, uint64_t addr, uint8_t *to, size_t room)
{
	size_t len = 0;

	while (len < room) {
		const struct made_page want = { .addr = (addr + len) & ~(uint64_t)(MADE_PAGE - 1) };
		const struct made_page *page = NULL;
		size_t off = (addr + len) % MADE_PAGE, n = MADE_PAGE - off;

		if (p->page_count)
			page = bsearch(&want, p->pages, p->page_count, sizeof(want), by_page);
		if (!page)
			break;
		n = n < room - len ? n : room - len;
		memcpy(to + len, page->bytes + off, n);
		len += n;
	}
	return len;
}
