/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/pclntab.h"

#include <elf.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/elf.h"
#include "nsdebug/code/work.h"

#define MAGIC_118 0xfffffff0u
#define MAGIC_120 0xfffffff1u
#define FLAG_TOP 1			/* internal/abi: FuncFlagTopFrame */
#define FLAG_MOVES 2			/* FuncFlagSPWrite */
#define DEPTH_MAX (1 << 30)
#define PIECE (1u << 20)
#define TRIES_MAX 8			/* tables of one file that turn out to be none */
#define RELA_PIECE 4096u
#define NAMED_COST 32u			/* of a function whose name is looked at, for work_may() */

struct header {
	uint32_t magic;
	uint8_t zero[2], quantum, pointer;
	uint64_t funcs, files, text, names, units, file_names, pctab, functions;
};

/* What is looked for in one file. */
struct search {
	struct elf *f;
	int tries;
	bool by_module;		/* was tried */
	bool left;		/* something was too much work */
};

static bool may(struct search *s, uint64_t at, uint64_t cost)
{
	s->left |= !work_may(at, cost);
	return !s->left;
}

bool pclntab_get(const struct pclntab *t, struct elf *f, uint64_t at, void *to, size_t len)
{
	return at <= t->size && len <= t->size - at && elf_read(f, t->off + at, to, len);
}

static bool func_at(const struct pclntab *t, struct elf *f, uint64_t i, struct go_func *ret)
{
	uint32_t at[2], fn[5];
	uint8_t flags;

	if (!pclntab_get(t, f, t->funcs + i * 8, at, 8) ||
	    !pclntab_get(t, f, t->funcs + at[1], fn, sizeof(fn)) || fn[0] != at[0] ||
	    !pclntab_get(t, f, t->funcs + at[1] + t->id_at + 1, &flags, 1))
		return false;
	*ret = (struct go_func){
		.entry = t->text + at[0], .at = t->funcs + at[1],
		.name = t->names + fn[1], .pcsp = fn[4],
		.top = flags & FLAG_TOP, .moves = flags & FLAG_MOVES,
	};
	return true;
}

/* Go's own linker leaves Go's first instruction in the file also where the loader is to write it;
 * that of binutils leaves 0 and says it in a relocation. */
static uint64_t relocated(struct search *s, uint64_t vaddr)
{
	struct elf *f = s->f;
	uint64_t total = f->rela.size / sizeof(Elf64_Rela);
	auto_free Elf64_Rela *r = mem_alloc(RELA_PIECE * sizeof(*r));

	for (uint64_t done = 0; done < total;) {
		size_t n = total - done < RELA_PIECE ? total - done : RELA_PIECE;

		if (!may(s, done * sizeof(*r), n * sizeof(*r)))
			break;
		n = elf_stream(f, f->rela.off + done * sizeof(*r), r, n * sizeof(*r)) / sizeof(*r);
		if (!n)
			break;
		for (size_t i = 0; i < n; i++)
			if (r[i].r_offset == vaddr &&
			    ELF64_R_TYPE(r[i].r_info) == R_X86_64_RELATIVE)
				return (uint64_t)r[i].r_addend;
		done += n;
	}
	return 0;
}

/* Words of runtime.moduledata, the same from Go 1.18 to 1.26. */
enum { M_HEADER, M_NAMES, M_PCTAB = 10, M_PCLN = 13, M_FTAB = 16, M_FTAB_LEN, M_MINPC = 20,
	M_MAXPC, M_TEXT, M_WORDS };

/* Is it the moduledata of this table? Then all of it is said twice. */
static bool is_module(const struct pclntab *t, const uint64_t *w, uint32_t first)
{
	return w[M_HEADER] == t->at && w[M_NAMES] == t->at + t->names &&
		w[M_PCTAB] == t->at + t->pctab && w[M_PCLN] == t->at + t->funcs &&
		w[M_FTAB] == t->at + t->funcs && w[M_FTAB_LEN] == t->count + 1 &&
		w[M_MINPC] == w[M_TEXT] + first && w[M_MAXPC] == w[M_TEXT] + t->text_len;
}

/* Where it is in a segment; 0: nowhere. */
static uint64_t module_in(const struct pclntab *t, struct search *s, const struct elf_load *l,
			  uint32_t first)
{
	auto_free uint64_t *piece = mem_alloc(PIECE);
	uint64_t w[M_WORDS];
	size_t len = PIECE;

	for (uint64_t at = -l->vaddr & 7; at < l->filesz && len == PIECE && may(s, at, PIECE);
	     at += PIECE) {
		len = l->filesz - at < PIECE ? l->filesz - at : PIECE;
		len = elf_stream(s->f, l->off + at, piece, len);
		for (size_t i = 0; i < len / 8; i++) {
			if (piece[i] != t->at)
				continue;
			if (!may(s, at, sizeof(w)))
				return 0;
			if (elf_image(s->f, l->vaddr + at + i * 8, w, sizeof(w)) &&
			    is_module(t, w, first))
				return l->vaddr + at + i * 8;
		}
	}
	return 0;
}

