/* SPDX-License-Identifier: Apache-2.0 */
/*
 * elf - an ELF file of a target, read with pread(2) and never believed.
 *
 * Of a file it wants little: where it is loaded, where its unwind tables, symbols and build id
 * are. libelf would read whole sections into memory at sizes that the file states, which is what a
 * hostile file states wrongly; here every read names its length, fails short of the end, and goes
 * through a block cache with one budget for all files (ELF_CACHE_MAX). Nothing is mapped: a file
 * that is cut while we read gives short reads, not SIGBUS.
 *
 * Only little-endian ELF64: what the unwinder can walk. Others are refused with their class named.
 */
#ifndef NSDEBUG_CODE_ELF_H
#define NSDEBUG_CODE_ELF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "nsdebug/base/map.h"

struct err;

extern uint64_t elf_taken;		/* bytes asked of files, whatever was in the cache aside */

#define ELF_CACHE_MAX (96u << 20)	/* bytes of cached blocks, all files together */
#define ELF_LOADS_MAX 128		/* a program has four to ten */
#define ELF_SECTIONS_MAX 65535

struct elf_load {
	uint64_t vaddr, off, filesz, memsz;
	bool write, exec;
};

struct elf_section {
	uint64_t vaddr, off, size;	/* size 0: there is none */
};

struct elf {
	int fd;				/* not owned; -1: bytes */
	const uint8_t *bytes;
	uint64_t size;			/* of bytes */
	uint16_t type, machine;
	uint64_t entry;			/* vaddr where a program begins */
	struct elf_load *loads;
	size_t load_count;
	struct elf_section eh_frame_hdr;	/* the program header's word */
	bool sections;			/* it has section headers */
	bool go;			/* and one of them is of Go */
	struct elf_section eh_frame, symtab, strtab, dynsym, dynstr, rela, gopclntab;
	struct elf_section debugdata, debuglink;	/* .gnu_debugdata, .gnu_debuglink */
	char build_id[129];		/* hexadecimal, or "" */
	struct map blocks;
	uint64_t last;			/* block that was read last, + 1 */
	void *last_block;
};

struct elf_named {
	const char *name;		/* to look for */
	struct elf_section at;
	bool packed;			/* SHF_COMPRESSED: Elf64_Chdr, then the bytes */
};

/* fd stays the caller's and must stay open. -1 with *e if it is not an ELF64 file. */
int elf_open(struct elf *f, int fd, struct err *e);
int elf_open_bytes(struct elf *f, const void *bytes, size_t len, struct err *e);
void elf_close(struct elf *f);
/* Sections by name, of those that are not loaded: fills `at` where there is one. */
void elf_sections(struct elf *f, struct elf_named *want, size_t count);

/* Exactly len bytes at an offset of the file, or false. */
bool elf_read(struct elf *f, uint64_t off, void *to, size_t len);
/* Up to len bytes, past the cache: for going once through something big. */
size_t elf_stream(struct elf *f, uint64_t off, void *to, size_t len);
/* A string of the file, cut at room - 1 bytes: its length, or -1 if it has no end below `end`. */
long elf_string(struct elf *f, uint64_t off, uint64_t end, char *to, size_t room);

/* The segment that holds len bytes at a virtual address, or NULL. */
const struct elf_load *elf_load_at(const struct elf *f, uint64_t vaddr, size_t len);
/* What the loader put at a virtual address, before relocation. */
bool elf_image(struct elf *f, uint64_t vaddr, void *to, size_t len);

/*
 * How far the file was moved (address - vaddr) where addr is, from the executable mapping that it
 * is in. It is taken from an executable segment: lld's segments share pages of the file and differ
 * in vaddr - offset.
 */
bool elf_bias(const struct elf *f, uint64_t start, uint64_t offset, uint64_t addr, uint64_t *ret);

#endif
