/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile table of Go's functions, with its files, lines and trees of inlined calls. */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/code/elf.h"
#include "nsdebug/code/goline.h"
#include "nsdebug/code/lines.h"
#include "nsdebug/code/pclntab.h"
#include "nsdebug/code/work.h"

#define TEXT 0x400000u
#define AT 0x500000u
#define WANTS 64

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void ask(struct elf *f, struct goline *g)
{
	struct line_want wants[WANTS] = { 0 };
	auto_arena struct arena *a = arena_new();
	struct pclntab t = { 0 };

	for (unsigned int i = 0; i < WANTS; i++)
		wants[i].addr = TEXT + 0x1000 + 16 * i;
	work = (struct work){ 0 };
	goline_find(g, &t, f, wants, WANTS, a);
	for (unsigned int i = 0; i < WANTS; i++)
		for (size_t k = 0; k < wants[i].count; k++)
			if (wants[i].at[k].file && !wants[i].at[k].line)
				abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct elf_load loads[] = {
		{ .vaddr = TEXT, .memsz = 0x10000, .filesz = 0x10000, .exec = true },
		{ .vaddr = AT, .memsz = len, .filesz = len },
	};
	struct elf f = {
		.fd = -1, .bytes = bytes, .size = len, .machine = EM_X86_64, .sections = true,
		.loads = loads, .load_count = 2, .gopclntab = { AT, 0, len },
	};
	/* as if they had been found */
	struct goline found = { .ready = true, .trees = AT, .units = len / 4, .files = len / 2 };
	struct goline g = { 0 };

	ask(&f, &g);
	ask(&f, &found);
	return 0;
}
