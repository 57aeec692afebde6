/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/gotake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/memory.h"
#include "nsdebug/code/snapshot.h"
#include "nsdebug/enter/emit.h"
#include "nsdebug/sys/proc.h"

#define CHUNK 128u		/* goroutines that are copied and looked at again together */
#define FIRST_WORD 4u		/* behind the stack's bounds and guards */
#define LAST_WORD 24u
#define PROBED 4u		/* elements that make a list one, and the last */
#define LIST_TRIES 3
#define LOOKS_MAX 3		/* at the maps, for memory that came meanwhile */
#define JOINED_MAX 65536u	/* bytes that are read at once */
#define JOIN_GAP 4096u		/* between pieces that are: less than to read once more costs */
#define SAME_WORDS 18u		/* behind the pointer to itself: those that tell that it ran */

/* struct gobuf, and what is around it in struct g: words from the pointer to itself on. */
#define AT_M (-3)
#define AT_SP (-2)

struct piece {
	uint64_t at;
	void *to;
	size_t len;
	bool read;
};

struct taker {
	struct snapshot *s;
	const struct process *p;
	struct go_taken *r;
	struct memory memory;
	int dir;
	struct maps maps;
	unsigned int looks;
	bool gone, unmapped;	/* unmapped: since the last look something lay in no memory */
	uint8_t joined[JOINED_MAX];
};

/* One goroutine while it is copied. */
struct work_g {
	uint64_t at;
	uint64_t now[GO_WORDS], then[GO_WORDS];
	uint64_t m[GO_M_WORDS];
	bool has_m;
	uint8_t *stack;
	size_t room;		/* of it */
	uint64_t stack_at;
	size_t stack_len;
	const struct hole *holes;
	size_t hole_count;
	bool cut, read, same, unmapped;
};

/* How much of len bytes may be read: mappings that join are as one. A page may be one of a file
 * whose server never answers. */
static size_t readable(struct taker *k, uint64_t at, size_t len)
{
	const struct vma *v = maps_find(&k->maps, at), *end;
	uint64_t to = at;

	end = k->maps.items + k->maps.count;
	for (; v && v < end && v->start <= to && to - at < len; v++) {
		if (!v->read || snapshot_served(k->s, k->p, v))
			break;
		to = v->end;
	}
	k->unmapped |= to - at < len;
	return to - at < len ? to - at : len;
}

/* Go's heap grows. */
static void look_again(struct taker *k)
{
	struct maps now;

	if (k->looks == LOOKS_MAX || !k->unmapped || maps_read(&now, k->dir, k->s->arena) < 0)
		return;
	k->maps = now;
	k->looks++;
	k->unmapped = false;
}

static void tick(struct taker *k)
{
	if (k->s->emit)
		emit_tick(k->s->emit);
}

/* Its end need not be there: what nobody wrote to yet is zero. */
static bool read_begun(struct taker *k, const struct piece *p)
{
	struct holes holes = { 0 };
	ssize_t n;
	bool begun;

	memset(p->to, 0, p->len);
	n = memory_copy(&k->memory, p->at, p->to, p->len, &holes);
	k->gone = n < 0 && errno == ESRCH;
	begun = n > 0 && (!holes.count || holes.items[0].start > p->at);
	free(holes.items);
	return begun;
}

static int by_address(const void *a, const void *b)
{
	const struct piece *x = *(struct piece *const *)a, *y = *(struct piece *const *)b;

	return x->at < y->at ? -1 : x->at > y->at;
}

/* These lie side by side, from the first one's address to `end`: those that are all there. */
static void read_joined(struct taker *k, struct piece **p, size_t count, uint64_t end)
{
	const uint64_t at = p[0]->at;
	struct holes holes = { 0 };
	size_t h = 0;
	ssize_t n;

	if (end - at > sizeof(k->joined) || readable(k, at, end - at) < end - at)
		return;
	n = memory_copy(&k->memory, at, k->joined, end - at, &holes);
	k->gone = n < 0 && errno == ESRCH;
	for (size_t i = 0; i < count && n > 0; i++) {
		while (h < holes.count && holes.items[h].end <= p[i]->at)
			h++;
		p[i]->read = p[i]->at - at + p[i]->len <= (size_t)n &&
			(h == holes.count || holes.items[h].start >= p[i]->at + p[i]->len);
		if (p[i]->read)
			memcpy(p[i]->to, k->joined + (p[i]->at - at), p[i]->len);
	}
	free(holes.items);
}

