/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/lines.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/map.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/sorted.h"
#include "nsdebug/code/dwline.h"
#include "nsdebug/code/elf.h"
#include "nsdebug/code/work.h"
#include "nsdebug/enter/emit.h"

#define HOPS_MAX 16		/* from an entry to the one with its name */
#define NAME_MAX_LEN 16384u
#define DIR_MAX_LEN 4096u
#define DEPTH_MAX 4096		/* of entries in each other */

struct inlined {
	uint64_t origin, call_file, call_line;
	int depth;
};

/* What is found of a want. */
struct found {
	uint64_t addr;		/* of the want */
	struct line_want *want;
	size_t unit;		/* + 1; 0: none has it */
	struct inlined *inlined;	/* outermost first; owned */
	size_t count;
	int depth;		/* of its function; 0: not found */
	bool too_many;
};

struct find {
	struct dwarf d;
	const struct elf *image;
	struct found *f;	/* ascending */
	size_t count, left;	/* left: without a unit */
	uint64_t *units;	/* where they begin, as far as they are known */
	size_t unit_count;
	uint64_t units_end;	/* where the next one is looked for */
	struct dwabbrevs abbrevs, other;
	struct lines *lines;
	struct arena *arena;
	struct map names;	/* by the entry that has them; "" is none */
	/* of the unit that is worked on */
	size_t unit;
	struct dwunit u;	/* its abbreviations are `abbrevs` */
	const struct dwdie *die;
	int depth;
	bool hit;
};

/*
 * Can code begin here? A linker leaves what it threw away at 0, or 1 in .debug_ranges. If code is
 * mapped from there on (-z noseparate-code), the file's header is there, and nothing begins in it.
 */
static bool is_code(void *arg, uint64_t addr)
{
	const struct elf_load *l = elf_load_at(arg, addr, 1);

	return l && l->exec && l->off + (addr - l->vaddr) >= sizeof(Elf64_Ehdr);
}

/* Text, and what points to it, outlives the purse. */
static bool has_room(struct find *s, size_t bytes)
{
	if (bytes > LINES_BYTES_MAX - s->lines->bytes) {
		s->d.left = true;
		return false;
	}
	s->lines->bytes += bytes;
	return true;
}

/* ---- units ---- */

static bool is_ours(struct find *s, uint64_t low, size_t *i, uint64_t high)
{
	*i = sorted_from(s->f, s->count, addr, low);
	return *i < s->count && s->f[*i].addr < high &&
		is_code((void *)(uintptr_t)s->image, low);
}

static void mark_unit(void *arg, uint64_t low, uint64_t high)
{
	struct find *s = arg;
	size_t i;

	if (!is_ours(s, low, &i, high))
		return;
	for (; i < s->count && s->f[i].addr < high && dwarf_may(&s->d, 1); i++) {
		if (s->f[i].unit)
			continue;
		s->f[i].unit = s->unit_count;
		s->left--;
	}
}

/* One more unit, if there is one; its abbreviations are in s->other. */
static bool next_unit(struct find *s, struct dwunit *u, struct dwdie *root, bool *good)
{
	if (s->unit_count >= LINES_UNITS_MAX || !dwarf_may(&s->d, 64))
		return false;
	*good = dwunit_read(&s->d, s->units_end, &s->other, u, root);
	if (!u->end)
		return false;
	s->units = mem_more(s->units, s->unit_count);
	s->units[s->unit_count++] = s->units_end;
	s->units_end = u->end;
	return true;
}

static void find_units(struct find *s)
{
	struct dwunit u;
	struct dwdie root;
	bool good;

	while (s->left && next_unit(s, &u, &root, &good))
		if (good)
			dwdie_code(&s->d, &u, &root, mark_unit, s);
}

/* The unit that an entry is in, with all its abbreviations. */
static bool unit_of(struct find *s, uint64_t die, struct dwunit *u)
{
	struct dwdie root;
	size_t n;
	bool good;

	while (die >= s->units_end && next_unit(s, u, &root, &good))
		;
	n = sorted_at(s->units, s->unit_count, sizeof(*s->units), 0, die + 1);
	return n && dwunit_read(&s->d, s->units[n - 1], &s->other, u, &root) &&
		die >= u->first && die < u->end && dwabbrevs_read(&s->d, u->abbrevs, 0, &s->other);
}

/* ---- entries ---- */

static void mark_function(void *arg, uint64_t low, uint64_t high)
{
	struct find *s = arg;
	size_t i;

	if (!is_ours(s, low, &i, high))
		return;
	for (; i < s->count && s->f[i].addr < high && dwarf_may(&s->d, 1); i++) {
		if (s->f[i].unit != s->unit)
			continue;
		s->f[i].depth = s->depth;
		s->f[i].count = 0;
		s->hit = true;
	}
}

