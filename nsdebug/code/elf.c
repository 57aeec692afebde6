/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/elf.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/work.h"
#include "nsdebug/sys/elfhead.h"

#define STRING_PIECE 64u	/* of a string; most are shorter */
#define BLOCK 16384u
#define PAGE 4096u
#define HEADER_COST 64u		/* to read one, for work_may() */

struct block {
	size_t len;
	uint8_t bytes[BLOCK];
};

static size_t cached;	/* bytes, of all files */

uint64_t elf_taken;

size_t elf_stream(struct elf *f, uint64_t off, void *to, size_t len)
{
	size_t done = 0;

	if (f->fd < 0) {
		if (off >= f->size)
			return 0;
		if (len > f->size - off)
			len = f->size - off;
		memcpy(to, f->bytes + off, len);
		return len;
	}
	elf_taken += len;
	while (done < len && off + done <= INT64_MAX) {
		ssize_t n = pread(f->fd, (char *)to + done, len - done, (off_t)(off + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		done += (size_t)n;
	}
	return done;
}

static const struct block *block_get(struct elf *f, uint64_t nr)
{
	struct block *b;

	if (f->last == nr + 1)
		return f->last_block;
	b = map_get(&f->blocks, nr);
	if (!b) {
		if (cached >= ELF_CACHE_MAX)
			return NULL;
		b = mem_alloc(sizeof(*b));
		b->len = elf_stream(f, nr * BLOCK, b->bytes, BLOCK);
		map_put(&f->blocks, nr, b);
		cached += sizeof(*b);
	}
	f->last = nr + 1;
	f->last_block = b;
	return b;
}

bool elf_read(struct elf *f, uint64_t off, void *to, size_t len)
{
	char *out = to;

	if (off > INT64_MAX - BLOCK || len > INT64_MAX - BLOCK - off)
		return false;
	if (f->fd < 0)
		return elf_stream(f, off, to, len) == len;
	while (len) {
		const struct block *b = block_get(f, off / BLOCK);
		size_t at = off % BLOCK, n = BLOCK - at < len ? BLOCK - at : len;

		if (!b)
			return elf_stream(f, off, out, len) == len;
		if (b->len < at + n)
			return false;
		memcpy(out, b->bytes + at, n);
		out += n;
		off += n;
		len -= n;
	}
	return true;
}

long elf_string(struct elf *f, uint64_t off, uint64_t end, char *to, size_t room)
{
	size_t n = 0, len;

	for (; off + n < end && n < room - 1; n += len) {
		len = room - 1 - n < STRING_PIECE ? room - 1 - n : STRING_PIECE;
		len = end - off - n < len ? (size_t)(end - off - n) : len;
		/* the file may end behind it */
		if (!elf_read(f, off + n, to + n, len) && !elf_read(f, off + n, to + n, len = 1))
			return -1;
		if (memchr(to + n, '\0', len))
			return (long)strlen(to);
	}
	to[n] = '\0';
	return n == room - 1 ? (long)n : -1;
}

const struct elf_load *elf_load_at(const struct elf *f, uint64_t vaddr, size_t len)
{
	for (size_t i = 0; i < f->load_count; i++) {
		const struct elf_load *l = &f->loads[i];

		if (vaddr >= l->vaddr && vaddr - l->vaddr < l->memsz &&
		    len <= l->memsz - (vaddr - l->vaddr))
			return l;
	}
	return NULL;
}

bool elf_image(struct elf *f, uint64_t vaddr, void *to, size_t len)
{
	const struct elf_load *l = elf_load_at(f, vaddr, len);
	uint64_t at, n;

	if (!l)
		return false;
	at = vaddr - l->vaddr;
	n = at >= l->filesz ? 0 : l->filesz - at < len ? l->filesz - at : len;
	memset((char *)to + n, 0, len - n);
	return !n || elf_read(f, l->off + at, to, n);
}

/* Pages that two segments share are mapped for each of them; what lies in the segment itself is
 * rather its own than what only lies on its pages. */
bool elf_bias(const struct elf *f, uint64_t start, uint64_t offset, uint64_t addr, uint64_t *ret)
{
	uint64_t at = offset + (addr - start);
	bool found = false;

	for (size_t i = 0; i < f->load_count; i++) {
		const struct elf_load *l = &f->loads[i];
		uint64_t first = l->off & ~(uint64_t)(PAGE - 1);
		bool inside = at >= l->off && at - l->off < l->filesz;

		if (!l->exec || offset < first || offset >= l->off + l->filesz ||
		    (found && !inside))
			continue;
		*ret = start - (l->vaddr + (offset - l->off));
		if (inside)
			return true;
		found = true;
	}
	return found;
}

static void add_load(struct elf *f, const Elf64_Phdr *p)
{
	if (f->load_count >= ELF_LOADS_MAX || p->p_offset > INT64_MAX || !p->p_memsz ||
	    p->p_filesz > INT64_MAX - p->p_offset || p->p_memsz > UINT64_MAX - p->p_vaddr)
		return;
	f->loads = mem_more(f->loads, f->load_count);
	f->loads[f->load_count++] = (struct elf_load){
		.vaddr = p->p_vaddr, .off = p->p_offset, .memsz = p->p_memsz,
		.filesz = p->p_filesz < p->p_memsz ? p->p_filesz : p->p_memsz,
		.write = p->p_flags & PF_W, .exec = p->p_flags & PF_X,
	};
}

static void put_hex(char *to, const uint8_t *from, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		*to++ = digits[from[i] >> 4];
		*to++ = digits[from[i] & 15];
	}
	*to = '\0';
}

static void find_build_id(struct elf *f, uint64_t off, uint64_t size)
{
	uint64_t end = off + (size < 65536 ? size : 65536);
	uint8_t id[64];
	char name[4];
	Elf64_Nhdr n;

	while (!f->build_id[0] && off + sizeof(n) <= end && elf_read(f, off, &n, sizeof(n))) {
		uint64_t desc = off + sizeof(n) + (((uint64_t)n.n_namesz + 3) & ~3ull);

		if (n.n_type == NT_GNU_BUILD_ID && n.n_namesz == 4 && n.n_descsz <= sizeof(id) &&
		    elf_read(f, off + sizeof(n), name, 4) && !memcmp(name, "GNU", 4) &&
		    elf_read(f, desc, id, n.n_descsz))
			put_hex(f->build_id, id, n.n_descsz);
		off = desc + (((uint64_t)n.n_descsz + 3) & ~3ull);
	}
}

#define NOTES_MAX 16		/* segments of notes; a program has two or three */

static void read_segments(struct elf *f, const struct elfhead *h)
{
	unsigned int notes = 0;

	for (uint64_t i = 0; i < h->phnum; i++) {
		Elf64_Phdr p;

		if (!work_may(i * HEADER_COST, HEADER_COST) ||
		    !elf_read(f, h->phoff + i * sizeof(p), &p, sizeof(p)))
			return;
		if (p.p_type == PT_LOAD)
			add_load(f, &p);
		else if (p.p_type == PT_NOTE && p.p_offset < INT64_MAX &&
			 !f->build_id[0] && notes++ < NOTES_MAX)
			find_build_id(f, p.p_offset, p.p_filesz);
		else if (p.p_type == PT_GNU_EH_FRAME)
			f->eh_frame_hdr = (struct elf_section){ p.p_vaddr, p.p_offset, p.p_memsz };
	}
}

static bool section(struct elf *f, const struct elfhead *h, uint64_t i, Elf64_Shdr *ret)
{
	return i < ELF_SECTIONS_MAX &&
		elf_read(f, h->shoff + i * sizeof(*ret), ret, sizeof(*ret)) &&
		ret->sh_offset < INT64_MAX && ret->sh_size < INT64_MAX - ret->sh_offset;
}

static struct elf_section place_of(const Elf64_Shdr *s)
{
	return (struct elf_section){ s->sh_addr, s->sh_offset, s->sh_size };
}

/* A symbol table counts only together with its strings. */
static void take_symbols(struct elf *f, const struct elfhead *h, const Elf64_Shdr *s)
{
	bool dyn = s->sh_type == SHT_DYNSYM;
	Elf64_Shdr strings;

	if (s->sh_entsize != sizeof(Elf64_Sym) || !section(f, h, s->sh_link, &strings) ||
	    strings.sh_type != SHT_STRTAB)
		return;
	*(dyn ? &f->dynsym : &f->symtab) = place_of(s);
	*(dyn ? &f->dynstr : &f->strtab) = place_of(&strings);
}

static void take_named(struct elf *f, const Elf64_Shdr *s, const char *name)
{
	if (s->sh_flags & SHF_ALLOC) {
		if (!strcmp(name, ".eh_frame"))
			f->eh_frame = place_of(s);
		else if (!strcmp(name, ".gopclntab") || !strcmp(name, ".data.rel.ro.gopclntab"))
			f->gopclntab = place_of(s);
		else if (!strcmp(name, ".go.buildinfo"))
			f->go = true;
	} else if (!strcmp(name, ".gnu_debugdata")) {
		f->debugdata = place_of(s);
	} else if (!strcmp(name, ".gnu_debuglink")) {
		f->debuglink = place_of(s);
	}
}

/* How many there are, and the one with their names. */
static uint64_t count_sections(struct elf *f, const struct elfhead *h, Elf64_Shdr *str)
{
	uint64_t count = h->shnum, names = h->shstrndx;
	Elf64_Shdr s;

	if (!h->shoff || h->shoff > INT64_MAX / 2 || h->shentsize != sizeof(s) ||
	    !section(f, h, 0, &s))
		return 0;
	if (!count)			/* more than fit into 16 bits */
		count = s.sh_size;
	if (names == SHN_XINDEX)
		names = s.sh_link;
	if (!section(f, h, names, str))
		*str = (Elf64_Shdr){ 0 };
	return count < ELF_SECTIONS_MAX ? count : ELF_SECTIONS_MAX;
}

static bool section_name(struct elf *f, const Elf64_Shdr *s, const Elf64_Shdr *str, char *to,
			 size_t room)
{
	return s->sh_name < str->sh_size &&
		elf_string(f, str->sh_offset + s->sh_name, str->sh_offset + str->sh_size, to,
			   room) > 0;
}

static enum elfhead_kind read_head(struct elf *f, struct elfhead *ret)
{
	unsigned char bytes[sizeof(Elf64_Ehdr)];

	return elfhead_parse(bytes, elf_stream(f, 0, bytes, sizeof(bytes)), ret);
}

void elf_sections(struct elf *f, struct elf_named *want, size_t count)
{
	Elf64_Shdr s, str;
	struct elfhead h;
	char name[32];
	uint64_t n;

	if (read_head(f, &h) != ELFHEAD_GOOD)
		return;
	n = count_sections(f, &h, &str);
	for (uint64_t i = 1; i < n && work_may(i * HEADER_COST, HEADER_COST) &&
	     section(f, &h, i, &s); i++) {
		if (s.sh_flags & SHF_ALLOC || s.sh_type == SHT_NOBITS || !s.sh_size ||
		    !section_name(f, &s, &str, name, sizeof(name)))
			continue;
		for (size_t k = 0; k < count; k++)
			if (!want[k].at.size && !strcmp(name, want[k].name)) {
				want[k].at = place_of(&s);
				want[k].packed = s.sh_flags & SHF_COMPRESSED;
			}
	}
}

static void read_sections(struct elf *f, const struct elfhead *h)
{
	Elf64_Shdr s, str;
	uint64_t count = count_sections(f, h, &str);
	unsigned int notes = 0;
	char name[32];

	for (uint64_t i = 1; i < count && work_may(i * HEADER_COST, HEADER_COST) &&
	     section(f, h, i, &s); i++) {
		f->sections = true;
		if (s.sh_flags & SHF_COMPRESSED || s.sh_type == SHT_NOBITS)
			continue;
		if (s.sh_type == SHT_SYMTAB || s.sh_type == SHT_DYNSYM)
			take_symbols(f, h, &s);
		else if (s.sh_type == SHT_RELA && s.sh_flags & SHF_ALLOC &&
			 s.sh_size > f->rela.size)
			f->rela = place_of(&s);
		else if (s.sh_type == SHT_NOTE && !f->build_id[0] && notes++ < NOTES_MAX)
			find_build_id(f, s.sh_offset, s.sh_size);
		else if (section_name(f, &s, &str, name, sizeof(name)))
			take_named(f, &s, name);
	}
}

static int read_headers(struct elf *f, struct err *e)
{
	struct elfhead h;

	if (read_head(f, &h) != ELFHEAD_GOOD)
		return err_set(e, ST_FAILED, "not an ELF file");
	if (h.bits != 64)
		return err_set(e, ST_REFUSED, "a 32-bit ELF file; only 64-bit ones are read");
	if (h.big_endian)
		return err_set(e, ST_REFUSED, "a big-endian ELF file; only little-endian ones are "
			       "read");
	if (h.phentsize != sizeof(Elf64_Phdr) || h.phoff > INT64_MAX / 2)
		return err_set(e, ST_FAILED, "an ELF file without program headers");
	f->type = (uint16_t)h.type;
	f->machine = (uint16_t)h.machine;
	f->entry = h.entry;
	read_segments(f, &h);
	read_sections(f, &h);
	return 0;
}

int elf_open(struct elf *f, int fd, struct err *e)
{
	*f = (struct elf){ .fd = fd };
	return read_headers(f, e);
}

int elf_open_bytes(struct elf *f, const void *bytes, size_t len, struct err *e)
{
	*f = (struct elf){ .fd = -1, .bytes = bytes, .size = len };
	return read_headers(f, e);
}

static void drop_block(void *b)
{
	cached -= sizeof(struct block);
	free(b);
}

void elf_close(struct elf *f)
{
	map_each(&f->blocks, drop_block);
	map_free(&f->blocks);
	free(f->loads);
	*f = (struct elf){ .fd = -1 };
}
