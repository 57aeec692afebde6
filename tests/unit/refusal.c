/* SPDX-License-Identifier: Apache-2.0 */
/* trace/refusal: the order of reasons, and the question of a path, from records as programs send
 * them. Who walks paths is not there. */
#include "nsdebug/trace/refusal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nsdebug/sys/ids.h"
#include "nsdebug/why/judging.h"
#include "tests/unit/check.h"

static struct {
	struct sys_call c;
	uint8_t data[2048];
} call;
static struct denial kept;
static struct refusal f;
static struct reason why;
static enum access_op op;
static struct access_ask ask;
static const char *lost;
static struct judging nobody = JUDGING_NONE;

static void begin(unsigned int nr, int err)
{
	memset(&call, 0, sizeof(call));
	memset(&kept, 0, sizeof(kept));
	call.c.nr = (uint16_t)nr;
	call.c.ret = -err;
	for (unsigned int i = 0; i < DENIED_LIMITS; i++)
		kept.as.limits[i][0] = kept.as.limits[i][1] = UINT64_MAX;
	kept.as.port_start = 1024;
	f = (struct refusal){
		.view = { &call.c, &sysdefs[nr], 64 }, .kept = &kept, .modules = "",
		.judging = &nobody, .creds = { .uid = 7, .fsuid = 9, .cap_prm = 5 },
	};
}

static void give(unsigned int arg, uint64_t value, const void *bytes, size_t len)
{
	struct sys_data d = { .arg = (uint8_t)arg, .len = (uint16_t)len };

	call.c.args[arg] = value;
	if (!bytes)
		return;
	memcpy(call.data + call.c.len, &d, sizeof(d));
	memcpy(call.data + call.c.len + sizeof(d), bytes, len);
	call.c.len += (uint32_t)(sizeof(d) + ((len + 3) & ~3ul));
}

static void give_path(unsigned int arg, const char *path)
{
	give(arg, 0x1000, path, strlen(path) + 1);
}

static struct path_names *give_dir(unsigned int arg, const char *inner, const char *outer)
{
	struct denied_path *p = &kept.paths[kept.count++];

	p->arg = arg;
	p->names.depth = 2;
	snprintf(p->names.names[0], PATH_NAME_MAX, "%s", inner);
	snprintf(p->names.names[1], PATH_NAME_MAX, "%s", outer);
	return &p->names;
}

static bool because(enum why_kind kind)
{
	return refusal_reason(&f, &why, &op) && why.kind == kind;
}

static void tried(void)
{
	begin(SYS_clone3, ENOSYS);
	kept.as.flags = DENIED_UNENTERED;
	ok(!refusal_reason(&f, &why, &op), "clone3 that a filter does not know is no refusal");
	call.c.ret = -EPERM;
	ok(because(WHY_SECCOMP), "one that it refuses is");
	begin(SYS_epoll_ctl, EPERM);
	ok(!refusal_reason(&f, &why, &op), "nor is epoll of a plain file");
}

static void rules_of_files(void)
{
	begin(SYS_write, EPERM);
	ok(because(WHY_RULE) && strstr(why.word, "sealed"), "a file that is sealed");
	begin(SYS_write, EPERM);
	give_dir(0, "uid_map", "proc");
	ok(because(WHY_RULE) && strstr(why.word, "map of ids"), "a map of ids is not sealed");
	begin(SYS_write, EPERM);
	give_dir(0, "oom_score_adj", "proc");
	ok(because(WHY_RULE) && strstr(why.word, "kernel's"), "nor is what is the kernel's");
	begin(SYS_mount, EPERM);
	kept.as.flags = DENIED_UNENTERED;
	ok(because(WHY_SECCOMP) && why.caps == CREDS_CAP(SYS_ADMIN), "what a call takes besides");
	begin(SYS_clock_settime, EPERM);
	f.creds.cap_eff = UINT64_MAX;
	ok(because(WHY_CAPABILITY) && why.caps == CREDS_CAP(SYS_TIME) && why.host_ns,
	   "a capability that it has, but not on the host");
	begin(SYS_mlock, ENOMEM);
	kept.as.limits[RLIMIT_MEMLOCK][0] = 4096;
	kept.as.limits[RLIMIT_MEMLOCK][1] = 8192;
	give(1, 65536, NULL, 0);
	ok(because(WHY_RLIMIT) && why.limit == 4096 && why.hard == 8192 && why.number == 65536,
	   "a limit, its hard one, and what was asked for");
}

