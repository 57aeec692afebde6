/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile ELF file with debug information: what is found of it ends, and is text. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/code/elf.h"
#include "nsdebug/code/lines.h"
#include "nsdebug/code/work.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

#define WANTS 24

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct line_want wants[WANTS] = { 0 };
	auto_arena struct arena *a = arena_new();
	struct lines l = { .spent = LINES_PURSE - (4u << 20) };
	struct elf f;
	struct err e;

	work = (struct work){ 0 };
	if (elf_open_bytes(&f, bytes, len, &e) < 0)
		return 0;
	for (int i = 0; i < WANTS; i++)
		wants[i].addr = (f.load_count ? f.loads[0].vaddr : 0) + 0x1000u + 5u * (unsigned)i;
	lines_find(&l, &f, &f, wants, WANTS, a);
	for (int i = 0; i < WANTS; i++)
		for (size_t k = 0; k < wants[i].count; k++) {
			const struct line_at *at = &wants[i].at[k];

			if (at->file && (at->dir > strlen(at->file) || !at->line))
				abort();
		}
	elf_close(&f);
	return 0;
}
