/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dwsec - the debug sections of an ELF file, as bytes that a target wrote.
 *
 * They are read in small windows through the file's cache, whatever their size; those that are
 * compressed (SHF_COMPRESSED, zlib) are unpacked, if they are not too big, when the first byte is
 * asked for. Every byte that is gone through is paid from a purse of the file's (struct dwarf), so
 * that nothing in there lasts: when it is empty, `left` is set and every read fails.
 */
#ifndef NSDEBUG_CODE_DWSEC_H
#define NSDEBUG_CODE_DWSEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf;

#define DWSEC_WINDOW 4096u
#define DWSEC_UNPACKED_MAX (128u << 20)	/* bytes of all sections of a file */

enum dwsec_id {
	DW_INFO, DW_ABBREV, DW_LINE, DW_STR, DW_LINE_STR, DW_STR_OFFSETS, DW_ADDR, DW_RANGES,
	DW_RNGLISTS, DW_SECTIONS
};

struct dwsec {
	uint64_t off, size;	/* of its bytes; off: in the file, if they are not unpacked */
	uint64_t packed;	/* bytes of the file that it is packed into; 0: it is not */
	bool tried;		/* to unpack it */
	uint8_t *bytes;		/* unpacked; owned */
	uint64_t win_at;
	size_t win_len;
	uint8_t win[DWSEC_WINDOW];
};

struct dwarf {
	struct elf *f;
	struct dwsec s[DW_SECTIONS];
	uint64_t purse;		/* what is left of it; about a byte that is looked at */
	uint64_t unpacked;
	bool left;		/* something was too much */
};

/* Somewhere in a section: reads fail at `end`, and from the first failure on. */
struct dwcur {
	struct dwarf *d;
	enum dwsec_id id;
	uint64_t at, end;
	bool bad;
};

/* A string: in a section, where it ends with a NUL. */
struct dwstr {
	bool set;
	enum dwsec_id id;
	uint64_t at;
};

/* False: the file has no debug information, or no lines. f stays the caller's. */
bool dwarf_open(struct dwarf *d, struct elf *f, uint64_t purse);
void dwarf_close(struct dwarf *d);
bool dwarf_may(struct dwarf *d, uint64_t cost);

struct dwcur dwcur_at(struct dwarf *d, enum dwsec_id id, uint64_t at, uint64_t end);
/* All of these are 0 when they fail. */
uint64_t dwcur_u(struct dwcur *c, unsigned int bytes);	/* 1 to 8 */
uint64_t dwcur_uleb(struct dwcur *c);
int64_t dwcur_sleb(struct dwcur *c);
/* A length of a unit: 32 bits, or 64 after an escape. */
uint64_t dwcur_length(struct dwcur *c, unsigned int *offset_size);
void dwcur_skip(struct dwcur *c, uint64_t bytes);
void dwcur_skip_str(struct dwcur *c);
/* Its length, cut at room - 1; 0 if there is none. */
size_t dwstr_read(struct dwarf *d, struct dwstr s, char *to, size_t room);

#endif
