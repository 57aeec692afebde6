/* SPDX-License-Identifier: Apache-2.0 */
/* why/kmsg, needs, output, words, denied and exits: what others have written is not believed. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/rfc3339.h"
#include "nsdebug/sys/elfhead.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/why/creds.h"
#include "nsdebug/why/denied.h"
#include "nsdebug/why/exits.h"
#include "nsdebug/why/finding.h"
#include "nsdebug/why/kmsg.h"
#include "nsdebug/why/look.h"
#include "nsdebug/why/needs.h"
#include "nsdebug/why/output.h"
#include "nsdebug/why/reason.h"
#include "nsdebug/why/words.h"
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
	struct ending x = { .begun_ns = 7000000005 };
	uint32_t nsec;
	int64_t sec;

	ok(time_parse("2026-11-22T18:40:45.380523582Z", &sec, &nsec) && sec == 1795372845 &&
	   nsec == 380523582, "a time");
	ok(time_parse("2026-11-22T19:40:45.5+01:00", &sec, &nsec) && sec == 1795372845 &&
	   time_parse("2026-11-22T13:10:45-05:30", &sec, &nsec) && sec == 1795372845,
	   "one of another zone");
	ok(!time_parse("2026-11-22", &sec, &nsec) && !time_parse("", &sec, &nsec) &&
	   !time_parse("2026-11-22T18:40:45+0100", &sec, &nsec) &&
	   !time_parse("2026-11-22T18:40:45+01:00Z", &sec, &nsec), "no time");
	ok(time_ns(1, 5) == 1000000005 && time_ns(-1, 5) == -999999995, "in nanoseconds");
	ok(time_ns(INT64_MAX / 1000000000 + 1, 0) == INT64_MAX &&
	   time_ns(INT64_MAX / 1000000000, 999999999) == INT64_MAX &&
	   time_ns(INT64_MIN, 0) == INT64_MIN, "one that no file system of ours has, too");
	ok(ending_is_later(&x, 8, 0) && ending_is_later(&x, 7, 5) && !ending_is_later(&x, 7, 4) &&
	   ending_is_later(&x, INT64_MAX, 0), "after a start had begun");
	x.begun_ns = 0;
	ok(!ending_is_later(&x, 8, 0), "if it is known when");
}

static void test_output(struct arena *a)
{
	static const char docker[] = "{\"log\":\"one\\n\",\"stream\":\"stdout\",\"time\":\"t\"}\n"
		"{\"log\":\"two \\u001b[31m\\n\",\"stream\":\"stderr\"}\nhalf";
	static const char cri[] = "2026-01-01T00:00:00Z stderr F no \x1b words\n"
		"2026-01-01T00:00:00Z stderr\n";
	static const char two[] = "{\"log\":\"old\\n\",\"time\":\"2026-01-01T00:00:00.9Z\"}\n"
		"{\"log\":\"new\\n\",\"time\":\"2026-01-01T00:00:01.1Z\"}\n";
	static const char k8s[] = "2026-01-01T01:00:00.9+01:00 stderr F old\n"
		"2026-01-01T01:00:01.1+01:00 stderr F new\n";
	struct output o;
	int64_t sec = 0;
	uint32_t nsec;

	output_parse(docker, strlen(docker), true, (struct output_span){ 0, 0 }, a, &o);
	ok(o.count == 2 && !strcmp(o.lines[0], "one") && !strcmp(o.lines[1], "two \x1b[31m"),
	   "lines as docker writes them");
	output_parse(cri, strlen(cri), false, (struct output_span){ 0, 0 }, a, &o);
	ok(o.count == 1 && !strcmp(o.lines[0], "no \x1b words"), "lines as the CRI writes them");
	ok(time_parse("2026-01-01T00:00:01Z", &sec, &nsec), "a time to begin from");
	output_parse(two, strlen(two), true, (struct output_span){ sec * 1000000000, 0 }, a, &o);
	ok(o.count == 1 && !strcmp(o.lines[0], "new"), "none of an earlier run of docker");
	output_parse(two, strlen(two), true, (struct output_span){ 0, sec * 1000000000 }, a, &o);
	ok(o.count == 1 && !strcmp(o.lines[0], "old"), "those before a run");
	output_parse(k8s, strlen(k8s), false, (struct output_span){ sec * 1000000000, 0 }, a, &o);
	ok(o.count == 1 && !strcmp(o.lines[0], "new"), "nor of podman, in another zone");
	output_parse("", 0, true, (struct output_span){ 0, 0 }, a, &o);
	ok(o.count == 0, "no line");
}

static void test_port(struct arena *a)
{
	struct ending x = { .spec = "/config.json", .first_port = 1024 };
	struct look_ids as = { 65532, 100 };
	struct findings f = { .a = a };

	ok(denied_line(&f, &x, &as, "2026/11/22 22:40:28 [emerg] 1#1: bind() to 0.0.0.0:80 failed "
		       "(13: Permission denied)") && !strcmp(f.items[0].kind, "port") &&
	   !strcmp(f.items[0].docker, "--sysctl net.ipv4.ip_unprivileged_port_start=80"),
	   "a low port, as nginx says it");
	ok(denied_line(&f, &x, &as, "listen tcp :443: bind: permission denied") &&
	   strstr(f.items[1].what, "port 443 is"), "as Go says it");
	ok(denied_line(&f, &x, &as, "Error: listen EACCES: permission denied 0.0.0.0:81") &&
	   strstr(f.items[2].what, "port 81 is"), "as Node says it");
	ok(!denied_line(&f, &x, &as, "listen tcp :8080: bind: permission denied"), "a high one");
	x.first_port = 0;
	ok(!denied_line(&f, &x, &as, "listen tcp :443: bind: permission denied"),
	   "where it is for all, that refused nothing");
	x.first_port = -1;
	ok(!denied_line(&f, &x, &as, "listen tcp :443: bind: permission denied"), "nobody knows");
	x.first_port = 1024;
	as.uid = 0;
	ok(!denied_line(&f, &x, &as, "listen tcp :443: bind: permission denied"), "root may");
}

static void test_denied(struct arena *a)
{
	struct ending_mount m[] = {
		{ .at = "/data", .source = "/srv/d", .flags.set = MOUNT_RO }, { .at = "/data/rw" },
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
	   !strcmp(f.items[0].docker, "--volume /srv/d:/data:rw"), "a read-only mount");
	m[0].source = "/var/lib/docker/volumes/keep/_data";
	ok(denied_line(&f, &x, &as, "open '/data/x': Read-only file system") &&
	   !strcmp(f.items[--f.count].podman, "--volume keep:/data:rw"), "a volume has a name");
	m[0].source = "overlay";
	ok(denied_line(&f, &x, &as, "open '/data/x': Read-only file system") &&
	   !strcmp(f.items[--f.count].podman, "--volume SOURCE:/data:rw"), "what is no path");
	ok(denied_line(&f, &x, &as, "a/b: open /var/x: read-only file system") &&
	   !strcmp(f.items[1].kind, "read-only-root") &&
	   !strcmp(f.items[1].docker, "--tmpfs /var:uid=65532,gid=100") &&
	   !strcmp(f.items[1].podman, "--tmpfs /var:U"), "a read-only root, as Go says it");
	ok(denied_line(&f, &x, &as, "open /x|reboot/y: EROFS") &&
	   !strcmp(f.items[2].docker, "--tmpfs /tmp:uid=65532,gid=100") &&
	   !strcmp(f.items[2].podman, "--tmpfs /tmp:U") &&
	   !strstr(f.items[2].kubernetes, "reboot"),
	   "a path with a meaning for a shell: /tmp is pasted, which is read-only, too");
	ok(!denied_line(&f, &x, &as, "open /data/rw/../../x: EROFS") && f.count == 3,
	   "a path that goes up: who knows where");
	ok(denied_line(&f, &x, &as, "/busybox/sh: can't create /var/x: Read-only file system") &&
	   strstr(f.items[3].what, "/var/x"), "the path that a shell names last, not its own");
	f.count = 4;
	as.uid = as.gid = UINT32_MAX;
	ok(denied_line(&f, &x, &as, "open /var/x: EROFS") && !f.items[4].docker &&
	   !strcmp(f.items[4].podman, "--tmpfs /var:U"), "a user that is not known");
	x.read_only_root = false;
	ok(!denied_line(&f, &x, &as, "open /var/x: EROFS"),
	   "a root that can be written: not believed");
}

/* A program says itself, by what it is given, that it has to have them. */
static void test_file_caps(struct arena *a)
{
	struct reason r = { .kind = WHY_FILE_CAPS, .caps = CREDS_CAP(NET_RAW) };
	struct findings f = { .a = a };
	struct finding *s = finding_add(&f, "not-started");

	finding_cure(&f, s, &r, UINT32_MAX, UINT32_MAX);
	ok(!strcmp(s->docker, "--cap-add NET_RAW"), "what a program's file asks for");
	r.caps |= CREDS_CAP(SYS_ADMIN);
	finding_cure(&f, s, &r, UINT32_MAX, UINT32_MAX);
	ok(!*s->docker && !*s->kubernetes && strstr(s->cure, "as good as root"),
	   "not with what makes root of it");
}

