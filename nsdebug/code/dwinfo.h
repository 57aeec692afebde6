/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dwinfo - .debug_info: units, and the entries (DIEs) in them. DWARF 2 to 5, section 7 of it.
 *
 * Only what names code is kept of an entry: the slots below. Forms that are not known end the
 * unit, as their size is not known either. What is in another file (.dwo, .gnu_debugaltlink) and
 * in type units is not read.
 */
#ifndef NSDEBUG_CODE_DWINFO_H
#define NSDEBUG_CODE_DWINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/code/dwsec.h"

#define DWINFO_ABBREVS_MAX 65536u
#define DWINFO_ATTRS_MAX (1u << 20)	/* of all abbreviations of a unit */

#define DW_TAG_inlined_subroutine 0x1d
#define DW_TAG_subprogram 0x2e

struct dwunit {
	uint64_t off, end, first;	/* in .debug_info; first: its first entry */
	uint64_t abbrevs;
	unsigned int version, address_size, offset_size;
	/* from its first entry: */
	uint64_t str_base, addr_base, rng_base, low;
};

enum dwslot {
	SLOT_SIBLING, SLOT_NAME, SLOT_STMT, SLOT_LOW, SLOT_HIGH, SLOT_DIR, SLOT_ORIGIN, SLOT_SPEC,
	SLOT_RANGES, SLOT_CALL_FILE, SLOT_CALL_LINE, SLOT_LINKAGE, SLOT_STR_BASE, SLOT_ADDR_BASE,
	SLOT_RNG_BASE, SLOTS
};

struct dwval {
	uint16_t form;
	uint64_t u;	/* as it stands there; of DW_FORM_string: where */
};

struct dwdie {
	uint64_t off, next;	/* next: behind its attributes */
	uint16_t tag;		/* 0: the end of some children */
	bool children;
	uint32_t has;		/* a bit for each slot */
	struct dwval v[SLOTS];
};

struct dwabbrev {
	uint64_t code;
	uint16_t tag;
	bool children;
	uint32_t first, count;	/* of attrs */
};

struct dwattr {
	uint16_t form;
	uint8_t slot;		/* SLOTS: none that is kept */
	int64_t value;		/* of DW_FORM_implicit_const */
};

/* The abbreviations of a unit, as far as they were read. */
struct dwabbrevs {
	bool ready;
	uint64_t at;
	struct dwabbrev *items;
	struct dwattr *attrs;
	size_t count, attr_count;
};

/* The unit at an offset, and its first entry. False: there is none that can be read; u->end is 0 if
 * there is nothing behind it either. */
bool dwunit_read(struct dwarf *d, uint64_t off, struct dwabbrevs *a, struct dwunit *u,
		 struct dwdie *root);
/* Abbreviations from an offset on, until one with this code; 0: all. */
bool dwabbrevs_read(struct dwarf *d, uint64_t at, uint64_t until, struct dwabbrevs *a);
void dwabbrevs_free(struct dwabbrevs *a);
/* The entry at an offset. False: it cannot be read. */
bool dwdie_read(struct dwarf *d, const struct dwunit *u, const struct dwabbrevs *a, uint64_t off,
		struct dwdie *ret);
static inline bool dwdie_has(const struct dwdie *die, enum dwslot slot)
{
	return die->has >> slot & 1;
}
/* Of a slot, what it says; not set if it has none. */
struct dwstr dwdie_str(struct dwarf *d, const struct dwunit *u, const struct dwdie *die,
		       enum dwslot slot);
/* Where in .debug_info a reference leads; 0: nowhere. */
uint64_t dwdie_ref(const struct dwunit *u, const struct dwdie *die, enum dwslot slot);
/* Tells each piece of the code that it is about. */
void dwdie_code(struct dwarf *d, const struct dwunit *u, const struct dwdie *die,
		void (*fn)(void *arg, uint64_t low, uint64_t high), void *arg);

/* ---- also what the tables of lines have ---- */

/* A value of a form; offset_size and address_size are those of the unit. */
bool dwval_read(struct dwcur *c, unsigned int form, unsigned int offset_size,
		unsigned int address_size, struct dwval *ret);
/* What it says, if it is text that is not found by its number; id: where the value stands. */
struct dwstr dwval_str(const struct dwval *v, enum dwsec_id id);

#endif
