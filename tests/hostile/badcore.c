/* SPDX-License-Identifier: Apache-2.0 */
/*
 * badcore KIND FILE: an ELF core that nobody's process left.
 *
 *	good		one thread, one mapping with its stack, a vdso, a file
 *	notes		a gigabyte of notes of nothing, as a hole
 *	threads		70000 threads, all of the same stack
 *	segments	a million program headers (PN_XNUM)
 *	overlap		segments over each other, and around the end of addresses
 *	sizes		a segment and a note that say they are of 2^62 bytes
 *	files		NT_FILE with a count that does not fit, and paths to where nobody should go
 */
#include <elf.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/procfs.h>
#include <unistd.h>

#define STACK 0x7ffc00000000ull
#define CODE 0x400000ull

static FILE *out;
static Elf64_Phdr heads[8];
static size_t nheads;
static char notes[65536];
static size_t notes_len;
static long notes_at = 1024;

static void note(const char *name, unsigned int type, const void *bytes, size_t len)
{
	Elf64_Nhdr n = { (Elf64_Word)strlen(name) + 1, (Elf64_Word)len, type };

	memcpy(notes + notes_len, &n, sizeof(n));
	memcpy(notes + notes_len + sizeof(n), name, n.n_namesz);
	notes_len += sizeof(n) + ((n.n_namesz + 3) & ~3u);
	memcpy(notes + notes_len, bytes, len);
	notes_len += (len + 3) & ~3u;
}

static void thread(int tid)
{
	struct elf_prstatus st = { .pr_pid = tid };
	unsigned long *regs = (unsigned long *)&st.pr_reg;

	regs[16] = CODE + 0x100;	/* rip */
	regs[19] = STACK + 0x800;	/* rsp */
	note("CORE", NT_PRSTATUS, &st, sizeof(st));
}

static void head(unsigned int type, unsigned long off, unsigned long addr, unsigned long file,
		 unsigned long mem)
{
	heads[nheads++] = (Elf64_Phdr){ .p_type = type, .p_offset = off, .p_vaddr = addr,
		.p_filesz = file, .p_memsz = mem, .p_flags = PF_R | PF_X };
}

/* Bytes that a vdso may look like: an ELF header alone. */
static void put_page(long at)
{
	Elf64_Ehdr h = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_DYN, .e_machine = EM_X86_64, .e_phentsize = sizeof(Elf64_Phdr) };

	fseek(out, at, SEEK_SET);
	fwrite(&h, sizeof(h), 1, out);
}

static void put_all(unsigned int count, int many)
{
	Elf64_Ehdr h = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_CORE, .e_machine = EM_X86_64, .e_version = EV_CURRENT,
		.e_phoff = sizeof(h), .e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = (Elf64_Half)count };
	Elf64_Shdr s = { .sh_info = count };

	if (many) {
		h.e_phnum = PN_XNUM;
		h.e_shoff = 256;
		h.e_phoff = 512;
		h.e_shnum = 1;
		h.e_shentsize = sizeof(s);
	}
	fseek(out, 0, SEEK_SET);
	fwrite(&h, sizeof(h), 1, out);
	if (many) {
		fseek(out, 256, SEEK_SET);
		fwrite(&s, sizeof(s), 1, out);
	}
	fseek(out, (long)h.e_phoff, SEEK_SET);
	fwrite(heads, sizeof(*heads), nheads, out);
	fseek(out, notes_at, SEEK_SET);
	fwrite(notes, 1, notes_len, out);
}

static void files(unsigned long count, const char *path)
{
	unsigned long word[64] = { count, 4096, CODE, CODE + 0x1000, 0, CODE + 0x1000,
		CODE + 0x2000, 0 };

	snprintf((char *)&word[8], 256, "%s%c/dev/zero", path, 0);
	note("CORE", NT_FILE, word, 320);
}

static void good(void)
{
	Elf64_auxv_t a[2] = { { AT_SYSINFO_EHDR, { CODE } }, { AT_NULL, { 0 } } };
	struct elf_prpsinfo i = { .pr_pid = 7, .pr_fname = "bad\033[2Jcore" };

	thread(7);
	note("CORE", NT_PRPSINFO, &i, sizeof(i));
	note("CORE", NT_AUXV, a, sizeof(a));
	head(PT_NOTE, 1024, 0, notes_len, 0);
	head(PT_LOAD, 8192, CODE, 4096, 4096);
	head(PT_LOAD, 12288, STACK, 4096, 4096);
}

/* As much as it takes, one after the other. */
static void many_threads(void)
{
	good();
	heads[0].p_filesz = 0;
	heads[0].p_offset = 1 << 20;
	for (int tid = 1; tid <= 70000; tid++) {
		notes_len = 0;
		thread(tid);
		fseek(out, (1 << 20) + (long)heads[0].p_filesz, SEEK_SET);
		fwrite(notes, 1, notes_len, out);
		heads[0].p_filesz += notes_len;
	}
	notes_len = 0;
}

static void many_segments(void)
{
	Elf64_Phdr p = { .p_type = PT_LOAD, .p_flags = PF_R | PF_X, .p_memsz = 4096 };

	good();
	notes_at = 64 << 20;
	heads[0].p_offset = 64 << 20;
	for (unsigned long i = 0; i < 1000000; i++) {
		p.p_vaddr = 0x10000000ul + i * 4096;
		fseek(out, (long)(512 + (3 + i) * sizeof(p)), SEEK_SET);
		fwrite(&p, sizeof(p), 1, out);
	}
}

int main(int argc, char **argv)
{
	const char *kind = argc > 2 ? argv[1] : "";
	unsigned int count = 0;

	out = argc > 2 ? fopen(argv[2], "w+") : NULL;
	if (!out || ftruncate(fileno(out), 16384) < 0)
		return 1;
	put_page(8192);
	if (!strcmp(kind, "threads"))
		many_threads();
	else if (!strcmp(kind, "segments"))
		many_segments();
	else
		good();
	if (!strcmp(kind, "notes")) {
		head(PT_NOTE, 16384, 0, 1ul << 30, 0);
		if (ftruncate(fileno(out), 16384 + (1l << 30)) < 0)
			return 1;
	} else if (!strcmp(kind, "overlap")) {
		head(PT_LOAD, 8192, CODE - 4096, 4096, 1ul << 40);
		head(PT_LOAD, 8192, -4096ul, 8192, 8192);
		head(PT_LOAD, 8192, STACK + 16, 4096, 4096);
	} else if (!strcmp(kind, "sizes")) {
		heads[2].p_filesz = heads[2].p_memsz = 1ul << 62;
		head(PT_NOTE, 1024, 0, 1ul << 62, 0);
	} else if (!strcmp(kind, "files")) {
		files(1ul << 61, "/etc/shadow");
		notes_len -= 320 + sizeof(Elf64_Nhdr) + 8;
		files(2, argc > 3 ? argv[3] : "/etc/shadow");
		heads[0].p_filesz = notes_len;
	}
	count = !strcmp(kind, "segments") ? 1000003 : (unsigned int)nheads;
	put_all(count, !strcmp(kind, "segments"));
	return fclose(out) != 0;
}
