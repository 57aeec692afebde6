/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hostile ELF file: its headers, symbols, names and unwind tables; and libunwind over what
 * fde_check() lets pass, with a stack of the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/code/names.h"
#include "nsdebug/code/snapshot.h"
#include "nsdebug/code/unwind.h"

#define AT 0x400000u
#define STACK_AT 0x7f0000000000ull

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void walk(struct process *p, const uint8_t *bytes, size_t len, uint64_t pc)
{
	struct thread t = {
		.how = HOW_BLOCKED, .stack = bytes, .stack_at = STACK_AT, .stack_len = len,
		.regs = { .known = 1u << REG_SP | 1u << REG_PC },
	};
	struct unwinder *u = unwinder_new(p);
	struct trace trace;
	struct names names;

	t.regs.value[REG_SP] = STACK_AT + len / 2;
	t.regs.value[REG_PC] = pc;
	unwind_thread(u, &t, 64, &trace);
	names_init(&names);
	names_find(&names, p, &trace, 1);
	names_free(&names);
	free(trace.frames);
	t.how = HOW_STOPPED;
	t.regs.known = (1u << REGS_COUNT) - 1;
	unwind_thread(u, &t, 64, &trace);
	free(trace.frames);
	unwinder_free(&u);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct module m = { .fd = -1, .bytes = bytes, .len = len };
	struct vma v = { .start = AT, .end = AT + (1u << 24), .read = true, .exec = true };
	struct module *of[] = { &m };
	struct process p = { .maps = { .items = &v, .count = 1 }, .modules = of };
	struct module *all[] = { &m };
	struct snapshot s = { .modules = all, .module_count = 1 };
	struct code *c = module_code(&m);

	for (size_t i = 0; c && i < c->elf.load_count && i < 4; i++) {
		const struct elf_load *l = &c->elf.loads[i];

		if (l->exec && !l->off)
			for (uint64_t at = 0; at < 4096; at += 256)
				walk(&p, bytes, len, AT + at);
	}
	modules_close(&s);
	return 0;
}