static void errors_alone(void)
{
	begin(SYS_openat, EROFS);
	give_path(1, "/data/x");
	ok(because(WHY_READ_ONLY_MOUNT) && !strcmp(why.path, "/data/x") && !why.mount[0],
	   "EROFS is proof without a walk");
	begin(SYS_rename, EXDEV);
	give_path(0, "/a");
	give_path(1, "/b");
	ok(because(WHY_CROSS_DEVICE), "and EXDEV");
	begin(SYS_openat, EACCES);
	give_path(1, "/data/x");
	ok(because(WHY_UNKNOWN), "EACCES is not");
}

static void directories(void)
{
	char path[64];
	struct path_names *n;

	begin(SYS_openat, EACCES);
	n = give_dir(0, "b", "a");
	ok(denials_path(&kept, 0, path, sizeof(path)) && !strcmp(path, "/a/b"), "a directory");
	ok(!denials_path(&kept, 1, path, sizeof(path)), "one that was not told");
	n->names[0][0] = '\0';
	ok(denials_path(&kept, 0, path, sizeof(path)) && !strcmp(path, "/a"), "a mount's root");
	n->depth = 0;
	ok(denials_path(&kept, 0, path, sizeof(path)) && !strcmp(path, "/"), "the root");
	ok(!denials_path(&kept, 0, path, 1), "no room");
	n->outside = 1;
	ok(!denials_path(&kept, 0, path, sizeof(path)), "one outside of the root");
	n->outside = 0;
	n->depth = PATH_DEPTH_MAX;
	ok(!denials_path(&kept, 0, path, sizeof(path)), "one too deep");
	n->depth = 1;
	memset(n->names[0], 'x', PATH_NAME_MAX);
	ok(!denials_path(&kept, 0, path, sizeof(path)), "a name that may be cut");
	n->depth = 1000;
	ok(!denials_path(&kept, 0, path, sizeof(path)), "a depth that cannot be");
}

static void paths(void)
{
	static struct { uint32_t inside, outside, count; } extent = { 0, 100000, 10 };
	struct idmap map = { .extents = (void *)&extent, .count = 1 };

	begin(SYS_renameat2, EACCES);
	give(0, 5, NULL, 0);
	give_path(1, "old");
	give(2, 6, NULL, 0);
	give_path(3, "new");
	give_dir(0, "b", "a");
	give_dir(2, "d", "c");
	ok(refusal_ask(&f, &ask, &lost) == REFUSAL_PATH && ask.op == OP_RENAME &&
	   !strcmp(ask.dir, "/a/b") && !strcmp(ask.path, "old") &&
	   !strcmp(ask.path2, "/c/d/new"), "two paths, each from its directory");
	kept.count = 1;
	ok(refusal_ask(&f, &ask, &lost) == REFUSAL_LOST_PATH && lost, "the second's is not known");
	begin(SYS_fchown, EPERM);
	give(0, 5, NULL, 0);
	give(1, 3, NULL, 0);
	give(2, UINT32_MAX, NULL, 0);
	ok(refusal_ask(&f, &ask, &lost) == REFUSAL_NO_PATH, "a descriptor of no file");
	give_dir(0, "b", "a");
	f.uids = f.gids = &map;
	ok(refusal_ask(&f, &ask, &lost) == REFUSAL_PATH && !strcmp(ask.path, "/a/b") &&
	   ask.op == OP_CHOWN && ask.uid == 100003 && ask.gid == UINT32_MAX,
	   "a descriptor's path; ids as the host has them");
	begin(SYS_access, EACCES);
	give_path(0, "/x");
	give(1, R_OK, NULL, 0);
	ok(refusal_ask(&f, &ask, &lost) == REFUSAL_PATH && ask.creds.fsuid == 7 &&
	   ask.flags == R_OK && !ask.creds.cap_eff, "access asks as the real user");
	f.creds.uid = 0;
	ok(refusal_ask(&f, &ask, &lost) == REFUSAL_PATH && ask.creds.cap_eff == 5,
	   "who has what it may have, if that is root");
	begin(SYS_unlinkat, EACCES);
	give_path(1, "/x");
	give(2, AT_REMOVEDIR, NULL, 0);
	ok(refusal_ask(&f, &ask, &lost) == REFUSAL_PATH && ask.op == OP_RMDIR, "rmdir by unlinkat");
	begin(SYS_openat, EACCES);
	give(1, 0x1000, NULL, 0);
	ok(refusal_ask(&f, &ask, &lost) == REFUSAL_LOST_PATH, "a path that could not be read");
	ok(because(WHY_UNKNOWN) && op == OP_OPEN, "and nobody guesses");
}

static void bind_to(uint16_t port, int err)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };

	begin(SYS_bind, err);
	give(1, 0x1000, &in, sizeof(in));
}

