/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/way.h"

#include <string.h>

#include "nsdebug/code/sim.h"

bool way_has(const struct way *w, unsigned int reg)
{
	return reg < GPR_COUNT && w->known & BIT(reg);
}

void way_set(struct way *w, unsigned int reg, uint64_t value)
{
	w->reg[reg] = value;
	w->known |= BIT(reg);
}

static bool address(const struct way *w, const struct insn *i, uint64_t *ret)
{
	uint64_t at = (uint64_t)i->disp;

	if (i->segment || i->mod == 3)
		return false;
	if (i->rip)
		at += w->pc + i->len;
	if (i->base != INSN_NONE) {
		if (!way_has(w, i->base))
			return false;
		at += w->reg[i->base];
	}
	if (i->index != INSN_NONE) {
		if (!way_has(w, i->index))
			return false;
		at += w->reg[i->index] << i->scale;
	}
	*ret = at;
	return true;
}

/* False: there is no room to remember it, so what the way reads later could be wrong. */
static bool put(struct way *w, uint64_t at, bool known, uint64_t value)
{
	unsigned int n = 0;

	/* of a word that is written over in part, nothing is known */
	for (unsigned int i = 0; i < w->stores; i++)
		if (w->store[i].at - at < 8 || at - w->store[i].at < 8)
			w->store[i].known = false;
	while (n < w->stores && w->store[n].at != at)
		n++;
	if (n == WAY_STORES)
		return false;
	w->store[n] = (struct store){ at, value, known };
	w->stores += n == w->stores;
	return true;
}

bool way_get(const struct sim_asks *from, const struct way *w, uint64_t at, uint64_t *ret)
{
	for (unsigned int n = 0; n < w->stores; n++) {
		const struct store *m = &w->store[n];

		if (m->at == at) {
			*ret = m->value;
			return m->known;
		}
		if (m->at - at < 8 || at - m->at < 8)
			return false;
	}
	return from && from->word(from->arg, at, ret);
}

bool way_push(struct way *w, bool known, uint64_t value)
{
	if (!way_has(w, GPR_RSP))
		return true;
	w->reg[GPR_RSP] -= 8;
	return put(w, w->reg[GPR_RSP], known, value);
}

static void pop(const struct sim_asks *from, struct way *w, int reg)
{
	uint64_t value = 0;
	bool known = way_has(w, GPR_RSP) && way_get(from, w, w->reg[GPR_RSP], &value);

	w->reg[GPR_RSP] += 8;
	if (reg < 0)
		return;
	w->known &= ~BIT(reg);
	if (known)
		way_set(w, (unsigned int)reg, value);
}

/* push, pop, leave: whatever moves the stack pointer by itself. */
static bool stack(const struct sim_asks *from, struct way *w, const struct insn *i, int *lost,
		  bool *done)
{
	bool kept = true;
	uint64_t at;

	*done = true;
	if (i->map == MAP_0F && !i->vex && (i->op & 0xf6) == 0xa0) {	/* fs, gs */
		if (i->op & 1)
			pop(from, w, -1);
		else
			kept = way_push(w, false, 0);
	} else if (i->map != MAP_ONE) {
		*done = false;
	} else if (i->small && ((i->op & 0xf0) == 0x50 || i->op == 0x68 || i->op == 0x6a)) {
		return false;
	} else if ((i->op & 0xf8) == 0x50) {
		kept = way_push(w, way_has(w, i->low), w->reg[i->low]);
	} else if ((i->op & 0xf8) == 0x58) {
		pop(from, w, i->low);
	} else if (i->op == 0x68 || i->op == 0x6a) {
		kept = way_push(w, true, (uint64_t)i->imm);
	} else if (i->op == 0x9c || (i->op == 0xff && (i->reg & 7) == 6)) {
		kept = way_push(w, false, 0);
	} else if (i->op == 0x9d || i->op == 0x8f) {
		pop(from, w, i->op == 0x8f && i->mod == 3 ? i->rm : -1);
		if (i->op == 0x8f && from && i->mod != 3 && address(w, i, &at))
			kept = put(w, at, false, 0);
	} else if (i->op == 0xc9) {
		w->known &= ~BIT(GPR_RSP);
		if (way_has(w, GPR_RBP))
			way_set(w, GPR_RSP, w->reg[GPR_RBP]);
		else if (*lost < 0)
			*lost = GPR_RBP;
		pop(from, w, GPR_RBP);
	} else {
		*done = false;
	}
	return kept;
}

static bool is_op(const struct insn *i, uint8_t op)
{
	return i->map == MAP_ONE && i->op == op;
}

