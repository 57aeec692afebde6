/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/fde.h"

#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/elf.h"
#include "nsdebug/code/work.h"

/* Pointer encodings of .eh_frame: a format and what it is relative to. */
enum {
	PE_ABS = 0x00, PE_UDATA2 = 0x02, PE_UDATA4 = 0x03, PE_UDATA8 = 0x04,
	PE_SDATA2 = 0x0a, PE_SDATA4 = 0x0b, PE_SDATA8 = 0x0c,
	PE_PCREL = 0x10, PE_RELATIVE = 0x70, PE_INDIRECT = 0x80, PE_OMIT = 0xff,
};

#define ENTRY_COST 64u		/* an entry of a table that is made, for work_may() */
#define REGISTERS 17		/* of x86_64 that libunwind knows: 16 and the return address */

/* Reads on through the file's image; after the first failure everything is 0. */
struct scan {
	struct elf *f;
	uint64_t at, end;
	bool bad;
	uint64_t have;		/* address of bytes[0] */
	size_t len;
	uint8_t bytes[256];
};

static void scan_init(struct scan *s, struct elf *f, uint64_t at, uint64_t end)
{
	s->f = f;
	s->at = at;
	s->end = end;
	s->bad = end < at;
	s->len = 0;
}

/* As many bytes as there are up to the end of the window, but at least one. */
static bool fill(struct scan *s)
{
	size_t n = s->end - s->at < sizeof(s->bytes) ? s->end - s->at : sizeof(s->bytes);

	while (n && !elf_image(s->f, s->at, s->bytes, n))
		n /= 2;
	s->have = s->at;
	s->len = n;
	return n > 0;
}

static uint8_t get_u8(struct scan *s)
{
	if (s->bad || s->at >= s->end ||
	    (s->at - s->have >= s->len && !fill(s))) {
		s->bad = true;
		return 0;
	}
	return s->bytes[s->at++ - s->have];
}

static uint64_t get(struct scan *s, int size)
{
	uint64_t n = 0;

	for (int i = 0; i < size; i++)
		n |= (uint64_t)get_u8(s) << 8 * i;
	return n;
}

static uint64_t get_uleb(struct scan *s)
{
	uint64_t n = 0;
	uint8_t c;

	for (int shift = 0;; shift += 7) {
		c = get_u8(s);
		if (shift < 64)
			n |= (uint64_t)(c & 0x7f) << shift;
		if (s->bad || !(c & 0x80))
			return n;
		if (shift > 126)
			s->bad = true;
	}
}

static void skip(struct scan *s, uint64_t n)
{
	if (n > s->end - s->at)
		s->bad = true;
	else
		s->at += n;
}

static uint64_t get_format(struct scan *s, uint8_t encoding)
{
	switch (encoding & 0x0f) {
	case PE_ABS:
	case PE_UDATA8:
	case PE_SDATA8:
		return get(s, 8);
	case PE_UDATA4:
		return get(s, 4);
	case PE_SDATA4:
		return (uint64_t)(int64_t)(int32_t)get(s, 4);
	case PE_UDATA2:
		return get(s, 2);
	case PE_SDATA2:
		return (uint64_t)(int64_t)(int16_t)get(s, 2);
	default:
		s->bad = true;
		return 0;
	}
}

static uint64_t get_pointer(struct scan *s, uint8_t encoding)
{
	uint64_t at = s->at, n = get_format(s, encoding);

	if (encoding & PE_INDIRECT)
		s->bad = true;
	if ((encoding & PE_RELATIVE) == PE_PCREL)
		return n + at;
	if (encoding & PE_RELATIVE)
		s->bad = true;
	return n;
}

/* Of a personality routine: only its length matters. */
static void skip_pointer(struct scan *s, uint8_t encoding)
{
	if (encoding == PE_OMIT)
		return;
	get_format(s, encoding & 0x0f);
}

/* Length and id of the entry at s->at; leaves s inside the entry, bounded by it. */
static bool begin(struct scan *s, uint64_t *id_at, uint64_t *id)
{
	uint64_t len = get(s, 4);
	bool wide = len == 0xffffffff;

	if (wide)
		len = get(s, 8);
	if (s->bad || !len || len > FDE_BYTES_MAX || len > s->end - s->at)
		return false;
	s->end = s->at + len;
	*id_at = s->at;
	*id = get(s, wide ? 8 : 4);
	return !s->bad;
}

static void read_augmentation(struct scan *s, struct cie *c, const char *what)
{
	uint64_t len;

	if (what[0] != 'z') {
		if (what[0])	/* of unknown size: where the instructions begin is not known */
			s->bad = true;
		return;
	}
	c->augmented = true;
	len = get_uleb(s);
	if (len > s->end - s->at) {
		s->bad = true;
		return;
	}
	c->code = s->at + len;
	for (what++; *what; what++) {
		if (*what == 'R') {
			c->encoding = get_u8(s);
		} else if (*what == 'L') {
			get_u8(s);
		} else if (*what == 'P') {
			skip_pointer(s, get_u8(s));
		} else if (*what == 'S') {
			c->signal = true;
		} else {
			break;
		}
	}
}

