/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fde - entries of .eh_frame, found and looked over before the unwinder may have them.
 *
 * libunwind wants a sorted table to search (PT_GNU_EH_FRAME); Debian's `gcc -static` leaves none,
 * so fde_table() makes one by walking the section. And libunwind takes register numbers from an
 * entry without checking all of them, so fde_check() does. Format: LSB Core, "DWARF Extensions",
 * and DWARF 4, 6.4. All addresses here are virtual addresses of the file.
 */
#ifndef NSDEBUG_CODE_FDE_H
#define NSDEBUG_CODE_FDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf;

#define FDE_COUNT_MAX (4u << 20)
#define FDE_BYTES_MAX (1u << 20)	/* of one entry */

struct cie {
	uint64_t at;			/* where it was read from, + 1 */
	uint64_t code, end;		/* its instructions */
	uint8_t encoding;		/* of the pointers in its entries */
	bool augmented;			/* they have an augmentation of their own: 'z' */
	bool signal;			/* a signal trampoline: 'S' */
};

struct fde {
	uint64_t pc, len;		/* what it is about */
	uint64_t code, end;		/* its instructions */
	uint64_t next;			/* the entry behind it */
};

/* The entry at a virtual address. cie is the one read last, and kept if it is the same. */
bool fde_read(struct elf *f, uint64_t at, struct cie *cie, struct fde *ret);
/* Is the entry such that libunwind can be given it? */
bool fde_check(struct elf *f, uint64_t at);

/* As in a PT_GNU_EH_FRAME segment: both relative to the start of .eh_frame. */
struct fde_entry {
	int32_t pc, fde;
};

/* Sorted by pc; free() it. NULL if there is nothing, or *left: too much work (code/work.h). */
struct fde_entry *fde_table(struct elf *f, size_t *count, bool *left);

#endif
