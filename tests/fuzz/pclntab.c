/* SPDX-License-Identifier: Apache-2.0 */
/* A hostile table of Go's functions: by its section, and found by its first bytes. */
#include <elf.h>

#include "nsdebug/code/elf.h"
#include "nsdebug/code/pclntab.h"

#define AT 0x500000u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void ask(struct elf *f)
{
	struct pclntab t = { 0 };
	struct go_func fn;
	char name[64];
	uint64_t depth;

	for (uint64_t at = 0; at < 4096; at += 5) {
		if (!pclntab_find(&t, f, 0x401000 + at, &fn))
			continue;
		pclntab_depth(&t, f, &fn, 0x401000 + at, &depth);
		pclntab_name(&t, f, &fn, name, sizeof(name));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct elf_load loads[] = {
		{ .vaddr = 0x400000, .memsz = 0x10000, .exec = true },
		{ .vaddr = AT, .memsz = len, .filesz = len },
	};
	struct elf f = {
		.fd = -1, .bytes = bytes, .size = len, .machine = EM_X86_64, .sections = true,
		.loads = loads, .load_count = 2, .entry = 0x401000, .gopclntab = { AT, 0, len },
		.rela = { 0, 0, len },
	};

	ask(&f);
	f.gopclntab.size = 0;
	f.sections = false;
	ask(&f);
	return 0;
}