static uint64_t find_module(const struct pclntab *t, struct search *s, uint32_t first)
{
	const struct elf *f = s->f;
	uint64_t at = 0;

	for (int data = 1; data >= 0 && !at; data--)
		for (size_t i = 0; i < f->load_count && !at; i++)
			if (!f->loads[i].exec && f->loads[i].write == data)
				at = module_in(t, s, &f->loads[i], first);
	return at;
}

/* Since Go 1.26 the table does not say where the code begins: what points to the table does. */
static uint64_t by_module(const struct pclntab *t, struct search *s, uint32_t first)
{
	uint64_t at, text;

	if (s->by_module)
		return 0;
	s->by_module = true;
	at = find_module(t, s, first);
	return at && elf_image(s->f, at + M_TEXT * 8, &text, 8) ? text : 0;
}

bool pclntab_module(const struct pclntab *t, struct elf *f, uint64_t *words, size_t count)
{
	struct search s = { .f = f };
	uint32_t first;
	uint64_t at;

	if (!pclntab_get(t, f, t->funcs, &first, 4))
		return false;
	at = find_module(t, &s, first);
	return at && elf_image(f, at, words, count * 8);
}

static bool is_code(const struct elf *f, uint64_t at, uint64_t len)
{
	const struct elf_load *l = elf_load_at(f, at, len);

	return at && len && l && l->exec;
}

/* Where it is in the file: as much of it as is. */
static bool put_place(struct pclntab *t, struct elf *f, uint64_t at, uint64_t size)
{
	const struct elf_load *l = elf_load_at(f, at, 1);

	if (!l || at - l->vaddr >= l->filesz)
		return false;
	*t = (struct pclntab){ .ready = true, .at = at, .off = l->off + (at - l->vaddr) };
	t->size = l->filesz - (at - l->vaddr);
	if (t->size > size)
		t->size = size;
	return true;
}

static bool parse(struct pclntab *ret, struct search *s, uint64_t at, uint64_t size)
{
	struct elf *f = s->f;
	struct pclntab t;
	uint32_t first, last;
	struct go_func fn;
	struct header h;

	if (!put_place(&t, f, at, size) || !pclntab_get(&t, f, 0, &h, sizeof(h)) ||
	    (h.magic != MAGIC_118 && h.magic != MAGIC_120) ||
	    h.zero[0] || h.zero[1] || h.quantum != 1 || h.pointer != 8)
		return false;
	t.id_at = h.magic == MAGIC_118 ? 36 : 40;
	t.count = h.funcs;
	t.names = h.names;
	t.pctab = h.pctab;
	t.funcs = h.functions;
	t.text = h.text;
	if (!t.count || t.count > PCLNTAB_FUNCS_MAX || t.names >= t.size || t.pctab >= t.size ||
	    t.funcs >= t.size || !pclntab_get(&t, f, t.funcs, &first, 4) ||
	    !pclntab_get(&t, f, t.funcs + t.count * 8, &last, 4) || first >= last ||
	    !func_at(&t, f, 0, &fn) || !func_at(&t, f, t.count - 1, &fn))
		return false;
	t.text_len = last;
	if (!t.text)
		t.text = relocated(s, at + offsetof(struct header, text));
	if (!t.text)
		t.text = by_module(&t, s, first);
	if (!is_code(f, t.text, t.text_len))
		return false;
	*ret = t;
	return true;
}

/* Looks through a segment for the eight bytes that a table begins with. */
static bool scan(struct pclntab *t, struct search *s, const struct elf_load *l)
{
	static const uint8_t rest[] = { 0xff, 0xff, 0xff, 0, 0, 1, 8 };
	auto_free uint8_t *piece = mem_alloc(PIECE);
	size_t len = PIECE;

	for (uint64_t at = 0; at < l->filesz && len == PIECE && may(s, at, PIECE); at += PIECE) {
		len = l->filesz - at < PIECE ? l->filesz - at : PIECE;
		len = elf_stream(s->f, l->off + at, piece, len);
		for (size_t i = -(l->vaddr + at) & 7; i + 8 <= len; i += 8)
			if ((piece[i] & 0xfe) == 0xf0 && !memcmp(piece + i + 1, rest, 7) &&
			    ++s->tries <= TRIES_MAX &&
			    parse(t, s, l->vaddr + at + i, l->filesz - at - i))
				return true;
	}
	return false;
}

