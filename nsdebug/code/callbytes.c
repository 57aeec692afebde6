/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/callbytes.h"

#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "nsdebug/base/map.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/snapshot.h"

#define BATCH 1024u		/* UIO_MAXIOV */
#define FAULTS_MAX 64u		/* addresses that cannot be read, of a process */
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
};

/* No file is behind it that could keep a reader waiting: /memfd: is memory. */
static bool is_made(const struct vma *v)
{
	static const char memory[] = "/memfd:", vdso[] = "[vdso]";

	if (!v->exec || !v->read || v->start < CALL_BYTES)
		return false;
	if (v->path.len == sizeof(vdso) - 1 && !memcmp(v->path.p, vdso, sizeof(vdso) - 1))
		return false;
	return !v->inode || (v->path.len > sizeof(memory) &&
			     !memcmp(v->path.p, memory, sizeof(memory) - 1));
}

static void find_ranges(struct search *f, const struct maps *m)
{
	for (size_t i = 0; i < m->count && f->nranges < RANGES_MAX; i++) {
		const struct vma *v = &m->items[i];
		struct range *last = f->nranges ? &f->ranges[f->nranges - 1] : NULL;

		if (!is_made(v))
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

/* As many as can be read from i on; those that cannot are dropped by the caller. */
static size_t read_batch(struct search *f, pid_t tid, size_t i)
{
	struct iovec to[BATCH], from[BATCH];
	size_t n = f->count - i < BATCH ? f->count - i : BATCH;
	ssize_t got;

	for (size_t k = 0; k < n; k++) {
		to[k] = (struct iovec){ f->found[i + k].bytes, CALL_BYTES };
		from[k] = (struct iovec){
			(void *)(uintptr_t)(f->found[i + k].addr - CALL_BYTES), CALL_BYTES,
		};
	}
	got = process_vm_readv(tid, to, n, from, n, 0);
	return got < 0 ? 0 : (size_t)got / CALL_BYTES;
}

static void read_all(struct search *f, pid_t tid)
{
	unsigned int faults = 0;
	size_t i = 0;

	while (i < f->count) {
		size_t n = read_batch(f, tid, i);

		i += n;
		if (n == BATCH || i == f->count)
			continue;
		f->found[i] = f->found[--f->count];
		if (++faults == FAULTS_MAX)
			f->count = i;
	}
}

static int by_addr(const void *a, const void *b)
{
	const struct callbytes *x = a, *y = b;

	return (x->addr > y->addr) - (x->addr < y->addr);
}

void callbytes_take(struct snapshot *s, struct process *p)
{
	struct search f = { .max = CALLBYTES_ALL_MAX - s->call_total };
	pid_t tid = 0;

	if (f.max > CALLBYTES_MAX)
		f.max = CALLBYTES_MAX;
	find_ranges(&f, &p->maps);
	for (size_t i = 0; i < p->count && f.nranges; i++) {
		if (p->threads[i].how == HOW_NOT)
			continue;
		tid = p->threads[i].tid;
		find_words(&f, &p->threads[i]);
	}
	if (f.count) {
		read_all(&f, tid);
		qsort(f.found, f.count, sizeof(*f.found), by_addr);
		p->calls = arena_alloc(s->arena, (f.count + 1) * sizeof(*f.found));
		memcpy(p->calls, f.found, f.count * sizeof(*f.found));
		p->call_count = f.count;
		s->call_total += f.count;
	}
	map_free(&f.seen);
	free(f.ranges);
	free(f.found);
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
