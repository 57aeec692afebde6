/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/dwinfo.h"

#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/mem.h"

enum { UNIT_COMPILE = 1, UNIT_PARTIAL = 3, UNIT_SKELETON = 4 };

/* How a form is encoded. */
enum kind { BAD, NONE, B1, B2, B3, B4, B8, B16, ULEB, SLEB, BLOCK1, BLOCK2, BLOCK4, BLOCK,
	TEXT, OFFSET, ADDRESS, IMPLICIT, INDIRECT };

enum { F_ADDR = 1, F_DATA8 = 7, F_STRING, F_SDATA = 0x0d, F_STRP, F_UDATA, F_REF_ADDR, F_REF1,
	F_REF_UDATA = 0x15, F_SEC_OFFSET = 0x17, F_STRX = 0x1a, F_ADDRX, F_LINE_STRP = 0x1f,
	F_IMPLICIT = 0x21, F_RNGLISTX = 0x23, F_STRX1 = 0x25, F_STRX4 = 0x28, F_ADDRX1,
	F_ADDRX4 = 0x2c, F_GNU_ADDR = 0x1f01, F_GNU_STR, F_GNU_REF_ALT = 0x1f20, F_GNU_STRP_ALT };

static enum kind kind_of(unsigned int form)
{
	static const uint8_t kinds[] = {
		BAD, ADDRESS, BAD, BLOCK2, BLOCK4, B2, B4, B8, TEXT, BLOCK, BLOCK1, B1, B1, SLEB,
		OFFSET, ULEB, OFFSET, B1, B2, B4, B8, ULEB, INDIRECT, OFFSET, BLOCK, NONE, ULEB,
		ULEB, B4, OFFSET, B16, OFFSET, B8, IMPLICIT, ULEB, ULEB, B8, B1, B2, B3, B4, B1,
		B2, B3, B4,
	};

	if (form < sizeof(kinds))
		return kinds[form];
	if (form == F_GNU_ADDR || form == F_GNU_STR)
		return ULEB;
	return form == F_GNU_REF_ALT || form == F_GNU_STRP_ALT ? OFFSET : BAD;
}

bool dwval_read(struct dwcur *c, unsigned int form, unsigned int offset_size,
		unsigned int address_size, struct dwval *ret)
{
	static const uint8_t bytes[] = { [B1] = 1, [B2] = 2, [B3] = 3, [B4] = 4, [B8] = 8 };
	enum kind k = kind_of(form);

	if (k == INDIRECT) {
		form = (unsigned int)dwcur_uleb(c);
		k = kind_of(form);
	}
	*ret = (struct dwval){ .form = (uint16_t)form };
	switch (k) {
	case B1: case B2: case B3: case B4: case B8:
		ret->u = dwcur_u(c, bytes[k]);
		break;
	case ULEB:
		ret->u = dwcur_uleb(c);
		break;
	case SLEB:
		ret->u = (uint64_t)dwcur_sleb(c);
		break;
	case OFFSET:
		ret->u = dwcur_u(c, offset_size);
		break;
	case ADDRESS:
		ret->u = dwcur_u(c, address_size);
		break;
	case TEXT:
		ret->u = c->at;
		dwcur_skip_str(c);
		break;
	case B16:
		dwcur_skip(c, 16);
		break;
	case BLOCK1: case BLOCK2: case BLOCK4:
		dwcur_skip(c, dwcur_u(c, k == BLOCK1 ? 1 : k == BLOCK2 ? 2 : 4));
		break;
	case BLOCK:
		dwcur_skip(c, dwcur_uleb(c));
		break;
	case NONE:
		break;
	default:	/* DW_FORM_implicit_const stands in the abbreviation */
		c->bad = true;
	}
	return !c->bad;
}

struct dwstr dwval_str(const struct dwval *v, enum dwsec_id id)
{
	switch (v->form) {
	case F_STRING: return (struct dwstr){ true, id, v->u };
	case F_STRP: return (struct dwstr){ true, DW_STR, v->u };
	case F_LINE_STRP: return (struct dwstr){ true, DW_LINE_STR, v->u };
	default: return (struct dwstr){ false };
	}
}

