/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cfi - from an address to its unwind entry, in one ELF file.
 *
 * The search table is the file's own (PT_GNU_EH_FRAME) where it has a usable one, else it is made
 * (fde_table). The unwinder reads either through cfi_image(): a made table stands at CFI_MADE_AT,
 * where no process has memory. An entry is given out only after fde_check().
 */
#ifndef NSDEBUG_CODE_CFI_H
#define NSDEBUG_CODE_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct elf;
struct fde_entry;

#define CFI_MADE_AT 0xf000000000000000ull	/* not canonical: never an address of x86_64 */

struct cfi {
	bool ready;
	bool left;		/* to make a table was too much work (code/work.h) */
	unsigned int round;	/* of that work */
	uint64_t base;		/* vaddr that the table is relative to */
	uint64_t table;		/* vaddr of its first entry, or CFI_MADE_AT */
	uint64_t count;		/* 0: the file has no unwind entries */
	struct fde_entry *made;
};

/* The table is found at the first call. False: no entry is for this vaddr. */
bool cfi_find(struct cfi *c, struct elf *f, uint64_t vaddr);
/* Where the piece of code begins that has the entry for this vaddr: a function mostly. */
bool cfi_begin(struct cfi *c, struct elf *f, uint64_t vaddr, uint64_t *ret);
/* What stands at an address of a made table. */
bool cfi_made(const struct cfi *c, uint64_t addr, void *to, size_t len);
void cfi_free(struct cfi *c);

#endif
