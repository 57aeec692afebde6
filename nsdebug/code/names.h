/* SPDX-License-Identifier: Apache-2.0 */
/*
 * names - what the frames of a process are called: each address once, each file's symbols once.
 *
 * A frame's name is that of the instruction that is being executed: of pc - 1 for a return address
 * (the call may be the last instruction of its function), of pc itself for the thread's own and
 * for an interrupted one. Runs in the parser.
 */
#ifndef NSDEBUG_CODE_NAMES_H
#define NSDEBUG_CODE_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "nsdebug/base/map.h"
#include "nsdebug/code/unwind.h"

struct arena;
struct line_at;
struct lines;

struct name {
	uint64_t pc;
	struct module *module;	/* NULL: in no file */
	uint64_t at;		/* pc as the file counts: its virtual address */
	uint64_t lookup;	/* what is looked up; same count */
	const char *function;	/* demangled; NULL: no symbol, then offset is `at` */
	uint64_t offset;	/* of pc in the function */
	bool left;		/* to look it up was too much work (code/work.h) */
	unsigned int round;	/* of that work */
	const char *source;	/* where that is from: "symtab", "dynsym", ... */
	const char *build_id;	/* of the module, or NULL */
	/* Where in the source: what is inlined there, innermost first, then the function itself,
	 * whose name is not said again. None: not known, or not asked for. */
	struct line_at *places;
	size_t place_count;
	const char *line_source;	/* where names of what is inlined are from */
	/* "0x00007f52a1c2... poll+0x4f (libc.so.6)", "0x... app+0x1234 (build-id 0123abcd)" */
	struct bytes text;
};

struct names {
	struct arena *arena;
	struct map by_pc;
	struct name **items;	/* those not looked up yet */
	size_t count;
	struct map stacks;	/* of frames.h, those that may come again */
	size_t kept;		/* frames of them */
	struct debugfiles *files;	/* whom to ask for debug files, or NULL */
	struct lines *lines;		/* not NULL: lines too, and what is inlined */
};

void names_init(struct names *n);
/* Resolves all frames of the traces; those of other processes belong into another struct. */
void names_find(struct names *n, const struct process *p, const struct trace *traces,
		size_t count);
const struct name *names_get(const struct names *n, const struct frame *f);
void names_free(struct names *n);

#endif