static uint8_t slot_of(uint64_t attr)
{
	switch (attr) {
	case 0x01: return SLOT_SIBLING;
	case 0x03: return SLOT_NAME;
	case 0x10: return SLOT_STMT;
	case 0x11: return SLOT_LOW;
	case 0x12: return SLOT_HIGH;
	case 0x1b: return SLOT_DIR;
	case 0x31: return SLOT_ORIGIN;
	case 0x47: return SLOT_SPEC;
	case 0x55: return SLOT_RANGES;
	case 0x58: return SLOT_CALL_FILE;
	case 0x59: return SLOT_CALL_LINE;
	case 0x6e: case 0x2007: return SLOT_LINKAGE;
	case 0x72: return SLOT_STR_BASE;
	case 0x73: case 0x2133: return SLOT_ADDR_BASE;
	case 0x74: return SLOT_RNG_BASE;
	default: return SLOTS;
	}
}

/* ---- abbreviations ---- */

static bool read_attrs(struct dwcur *c, struct dwabbrevs *a, struct dwabbrev *to)
{
	to->first = (uint32_t)a->attr_count;
	for (;;) {
		uint64_t attr = dwcur_uleb(c), form = dwcur_uleb(c);

		if (c->bad || form > UINT16_MAX || a->attr_count >= DWINFO_ATTRS_MAX)
			return false;
		if (!attr && !form)
			break;
		a->attrs = mem_more(a->attrs, a->attr_count);
		a->attrs[a->attr_count++] = (struct dwattr){
			.form = (uint16_t)form, .slot = slot_of(attr),
			.value = form == F_IMPLICIT ? dwcur_sleb(c) : 0,
		};
	}
	to->count = (uint32_t)(a->attr_count - to->first);
	return true;
}

bool dwabbrevs_read(struct dwarf *d, uint64_t at, uint64_t until, struct dwabbrevs *a)
{
	struct dwcur c = dwcur_at(d, DW_ABBREV, at, UINT64_MAX);
	struct dwabbrev next;

	if (a->ready && a->at == at)
		return true;
	a->count = a->attr_count = 0;
	a->ready = false;
	a->at = at;
	do {
		next = (struct dwabbrev){ .code = dwcur_uleb(&c) };
		if (!next.code)
			break;
		next.tag = (uint16_t)dwcur_uleb(&c);
		next.children = dwcur_u(&c, 1);
		if (a->count >= DWINFO_ABBREVS_MAX || !read_attrs(&c, a, &next))
			return false;
		a->items = mem_more(a->items, a->count);
		a->items[a->count++] = next;
	} while (next.code != until);
	a->ready = !next.code && !c.bad;	/* all of them are known */
	return !c.bad;
}

void dwabbrevs_free(struct dwabbrevs *a)
{
	free(a->items);
	free(a->attrs);
	*a = (struct dwabbrevs){ 0 };
}

static const struct dwabbrev *find(struct dwarf *d, const struct dwabbrevs *a, uint64_t code)
{
	if (code <= a->count && a->items[code - 1].code == code)
		return &a->items[code - 1];	/* as every compiler counts */
	if (!dwarf_may(d, a->count))
		return NULL;
	for (size_t i = 0; i < a->count; i++)
		if (a->items[i].code == code)
			return &a->items[i];
	return NULL;
}

/* ---- entries ---- */

bool dwdie_read(struct dwarf *d, const struct dwunit *u, const struct dwabbrevs *a, uint64_t off,
		struct dwdie *ret)
{
	struct dwcur c = dwcur_at(d, DW_INFO, off, u->end);
	uint64_t code = dwcur_uleb(&c);
	const struct dwabbrev *ab;

	ret->off = off;
	ret->next = c.at;
	ret->has = 0;
	ret->tag = 0;
	ret->children = false;
	if (!code)
		return !c.bad;
	ab = find(d, a, code);
	if (!ab || !ab->tag)
		return false;
	ret->tag = ab->tag;
	ret->children = ab->children;
	for (uint32_t i = 0; i < ab->count; i++) {
		const struct dwattr *at = &a->attrs[ab->first + i];
		struct dwval v = { at->form, (uint64_t)at->value };

		if (at->form != F_IMPLICIT &&
		    !dwval_read(&c, at->form, u->offset_size, u->address_size, &v))
			return false;
		if (at->slot < SLOTS) {
			ret->v[at->slot] = v;
			ret->has |= 1u << at->slot;
		}
	}
	ret->next = c.at;
	return !c.bad && dwarf_may(d, ab->count + 8);
}

