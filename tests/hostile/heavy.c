/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heavy KIND DIRECTORY COUNT SECONDS: makes COUNT files there that are small on disk and much work
 * to go through, and a thread that sleeps in the code of each, for so long again and again.
 *
 *   symtab   a symbol table of 240 MB
 *   sparse   a gigabyte in which there may be a table of Go's functions
 *   entry    eight such tables of 65536 functions, to whose code nothing leads
 */
#include <elf.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE 4096
#define DATA 0x10000
#define FUNCS 65536u

static const char *kind;
static int seconds;
static uint8_t head[5 * PAGE];

static void put_header(uint64_t data_size, unsigned int sections)
{
	/* mov $35, %eax (nanosleep); syscall; ret */
	static const uint8_t code[] = { 0xb8, 35, 0, 0, 0, 0x0f, 0x05, 0xc3 };
	Elf64_Ehdr h = {
		.e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
		.e_type = ET_EXEC, .e_machine = EM_X86_64, .e_version = 1, .e_entry = 0x500,
		.e_phoff = sizeof(h), .e_shoff = sections ? 2 * PAGE : 0, .e_ehsize = sizeof(h),
		.e_phentsize = sizeof(Elf64_Phdr), .e_phnum = 2,
		.e_shentsize = sections ? sizeof(Elf64_Shdr) : 0, .e_shnum = (uint16_t)sections,
	};
	Elf64_Phdr p[] = {
		{ PT_LOAD, PF_R | PF_X, PAGE, PAGE, 0, PAGE, PAGE, PAGE },
		{ PT_LOAD, PF_R | PF_W, DATA, DATA, 0, data_size, data_size, PAGE },
	};

	memcpy(head, &h, sizeof(h));
	memcpy(head + sizeof(h), p, sizeof(p));
	memcpy(head + PAGE, code, sizeof(code));
}

static void write_at(int fd, uint64_t at, const void *from, size_t len)
{
	if (pwrite(fd, from, len, (off_t)at) != (ssize_t)len)
		abort();
}

static uint64_t make_symtab(void)
{
	Elf64_Shdr s[] = {
		{ 0 },
		{ .sh_type = SHT_SYMTAB, .sh_offset = DATA, .sh_size = 240000000, .sh_link = 2,
		  .sh_entsize = sizeof(Elf64_Sym) },
		{ .sh_type = SHT_STRTAB, .sh_offset = 3 * PAGE, .sh_size = 256 },
	};

	put_header(PAGE, 3);
	memcpy(head + 2 * PAGE, s, sizeof(s));
	return DATA + s[1].sh_size;
}

static uint64_t make_sparse(void)
{
	put_header(1u << 30, 0);
	return DATA + (1u << 30);
}

static uint64_t make_entry(int fd)
{
	const uint32_t pairs = 1024, func = pairs + (FUNCS + 1) * 8 + 64, size = func + PAGE;
	static uint32_t table[2 * (FUNCS + 1)];
	uint32_t fn[16] = { 5, 0, 0, 0, 8 };

	for (uint32_t i = 0; i < FUNCS; i++) {
		table[2 * i] = 5;
		table[2 * i + 1] = func - pairs;
	}
	table[2 * FUNCS] = 1000;
	write_at(fd, DATA + pairs, table, sizeof(table));
	write_at(fd, DATA + func, fn, sizeof(fn));
	for (uint32_t i = 0; i < 8; i++) {
		uint64_t h[9] = { 0x08010000fffffff1, FUNCS, 0, 0, size - 200 - i * 72, 0, 0, 8,
				  pairs - i * 72 };

		write_at(fd, DATA + i * 72, h, sizeof(h));
	}
	write_at(fd, DATA + size - 200, "a.long.name.of.no.use", 22);
	put_header(size, 0);
	return DATA + size;
}

static void *sleep_in(void *arg)
{
	struct timespec t = { .tv_sec = seconds };
	int fd = open(arg, O_RDONLY);
	char *code = mmap(NULL, PAGE, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, PAGE);

	if (code == MAP_FAILED)
		abort();
	for (;;)
		((long (*)(const struct timespec *, void *))(void *)code)(&t, NULL);
	return NULL;
}

static void make(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	uint64_t size = !strcmp(kind, "symtab") ? make_symtab() :
		!strcmp(kind, "sparse") ? make_sparse() : make_entry(fd);

	write_at(fd, 0, head, sizeof(head));
	if (ftruncate(fd, (off_t)size) < 0)
		abort();
	close(fd);
}

int main(int argc, char **argv)
{
	if (argc != 5)
		return 2;
	kind = argv[1];
	seconds = atoi(argv[4]);
	for (int i = 0; i < atoi(argv[3]); i++) {
		pthread_t t;
		char *path;

		if (asprintf(&path, "%s/%s.%d", argv[2], kind, i) < 0)
			return 1;
		make(path);
		if (pthread_create(&t, NULL, sleep_in, path))
			return 1;
	}
	pause();
	return 0;
}
