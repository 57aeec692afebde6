/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/cfi.h"

#include <stdlib.h>
#include <string.h>

#include "nsdebug/code/elf.h"
#include "nsdebug/code/fde.h"
#include "nsdebug/code/work.h"

#define HDR_TABLE_ENCODING 0x3b		/* relative to the header, signed, 4 bytes */

/* Bytes of a pointer in the header, 0 if it is of a kind that no linker makes. */
static unsigned int pointer_size(uint8_t encoding)
{
	switch (encoding & 0x0f) {
	case 0x03:
	case 0x0b:
		return 4;
	case 0x00:
	case 0x04:
	case 0x0c:
		return 8;
	}
	return 0;
}

/* .eh_frame_hdr: version, three encodings, pointer to .eh_frame, count, table. */
static bool use_header(struct cfi *c, struct elf *f)
{
	uint64_t at = f->eh_frame_hdr.vaddr, size = f->eh_frame_hdr.size, count = 0;
	unsigned int skip, wide;
	uint8_t h[4];

	if (!size || !elf_image(f, at, h, 4) || h[0] != 1 || h[3] != HDR_TABLE_ENCODING)
		return false;
	skip = pointer_size(h[1]);
	wide = pointer_size(h[2]);
	if (!skip || !wide || !elf_image(f, at + 4 + skip, &count, wide))
		return false;
	if (!count || size < 4 + skip + wide || count > (size - 4 - skip - wide) / 8)
		return false;
	c->base = at;
	c->table = at + 4 + skip + wide;
	c->count = count;
	return true;
}

static void make(struct cfi *c, struct elf *f)
{
	size_t count = 0;

	if (!f->eh_frame.size)
		return;
	c->made = fde_table(f, &count, &c->left);
	c->round = work.round;
	c->base = f->eh_frame.vaddr;
	c->table = CFI_MADE_AT;
	c->count = count;
}

bool cfi_made(const struct cfi *c, uint64_t addr, void *to, size_t len)
{
	uint64_t at = addr - CFI_MADE_AT, size = c->count * sizeof(*c->made);

	if (!c->made || addr < CFI_MADE_AT || at >= size)
		return false;
	/* words are read where four bytes are wanted: the last may reach over the end */
	memset(to, 0, len);
	memcpy(to, (const char *)c->made + at, len < size - at ? len : size - at);
	return true;
}

static bool entry_at(struct cfi *c, struct elf *f, uint64_t i, struct fde_entry *ret)
{
	if (c->made) {
		*ret = c->made[i];
		return true;
	}
	return elf_image(f, c->table + i * sizeof(*ret), ret, sizeof(*ret));
}

static bool search(struct cfi *c, struct elf *f, int64_t rel, struct fde_entry *ret)
{
	uint64_t lo = 0, hi = c->count;

	while (lo < hi) {
		uint64_t mid = lo + (hi - lo) / 2;

		if (!entry_at(c, f, mid, ret))
			return false;
		if (rel < ret->pc)
			hi = mid;
		else
			lo = mid + 1;
	}
	return hi && entry_at(c, f, hi - 1, ret);
}

static bool find(struct cfi *c, struct elf *f, uint64_t vaddr, struct fde *fde, uint64_t *at)
{
	struct cie cie = { 0 };
	struct fde_entry found;

	if (!c->ready || (c->left && work_again(c->round))) {
		c->ready = true;
		if (!use_header(c, f))
			make(c, f);
	}
	if (!c->count || !search(c, f, (int64_t)(vaddr - c->base), &found))
		return false;
	*at = c->base + (uint64_t)(int64_t)found.fde;
	return fde_read(f, *at, &cie, fde) && vaddr - fde->pc < fde->len;
}

bool cfi_find(struct cfi *c, struct elf *f, uint64_t vaddr)
{
	struct fde fde;
	uint64_t at;

	return find(c, f, vaddr, &fde, &at) && fde_check(f, at);
}

bool cfi_begin(struct cfi *c, struct elf *f, uint64_t vaddr, uint64_t *ret)
{
	struct fde fde;
	uint64_t at;

	if (!find(c, f, vaddr, &fde, &at))
		return false;
	*ret = fde.pc;
	return true;
}

void cfi_free(struct cfi *c)
{
	free(c->made);
	*c = (struct cfi){ 0 };
}