/* Go's allocator has put most of them side by side. What is not all there is left unread. */
static void read_neighbours(struct taker *k, struct piece *pieces, size_t count)
{
	struct piece *sorted[CHUNK];
	size_t left = 0;
	uint64_t end;

	for (size_t i = 0; i < count; i++)
		if (pieces[i].len)
			sorted[left++] = &pieces[i];
	qsort(sorted, left, sizeof(*sorted), by_address);
	for (size_t i = 0, n; i < left && !k->gone; i += n) {
		end = sorted[i]->at + sorted[i]->len;
		for (n = 1; i + n < left; n++) {
			const struct piece *p = sorted[i + n];
			uint64_t to = p->at + p->len > end ? p->at + p->len : end;

			if (p->at > end + JOIN_GAP || to - sorted[i]->at > JOINED_MAX)
				break;
			end = to;
		}
		if (n > 1)
			read_joined(k, sorted + i, n, end);
	}
}

/* Those that lie in no memory are passed over, and those that are not there. */
static void read_pieces(struct taker *k, struct piece *p, size_t count)
{
	if (count > 1)
		read_neighbours(k, p, count);
	for (; count && !k->gone; p++, count--)
		p->read = p->read || (p->len && (memory_read(&k->memory, p->at, p->to, p->len) ||
						 read_begun(k, p)));
	tick(k);
}

static bool read_one(struct taker *k, uint64_t at, void *to, size_t len)
{
	struct piece p = { at, to, len, false };

	if (at & 7 || readable(k, at, len) < len)
		return false;
	read_pieces(k, &p, 1);
	return p.read;
}

static struct piece words_of(struct taker *k, uint64_t at, uint64_t *to, size_t count)
{
	memset(to, 0, count * 8);
	return (struct piece){ at, to, at & 7 ? 0 : readable(k, at, count * 8) & ~7ull, false };
}

/* Which of its words points to the struct g itself. 0: none. */
static unsigned int self_of(const uint64_t *words, uint64_t at)
{
	if (words[0] > words[1])
		return 0;
	for (unsigned int i = FIRST_WORD; i < LAST_WORD; i++)
		if (words[i] == at)
			return i;
	return 0;
}

/* Do its first elements and its last look as those of Go's list do? */
static bool is_list(struct taker *k, uint64_t at, uint64_t len, unsigned int *self)
{
	uint64_t words[GO_WORDS], g;
	unsigned int one;

	for (size_t i = 0; i <= PROBED && i < len; i++) {
		struct piece p;

		if (!read_one(k, at + (i < PROBED ? i : len - 1) * 8, &g, 8))
			return false;
		p = words_of(k, g, words, GO_WORDS);
		read_pieces(k, &p, 1);
		one = p.read ? self_of(words, g) : 0;
		if (!one || (i && one != *self))
			return false;
		*self = one;
	}
	return true;
}

struct list {
	uint64_t at, len, room;
};

/* There may be another pointer to its elements, with something behind it that is no length: the
 * longest is the list. */
static bool find_list(struct taker *k, const struct go_ask *ask, struct list *ret)
{
	unsigned int self = 0;
	struct list l;

	*ret = (struct list){ 0 };
	for (size_t i = 0; i < ask->nlists && i < GO_LISTS_MAX; i++) {
		if (!read_one(k, ask->lists[i], &l, sizeof(l)) || l.len <= ret->len ||
		    l.len > l.room || l.len >= 1ull << 60 || !is_list(k, l.at, l.len, &self))
			continue;
		*ret = l;
		k->r->self = self;
	}
	return ret->len;
}

