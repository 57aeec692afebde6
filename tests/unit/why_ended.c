/* SPDX-License-Identifier: Apache-2.0 */
/* why/kmsg, needs, output, denied and exits: what others have written is not believed. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/rfc3339.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/why/denied.h"
#include "nsdebug/why/exits.h"
#include "nsdebug/why/finding.h"
#include "nsdebug/why/kmsg.h"
#include "nsdebug/why/look.h"
#include "nsdebug/why/needs.h"
#include "nsdebug/why/output.h"
#include "tests/unit/check.h"

#define ID "2042f2f449cd73d0525cb2ce4df6b2b29daaa500053e4beb7a70e8e939463541"
#define OTHER "77542f2f449cd73d0525cb2ce4df6b2b29daaa500053e4beb7a70e8e93946354"

static int parse(const char *text, struct oom_kill *k)
{
	return kmsg_parse(text, strlen(text), k);
}

static bool is_of(const char *cgroup, const char *own, const char *id)
{
	struct kmsg_want w = { .cgroup = own, .id = id };
	struct oom_kill k = { .at_us = 1 };

	snprintf(k.cgroup, sizeof(k.cgroup), "%s", cgroup);
	return kmsg_is_of(&k, &w);
}

static void test_records(void)
{
	struct oom_kill k;

	ok(parse("6,99978,63833200200,-;oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),"
		 "cpuset=c,mems_allowed=0,oom_memcg=/docker/" ID ",task_memcg=/docker/" ID "/sub,"
		 "task=python3,pid=17870,uid=65532\n SUBSYSTEM=x\n", &k) == 1, "a kill");
	ok(k.at_us == 63833200200 && !strcmp(k.limit, "/docker/" ID) &&
	   !strcmp(k.cgroup, "/docker/" ID "/sub") && !strcmp(k.comm, "python3") &&
	   k.pid == 17870 && k.uid == 65532, "its parts");
	ok(parse("6,1,2,-;oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),cpuset=/,"
		 "mems_allowed=0,global_oom,task_memcg=/a,task=x,pid=5,uid=0", &k) == 1 &&
	   !k.limit[0] && !strcmp(k.cgroup, "/a"), "the node's own memory");
	ok(parse("6,1,2,-;oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/a,task_memcg=/a,"
		 "task=a,pid=1,uid=0,pid=7,uid=8", &k) == 1 && k.pid == 7 && k.uid == 8 &&
	   !strcmp(k.comm, "a,pid=1,uid=0"), "a name that reads like a pid: the kernel's is last");
	ok(parse("6,1,2,-;oom-kill:constraint=CONSTRAINT_MEMCG,cpuset=x,"
		 "task_memcg=/docker/" ID ",task=a,"
		 "mems_allowed=0,oom_memcg=/a,task_memcg=/a,task=a,pid=1,uid=0", &k) == -1,
	   "a cgroup that reads like another's: not read");
	ok(parse("6,1,2,-;x oom-kill:constraint=C,task_memcg=/a,task=a,pid=1,uid=0", &k) == 0,
	   "not at the beginning: a program's own words in the log");
	ok(parse("6,1,2,-;oom-kill:constraint=C,task_memcg=/a,task=a,pid=1x,uid=0", &k) == -1,
	   "a pid that is none");
	ok(parse("14,1,2,-;oom-kill:constraint=CONSTRAINT_MEMCG,oom_memcg=/a,task_memcg=/a,"
		 "task=a,pid=1,uid=0", &k) == 0, "what a program has written into the log");
	ok(parse("6,1,2,-;oom-kill:constraint=CONSTRAINT_NONE,nodemask=(null),"
		 "cpuset=x,oom_memcg=/docker/" ID ",mems_allowed=0,global_oom,task_memcg=/a,task=a,"
		 "pid=1,uid=0", &k) == -1 &&
	   parse("6,1,2,-;oom-kill:constraint=CONSTRAINT_NONE,global_oom,task_memcg=/a,"
		 "oom_memcg=/b,task=a,pid=1,uid=0", &k) == -1,
	   "the node's own memory, and a cgroup that reads like a limit");
	ok(parse("6,1", &k) == 0 && parse("", &k) == 0 && parse(";", &k) == 0, "half a record");
}

static void test_cgroups(void)
{
	ok(is_of("/docker/" ID, NULL, ID), "by an id");
	ok(is_of("/system.slice/docker-" ID ".scope", NULL, ID), "by systemd's name for it");
	ok(is_of("/kubepods/burstable/pod1-2/" ID "/x", NULL, ID), "below a pod's");
	ok(is_of("/libpod_parent/" OTHER "/libpod-" ID, NULL, ID), "below one of a pod of podman");
	ok(!is_of("/docker/" OTHER "/" ID, NULL, ID), "another's that names a cgroup so");
	ok(!is_of("/docker/" OTHER "/libpod_parent/" OTHER "/" ID, NULL, ID), "or two levels down");
	ok(!is_of("/docker/x" ID, NULL, ID) && !is_of("", NULL, ID) && !is_of("/", NULL, ID),
	   "none");
	ok(is_of("/a/web", "/a/web", "web") && is_of("/a/web/x", "/a/web", "web"), "by its path");
	ok(!is_of("/a/web2", "/a/web", "web") && !is_of("/b/web", "/a/web", "web") &&
	   !is_of("/a", "/", "web"), "no other path");
}

static void test_times(void)
{
	uint32_t nsec;
	int64_t sec;

	ok(time_parse("2026-11-22T18:40:45.380523582Z", &sec, &nsec) && sec == 1795372845 &&
	   nsec == 380523582, "a time");
	ok(!time_parse("2026-11-22", &sec, &nsec) && !time_parse("", &sec, &nsec) &&
	   !time_parse("2026-11-22T18:40:45+01:00", &sec, &nsec), "no time");
}

static void test_output(struct arena *a)
{
	static const char docker[] = "{\"log\":\"one\\n\",\"stream\":\"stdout\",\"time\":\"t\"}\n"
		"{\"log\":\"two \\u001b[31m\\n\",\"stream\":\"stderr\"}\nhalf";
	static const char cri[] = "2026-01-01T00:00:00Z stderr F no \x1b words\n"
		"2026-01-01T00:00:00Z stderr\n";
	struct output o;

	output_parse(docker, strlen(docker), true, a, &o);
	ok(o.count == 2 && !strcmp(o.lines[0], "one") && !strcmp(o.lines[1], "two \x1b[31m"),
	   "lines as docker writes them");
	output_parse(cri, strlen(cri), false, a, &o);
	ok(o.count == 1 && !strcmp(o.lines[0], "no \x1b words"), "lines as the CRI writes them");
	output_parse("", 0, true, a, &o);
	ok(o.count == 0, "no line");
}

static void test_denied(struct arena *a)
{
	struct ending_mount m[] = {
		{ .at = "/data", .source = "/srv/d", .read_only = true }, { .at = "/data/rw" },
	};
	struct ending x = { .mounts = m, .nmounts = 2, .read_only_root = true };
	struct look_ids as = { 65532, 100 };
	struct findings f = { .a = a };

	ok(!denied_line(&f, &x, &as, "open /data/x: Permission denied"), "another refusal");
	ok(!denied_line(&f, &x, &as, "open /data/rw/x: Read-only file system") && !f.count,
	   "a mount that can be written: not believed");
	ok(!denied_line(&f, &x, &as, "Read-only file system") && !f.count, "no path");
	ok(denied_line(&f, &x, &as, "open '/data/x': Read-only file system") &&
	   !strcmp(f.items[0].kind, "read-only-mount") &&
	   !strcmp(f.items[0].docker, "--volume SOURCE:/data:rw"), "a read-only mount");
	ok(denied_line(&f, &x, &as, "a/b: open /var/x: read-only file system") &&
	   !strcmp(f.items[1].kind, "read-only-root") &&
	   !strcmp(f.items[1].docker, "--tmpfs /var:uid=65532,gid=100") &&
	   !strcmp(f.items[1].podman, "--tmpfs /var:U"), "a read-only root, as Go says it");
	ok(denied_line(&f, &x, &as, "open /x|reboot/y: EROFS") && !*f.items[2].docker &&
	   !*f.items[2].podman && !*f.items[2].kubernetes,
	   "a path with a meaning for a shell: nothing to paste");
	ok(!denied_line(&f, &x, &as, "open /data/rw/../../x: EROFS") && f.count == 3,
	   "a path that goes up: who knows where");
	ok(denied_line(&f, &x, &as, "/busybox/sh: can't create /var/x: Read-only file system") &&
	   strstr(f.items[3].what, "/var/x"), "the path that a shell names last, not its own");
	f.count = 0;
	ok(denied_line(&f, &x, &as, "2026/11/22 22:40:28 [emerg] 1#1: bind() to 0.0.0.0:80 failed "
		       "(13: Permission denied)") && !strcmp(f.items[0].kind, "port") &&
	   !strcmp(f.items[0].docker, "--sysctl net.ipv4.ip_unprivileged_port_start=80"),
	   "a low port, as nginx says it");
	ok(denied_line(&f, &x, &as, "listen tcp :443: bind: permission denied") &&
	   strstr(f.items[1].what, "port 443:"), "as Go says it");
	ok(denied_line(&f, &x, &as, "Error: listen EACCES: permission denied 0.0.0.0:81") &&
	   strstr(f.items[2].what, "port 81:"), "as Node says it");
	ok(!denied_line(&f, &x, &as, "listen tcp :8080: bind: permission denied"), "a high one");
	as.uid = 0;
	ok(!denied_line(&f, &x, &as, "listen tcp :443: bind: permission denied"), "root may");
	f.count = 4;
	as.uid = as.gid = UINT32_MAX;
	ok(denied_line(&f, &x, &as, "open /var/x: EROFS") && !f.items[4].docker &&
	   !strcmp(f.items[4].podman, "--tmpfs /var:U"), "a user that is not known");
	x.read_only_root = false;
	ok(!denied_line(&f, &x, &as, "open /var/x: EROFS"),
	   "a root that can be written: not believed");
}

static void read_bytes(const void *bytes, size_t len, struct needs *n, struct arena *a)
{
	auto_close int fd = open("/tmp", O_TMPFILE | O_RDWR, 0600);

	if (fd >= 0 && write(fd, bytes, len) == (ssize_t)len)
		needs_read(fd, n, a);
}

static void test_needs(struct arena *a)
{
	static unsigned char elf[4096];
	auto_close int own = open("/proc/self/exe", O_RDONLY);
	struct needs n;

	needs_read(own, &n, a);
	ok(n.kind == NEEDS_ELF && n.machine == needs_own_machine(), "this program");
	read_bytes("#!/bin/sh\n", 10, &n, a);
	ok(n.kind == NEEDS_NOT_ELF, "a script");
	read_bytes("\177ELF", 4, &n, a);
	ok(n.kind == NEEDS_BROKEN, "four bytes");
	read_bytes("\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\2\0\267\0", 20, &n, a);
	ok(n.kind == NEEDS_OTHER_MACHINE && n.machine == 183 && n.bits == 64, "of arm64");
	read_bytes("\177ELF\1\2\1\0\0\0\0\0\0\0\0\0\0\2\0\10", 20, &n, a);
	ok(n.kind == NEEDS_OTHER_MACHINE && n.machine == 8 && n.big_endian, "of mips");
	memset(elf, 0xff, sizeof(elf));
	memcpy(elf, "\177ELF\2\1\1", 7);
	elf[16] = 2;
	elf[17] = 0;
	elf[18] = (unsigned char)needs_own_machine();
	elf[19] = 0;
	read_bytes(elf, sizeof(elf), &n, a);
	ok(n.kind == NEEDS_BROKEN && !n.nlibs, "numbers that are too large");
}

static void test_codes(struct arena *a)
{
	struct findings f = { .a = a };

	ok(exits_signal(137) == 9 && exits_signal(128) == 0 && exits_signal(1) == 0 &&
	   exits_signal(255) == 0, "signals among the codes");
	ok(!strcmp(exits_say(&f, 139)->kind, "crashed") &&
	   !strcmp(exits_say(&f, 159)->kind, "seccomp") &&
	   !strcmp(exits_say(&f, 137)->kind, "killed") &&
	   !strcmp(exits_say(&f, 143)->kind, "signal") &&
	   !strcmp(exits_say(&f, 3)->kind, "exited"), "what they mean");
	for (size_t i = 0; i < 2 * FINDINGS_MAX; i++)
		finding_missing(&f, "%zu", i), finding_add(&f, "x");
	ok(f.count == FINDINGS_MAX && f.nmissing == FINDINGS_MAX, "there is room for so many");
}

int main(void)
{
	auto_arena struct arena *a = arena_new();

	test_records();
	test_cgroups();
	test_times();
	test_output(a);
	test_denied(a);
	test_needs(a);
	test_codes(a);
	return done();
}