uint64_t dwdie_ref(const struct dwunit *u, const struct dwdie *die, enum dwslot slot)
{
	const struct dwval *v = &die->v[slot];

	if (!dwdie_has(die, slot))
		return 0;
	if (v->form == F_REF_ADDR)
		return v->u;
	if (v->form < F_REF1 || v->form > F_REF_UDATA || v->u >= u->end - u->off)
		return 0;
	return u->off + v->u;
}

/* The i-th of a table of words. */
static uint64_t indexed(struct dwarf *d, enum dwsec_id id, uint64_t base, uint64_t i,
			unsigned int size, bool *good)
{
	struct dwcur c;
	uint64_t v;

	*good = i < UINT32_MAX && base < UINT64_MAX / 2;
	c = dwcur_at(d, id, *good ? base + i * size : 0, UINT64_MAX);
	v = dwcur_u(&c, size);
	*good &= !c.bad;
	return v;
}

struct dwstr dwdie_str(struct dwarf *d, const struct dwunit *u, const struct dwdie *die,
		       enum dwslot slot)
{
	const struct dwval *v = &die->v[slot];
	struct dwstr s = { .id = DW_STR };

	if (!dwdie_has(die, slot))
		return s;
	if (v->form != F_STRX && (v->form < F_STRX1 || v->form > F_STRX4))
		return dwval_str(v, DW_INFO);
	s.at = indexed(d, DW_STR_OFFSETS, u->str_base, v->u, u->offset_size, &s.set);
	return s;
}

static bool address_of(struct dwarf *d, const struct dwunit *u, const struct dwval *v,
		       uint64_t *ret)
{
	bool good;

	*ret = v->u;
	if (v->form == F_ADDR)
		return true;
	if (v->form != F_ADDRX && v->form != F_GNU_ADDR &&
	    (v->form < F_ADDRX1 || v->form > F_ADDRX4))
		return false;
	*ret = indexed(d, DW_ADDR, u->addr_base, v->u, u->address_size, &good);
	return good;
}

/* ---- the code that an entry is about ---- */

struct pieces {
	struct dwarf *d;
	const struct dwunit *u;
	void (*fn)(void *arg, uint64_t low, uint64_t high);
	void *arg;
	uint64_t base;
};

static void tell(const struct pieces *p, uint64_t low, uint64_t high)
{
	if (low < high)
		p->fn(p->arg, low, high);
}

static void old_ranges(struct pieces *p, uint64_t at)
{
	struct dwcur c = dwcur_at(p->d, DW_RANGES, at, UINT64_MAX);
	unsigned int size = p->u->address_size;
	uint64_t last = size == 8 ? UINT64_MAX : UINT32_MAX;

	for (;;) {
		uint64_t low = dwcur_u(&c, size), high = dwcur_u(&c, size);

		if (c.bad || (!low && !high))
			return;
		if (low == last)
			p->base = high;
		else
			tell(p, p->base + low, p->base + high);
	}
}

static uint64_t by_index(struct pieces *p, struct dwcur *c)
{
	bool good;
	uint64_t v = indexed(p->d, DW_ADDR, p->u->addr_base, dwcur_uleb(c), p->u->address_size,
			     &good);

	c->bad |= !good;
	return v;
}

/* One of .debug_rnglists, DWARF 5 section 7.25. False: it was the last. */
static bool one_range(struct pieces *p, struct dwcur *c)
{
	unsigned int size = p->u->address_size;
	uint64_t kind = dwcur_u(c, 1), low = p->base, high = 0;

	switch (kind) {
	case 1: case 5:			/* base_addressx, base_address */
		p->base = kind == 1 ? by_index(p, c) : dwcur_u(c, size);
		return !c->bad;
	case 2: case 3:			/* startx_endx, startx_length */
		low = by_index(p, c);
		high = kind == 2 ? by_index(p, c) : low + dwcur_uleb(c);
		break;
	case 4:				/* offset_pair */
		low += dwcur_uleb(c);
		high = p->base + dwcur_uleb(c);
		break;
	case 6: case 7:			/* start_end, start_length */
		low = dwcur_u(c, size);
		high = kind == 6 ? dwcur_u(c, size) : low + dwcur_uleb(c);
		break;
	default:
		return false;
	}
	if (!c->bad)
		tell(p, low, high);
	return !c->bad;
}