/* From the lowest of the stack pointers that were put aside, to the end of the stack. How much. */
static size_t find_stack(struct taker *k, struct work_g *g)
{
	const uint64_t *w = g->now, *self = w + k->r->self;
	/* of a switch; of a system call: one of these two, by the version of Go */
	const uint64_t sps[] = { self[AT_SP], self[4], self[5] };
	uint64_t sp = w[1], wanted, len;

	for (size_t i = 0; i < ARRAY_SIZE(sps); i++)
		if (sps[i] >= w[0] && sps[i] < sp)
			sp = sps[i];
	wanted = w[1] - sp;
	g->cut = wanted > k->s->stack_bytes;
	wanted = g->cut ? k->s->stack_bytes : wanted;
	len = readable(k, sp, wanted);
	g->unmapped = len < wanted;
	if (len > g->room && len - g->room > SNAPSHOT_STACKS_MAX - k->s->total.stacks) {
		k->s->cut = g->cut = true;
		len = g->room;
	}
	if (len > g->room) {
		k->s->total.stacks += len - g->room;
		g->room = len;
		g->stack = arena_alloc(k->s->arena, len);
	}
	g->stack_at = sp;
	return len;
}

/* What is there of it: what nobody wrote to yet need not be. */
static void read_stack(struct taker *k, struct work_g *g, size_t len)
{
	struct holes holes = { 0 };
	ssize_t n = len ? memory_copy(&k->memory, g->stack_at, g->stack, len, &holes) : 0;

	k->gone = n < 0 && errno == ESRCH;
	g->stack_len = n > 0 ? (size_t)n : 0;
	g->hole_count = holes.count;
	g->holes = memory_keep(&holes, k->s->arena);
}

struct chunk {
	struct work_g *gs;
	size_t count;
	struct piece *pieces;
};

static void read_words(struct taker *k, struct chunk *c, const size_t *which, size_t n, bool again)
{
	for (size_t i = 0; i < n; i++) {
		struct work_g *g = &c->gs[which[i]];

		c->pieces[i] = words_of(k, g->at, again ? g->then : g->now, GO_WORDS);
	}
	read_pieces(k, c->pieces, n);
	for (size_t i = 0; i < n; i++)
		c->gs[which[i]].read = c->pieces[i].read;
}

static void read_stacks(struct taker *k, struct chunk *c, const size_t *which, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct work_g *g = &c->gs[which[i]];
		size_t len = find_stack(k, g);

		c->pieces[i] = (struct piece){ g->stack_at, g->stack, len, false };
		g->stack_len = len;
		g->hole_count = 0;
	}
	read_neighbours(k, c->pieces, n);
	for (size_t i = 0; i < n && !k->gone; i++)
		if (!c->pieces[i].read)
			read_stack(k, &c->gs[which[i]], c->pieces[i].len);
	tick(k);
}

static void read_ms(struct taker *k, struct chunk *c, const size_t *which, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct work_g *g = &c->gs[which[i]];
		struct piece p;

		g->has_m = false;
		if (!g->now[k->r->self + AT_M])
			continue;
		p = words_of(k, g->now[k->r->self + AT_M], g->m, GO_M_WORDS);
		read_pieces(k, &p, 1);
		g->has_m = p.read;
	}
}

/* These together. Those stay in which[] that have changed while they were read; how many. */
static size_t copy_some(struct taker *k, struct chunk *c, size_t *which, size_t n)
{
	size_t left = 0, words = k->r->self + SAME_WORDS;

	read_words(k, c, which, n, false);
	read_stacks(k, c, which, n);
	read_ms(k, c, which, n);
	read_words(k, c, which, n, true);
	for (size_t i = 0; i < n; i++) {
		struct work_g *g = &c->gs[which[i]];

		g->same = g->read && !memcmp(g->now, g->then, words * 8) &&
			(!g->unmapped || k->looks == LOOKS_MAX);
		if (!g->same)
			which[left++] = which[i];
	}
	return left;
}

/* The fewer are read together, the shorter is the time in which one may run. */
static void copy_chunk(struct taker *k, struct chunk *c)
{
	static const size_t together[GO_TRIES] = { CHUNK, 32, 4, 1, 1, 1 };
	size_t which[CHUNK], n = c->count;

	for (size_t i = 0; i < n; i++)
		which[i] = i;
	for (int try = 0; try < GO_TRIES && n && !k->gone; try++) {
		size_t left = 0;

		for (size_t i = 0, some; i < n; i += some) {
			some = n - i < together[try] ? n - i : together[try];
			memmove(which + left, which + i, some * sizeof(*which));
			left += copy_some(k, c, which + left, some);
		}
		n = left;
		if (n)
			look_again(k);
	}
}