static void limits(void)
{
	begin(SYS_clone, EAGAIN);
	kept.as.pids = kept.as.pids_max = 10;
	snprintf(kept.as.pids_cgroup, sizeof(kept.as.pids_cgroup), "web");
	ok(because(WHY_PIDS) && why.limit == 10 && !strcmp(why.mount, "web"), "a full cgroup");
	begin(SYS_clone, EAGAIN);
	kept.as.limits[RLIMIT_NPROC][0] = 5;
	ok(because(WHY_RLIMIT) && why.limit == 5 && why.guess, "its user's processes");
	begin(SYS_mmap, ENOMEM);
	ok(!refusal_reason(&f, &why, &op), "no memory without a limit is no refusal");
	kept.as.limits[RLIMIT_AS][0] = 1 << 20;
	call.c.args[1] = 8192;
	kept.as.total_vm = 254;
	ok(because(WHY_UNKNOWN) && why.guess, "with one that is not reached it is not known");
	kept.as.total_vm = 255;
	ok(because(WHY_RLIMIT) && !strcmp(why.word, "as"), "with one that is it is");
	kept.as.map_count = f.map_max = 100;
	ok(because(WHY_RULE) && why.guess, "as many mappings as there may be");
	f.map_max = 0;
	begin(SYS_mlock, ENOMEM);
	kept.as.limits[RLIMIT_MEMLOCK][0] = 8192;
	call.c.args[1] = 4096;
	ok(!refusal_reason(&f, &why, &op), "what is not there cannot be locked: no refusal");
	kept.as.locked_vm = 2;
	ok(because(WHY_RLIMIT) && !strcmp(why.word, "memlock"), "more than may be locked");
	call.c.args[0] = 4095;
	ok(because(WHY_RLIMIT) && why.number == 4 * 4096ull,
	   "in whole pages, with what is locked already");
	begin(SYS_write, EFBIG);
	ok(!refusal_reason(&f, &why, &op), "nor is a file that is too long for its file system");
	bind_to(80, EACCES);
	ok(because(WHY_PORT) && why.number == 80 && why.limit == 1024, "a low port");
	kept.as.flags |= DENIED_CAPS;
	ok(!because(WHY_PORT), "for which no capability was asked: another rule");
	f.host_ns = 1;
	kept.as.refused = f.creds.cap_eff = CREDS_CAP(NET_BIND_SERVICE);
	ok(because(WHY_PORT) && !why.caps, "its capability does not count there");
	bind_to(1024, EACCES);
	ok(because(WHY_RULE) && why.guess, "one that is not");
}

static void order(void)
{
	bind_to(80, EACCES);
	kept.as.flags = DENIED_UNENTERED;
	ok(because(WHY_SECCOMP) && !why.guess && !strcmp(why.word, "bind"), "seccomp comes first");
	kept.as.flags |= DENIED_TRACED;
	ok(because(WHY_SECCOMP) && why.guess, "or who traces it");
	begin(SYS_sethostname, EPERM);
	ok(because(WHY_CAPABILITY) && why.caps == CREDS_CAP(SYS_ADMIN) &&
	   why.hint == HINT_HOSTNAME, "by what the call needs");
	f.creds.cap_eff = CREDS_CAP(SYS_ADMIN);
	ok(because(WHY_RULE), "which it has");
	f.modules = "apparmor";
	ok(because(WHY_LSM) && why.guess && !strcmp(why.word, "apparmor"),
	   "then a security module");
	f.creds.cap_eff = 0;
	kept.as.flags = DENIED_CAPS;
	ok(because(WHY_LSM), "the kernel has asked for none");
	kept.as.refused = CREDS_CAP(SYS_TIME);
	kept.as.last = CAP_SYS_TIME;
	ok(because(WHY_CAPABILITY) && why.caps == CREDS_CAP(SYS_TIME), "or for another one");
	kept.as.last_ns = 4;
	f.host_ns = 4;
	ok(because(WHY_CAPABILITY) && why.host_ns, "in the host's user namespace");
	f.kept = NULL;
	ok(because(WHY_UNKNOWN), "what was lost");
}

