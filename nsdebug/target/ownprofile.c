/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/ownprofile.h"

#include <string.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/target/ending.h"

/* DefaultSeccompPath() of libpod/util.go, and what overrides it. */
#define PODMANS "/usr/share/containers/seccomp.json"
#define PODMANS_HERE "/etc/containers/seccomp.json"
#define OPENINGS_MAX 64
#define CONFIG_MAX (1u << 20)

extern const struct runtime runtime_docker, runtime_podman;

static const struct opening dockers[] = {
	{ "CAP_SYS_ADMIN", "bpf clone clone3 fanotify_init fsconfig fsmount fsopen fspick "
	  "lookup_dcookie mount mount_setattr move_mount open_tree perf_event_open quotactl "
	  "setdomainname sethostname setns syslog umount2 unshare" },
	{ "CAP_DAC_READ_SEARCH", "open_by_handle_at" },
	{ "CAP_SYS_BOOT", "reboot" },
	{ "CAP_SYS_CHROOT", "chroot" },
	{ "CAP_SYS_MODULE", "delete_module init_module finit_module" },
	{ "CAP_SYS_PACCT", "acct" },
	{ "CAP_SYS_PTRACE", "kcmp pidfd_getfd process_madvise process_vm_readv process_vm_writev "
	  "ptrace" },
	{ "CAP_SYS_RAWIO", "iopl ioperm" },
	{ "CAP_SYS_TIME", "settimeofday clock_settime" },
	{ "CAP_SYS_TTY_CONFIG", "vhangup" },
	{ "CAP_SYS_NICE", "get_mempolicy mbind set_mempolicy" },
	{ "CAP_SYSLOG", "syslog" },
};

bool opening_has(const struct opening *o, const char *call)
{
	size_t len = strlen(call);

	for (const char *p = o->calls; *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");

		if (n == len && !memcmp(p, call, n))
			return true;
		p += n;
	}
	return false;
}

/* ---- docker ---- */

static bool take_option(void *ctx, const char *path, struct jvalue v)
{
	bool *other = ctx;

	if (!strcmp(path, "Privileged"))
		*other |= jvalue_is(v, "true");
	else if (!strcmp(path, "SecurityOpt[]"))
		*other |= jvalue_begins(v, "seccomp=") || jvalue_begins(v, "seccomp:");
	return !*other;
}

/* dockerd.json(5) */
static bool take_setting(void *ctx, const char *path, struct jvalue v)
{
	bool *other = ctx;

	if (!strcmp(path, "seccomp-profile"))
		*other |= v.text.len && !jvalue_is(v, "builtin");
	return !*other;
}

bool ownprofile_dockers(const struct container *c)
{
	auto_close int fd = runtime_open(c->root, c->id, "hostconfig.json", NULL);
	auto_close int daemon = runtime_open_file("/etc/docker/daemon.json", NULL);
	bool other = false;

	if (fd < 0 || jread(fd, STATE_MAX, take_option, &other, NULL) < 0)
		return false;
	if (daemon >= 0)
		jread(daemon, STATE_MAX, take_setting, &other, NULL);
	return !other;
}

/* ---- podman ---- */

static bool take_annotation(void *ctx, const char *path, struct jvalue v)
{
	bool *other = ctx;

	if (!strcmp(path, "annotations.io.podman.annotations.privileged"))
		*other |= jvalue_is(v, "TRUE");
	else if (!strcmp(path, "annotations.io.podman.annotations.seccomp"))
		*other = true;
	return !*other;
}

/* containers.conf(5) may name another one: [containers] seccomp_profile. */
static bool is_configured(const char *path)
{
	auto_close int fd = runtime_open_file(path, NULL);
	auto_buf struct buf b = { 0 };

	if (fd < 0 || fd_read_all(fd, &b, CONFIG_MAX) != 0)
		return fd >= 0;
	for (const char *text = b.len ? b.bytes : NULL; text; text = strchr(text, '\n')) {
		text += strspn(text, " \t\n");
		if (str_prefix(text, "seccomp_profile"))
			return true;
	}
	return false;
}

static bool is_podmans(const struct container *c, struct arena *a)
{
	/* GRAPH/DRIVER-containers/ID/userdata: c->root is the one below /run */
	const char *driver = strrchr(c->root, '/');
	const char *dir = driver ? runtime_join(a, "/var/lib/containers/storage", driver + 1) : "";
	auto_close int fd = runtime_open_file(runtime_join(a, runtime_join(a, dir, c->id),
							   "userdata/config.json"), NULL);
	bool other = false;

	return fd >= 0 && jread(fd, STATE_MAX, take_annotation, &other, NULL) >= 0 && !other &&
		!is_configured("/usr/share/containers/containers.conf") &&
		!is_configured("/etc/containers/containers.conf") &&
		access("/etc/containers/containers.conf.d", F_OK) < 0;
}

/* An element's names come first, and what it includes last. */
struct reading {
	struct arena *a;
	struct opening *items;
	size_t count;
	struct buf calls;
	unsigned int object;	/* the element: jread.h */
	bool refuses, of_args;
};

static void take_name(struct reading *r, struct jvalue v)
{
	if (v.object != r->object)
		buf_clear(&r->calls);
	r->object = v.object;
	r->refuses = r->of_args = false;
	buf_add(&r->calls, v.text.p, v.text.len);
	buf_char(&r->calls, ' ');
}

static bool take_rule(void *ctx, const char *path, struct jvalue v)
{
	struct reading *r = ctx;
	const char *key = str_prefix(path, "syscalls[].") ? path + strlen("syscalls[].") : "";

	if (!strcmp(key, "names[]") && v.type == J_STRING)
		take_name(r, v);
	else if (!strcmp(key, "action"))
		r->refuses = !jvalue_is(v, "SCMP_ACT_ALLOW");
	else if (!strcmp(key, "args[].index"))
		r->of_args = true;
	else if (!strcmp(key, "includes.caps[]") && !r->refuses && !r->of_args && r->calls.len &&
		 r->count < OPENINGS_MAX)
		r->items[r->count++] = (struct opening){ runtime_text(r->a, v),
			arena_dup(r->a, r->calls.bytes, r->calls.len) };
	return true;
}

static void read_podmans(struct ownprofile *ret, struct arena *a)
{
	const char *path = access(PODMANS_HERE, F_OK) == 0 ? PODMANS_HERE : PODMANS;
	auto_close int fd = runtime_open_file(path, NULL);
	struct reading r = { .a = a, .items = arena_alloc(a, OPENINGS_MAX * sizeof(*r.items)) };

	if (fd >= 0 && jread(fd, STATE_MAX, take_rule, &r, NULL) >= 0)
		*ret = (struct ownprofile){ r.items, r.count };
	buf_free(&r.calls);
}

void ownprofile_read(struct ownprofile *ret, const struct container *c, struct arena *a)
{
	*ret = (struct ownprofile){ NULL, 0 };
	if (c->runtime == &runtime_docker && ownprofile_dockers(c))
		*ret = (struct ownprofile){ dockers, ARRAY_SIZE(dockers) };
	else if (c->runtime == &runtime_podman && is_podmans(c, a))
		read_podmans(ret, a);
}
