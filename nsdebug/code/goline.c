/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/goline.h"

#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/code/elf.h"
#include "nsdebug/code/lines.h"
#include "nsdebug/code/pclntab.h"
#include "nsdebug/code/work.h"

#define PATH_MAX_LEN 4096u
#define COST 4096u		/* of an address, for work_may(): the tables of its function */

/* Words of pcHeader, and those of moduledata among which the trees' beginning is. */
enum { HEADER_UNITS = 5, HEADER_FILES, HEADER_WORDS };
enum { MODULE_FROM = 32, MODULE_WORDS = 56 };

/* Of struct _func, and of its tables. */
enum { FUNC_FILE = 20, FUNC_LINE = 24, FUNC_TABLES = 28, FUNC_UNIT = 32 };
enum { PCDATA_TREE = 2, FUNCDATA_TREE = 3 };

struct place {
	struct goline *g;
	struct pclntab *t;
	struct elf *f;
	struct arena *a;
	struct go_func fn;
};

static uint32_t word(const struct place *p, uint64_t at)
{
	uint32_t v;

	return pclntab_get(p->t, p->f, p->fn.at + at, &v, 4) ? v : 0;
}

/* The table of which call an instruction is in; 0: none was inlined. */
static uint32_t index_table(const struct place *p)
{
	return word(p, FUNC_TABLES) > PCDATA_TREE ?
		word(p, p->t->id_at + 4 + 4 * PCDATA_TREE) : 0;
}

/* Where its tree is, behind their beginning. */
static bool tree_of(const struct place *p, uint32_t *ret)
{
	uint64_t tables = word(p, FUNC_TABLES), at = p->t->id_at + 4 + 4 * tables;
	uint8_t count;

	if (tables > UINT16_MAX ||
	    !pclntab_get(p->t, p->f, p->fn.at + p->t->id_at + 3, &count, 1) ||
	    count <= FUNCDATA_TREE)
		return false;
	*ret = word(p, at + 4 * FUNCDATA_TREE);
	return *ret != UINT32_MAX;
}

/* An entry of the tree at a vaddr: its function's name, and an instruction that is where it was
 * called. */
static bool entry(const struct place *p, uint64_t tree, uint64_t i, uint64_t *name, uint64_t *from)
{
	bool old = p->t->id_at == 36;		/* before Go 1.20 */
	uint64_t at = tree + i * (old ? 20 : 16);
	int32_t w[2];

	if (!elf_image(p->f, at + (old ? 12 : 4), w, 8) || w[0] < 0 || w[1] < 0)
		return false;
	*name = p->t->names + (uint32_t)w[0];
	*from = p->fn.entry + (uint32_t)w[1];
	return true;
}

/* ---- where the trees begin ---- */

static bool is_name(const struct place *p, uint64_t at)
{
	const struct go_func fn = { .name = at };
	char name[256], before = 'x';
	long n = pclntab_name(p->t, p->f, &fn, name, sizeof(name));

	/* of the whole of it */
	return n > 2 && strchr(name, '.') && pclntab_get(p->t, p->f, at - 1, &before, 1) && !before;
}

/* Does the first entry of this function's tree make sense? */
static bool fits(const struct place *p, uint64_t trees, uint32_t tree)
{
	uint64_t name, from;
	struct go_func fn;

	return entry(p, trees + tree, 0, &name, &from) && is_name(p, name) &&
		pclntab_find(p->t, p->f, from, &fn) && fn.entry == p->fn.entry;
}

#define TRIED 16		/* functions with trees that are looked at */
#define LOOKED_AT 2000u		/* and addresses in all */

