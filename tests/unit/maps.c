/* SPDX-License-Identifier: Apache-2.0 */
/* sys/maps: one mapping after the other out of any text, and what each of them is. */
#include "nsdebug/sys/maps.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsdebug/base/fd.h"
#include "nsdebug/base/map.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/mounts.h"
#include "tests/unit/check.h"

static int here;	/* a directory with a file "smaps" */

static void write_text(const char *text, size_t len)
{
	auto_close int fd = openat(here, "smaps", O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || fd_write_all(fd, text, len) < 0)
		abort();
}

static size_t walk(const char *text, struct maps_walk *w, size_t stop)
{
	size_t n = 0;

	write_text(text, strlen(text));
	if (maps_walk_open(w, here, "smaps") < 0)
		abort();
	while (n < stop && maps_walk_next(w) > 0)
		n++;
	return n;
}

static void check_count(const char *text, size_t want, const char *name)
{
	auto_walk struct maps_walk w;

	ok(walk(text, &w, SIZE_MAX) == want && maps_walk_next(&w) == 0, name);
}

#define ONE "1000-3000 rw-s 00002000 fe:01 77                         /a b\n"
#define USE "Size:                  8 kB\nRss:                   5 kB\nPss:   3 kB\n" \
	"Private_Clean:         1 kB\nPrivate_Dirty:         2 kB\n" \
	"Swap: 18446744073709551615 kB\n" \
	"THPeligible:           0\nVmFlags: rd wr mr ht \n"
#define TWO "4000-5000 ---p 00000000 00:00 0 \n"

static void fields(void)
{
	auto_walk struct maps_walk w;

	ok(walk(ONE USE TWO, &w, 1) == 1, "the first");
	ok(w.vma.start == 0x1000 && w.vma.end == 0x3000 && w.vma.offset == 0x2000 &&
	   w.vma.major == 0xfe && w.vma.minor == 1 && w.vma.inode == 77 && w.vma.shared &&
	   w.vma.read && w.vma.write && !w.vma.exec, "its line");
	ok(w.vma.path.len == 4 && !memcmp(w.vma.path.p, "/a b", 4), "its path");
	ok(w.use.rss == 5120 && w.use.pss == 3072 && maps_private(&w.use) == 3072 &&
	   !strcmp(w.use.flags, "rd wr mr ht"), "its memory");
	ok(w.use.swap == UINT64_MAX && w.use.locked == UINT64_MAX, "what is not said, or is none");
	ok(maps_walk_next(&w) == 1 && w.vma.start == 0x4000 && w.use.rss == UINT64_MAX &&
	   !w.use.flags[0] && !w.vma.path.len && !w.vma.shared, "the second has none of that");
	ok(maps_walk_next(&w) == 0 && maps_walk_next(&w) == 0, "and then it is over");
}

static void texts(void)
{
	size_t len = 200000;
	char *text = malloc(len + 300);

	check_count("", 0, "nothing");
	check_count("\n\n", 0, "empty lines");
	check_count("Rss: 1 kB\n", 0, "sizes without a mapping");
	check_count(ONE TWO, 2, "maps");
	check_count(TWO ONE, 1, "one that goes back is left out");
	check_count(ONE ONE TWO, 2, "and one that is twice");
	check_count(ONE "x\n-\n1-\n1-2\n9000-8000 rw-p 0 0:0 0\n" TWO, 2, "lines that are none");
	check_count("1000-2000 rw-p 00000000 00:00 0 /a\\0124000-5000 rw-p 0 0:0 0 /b\n", 1,
		    "a newline in a name is written as \\012");
	check_count("1000-2000 rw-p 00000000 00:00 0 /end", 1, "no newline at the end");
	memset(text, 'x', len);
	memcpy(text, "1000-2000 rw-p 00000000 00:00 0 ", 32);
	memcpy(text + len, "\n" TWO, sizeof("\n" TWO));
	check_count(text, 2, "a path without end is cut, and the next is met");
	free(text);
}

/* More than one buffer's worth, so that lines fall on its borders. */
static void many(void)
{
	size_t room = 4 << 20, used = 0, n = 0;
	char *text = malloc(room);

	while (used + 1000 < room) {
		used += (size_t)snprintf(text + used, room - used, "%zx000-%zx800 rw-p 0 0:0 %zu "
					 "/%0*d\nRss: %zu kB\n", n + 1, n + 1, n,
					 (int)(n % 300), 0, n);
		n++;
	}
	auto_walk struct maps_walk w;
	size_t good = 0, i = 0;

	write_text(text, used);
	if (maps_walk_open(&w, here, "smaps") < 0)
		abort();
	for (; maps_walk_next(&w) > 0; i++)
		good += w.vma.inode == i && w.use.rss == i * 1024 &&
			w.vma.path.len == 1 + (i % 300 ? i % 300 : 1);
	ok(i == n && good == n, "many of them, over the borders of what is read at once");
	free(text);
}

static const char *kind(const char *line)
{
	static struct mount table[] = { { .major = 0xfe, .minor = 1 } };
	struct mounts m = { .items = table, .count = 1 };
	auto_map struct map mounted = { 0 };
	auto_walk struct maps_walk w;

	mounts_devices(&m, &mounted);
	return walk(line, &w, 1) == 1 ? maps_kind(&w.vma, &mounted) : "none";
}

static void kinds(void)
{
	static const struct { const char *tail, *want; } rows[] = {
		{ "00:00 0", "anon" }, { "00:00 0 [heap]", "heap" },
		{ "00:00 0 [stack]", "stack" }, { "00:00 0 [stack:12]", "stack" },
		{ "00:00 0 [vdso]", "kernel" }, { "00:00 0 [uprobes]", "kernel" },
		{ "00:00 0 [anon:x]", "anon" },
		{ "00:01 5 [anon_shmem:x]", "shm" },
		{ "00:01 5 /memfd:x (deleted)", "memfd" },
		{ "00:01 5 /SYSV00000000 (deleted)", "shm" },
		{ "00:01 5 /dev/zero (deleted)", "shm" },
		{ "fe:01 5 /memfd:x (deleted)", "file" }, { "fe:01 5 /SYSV00000000", "file" },
		{ "fe:01 5 /[vdso]", "file" }, { "fe:01 5 /[heap]", "file" }, { "fe:01 5", "file" },
		{ "00:99 5 /usr/lib/x.so", "file" }, { "fe:01 0 [heap]", "file" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char line[200];

		snprintf(line, sizeof(line), "1000-2000 rw-p 00000000 %s\n", rows[i].tail);
		ok(!strcmp(kind(line), rows[i].want), rows[i].tail);
	}
}

int main(void)
{
	char name[64];

	snprintf(name, sizeof(name), P_tmpdir "/nsdebug-unit-maps.%d", (int)getpid());
	if (mkdir(name, 0700) < 0)
		abort();
	here = open(name, O_PATH | O_DIRECTORY);
	fields();
	texts();
	many();
	kinds();
	unlinkat(here, "smaps", 0);
	rmdir(name);
	return done();
}
