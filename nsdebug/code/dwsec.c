/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/dwsec.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "nsdebug/code/elf.h"
#include "nsdebug/code/work.h"

#define PIECE 65536u
#define REFILL 256u	/* what to read a window costs, for the purse */
#define IN_COSTS 4	/* a packed byte takes about the time of so many that come out */
#define TICK 18		/* log2 of what is paid between two ticks */

bool dwarf_may(struct dwarf *d, uint64_t cost)
{
	uint64_t before = d->purse;

	if (cost > before) {
		d->left = true;
		d->purse = 0;
		return false;
	}
	d->purse -= cost;
	if (before >> TICK != d->purse >> TICK)
		work_tick(1u << TICK);
	return true;
}

bool dwarf_open(struct dwarf *d, struct elf *f, uint64_t purse)
{
	struct elf_named named[DW_SECTIONS] = {
		[DW_INFO] = { ".debug_info" }, [DW_ABBREV] = { ".debug_abbrev" },
		[DW_LINE] = { ".debug_line" }, [DW_STR] = { ".debug_str" },
		[DW_LINE_STR] = { ".debug_line_str" },
		[DW_STR_OFFSETS] = { ".debug_str_offsets" }, [DW_ADDR] = { ".debug_addr" },
		[DW_RANGES] = { ".debug_ranges" }, [DW_RNGLISTS] = { ".debug_rnglists" },
	};

	memset(d, 0, sizeof(*d));
	d->f = f;
	d->purse = purse;
	elf_sections(f, named, DW_SECTIONS);
	for (size_t i = 0; i < DW_SECTIONS; i++) {
		d->s[i].off = named[i].at.off;
		d->s[i].size = named[i].at.size;
		if (named[i].packed) {
			d->s[i].packed = named[i].at.size;
			d->s[i].size = 0;
		}
	}
	return (d->s[DW_INFO].size || d->s[DW_INFO].packed) &&
		(d->s[DW_LINE].size || d->s[DW_LINE].packed);
}

void dwarf_close(struct dwarf *d)
{
	for (size_t i = 0; i < DW_SECTIONS; i++) {
		free(d->s[i].bytes);
		d->s[i].bytes = NULL;
	}
}

/* Exactly size bytes come out, or nothing is taken. */
static bool inflate_all(struct dwarf *d, struct dwsec *s, uint8_t *to, uint64_t size)
{
	uint64_t at = s->off + sizeof(Elf64_Chdr), end = s->off + s->packed;
	uint8_t *piece = malloc(PIECE);
	z_stream z = { .next_out = to, .avail_out = (uInt)size };
	int ret = inflateInit(&z);
	size_t n;

	while (piece && ret == Z_OK && at < end) {
		n = end - at < PIECE ? end - at : PIECE;
		if (!dwarf_may(d, n * IN_COSTS) || elf_stream(d->f, at, piece, n) != n)
			break;
		at += n;
		z.next_in = piece;
		z.avail_in = (uInt)n;
		ret = inflate(&z, Z_NO_FLUSH);
	}
	inflateEnd(&z);
	free(piece);
	return ret == Z_STREAM_END && !z.avail_out;
}

static void unpack(struct dwarf *d, struct dwsec *s)
{
	Elf64_Chdr h;

	s->tried = true;
	if (s->packed < sizeof(h) || !elf_read(d->f, s->off, &h, sizeof(h)) ||
	    h.ch_type != ELFCOMPRESS_ZLIB || !h.ch_size)
		return;
	if (h.ch_size > DWSEC_UNPACKED_MAX - d->unpacked || !dwarf_may(d, h.ch_size)) {
		d->left = true;
		return;
	}
	/* there is a limit of memory, and this is not worth to end for */
	s->bytes = malloc(h.ch_size);
	if (s->bytes && inflate_all(d, s, s->bytes, h.ch_size)) {
		d->unpacked += h.ch_size;
		s->size = h.ch_size;
	} else {
		free(s->bytes);
		s->bytes = NULL;
	}
}

struct dwcur dwcur_at(struct dwarf *d, enum dwsec_id id, uint64_t at, uint64_t end)
{
	struct dwsec *s = &d->s[id];

	if (s->packed && !s->tried)
		unpack(d, s);
	if (end > s->size)
		end = s->size;
	return (struct dwcur){ d, id, at, end, at > end };
}

static const uint8_t *window(struct dwarf *d, struct dwsec *s, uint64_t at, size_t len)
{
	uint64_t n = s->size - at;

	if (s->bytes)
		return s->bytes + at;
	if (at >= s->win_at && at - s->win_at <= s->win_len && len <= s->win_len - (at - s->win_at))
		return s->win + (at - s->win_at);
	if (n > DWSEC_WINDOW)
		n = DWSEC_WINDOW;
	s->win_len = 0;
	if (!dwarf_may(d, REFILL) || !elf_read(d->f, s->off + at, s->win, n))
		return NULL;
	s->win_at = at;
	s->win_len = n;
	return s->win;
}

/* The next bytes, which are few. */
static const uint8_t *next(struct dwcur *c, size_t len)
{
	const uint8_t *p = NULL;

	if (!c->bad && len <= c->end - c->at && dwarf_may(c->d, len))
		p = window(c->d, &c->d->s[c->id], c->at, len);
	c->bad = !p;
	c->at += p ? len : 0;
	return p;
}

uint64_t dwcur_u(struct dwcur *c, unsigned int bytes)
{
	const uint8_t *p = next(c, bytes);
	uint64_t v = 0;

	if (p)
		memcpy(&v, p, bytes);
	return v;
}

static uint64_t leb(struct dwcur *c, bool is_signed)
{
	uint64_t v = 0;

	for (unsigned int shift = 0; ; shift += 7) {
		const uint8_t *p = next(c, 1);

		if (!p)
			return 0;
		if (shift < 64)
			v |= (uint64_t)(*p & 0x7f) << shift;
		if (*p & 0x80)
			continue;
		if (is_signed && *p & 0x40 && shift < 57)
			v |= -(1ull << (shift + 7));
		return v;
	}
}

uint64_t dwcur_uleb(struct dwcur *c)
{
	return leb(c, false);
}

int64_t dwcur_sleb(struct dwcur *c)
{
	return (int64_t)leb(c, true);
}

uint64_t dwcur_length(struct dwcur *c, unsigned int *offset_size)
{
	uint64_t v = dwcur_u(c, 4);

	*offset_size = 4;
	if (v == UINT32_MAX) {
		*offset_size = 8;
		v = dwcur_u(c, 8);
	} else if (v >= 0xfffffff0) {
		c->bad = true;
	}
	return c->bad ? 0 : v;
}

void dwcur_skip(struct dwcur *c, uint64_t bytes)
{
	if (c->bad || bytes > c->end - c->at)
		c->bad = true;
	else
		c->at += bytes;
}

void dwcur_skip_str(struct dwcur *c)
{
	const uint8_t *p;

	do
		p = next(c, 1);
	while (p && *p);
}

size_t dwstr_read(struct dwarf *d, struct dwstr s, char *to, size_t room)
{
	struct dwcur c = dwcur_at(d, s.id, s.at, UINT64_MAX);
	size_t n = 0;

	while (s.set && n + 1 < room) {
		const uint8_t *p = next(&c, 1);

		if (!p)
			return 0;
		if (!*p)
			break;
		to[n++] = (char)*p;
	}
	to[n] = '\0';
	return n;
}