static void look_for(struct pclntab *t, struct search *s)
{
	struct elf *f = s->f;

	if (f->machine != EM_X86_64)
		return;
	if (f->gopclntab.size)
		parse(t, s, f->gopclntab.vaddr, f->gopclntab.size);
	if (f->gopclntab.size || (f->sections && !f->go))
		return;
	/* a table that the loader writes into is where data is */
	for (int data = 1; data >= 0; data--)
		for (size_t i = 0; i < f->load_count; i++)
			if (!f->loads[i].exec && f->loads[i].write == data &&
			    scan(t, s, &f->loads[i]))
				return;
}

static void look(struct pclntab *t, struct elf *f)
{
	struct search s = { .f = f };

	look_for(t, &s);
	t->ready = true;
	t->left = s.left && !t->size;
	t->round = work.round;
}

bool pclntab_find(struct pclntab *t, struct elf *f, uint64_t vaddr, struct go_func *ret)
{
	uint64_t lo = 0, hi, off = vaddr - t->text;
	uint32_t start;

	if (!t->ready || (t->left && work_again(t->round))) {
		look(t, f);
		off = vaddr - t->text;
	}
	if (!t->size || vaddr < t->text || off >= t->text_len)
		return false;
	hi = t->count;
	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (!pclntab_get(t, f, t->funcs + mid * 8, &start, 4))
			return false;
		if (off < start)
			hi = mid;
		else
			lo = mid + 1;
	}
	return hi && func_at(t, f, hi - 1, ret) && vaddr >= ret->entry;
}

static void take_named(const struct pclntab *t, struct elf *f, uint64_t i,
		       const struct go_func *fn, struct go_wanted *want)
{
	uint32_t end;

	want->entry = fn->entry;
	if (pclntab_get(t, f, t->funcs + (i + 1) * 8, &end, 4) && t->text + end > fn->entry)
		want->len = t->text + end - fn->entry;
}

void pclntab_named(const struct pclntab *t, struct elf *f, struct go_wanted *want, size_t count)
{
	size_t left = count;
	struct go_func fn;
	char name[64];

	/* the runtime's come first, or nearly */
	for (uint64_t i = 0; i < t->count && left && work_may(i * 8, NAMED_COST); i++) {
		if (!func_at(t, f, i, &fn) || pclntab_name(t, f, &fn, name, sizeof(name)) < 0)
			continue;
		for (size_t n = 0; n < count; n++) {
			if (want[n].len || strcmp(name, want[n].name) != 0)
				continue;
			take_named(t, f, i, &fn, &want[n]);
			left -= want[n].len > 0;
		}
	}
}

struct bytes_in {
	const struct pclntab *t;
	struct elf *f;
	uint64_t at;
	size_t len, used;
	uint8_t piece[256];
};

static bool next_byte(struct bytes_in *b, uint8_t *ret)
{
	if (b->used == b->len) {
		b->at += b->len;
		b->used = 0;
		if (b->at >= b->t->size)
			return false;
		b->len = b->t->size - b->at < sizeof(b->piece) ? b->t->size - b->at :
			sizeof(b->piece);
		if (!pclntab_get(b->t, b->f, b->at, b->piece, b->len))
			return false;
	}
	*ret = b->piece[b->used++];
	return true;
}

static bool next_varint(struct bytes_in *b, uint32_t *ret)
{
	uint8_t byte;

	*ret = 0;
	for (unsigned int shift = 0; shift < 35; shift += 7) {
		if (!next_byte(b, &byte))
			return false;
		*ret |= (uint32_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return true;
	}
	return false;
}

bool pclntab_value(const struct pclntab *t, struct elf *f, const struct go_func *fn,
		   uint32_t table, uint64_t vaddr, int64_t *ret)
{
	struct bytes_in b = { .t = t, .f = f, .at = t->pctab + table };
	uint64_t pc = fn->entry;
	int64_t value = -1;
	uint32_t step, len;

	if (!table)
		return false;
	for (unsigned int i = 0; i < PCLNTAB_STEPS_MAX; i++) {
		if (!next_varint(&b, &step) || (i && !step) || !next_varint(&b, &len))
			return false;
		value += step & 1 ? -(int64_t)(step >> 1) - 1 : (int64_t)(step >> 1);
		pc += len;
		if (vaddr >= pc)
			continue;
		*ret = value;
		return true;
	}
	return false;
}

bool pclntab_depth(const struct pclntab *t, struct elf *f, const struct go_func *fn,
		   uint64_t vaddr, uint64_t *ret)
{
	int64_t value;

	if (!pclntab_value(t, f, fn, fn->pcsp, vaddr, &value))
		return false;
	*ret = (uint64_t)value;
	return value >= 0 && value <= DEPTH_MAX && !(value & 7);
}

long pclntab_name(const struct pclntab *t, struct elf *f, const struct go_func *fn, char *to,
		  size_t room)
{
	return fn->name >= t->size ? -1 :
		elf_string(f, t->off + fn->name, t->off + t->size, to, room);
}
