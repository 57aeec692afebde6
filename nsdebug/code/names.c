/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/names.h"

#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/body.h"
#include "nsdebug/code/demangle.h"
#include "nsdebug/code/lines.h"
#include "nsdebug/code/perfmap.h"
#include "nsdebug/code/sym.h"
#include "nsdebug/code/work.h"

void names_init(struct names *n)
{
	*n = (struct names){ .arena = arena_new() };
}

void names_free(struct names *n)
{
	map_free(&n->by_pc);
	map_free(&n->stacks);
	free(n->items);
	arena_free(&n->arena);
}

static uint64_t key(const struct frame *f)
{
	return f->pc << 1 | f->exact;
}

const struct name *names_get(const struct names *n, const struct frame *f)
{
	return map_get(&n->by_pc, key(f));
}

static void add(struct names *n, const struct process *p, const struct frame *f)
{
	uint64_t lookup = f->pc - !f->exact, bias;
	struct name *name = map_get(&n->by_pc, key(f));
	struct module *m;

	if (name && !(name->left && work_again(name->round)))
		return;
	name = arena_alloc(n->arena, sizeof(*name));
	name->pc = f->pc;
	if (process_code(p, lookup, &m, &bias)) {
		name->at = f->pc - bias;
		name->lookup = lookup - bias;
	} else {
		m = NULL;	/* what cannot be parsed has no offsets: the address stands */
		name->at = f->pc;
		name->lookup = lookup;
	}
	name->module = m;
	name->offset = name->at;
	map_put(&n->by_pc, key(f), name);
	n->items = mem_more(n->items, n->count);
	n->items[n->count++] = name;
}

static int by_module(const void *a, const void *b)
{
	const struct name *x = *(struct name *const *)a, *y = *(struct name *const *)b;

	if (x->module != y->module)
		return (uintptr_t)x->module > (uintptr_t)y->module ? 1 : -1;
	return (x->lookup > y->lookup) - (x->lookup < y->lookup);
}

static void give(struct names *n, struct name *name, const struct sym_want *w)
{
	auto_buf struct buf b = { 0 };

	if (!w->name)
		return;
	name->function = demangle(&b, w->name) ? arena_dup(n->arena, b.bytes, b.len) : w->name;
	name->source = w->source;
	name->offset = name->at - w->value;
}

/* Does a function that has no symbol begin between this one and the address? As its unwind tables
 * say; without them it is feared where not each function has a symbol. */
static bool is_carried_too_far(struct code *c, const struct sym_want *w)
{
	uint64_t begin;

	if (cfi_begin(&c->cfi, &c->elf, w->addr, &begin))
		return begin > w->value;
	return w->at.of->partial && !body_has(&c->elf, w->value, w->addr);
}

/* A symbol without a size names what follows it, but not another function. */
static void drop_carried(struct code *c, struct sym_want *wants, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (wants[i].name && !wants[i].size && is_carried_too_far(c, &wants[i]))
			wants[i] = (struct sym_want){ .addr = wants[i].addr };
}

/* What a file says of itself, then its debug file, then what is packed into it: that has no symbol
 * which .dynsym has. */
static void look(struct names *n, struct module *m, struct sym_want *wants, size_t count)
{
	struct code *c = m->code;
	const struct sym_table own = { &c->elf, .source = "symtab" };
	struct sym_table rest[2] = {
		{ &c->elf, .dynamic = true, .partial = true, .source = "dynsym" },
	};
	struct sym_table debug = { NULL };
	size_t nrest = 1;

	sym_look(&c->elf, &own, 1, wants, count, n->arena);
	drop_carried(c, wants, count);
	if (!sym_left(wants, count))
		return;
	if (n->files && !m->bytes)
		debug.f = debugfile_open(&c->debug, n->files, &c->elf, m->path);
	debug.source = c->debug.source;
	if (debug.f)
		sym_look(&c->elf, &debug, 1, wants, count, n->arena);
	drop_carried(c, wants, count);
	if (!sym_left(wants, count))
		return;
	if (debugdata_open(&c->mini, &c->elf))
		rest[nrest++] = (struct sym_table){
			&c->mini.elf, .partial = true, .source = "debugdata",
		};
	sym_look(&c->elf, rest, nrest, wants, count, n->arena);
	drop_carried(c, wants, count);
}

/* What Go's table says where no symbol does, or one that begins elsewhere than the function: an
 * assembler's, which names all that follows it. */
static void by_go(struct code *c, struct sym_want *w, struct arena *a)
{
	char name[PCLNTAB_NAME_MAX];
	struct go_func fn;
	long len;

	if (!pclntab_find(&c->go, &c->elf, w->addr, &fn) || (w->name && w->value == fn.entry))
		return;
	len = pclntab_name(&c->go, &c->elf, &fn, name, sizeof(name));
	if (len <= 0)
		return;
	w->name = arena_dup(a, name, (size_t)len);
	w->value = fn.entry;
	w->source = "pclntab";
}

static bool is_code(const struct process *p, uint64_t addr)
{
	const struct vma *v = maps_find(&p->maps, addr);

	return v && v->exec;
}

