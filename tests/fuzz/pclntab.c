/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile table of Go's functions: by its section, and found by its first bytes; and stacks of
 * the same bytes, walked by it.
 */
#include <elf.h>
#include <stdlib.h>

#include "nsdebug/code/pclntab.h"
#include "nsdebug/code/snapshot.h"
#include "nsdebug/code/unwind.h"
#include "nsdebug/code/work.h"

#define TEXT 0x400000u
#define AT 0x500000u
#define STACK_AT 0x7f0000000000ull

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void ask(struct code *c)
{
	struct go_func fn;
	char name[64];
	uint64_t depth;

	for (uint64_t at = 0; at < 1024; at += 5) {
		if (!pclntab_find(&c->go, &c->elf, TEXT + 0x1000 + at, &fn))
			continue;
		pclntab_depth(&c->go, &c->elf, &fn, TEXT + 0x1000 + at, &depth);
		pclntab_name(&c->go, &c->elf, &fn, name, sizeof(name));
	}
}

static void walk(struct code *c, const uint8_t *bytes, size_t len)
{
	struct module m = { .fd = -1, .code = c };
	struct vma v = { .start = TEXT, .end = AT, .read = true, .exec = true };
	struct module *of[] = { &m };
	struct process p = { .maps = { .items = &v, .count = 1 }, .modules = of };
	struct thread t = {
		.how = HOW_BLOCKED, .stack = bytes, .stack_at = STACK_AT, .stack_len = len,
		.regs = { .known = 1u << REG_SP | 1u << REG_PC },
	};
	struct unwinder *u = unwinder_new(&p);
	struct trace trace;

	t.regs.value[REG_SP] = STACK_AT + (len / 2 & ~7ull);
	for (uint64_t at = 0; at < 256; at += 37) {
		t.regs.value[REG_PC] = TEXT + 0x1000 + at;
		unwind_thread(u, &t, 64, &trace);
		free(trace.frames);
	}
	unwinder_free(&u);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct elf_load loads[] = {
		{ .vaddr = TEXT, .memsz = 0x10000, .filesz = 0x10000, .exec = true },
		{ .vaddr = AT, .memsz = len, .filesz = len },
	};
	struct code c = { .elf = {
		.fd = -1, .bytes = bytes, .size = len, .machine = EM_X86_64, .sections = true,
		.loads = loads, .load_count = 2,
		.gopclntab = { AT, 0, len }, .rela = { 0, 0, len },
	} };

	work = (struct work){ 0 };
	ask(&c);
	walk(&c, bytes, len);
	c.go = (struct pclntab){ 0 };
	c.elf.gopclntab.size = 0;
	c.elf.sections = false;
	ask(&c);
	return 0;
}
