/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dwline - .debug_line: from addresses of a unit to file and line. DWARF 2 to 5, section 6.2.
 *
 * The table is a program, which is run once for all addresses of the unit; no row of it is kept.
 * It ends with its bytes: nothing in it repeats.
 */
#ifndef NSDEBUG_CODE_DWLINE_H
#define NSDEBUG_CODE_DWLINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/code/dwinfo.h"

struct buf;

#define DWLINE_FILES_MAX 65536u		/* of one table; as many directories */

struct dwline_want {
	uint64_t addr;
	bool found;
	uint64_t file, line;	/* line 0: the compiler made it */
};

struct dwline_file {
	struct dwstr name;
	uint64_t dir;
};

/* Zero: no table. */
struct dwline {
	struct dwarf *d;
	unsigned int version, offset_size, address_size;
	uint64_t program, end;	/* in .debug_line */
	unsigned int least, line_range, opcode_base;
	int line_base;
	uint8_t operands[256];	/* of standard opcodes */
	struct dwline_file *files, *dirs;
	size_t file_count, dir_count;
};

bool dwline_open(struct dwline *l, struct dwarf *d, const struct dwunit *u, uint64_t at);
/* Ascending by addr. A sequence counts only if `is_code` is true of where it begins. */
void dwline_find(struct dwline *l, struct dwline_want *wants, size_t count,
		 bool (*is_code)(void *arg, uint64_t addr), void *arg);
/* The path of a file instead of what is in b, beginning with dir (the unit's) if it is relative;
 * false: it has no such file. */
bool dwline_path(struct dwline *l, uint64_t file, const char *dir, struct buf *b);
void dwline_close(struct dwline *l);

#endif