/* Of code that is in no file: what the process says of it. */
static void look_made(struct names *n, const struct process *p, struct sym_want *wants,
		      size_t count)
{
	auto_close int fd = -1;
	bool any = false;

	for (size_t i = 0; i < count && p->own_map && !any; i++)
		any = is_code(p, wants[i].addr);
	if (any)
		fd = debugfile_perf_map(n->files, p->innermost, p->euid, p->start);
	if (fd >= 0)
		perfmap_look(fd, wants, count, n->arena);
	for (size_t i = 0; i < count && fd >= 0; i++)
		if (!is_code(p, wants[i].addr))	/* whatever was there once */
			wants[i].name = NULL;
}

/* items[0] ... items[count - 1] are of one module, ascending. */
static void resolve(struct names *n, const struct process *p, struct name **items, size_t count)
{
	auto_free struct sym_want *wants = mem_alloc(count * sizeof(*wants));
	struct module *m = items[0]->module;
	uint64_t refused = work.refused;

	if (m ? !m->code : !n->files)
		return;
	for (size_t i = 0; i < count; i++)
		wants[i].addr = items[i]->lookup;
	work_tick(WORK_SMALL);
	if (m)
		look(n, m, wants, count);
	else
		look_made(n, p, wants, count);
	for (size_t i = 0; i < count; i++) {
		if (m)
			by_go(m->code, &wants[i], n->arena);
		give(n, items[i], &wants[i]);
		items[i]->left = !wants[i].name && work.refused != refused;
		items[i]->round = work.round;
	}
}

static void give_lines(struct names *n, struct name *name, const struct line_want *w)
{
	auto_buf struct buf b = { 0 };

	name->places = w->at;
	name->place_count = w->count;
	name->line_source = w->go ? "pclntab" : "dwarf";
	for (size_t i = 0; i + 1 < w->count; i++, b.len = 0)
		if (w->at[i].function && demangle(&b, w->at[i].function))
			w->at[i].function = arena_dup(n->arena, b.bytes, b.len);
}

/* Out of the file, or of its debug file. */
static void find_lines(struct names *n, struct name **items, size_t count)
{
	auto_free struct line_want *wants = mem_alloc(count * sizeof(*wants));
	struct module *m = items[0]->module;
	struct code *c = m->code;
	struct elf *debug;
	bool left = false;

	for (size_t i = 0; i < count; i++)
		wants[i].addr = items[i]->lookup;
	goline_find(&c->golines, &c->go, &c->elf, wants, count, n->arena);
	for (size_t i = 0; i < count; i++)
		left |= !wants[i].count;
	if (left && !lines_find(n->lines, &c->elf, &c->elf, wants, count, n->arena) && n->files &&
	    !m->bytes) {
		debug = debugfile_open(&c->debug, n->files, &c->elf, m->path);
		if (debug)
			lines_find(n->lines, &c->elf, debug, wants, count, n->arena);
	}
	for (size_t i = 0; i < count; i++)
		give_lines(n, items[i], &wants[i]);
}

static void put_file(struct buf *b, const struct module *m)
{
	struct bytes file = bytes_base(m->path);

	buf_add(b, file.p, file.len);
}

static void make_text(struct names *n, struct name *name)
{
	auto_buf struct buf b = { 0 };

	buf_addf(&b, "0x%016llx ", (unsigned long long)name->pc);
	if (!name->module && !name->function) {
		buf_str(&b, "?");
	} else if (!name->module) {
		buf_addf(&b, "%s+0x%llx (perf map)", name->function,
			 (unsigned long long)name->offset);
	} else if (name->function) {
		buf_addf(&b, "%s+0x%llx (", name->function, (unsigned long long)name->offset);
		put_file(&b, name->module);
		buf_str(&b, ")");
	} else {
		put_file(&b, name->module);
		buf_addf(&b, "+0x%llx", (unsigned long long)name->offset);
		if (name->build_id)
			buf_addf(&b, " (build-id %.16s)", name->build_id);
	}
	name->text = (struct bytes){ arena_dup(n->arena, b.bytes, b.len), b.len };
}

static void describe(struct names *n, struct name *name)
{
	const struct code *c = name->module ? name->module->code : NULL;

	if (c && c->elf.build_id[0])
		name->build_id = c->elf.build_id;
	make_text(n, name);
}

void names_find(struct names *n, const struct process *p, const struct trace *traces, size_t count)
{
	size_t end;

	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < traces[i].count; k++)
			add(n, p, &traces[i].frames[k]);
	if (n->count)
		qsort(n->items, n->count, sizeof(*n->items), by_module);
	for (size_t i = 0; i < n->count; i = end) {
		for (end = i; end < n->count && n->items[end]->module == n->items[i]->module;)
			end++;
		resolve(n, p, n->items + i, end - i);
		if (n->lines && n->items[i]->module && n->items[i]->module->code)
			find_lines(n, n->items + i, end - i);
	}
	for (size_t i = 0; i < n->count; i++)
		describe(n, n->items[i]);
	n->count = 0;
}
