/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elfhead - the head of an ELF file: for which machine it is and where its segments are. elf(5).
 *
 * Both classes and both byte orders are known; of the order that this machine has not, class,
 * machine and type alone. What a file states is not believed: what is not in it is not read, and
 * where its numbers lead is for who uses them to check.
 */
#ifndef NSDEBUG_SYS_ELFHEAD_H
#define NSDEBUG_SYS_ELFHEAD_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum elfhead_kind {
	ELFHEAD_GOOD,
	ELFHEAD_NONE,		/* no ELF magic at all */
	ELFHEAD_BROKEN,		/* it begins as one, and is none: cut, or of no known kind */
};

struct elfhead {
	unsigned int machine, type, bits;
	bool big_endian;		/* then the rest is zero */
	uint64_t entry, phoff, shoff;
	unsigned int phnum, phentsize, shnum, shentsize, shstrndx;
};

/* Of a file's first bytes; sizeof(Elf64_Ehdr) of them are enough. One that is cut behind e_machine
 * is broken, unless it is for another machine than this. */
enum elfhead_kind elfhead_parse(const void *bytes, size_t len, struct elfhead *ret);
/* The same of a file open for reading; *err: errno where it cannot be read, else 0. */
enum elfhead_kind elfhead_read(int fd, struct elfhead *ret, int *err);
/* A program header, as if it were of 64 bits; false: it is not in the file. */
bool elfhead_segment(int fd, const struct elfhead *h, unsigned int nr, Elf64_Phdr *ret);
/* Exactly so many bytes, or false. */
bool elfhead_get(int fd, uint64_t off, void *to, size_t len);

/* ---- machines ---- */

unsigned int elfhead_own(void);
/* Does the kernel run programs for it: the node's own, or its 32-bit kind? */
bool elfhead_runs_here(const struct elfhead *h);
/* "aarch64"; NULL: not one of the usual ones. */
const char *elfhead_machine(unsigned int machine);
/* "arm64", as image platforms call it, or "machine 243". */
const char *elfhead_platform(unsigned int machine, char *room, size_t len);

#endif
