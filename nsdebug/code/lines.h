/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lines - file and line of addresses, and the functions that were inlined there, out of DWARF.
 *
 * It is read by own code (dwsec, dwinfo, dwline), not by libdw: that is told sizes and offsets by
 * the file, reads whole sections, and cannot be asked to stop; a hostile file would take the whole
 * answer with it. It also is half a megabyte where this is 20 KB, brings bz2 and looks for a
 * library to load; and that of Debian 12 (0.188) finds nothing inlined in what clang and rustc
 * write, which has no .debug_aranges. Here all that a file may cost is a purse, and one that is
 * empty leaves the frames without lines, which is said. Runs in the parser.
 *
 * The unit of an address is found by the code that the units say they are about, its line by the
 * unit's table, and what is inlined by the unit's entries, of which the innermost function is where
 * the line is. Where one of these is missing or makes no sense, what it says is left out.
 */
#ifndef NSDEBUG_CODE_LINES_H
#define NSDEBUG_CODE_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct elf;

#define LINES_PURSE (512ull << 20)	/* of all files; about a byte that is looked at */
#define LINES_FILE_PURSE (160ull << 20)	/* of one */
#define LINES_INLINED_MAX 128u		/* functions inlined into each other at one address */
#define LINES_BYTES_MAX (32u << 20)	/* of text, in all */
#define LINES_UNITS_MAX (1u << 18)

/* Where one is in a function. All text is in the arena. */
struct line_at {
	const char *function;	/* as in the file (mangled); NULL: not known */
	const char *file;	/* NULL: not known */
	size_t dir;		/* so many bytes of it are the directory it was compiled in */
	uint64_t line;		/* 0: not known */
};

struct line_want {
	uint64_t addr;		/* vaddr in the file */
	/* The innermost first; the last one is the function that has code of its own there. */
	struct line_at *at;
	size_t count;		/* 0: nothing is known */
	bool go;		/* it is from Go's tables (goline.h) */
};

struct lines {
	uint64_t spent;		/* of LINES_PURSE */
	size_t bytes;		/* of LINES_BYTES_MAX */
	bool said;		/* that something was left */
};

/* Of those wants that have none: ascending by addr. image is the file that is loaded; debug has the
 * debug information: the same, or its separate one. False: it has none. */
bool lines_find(struct lines *l, const struct elf *image, struct elf *debug,
		struct line_want *wants, size_t count, struct arena *a);

#endif
