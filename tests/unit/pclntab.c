/* SPDX-License-Identifier: Apache-2.0 */
/* code/pclntab: a table made here, of each version, and what is wrong in it. */
#include <elf.h>
#include <stdio.h>
#include <string.h>

#include "nsdebug/code/elf.h"
#include "nsdebug/code/pclntab.h"
#include "nsdebug/code/work.h"

#define TEXT 0x401000u
#define DATA 0x500000u
#define NAMES 72
#define PCTAB 128
#define FUNCS 192
#define RELA 512
#define MODULE 640

static int tests;

static void ok(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, name);
}

struct table {
	uint8_t bytes[1024];
	struct elf_load loads[2];
	struct elf elf;
};

static void put(struct table *t, size_t at, uint64_t value, size_t len)
{
	memcpy(t->bytes + at, &value, len);
}

static void put_func(struct table *t, unsigned int i, uint32_t entry, uint32_t name, uint32_t pcsp,
		     uint8_t flags, unsigned int id_at)
{
	unsigned int at = FUNCS + 32 + i * 48;

	put(t, FUNCS + i * 8, entry, 4);
	put(t, FUNCS + i * 8 + 4, at - FUNCS, 4);
	put(t, at, entry, 4);
	put(t, at + 4, name, 4);
	put(t, at + 16, pcsp, 4);
	put(t, at + id_at + 1, flags, 1);
}

static const char names[] = "_rt0_amd64_linux\0main.work\0runtime.mcall";

/* 3 functions: 0...15 the entry, 16...47 main.work with depth 0, 24 and 0, 48...63 mcall. */
static void make(struct table *t, uint32_t magic)
{
	static const uint8_t depths[] = { 0, /* 0 */ 2, 4, /* 24 */ 48, 24, /* 0 */ 47, 4, 0,
					  /* 0 */ 2, 16, 0 };
	unsigned int id_at = magic == 0xfffffff0 ? 36 : 40;

	*t = (struct table){ .loads = {
		{ .vaddr = TEXT, .memsz = 64, .exec = true },
		{ .vaddr = DATA, .memsz = sizeof(t->bytes), .filesz = sizeof(t->bytes) },
	} };
	t->elf = (struct elf){ .fd = -1, .bytes = t->bytes, .size = sizeof(t->bytes),
		.machine = EM_X86_64, .loads = t->loads, .load_count = 2, .sections = true,
		.gopclntab = { DATA, 0, RELA } };
	put(t, 0, magic, 4);
	put(t, 6, 0x0801, 2);
	put(t, 8, 3, 8);
	put(t, 24, TEXT, 8);
	put(t, 32, NAMES, 8);
	put(t, 56, PCTAB, 8);
	put(t, 64, FUNCS, 8);
	memcpy(t->bytes + NAMES, names, sizeof(names));
	memcpy(t->bytes + PCTAB, depths, sizeof(depths));
	put(t, FUNCS + 24, 64, 4);
	put_func(t, 0, 0, 0, 8, 1, id_at);
	put_func(t, 1, 16, 17, 1, 0, id_at);
	put_func(t, 2, 48, 27, 8, 2, id_at);
}

static bool finds(struct table *t, struct pclntab *p, uint64_t at, const char *name, uint64_t depth)
{
	struct go_func fn;
	char got[64];
	uint64_t d;

	return pclntab_find(p, &t->elf, at, &fn) && pclntab_depth(p, &t->elf, &fn, at, &d) &&
		d == depth && pclntab_name(p, &t->elf, &fn, got, sizeof(got)) > 0 &&
		!strcmp(got, name);
}

