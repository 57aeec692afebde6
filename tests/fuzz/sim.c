/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hostile code without unwind tables, and a stack: a word that says how much of the input is code,
 * the code, the stack, in which words that begin with 'C' stand for addresses in the code, those
 * with 'S' for such in the stack. Whatever it is, each stack ends, and goes up.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/code/snapshot.h"
#include "nsdebug/code/unwind.h"
#include "nsdebug/code/work.h"

#define TEXT 0x400000u
#define STACK_AT 0x7f0000000000ull
#define WORDS 512u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static uint64_t words[WORDS];

static size_t make_stack(const uint8_t *bytes, size_t len)
{
	size_t n = len / 3 < WORDS ? len / 3 : WORDS;

	for (size_t i = 0; i < n; i++) {
		const uint8_t *at = bytes + 3 * i;
		uint64_t low = at[1] | (uint64_t)at[2] << 8;

		words[i] = at[0] == 'C' ? TEXT + low : at[0] == 'S' ? STACK_AT + low : low;
	}
	return n;
}

static void walk(struct unwinder *u, const struct thread *t)
{
	struct trace r;

	unwind_thread(u, t, 64, &r);
	if (r.count > 64 || (!r.whole && !r.end[0]))
		abort();
	free(r.frames);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct elf_load load = { .vaddr = TEXT, .exec = true };
	struct code c = { .elf = { .fd = -1, .machine = EM_X86_64, .sections = true,
		.entry = TEXT, .loads = &load, .load_count = 1 } };
	struct module m = { .fd = -1, .code = &c };
	struct vma v = { .start = TEXT, .end = TEXT + 0x10000, .read = true, .exec = true };
	struct module *of[] = { &m };
	struct process p = { .maps = { .items = &v, .count = 1 }, .modules = of };
	struct thread t = { .how = HOW_STOPPED, .stack = (uint8_t *)words, .stack_at = STACK_AT,
		.regs = { .known = (1u << REGS_COUNT) - 1 } };
	struct unwinder *u;
	size_t code;

	if (len < 4)
		return 0;
	code = bytes[0] | (size_t)bytes[1] << 8;
	if (code > len - 4)
		code = len - 4;
	c.elf.bytes = bytes + 4;
	c.elf.size = load.filesz = load.memsz = code;
	work = (struct work){ 0 };
	t.stack_len = 8 * make_stack(bytes + 4 + code, len - 4 - code);
	u = unwinder_new(&p);
	for (int r = 0; r < REGS_COUNT; r++)
		t.regs.value[r] = TEXT + bytes[2] * (uint64_t)r;
	t.regs.value[REG_SP] = STACK_AT;
	t.regs.value[REG_BP] = STACK_AT + 8ull * bytes[3];
	t.regs.value[REG_PC] = TEXT + bytes[2];
	walk(u, &t);
	t.regs.known = 1u << REG_SP | 1u << REG_PC;
	walk(u, &t);
	unwinder_free(&u);
	return 0;
}
