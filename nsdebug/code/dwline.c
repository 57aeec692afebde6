/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/dwline.h"

#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/sorted.h"

#define PART_MAX 4096u		/* bytes of a name or directory */
#define FORMATS_MAX 16u

enum { CONTENT_PATH = 1, CONTENT_DIR = 2 };

/* ---- the header ---- */

static bool add(struct dwline_file **to, size_t *count, struct dwline_file f)
{
	if (*count >= DWLINE_FILES_MAX)
		return false;
	*to = mem_more(*to, *count);
	(*to)[(*count)++] = f;
	return true;
}

static struct dwstr here(struct dwcur *c)
{
	struct dwstr s = { true, DW_LINE, c->at };

	dwcur_skip_str(c);
	return s;
}

/* Before DWARF 5: names up to an empty one. */
static void old_tables(struct dwline *l, struct dwcur *c)
{
	for (;;) {
		struct dwline_file f = { here(c), 0 };

		if (c->bad || c->at == f.name.at + 1 || !add(&l->dirs, &l->dir_count, f))
			break;
	}
	for (;;) {
		struct dwline_file f = { here(c), 0 };

		if (c->bad || c->at == f.name.at + 1)
			break;
		f.dir = dwcur_uleb(c);
		dwcur_uleb(c);		/* time */
		dwcur_uleb(c);		/* length */
		if (!add(&l->files, &l->file_count, f))
			break;
	}
}

/* DWARF 5: it says first what is in it. */
static void new_table(struct dwline *l, struct dwcur *c, struct dwline_file **to, size_t *count)
{
	uint64_t content[FORMATS_MAX], form[FORMATS_MAX], formats = dwcur_u(c, 1), total;

	for (uint64_t i = 0; i < formats; i++) {
		uint64_t what = dwcur_uleb(c), how = dwcur_uleb(c);

		if (i >= FORMATS_MAX || how > UINT16_MAX) {
			c->bad = true;
			return;
		}
		content[i] = what;
		form[i] = how;
	}
	total = dwcur_uleb(c);
	for (uint64_t i = 0; i < total && formats && !c->bad; i++) {
		struct dwline_file f = { { false }, 0 };
		struct dwval v;

		for (uint64_t k = 0; k < formats; k++) {
			if (!dwval_read(c, (unsigned int)form[k], l->offset_size, l->address_size,
					&v))
				return;
			if (content[k] == CONTENT_PATH)
				f.name = dwval_str(&v, DW_LINE);
			else if (content[k] == CONTENT_DIR)
				f.dir = v.u;
		}
		if (!dwarf_may(l->d, 8) || !add(to, count, f))
			return;
	}
}

static bool read_header(struct dwline *l, struct dwcur *c)
{
	uint64_t len = dwcur_length(c, &l->offset_size), most = 1;

	if (c->bad || len > c->end - c->at)
		return false;
	c->end = l->end = c->at + len;
	l->version = (unsigned int)dwcur_u(c, 2);
	if (l->version < 2 || l->version > 5)
		return false;
	if (l->version >= 5) {
		l->address_size = (unsigned int)dwcur_u(c, 1);
		dwcur_skip(c, 1);	/* size of a segment */
	}
	len = dwcur_u(c, l->offset_size);
	if (c->bad || len > c->end - c->at)
		return false;
	l->program = c->at + len;
	l->least = (unsigned int)dwcur_u(c, 1);
	if (l->version >= 4)
		most = dwcur_u(c, 1);
	dwcur_skip(c, 1);		/* whether it begins at a statement */
	l->line_base = (int8_t)dwcur_u(c, 1);
	l->line_range = (unsigned int)dwcur_u(c, 1);
	l->opcode_base = (unsigned int)dwcur_u(c, 1);
	for (unsigned int i = 1; i < l->opcode_base; i++)
		l->operands[i] = (uint8_t)dwcur_u(c, 1);
	/* more operations than one in an instruction are not of x86-64 */
	return !c->bad && l->line_range && l->opcode_base && most <= 1 &&
		(l->address_size == 4 || l->address_size == 8);
}

bool dwline_open(struct dwline *l, struct dwarf *d, const struct dwunit *u, uint64_t at)
{
	struct dwcur c = dwcur_at(d, DW_LINE, at, UINT64_MAX);

	*l = (struct dwline){ .d = d, .address_size = u->address_size };
	if (!read_header(l, &c)) {
		*l = (struct dwline){ 0 };
		return false;
	}
	if (l->version >= 5) {
		new_table(l, &c, &l->dirs, &l->dir_count);
		new_table(l, &c, &l->files, &l->file_count);
	} else {
		old_tables(l, &c);
	}
	return true;
}

void dwline_close(struct dwline *l)
{
	free(l->files);
	free(l->dirs);
	*l = (struct dwline){ 0 };
}

/* ---- the program ---- */