static void new_ranges(struct pieces *p, const struct dwval *v)
{
	uint64_t at = v->u;
	struct dwcur c;
	bool good = true;

	if (v->form == F_RNGLISTX)
		at = p->u->rng_base + indexed(p->d, DW_RNGLISTS, p->u->rng_base, v->u,
					      p->u->offset_size, &good);
	c = dwcur_at(p->d, DW_RNGLISTS, at, UINT64_MAX);
	while (good && one_range(p, &c))
		;
}

void dwdie_code(struct dwarf *d, const struct dwunit *u, const struct dwdie *die,
		void (*fn)(void *arg, uint64_t low, uint64_t high), void *arg)
{
	struct pieces p = { .d = d, .u = u, .fn = fn, .arg = arg, .base = u->low };
	const struct dwval *high = &die->v[SLOT_HIGH];
	uint64_t from, to;

	if (dwdie_has(die, SLOT_RANGES)) {
		if (u->version >= 5)
			new_ranges(&p, &die->v[SLOT_RANGES]);
		else
			old_ranges(&p, die->v[SLOT_RANGES].u);
	} else if (dwdie_has(die, SLOT_LOW) && dwdie_has(die, SLOT_HIGH) &&
		   address_of(d, u, &die->v[SLOT_LOW], &from)) {
		if (address_of(d, u, high, &to))
			tell(&p, from, to);
		else if (high->u <= UINT64_MAX - from)
			tell(&p, from, from + high->u);
	}
}

/* ---- units ---- */

static bool read_header(struct dwarf *d, uint64_t off, struct dwunit *u)
{
	struct dwcur c = dwcur_at(d, DW_INFO, off, UINT64_MAX);
	uint64_t len = dwcur_length(&c, &u->offset_size), type = UNIT_COMPILE;

	u->off = off;
	u->end = 0;
	if (c.bad || len > c.end - c.at || len < 7)
		return false;
	u->end = c.at + len;
	u->version = (unsigned int)dwcur_u(&c, 2);
	if (u->version >= 5) {
		type = dwcur_u(&c, 1);
		u->address_size = (unsigned int)dwcur_u(&c, 1);
		u->abbrevs = dwcur_u(&c, u->offset_size);
	} else {
		u->abbrevs = dwcur_u(&c, u->offset_size);
		u->address_size = (unsigned int)dwcur_u(&c, 1);
	}
	if (type == UNIT_SKELETON)
		dwcur_skip(&c, 8);
	u->first = c.at;
	return !c.bad && u->version >= 2 && u->version <= 5 &&
		(u->address_size == 4 || u->address_size == 8) &&
		(type == UNIT_COMPILE || type == UNIT_PARTIAL || type == UNIT_SKELETON);
}

bool dwunit_read(struct dwarf *d, uint64_t off, struct dwabbrevs *a, struct dwunit *u,
		 struct dwdie *root)
{
	struct dwcur c;
	uint64_t code;

	*u = (struct dwunit){ 0 };
	if (!read_header(d, off, u))
		return false;
	c = dwcur_at(d, DW_INFO, u->first, u->end);
	code = dwcur_uleb(&c);
	if (!code || c.bad || !dwabbrevs_read(d, u->abbrevs, code, a) ||
	    !dwdie_read(d, u, a, u->first, root))
		return false;
	u->str_base = dwdie_has(root, SLOT_STR_BASE) ? root->v[SLOT_STR_BASE].u : 0;
	u->addr_base = dwdie_has(root, SLOT_ADDR_BASE) ? root->v[SLOT_ADDR_BASE].u : 0;
	u->rng_base = dwdie_has(root, SLOT_RNG_BASE) ? root->v[SLOT_RNG_BASE].u : 0;
	if (!dwdie_has(root, SLOT_LOW) || !address_of(d, u, &root->v[SLOT_LOW], &u->low))
		u->low = 0;
	return true;
}