static const uint64_t *kept(struct taker *k, const uint64_t *words, size_t count)
{
	uint64_t *to = arena_alloc(k->s->arena, count * 8);

	memcpy(to, words, count * 8);
	return to;
}

static void keep(struct taker *k, const struct work_g *g)
{
	struct go_g *to = &k->r->gs[k->r->count];

	/* not one yet, or in memory that came meanwhile */
	if (!g->read || self_of(g->now, g->at) != k->r->self) {
		k->r->lost++;
		return;
	}
	*to = (struct go_g){
		.at = g->at, .stack = g->stack, .stack_at = g->stack_at,
		.stack_len = (uint32_t)g->stack_len, .stack_cut = g->cut, .moved = !g->same,
		.holes = g->holes, .hole_count = g->hole_count,
		.words = kept(k, g->now, GO_WORDS),
		.m = g->has_m ? kept(k, g->m, GO_M_WORDS) : NULL,
	};
	k->r->count++;
}

static void copy_all(struct taker *k, const uint64_t *at, size_t count)
{
	auto_free struct work_g *gs = mem_alloc(CHUNK * sizeof(*gs));
	auto_free struct piece *pieces = mem_alloc(CHUNK * sizeof(*pieces));
	struct chunk c = { .gs = gs, .pieces = pieces };

	k->r->gs = arena_alloc(k->s->arena, count * sizeof(*k->r->gs));
	for (size_t i = 0; i < count && !k->gone; i += c.count) {
		c.count = count - i < CHUNK ? count - i : CHUNK;
		memset(gs, 0, c.count * sizeof(*gs));
		for (size_t n = 0; n < c.count; n++)
			gs[n].at = at[i + n];
		copy_chunk(k, &c);
		for (size_t n = 0; n < c.count; n++)
			keep(k, &gs[n]);
	}
}

static void copy_tables(struct taker *k, const struct go_ask *ask)
{
	struct go_taken *r = k->r;

	for (size_t i = 0; i < ask->ntables && i < GO_TABLES_MAX; i++) {
		const struct vma *v = maps_find(&k->maps, ask->tables[i]);
		size_t len = readable(k, ask->tables[i], GO_TABLE_BYTES);
		uint8_t *to = arena_alloc(k->s->arena, GO_TABLE_BYTES);

		/* of a file: nobody may have needed it yet */
		if (len && (v->inode ? memory_of_kernel(&k->memory, ask->tables[i], to, len) :
			    read_one(k, ask->tables[i], to, len)))
			r->tables[r->ntables++] = (struct go_words){ ask->tables[i], to, len };
	}
}

static void take(struct taker *k, const struct go_ask *ask)
{
	struct go_taken *r = k->r;
	auto_free uint64_t *at = NULL;
	struct list list = { 0 };
	size_t count;

	/* it may just grow */
	for (int try = 0; try < LIST_TRIES && !r->found; try++)
		r->found = find_list(k, ask, &list);
	if (!r->found)
		return;
	r->cut = list.len > GO_GS_MAX;
	count = r->cut ? GO_GS_MAX : list.len;
	if (readable(k, list.at, count * 8) < count * 8) {
		r->cut = true;
		count = readable(k, list.at, count * 8) / 8;
	}
	at = mem_alloc(count * 8);
	if (!read_one(k, list.at, at, count * 8))
		count = 0;
	r->now = clock_ns();
	copy_all(k, at, count);
	copy_tables(k, ask);
}

void gotake(struct snapshot *s, int dir, const struct process *p, const struct go_ask *ask,
	    struct go_taken *ret)
{
	auto_close int living = proc_open_living(dir);
	struct taker k = { .s = s, .p = p, .r = ret, .dir = living, .maps = p->maps };

	*ret = (struct go_taken){ 0 };
	if (living < 0 || memory_open(&k.memory, living) < 0)
		return;
	take(&k, ask);
	memory_close(&k.memory);
}