/* ---- last words ---- */

static const struct output *output_of(struct output *o, const char *const *lines)
{
	for (o->count = 0; lines[o->count]; o->count++)
		o->lines[o->count] = lines[o->count];
	return o;
}

#define LINES(o, ...) output_of(o, (const char *const[]){ __VA_ARGS__, NULL })

static void test_last_words(void)
{
	struct output o;

	ok(words_first(LINES(&o, "x: EROFS", "FATAL: licence expired")) == 1, "the last line");
	ok(words_first(LINES(&o, "start", "    throw err;", "Error: Cannot find module '/x'",
			     "    at f (a.js:1)", "  code: 'MODULE_NOT_FOUND',", "}",
			     "Node.js v18.19.0")) == 2, "the exception of node above its stack");
	ok(words_first(LINES(&o, "a", "panic: open /x: EROFS", "goroutine 1 [running]:",
			     "main.main()", "\t/a/main.go:3 +0x1d", "exit status 2")) == 1,
	   "the panic of Go");
	ok(words_first(LINES(&o, "Exception in thread: x", "\tat y", "Caused by: z", "\tat w")) ==
	   0, "the exception of Java, with its cause");
	o.count = 0;
	ok(words_first(&o) == 0, "none");
	ok(words_mild("warning: cache disabled: [Errno 30] Read-only file system: '/x'") &&
	   words_mild("2026-01-01 10:00:00 WARN x") && words_mild("[info] x"), "no reasons");
	ok(!words_mild("open /var/info/x: EROFS") && !words_mild("FATAL: no warning was given") &&
	   !words_mild("information"), "reasons");
}

