/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nolines FILE - takes out of a BPF object which source line each instruction is of, and what the
 * places are called that are jumped to.
 *
 * That is half of an object, which is a part of our binary, and only the verifier's log would
 * show it. Runs when nsdebug is built, not in it. The section .BTF.ext is a header, and behind it
 * three tables (Documentation/bpf/btf.rst, "4.2 .BTF.ext section"): functions, lines, relocations.
 */
#include <fcntl.h>
#include <gelf.h>
#include <linux/types.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct header {
	__u16 magic;
	__u8 version, flags;
	__u32 len;
	__u32 func_off, func_len, line_off, line_len, relo_off, relo_len;
};

static void cut(Elf_Data *d)
{
	struct header h;
	char *tables = (char *)d->d_buf + sizeof(h);
	char *to;

	if (d->d_size < sizeof(h))
		return;
	memcpy(&h, d->d_buf, sizeof(h));
	/* as the linker of libbpf leaves them: one behind the other */
	if (h.magic != 0xeb9f || h.len != sizeof(h) || h.func_off ||
	    h.line_off != h.func_len || h.relo_off != h.line_off + h.line_len ||
	    d->d_size != sizeof(h) + h.relo_off + h.relo_len) {
		fprintf(stderr, "nolines: .BTF.ext is not as it was expected\n");
		exit(1);
	}
	to = tables + h.line_off;
	memmove(to, tables + h.relo_off, h.relo_len);
	d->d_size -= h.line_len;
	h.line_len = 0;
	h.relo_off = h.line_off;
	memcpy(d->d_buf, &h, sizeof(h));
}

/* ---- symbols ---- */

#define DROPPED SIZE_MAX

static Elf_Scn *find(Elf *e, GElf_Word type, GElf_Shdr *h)
{
	Elf_Scn *s = NULL;

	while ((s = elf_nextscn(e, s)))
		if (gelf_getshdr(s, h) && h->sh_type == type)
			return s;
	fprintf(stderr, "nolines: no section of type %u\n", type);
	exit(1);
}

/* Its relocations follow their symbols. */
static void renumber(Elf *e, const size_t *now)
{
	Elf_Scn *s = NULL;
	GElf_Shdr h;
	GElf_Rel r;

	while ((s = elf_nextscn(e, s))) {
		Elf_Data *d = elf_getdata(s, NULL);

		if (!gelf_getshdr(s, &h) || h.sh_type != SHT_REL)
			continue;
		for (int i = 0; gelf_getrel(d, i, &r); i++) {
			size_t sym = now[GELF_R_SYM(r.r_info)];

			if (sym == DROPPED) {
				fprintf(stderr, "nolines: a relocation of a label\n");
				exit(1);
			}
			r.r_info = GELF_R_INFO(sym, GELF_R_TYPE(r.r_info));
			gelf_update_rel(d, i, &r);
		}
	}
}

struct names {
	char *bytes;
	size_t len;
};

static size_t keep_name(struct names *n, const char *name)
{
	size_t at = n->len, len = strlen(name) + 1;

	if (len == 1)
		return 0;
	memcpy(n->bytes + at, name, len);
	n->len += len;
	return at;
}

/* One table has the names of sections, too. */
static void rename_sections(Elf *e, size_t table, struct names *n)
{
	Elf_Scn *s = NULL;
	GElf_Shdr h;

	while ((s = elf_nextscn(e, s))) {
		gelf_getshdr(s, &h);
		h.sh_name = (GElf_Word)keep_name(n, elf_strptr(e, table, h.sh_name));
		gelf_update_shdr(s, &h);
	}
}

static void drop_labels(Elf *e, size_t table)
{
	GElf_Shdr h;
	Elf_Scn *s = find(e, SHT_SYMTAB, &h);
	Elf_Data *d = elf_getdata(s, NULL), *text = elf_getdata(elf_getscn(e, table), NULL);
	size_t count = d->d_size / h.sh_entsize, kept = 0, locals = 0;
	size_t *now = calloc(count, sizeof(*now));
	struct names n = { calloc(1, 2 * text->d_size), 1 };
	GElf_Sym y;

	if (!now || !n.bytes || h.sh_link != table)
		exit(1);
	for (size_t i = 0; i < count; i++) {
		gelf_getsym(d, (int)i, &y);
		now[i] = DROPPED;
		if (i && GELF_ST_BIND(y.st_info) == STB_LOCAL &&
		    GELF_ST_TYPE(y.st_info) == STT_NOTYPE)
			continue;
		y.st_name = (GElf_Word)keep_name(&n, elf_strptr(e, table, y.st_name));
		now[i] = kept;
		gelf_update_sym(d, (int)kept++, &y);
		locals += GELF_ST_BIND(y.st_info) == STB_LOCAL;
	}
	d->d_size = kept * h.sh_entsize;
	h.sh_info = (GElf_Word)locals;
	gelf_update_shdr(s, &h);
	renumber(e, now);
	rename_sections(e, table, &n);
	memcpy(text->d_buf, n.bytes, n.len);
	text->d_size = n.len;
	elf_flagelf(e, ELF_C_SET, ELF_F_DIRTY);
	elf_flagdata(d, ELF_C_SET, ELF_F_DIRTY);
	elf_flagdata(text, ELF_C_SET, ELF_F_DIRTY);
}

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDWR) : -1;
	Elf_Scn *s = NULL;
	size_t names;
	GElf_Shdr h;
	Elf *e;

	elf_version(EV_CURRENT);
	e = fd < 0 ? NULL : elf_begin(fd, ELF_C_RDWR, NULL);
	if (!e || elf_getshdrstrndx(e, &names)) {
		fprintf(stderr, "nolines: %s: %s\n", argc == 2 ? argv[1] : "FILE", elf_errmsg(-1));
		return 1;
	}
	while ((s = elf_nextscn(e, s))) {
		const char *name = gelf_getshdr(s, &h) ? elf_strptr(e, names, h.sh_name) : NULL;

		if (name && !strcmp(name, ".BTF.ext")) {
			cut(elf_getdata(s, NULL));
			elf_flagdata(elf_getdata(s, NULL), ELF_C_SET, ELF_F_DIRTY);
		}
	}
	drop_labels(e, names);
	if (elf_update(e, ELF_C_WRITE) < 0) {
		fprintf(stderr, "nolines: %s: %s\n", argv[1], elf_errmsg(-1));
		return 1;
	}
	elf_end(e);
	return close(fd) < 0;
}