static void mark_inlined(void *arg, uint64_t low, uint64_t high)
{
	struct find *s = arg;
	const struct dwdie *die = s->die;
	size_t i;

	if (!is_ours(s, low, &i, high))
		return;
	for (; i < s->count && s->f[i].addr < high && dwarf_may(&s->d, 1); i++) {
		struct found *f = &s->f[i];

		if (f->unit != s->unit || !f->depth || f->depth >= s->depth)
			continue;
		/* beside one that has the address too: one of them is wrong */
		while (f->count && f->inlined[f->count - 1].depth >= s->depth)
			f->count--;
		if (f->count >= LINES_INLINED_MAX) {
			f->too_many = true;
			continue;
		}
		f->inlined = mem_more(f->inlined, f->count);
		f->inlined[f->count++] = (struct inlined){
			.origin = dwdie_ref(&s->u, die, SLOT_ORIGIN), .depth = s->depth,
			.call_file = dwdie_has(die, SLOT_CALL_FILE) ?
				die->v[SLOT_CALL_FILE].u : UINT64_MAX,
			.call_line = dwdie_has(die, SLOT_CALL_LINE) ?
				die->v[SLOT_CALL_LINE].u : 0,
		};
	}
}

/* Do entries of this kind have no code below them? Types and variables, by DW_TAG. */
static bool is_leaf(uint16_t tag)
{
	switch (tag) {
	case 0x01: case 0x04: case 0x0f: case 0x15: case 0x16: case 0x24: case 0x26: case 0x34:
	case 0x48: case 0x4109:
		return true;
	default:
		return false;
	}
}

static void visit(struct find *s, const struct dwunit *u, const struct dwdie *die)
{
	s->die = die;
	s->hit = false;
	if (die->tag == DW_TAG_subprogram)
		dwdie_code(&s->d, u, die, mark_function, s);
	else if (die->tag == DW_TAG_inlined_subroutine)
		dwdie_code(&s->d, u, die, mark_inlined, s);
}

/* Finds the functions of the unit's addresses, so many, and what is inlined there. */
static void walk(struct find *s, const struct dwunit *u, size_t count)
{
	uint64_t at = u->first, sibling;
	struct dwdie die;
	int open = 0;		/* depth of the function with addresses that was met last */

	s->depth = 0;
	while (at < u->end && dwdie_read(&s->d, u, &s->abbrevs, at, &die)) {
		at = die.next;
		if (!die.tag) {
			/* the unit ends, or the function of its only address */
			if (--s->depth <= 0 || (s->depth == open && count == 1))
				break;
			continue;
		}
		visit(s, u, &die);
		if (s->hit)
			open = s->depth;
		sibling = dwdie_ref(u, &die, SLOT_SIBLING);
		if (die.children && is_leaf(die.tag) && sibling > at)
			at = sibling;
		else if (die.children && ++s->depth > DEPTH_MAX)
			break;
	}
}

/* As it is in the file: the name for linkers, else the one in the source. */
static struct dwstr find_name(struct find *s, uint64_t die)
{
	const struct dwabbrevs *a = &s->abbrevs;
	struct dwstr name = { false };
	struct dwunit u = s->u;
	struct dwdie d;

	for (unsigned int hops = 0; die && hops < HOPS_MAX; hops++) {
		if (die < u.first || die >= u.end) {
			a = die >= s->u.first && die < s->u.end ? &s->abbrevs : &s->other;
			u = s->u;
			if (a == &s->other && !unit_of(s, die, &u))
				break;
		}
		if (!dwdie_read(&s->d, &u, a, die, &d) || !d.tag)
			break;
		if (dwdie_has(&d, SLOT_LINKAGE)) {
			name = dwdie_str(&s->d, &u, &d, SLOT_LINKAGE);
			break;
		}
		if (!name.set)
			name = dwdie_str(&s->d, &u, &d, SLOT_NAME);
		die = dwdie_has(&d, SLOT_ORIGIN) ? dwdie_ref(&u, &d, SLOT_ORIGIN) :
			dwdie_ref(&u, &d, SLOT_SPEC);
	}
	return name;
}

static const char *name_of(struct find *s, uint64_t die)
{
	const char *known = die ? map_get(&s->names, die) : "";
	char text[NAME_MAX_LEN];

	if (!known) {
		size_t len = dwstr_read(&s->d, find_name(s, die), text, sizeof(text));

		known = len && has_room(s, len) ? arena_dup(s->arena, text, len) : "";
		map_put(&s->names, die, (void *)(uintptr_t)known);
	}
	return *known ? known : NULL;
}

/* ---- lines ---- */

