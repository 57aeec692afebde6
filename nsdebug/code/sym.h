/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sym - names for addresses out of an ELF file's symbol tables.
 *
 * Many addresses are asked at once and the table is read through once, in pieces; only the names
 * of the winners are read. Nothing of the table is kept, so a table of any size costs no memory.
 *
 * A symbol names an address if its range holds it; of several the innermost, then functions before
 * unspecific ones, then the name that people write ("poll", not "__poll"). A symbol without a size
 * (assembler) names what follows it up to the next symbol.
 */
#ifndef NSDEBUG_CODE_SYM_H
#define NSDEBUG_CODE_SYM_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct elf;

#define SYM_COUNT_MAX 10000000u		/* symbols looked at in one table */
#define SYM_NAME_MAX 65536u		/* bytes of a name */
#define SYM_STRINGS_MAX (16u << 20)	/* bytes of a string table that names may lie in */

struct sym_want {
	uint64_t addr;		/* vaddr in the file */
	const char *name;	/* as in the file, in the arena; NULL: no symbol */
	uint64_t value;		/* where the symbol begins */
	/* of the search: */
	uint64_t size, name_at, bare, bare_at, ended;
	int rank;
};

/* wants is ascending by addr. Tries .symtab, then .dynsym for what is left. */
void sym_resolve(struct elf *f, struct sym_want *wants, size_t count, struct arena *a);

#endif
