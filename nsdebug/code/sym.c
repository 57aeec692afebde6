/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/sym.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/elf.h"

#define NO_NAME UINT64_MAX
#define PIECE 2048		/* symbols read at once: 48 KiB */

struct search {
	struct elf *f;
	uint64_t strings, strings_end;
	struct sym_want *wants;
	size_t count;
};

/* The first want at or above an address. */
static size_t lower(const struct search *s, uint64_t addr)
{
	size_t lo = 0, hi = s->count;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->wants[mid].addr < addr)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static int rank_of(const Elf64_Sym *y)
{
	int type = ELF64_ST_TYPE(y->st_info), bind = ELF64_ST_BIND(y->st_info);

	return (type == STT_FUNC || type == STT_GNU_IFUNC ? 2 : 0) + (bind != STB_LOCAL);
}

/* Of two names of one thing: fewer leading underscores, then shorter, then in order. */
static bool is_better_name(struct search *s, uint64_t a, uint64_t b)
{
	char x[256], y[256];
	long n = elf_string(s->f, a, s->strings_end, x, sizeof(x));
	long m = elf_string(s->f, b, s->strings_end, y, sizeof(y));
	size_t p, q;

	if (n <= 0 || m <= 0)
		return n > m;
	p = strspn(x, "_");
	q = strspn(y, "_");
	if (p != q)
		return p < q;
	return n != m ? n < m : strcmp(x, y) < 0;
}

static bool is_better(struct search *s, const struct sym_want *w, const Elf64_Sym *y, uint64_t name)
{
	if (w->name_at == NO_NAME)
		return true;
	if (y->st_value != w->value)
		return y->st_value > w->value;
	if (rank_of(y) != w->rank)
		return rank_of(y) > w->rank;
	if (y->st_size != w->size)
		return y->st_size < w->size;
	return is_better_name(s, name, w->name_at);
}

static void offer_sized(struct search *s, const Elf64_Sym *y, uint64_t name)
{
	size_t i = lower(s, y->st_value);

	if (i < s->count && s->wants[i].addr - y->st_value >= y->st_size &&
	    s->wants[i].ended < y->st_value + y->st_size)
		s->wants[i].ended = y->st_value + y->st_size;
	for (; i < s->count && s->wants[i].addr - y->st_value < y->st_size; i++) {
		struct sym_want *w = &s->wants[i];

		if (!is_better(s, w, y, name))
			continue;
		w->name_at = name;
		w->value = y->st_value;
		w->size = y->st_size;
		w->rank = rank_of(y);
	}
}

static void offer_bare(struct search *s, const Elf64_Sym *y, uint64_t name)
{
	size_t i = lower(s, y->st_value);
	struct sym_want *w = &s->wants[i];

	if (i == s->count)
		return;
	if (w->bare_at != NO_NAME &&
	    (w->bare > y->st_value ||
	     (w->bare == y->st_value && !is_better_name(s, name, w->bare_at))))
		return;
	w->bare = y->st_value;
	w->bare_at = name;
}

static void offer(struct search *s, const Elf64_Sym *y)
{
	int type = ELF64_ST_TYPE(y->st_info);
	const struct elf_load *l;

	if (y->st_shndx == SHN_UNDEF || y->st_shndx == SHN_ABS || !y->st_name ||
	    y->st_name >= SYM_STRINGS_MAX || y->st_size > UINT64_MAX - y->st_value ||
	    (type != STT_FUNC && type != STT_NOTYPE && type != STT_GNU_IFUNC))
		return;
	l = elf_load_at(s->f, y->st_value, 1);
	if (!l || !l->exec)
		return;
	if (y->st_size)
		offer_sized(s, y, s->strings + y->st_name);
	else
		offer_bare(s, y, s->strings + y->st_name);
}

static void scan(struct search *s, const struct elf_section *table)
{
	uint64_t total = table->size / sizeof(Elf64_Sym), done = 0;
	auto_free Elf64_Sym *piece = mem_alloc(PIECE * sizeof(*piece));

	if (total > SYM_COUNT_MAX)
		total = SYM_COUNT_MAX;
	while (done < total) {
		size_t n = total - done < PIECE ? total - done : PIECE;

		n = elf_stream(s->f, table->off + done * sizeof(*piece), piece,
			       n * sizeof(*piece)) / sizeof(*piece);
		if (!n)
			return;
		for (size_t i = 0; i < n; i++)
			offer(s, &piece[i]);
		done += n;
	}
}

/* What a symbol without a size, or the end of one with a size, says is said of every address above
 * it too: carried up. */
static void carry(struct search *s)
{
	uint64_t bare = 0, bare_at = NO_NAME, ended = 0;

	for (size_t i = 0; i < s->count; i++) {
		struct sym_want *w = &s->wants[i];

		if (w->bare_at != NO_NAME) {
			bare = w->bare;
			bare_at = w->bare_at;
		}
		if (w->ended > ended)
			ended = w->ended;
		if (w->name_at != NO_NAME) {
			if (w->value + w->size > ended)
				ended = w->value + w->size;
		} else if (bare_at != NO_NAME && bare >= ended) {
			w->name_at = bare_at;
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

		if (w->name_at == NO_NAME || w->name)
			continue;
		n = elf_string(s->f, w->name_at, s->strings_end, name, SYM_NAME_MAX);
		if (n > 0)
			w->name = arena_dup(a, name, (size_t)n);
	}
}

/* One table for those of the wants that have no name yet. */
static void look(struct elf *f, const struct elf_section *table, const struct elf_section *strings,
		 struct sym_want *wants, size_t count, struct arena *a)
{
	uint64_t len = strings->size < SYM_STRINGS_MAX ? strings->size : SYM_STRINGS_MAX;
	struct search s = {
		.f = f, .strings = strings->off, .strings_end = strings->off + len,
	};
	auto_free struct sym_want *left = mem_alloc((count + 1) * sizeof(*left));
	size_t at = 0;

	if (!table->size)
		return;
	for (size_t i = 0; i < count; i++)
		if (!wants[i].name)
			left[s.count++] = (struct sym_want){
				.addr = wants[i].addr, .name_at = NO_NAME, .bare_at = NO_NAME,
			};
	if (!s.count)
		return;
	s.wants = left;
	scan(&s, table);
	carry(&s);
	read_names(&s, a);
	for (size_t i = 0; i < count; i++)
		if (!wants[i].name)
			wants[i] = left[at++];
}

void sym_resolve(struct elf *f, struct sym_want *wants, size_t count, struct arena *a)
{
	look(f, &f->symtab, &f->strtab, wants, count, a);
	look(f, &f->dynsym, &f->dynstr, wants, count, a);
}
