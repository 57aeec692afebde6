/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/program.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/own.h"

#if defined(__x86_64__)
#define MACHINE EM_X86_64
#define MACHINE_32 EM_386
#else
#define MACHINE EM_AARCH64
#define MACHINE_32 EM_ARM
#endif

const char *program_machine(unsigned int machine)
{
	static const struct { unsigned int machine; const char *name; } names[] = {
		{ EM_X86_64, "x86-64" }, { EM_386, "i386" }, { EM_AARCH64, "aarch64" },
		{ EM_ARM, "arm" }, { EM_RISCV, "riscv" }, { EM_PPC64, "ppc64" },
		{ EM_S390, "s390" }, { EM_MIPS, "mips" }, { 258, "loongarch" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].machine == machine)
			return names[i].name;
	return NULL;
}

/* "#! /bin/sh -e\n": load_script(). A name that does not end within the head is none. */
void program_script(const char head[PROGRAM_HEAD], struct program *ret)
{
	size_t line = 2, from, len;

	while (line < PROGRAM_HEAD && head[line] && head[line] != '\n')
		line++;
	from = 2;
	while (from < line && (head[from] == ' ' || head[from] == '\t'))
		from++;
	len = 0;
	while (from + len < line && head[from + len] != ' ' && head[from + len] != '\t')
		len++;
	ret->kind = PROGRAM_NONE;
	if (!len || (line == PROGRAM_HEAD && from + len == line))
		return;
	memcpy(ret->interpreter, head + from, len);
	ret->interpreter[len] = '\0';
	ret->kind = PROGRAM_SCRIPT;
}

/* Exactly so many bytes. */
static bool read_at(int fd, uint64_t at, void *to, size_t len)
{
	char *p = to;

	while (len) {
		ssize_t n = at > INT64_MAX ? -1 : pread(fd, p, len, (off_t)at);

		if (n <= 0)
			return false;
		p += n;
		at += (uint64_t)n;
		len -= (size_t)n;
	}
	return true;
}

/* Where the interpreter's name is; 1: there is none. */
static int find_interpreter(const char *table, size_t count, bool wide, uint64_t *at, uint64_t *len)
{
	for (size_t i = 0; i < count; i++) {
		Elf64_Phdr p64;
		Elf32_Phdr p32;

		if (wide) {
			memcpy(&p64, table + i * sizeof(p64), sizeof(p64));
		} else {
			memcpy(&p32, table + i * sizeof(p32), sizeof(p32));
			p64 = (Elf64_Phdr){ .p_type = p32.p_type, .p_offset = p32.p_offset,
				.p_filesz = p32.p_filesz };
		}
		if (p64.p_type != PT_INTERP)
			continue;
		*at = p64.p_offset;
		*len = p64.p_filesz;
		return 0;
	}
	return 1;
}

static enum program_kind read_elf(int fd, uint64_t at, size_t size, size_t count, bool wide,
				  struct program *ret)
{
	static char table[PROGRAM_TABLE];
	size_t each = wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	uint64_t from, len;

	if (size != each || !count || count > PROGRAM_TABLE / each ||
	    !read_at(fd, at, table, count * each))
		return PROGRAM_NONE;
	if (find_interpreter(table, count, wide, &from, &len))
		return PROGRAM_ELF;
	if (len < 2 || len > sizeof(ret->interpreter) || !read_at(fd, from, ret->interpreter, len))
		return PROGRAM_NONE;
	return ret->interpreter[len - 1] ? PROGRAM_NONE : PROGRAM_ELF;
}

static enum program_kind take_elf(int fd, const char *head, struct program *ret)
{
	Elf64_Ehdr e;
	Elf32_Ehdr e32;

	memcpy(&e, head, sizeof(e));
	memcpy(&e32, head, sizeof(e32));
	ret->machine = e.e_machine;
	if (e.e_ident[EI_DATA] != ELFDATA2LSB)
		ret->machine = (uint16_t)(e.e_machine >> 8 | e.e_machine << 8);
	if (ret->machine != MACHINE && ret->machine != MACHINE_32)
		return PROGRAM_FOREIGN;
	if (e.e_type != ET_EXEC && e.e_type != ET_DYN)
		return PROGRAM_NONE;
	if (e.e_ident[EI_CLASS] == ELFCLASS64)
		return read_elf(fd, e.e_phoff, e.e_phentsize, e.e_phnum, true, ret);
	return read_elf(fd, e32.e_phoff, e32.e_phentsize, e32.e_phnum, false, ret);
}

void program_read(int fd, struct program *ret)
{
	char head[PROGRAM_HEAD] = { 0 };
	ssize_t n = pread(fd, head, sizeof(head), 0);

	ret->kind = n < 0 ? PROGRAM_UNREAD : PROGRAM_NONE;
	ret->machine = 0;
	ret->interpreter[0] = '\0';
	if (n >= 2 && head[0] == '#' && head[1] == '!')
		program_script(head, ret);
	else if (n >= (ssize_t)sizeof(Elf64_Ehdr) && !memcmp(head, ELFMAG, SELFMAG))
		ret->kind = take_elf(fd, head, ret);
	if (ret->kind != PROGRAM_SCRIPT && ret->kind != PROGRAM_ELF)
		ret->interpreter[0] = '\0';
}