struct table {
	struct dwline l;
	char dir[DIR_MAX_LEN];
};

static void put_place(struct find *s, struct table *t, struct line_at *at, uint64_t file,
		      uint64_t line)
{
	auto_buf struct buf path = { 0 };
	size_t dir = strlen(t->dir);

	if (!line || !dwline_path(&t->l, file, t->dir, &path) || !has_room(s, path.len))
		return;
	at->file = arena_dup(s->arena, path.bytes, path.len);
	at->line = line;
	if (dir && path.len > dir + 1 && !memcmp(path.bytes, t->dir, dir) &&
	    path.bytes[dir] == '/')
		at->dir = dir + 1;
}

/* From the outermost to the innermost, each is called where the one before it is. */
static void put(struct find *s, struct table *t, struct found *f, const struct dwline_want *row)
{
	size_t n = f->too_many ? 0 : f->count;
	struct line_at *at;

	if ((!row->found && !n) || !has_room(s, (n + 1) * sizeof(*at)))
		return;
	at = arena_alloc(s->arena, (n + 1) * sizeof(*at));
	for (size_t i = 0; i < n; i++) {
		struct inlined *in = &f->inlined[i];

		put_place(s, t, &at[n - i], in->call_file, in->call_line);
		at[n - i - 1].function = name_of(s, in->origin);
	}
	/* of an inner one the line is not that of the function */
	if (row->found && !f->too_many)
		put_place(s, t, &at[0], row->file, row->line);
	f->want->at = at;
	f->want->count = n + 1;
}

static void by_unit(struct find *s, size_t unit)
{
	auto_free struct table *t = mem_alloc(sizeof(*t));
	auto_free struct dwline_want *rows = NULL;
	struct dwunit *u = &s->u;
	struct dwdie root;
	size_t n = 0;

	if (!dwarf_may(&s->d, s->count) ||
	    !dwunit_read(&s->d, s->units[unit - 1], &s->abbrevs, u, &root))
		return;
	for (size_t i = 0; i < s->count; i++) {
		if (s->f[i].unit != unit)
			continue;
		rows = mem_more(rows, n);
		rows[n++] = (struct dwline_want){ .addr = s->f[i].addr };
	}
	s->unit = unit;
	dwstr_read(&s->d, dwdie_str(&s->d, u, &root, SLOT_DIR), t->dir, sizeof(t->dir));
	if (dwabbrevs_read(&s->d, u->abbrevs, 0, &s->abbrevs))
		walk(s, u, n);
	if (dwdie_has(&root, SLOT_STMT) &&
	    dwline_open(&t->l, &s->d, u, root.v[SLOT_STMT].u)) {
		dwline_find(&t->l, rows, n, is_code, (void *)(uintptr_t)s->image);
		n = 0;
		for (size_t i = 0; i < s->count; i++)
			if (s->f[i].unit == unit)
				put(s, t, &s->f[i], &rows[n++]);
	}
	dwline_close(&t->l);
}

static void find_all(struct find *s)
{
	auto_free bool *done = NULL;

	s->left = s->count;
	find_units(s);
	done = mem_alloc(s->unit_count + 1);
	done[0] = true;			/* of those that no unit has */
	for (size_t i = 0; i < s->count; i++) {
		if (done[s->f[i].unit])
			continue;
		done[s->f[i].unit] = true;
		by_unit(s, s->f[i].unit);
	}
}

bool lines_find(struct lines *l, const struct elf *image, struct elf *debug,
		struct line_want *wants, size_t count, struct arena *a)
{
	uint64_t purse = LINES_PURSE - l->spent;
	auto_free struct find *s = mem_alloc(sizeof(*s));
	bool any;

	if (purse > LINES_FILE_PURSE)
		purse = LINES_FILE_PURSE;
	any = dwarf_open(&s->d, debug, purse);
	s->image = image;
	s->lines = l;
	s->arena = a;
	s->f = mem_alloc((count + 1) * sizeof(*s->f));
	for (size_t i = 0; i < count; i++)
		if (!wants[i].count)
			s->f[s->count++] = (struct found){ wants[i].addr, &wants[i] };
	if (any && s->count)
		find_all(s);
	l->spent += purse - s->d.purse;
	if (s->d.left && !l->said && work.emit)
		emit_cut(work.emit, "debug information of the target is too much work to go "
			 "through: lines and inlined functions are missing");
	l->said |= s->d.left;
	for (size_t i = 0; i < s->count; i++)
		free(s->f[i].inlined);
	free(s->f);
	free(s->units);
	map_free(&s->names);
	dwabbrevs_free(&s->abbrevs);
	dwabbrevs_free(&s->other);
	dwarf_close(&s->d);
	return any;
}
