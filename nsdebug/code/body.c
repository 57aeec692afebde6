/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/body.h"

#include <stdlib.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/elf.h"
#include "nsdebug/code/insn.h"
#include "nsdebug/code/work.h"

#define BEYOND 4096u	/* bytes behind the address that a way to it may lead through */

struct body {
	uint8_t *code;		/* from its beginning */
	uint32_t len, addr;
	uint8_t *queued;	/* a way begins there, or has come through */
	uint32_t *ways;
	uint32_t count;
};

static void begin(struct body *b, uint64_t at)
{
	if (at >= b->len || b->queued[at])
		return;
	b->queued[at] = 1;
	b->ways[b->count++] = (uint32_t)at;
}

static bool ends(const struct insn *i)
{
	uint8_t group = i->reg & 7;

	if (i->vex || i->map > MAP_0F)
		return false;
	if (i->map == MAP_0F)
		return i->op == 0x0b || i->op == 0xb9 || i->op == 0xff;	/* ud */
	return i->op == 0xc2 || i->op == 0xc3 || i->op == 0xcc || i->op == 0xf4 ||
		(i->op == 0xff && (group == 4 || group == 5));
}

/* Follows one way until it ends, or comes to where one was. */
static bool follow(struct body *b, uint64_t at)
{
	struct insn i;
	bool jumps;

	while (at < b->len && insn_decode(&i, b->code + at, b->len - at)) {
		if (b->addr - at < i.len)
			return true;
		jumps = i.map == MAP_ONE && !i.vex && (i.op == 0xe9 || i.op == 0xeb);
		if (jumps || insn_is_jcc(&i))
			begin(b, at + i.len + (uint64_t)i.imm);
		at += i.len;
		if (jumps || ends(&i) || at >= b->len || b->queued[at])
			return false;
		b->queued[at] = 1;
	}
	return false;
}

bool body_has(struct elf *f, uint64_t entry, uint64_t addr)
{
	const struct elf_load *l = elf_load_at(f, entry, 1);
	uint64_t len = addr - entry + BEYOND;
	auto_free uint8_t *code = NULL, *queued = NULL;
	auto_free uint32_t *ways = NULL;
	struct body b;

	if (!l || addr < entry || len > BODY_MAX)
		return false;
	if (len > l->vaddr + l->memsz - entry)
		len = l->vaddr + l->memsz - entry;
	code = mem_alloc(len + 1);
	queued = mem_alloc(len + 1);
	ways = mem_alloc((len + 1) * sizeof(*ways));
	if (!work_may(0, len * 2) || !elf_image(f, entry, code, len))
		return false;
	b = (struct body){ code, (uint32_t)len, (uint32_t)(addr - entry), queued, ways, 0 };
	begin(&b, 0);
	while (b.count)
		if (follow(&b, b.ways[--b.count]))
			return true;
	return false;
}
