/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/advise/fold.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "nsdebug/advise/needs.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/trace/used.h"

#define LEAST 8		/* so many rules are worth one that grants more */
#define DEEPEST 6	/* components of a directory below which all is one */

#define MAKES (USED_WRITE | USED_CREATE | USED_REMOVE)

static uint32_t access_of(const struct used_path *p)
{
	return (p->access & (USED_READ | USED_LOCK | USED_LINK)) |
		(p->access & MAKES ? USED_WRITE : 0);
}

static enum fold_kind kind_of(const struct used_path *p)
{
	if (S_ISDIR(p->mode))
		return FOLD_DIRS;
	return !p->mode && p->access & MAKES ? FOLD_NAMES : FOLD_FILES;
}

static bool can_fold(const struct used_path *p)
{
	return p->path.len > 1 && !(p->access & (USED_MAP | USED_EXEC)) && !needs_is_kernels(p);
}

static struct fold *find(const struct folds *f, const struct fold *want, uint64_t *hash)
{
	const uint32_t how[] = { want->access, want->kind };
	struct fold *x;

	*hash = map_hash(map_hash(MAP_HASH, how, sizeof(how)), want->dir.p, want->dir.len);
	for (x = map_get(&f->by_hash, *hash); x; x = x->next)
		if (x->access == want->access && x->kind == want->kind &&
		    bytes_same(x->dir, want->dir))
			return x;
	return NULL;
}

static struct fold *find_or_add(struct folds *f, struct bytes dir, uint32_t access,
				enum fold_kind kind)
{
	struct fold want = { .dir = dir, .access = access, .kind = kind }, *x;
	uint64_t hash;

	x = find(f, &want, &hash);
	if (x)
		return x;
	if (!f->arena)
		f->arena = arena_new();
	x = arena_alloc(f->arena, sizeof(*x));
	*x = want;
	x->next = map_get(&f->by_hash, hash);
	map_put(&f->by_hash, hash, x);
	f->items = mem_more(f->items, f->count);
	f->items[f->count++] = x;
	return x;
}

static struct bytes dir_of(const struct used_path *p)
{
	const char *slash = memrchr(p->path.p, '/', p->path.len);

	return (struct bytes){ p->path.p, slash ? (size_t)(slash - p->path.p) : 0 };
}

void fold_add(struct folds *f, const struct used_path *p)
{
	struct fold *x;

	f->rules++;
	if (!can_fold(p))
		return;
	x = find_or_add(f, dir_of(p), access_of(p), kind_of(p));
	x->rules++;
	x->files++;
}

static int by_rules(const void *a, const void *b)
{
	const struct fold *x = *(struct fold *const *)a, *y = *(struct fold *const *)b;
	size_t n = x->dir.len < y->dir.len ? x->dir.len : y->dir.len;
	int c = memcmp(x->dir.p, y->dir.p, n);

	if (x->rules != y->rules)
		return x->rules < y->rules ? 1 : -1;
	return c ? c : (x->dir.len > y->dir.len) - (x->dir.len < y->dir.len);
}

static void choose(struct folds *f, size_t from, size_t most)
{
	if (f->count == from)
		return;
	qsort(f->items + from, f->count - from, sizeof(*f->items), by_rules);
	for (size_t i = from; i < f->count; i++) {
		struct fold *x = f->items[i];

		if (f->rules <= most || x->rules < LEAST)
			return;
		f->rules -= x->rules - 1;
		x->rules = 1;
		x->one = true;
	}
}

/* So many components of it, or nothing: it has less. */
static struct bytes above(struct bytes dir, unsigned int depth)
{
	size_t n = 0;

	for (; depth; depth--) {
		const char *slash;

		if (n == dir.len)
			return (struct bytes){ NULL, 0 };
		slash = memchr(dir.p + n + 1, '/', dir.len - n - 1);
		n = slash ? (size_t)(slash - dir.p) : dir.len;
	}
	return (struct bytes){ dir.p, n };
}

/* What is below directories that are so deep. */
static void climb(struct folds *f, unsigned int depth, size_t most)
{
	size_t count = f->count;
	auto_free struct fold **to = mem_alloc((count + 1) * sizeof(*to));

	for (size_t i = 0; i < count; i++) {
		struct fold *x = f->items[i];
		struct bytes dir = above(x->dir, depth);

		if (x->into || !x->rules || !dir.len)
			continue;
		to[i] = find_or_add(f, dir, x->access, FOLD_BELOW);
		to[i]->rules += x->rules;
		to[i]->files += x->files;
	}
	choose(f, count, most);
	for (size_t i = 0; i < count; i++)
		if (to[i] && to[i]->one)
			f->items[i]->into = to[i];
	for (size_t i = count; i < f->count; i++)
		if (!f->items[i]->one)
			f->items[i]->rules = 0;
}

size_t fold_settle(struct folds *f, size_t most)
{
	size_t n = 0;

	choose(f, 0, most);
	for (unsigned int depth = DEEPEST; depth && f->rules > most; depth--)
		climb(f, depth, most);
	for (size_t i = 0; i < f->count; i++)
		n += f->items[i]->one && !f->items[i]->into;
	return n;
}

struct fold *fold_of(const struct folds *f, const struct used_path *p)
{
	struct fold want = { .dir = dir_of(p), .access = access_of(p), .kind = kind_of(p) }, *x;
	uint64_t hash;

	x = can_fold(p) ? find(f, &want, &hash) : NULL;
	while (x && x->into)
		x = x->into;
	return x && x->one ? x : NULL;
}

void fold_free(struct folds *f)
{
	free(f->items);
	map_free(&f->by_hash);
	arena_free(&f->arena);
}
