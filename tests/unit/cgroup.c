/* SPDX-License-Identifier: Apache-2.0 */
/* sys/cgroup: which of a process's hierarchies names its cgroup. */
#include "nsdebug/sys/cgroup.h"

#include "tests/unit/check.h"

static void check(const char *text, const char *controllers, const char *path, const char *name)
{
	struct cgroup c;
	bool own = cgroup_parse(&c, text);

	ok(own == (strcmp(path, "/") != 0) && !strcmp(c.path, path) &&
	   !strcmp(c.controllers, controllers), name);
}

int main(void)
{
	static char longer[6000];

	check("0::/system.slice/a\n", "", "/system.slice/a", "v2");
	check("0::/\n", "", "/", "the root of v2");
	check("12:pids:/p\n1:name=systemd:/s\n0::/u\n", "", "/u", "hybrid: v2 first");
	check("12:pids:/p\n1:name=systemd:/s\n0::/\n", "name=systemd", "/s", "else systemd's");
	check("12:pids:/p\n5:cpu,cpuacct:/c\n0::/\n", "pids", "/p", "else pids");
	check("5:cpu,cpuacct:/c\n", "cpu,cpuacct", "/c", "else any");
	check("5:cpu:/\n4:memory:/\n0::/\n", "", "/", "roots only");
	check("1:name=x:/a:b\n", "name=x", "/a:b", "a colon in the path is the path's");
	check("0::/a/..\n", "", "/a/..", "whatever the path says: it is a claim");
	check("0::/a", "", "/a", "no newline at the end");
	check("", "", "/", "nothing");
	check("\n:\n::\n0:\n0\n", "", "/", "lines that are none");
	snprintf(longer, sizeof(longer), "0::/%05000d\n1:name=systemd:/s\n", 0);
	check(longer, "name=systemd", "/s", "a path that is too long does not count");
	snprintf(longer, sizeof(longer), "1:%0100d:/a\n", 0);
	check(longer, "", "/", "nor do controllers that are");
	return done();
}
