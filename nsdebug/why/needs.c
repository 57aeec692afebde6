/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/needs.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"

#define SEGMENTS_MAX 256
#define ENTRIES_MAX 1024	/* of a dynamic table; of a large program 150 */

struct segment {
	uint64_t vaddr, off, size;
};

struct file {
	int fd;
	bool wide;		/* 64 bits */
	struct segment loads[SEGMENTS_MAX];
	size_t nloads;
	struct segment dynamic;
	size_t text;		/* that is kept of it */
	bool cut;		/* some is not */
	struct arena *a;
};

static bool get(const struct file *f, uint64_t off, void *to, size_t len)
{
	size_t done = 0;

	while (done < len && off + done >= off && off + done <= INT64_MAX) {
		ssize_t n = pread(f->fd, (char *)to + done, len - done, (off_t)(off + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		done += (size_t)n;
	}
	return done == len;
}

/* A string that ends within `max` bytes, if there is still room for it. */
static const char *string(struct file *f, uint64_t off, uint64_t max)
{
	char text[NEEDS_WORD_MAX];
	ssize_t n;

	if (off > INT64_MAX)
		return NULL;
	n = pread(f->fd, text, max < sizeof(text) ? (size_t)max : sizeof(text), (off_t)off);
	if (n > 0 && !text[0])
		return NULL;
	if (n <= 0 || !memchr(text, '\0', (size_t)n) ||
	    f->text + strlen(text) > NEEDS_TEXT_MAX) {
		f->cut = true;
		return NULL;
	}
	f->text += strlen(text);
	return arena_dup(f->a, text, strlen(text));
}

static bool segment(const struct file *f, uint64_t off, Elf64_Phdr *ret)
{
	Elf32_Phdr p;

	if (f->wide)
		return get(f, off, ret, sizeof(*ret));
	if (!get(f, off, &p, sizeof(p)))
		return false;
	*ret = (Elf64_Phdr){
		.p_type = p.p_type, .p_offset = p.p_offset, .p_vaddr = p.p_vaddr,
		.p_filesz = p.p_filesz,
	};
	return true;
}

static void read_segments(struct file *f, struct needs *n, uint64_t off, unsigned int count)
{
	Elf64_Phdr p;

	for (unsigned int i = 0; i < count && i < SEGMENTS_MAX; i++) {
		uint64_t at = off + i * (f->wide ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr));

		if (at < off || !segment(f, at, &p))
			return;
		if (p.p_type == PT_INTERP && !n->interp)
			n->interp = string(f, p.p_offset, p.p_filesz);
		else if (p.p_type == PT_LOAD)
			f->loads[f->nloads++] =
				(struct segment){ p.p_vaddr, p.p_offset, p.p_filesz };
		else if (p.p_type == PT_DYNAMIC)
			f->dynamic = (struct segment){ p.p_vaddr, p.p_offset, p.p_filesz };
	}
}

/* Where in the file a virtual address is, and how much of its segment follows. */
static bool place(const struct file *f, uint64_t vaddr, uint64_t *off, uint64_t *left)
{
	for (size_t i = 0; i < f->nloads; i++) {
		const struct segment *s = &f->loads[i];

		if (vaddr < s->vaddr || vaddr - s->vaddr >= s->size)
			continue;
		*off = s->off + (vaddr - s->vaddr);
		*left = s->size - (vaddr - s->vaddr);
		return *off >= s->off;
	}
	return false;
}

static bool entry(const struct file *f, uint64_t nr, int64_t *tag, uint64_t *value)
{
	Elf64_Dyn d;
	Elf32_Dyn d32;

	if (f->wide) {
		if (!get(f, f->dynamic.off + nr * sizeof(d), &d, sizeof(d)))
			return false;
		*tag = d.d_tag;
		*value = d.d_un.d_val;
		return true;
	}
	if (!get(f, f->dynamic.off + nr * sizeof(d32), &d32, sizeof(d32)))
		return false;
	*tag = d32.d_tag;
	*value = d32.d_un.d_val;
	return true;
}

static void take_entry(struct file *f, struct needs *n, int64_t tag, uint64_t off,
		       uint64_t left, uint64_t value)
{
	const char *text = value < left ? string(f, off + value, left - value) : NULL;

	if (tag == DT_RPATH)
		n->rpath = text;
	else if (tag == DT_RUNPATH)
		n->runpath = text;
	else if (!text || n->nlibs == NEEDS_LIBS_MAX)
		n->cut = true;
	else
		n->libs[n->nlibs++] = text;
}

static void read_dynamic(struct file *f, struct needs *n)
{
	size_t size = f->wide ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn);
	uint64_t count = f->dynamic.size / size, strings = 0, off, left, value;
	int64_t tag;

	if (count > ENTRIES_MAX) {
		count = ENTRIES_MAX;
		n->cut = true;
	}
	for (uint64_t i = 0; i < count && entry(f, i, &tag, &value) && tag != DT_NULL; i++)
		if (tag == DT_STRTAB)
			strings = value;
	if (!place(f, strings, &off, &left)) {
		n->cut |= count > 0;
		return;
	}
	for (uint64_t i = 0; i < count && entry(f, i, &tag, &value) && tag != DT_NULL; i++)
		if (tag == DT_NEEDED || tag == DT_RPATH || tag == DT_RUNPATH)
			take_entry(f, n, tag, off, left, value);
	n->cut |= f->cut;
}