/* The value that a 64-bit instruction leaves in a register, where that is followed. */
static bool result(const struct sim_asks *from, const struct way *w, const struct insn *i,
		   uint8_t *reg, uint64_t *ret)
{
	bool by_reg = i->mod == 3 && way_has(w, i->rm) && way_has(w, i->reg);
	uint8_t group = i->reg & 7;
	uint64_t at;

	*reg = i->rm;
	if (i->map != MAP_ONE)
		return false;
	if ((i->op & 0xf8) == 0xb8) {
		*reg = i->low;
		*ret = i->wide ? (uint64_t)i->imm : (uint32_t)i->imm;
		return !i->small;
	}
	if ((i->op & 0xf8) == 0xb0) {
		*reg = insn_byte_register(i, i->low);
		*ret = (w->reg[i->low] & ~0xffull) | (uint8_t)i->imm;
		return *reg == i->low && way_has(w, i->low);
	}
	if ((i->op == 0x31 || i->op == 0x33) && i->mod == 3 && i->reg == i->rm && !i->small) {
		*ret = 0;
		return true;
	}
	if (i->op == 0xc7 && i->mod == 3) {
		*ret = i->wide ? (uint64_t)i->imm : (uint32_t)i->imm;
		return !i->small;
	}
	if (i->op == 0x89 && !i->wide && !i->small && i->mod == 3 && way_has(w, i->reg)) {
		*ret = (uint32_t)w->reg[i->reg];
		return true;
	}
	if (!i->wide)
		return false;
	if (i->op == 0x83 || i->op == 0x81) {
		*ret = group == 0 ? w->reg[i->rm] + (uint64_t)i->imm :
			group == 5 ? w->reg[i->rm] - (uint64_t)i->imm :
			w->reg[i->rm] & (uint64_t)i->imm;
		return i->mod == 3 && way_has(w, i->rm) && (group == 0 || group == 4 || group == 5);
	}
	if (i->op == 0x89) {
		*ret = w->reg[i->reg];
		return i->mod == 3 && way_has(w, i->reg);
	}
	if (i->op == 0x01 || i->op == 0x29) {
		*ret = w->reg[i->rm] + (i->op == 0x01 ? w->reg[i->reg] : -w->reg[i->reg]);
		return by_reg;
	}
	*reg = i->reg;
	if (i->op == 0x03 || i->op == 0x2b) {
		*ret = w->reg[i->reg] + (i->op == 0x03 ? w->reg[i->rm] : -w->reg[i->rm]);
		return by_reg;
	}
	if (is_op(i, 0x8b) && i->mod == 3) {
		*ret = w->reg[i->rm];
		return way_has(w, i->rm);
	}
	if (i->op == 0x8d)
		return address(w, i, ret);
	return i->op == 0x8b && address(w, i, &at) && way_get(from, w, at, ret);
}

/* How many words of memory it writes; of a vector register, a half of its whole length or all. */
static unsigned int written(const struct insn *i)
{
	static const uint8_t stores[] = { 0x11, 0x13, 0x17, 0x29, 0x2b, 0x7e, 0x7f, 0xd6, 0xe7 };
	uint8_t group = i->reg & 7;

	if (i->map == MAP_0F && memchr(stores, i->op, sizeof(stores)))
		return 2;
	if (i->map == MAP_0F)	/* setcc, xadd and cmpxchg; the latter of 16 bytes */
		return !i->vex && ((i->op & 0xf0) == 0x90 || (i->op & 0xee) == 0xc0 ||
				   (i->op & 0xfe) == 0xb0) ? 1 : i->op == 0xc7 ? 2 : 0;
	if (i->map != MAP_ONE)
		return 0;
	if (i->op < 0x38)
		return !(i->op & 6);
	if (i->op >= 0x80 && i->op < 0x84)
		return group != 7;
	return (i->op >= 0x86 && i->op < 0x8a) || i->op == 0xc6 || i->op == 0xc7 ||
		(i->op & 0xee) == 0xc0 || (i->op & 0xfc) == 0xd0 ||
		((i->op & 0xfe) == 0xf6 && (group == 2 || group == 3)) ||
		((i->op & 0xfe) == 0xfe && group < 2);
}

/* A store: what is read back later. Only a word by mov is known. */
static bool keep_store(struct way *w, const struct insn *i)
{
	unsigned int words = i->mod == 3 ? 0 : written(i);
	bool kept = true;
	uint64_t at;

	if (!words || !address(w, i, &at))
		return true;
	if (i->map == MAP_ONE && i->op == 0x89 && i->wide)
		return put(w, at, way_has(w, i->reg), w->reg[i->reg]);
	for (unsigned int n = 0; n < words; n++)
		kept &= put(w, (at & ~7ull) + 8 * n, false, 0);
	return kept;
}

bool way_wrote(const struct way *w, uint64_t at)
{
	for (unsigned int i = 0; i < w->stores; i++)
		if (w->store[i].at - at < 8 || at - w->store[i].at < 8)
			return true;
	return false;
}

bool way_keep_at(struct way *w, const struct insn *i, uint64_t at)
{
	uint64_t to;

	if (i->mod == 3 || !address(w, i, &to) || at - (to & ~7ull) >= 8ull * written(i))
		return true;
	return keep_store(w, i);
}

bool way_step(const struct sim_asks *from, struct way *w, const struct insn *i, int *lost)
{
	uint64_t value = 0;
	uint32_t mask;
	bool done, is_known;
	uint8_t reg;

	if (!stack(from, w, i, lost, &done))
		return false;
	if (done)
		return true;
	if (!insn_writes(i, &mask) || (from && !keep_store(w, i)))
		return false;
	is_known = result(from, w, i, &reg, &value);
	w->known &= ~mask;
	if (is_known && mask == BIT(reg))
		way_set(w, reg, value);
	return true;
}
