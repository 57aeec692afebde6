/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Words that are said to be goroutines, of a program whose table of functions is as hostile: which
 * word is what, their states, their stacks; and where a program's code says that the list is.
 *
 * The bytes: two that say how long the table is, the table, one that says which word points to the
 * goroutine itself, then goroutines, GO_WORDS words each.
 */
#include <elf.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/err.h"
#include "nsdebug/code/gofind.h"
#include "nsdebug/code/goroutines.h"
#include "nsdebug/code/work.h"

#define TEXT 0x400000u
#define AT 0x500000u
#define GS_MAX 64u

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void read_all(const struct process *p, const struct go_taken *t)
{
	struct goroutines x;

	for (size_t i = 0; i < 2 && goroutines_init(&x, p, i ? p : NULL, t); i++) {
		for (size_t n = 0; n < t->count; n++) {
			struct goroutine g;
			struct trace trace;

			if (!goroutines_get(&x, n, &g))
				continue;
			goroutines_walk(&x, &g, 32, &trace);
			if (strlen(g.state) >= sizeof(g.state) || trace.count > 32)
				abort();
			free(trace.frames);
		}
		goroutines_free(&x);
	}
}

static void make(struct go_taken *t, struct go_g *gs, uint64_t *words, const uint8_t *bytes,
		 size_t len)
{
	for (; t->count < GS_MAX && len >= GO_WORDS * 8; t->count++) {
		uint64_t *w = words + t->count * GO_WORDS;

		memcpy(w, bytes, GO_WORDS * 8);
		gs[t->count] = (struct go_g){
			.at = 0xc000000000 + t->count * 512, .words = w, .m = w + 8,
			.stack = (const uint8_t *)w, .stack_len = GO_WORDS * 8, .stack_at = w[0],
		};
		bytes += GO_WORDS * 8;
		len -= GO_WORDS * 8;
	}
	t->gs = gs;
	t->tables[0] = (struct go_words){ AT, bytes - t->count * GO_WORDS * 8, len };
	t->ntables = 1;
	t->found = t->count > 0;
	t->now = 1ull << 40;
}

static void ask(const struct process *p, const uint8_t *bytes, size_t len)
{
	struct bytes in = { (const char *)bytes, len };
	struct go_ask asks[GO_RUNTIMES_MAX];
	size_t count;
	struct err e;

	if (go_find(p, asks, &count, &e) == 0 && count > GO_RUNTIMES_MAX)
		abort();
	if (go_ask_get(&in, asks, &count) && count > GO_RUNTIMES_MAX)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	size_t table = len > 2 ? bytes[0] | bytes[1] << 8 : 0;
	struct elf_load loads[] = {
		{ .vaddr = TEXT, .memsz = 0x10000, .filesz = 0x10000, .exec = true },
		{ .vaddr = AT, .memsz = table, .filesz = table, .write = true },
	};
	struct code c = { .elf = {
		.fd = -1, .bytes = bytes + 2, .size = table, .machine = EM_X86_64, .sections = true,
		.loads = loads, .load_count = 2, .gopclntab = { AT, 0, table },
	} };
	struct module m = { .fd = -1, .code = &c }, *of[] = { &m };
	struct vma v = { .start = TEXT, .end = AT, .read = true, .exec = true };
	struct thread thread = { .tid = 5, .how = HOW_BLOCKED, .regs.known = 1u << REG_SP };
	struct process p = { .maps = { .items = &v, .count = 1 }, .modules = of,
		.threads = &thread, .count = 1 };
	static uint64_t words[GS_MAX * GO_WORDS];
	struct go_g gs[GS_MAX];
	struct go_taken t = { 0 };

	if (len < 3 || table > len - 3)
		return 0;
	work = (struct work){ 0 };
	bytes += 2 + table;
	len -= 2 + table;
	t.self = 4 + bytes[0] % 20;
	make(&t, gs, words, bytes + 1, len - 1);
	read_all(&p, &t);
	ask(&p, bytes, len);
	return 0;
}
