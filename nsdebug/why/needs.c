/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/needs.h"

#include <elf.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/sys/elfhead.h"

#define SEGMENTS_MAX 256
#define ENTRIES_MAX 1024	/* of a dynamic table; of a large program 150 */

struct segment {
	uint64_t vaddr, off, size;
};

struct file {
	int fd;
	struct elfhead head;
	struct segment loads[SEGMENTS_MAX];
	size_t nloads;
	struct segment dynamic;
	size_t text;		/* that is kept of it */
	bool cut;		/* some is not */
	struct arena *a;
};

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

static void read_segments(struct file *f, struct needs *n)
{
	Elf64_Phdr p;

	for (unsigned int i = 0; i < SEGMENTS_MAX && elfhead_segment(f->fd, &f->head, i, &p);
	     i++) {
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

	if (f->head.bits == 64) {
		if (!elfhead_get(f->fd, f->dynamic.off + nr * sizeof(d), &d, sizeof(d)))
			return false;
		*tag = d.d_tag;
		*value = d.d_un.d_val;
		return true;
	}
	if (!elfhead_get(f->fd, f->dynamic.off + nr * sizeof(d32), &d32, sizeof(d32)))
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
	size_t size = f->head.bits == 64 ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn);
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

void needs_read(int fd, struct needs *n, struct arena *a)
{
	struct file f = { .fd = fd, .a = a };
	enum elfhead_kind kind;
	int err;

	kind = elfhead_read(fd, &f.head, &err);
	*n = (struct needs){
		.kind = kind == ELFHEAD_NONE ? NEEDS_NOT_ELF : NEEDS_BROKEN,
		.machine = f.head.machine, .bits = f.head.bits, .big_endian = f.head.big_endian,
	};
	if (kind != ELFHEAD_GOOD)
		return;
	if (!elfhead_runs_here(&f.head)) {
		n->kind = NEEDS_OTHER_MACHINE;
		return;
	}
	read_segments(&f, n);
	if ((f.head.type != ET_EXEC && f.head.type != ET_DYN) || !f.nloads)
		return;
	n->kind = NEEDS_ELF;
	read_dynamic(&f, n);
}