struct run {
	struct dwline *l;
	struct dwline_want *wants;
	size_t count;
	bool (*is_code)(void *arg, uint64_t addr);
	void *arg;
	struct dwcur c;
	uint64_t addr, file, line;
	/* of the row before, if it is of the same sequence */
	bool has_row, counts;
	uint64_t row_addr, row_file, row_line;
};

static void begin(struct run *r)
{
	r->addr = 0;
	r->file = r->line = 1;
	r->has_row = false;
}

/* The row before holds up to here. */
static void give(struct run *r)
{
	size_t i = sorted_from(r->wants, r->count, addr, r->row_addr);

	for (; i < r->count && r->wants[i].addr < r->addr && dwarf_may(r->l->d, 1); i++) {
		struct dwline_want *w = &r->wants[i];

		if (w->found)
			continue;
		w->found = true;
		w->file = r->row_file;
		w->line = r->row_line;
	}
}

static void row(struct run *r)
{
	if (!r->has_row)
		r->counts = r->is_code(r->arg, r->addr);
	else if (r->counts && r->addr > r->row_addr && r->count &&
		 r->addr > r->wants[0].addr && r->row_addr <= r->wants[r->count - 1].addr)
		give(r);
	r->has_row = true;
	r->row_addr = r->addr;
	r->row_file = r->file;
	r->row_line = r->line;
}

static void extended(struct run *r)
{
	uint64_t len = dwcur_uleb(&r->c), end = r->c.at + len;
	struct dwline_file f = { { false }, 0 };

	if (r->c.bad || !len || len > r->c.end - r->c.at) {
		r->c.bad = true;
		return;
	}
	switch (dwcur_u(&r->c, 1)) {
	case 1:		/* end_sequence */
		row(r);
		begin(r);
		break;
	case 2:		/* set_address */
		if (len == 5 || len == 9)
			r->addr = dwcur_u(&r->c, (unsigned int)len - 1);
		break;
	case 3:		/* define_file */
		f.name = here(&r->c);
		f.dir = dwcur_uleb(&r->c);
		if (r->l->version < 5)
			add(&r->l->files, &r->l->file_count, f);
		break;
	default:
		break;
	}
	r->c.at = end;
}

static void standard(struct run *r, unsigned int op)
{
	struct dwline *l = r->l;

	switch (op) {
	case 1:		/* copy */
		row(r);
		break;
	case 2:		/* advance_pc */
		r->addr += dwcur_uleb(&r->c) * l->least;
		break;
	case 3:		/* advance_line */
		r->line += (uint64_t)dwcur_sleb(&r->c);
		break;
	case 4:		/* set_file */
		r->file = dwcur_uleb(&r->c);
		break;
	case 8:		/* const_add_pc */
		r->addr += (uint64_t)((255 - l->opcode_base) / l->line_range) * l->least;
		break;
	case 9:		/* fixed_advance_pc */
		r->addr += dwcur_u(&r->c, 2);
		break;
	default:	/* what does not matter, or is not known: it says how long it is */
		for (unsigned int i = 0; i < l->operands[op]; i++)
			dwcur_uleb(&r->c);
	}
}

void dwline_find(struct dwline *l, struct dwline_want *wants, size_t count,
		 bool (*is_code)(void *arg, uint64_t addr), void *arg)
{
	struct run r = {
		.l = l, .wants = wants, .count = count, .is_code = is_code, .arg = arg,
		.c = dwcur_at(l->d, DW_LINE, l->program, l->end),
	};

	begin(&r);
	while (!r.c.bad && r.c.at < r.c.end) {
		unsigned int op = (unsigned int)dwcur_u(&r.c, 1), of;

		if (op >= l->opcode_base) {
			of = op - l->opcode_base;
			r.addr += (uint64_t)(of / l->line_range) * l->least;
			r.line += (uint64_t)(int64_t)(l->line_base + (int)(of % l->line_range));
			row(&r);
		} else if (op) {
			standard(&r, op);
		} else {
			extended(&r);
		}
	}
}

/* ---- names ---- */

static void put_part(struct buf *b, const char *part, size_t len)
{
	if (!len)
		return;
	if (part[0] == '/')
		b->len = 0;
	else if (b->len && b->bytes[b->len - 1] != '/')
		buf_char(b, '/');
	buf_add(b, part, len);
}

bool dwline_path(struct dwline *l, uint64_t file, const char *dir, struct buf *b)
{
	bool from_one = l->version < 5;		/* files, and directories but the unit's own */
	uint64_t i = file - from_one, k;
	char part[PART_MAX];
	size_t len;

	if (i >= l->file_count || !l->files[i].name.set)
		return false;
	k = l->files[i].dir - from_one;
	len = dwstr_read(l->d, l->files[i].name, part, sizeof(part));
	if (!len)
		return false;
	b->len = 0;
	if (part[0] != '/') {
		char of[PART_MAX];

		put_part(b, dir, strlen(dir));
		if (k < l->dir_count)
			put_part(b, of, dwstr_read(l->d, l->dirs[k].name, of, sizeof(of)));
	}
	put_part(b, part, len);
	return true;
}
