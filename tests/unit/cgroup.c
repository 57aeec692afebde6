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

static void mounted(const char *text, const char *controllers, const char *point, const char *name)
{
	struct cgroup c = { .path = "/" };
	char got[64];
	bool found;

	snprintf(c.controllers, sizeof(c.controllers), "%s", controllers);
	found = cgroup_mount_point(text, &c, got, sizeof(got));
	ok(point ? found && !strcmp(got, point) : !found, name);
}

static void points(void)
{
	static const char text[] =
		"31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n"
		"32 31 0:29 /part /sys/fs/cgroup/part rw - cgroup cgroup rw,pids\n"
		"33 31 0:30 / /sys/fs/cgroup/cpu rw shared:9 - cgroup cgroup rw,cpu,cpuacct\n"
		"34 31 0:37 / /a\\040b\\134 rw - cgroup cgroup rw,xattr,name=systemd\n"
		"35 31 0:38 / /unified rw - cgroup2 cgroup2 rw";

	mounted(text, "cpu,cpuacct", "/sys/fs/cgroup/cpu", "by its controllers");
	mounted(text, "name=systemd", "/a b\\", "with a space and a backslash");
	mounted(text, "", "/unified", "v2");
	mounted(text, "pids", NULL, "a part of a hierarchy is not the whole");
	mounted(text, "memory", NULL, "one that is not mounted");
	mounted(text, "cpuac", NULL, "the beginning of a word");
	mounted("", "", NULL, "no table");
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
	points();
	return done();
}
