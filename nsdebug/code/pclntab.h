/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pclntab - Go's own table of its functions, which a stripped program keeps: from an address to
 * the function, and to how far the stack pointer is below the return address there.
 *
 * Format: Go's runtime/symtab.go (pcHeader, _func, pcvalue) and internal/abi/symtab.go. Read are
 * Go 1.18 and 1.19 (magic 0xfffffff0) and Go 1.20 and later (0xfffffff1: startLine came before
 * funcID). Older ones count in addresses instead of offsets and are not read.
 *
 *   header   magic, 0, 0, 1 (bytes an instruction begins at), 8 (bytes of a pointer); then words:
 *            functions, files, address of the first instruction (moved by the loader where a
 *            program is loaded anywhere; 0 since Go 1.26, then runtime.moduledata says it), and
 *            where these begin in the table: names, units, files, pctab, functions
 *   functions  pairs of 32 bits, ascending: start, and where its struct _func is; one start more
 *            for the end of the last
 *   pctab    pairs of varints: a step of the value (zigzag), and for how many bytes it holds
 *
 * It is found by its section; where that has another name (no section headers, or binutils linked
 * the program to be loaded anywhere) by its first eight bytes. Addresses are virtual addresses of
 * the file. Every byte is a claim of the file: what does not fit is none, and what is too much work
 * (code/work.h) is left.
 */
#ifndef NSDEBUG_CODE_PCLNTAB_H
#define NSDEBUG_CODE_PCLNTAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf;

#define PCLNTAB_FUNCS_MAX (4u << 20)
#define PCLNTAB_STEPS_MAX 65536u	/* of one function's values */
#define PCLNTAB_NAME_MAX 4096u

struct pclntab {
	bool ready;
	bool left;			/* it was too much work to look for it (code/work.h) */
	unsigned int round;		/* of that work */
	uint64_t at, off, size;		/* of the table; size 0: there is none */
	uint64_t text, text_len;	/* the code that it is about */
	uint64_t count, names, pctab, funcs;
	unsigned int id_at;		/* where funcID is in struct _func */
};

struct go_func {
	uint64_t entry;
	uint64_t at;			/* of its struct _func in the table */
	uint64_t name;			/* where it is in the table */
	uint32_t pcsp;			/* 0: not Go's code, or it has no table */
	bool top;			/* nothing calls it: a stack ends here */
	bool moves;			/* it exchanges the stack, which depths do not tell */
};

struct go_wanted {
	const char *name;
	uint64_t entry, len;		/* len 0: not found */
};

/* The table is found at the first call. False: it is about another address, or there is none. */
bool pclntab_find(struct pclntab *t, struct elf *f, uint64_t vaddr, struct go_func *ret);
/* Functions by their names, the table being known (pclntab_find). */
void pclntab_named(const struct pclntab *t, struct elf *f, struct go_wanted *want, size_t count);
/* How far the stack pointer is below the return address. False: the table does not say. */
bool pclntab_depth(const struct pclntab *t, struct elf *f, const struct go_func *fn,
		   uint64_t vaddr, uint64_t *ret);
/* What one of the tables of a function (an offset in pctab) says of an instruction. */
bool pclntab_value(const struct pclntab *t, struct elf *f, const struct go_func *fn,
		   uint32_t table, uint64_t vaddr, int64_t *ret);
/* len bytes of the table. */
bool pclntab_get(const struct pclntab *t, struct elf *f, uint64_t at, void *to, size_t len);
/* Words of runtime.moduledata, if it is found: all of those that `words` has room for. */
bool pclntab_module(const struct pclntab *t, struct elf *f, uint64_t *words, size_t count);
/* "main.(*T).work". Its length, or -1. */
long pclntab_name(const struct pclntab *t, struct elf *f, const struct go_func *fn, char *to,
		  size_t room);

#endif
