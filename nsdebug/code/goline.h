/* SPDX-License-Identifier: Apache-2.0 */
/*
 * goline - file and line of addresses in Go's code, and the functions that were inlined there, out
 * of the tables that a stripped program keeps too.
 *
 * Format: Go's runtime/symtab.go (cutab, filetab, funcdata, pcdatavalue), internal/abi/symtab.go
 * and runtime/symtabinl.go (inlinedCall), Go 1.18 and later. A function's own tables say for each
 * instruction its file, its line and which entry of the function's tree of inlined calls it is in;
 * an entry names the function, and an instruction that is where it was called. These trees begin
 * at a word of runtime.moduledata whose place moved between versions: it is the one by which the
 * trees of some functions make sense. Where it is not found there are lines and no inlined
 * functions. Runs in the parser.
 */
#ifndef NSDEBUG_CODE_GOLINE_H
#define NSDEBUG_CODE_GOLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct elf;
struct line_want;
struct pclntab;

/* What is kept of a file between calls. Zero: nothing yet. */
struct goline {
	bool ready;
	uint64_t trees;			/* vaddr; 0: not known */
	uint64_t units, files;		/* in the table */
};

/* Fills those wants that are in Go's code. */
void goline_find(struct goline *g, struct pclntab *t, struct elf *f, struct line_want *wants,
		 size_t count, struct arena *a);

#endif
