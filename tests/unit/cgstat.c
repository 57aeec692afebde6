/* SPDX-License-Identifier: Apache-2.0 */
/* sys/cgstat and sys/cgset: numbers, parts that add up, limits over all levels, pressure. The
 * files of a cgroup are made here, as v2 and v1 write them. */
#include "nsdebug/sys/cgstat.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/cgset.h"
#include "tests/unit/check.h"

static int top;		/* a directory of our own, with the "cgroups" a/b/c in it */

static void put(const char *path, const char *text)
{
	auto_close int fd = openat(top, path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || fd_write_all(fd, text, strlen(text)) < 0)
		abort();
}

static void number(const char *text, bool good, uint64_t want, const char *name)
{
	uint64_t n = 12345;

	ok(cgstat_parse_number(text, &n) == good && (!good || n == want), name);
}

static void numbers(void)
{
	number("0\n", true, 0, "zero");
	number("4096", true, 4096, "no newline");
	number("max\n", true, UINT64_MAX, "max");
	number("-1\n", true, UINT64_MAX, "-1");
	number("9223372036854771712\n", true, UINT64_MAX, "v1 without a limit, pages of 4 KiB");
	number("9223372036854710272\n", true, UINT64_MAX, "v1 without a limit, pages of 64 KiB");
	number("20000 100000\n", true, 20000, "the first of two");
	number("max 100000\n", false, 0, "max is a word of its own");
	number("", false, 0, "nothing");
	number("12x\n", false, 0, "not a number");
	number("99999999999999999999\n", false, 0, "more than fits");
	ok(cgstat_key("a 1\nab 2\nb 3", "b") == 3 && cgstat_key("ab 2\n", "a") == UINT64_MAX &&
	   cgstat_key("a\n", "a") == UINT64_MAX && cgstat_key("a x\n", "a") == UINT64_MAX &&
	   cgstat_key("", "a") == UINT64_MAX, "keys are whole words");
}

#define V2_STAT "anon 1000\nfile 500\nkernel 300\nkernel_stack 40\npagetables 50\n" \
	"sec_pagetables 0\npercpu 10\nsock 7\nvmalloc 20\nshmem 200\nfile_mapped 5\n" \
	"inactive_file 250\nslab_reclaimable 60\nslab_unreclaimable 40\nslab 100\n"

static uint64_t sum(const struct cgmem *m)
{
	const uint64_t parts[] = { m->anon, m->file, m->shmem, m->kernel, m->sock, m->hugetlb,
		m->other };
	uint64_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		n += parts[i] == UINT64_MAX ? 0 : parts[i];
	return n;
}

static void parts(void)
{
	struct cgmem m;

	cgmem_parse(&m, V2_STAT, UINT64_MAX, true);
	m.usage = 2000;
	ok(cgmem_rest(&m) && sum(&m) == 2000 && m.other == 193, "v2: parts and other are usage");
	ok(m.file == 300 && m.shmem == 200, "file is told without shmem");
	ok(m.kernel == 300 && m.kernel_other == 80 && m.slab == 100 && m.vmalloc == 20,
	   "and the kernel's by kind");
	ok(m.working_set == 1750, "working set");
	m.usage = 1800;
	ok(!cgmem_rest(&m) && m.other == 0, "parts ahead of usage: nothing is negative");
	m.usage = 100;
	ok(!cgmem_rest(&m) && m.working_set == 0, "nor is the working set");

	cgmem_parse(&m, "anon 1000\nfile 500\nkernel_stack 40\npagetables 50\npercpu 10\nslab 100\n"
		    "shmem 0\nsock 0\n", UINT64_MAX, true);
	m.usage = 2000;
	ok(cgmem_rest(&m) && m.kernel == 200 && m.kernel_other == 0 && m.other == 300,
	   "v2 before 5.18: the kernel's sum is made of what is told");

	cgmem_parse(&m, "cache 1\nrss 2\ntotal_cache 500\ntotal_rss 1000\ntotal_shmem 200\n"
		    "total_inactive_file 250\n", 300, false);
	m.usage = 2000;
	ok(cgmem_rest(&m) && sum(&m) == 2000 && m.anon == 1000 && m.file == 300 &&
	   m.kernel == 300 && m.sock == UINT64_MAX && m.other == 200,
	   "v1: with the cgroups below");
	cgmem_parse(&m, "total_cache 1\ntotal_rss 1\ntotal_shmem 9\n", UINT64_MAX, false);
	m.usage = 100;
	ok(cgmem_rest(&m) && m.file == 0 && m.kernel == UINT64_MAX, "v1: more shmem than cache");
	cgmem_parse(&m, "", UINT64_MAX, true);
	m.usage = 100;
	ok(cgmem_rest(&m) && m.other == 100 && m.working_set == 100, "a stat that says nothing");
}

