/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/sym.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/sorted.h"
#include "nsdebug/code/elf.h"
#include "nsdebug/code/work.h"

#define PIECE 2048		/* symbols read at once: 48 KiB */
#define COMPARE_STEPS 1024	/* of two names */

struct search {
	const struct elf *image;
	const struct sym_table *table;
	struct sym_want *wants;
	size_t count;
	uint64_t steps;		/* that a symbol took, for work_may() */
};

/* The first want at or above an address. */
static size_t lower(const struct search *s, uint64_t addr)
{
	return sorted_from(s->wants, s->count, addr, addr);
}

static int rank_of(const Elf64_Sym *y)
{
	int type = ELF64_ST_TYPE(y->st_info), bind = ELF64_ST_BIND(y->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC ? 2 : 0) + (bind != STB_LOCAL);
}

static const struct elf_section *strings_of(const struct sym_table *t)
{
	return t->dynamic ? &t->f->dynstr : &t->f->strtab;
}

static long read_name(struct sym_name n, char *to, size_t room)
{
	const struct elf_section *s = strings_of(n.of);

	return elf_string(n.of->f, n.at, s->off + (s->size < SYM_STRINGS_MAX ? s->size :
			  SYM_STRINGS_MAX), to, room);
}

/* Of two names of one thing: fewer leading underscores, then shorter, then in order. */
static bool is_better_name(struct sym_name a, struct sym_name b)
{
	char x[256], y[256];
	long n = read_name(a, x, sizeof(x));
	long m = read_name(b, y, sizeof(y));
	size_t p, q;

	if (n <= 0 || m <= 0)
		return n > m;
	p = strspn(x, "_");
	q = strspn(y, "_");
	if (p != q)
		return p < q;
	return n != m ? n < m : strcmp(x, y) < 0;
}

static bool is_better(struct search *s, const struct sym_want *w, const Elf64_Sym *y,
		      struct sym_name name)
{
	if (!w->at.of)
		return true;
	if (y->st_value != w->value)
		return y->st_value > w->value;
	if (rank_of(y) != w->rank)
		return rank_of(y) > w->rank;
	if (y->st_size != w->size)
		return y->st_size < w->size;
	s->steps += COMPARE_STEPS;
	return is_better_name(name, w->at);
}

static void offer_sized(struct search *s, const Elf64_Sym *y, struct sym_name name)
{
	size_t i = lower(s, y->st_value);

	if (i < s->count && s->wants[i].addr - y->st_value >= y->st_size &&
	    s->wants[i].ended < y->st_value + y->st_size)
		s->wants[i].ended = y->st_value + y->st_size;
	for (; i < s->count && s->wants[i].addr - y->st_value < y->st_size; i++) {
		struct sym_want *w = &s->wants[i];

		s->steps += 4;
		if (!is_better(s, w, y, name))
			continue;
		w->at = name;
		w->value = y->st_value;
		w->size = y->st_size;
		w->rank = rank_of(y);
	}
}

static void offer_bare(struct search *s, const Elf64_Sym *y, struct sym_name name)
{
	size_t i = lower(s, y->st_value);
	struct sym_want *w = &s->wants[i];

	if (i == s->count)
		return;
	if (w->bare_at.of && w->bare == y->st_value)
		s->steps += COMPARE_STEPS;
	if (w->bare_at.of &&
	    (w->bare > y->st_value ||
	     (w->bare == y->st_value && !is_better_name(name, w->bare_at))))
		return;
	w->bare = y->st_value;
	w->bare_at = name;
}

static void offer(struct search *s, const Elf64_Sym *y)
{
	int type = ELF64_ST_TYPE(y->st_info);
	struct sym_name name = { s->table, strings_of(s->table)->off + y->st_name };
	const struct elf_load *l;

	if (y->st_shndx == SHN_UNDEF || y->st_shndx == SHN_ABS || !y->st_name ||
	    y->st_name >= SYM_STRINGS_MAX || y->st_size > UINT64_MAX - y->st_value ||
	    (type != STT_FUNC && type != STT_NOTYPE && type != STT_GNU_IFUNC))
		return;
	l = elf_load_at(s->image, y->st_value, 1);
	if (!l || !l->exec)
		return;
	if (y->st_size)
		offer_sized(s, y, name);
	else
		offer_bare(s, y, name);
}

