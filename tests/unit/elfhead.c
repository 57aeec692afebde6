/* SPDX-License-Identifier: Apache-2.0 */
/* sys/elfhead: heads of ELF files, whole and broken; and what a loader looks at (why/hwcaps). */
#include "nsdebug/sys/elfhead.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/own.h"
#include "nsdebug/why/hwcaps.h"
#include "tests/unit/check.h"

static void heads(void)
{
	Elf64_Ehdr h = { .e_ident = "\177ELF\2\1\1", .e_type = ET_DYN, .e_phnum = 3 };
	struct elfhead e;
	char room[32];

	h.e_machine = (Elf64_Half)elfhead_own();
	ok(elfhead_parse(&h, sizeof(h), &e) == ELFHEAD_GOOD && e.bits == 64 && !e.big_endian &&
	   e.type == ET_DYN && e.phnum == 3 && elfhead_runs_here(&e), "one of this machine");
	ok(elfhead_parse(&h, sizeof(h) - 1, &e) == ELFHEAD_BROKEN, "one that is cut");
	h.e_machine = EM_S390;
	ok(elfhead_parse(&h, 20, &e) == ELFHEAD_GOOD && !elfhead_runs_here(&e) &&
	   !strcmp(elfhead_machine(e.machine), "s390") &&
	   !strcmp(elfhead_platform(e.machine, room, sizeof(room)), "s390x"), "of another one");
	h.e_ident[EI_DATA] = ELFDATA2MSB;
	h.e_machine = (Elf64_Half)(elfhead_own() << 8);
	ok(elfhead_parse(&h, sizeof(h), &e) == ELFHEAD_GOOD && e.machine == elfhead_own() &&
	   !elfhead_runs_here(&e) && !e.phnum, "of another byte order");
	h.e_ident[EI_CLASS] = 3;
	ok(elfhead_parse(&h, sizeof(h), &e) == ELFHEAD_BROKEN, "of no class");
	ok(elfhead_parse("\177ELF", 4, &e) == ELFHEAD_BROKEN &&
	   elfhead_parse("\177EL", 3, &e) == ELFHEAD_NONE, "the magic, and less");
	ok(!elfhead_machine(65535) &&
	   !strcmp(elfhead_platform(65535, room, sizeof(room)), "machine 65535"), "one of no name");
}

static void segments(void)
{
	auto_close int fd = open("/proc/self/exe", O_RDONLY);
	struct elfhead e;
	Elf64_Phdr p;
	int err;

	ok(elfhead_read(fd, &e, &err) == ELFHEAD_GOOD && !err && e.phnum &&
	   elfhead_segment(fd, &e, 0, &p) && !elfhead_segment(fd, &e, e.phnum, &p),
	   "as many segments as there are");
	e.phoff = UINT64_MAX - 10;
	ok(!elfhead_segment(fd, &e, 0, &p) && !elfhead_segment(fd, &e, 1, &p),
	   "a table that is nowhere");
	e.phentsize = 1;
	ok(!elfhead_segment(fd, &e, 0, &p), "segments of another size");
	ok(elfhead_read(-1, &e, &err) == ELFHEAD_NONE && err, "a file that cannot be read");
}

static bool looks(const struct hwcaps *h, const char *dir)
{
	for (size_t i = 0; i < h->count; i++)
		if (!strcmp(h->dirs[i], dir))
			return true;
	return false;
}

static void loaders(void)
{
	static const char is36[] = "x stable release version 2.36.\n";
	static const char is41[] = "release version 2.41";
	struct hwcaps h;

	hwcaps_of(is36, sizeof(is36), 3, &h);
	ok(!strcmp(h.dirs[0], "glibc-hwcaps/x86-64-v3") && looks(&h, "glibc-hwcaps/x86-64-v2") &&
	   !looks(&h, "glibc-hwcaps/x86-64-v4") && looks(&h, "tls/haswell/x86_64") &&
	   looks(&h, "haswell") && !looks(&h, "haswell/avx512_1"),
	   "glibc 2.36 looks at both kinds");
	hwcaps_of(is41, sizeof(is41) - 1, 4, &h);
	ok(h.count == 3 && looks(&h, "glibc-hwcaps/x86-64-v4"), "a later one at the newer alone");
	hwcaps_of("", 0, 4, &h);
	ok(h.count == 15 && looks(&h, "tls/haswell/avx512_1/x86_64"), "an older one at the older");
	ok(hwcaps_is_above("/lib/glibc-hwcaps/x86-64-v4/a", 3) &&
	   !hwcaps_is_above("/lib/glibc-hwcaps/x86-64-v3/a", 3) && !hwcaps_is_above("/lib/a", 1),
	   "what is in the cache for others");
	ok(hwcaps_level() >= 1 && hwcaps_level() <= 4, "this processor");
}

int main(void)
{
	heads();
	segments();
	loaders();
	return done();
}
