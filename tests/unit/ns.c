/* SPDX-License-Identifier: Apache-2.0 */
/* sys/ns: identities, and the offsets of clocks. */
#include "nsdebug/sys/ns.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "nsdebug/base/own.h"
#include "tests/unit/check.h"

static void texts(void)
{
	ok(ns_id_of("mnt:[4026531841]") == 4026531841u, "a link");
	ok(!ns_id_of("") && !ns_id_of("mnt:") && !ns_id_of("mnt:[]") && !ns_id_of("mnt:[12") &&
	   !ns_id_of("mnt:[x]") && !ns_id_of("/some/path") &&
	   !ns_id_of("mnt:[99999999999999999999]"), "no link");
}

static void offsets(void)
{
	static const char lines[] =
		"monotonic         100         5\nboottime          -3 500000000\n";
	static const char *const bad[] = { "", "monotonic", "monotonic x 0", "monotonic 1",
		"monotonic 1 x", "monotonic 1 1000000000", "monotonic 99999999999 0",
		"monotonic 99999999999999999999 0", "boottime 1 0" };
	int64_t t = 7;

	ok(ns_parse_offset(lines, "monotonic", &t) && t == 100000000005, "seconds and more");
	ok(ns_parse_offset(lines, "boottime", &t) && t == -2500000000, "back in time");
	t = 7;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ok(!ns_parse_offset(bad[i], "monotonic", &t) && t == 7, "is none");
}

static void own(void)
{
	auto_close int self = open("/proc/self", O_PATH | O_DIRECTORY);
	auto_close int fd = ns_open(self, "uts"), owner = -1;
	struct stat st;

	ok(fstatat(self, "ns/uts", &st, 0) == 0 && ns_id(self, "uts") == st.st_ino &&
	   ns_id_fd(fd) == st.st_ino, "our own");
	owner = ns_owner(fd);
	ok(owner >= 0 && ns_id_fd(owner) == ns_id(self, "user"), "belongs to our user namespace");
	ok(ns_parent(fd) < 0 && errno == EINVAL, "has none above");
	ok(!ns_id(self, "no-such") && ns_open(self, "no-such") < 0, "no such kind");
	ok(!ns_id_fd(-1) && ns_owner(-1) < 0, "nothing to ask");
}

int main(void)
{
	texts();
	offsets();
	own();
	return done();
}
