/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/perfmap.h"

#include <stdbool.h>
#include <sys/stat.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/sorted.h"
#include "nsdebug/code/elf.h"
#include "nsdebug/code/sym.h"
#include "nsdebug/code/work.h"
#include "nsdebug/enter/emit.h"

#define PIECE 65536u

enum state { START, SIZE, NAME, SKIP };

struct scan {
	struct sym_want *wants;
	size_t count;
	enum state state;
	unsigned int digits;
	uint64_t value[2], name_at;	/* value[START], value[SIZE] */
	uint64_t steps;			/* that a piece took, for work_may() */
};

static void begin_line(struct scan *s, enum state state)
{
	s->state = state;
	s->digits = 0;
	s->value[START] = s->value[SIZE] = 0;
}

/* A line is read whose name ends before `end`. */
static void offer(struct scan *s, uint64_t end)
{
	uint64_t start = s->value[START], size = s->value[SIZE];
	size_t i = sorted_from(s->wants, s->count, addr, start);

	if (s->state != NAME || end == s->name_at || !size || size > UINT64_MAX - start)
		return;
	for (; i < s->count && s->wants[i].addr - start < size; i++) {
		s->wants[i].value = start;
		s->wants[i].at.at = s->name_at;
		s->wants[i].size = end - s->name_at;	/* of the name */
		s->steps++;
	}
	s->steps += 8;
}

static void take_digit(struct scan *s, uint8_t c, unsigned int digit)
{
	uint64_t *v = &s->value[s->state];

	if ((c | 0x20) == 'x' && s->digits == 1 && !*v)		/* "0x" */
		s->digits = 0;
	else if (digit > 15 || *v >> 60)
		s->state = SKIP;
	else {
		*v = *v << 4 | digit;
		s->digits++;
	}
}

static unsigned int digit_of(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10u : 16;
}

static void take_byte(struct scan *s, uint8_t c, uint64_t at)
{
	if (c == '\n') {
		offer(s, at);
		begin_line(s, START);
	} else if (s->state < NAME && c == ' ' && s->digits) {
		s->state++;
		s->digits = 0;
		s->name_at = at + 1;
	} else if (s->state < NAME) {
		take_digit(s, c, digit_of(c));
	}
}

static void read_name(struct elf *f, struct sym_want *w, struct arena *a)
{
	size_t len = w->size < PERFMAP_NAME_MAX ? w->size : PERFMAP_NAME_MAX;
	char name[PERFMAP_NAME_MAX];

	if (!w->size || !work_may(0, len) || elf_stream(f, w->at.at, name, len) != len)
		return;
	w->name = arena_dup(a, name, len);
	w->source = "perf-map";
}

static void look(struct elf *f, uint64_t from, struct sym_want *wants, size_t count,
		 struct arena *a)
{
	auto_free uint8_t *piece = mem_alloc(PIECE);
	struct scan s = { .wants = wants, .count = count };
	uint64_t at = from;
	size_t n;

	begin_line(&s, from ? SKIP : START);
	while (at - from < PERFMAP_BYTES_MAX && work_may(at - from, PIECE) &&
	       (n = elf_stream(f, at, piece, PIECE))) {
		s.steps = 0;
		for (size_t i = 0; i < n; i++)
			take_byte(&s, piece[i], at + i);
		at += n;
		if (s.steps && !work_may(at - from, s.steps))
			break;
	}
	for (size_t i = 0; i < count; i++)
		read_name(f, &wants[i], a);
}

void perfmap_look(int fd, struct sym_want *wants, size_t count, struct arena *a)
{
	struct elf f = { .fd = fd };
	uint64_t from = 0;
	struct stat st;

	if (fstat(fd, &st) < 0 || st.st_size < 0)
		return;
	if (st.st_size > PERFMAP_BYTES_MAX) {
		from = (uint64_t)st.st_size - PERFMAP_BYTES_MAX;
		if (work.emit)
			emit_cut(work.emit, "a perf map is longer than what is read of one: names "
				 "from before its last %u MB are missing", PERFMAP_BYTES_MAX >> 20);
	}
	look(&f, from, wants, count, a);
}

void perfmap_look_bytes(const void *bytes, size_t len, struct sym_want *wants, size_t count,
			struct arena *a)
{
	struct elf f = { .fd = -1, .bytes = bytes, .size = len };

	look(&f, 0, wants, count, a);
}