static void check_all(struct table *t, const char *what)
{
	struct pclntab p = { 0 };
	struct go_func fn;
	char name[112];
	bool good = finds(t, &p, TEXT, "_rt0_amd64_linux", 0) &&
		finds(t, &p, TEXT + 15, "_rt0_amd64_linux", 0) &&
		finds(t, &p, TEXT + 19, "main.work", 0) &&
		finds(t, &p, TEXT + 20, "main.work", 24) &&
		finds(t, &p, TEXT + 43, "main.work", 24) &&
		finds(t, &p, TEXT + 44, "main.work", 0) &&
		finds(t, &p, TEXT + 63, "runtime.mcall", 0);

	snprintf(name, sizeof(name), "%s: names and depths", what);
	ok(good, name);
	good = pclntab_find(&p, &t->elf, TEXT, &fn) && fn.top && !fn.moves && fn.entry == TEXT &&
		pclntab_find(&p, &t->elf, TEXT + 40, &fn) && !fn.top && !fn.moves &&
		fn.entry == TEXT + 16 && pclntab_find(&p, &t->elf, TEXT + 48, &fn) && !fn.top &&
		fn.moves && !pclntab_find(&p, &t->elf, TEXT + 64, &fn) &&
		!pclntab_find(&p, &t->elf, TEXT - 1, &fn) && !pclntab_find(&p, &t->elf, 0, &fn);
	snprintf(name, sizeof(name), "%s: where functions begin, what they are, where none is",
		 what);
	ok(good, name);
}

/* The table's header does not say where the code is, Go's moduledata does. */
static void put_module(struct table *t)
{
	put(t, 24, 0, 8);
	put(t, MODULE, DATA, 8);
	put(t, MODULE + 8, DATA + NAMES, 8);
	put(t, MODULE + 80, DATA + PCTAB, 8);
	put(t, MODULE + 104, DATA + FUNCS, 8);
	put(t, MODULE + 128, DATA + FUNCS, 8);
	put(t, MODULE + 136, 4, 8);
	put(t, MODULE + 160, TEXT, 8);
	put(t, MODULE + 168, TEXT + 64, 8);
	put(t, MODULE + 176, TEXT, 8);
}

static void check_places(void)
{
	static const unsigned int said[] = { 0, 1, 10, 13, 16, 17, 20, 21, 22 };
	unsigned int wrong = 0;
	Elf64_Rela r[2] = { { 8, R_X86_64_RELATIVE, 1 }, { DATA + 24, R_X86_64_RELATIVE, TEXT } };
	struct table t;

	make(&t, 0xfffffff1);
	t.elf.gopclntab.size = 0;
	t.elf.sections = false;
	check_all(&t, "without section headers");
	make(&t, 0xfffffff0);
	t.elf.gopclntab.size = 0;
	t.elf.go = true;
	check_all(&t, "in a section of another name");
	make(&t, 0xfffffff0);
	put(&t, 24, 0, 8);
	memcpy(t.bytes + RELA, r, sizeof(r));
	t.elf.rela = (struct elf_section){ 0, RELA, sizeof(r) };
	check_all(&t, "where the loader says where the code is");
	make(&t, 0xfffffff1);
	put_module(&t);
	check_all(&t, "where only what points to the table says where the code is");
	for (unsigned int i = 0; i < sizeof(said) / sizeof(*said); i++) {
		struct pclntab p = { 0 };
		struct go_func fn;

		make(&t, 0xfffffff1);
		put_module(&t);
		t.bytes[MODULE + said[i] * 8] ^= 8;
		wrong += pclntab_find(&p, &t.elf, TEXT + 20, &fn);
	}
	ok(!wrong, "and not where any of it differs");
}

/* Is there no table any more if these bytes are in it? */
static bool is_none(size_t at, uint64_t value, size_t len)
{
	struct pclntab p = { 0 };
	struct go_func fn;
	struct table t;

	make(&t, 0xfffffff1);
	put(&t, at, value, len);
	return !pclntab_find(&p, &t.elf, TEXT + 20, &fn);
}