static uint64_t find_trees(struct place *p)
{
	uint64_t words[MODULE_WORDS], found[MODULE_WORDS] = { 0 }, step;
	unsigned int tried = 0;

	if (!pclntab_module(p->t, p->f, words, MODULE_WORDS))
		return 0;
	step = p->t->text_len / LOOKED_AT + 1;
	for (uint64_t at = 0; at < p->t->text_len && tried < TRIED && work_may(0, 64); at += step) {
		uint32_t tree;

		if (!pclntab_find(p->t, p->f, p->t->text + at, &p->fn))
			continue;
		if (!index_table(p) || !tree_of(p, &tree))
			continue;
		tried++;
		for (size_t i = MODULE_FROM; i < MODULE_WORDS; i++)
			found[i] += fits(p, words[i], tree);
	}
	for (size_t i = MODULE_FROM; i < MODULE_WORDS; i++)
		if (tried && found[i] == tried)
			return words[i];
	return 0;
}

/* A place of its own: that of who asks stays where it is. */
static void prepare(struct place p)
{
	uint64_t h[HEADER_WORDS];

	p.g->ready = true;
	if (!pclntab_get(p.t, p.f, 0, h, sizeof(h)))
		return;
	p.g->units = h[HEADER_UNITS];
	p.g->files = h[HEADER_FILES];
	p.g->trees = find_trees(&p);
}

/* ---- lines ---- */

static void put_place(const struct place *p, uint64_t pc, struct line_at *at)
{
	int64_t file, line;
	char path[PATH_MAX_LEN];
	uint32_t off;
	long n;

	if (!pclntab_value(p->t, p->f, &p->fn, word(p, FUNC_FILE), pc, &file) ||
	    !pclntab_value(p->t, p->f, &p->fn, word(p, FUNC_LINE), pc, &line) ||
	    file < 0 || file > INT32_MAX || line <= 0 ||
	    !pclntab_get(p->t, p->f, p->g->units + (word(p, FUNC_UNIT) + (uint64_t)file) * 4,
			 &off, 4) ||
	    off == UINT32_MAX || p->g->files + off >= p->t->size)
		return;
	n = elf_string(p->f, p->t->off + p->g->files + off, p->t->off + p->t->size, path,
		       sizeof(path));
	if (n <= 0)
		return;
	at->file = arena_dup(p->a, path, (size_t)n);
	at->line = (uint64_t)line;
}

static void put_name(const struct place *p, uint64_t name, struct line_at *at)
{
	const struct go_func fn = { .name = name };
	char text[PCLNTAB_NAME_MAX];
	long n = pclntab_name(p->t, p->f, &fn, text, sizeof(text));

	if (n > 0)
		at->function = arena_dup(p->a, text, (size_t)n);
}

static void find(struct place *p, struct line_want *w)
{
	struct line_at at[LINES_INLINED_MAX + 1] = { 0 };
	uint32_t index = index_table(p), tree = 0;
	uint64_t pc = w->addr, name, from;
	size_t n = 0;
	int64_t i;

	if (p->g->trees && index && tree_of(p, &tree))
		while (n < LINES_INLINED_MAX &&
		       pclntab_value(p->t, p->f, &p->fn, index, pc, &i) && i >= 0 &&
		       entry(p, p->g->trees + tree, (uint64_t)i, &name, &from)) {
			put_name(p, name, &at[n]);
			put_place(p, pc, &at[n++]);
			pc = from;
		}
	if (n == LINES_INLINED_MAX)	/* without an end: none of it is so */
		return;
	put_place(p, pc, &at[n++]);
	if (n == 1 && !at[0].file)
		return;
	w->at = (struct line_at *)(void *)arena_dup(p->a, at, n * sizeof(*at));
	w->count = n;
	w->go = true;
}

void goline_find(struct goline *g, struct pclntab *t, struct elf *f, struct line_want *wants,
		 size_t count, struct arena *a)
{
	struct place p = { .g = g, .t = t, .f = f, .a = a };

	for (size_t i = 0; i < count; i++) {
		if (!pclntab_find(t, f, wants[i].addr, &p.fn))
			continue;
		if (!g->ready)
			prepare(p);
		if (!work_may(0, COST))
			return;
		find(&p, &wants[i]);
	}
}
