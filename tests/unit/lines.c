/* SPDX-License-Identifier: Apache-2.0 */
/*
 * code/lines. With arguments a program for tests/lines.t: lines FILE [DEBUG FILE] reads addresses
 * (hexadecimal, ascending) and prints each on a line with the functions that it is in, innermost
 * first, and file:line of each; that which has code of its own is called "-".
 */
#include "nsdebug/code/lines.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/elf.h"
#include "tests/unit/check.h"

static void print(const struct line_want *w)
{
	printf("0x%" PRIx64, w->addr);
	for (size_t i = 0; i < w->count; i++) {
		const struct line_at *at = &w->at[i];

		printf("\t%s\t%s:%" PRIu64, at->function ? at->function : "-",
		       at->file ? at->file : "??", at->line);
	}
	puts(w->count ? "" : "\t-\t??:0");
}

static int tool(const char *path, const char *debug_path)
{
	auto_close int fd = open(path, O_RDONLY), debug_fd = open(debug_path, O_RDONLY);
	auto_arena struct arena *a = arena_new();
	auto_free struct line_want *wants = NULL;
	struct elf image, debug;
	struct lines l = { 0 };
	uint64_t addr;
	size_t count = 0;
	struct err e;

	if (elf_open(&image, fd, &e) < 0 || elf_open(&debug, debug_fd, &e) < 0)
		return 1;
	while (scanf("%" SCNx64, &addr) == 1) {
		wants = mem_more(wants, count);
		wants[count++] = (struct line_want){ .addr = addr };
	}
	lines_find(&l, &image, &debug, wants, count, a);
	for (size_t i = 0; i < count; i++)
		print(&wants[i]);
	fprintf(stderr, "%" PRIu64 " of %llu%s\n", l.spent, LINES_PURSE, l.said ? ", cut" : "");
	elf_close(&image);
	elf_close(&debug);
	return 0;
}

/* This program itself. */
static void test_itself(void)
{
	auto_close int fd = open("/proc/self/exe", O_RDONLY);
	auto_arena struct arena *a = arena_new();
	struct line_want w = { .addr = (uint64_t)(uintptr_t)print + 4 };
	struct lines l = { 0 };
	struct elf f;
	struct err e;

	ok(elf_open(&f, fd, &e) == 0 && lines_find(&l, &f, &f, &w, 1, a) && w.count &&
	   w.at[w.count - 1].file && strstr(w.at[w.count - 1].file, "tests/unit/lines.c"),
	   "a function of this program is in this file");
	ok(l.spent && !l.said, "and that was not too much");
	l = (struct lines){ .spent = LINES_PURSE };
	w.count = 0;
	ok(lines_find(&l, &f, &f, &w, 1, a) && !w.count && l.said, "nothing is found for nothing");
	l = (struct lines){ .bytes = LINES_BYTES_MAX };
	lines_find(&l, &f, &f, &w, 1, a);
	ok(!w.count && l.said, "nor where there is no room");
	elf_close(&f);
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return tool(argv[1], argv[argc > 2 ? 2 : 1]);
	test_itself();
	return done();
}