static void test_exec_words(struct arena *a)
{
	const char *args[] = { "/x/sh-bash", "y" };
	struct ending x = { .exit_code = 255, .args = { args, 2 } };
	struct findings f = { .a = a };
	struct output o;

	ok(words_exec(&f, &x, LINES(&o, "exec /x/sh-bash: no such file or directory")) &&
	   !strcmp(f.items[0].kind, "missing-interpreter") && f.items[0].cure, "no interpreter");
	ok(words_exec(&f, &x, LINES(&o, "exec /x/sh-bash: exec format error")) &&
	   !strcmp(f.items[1].kind, "bad-format"), "another format");
	ok(words_exec(&f, &x, LINES(&o, "exec /x/sh-bash: permission denied")) &&
	   !strcmp(f.items[2].kind, "not-executable"), "not executable");
	ok(words_exec(&f, &x, LINES(&o, "exec /x/sh-bash: input/output error")) &&
	   !strcmp(f.items[3].kind, "not-started") && strstr(f.items[3].what, "input/output"),
	   "what else it says");
	ok(!words_exec(&f, &x, LINES(&o, "exec /x/other: no such file or directory")),
	   "of another program");
	ok(!words_exec(&f, &x, LINES(&o, "exec /x/sh-bash: permission denied", "ready")),
	   "not its last words");
	x.exit_code = 3;
	ok(!words_exec(&f, &x, LINES(&o, "exec /x/sh-bash: permission denied")) && f.count == 4,
	   "with a number that no runtime gives");
}

