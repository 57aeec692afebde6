/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nolines FILE - takes out of a BPF object which source line each instruction is of.
 *
 * That is a third of an object, which is a part of our binary, and only the verifier's log would
 * show it. Runs when nsdebug is built, not in it. The section .BTF.ext is a header, and behind it
 * three tables (Documentation/bpf/btf.rst, "4.2 .BTF.ext section"): functions, lines, relocations.
 */
#include <fcntl.h>
#include <gelf.h>
#include <linux/types.h>
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
	if (elf_update(e, ELF_C_WRITE) < 0) {
		fprintf(stderr, "nolines: %s: %s\n", argv[1], elf_errmsg(-1));
		return 1;
	}
	elf_end(e);
	return close(fd) < 0;
}