/* Calls that need one with some arguments only. */
static void by_argument(void)
{
	begin(SYS_ioctl, EPERM);
	give(1, SIOCSIFFLAGS, NULL, 0);
	ok(because(WHY_CAPABILITY) && why.caps == CREDS_CAP(NET_ADMIN), "an interface");
	give(1, TIOCSTI, NULL, 0);
	ok(because(WHY_RULE), "not every ioctl");
	begin(SYS_setsockopt, EPERM);
	give(1, SOL_SOCKET, NULL, 0);
	give(2, SO_MARK, NULL, 0);
	ok(because(WHY_CAPABILITY) && why.caps == CREDS_CAP(NET_ADMIN), "a socket's mark");
	give(2, SO_REUSEADDR, NULL, 0);
	ok(because(WHY_RULE), "not every option");
	begin(SYS_fcntl, EACCES);
	give(1, F_SETLEASE, NULL, 0);
	ok(because(WHY_CAPABILITY) && why.caps == CREDS_CAP(LEASE), "a lease on another's file");
	give(1, F_SETFL, NULL, 0);
	ok(!because(WHY_CAPABILITY), "not every fcntl");
	begin(SYS_socket, EPERM);
	give(0, AF_INET, NULL, 0);
	give(1, SOCK_RAW | SOCK_CLOEXEC, NULL, 0);
	give(2, IPPROTO_ICMP, NULL, 0);
	ok(because(WHY_CAPABILITY) && why.hint & HINT_PING, "a raw socket that pings");
	give(2, IPPROTO_UDP, NULL, 0);
	ok(because(WHY_CAPABILITY) && !why.hint, "and one that does not");
	begin(SYS_prlimit64, EPERM);
	give(1, RLIMIT_NOFILE, NULL, 0);
	ok(because(WHY_CAPABILITY) && !why.word[0], "a limit that is not known");
	give(2, 0x1000, (struct rlimit[]){ { 64, 4096 } }, sizeof(struct rlimit));
	ok(because(WHY_CAPABILITY) && !strcmp(why.word, "nofile") && why.limit == 4096 &&
	   why.number == 64, "a hard limit, and what it was to be");
	begin(SYS_sched_setscheduler, EPERM);
	f.creds.cap_eff = CREDS_CAP(SYS_NICE);
	ok(because(WHY_RULE) && strstr(why.word, "cpu.rt_runtime_us"), "real time, with the right");
}

/* With --next the front tells whose maps they are, together with the judge. */
static void other_namespace(void)
{
	struct judging next = JUDGING_NONE;

	idmap_add(&next.uids, 0, 100000, 65536);
	idmap_add(&next.gids, 0, 100000, 65536);
	next.known = true;
	next.user_ns = 5;
	begin(SYS_setuid, EINVAL);
	give(0, 70000, NULL, 0);
	f.judging = &next;
	f.creds.user_ns = 5;
	ok(because(WHY_UNMAPPED) && !why.nested && !why.guess, "an id that the container has not");
	give(0, 7, NULL, 0);
	ok(!refusal_reason(&f, &why, &op), "one that it has");
	f.creds.user_ns = 6;
	ok(because(WHY_UNMAPPED) && why.nested && why.guess && why.id == 7,
	   "of a user namespace of its own no map is known");
	next.user_ns = 0;
	ok(!refusal_reason(&f, &why, &op), "and none of whose it is");
	idmap_free(&next.uids);
	idmap_free(&next.gids);
}

static bool leads(const char *word, const char *words)
{
	char way[512];

	refusal_way_on(&f, &why, word, way, sizeof(way));
	return words ? strstr(way, words) != NULL : !way[0];
}

/* Of a container that died before anybody could look. */
static void afterwards(void)
{
	begin(SYS_openat, EACCES);
	give(0, (uint32_t)AT_FDCWD, NULL, 0);
	give_path(1, "/data/x");
	give(2, O_WRONLY, NULL, 0);
	ok(because(WHY_UNKNOWN) && leads("docker://a", "'nsdebug why docker://a --path /data/x "
					 "--for write'") &&
	   leads("docker://a", "'nsdebug why docker://a' tells how"), "who judges its path");
	give(2, O_RDWR | O_CREAT, NULL, 0);
	ok(because(WHY_UNKNOWN) && leads("a", "/data/x --for create'"), "to be made");
	ok(leads("a b", "why NAME --path /data/x"), "a word that a shell would split");
	begin(SYS_mkdirat, EACCES);
	give(0, (uint32_t)AT_FDCWD, NULL, 0);
	give_path(1, "data/$x");
	give_dir(0, "app", "srv");
	ok(because(WHY_UNKNOWN) && leads("a", "--path PATH --for mkdir'"), "nor a path is pasted");
	begin(SYS_execve, EACCES);
	give_path(0, "bin/x");
	give_dir(DENIED_CWD, "app", "srv");
	ok(because(WHY_UNKNOWN) && leads("a", "--path /srv/app/bin/x --for exec'"),
	   "a relative one");
	begin(SYS_rename, EACCES);
	give_path(0, "/a");
	give_path(1, "/b");
	ok(because(WHY_UNKNOWN) && leads("a", "'nsdebug why a' tells how, by") &&
	   !leads("a", "--path"), "of two paths only how it ended");
	begin(SYS_openat, EROFS);
	give_path(1, "/data/x");
	ok(because(WHY_READ_ONLY_MOUNT) && leads("a", NULL), "what is known needs nobody");
}

int main(void)
{
	afterwards();
	directories();
	tried();
	rules_of_files();
	errors_alone();
	by_argument();
	other_namespace();
	paths();
	limits();
	order();
	return done();
}
