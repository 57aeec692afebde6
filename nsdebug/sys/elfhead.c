/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/elfhead.h"

#include <errno.h>
#include <stdio.h>
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
#define HALVES 20u		/* up to e_machine: alike in both classes */

/* How the kernel calls them, and how images are labelled. */
static const struct {
	unsigned int machine;
	const char *name, *platform;
} machines[] = {
	{ EM_X86_64, "x86-64", "amd64" }, { EM_386, "i386", "386" },
	{ EM_AARCH64, "aarch64", "arm64" }, { EM_ARM, "arm", "arm" },
	{ EM_RISCV, "riscv", "riscv64" }, { EM_PPC64, "ppc64", "ppc64le" },
	{ EM_S390, "s390", "s390x" }, { EM_MIPS, "mips", "mips" },
	{ 258, "loongarch", "loong64" },
};

unsigned int elfhead_own(void)
{
	return MACHINE;
}

bool elfhead_runs_here(const struct elfhead *h)
{
	return !h->big_endian && (h->machine == MACHINE || h->machine == MACHINE_32);
}

const char *elfhead_machine(unsigned int machine)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (machines[i].machine == machine)
			return machines[i].name;
	return NULL;
}

const char *elfhead_platform(unsigned int machine, char *room, size_t len)
{
	for (size_t i = 0; i < ARRAY_SIZE(machines); i++)
		if (machines[i].machine == machine)
			return machines[i].platform;
	snprintf(room, len, "machine %u", machine);
	return room;
}

static unsigned int half(const unsigned char *p, bool big)
{
	return big ? (unsigned int)p[0] << 8 | p[1] : (unsigned int)p[1] << 8 | p[0];
}

#define TAKE(ret, from) do { \
	(ret)->entry = (from).e_entry; \
	(ret)->phoff = (from).e_phoff; \
	(ret)->shoff = (from).e_shoff; \
	(ret)->phnum = (from).e_phnum; \
	(ret)->phentsize = (from).e_phentsize; \
	(ret)->shnum = (from).e_shnum; \
	(ret)->shentsize = (from).e_shentsize; \
	(ret)->shstrndx = (from).e_shstrndx; \
} while (0)

static bool take_rest(const void *bytes, size_t len, struct elfhead *ret)
{
	Elf64_Ehdr h;
	Elf32_Ehdr h32;

	if (len < (ret->bits == 64 ? sizeof(h) : sizeof(h32)))
		return false;
	if (ret->bits == 64) {
		memcpy(&h, bytes, sizeof(h));
		TAKE(ret, h);
	} else {
		memcpy(&h32, bytes, sizeof(h32));
		TAKE(ret, h32);
	}
	return true;
}

enum elfhead_kind elfhead_parse(const void *bytes, size_t len, struct elfhead *ret)
{
	const unsigned char *p = bytes;

	*ret = (struct elfhead){ 0 };
	if (len < SELFMAG || memcmp(p, ELFMAG, SELFMAG) != 0)
		return ELFHEAD_NONE;
	if (len < HALVES || !p[EI_CLASS] || p[EI_CLASS] > ELFCLASS64 || !p[EI_DATA] ||
	    p[EI_DATA] > ELFDATA2MSB)
		return ELFHEAD_BROKEN;
	ret->bits = p[EI_CLASS] == ELFCLASS64 ? 64 : 32;
	ret->big_endian = p[EI_DATA] == ELFDATA2MSB;
	ret->type = half(p + 16, ret->big_endian);
	ret->machine = half(p + 18, ret->big_endian);
	if (!elfhead_runs_here(ret)) {
		if (!ret->big_endian)
			take_rest(bytes, len, ret);
		return ELFHEAD_GOOD;
	}
	return take_rest(bytes, len, ret) ? ELFHEAD_GOOD : ELFHEAD_BROKEN;
}

/* Up to so many; -1 with errno. */
static ssize_t read_some(int fd, uint64_t off, void *to, size_t len)
{
	size_t done = 0;

	while (done < len && off + done >= off && off + done <= INT64_MAX) {
		ssize_t n = pread(fd, (char *)to + done, len - done, (off_t)(off + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (!n)
			break;
		done += (size_t)n;
	}
	return (ssize_t)done;
}

enum elfhead_kind elfhead_read(int fd, struct elfhead *ret, int *err)
{
	unsigned char bytes[sizeof(Elf64_Ehdr)];
	ssize_t n = read_some(fd, 0, bytes, sizeof(bytes));

	*err = n < 0 ? errno : 0;
	return elfhead_parse(bytes, n < 0 ? 0 : (size_t)n, ret);
}

bool elfhead_get(int fd, uint64_t off, void *to, size_t len)
{
	return read_some(fd, off, to, len) == (ssize_t)len;
}

bool elfhead_segment(int fd, const struct elfhead *h, unsigned int nr, Elf64_Phdr *ret)
{
	size_t size = h->bits == 64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr);
	uint64_t at = h->phoff + nr * (uint64_t)size;
	Elf32_Phdr p;

	if (nr >= h->phnum || h->phentsize != size || at < h->phoff)
		return false;
	if (h->bits == 64)
		return elfhead_get(fd, at, ret, sizeof(*ret));
	if (!elfhead_get(fd, at, &p, sizeof(p)))
		return false;
	*ret = (Elf64_Phdr){
		.p_type = p.p_type, .p_flags = p.p_flags, .p_offset = p.p_offset,
		.p_vaddr = p.p_vaddr, .p_filesz = p.p_filesz, .p_memsz = p.p_memsz,
		.p_align = p.p_align,
	};
	return true;
}