static bool offer_counted(struct search *s, uint64_t at, const Elf64_Sym *y)
{
	s->steps = sizeof(*y) + s->image->load_count / 2;
	offer(s, y);
	return work_may(at, s->steps);
}

/* False: it is too much work, and what was found may not be the best. */
static bool scan(struct search *s)
{
	struct elf *f = s->table->f;
	const struct elf_section *table = s->table->dynamic ? &f->dynsym : &f->symtab;
	uint64_t total = table->size / sizeof(Elf64_Sym), done = 0;
	auto_free Elf64_Sym *piece = mem_alloc(PIECE * sizeof(*piece));

	if (total > SYM_COUNT_MAX)
		total = SYM_COUNT_MAX;
	while (done < total) {
		size_t n = total - done < PIECE ? total - done : PIECE;

		n = elf_stream(f, table->off + done * sizeof(*piece), piece,
			       n * sizeof(*piece)) / sizeof(*piece);
		if (!n)
			return true;
		for (size_t i = 0; i < n; i++)
			if (!offer_counted(s, (done + i) * sizeof(*piece), &piece[i]))
				return false;
		done += n;
	}
	return true;
}

/* What a symbol without a size, or the end of one with a size, says is said of every address above
 * it too: carried up. */
static void carry(struct search *s)
{
	struct sym_name bare_at = { NULL };
	uint64_t bare = 0, ended = 0;

	for (size_t i = 0; i < s->count; i++) {
		struct sym_want *w = &s->wants[i];

		if (w->bare_at.of) {
			bare = w->bare;
			bare_at = w->bare_at;
		}
		if (w->ended > ended)
			ended = w->ended;
		if (w->at.of) {
			if (w->value + w->size > ended)
				ended = w->value + w->size;
		} else if (bare_at.of && bare >= ended) {
			w->at = bare_at;
			w->value = bare;
		}
	}
}

static void read_names(struct search *s, struct arena *a)
{
	auto_free char *name = mem_alloc(SYM_NAME_MAX);

	for (size_t i = 0; i < s->count; i++) {
		struct sym_want *w = &s->wants[i];
		long n;

		if (!w->at.of)
			continue;
		n = read_name(w->at, name, SYM_NAME_MAX);
		if (n > 0 && work_may(0, (uint64_t)n * 4)) {
			/* "name@@VERSION", as linkers write it into .symtab */
			if (!w->at.of->dynamic && strcspn(name + 1, "@") + 1 < (size_t)n)
				n = (long)strcspn(name + 1, "@") + 1;
			w->name = arena_dup(a, name, (size_t)n);
			w->source = w->at.of->source;
		}
	}
}

bool sym_left(const struct sym_want *wants, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!wants[i].name)
			return true;
	return false;
}

void sym_look(const struct elf *image, const struct sym_table *tables, size_t ntables,
	      struct sym_want *wants, size_t count, struct arena *a)
{
	auto_free struct sym_want *left = mem_alloc((count + 1) * sizeof(*left));
	struct search s = { .image = image, .wants = left };
	size_t at = 0;

	for (size_t i = 0; i < count; i++)
		if (!wants[i].name)
			left[s.count++] = (struct sym_want){ .addr = wants[i].addr };
	if (!s.count)
		return;
	for (size_t i = 0; i < ntables; i++) {
		s.table = &tables[i];
		if (!scan(&s))
			return;
	}
	carry(&s);
	read_names(&s, a);
	for (size_t i = 0; i < count; i++)
		if (!wants[i].name)
			wants[i] = left[at++];
}