static void check_wrong(void)
{
	struct pclntab p = { 0 };
	struct go_func fn;
	struct table t;
	uint64_t d;

	ok(is_none(0, 0xfffffffb, 4) && is_none(0, 0xfffffffa, 4), "tables of older versions");
	ok(is_none(4, 1, 1) && is_none(6, 4, 1) && is_none(7, 4, 1), "of another machine");
	ok(is_none(8, 0, 8) && is_none(8, ~0ull, 8) && is_none(8, 60, 8), "counts");
	ok(is_none(64, ~0ull, 8) && is_none(32, RELA, 8) && is_none(56, ~0ull - 4, 8), "places");
	ok(is_none(24, DATA, 8) && is_none(24, TEXT + 1, 8) && is_none(24, ~0ull - 8, 8),
	   "what it is about is not code");
	ok(is_none(FUNCS + 12, ~0u, 4) && is_none(FUNCS + 12, 0, 4), "a function elsewhere");
	make(&t, 0xfffffff1);
	memset(t.bytes + PCTAB + 1, 0x80, FUNCS - PCTAB - 1);
	ok(pclntab_find(&p, &t.elf, TEXT + 20, &fn) &&
	   !pclntab_depth(&p, &t.elf, &fn, TEXT + 20, &d), "a number without an end");
	fn.pcsp = ~0u;
	ok(!pclntab_depth(&p, &t.elf, &fn, TEXT + 20, &d), "depths outside the table");
	fn.pcsp = 0;
	ok(!pclntab_depth(&p, &t.elf, &fn, TEXT + 20, &d), "no depths");
	make(&t, 0xfffffff1);
	put(&t, PCTAB + 3, 50, 1);
	fn.pcsp = 1;
	ok(!pclntab_depth(&p, &t.elf, &fn, TEXT + 20, &d), "a depth that is no multiple of 8");
	put(&t, PCTAB + 3, 49, 1);
	ok(!pclntab_depth(&p, &t.elf, &fn, TEXT + 20, &d), "a depth below 0");
}

/* Cut anywhere, it says nothing that the whole does not say. */
static void check_cut(void)
{
	unsigned int wrong = 0, found = 0;
	struct table t;

	make(&t, 0xfffffff1);
	for (size_t len = 0; len <= RELA; len++) {
		struct pclntab p = { 0 };
		struct go_func fn;
		uint64_t d;

		t.elf.gopclntab.size = len;
		if (!pclntab_find(&p, &t.elf, TEXT + 20, &fn))
			continue;
		found++;
		wrong += fn.entry != TEXT + 16 ||
			(pclntab_depth(&p, &t.elf, &fn, TEXT + 20, &d) && d != 24);
	}
	ok(found && !wrong, "a table that is cut");
}

/* What was left for want of work is looked for when there is more, and not before. */
static void check_work(void)
{
	struct pclntab p = { 0 }, q = { 0 };
	struct go_func fn;
	struct table t;

	make(&t, 0xfffffff1);
	t.elf.gopclntab.size = 0;
	t.elf.sections = false;
	work = (struct work){ .done = WORK_MAX, .since = clock_ns() };
	ok(!pclntab_find(&p, &t.elf, TEXT + 20, &fn) && p.left && work.said, "too much work");
	ok(!pclntab_find(&p, &t.elf, TEXT + 20, &fn) && p.left, "and still");
	work.since -= WORK_AGAIN_NS;
	ok(pclntab_find(&p, &t.elf, TEXT + 20, &fn) && !p.left, "as much again, later");
	work = (struct work){ .big = WORK_BIG_MAX, .since = clock_ns() };
	ok(pclntab_find(&q, &t.elf, TEXT + 20, &fn) && !q.left, "small ones are not kept waiting");
	ok(!work_may(WORK_SMALL, 1) && work_may(WORK_SMALL - 1, 1), "by the big ones");
	work = (struct work){ 0 };
}

int main(void)
{
	struct table t;

	make(&t, 0xfffffff0);
	check_all(&t, "Go 1.18");
	make(&t, 0xfffffff1);
	check_all(&t, "Go 1.20");
	check_places();
	check_wrong();
	check_cut();
	check_work();
	printf("1..%d\n", tests);
	return 0;
}