static void test_loader_words(struct arena *a)
{
	struct ending x = { .exit_code = 127 };
	struct findings f = { .a = a };
	struct output o;

	ok(words_loader(&f, &x, LINES(&o, "/m/x: error while loading shared libraries: "
			"libfoo.so.1: cannot open shared object file: No such file or "
			"directory")) &&
	   !strcmp(f.items[0].kind, "missing-library") && strstr(f.items[0].what, "libfoo.so.1,"),
	   "a library");
	ok(words_loader(&f, &x, LINES(&o, "Error loading shared library libz.so: No such file or "
			"directory (needed by /x)", "Error relocating /x: f: symbol not found")) &&
	   strstr(f.items[1].what, "libz.so") == NULL && !strcmp(f.items[1].kind, "old-library"),
	   "musl's words");
	x.exit_code = 1;
	ok(words_loader(&f, &x, LINES(&o, "x: /lib/libc.so.6: version `GLIBC_2.99' not found "
			"(required by x)")) && !strcmp(f.items[2].kind, "old-library") &&
	   strstr(f.items[2].what, "GLIBC_2.99"), "a version");
	ok(!words_loader(&f, &x, LINES(&o, "libfoo.so.1: cannot open it")), "other words");
}

static void test_command_words(struct arena *a)
{
	/* as dash, bash 5.2, busybox 1.35 say it */
	static const char *const lost[] = { "sh: 1: /x/y: not found", "sh: /x/y: not found",
		"/bin/sh: 2: exec: /x/y: not found", "bash: line 1: /x/y: command not found",
		"bash: line 1: /x/y: cannot execute: required file not found",
		"/run.sh: line 4: /x/y: not found", "sh: exec: line 1: /x/y: not found" };
	static const char *const others[] = { "wget: bad address: www: not found",
		"sh: : not found", "wget: www: not found", "nonesuch: not found", "sh: not found",
		"sh: cd: x: not found", "ld.so: symbol x: not found" };
	const char *argv[] = { "/bin/sh", "-c", "/run.sh" };
	struct ending x = { .exit_code = 127, .args = { argv, 3 } };
	struct findings f = { .a = a };
	struct finding s = { .what = "by custom" };
	struct output o;

	words_command(&f, &s, &x, NULL, LINES(&o, "ready", "/run.sh: line 3: nonesuch: command "
					      "not found"));
	ok(strstr(s.what, "not find the command nonesuch, or its interpreter or loader is not "
		  "there; it was started as: /bin/sh -c /run.sh"), "which command, and of what");
	for (size_t i = 0; i < ARRAY_SIZE(lost); i++) {
		s.what = "by custom";
		words_command(&f, &s, &x, NULL, LINES(&o, lost[i]));
		ok(strstr(s.what, "not find the command /x/y,"), lost[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		s.what = "by custom";
		words_command(&f, &s, &x, NULL, LINES(&o, others[i]));
		ok(!strcmp(s.what, "by custom; it was started as: /bin/sh -c /run.sh"), others[i]);
	}
	s.what = "by custom";
	words_command(&f, &s, &x, NULL, LINES(&o, "sh: nonesuch: not found", "over"));
	ok(!strstr(s.what, "did not find"), "not its last words");
	x.exit_code = 3;
	s.what = "3";
	words_command(&f, &s, &x, NULL, LINES(&o, "sh: x: not found"));
	ok(!strcmp(s.what, "3"), "of another number nothing");
}

static void test_error_words(struct arena *a)
{
	static const struct { const char *line, *kind; } classics[] = {
		{ "RuntimeError: can't start new thread", "too-many-processes" },
		{ "socket.gaierror: [Errno -3] Temporary failure in name resolution",
		  "unknown-host" },
		{ "dial tcp: lookup db on 10.0.0.10:53: no such host", "unknown-host" },
		{ "dial tcp 10.0.0.7:5432: connect: connection refused", "connection-refused" },
		{ "Get \"https://x/\": x509: certificate signed by unknown authority",
		  "no-authority" },
		{ "panic: unknown time zone Europe/Berlin", "no-time-zone" },
		{ "ModuleNotFoundError: No module named 'flask'", "missing-file" },
		{ "FileNotFoundError: [Errno 2] No such file or directory: 'x'", "missing-file" },
		{ "KeyError: 'getpwuid(): uid not found: 65532'", "unknown-user" },
		{ "nginx: [emerg] getpwnam(\"www\") failed in /etc/nginx.conf:1", "unknown-user" },
		{ "chown: unknown group web", "unknown-user" },
		{ "dial tcp 10.0.0.7:5432: i/o timeout", "no-answer" },
		{ "connect to db port 1 failed: Operation timed out", "no-answer" },
		{ "x509: certificate has expired or is not yet valid: current time 2009",
		  "bad-time" },
		{ "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: certificate has "
		  "expired", "bad-time" },
		{ "listen tcp 10.0.0.7:80: bind: cannot assign requested address", "no-address" },
		{ "Error initializing core: Failed to lock memory: cannot allocate memory",
		  "locked-memory" },
		{ "mlockall: Operation not permitted", "locked-memory" },
		{ "mmap: Cannot allocate memory", "no-memory" },
	};
	struct ending x = { .exit_code = 1 };
	struct findings f = { .a = a };
	struct output o;

	ok(words_error(&f, &x, LINES(&o, "PermissionError: [Errno 13] Permission denied: "
				     "'/data/db'")) &&
	   !strcmp(f.items[0].kind, "permission-denied") &&
	   strstr(f.items[0].evidence, "/data/db"), "what it may not");
	ok(words_error(&f, &x, LINES(&o, "Error: EROFS, ENOENT", "  path: '/x' ENOENT", "}")) &&
	   strstr(f.items[1].evidence, "words: path: '/x'"), "the line with a path tells more");
	ok(!words_error(&f, &x, LINES(&o, "open /x: ENOSPC", "FATAL: licence expired")),
	   "what it said before does not count");
	ok(!words_error(&f, &x, LINES(&o, "warning: open /x: ENOSPC")), "nor a warning");
	for (size_t i = 0; i < ARRAY_SIZE(classics); i++)
		ok(words_error(&f, &x, LINES(&o, classics[i].line)) &&
		   !strcmp(f.items[f.count - 1].kind, classics[i].kind) &&
		   f.items[f.count - 1].cure, classics[i].line);
	f.count = 0;
	ok(words_error(&f, &x, LINES(&o, "dial tcp: lookup db on 10.0.0.2:53: read udp "
				     "10.0.0.7:4->10.0.0.2:53: i/o timeout")) &&
	   strstr(f.items[0].what, "its DNS server did not") &&
	   strstr(f.items[0].cure, "trace dns"), "a DNS server that does not answer");
	ok(words_error(&f, &x, LINES(&o, "runtime: failed to create new OS thread (have 5 already; "
				     "errno=11)", "runtime: may need to increase max user "
				     "processes (ulimit -u)", "fatal error: newosproc",
				     "runtime stack:", "runtime.throw({0x1, 0x9})",
				     "\t/go/panic.go:1077 +0x48")) &&
	   !strcmp(f.items[1].kind, "too-many-processes") &&
	   strstr(f.items[1].evidence, "have 5 already"), "a thread that Go could not make");
}

static void test_runtime_words(struct arena *a)
{
	struct findings f = { .a = a };

	ok(words_runtime(&f, "unable to find user web: no matching entries in passwd file") &&
	   !strcmp(f.items[0].kind, "unknown-user"), "a user");
	ok(words_runtime(&f, "error mounting \"/a\" to rootfs at \"/b\": mount /a:/b, flags: "
			 "0x5000: not a directory") && !strcmp(f.items[1].kind, "bad-mount"),
	   "a mount");
	ok(words_runtime(&f, "error during init: exec: \"/mount/x\": permission denied") &&
	   !strcmp(f.items[2].kind, "not-executable"), "an entrypoint");
	ok(words_runtime(&f, "setrlimit `RLIMIT_NPROC`: Operation not permitted") &&
	   !strcmp(f.items[3].kind, "rlimit"), "a limit");
	ok(!words_runtime(&f, "something else") && f.count == 4, "what is not known");
	ok(words_of_errno("error during container init: write /proc/sys/net/ipv4/ip_forward: "
			  "invalid argument"), "who tells of an error was not killed");
	ok(!words_of_errno("cannot start a container that has stopped") &&
	   !words_of_errno("read init-p: connection reset by peer") && !words_of_errno("x: EOF"),
	   "who tells of none may have been");
	ok(words_of_exec("exec: \"sh\": executable file not found in $PATH") &&
	   !words_of_exec("error executing hook") && !words_of_exec("setrlimit"),
	   "what is about executing");
}

/* What was asked for is in its spec; what we may have is told with it. */
static void limits_of_runtimes(void)
{
	auto_arena struct arena *a = arena_new();
	struct findings f = { .a = a };
	struct ending x = { .error = "error setting rlimits: error setting rlimit type 7: "
		"operation not permitted", .nlimits = 2, .limits = {
		{ "RLIMIT_NPROC", 10, 4096, 4096 },
		{ "RLIMIT_NOFILE", 1048576, 1048576, 20000 } } };
	struct finding *s = finding_add(&f, "rlimit");

	words_limit(&f, s, &x);
	ok(!strcmp(s->docker, "--ulimit nofile=20000:20000") &&
	   strstr(s->cure, "nofile=1048576:1048576 was asked for"), "runc: the limit's number");
	x.error = "setrlimit `RLIMIT_NPROC`: Operation not permitted";
	words_limit(&f, s, &x);
	ok(!strcmp(s->docker, "--ulimit nproc=10:10 --ulimit nofile=20000:20000"),
	   "crun: its name; half of it may be had, and of others what may be");
	ok(strstr(s->cure, "nproc=10:4096 was asked for") &&
	   strstr(s->cure, "; nofile=1048576:1048576 is more than is had here, too, with 20000 it"),
	   "and both are told");
	x.limits[0].hard = UINT64_MAX;
	words_limit(&f, s, &x);
	ok(!strcmp(s->docker, "--ulimit nproc=10:4096 --ulimit nofile=20000:20000") &&
	   strstr(s->cure, "nproc=10:-1"),
	   "one that was to have no end");
	s->docker = NULL;
	x.error = "setrlimit `RLIMIT_CORE`: Operation not permitted";
	words_limit(&f, s, &x);
	ok(!s->docker, "what is not in the spec has no number");
}

static void names_in_cures(void)
{
	auto_arena struct arena *a = arena_new();
	struct findings f = { .a = a };
	struct finding *s = finding_add(&f, "x");

	s->cure = "it's NAME: 'nsdebug trace denied --next NAME' or 'nsdebug stack --core FILE "
		"NAME', not NAME";
	findings_name(&f, "docker://a;b");
	ok(strstr(s->cure, "--next NAME'"), "what a shell would run is no name");
	findings_name(&f, "docker://web");
	ok(!strcmp(s->cure, "it's NAME: 'nsdebug trace denied --next docker://web' or 'nsdebug "
		   "stack --core FILE docker://web', not NAME"), "our commands name the container");
}

static bool fault(const char *text, struct kmsg_fault *k)
{
	return kmsg_parse_fault(text, strlen(text), k);
}

static void test_faults(void)
{
	struct kmsg_fault k;

	ok(fault("6,1,81733018581,-;fault[8878]: segfault at 8 ip 00000000004016fb sp "
		 "00007ff655312240 error 6 in ends[16fb,401000+8b000] likely on CPU 0", &k) &&
	   k.sig == 11 && k.pid == 8878 && k.address == 8 && k.code == 6 &&
	   !strcmp(k.comm, "fault") && k.at_us == 81733018581 && !strcmp(k.file, "ends"),
	   "a fault");
	ok(fault("6,1,2,-;traps: a[7] general protection fault ip:7f1 sp:7ff error:0 in "
		 "l[i]bc.so.6[1b83d9,7f5e2c000000+156000]", &k) && k.sig == 11 &&
	   !strcmp(k.what, "general protection fault") && !strcmp(k.file, "l[i]bc.so.6"),
	   "one of abort(), and where that was");
	ok(fault("6,1,2,-;a[1]: segfault[77]: segfault at 7f00 ip 0 sp 0 error 4", &k) &&
	   k.pid == 77 && k.address == 0x7f00 && !strcmp(k.comm, "a[1]: segfault"),
	   "a name that reads like a fault");
	ok(fault("6,1,2,-;traps: x[5] trap divide error ip:1 sp:2 error:0 in x[1]", &k) &&
	   k.sig == 8 && !strcmp(k.what, "trap divide error"), "a trap");
	ok(fault("5,1,2,-;audit: type=1326 audit(1.2:3): auid=4294967295 uid=1 gid=1 ses=1 pid=9 "
		 "comm=\"dies\" exe=\"/dies\" sig=31 arch=c000003e syscall=83 compat=0", &k) &&
	   k.sig == 31 && k.syscall == 83 && k.arch == 0xc000003e && k.pid == 9 &&
	   !strcmp(k.comm, "dies"), "seccomp");
	ok(!fault("14,1,2,-;fault[8878]: segfault at 8 ip 0 sp 0 error 6", &k),
	   "what a program has written into the log");
	ok(!fault("6,1,2,-;fault[8878]: other at 8 ip 0 sp 0 error 6", &k) && !fault("6,1,2", &k) &&
	   !fault("5,1,2,-;audit: type=1326 comm=\"a\" sig=0", &k), "other records");
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
	ok(n.kind == NEEDS_ELF && n.machine == elfhead_own(), "this program");
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
	elf[18] = (unsigned char)elfhead_own();
	elf[19] = 0;
	read_bytes(elf, sizeof(elf), &n, a);
	ok(n.kind == NEEDS_BROKEN && !n.nlibs, "numbers that are too large");
}

static void test_codes(struct arena *a)
{
	struct findings f = { .a = a };

	ok(exits_signal(137) == 9 && exits_signal(128) == 0 && exits_signal(1) == 0 &&
	   exits_signal(255) == 0, "signals among the codes");
	ok(!strcmp(exits_say(&f, 139, false, "runc")->kind, "crashed") &&
	   !strcmp(exits_say(&f, 159, false, "runc")->kind, "seccomp") &&
	   !strcmp(exits_say(&f, 137, false, "runc")->kind, "killed") &&
	   !strcmp(exits_say(&f, 143, false, "runc")->kind, "signal") &&
	   !strcmp(exits_say(&f, 3, false, "runc")->kind, "exited"), "what they mean");
	ok(strstr(exits_say(&f, 0, false, "docker")->what, "by itself") &&
	   strstr(exits_say(&f, 0, false, "podman")->what, "or it was asked to stop"),
	   "podman seldom tells who asked for it");
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
	test_file_caps(a);
	test_port(a);
	test_needs(a);
	test_codes(a);
	test_last_words();
	test_exec_words(a);
	test_command_words(a);
	test_loader_words(a);
	test_error_words(a);
	test_runtime_words(a);
	test_faults();
	limits_of_runtimes();
	names_in_cures();
	return done();
}
