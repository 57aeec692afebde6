/* SPDX-License-Identifier: Apache-2.0 */
/* code/elf, fde, cfi, sym, body and demangle, on this very program. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/body.h"
#include "nsdebug/code/cfi.h"
#include "nsdebug/code/demangle.h"
#include "nsdebug/code/elf.h"
#include "nsdebug/code/fde.h"
#include "nsdebug/code/sym.h"
#include "nsdebug/sys/maps.h"

static int tests;

static void ok(bool good, const char *name)
{
	printf("%sok %d - %s\n", good ? "" : "not ", ++tests, name);
}

int known_function(int n);
__attribute__((noinline)) int known_function(int n)
{
	return n + 1;
}

static uint64_t own_bias(const struct elf *f, struct arena *a)
{
	auto_close int dir = open("/proc/self", O_PATH | O_DIRECTORY);
	const struct vma *v;
	uint64_t bias = ~0ull;
	struct maps m;

	if (maps_read(&m, dir, a) < 0)
		return bias;
	v = maps_find(&m, (uint64_t)(uintptr_t)known_function);
	if (v && v->exec)
		elf_bias(f, v->start, v->offset, (uint64_t)(uintptr_t)known_function, &bias);
	return bias;
}

static void test_names(struct elf *f, uint64_t bias, struct arena *a)
{
	const struct sym_table t = { f, .source = "here" };
	struct sym_want w[2] = {
		{ .addr = 1 }, { .addr = (uint64_t)(uintptr_t)known_function + 3 - bias },
	};

	sym_look(f, &t, 1, w, 2, a);
	ok(!w[0].name, "an address of nothing has no name");
	ok(w[1].name && !strcmp(w[1].name, "known_function"), "a function has its name");
	ok(w[1].addr - w[1].value == 3, "and its offset");
}

static void test_cfi(struct elf *f, uint64_t bias)
{
	uint64_t at = (uint64_t)(uintptr_t)known_function - bias;
	struct elf_section hdr = f->eh_frame_hdr;
	struct cfi with = { 0 }, made = { 0 };
	unsigned int differ = 0, found = 0;

	ok(cfi_find(&with, f, at), "an entry by the file's own table, or by a made one");
	f->eh_frame_hdr.size = 0;
	ok(cfi_find(&made, f, at) && made.made, "an entry by a table that is made");
	f->eh_frame_hdr = hdr;
	for (uint64_t i = 0; i < 20000; i++) {
		bool a = cfi_find(&with, f, at + i * 7), b = cfi_find(&made, f, at + i * 7);

		differ += a != b;
		found += a;
	}
	ok(found > 1000 && !differ, "both find the same");
	ok(!cfi_find(&with, f, 0) && !cfi_find(&with, f, ~0ull), "and nothing where nothing is");
	cfi_free(&with);
	cfi_free(&made);
}

/* One with a loop, a part out of line and a call, as assemblers write it; behind each of its ends
 * is code of nobody. */
extern const char body_entry[], body_loop[], body_other[], body_aside[], body_after[];
__asm__(
	".text\n"
	"body_entry:	test %edi, %edi\n"
	"	jne body_aside\n"
	"body_loop:	dec %esi\n"
	"	call known_function\n"
	"	jnz body_loop\n"
	"	ret\n"
	"body_other:	mov $1, %eax\n"
	"	jmp *%rax\n"
	"body_aside:	xor %eax, %eax\n"
	"	jmp body_loop\n"
	"body_after:	nop\n"
	"	ret\n");

static void test_body(struct elf *f, uint64_t bias)
{
	uint64_t entry = (uint64_t)(uintptr_t)body_entry - bias;
	uint64_t other = (uint64_t)(uintptr_t)body_other - bias;
	uint64_t aside = (uint64_t)(uintptr_t)body_aside - bias;
	uint64_t after = (uint64_t)(uintptr_t)body_after - bias;
	unsigned int wrong = 0;

	for (uint64_t at = entry; at < after; at++)
		wrong += body_has(f, entry, at) != (at < other || at >= aside);
	ok(!wrong && after - entry > 20, "what a way leads to is its code, whole instructions");
	ok(!body_has(f, entry, after) && !body_has(f, entry, entry - 1),
	   "what stands behind or before it is not");
	ok(body_has(f, other, other + 6) && !body_has(f, other, aside),
	   "nor what a jump by a register may lead to");
	ok(!body_has(f, entry, entry + BODY_MAX) && !body_has(f, 1, 2) &&
	   !body_has(f, ~0ull, ~0ull), "nor what is too far, or nowhere");
}