static void files(void)
{
	auto_close int dir = openat(top, "a/b/c", O_PATH | O_DIRECTORY);
	struct cgmem m;

	ok(cgmem_read(&m, dir, true) < 0 && errno == ENOENT, "memory is not accounted here");
	put("a/b/c/memory.current", "2000\n");
	put("a/b/c/memory.stat", V2_STAT);
	put("a/b/c/memory.high", "max\n");
	put("a/b/c/memory.swap.current", "77\n");
	put("a/b/c/memory.events", "low 0\nhigh 3\nmax 4\noom 2\noom_kill 1\noom_group_kill 0\n");
	ok(cgmem_read(&m, dir, true) == 0 && m.usage == 2000 && m.other == 193 && m.swap == 77 &&
	   m.high == UINT64_MAX && m.peak == UINT64_MAX, "v2 files");
	ok(m.oom_kills == 1 && m.oom_events == 2 && m.max_events == 4 && m.high_events == 3 &&
	   m.under_oom == UINT64_MAX, "v2 events");
	put("a/b/c/memory.usage_in_bytes", "900\n");
	put("a/b/c/memory.stat", "total_rss 500\ntotal_cache 100\ntotal_shmem 10\n");
	put("a/b/c/memory.kmem.usage_in_bytes", "200\n");
	put("a/b/c/memory.failcnt", "6\n");
	put("a/b/c/memory.oom_control", "oom_kill_disable 0\nunder_oom 1\noom_kill 5\n");
	ok(cgmem_read(&m, dir, false) == 0 && m.usage == 900 && m.other == 100 && m.kernel == 200,
	   "v1 files");
	ok(m.oom_kills == 5 && m.max_events == 6 && m.under_oom == 1, "v1 events");
}

static void levels(void)
{
	auto_close int dir = openat(top, "a/b/c", O_PATH | O_DIRECTORY);
	struct cgset s = { .at = { { "cpu,cpuacct", "/x", 1, true, dir },
		{ "", "/a/b/c", 3, true, dir }, { "memory", "/m", 1, true, -1 } }, .count = 3 };
	const struct cgset_at *at = &s.at[1];
	struct cglimit small, tight;

	ok(cgset_find(&s, "cpuacct") == &s.at[0] && cgset_find(&s, "cpu") == &s.at[0] &&
	   cgset_find(&s, "pids") == at && cgset_v2(&s) == at, "where a controller is");
	ok(cgset_find(&s, "memory") == at, "a hierarchy that is not mounted is none");
	ok(cgset_path(at, 0).len == 6 && cgset_path(at, 1).len == 4 && cgset_path(at, 2).len == 2 &&
	   cgset_path(at, 3).len == 1 && cgset_path(at, 9).len == 1, "paths of the levels");
	ok(cgset_level(at, 4) < 0, "there is nothing above the root");
	put("a/b/c/memory.max", "1000\n");
	put("a/b/c/memory.current", "100\n");
	put("a/b/memory.max", "max\n");
	put("a/b/memory.current", "100\n");
	put("a/memory.max", "2000\n");
	put("a/memory.current", "1950\n");
	cglimit_find(at, "memory.max", "memory.current", &small, &tight);
	ok(small.limit == 1000 && small.up == 0 && small.use == 100, "the smallest limit");
	ok(tight.limit == 2000 && tight.up == 2 && tight.use == 1950, "the one with least left");
	put("a/memory.max", "500\n");
	cglimit_find(at, "memory.max", "memory.current", &small, &tight);
	ok(small.limit == 500 && small.up == 2 && tight.up == 2, "a limit that is exceeded");
	cglimit_find(at, "none.max", "memory.current", &small, &tight);
	ok(small.limit == UINT64_MAX && tight.limit == UINT64_MAX, "no such limit");
}

static void pressure(void)
{
	struct psi p;

	ok(psi_parse(&p, "some avg10=1.23 avg60=0.05 avg300=100.00 total=7\n"
		     "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n"), "pressure");
	ok(p.some.avg10 == 123 && p.some.avg60 == 5 && p.some.avg300 == 10000 &&
	   p.some.total_ns == 7000 && p.full.avg10 == 0, "its numbers");
	ok(psi_parse(&p, "some avg10=0.00 avg60=0.00 avg300=0.00 total=0\n") &&
	   p.full.avg10 == UINT64_MAX, "cpu before 5.13 has one line");

	static const char *const bad[] = { "", "some\n", "some avg10=x\n", "full avg10=0.00\n",
		"some avg10=999.00 avg60=0.00 avg300=0.00 total=0\n",
		"some avg10=0.100 avg60=0.00 avg300=0.00 total=0\n" };

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		ok(!psi_parse(&p, bad[i]), "no pressure");
}

int main(void)
{
	char name[64], line[128];

	snprintf(name, sizeof(name), P_tmpdir "/nsdebug-unit-cgstat.%d", (int)getpid());
	if (mkdir(name, 0700) < 0)
		abort();
	top = open(name, O_PATH | O_DIRECTORY);
	if (mkdirat(top, "a", 0700) < 0 || mkdirat(top, "a/b", 0700) < 0 ||
	    mkdirat(top, "a/b/c", 0700) < 0)
		abort();
	numbers();
	parts();
	files();
	levels();
	pressure();
	snprintf(line, sizeof(line), "rm -r %s", name);
	return system(line) ? 1 : done();
}
