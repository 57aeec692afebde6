/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/box.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"

/* A chunk that was copied. */
struct copy {
	uint64_t number, used;
	uint8_t *bytes;
};

/* What is copied of a processor, and where in it we are. */
struct stream {
	struct copy *copies;
	size_t count, at;	/* at: the copy that is read */
	uint64_t from;		/* in it */
	struct box_seen seen;
	const struct sys_who *who;	/* of the call that comes next, if it is told before it */
	const struct sys_call *call;	/* NULL: there is none */
};

unsigned int box_each(uint64_t size, unsigned int processors)
{
	uint64_t most = size / BOX_CHUNK / (processors ? processors : 1);
	unsigned int n = BOX_CHUNKS_MIN;

	while (n * 2 <= most)
		n *= 2;
	return n;
}

int box_map(struct box *b, int map, unsigned int processors, unsigned int each, struct err *e)
{
	void *p = mmap(NULL, (size_t)processors * each * BOX_CHUNK, PROT_READ, MAP_SHARED, map, 0);

	if (p == MAP_FAILED)
		return err_sys(e, "map the flight recorder");
	*b = (struct box){ p, processors, each, mem_alloc(processors * sizeof(*b->seen)) };
	return 0;
}

void box_free(struct box *b)
{
	if (b->chunks)
		munmap((void *)b->chunks, (size_t)b->processors * b->each * BOX_CHUNK);
	free(b->seen);
	*b = (struct box){ .chunks = NULL };
}

static const volatile struct box_chunk *chunk_of(const struct box *b, unsigned int cpu, uint64_t n)
{
	return &b->chunks[(size_t)cpu * b->each + (n & (b->each - 1))];
}

static uint64_t newest_of(const struct box *b, unsigned int cpu)
{
	uint64_t newest = 0;

	for (unsigned int i = 0; i < b->each; i++) {
		uint64_t n = chunk_of(b, cpu, i)->number;

		newest = n > newest ? n : newest;
	}
	return newest;
}

/* The last call of this processor that is overwritten; 0: none that was not shown before. */
static uint64_t gone_of(const struct box *b, unsigned int cpu)
{
	uint64_t gone = 0;

	for (unsigned int i = 0; i < b->each; i++) {
		uint64_t at = chunk_of(b, cpu, i)->gone;

		gone = at > gone ? at : gone;
	}
	return gone > b->seen[cpu].last ? gone : 0;
}

/* False if it was overwritten before all of it was here. */
static bool copy_chunk(struct copy *to, const volatile struct box_chunk *from, uint64_t number)
{
	uint64_t used;

	if (from->number != number)
		return false;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	used = from->used;
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (used > sizeof(from->bytes))
		return false;
	*to = (struct copy){ number, used, mem_alloc(used + 1) };
	memcpy(to->bytes, (const void *)from->bytes, used);
	__atomic_thread_fence(__ATOMIC_ACQUIRE);
	if (from->number == number)
		return true;
	free(to->bytes);
	return false;
}

static void copy_all(struct stream *s, const struct box *b, unsigned int cpu)
{
	uint64_t newest = newest_of(b, cpu), n = newest >= b->each ? newest - b->each + 1 : 1;

	*s = (struct stream){ .copies = mem_alloc(b->each * sizeof(*s->copies)),
		.seen = b->seen[cpu] };
	if (n < s->seen.number)
		n = s->seen.number;
	for (; n <= newest; n++)
		if (copy_chunk(&s->copies[s->count], chunk_of(b, cpu, n), n))
			s->count++;
	if (s->count) {
		b->seen[cpu].number = s->copies[s->count - 1].number;
		b->seen[cpu].used = s->copies[s->count - 1].used;
	}
}

/* The next record of a copy and its length in *ret, NULL at its end. */
static const void *next_record(struct stream *s, uint64_t *ret)
{
	const struct copy *c = &s->copies[s->at];
	const struct sys_call *call = (const void *)(c->bytes + s->from);
	uint64_t left = c->used - s->from, len = sizeof(struct sys_who);

	/* the kernel's memory: records are as the programs of this binary made them */
	if (left < sizeof(struct sys_who))
		return NULL;
	if (call->record == SYS_CALL) {
		if (left < sizeof(*call) || call->len > left - sizeof(*call) ||
		    call->nr >= SYS_NR_MAX)
			return NULL;
		len = sizeof(*call) + call->len;
		/* a call ends what is one record in the box: the next begins at a multiple of 8 */
		*ret = s->from + len;
		return call;
	}
	if (call->record != SYS_WHO)
		return NULL;
	*ret = s->from + len;
	return call;
}

/* Goes on to the next call that was not shown. A thread that is told before one that was is told
 * to fn, for the calls behind it. */
static void advance(struct stream *s, box_fn *fn, void *ctx)
{
	s->who = NULL;
	s->call = NULL;
	while (s->at < s->count) {
		const struct copy *c = &s->copies[s->at];
		bool shown = c->number == s->seen.number && s->from < s->seen.used;
		uint64_t end;
		const struct sys_call *r = next_record(s, &end);

		if (!r) {
			s->at++;
			s->from = 0;
			continue;
		}
		s->from = end;
		if (r->record == SYS_WHO) {
			s->who = (const void *)r;
			continue;
		}
		s->from = (end + 7) & ~7ull;
		if (!shown) {
			s->call = r;
			return;
		}
		if (s->who)
			fn(ctx, s->who);
		s->who = NULL;
	}
}

static void merge(struct box *b, struct stream *s, uint64_t since, box_fn *fn, void *ctx)
{
	for (;;) {
		struct stream *first = NULL;

		for (unsigned int i = 0; i < b->processors; i++)
			if (s[i].call && (!first || s[i].call->at < first->call->at))
				first = &s[i];
		if (!first)
			return;
		if (first->who)
			fn(ctx, first->who);
		if (first->call->at >= since)
			fn(ctx, first->call);
		b->seen[first - s].last = first->call->at;
		advance(first, fn, ctx);
	}
}

uint64_t box_read(struct box *b, uint64_t since, box_fn *fn, void *ctx)
{
	struct stream *s = mem_alloc(b->processors * sizeof(*s));
	uint64_t gone = 0;

	for (unsigned int i = 0; i < b->processors; i++) {
		uint64_t at;

		copy_all(&s[i], b, i);
		at = gone_of(b, i);
		gone = at > gone ? at : gone;
	}
	for (unsigned int i = 0; i < b->processors; i++)
		advance(&s[i], fn, ctx);
	merge(b, s, since, fn, ctx);
	for (unsigned int i = 0; i < b->processors; i++) {
		for (size_t n = 0; n < s[i].count; n++)
			free(s[i].copies[n].bytes);
		free(s[i].copies);
	}
	free(s);
	return gone >= since ? gone : 0;
}
