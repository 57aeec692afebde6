/* SPDX-License-Identifier: Apache-2.0 */
/* sys/mounts: lines of mountinfo, whole and broken. */
#include "nsdebug/sys/mounts.h"

#include <fcntl.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "tests/unit/check.h"

static struct mounts parsed(struct arena *a, const char *text)
{
	struct mounts m = { 0 };

	mounts_parse(&m, arena_dup(a, text, strlen(text)), a);
	return m;
}

static void lines(struct arena *a)
{
	struct mounts m = parsed(a,
		"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw\n"
		"37 36 0:50 / /a\\040b\\011\\012\\134 rw - fuse.sshfs x rw\n"
		"38 36 0:51 / /c rw unbindable - overlay overlay rw,lowerdir=/x\n"
		"39 36 0:52 / /d rw shared:1 master:2 propagate_from:3 - tmpfs  rw\n");

	ok(m.count == 4, "four mounts");
	ok(m.items[0].id == 36 && m.items[0].parent == 35 && m.items[0].major == 98 &&
	   m.items[0].minor == 0, "numbers");
	ok(!strcmp(m.items[0].root, "/mnt1") && !strcmp(m.items[0].point, "/mnt2") &&
	   !strcmp(m.items[0].type, "ext3"), "words");
	ok(!strcmp(m.items[1].point, "/a b\t\n\\"), "an escaped mount point");
	ok(m.items[1].served && !m.items[0].served, "who answers for it");
	ok(m.items[2].unbindable && m.unbindable && !m.items[0].unbindable, "unbindable");
	ok(!strcmp(m.items[3].type, "tmpfs"), "optional fields of any number");
	ok(mounts_served(&m, 0, 50) && !mounts_served(&m, 98, 0) && !mounts_served(&m, 0, 99),
	   "by device");
}

static void words(struct arena *a)
{
	struct mounts m = parsed(a,
		"36 35 98:0 /d//deleted /mnt ro,nosuid shared:12 master:7 propagate_from:3 - "
		"ext4 /dev/a\\040b\\043 rw,x=a\\054b\n"
		"37 36 0:50 /deleted /e rw master:99999999999999999999 - tmpfs  rw\n"
		"38 36 0:51 //deleted /f rw - tmpfs\n"
		"39 36 0:52 / /g rw - tmpfs none\n");

	ok(m.count == 4, "four mounts");
	ok(!strcmp(m.items[0].options, "ro,nosuid") && !strcmp(m.items[0].source, "/dev/a b#") &&
	   !strcmp(m.items[0].fs_options, "rw,x=a\\054b"), "options and source");
	ok(m.items[0].shared == 12 && m.items[0].master == 7 && m.items[0].from == 3,
	   "peer groups");
	ok(m.items[0].deleted && !strcmp(m.items[0].root, "/d"), "what is no more there");
	ok(!m.items[1].deleted && !strcmp(m.items[1].root, "/deleted"), "a file of that name is");
	ok(!m.items[1].master && !*m.items[1].source && !strcmp(m.items[1].fs_options, "rw"),
	   "an empty source, and a number that is none");
	ok(m.items[2].deleted && !*m.items[2].source && !*m.items[2].fs_options,
	   "nothing behind the type");
	ok(!strcmp(m.items[3].source, "none") && !*m.items[3].fs_options, "no options");
	ok(mounts_option("ro,nosuid", "ro") && mounts_option("ro,nosuid", "nosuid") &&
	   !mounts_option("ro,nosuid", "nos") && !mounts_option("rox", "ro") &&
	   !mounts_option("", "ro"), "whole words among options");
}

static void broken(struct arena *a)
{
	static const char *const rows[] = {
		"", "\n\n\n", "36\n", "36 35\n", "36 35 98:0\n", "36 35 98:0 /\n",
		"36 35 98:0 / /\n",
		"36 35 98:0 / / rw\n", "36 35 98:0 / / rw -\n", "36 35 98:0 / / rw - \n",
		"x 35 98:0 / / rw - ext3 a b\n", "36 35 98 / / rw - ext3 a b\n",
		"36 35 98:0 /  rw - ext3 a b\n", "36 35 98:0 / x rw - ext3 a b\n",
		"36 35 98:0x / / rw - ext3 a b\n", "36 35 :0 / / rw - ext3 a b\n",
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ok(parsed(a, rows[i]).count == 0, "no mount in a broken line");
	ok(parsed(a, "x\n36 35 98:0 / / rw - ext3 a b").count == 1, "the next one counts");
	ok(!strcmp(parsed(a, "1 1 0:1 / /\\0 rw - t a b").items[0].point, "/\\0"),
	   "half an escape");
	ok(!strcmp(parsed(a, "1 1 0:1 / /\\400x rw - t a b").items[0].point, "/\\400x"),
	   "an escape of no byte");
}

static void types(struct arena *a)
{
	static const struct { const char *type; bool served; } rows[] = {
		{ "fuse", true }, { "fuseblk", true }, { "fuse.x", true }, { "fusectl", false },
		{ "nfs", true }, { "nfs4", true }, { "cifs", true }, { "smb3", true },
		{ "9p", true }, { "autofs", true },
		{ "ceph", true }, { "virtiofs", true }, { "ext4", false },
		{ "overlay", false }, { "tmpfs", false }, { "proc", false }, { "9pfs", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char line[100];

		snprintf(line, sizeof(line), "1 1 0:1 / / rw - %s a b", rows[i].type);
		ok(parsed(a, line).items[0].served == rows[i].served, rows[i].type);
	}
}

static void own(struct arena *a)
{
	auto_close int self = open("/proc/self", O_PATH | O_DIRECTORY);
	struct mounts m;
	struct err e;

	ok(mounts_read(&m, self, a, &e) == 0 && m.count > 0 && !m.cut, "our own table");
	ok(!strcmp(m.items[0].point, "/") || m.count > 1, "has a root");
	ok(m.root, "and the kernel says which");
	ok(mounts_read(&m, -1, a, &e) < 0, "none without a process");
}

int main(void)
{
	auto_arena struct arena *a = arena_new();

	lines(a);
	words(a);
	broken(a);
	types(a);
	own(a);
	return done();
}