static uint16_t half(const unsigned char *p, bool big)
{
	return (uint16_t)(big ? p[0] << 8 | p[1] : p[1] << 8 | p[0]);
}

void needs_read(int fd, struct needs *n, struct arena *a)
{
	struct file f = { .fd = fd, .a = a };
	unsigned char id[20];
	uint16_t type;
	Elf64_Ehdr h;
	Elf32_Ehdr h32;

	*n = (struct needs){ .kind = NEEDS_NOT_ELF };
	if (!get(&f, 0, id, SELFMAG) || memcmp(id, ELFMAG, SELFMAG) != 0)
		return;
	n->kind = NEEDS_BROKEN;
	if (!get(&f, 0, id, sizeof(id)) || !id[EI_CLASS] || id[EI_CLASS] > ELFCLASS64 ||
	    !id[EI_DATA] || id[EI_DATA] > ELFDATA2MSB)
		return;
	f.wide = id[EI_CLASS] == ELFCLASS64;
	n->bits = f.wide ? 64 : 32;
	n->big_endian = id[EI_DATA] == ELFDATA2MSB;
	n->machine = half(id + 18, n->big_endian);
	type = half(id + 16, n->big_endian);
	if (n->big_endian || !needs_runs_here(n->machine)) {
		n->kind = NEEDS_OTHER_MACHINE;
		return;
	}
	if (f.wide ? !get(&f, 0, &h, sizeof(h)) : !get(&f, 0, &h32, sizeof(h32)))
		return;
	read_segments(&f, n, f.wide ? h.e_phoff : h32.e_phoff, f.wide ? h.e_phnum : h32.e_phnum);
	if ((type != ET_EXEC && type != ET_DYN) || !f.nloads)
		return;
	n->kind = NEEDS_ELF;
	read_dynamic(&f, n);
}

unsigned int needs_own_machine(void)
{
#if defined(__x86_64__)
	return EM_X86_64;
#else
	return EM_AARCH64;
#endif
}

bool needs_runs_here(unsigned int machine)
{
	return machine == needs_own_machine() ||
		machine == (needs_own_machine() == EM_X86_64 ? EM_386 : EM_ARM);
}

const char *needs_machine(unsigned int machine, char *room, size_t len)
{
	static const struct { unsigned int machine; const char *name; } names[] = {
		{ EM_X86_64, "amd64" }, { EM_AARCH64, "arm64" }, { EM_386, "386" },
		{ EM_ARM, "arm" }, { EM_RISCV, "riscv64" }, { EM_PPC64, "ppc64le" },
		{ EM_S390, "s390x" }, { EM_MIPS, "mips" }, { 258, "loong64" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i].machine == machine)
			return names[i].name;
	snprintf(room, len, "machine %u", machine);
	return room;
}
