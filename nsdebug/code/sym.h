/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sym - names for addresses out of an ELF file's symbol tables.
 *
 * Many addresses are asked at once and the table is read through once, in pieces; only the names
 * of the winners are read. Nothing of the table is kept, so a table of any size costs no memory;
 * one that is too much work (code/work.h) names nothing.
 *
 * A symbol names an address if its range holds it; of several the innermost, then functions before
 * unspecific ones, then the name that people write ("poll", not "__poll"). A symbol without a size
 * (assembler) names what follows it up to the next symbol.
 */
#ifndef NSDEBUG_CODE_SYM_H
#define NSDEBUG_CODE_SYM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct elf;

#define SYM_COUNT_MAX 10000000u		/* symbols looked at in one table */
#define SYM_NAME_MAX 65536u		/* bytes of a name */
#define SYM_STRINGS_MAX (16u << 20)	/* bytes of a string table that names may lie in */

struct sym_table;

struct sym_name {
	const struct sym_table *of;	/* NULL: none */
	uint64_t at;			/* in its file */
};

struct sym_want {
	uint64_t addr;		/* vaddr in the file */
	const char *name;	/* as in the file, in the arena; NULL: no symbol */
	const char *source;	/* which table that was */
	uint64_t value;		/* where the symbol begins */
	/* of the search: */
	uint64_t size, bare, ended;
	struct sym_name at, bare_at;
	int rank;
};

struct sym_table {
	struct elf *f;
	bool dynamic;		/* .dynsym, else .symtab */
	bool partial;		/* some functions have no symbol in it */
	const char *source;	/* what to say of names that come from here */
};

/*
 * Names those of the wants that have none yet, from the best symbol of all these tables. wants is
 * ascending by addr; image is the file that is loaded, whose segments say what is code.
 */
void sym_look(const struct elf *image, const struct sym_table *tables, size_t ntables,
	      struct sym_want *wants, size_t count, struct arena *a);
/* Is there one without a name? */
bool sym_left(const struct sym_want *wants, size_t count);

#endif