static bool read_cie(struct elf *f, uint64_t at, struct cie *c)
{
	uint64_t id_at, id, column;
	char what[8] = "";
	uint8_t version;
	struct scan s;

	if (c->at == at + 1)
		return true;
	scan_init(&s, f, at, at + FDE_BYTES_MAX < at ? at : at + FDE_BYTES_MAX);
	if (!begin(&s, &id_at, &id) || id)
		return false;
	*c = (struct cie){ .encoding = PE_ABS, .end = s.end };
	version = get_u8(&s);
	for (size_t i = 0; (what[i] = (char)get_u8(&s)); i++)
		if (i == sizeof(what) - 2)
			return false;
	get_uleb(&s);			/* alignment of code and data */
	get_uleb(&s);
	column = version == 1 ? get_u8(&s) : get_uleb(&s);
	if (s.bad || (version != 1 && version != 3) || column >= REGISTERS)
		return false;
	c->code = s.at;
	read_augmentation(&s, c, what);
	if (s.bad)
		return false;
	c->at = at + 1;
	return true;
}

/* A CIE in the place of an FDE gives false with ret->next set. */
bool fde_read(struct elf *f, uint64_t at, struct cie *cie, struct fde *ret)
{
	uint64_t id_at, id, len;
	struct scan s;

	*ret = (struct fde){ 0 };
	scan_init(&s, f, at, at + FDE_BYTES_MAX < at ? at : at + FDE_BYTES_MAX);
	if (!begin(&s, &id_at, &id))
		return false;
	ret->next = ret->end = s.end;
	if (!id || !read_cie(f, id_at - id, cie))
		return false;
	ret->pc = get_pointer(&s, cie->encoding);
	ret->len = get_format(&s, cie->encoding & 0x0f);
	if (cie->augmented) {
		len = get_uleb(&s);
		skip(&s, len);
	}
	ret->code = s.at;
	return !s.bad;
}

static void check_register(struct scan *s)
{
	if (get_uleb(s) >= REGISTERS)
		s->bad = true;
}

/* What follows an instruction: r a register, u a number, b a block, 1 2 4 bytes, p a pointer. */
static const char *const operands[0x40] = {
	[0x00] = "", [0x01] = "p", [0x02] = "1", [0x03] = "2", [0x04] = "4", [0x05] = "ru",
	[0x06] = "r", [0x07] = "r", [0x08] = "r", [0x09] = "rr", [0x0a] = "", [0x0b] = "",
	[0x0c] = "ru", [0x0d] = "r", [0x0e] = "u", [0x0f] = "b", [0x10] = "rb", [0x11] = "ru",
	[0x12] = "ru", [0x13] = "u", [0x14] = "ru", [0x15] = "ru", [0x16] = "rb",
	[0x2e] = "u", [0x2f] = "ru",
};

static void check_operand(struct scan *s, char kind, uint8_t encoding)
{
	switch (kind) {
	case 'r':
		check_register(s);
		break;
	case 'u':
		get_uleb(s);
		break;
	case 'b':
		skip(s, get_uleb(s));
		break;
	case 'p':
		get_pointer(s, encoding);
		break;
	default:
		skip(s, (uint64_t)(kind - '0'));
	}
}

static bool check_code(struct elf *f, uint64_t at, uint64_t end, uint8_t encoding)
{
	struct scan s;

	scan_init(&s, f, at, end);
	while (!s.bad && s.at < s.end) {
		uint8_t op = get_u8(&s), low = op & 0x3f;
		const char *what;

		if (op & 0xc0) {	/* advance, offset, restore: a register in the low bits */
			if ((op & 0xc0) != 0x40 && low >= REGISTERS)
				return false;
			if ((op & 0xc0) == 0x80)
				get_uleb(&s);
			continue;
		}
		what = operands[low];
		if (!what)
			return false;
		for (; *what; what++)
			check_operand(&s, *what, encoding);
	}
	return !s.bad;
}

bool fde_check(struct elf *f, uint64_t at)
{
	struct cie cie = { 0 };
	struct fde fde;

	return fde_read(f, at, &cie, &fde) &&
		check_code(f, cie.code, cie.end, cie.encoding) &&
		check_code(f, fde.code, fde.end, cie.encoding);
}

static int by_pc(const void *a, const void *b)
{
	const struct fde_entry *x = a, *y = b;

	return (x->pc > y->pc) - (x->pc < y->pc);
}

static bool entry(struct fde_entry *ret, uint64_t base, uint64_t pc, uint64_t at)
{
	int64_t p = (int64_t)(pc - base), a = (int64_t)(at - base);

	*ret = (struct fde_entry){ (int32_t)p, (int32_t)a };
	return p == (int32_t)p && a == (int32_t)a;
}

struct fde_entry *fde_table(struct elf *f, size_t *count, bool *left)
{
	uint64_t at = f->eh_frame.vaddr, base = at, end = at + f->eh_frame.size;
	auto_free struct fde_entry *table = NULL;
	struct cie cie = { 0 };
	struct fde fde;
	size_t n = 0;

	*left = false;
	while (at < end && n < FDE_COUNT_MAX) {
		struct fde_entry found;

		*left = !work_may(at - base, ENTRY_COST);
		if (*left)
			return NULL;
		if (fde_read(f, at, &cie, &fde) && fde.len && entry(&found, base, fde.pc, at)) {
			table = mem_more(table, n);
			table[n++] = found;
		}
		if (fde.next <= at)	/* the terminator, or broken */
			break;
		at = fde.next;
	}
	if (n)
		qsort(table, n, sizeof(*table), by_pc);
	*count = n;
	return take_ptr(table);
}