/* One file page of two segments: which of the two a mapping is, the address says. */
static void test_shared_page(void)
{
	static struct elf_load loads[] = {
		{ .vaddr = 0x401000, .off = 0x1000, .memsz = 0x308, .filesz = 0x308, .exec = true },
		{ .vaddr = 0x403308, .off = 0x1308, .memsz = 0x2010, .filesz = 0x2010,
		  .exec = true },
	};
	const struct elf f = { .loads = loads, .load_count = ARRAY_SIZE(loads) };
	uint64_t bias = 1;

	ok(elf_bias(&f, 0x401000, 0x1000, 0x401005, &bias) && !bias, "code of the first segment");
	ok(elf_bias(&f, 0x403000, 0x1000, 0x403310, &bias) && !bias,
	   "and of the second, whose page the first one begins on");
	ok(!elf_bias(&f, 0x409000, 0x9000, 0x409000, &bias), "a page of none");
}

/* Whatever is cut off, there is an error or less to be found: never a read beyond the end. */
static void test_short(void)
{
	auto_close int fd = open("/proc/self/exe", O_RDONLY);
	size_t len = 300000, refused = 0;
	auto_free char *whole = mem_alloc(len);
	struct err e;

	len = (size_t)read(fd, whole, len);
	for (size_t n = 0; n < 4096; n += 7) {
		char *cut = mem_dup(whole, n);
		struct elf f;

		refused += elf_open_bytes(&f, cut, n, &e) < 0;
		elf_close(&f);
		free(cut);
	}
	ok(refused > 5, "a file that ends early is refused");
	memset(whole, 0xff, 64);
	ok(elf_open_bytes(&(struct elf){ 0 }, whole, len, &e) < 0, "as is what is no ELF file");
	memcpy(whole, "\177ELF\1\1", 6);
	ok(elf_open_bytes(&(struct elf){ 0 }, whole, len, &e) < 0 && e.status == ST_REFUSED,
	   "and a 32-bit one, which says so");
}

static void name(const char *mangled, const char *want)
{
	auto_buf struct buf b = { 0 };
	bool got = demangle(&b, mangled);

	ok(want ? got && !strcmp(b.bytes, want) : !got && !b.len, want ? want : "stays as it is");
}

static void test_demangle(void)
{
	auto_buf struct buf b = { 0 };

	name("_ZN6server4loopEiPKc", "server::loop(int, char const*)");
	name("_ZN4core3fmt5write17h0123456789abcdefE", "core::fmt::write");
	name("_RNvNtCs1234_7mycrate3foo3bar", "mycrate::foo::bar");
	name("main", NULL);
	name("_Zgarbage", NULL);
	buf_str(&b, "_Z");
	buf_fill(&b, 'P', 5000);
	name(b.bytes, NULL);
	/* each S0_ stands for twice the one before */
	name("_Z1fSt4pairIS_IS_IS_IS_IS_IS_IS_IS_IS_IS_IS_", NULL);
}

int main(void)
{
	auto_close int fd = open("/proc/self/exe", O_RDONLY);
	struct arena *a = arena_new();
	struct elf f;
	struct err e;
	uint64_t bias;

	if (elf_open(&f, fd, &e) < 0) {
		printf("Bail out! %s\n", e.msg);
		return 1;
	}
	ok(strlen(f.build_id) == 40, "it has a build id");
	bias = own_bias(&f, a);
	ok(bias != ~0ull, "where it was loaded is found");
	test_names(&f, bias, a);
	test_cfi(&f, bias);
	test_body(&f, bias);
	test_shared_page();
	test_short();
	test_demangle();
	elf_close(&f);
	arena_free(&a);
	printf("1..%d\n", tests);
	return 0;
}
