/* SPDX-License-Identifier: Apache-2.0 */
/* sys/kallsyms: the nearest function below an address, out of lines in any order. */
#include "nsdebug/sys/kallsyms.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/mman.h>

#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "tests/unit/check.h"

static const char lines[] =
	"ffffffff81000000 T _stext\n"
	"ffffffff81000100 t first\n"
	"ffffffff81000100 T its_alias\n"
	"ffffffff81000200 D data\n"
	"ffffffff81000300 W second\n"
	"ffffffffc0000000 t in_module\t[nf_tables]\n"
	"ffffffffc0000040 t odd name\t[x]y\n"
	"ffffffff81000280 t between\n"	/* those of modules are not in order */
	"nonsense\n"
	"ffffffff81000310 T\n";

static int file_of(const char *text)
{
	int fd = memfd_create("kallsyms", 0);

	if (fd < 0 || fd_write_all(fd, text, strlen(text)) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		abort();
	return fd;
}

static bool find(const char *from, struct ksym *want, size_t count, struct arena *a)
{
	auto_close int fd = file_of(from);

	return kallsyms_find(fd, want, count, a);
}

static bool locate(const char *from, const char *const *names, uint64_t *addr, size_t count)
{
	auto_close int fd = file_of(from);

	return kallsyms_address(fd, names, addr, count);
}

static bool called(const struct ksym *k, const char *name, const char *module)
{
	return k->name && !strcmp(k->name, name) &&
		(module ? k->module && !strcmp(k->module, module) : !k->module);
}

int main(void)
{
	auto_arena struct arena *a = arena_new();
	struct ksym want[] = {
		{ .addr = 0xffffffff80ffffff }, { .addr = 0xffffffff81000100 },
		{ .addr = 0xffffffff81000250 }, { .addr = 0xffffffff81000290 },
		{ .addr = 0xffffffff81000305 }, { .addr = 0xffffffff8100ffff },
		{ .addr = 0xffffffff82000000 }, { .addr = 0xffffffffc0000010 },
		{ .addr = 0xffffffffc0000041 },
	};
	static const char *const names[] = { "second", "its_alias", "in_module", "firs" };
	uint64_t addr[4];
	struct ksym hidden[] = { { .addr = 0xffffffff81000100 } };

	ok(find(lines, want, 9, a), "a file with addresses");
	ok(!want[0].name, "nothing is below the first");
	ok(called(&want[1], "first", NULL), "at its beginning, and of two names the first");
	ok(called(&want[2], "first", NULL), "data is no function");
	ok(called(&want[3], "between", NULL), "a line out of order");
	ok(called(&want[4], "second", NULL), "in the middle");
	ok(called(&want[5], "second", NULL), "far behind");
	ok(!want[6].name, "too far behind");
	ok(called(&want[7], "in_module", "nf_tables"), "a module's");
	ok(called(&want[8], "odd name", NULL), "a name that is odd");
	ok(!find("0000000000000000 T _stext\n0000000000000000 T x\n", hidden, 1, a),
	   "addresses that are hidden are said to be");
	ok(!hidden[0].name, "and name nothing");
	ok(!find("", hidden, 1, a), "an empty file");
	ok(locate(lines, names, addr, 4), "addresses of names");
	ok(addr[0] == 0xffffffff81000300 && addr[1] == 0xffffffff81000100, "of functions");
	ok(!addr[2], "of the kernel's own, not of a module's");
	ok(!addr[3], "of no other whose name begins so");
	ok(!locate("0000000000000000 T second\n", names, addr, 4) && !addr[0], "hidden ones");
	return done();
}
