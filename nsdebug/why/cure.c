/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/cure.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/why/creds.h"
#include "nsdebug/why/reason.h"

#define LLU(n) ((unsigned long long)(n))

struct making {
	const struct reason *r;
	const struct creds *c;
	enum access_op op;
	uint32_t uid, gid;
	char dir[REASON_PATH];		/* that a volume could be mounted on; "" if none could */
	struct cure *cure;
};

static void __attribute__((format(printf, 2, 3))) say(char *to, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(to, CURE_TEXT, fmt, ap) >= CURE_TEXT)
		to[0] = '\0';	/* half an option is none */
	va_end(ap);
}

#define TEXT(m, ...) say((m)->cure->text, __VA_ARGS__)
#define KUBERNETES(m, ...) say((m)->cure->kubernetes, __VA_ARGS__)

static void __attribute__((format(printf, 2, 3))) both(struct making *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(m->cure->docker, CURE_TEXT, fmt, ap) >= CURE_TEXT)
		m->cure->docker[0] = '\0';
	va_end(ap);
	memcpy(m->cure->podman, m->cure->docker, CURE_TEXT);
}

/* ---- what may be pasted ---- */

static bool is_plain(const char *s)
{
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("/._-+", *s))
			return false;
	return true;
}

/* A volume there would hide what the program needs, or is impossible. */
static bool is_systems(const char *dir)
{
	static const char *const all[] = { "/bin", "/sbin", "/lib", "/lib64", "/usr", "/etc",
		"/proc", "/sys", "/dev", "/boot" };
	const char *end = strchrnul(dir + 1, '/');

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if ((size_t)(end - dir) == strlen(all[i]) &&
		    !strncmp(dir, all[i], strlen(all[i])))
			return true;
	return !dir[0] || !dir[1];
}

static void find_dir(struct making *m)
{
	const struct reason *r = m->r;
	char *slash;

	snprintf(m->dir, sizeof(m->dir), "%s", r->path);
	slash = strrchr(m->dir, '/');
	if (slash && !r->dir && !S_ISDIR(r->mode))
		*slash = '\0';
	if (r->path_cut || is_systems(m->dir) || !is_plain(m->dir))
		m->dir[0] = '\0';
}

static bool is_on_root(const struct reason *r)
{
	return !r->mount[0] || !strcmp(r->mount, "/");
}

/* ---- pieces ---- */

/* "var-cache" of "/var/cache": a volume has a name, of small letters and at most 63 of them. */
static void volume_name(char *ret, size_t room, const char *dir)
{
	size_t n = 0;

	for (dir += *dir == '/'; *dir && n + 1 < room && n < 50; dir++) {
		if (isalnum((unsigned char)*dir))
			ret[n++] = (char)tolower((unsigned char)*dir);
		else if (n && ret[n - 1] != '-')
			ret[n++] = '-';
	}
	while (n && ret[n - 1] == '-')
		n--;
	ret[n] = '\0';
}

/* runc gives it the mode of the directory that it hides, whatever is asked for, and root as its
 * owner; podman takes no ids, but U for those of who runs. */
static void put_tmpfs(struct making *m, const char *dir, const char *options)
{
	say(m->cure->docker, "--tmpfs %s:%suid=%u,gid=%u", dir, options, m->uid, m->gid);
	say(m->cure->podman, "--tmpfs %s:%sU", dir, options);
}

/* Something that can be written to, and is gone with the container. */
static void put_scratch(struct making *m)
{
	char name[64];

	if (!m->dir[0])
		return;
	volume_name(name, sizeof(name), m->dir);
	if (name[0])
		KUBERNETES(m, "spec: {volumes: [{name: %s, emptyDir: {}}], containers: [{name: "
			   "CONTAINER, volumeMounts: [{name: %s, mountPath: %s}]}]}", name, name,
			   m->dir);
	put_tmpfs(m, m->dir, "");
}

/* Of those that would do, not the one that does all, if there is another. */
static unsigned int least_cap(uint64_t caps)
{
	unsigned int cap = 0;

	if (caps & ~CREDS_CAP(SYS_ADMIN))
		caps &= ~CREDS_CAP(SYS_ADMIN);
	while (cap < 64 && !(caps >> cap & 1))
		cap++;
	return cap;
}

/* Debian 12's docker knows none that is newer than this one. */
static bool is_new_to_docker(const struct making *m, unsigned int cap)
{
	return cap > CAP_AUDIT_READ && m->r->caps & CREDS_CAP(SYS_ADMIN);
}

static void put_capability(struct making *m, const char *instead)
{
	unsigned int cap = least_cap(m->r->caps);
	const char *name = cap_name(cap), *word;

	if (!name || m->r->host_ns) {
		TEXT(m, "%s", instead);
		return;
	}
	TEXT(m, "%s%sgive the program this one capability (setcap %s+ep in the image%s) and "
	     "leave it to the container%s", instead, instead[0] ? "; or " : "", name,
	     is_new_to_docker(m, cap) ? "; CAP_SYS_ADMIN where docker does not know it" : "",
	     m->c->no_new_privs ? "; without no_new_privs, which disables setcap" : "");
	word = name + strlen("CAP_");
	KUBERNETES(m, "spec: {containers: [{name: CONTAINER, securityContext: {capabilities: "
		   "{drop: [ALL], add: [%s]}}}]}", word);
	both(m, "--cap-drop ALL --cap-add %s", word);
	if (is_new_to_docker(m, cap))
		say(m->cure->docker, "--cap-drop ALL --cap-add SYS_ADMIN");
}

/* ---- rights ---- */

/* The group bits would do. */
static bool group_would_do(const struct reason *r)
{
	return r->kind == WHY_MODE && r->whose == CLASS_OTHER && !r->host_ns &&
		(r->mode >> 3 & r->need & 7) == r->need;
}

static void cure_of_volume(struct making *m)
{
	const struct reason *r = m->r;

	TEXT(m, "let the volume on %s belong to group %u (fsGroup), or its files to user %u: "
	     "chown on the host, option U of podman", r->mount, m->gid, m->uid);
	KUBERNETES(m, "spec: {securityContext: {fsGroup: %u}}", m->gid);
	if (is_plain(r->mount))
		say(m->cure->podman, "--volume SOURCE:%s:U", r->mount);
}

static void cure_of_mode(struct making *m)
{
	const struct reason *r = m->r;

	if (r->whose != CLASS_OWNER && (r->mode >> 6 & r->need) != r->need) {
		TEXT(m, "nobody may: chmod a+%s%s%s, %s", r->need & NEED_R ? "r" : "",
		     r->need & NEED_W ? "w" : "", r->need & NEED_X ? "x" : "",
		     is_on_root(r) ? "in the image" : "where the volume comes from");
	} else if (r->whose == CLASS_OWNER) {
		TEXT(m, "it is its own: chmod u+%s%s%s, in the image or by the program",
		     r->need & NEED_R ? "r" : "", r->need & NEED_W ? "w" : "",
		     r->need & NEED_X ? "x" : "");
	} else if (group_would_do(r)) {
		TEXT(m, "put the process into group %u, which may", r->gid);
		KUBERNETES(m, "spec: {securityContext: {supplementalGroups: [%u]}}", r->gid);
		both(m, "--group-add %u", r->gid);
	} else if (!is_on_root(r)) {
		cure_of_volume(m);
	} else if (r->need & NEED_W && m->dir[0]) {
		TEXT(m, "let it belong to user %u in the image (COPY --chown=%u), or mount "
		     "something that can be written to on %s", m->uid, m->uid, m->dir);
		put_scratch(m);
	} else {
		TEXT(m, "in the image: let it belong to user %u (COPY --chown=%u), or chmod o+%s"
		     "%s%s", m->uid, m->uid, r->need & NEED_R ? "r" : "",
		     r->need & NEED_W ? "w" : "", r->need & NEED_X ? "x" : "");
	}
}

static void cure_of_owner(struct making *m)
{
	if (m->r->kind == WHY_CHOWN)
		put_capability(m, "do not chown at run time: set the owner in the image "
			       "(COPY --chown), or the group of a volume (fsGroup)");
	else if (!is_on_root(m->r))
		cure_of_volume(m);
	else
		TEXT(m, "let it belong to user %u in the image (COPY --chown=%u)", m->uid, m->uid);
	if (!is_on_root(m->r))
		KUBERNETES(m, "spec: {securityContext: {fsGroup: %u}}", m->gid);
}

static void cure_of_unmapped(struct making *m)
{
	TEXT(m, "its owner %u does not exist in this user namespace: chown it on the host to an id "
	     "that does, or mount it with ids mapped (podman: option U or idmap)", m->r->id);
	if (!is_on_root(m->r) && is_plain(m->r->mount))
		say(m->cure->podman, "--volume SOURCE:%s:idmap", m->r->mount);
}

/* docker and podman know all limits but this one. */
static void put_ulimit(struct making *m, uint64_t limit)
{
	const char *word = m->r->word;

	if (!is_plain(word) || !word[0] || !strcmp(word, "as") || !limit || limit > INT64_MAX)
		return;
	both(m, "--ulimit %s=%llu", word, LLU(limit));
}

static void cure_of_capability(struct making *m)
{
	if (!m->r->word[0]) {
		put_capability(m, "");
		return;
	}
	put_capability(m, "raise the limit where the container is started");
	put_ulimit(m, m->r->limit);
}

static bool cure_of_rights(struct making *m)
{
	switch (m->r->kind) {
	case WHY_MODE:
	case WHY_ACL:
		cure_of_mode(m);
		return true;
	case WHY_OWNER:
	case WHY_CHOWN:
		cure_of_owner(m);
		return true;
	case WHY_UNMAPPED:
		cure_of_unmapped(m);
		return true;
	case WHY_PROTECTED_HARDLINK:
		TEXT(m, "copy it instead; or let the file belong to user %u, or be readable and "
		     "writable for it: only such files may be linked to", m->uid);
		return true;
	case WHY_STICKY:
	case WHY_PROTECTED_SYMLINK:
	case WHY_PROTECTED_CREATE:
		TEXT(m, "use a directory of its own instead of one that all write to: below it, "
		     "or mounted for it");
		return true;
	case WHY_IMMUTABLE:
		TEXT(m, "on the host: chattr -i, or write elsewhere");
		return true;
	case WHY_APPEND_ONLY:
		TEXT(m, "open it for appending (O_APPEND), or on the host: chattr -a");
		return true;
	case WHY_CAPABILITY:
		cure_of_capability(m);
		return true;
	case WHY_PTRACE:
		put_capability(m, "run both processes as one user");
		return true;
	default:
		return false;
	}
}

/* ---- mounts ---- */

/* Those that are of a namespace, which runtimes set. */
static bool is_of_namespace(const char *name)
{
	static const char *const all[] = { "kernel.msgmax", "kernel.msgmnb", "kernel.msgmni",
		"kernel.sem", "kernel.shmall", "kernel.shmmax", "kernel.shmmni",
		"kernel.shm_rmid_forced" };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (!strcmp(name, all[i]))
			return true;
	return str_prefix(name, "net.") || str_prefix(name, "fs.mqueue.");
}

/* /proc/sys/net/core/somaxconn is net.core.somaxconn */
static void cure_of_sysctl(struct making *m)
{
	char name[CURE_TEXT];
	size_t n = 0;

	TEXT(m, "it is the node's, not of a namespace: let the node set it");
	if (!str_prefix(m->r->path, "/proc/sys/") || !is_plain(m->r->path))
		return;
	for (const char *p = m->r->path + 10; *p && n + 1 < sizeof(name); p++)
		name[n++] = *p == '/' ? '.' : *p;
	name[n] = '\0';
	if (!strcmp(name, "kernel.hostname")) {
		TEXT(m, "let the runtime set it when the container starts");
		KUBERNETES(m, "spec: {hostname: VALUE}");
		both(m, "--hostname VALUE");
	} else if (is_of_namespace(name)) {
		TEXT(m, "let the runtime set it when the container starts");
		KUBERNETES(m, "spec: {securityContext: {sysctls: [{name: %s, value: "
			   "\"VALUE\"}]}}", name);
		both(m, "--sysctl %s=VALUE", name);
	}
}

static void cure_of_read_only(struct making *m)
{
	const struct reason *r = m->r;

	if (str_prefix(r->path, "/proc/sys/")) {
		cure_of_sysctl(m);
	} else if (str_prefix(r->path, "/proc/") || str_prefix(r->path, "/sys/")) {
		TEXT(m, "it is the node's: leave it to the node, or to a daemon of its own");
	} else if (is_on_root(r) && m->dir[0]) {
		TEXT(m, "leave the root read-only and mount something that can be written to on %s",
		     m->dir);
		put_scratch(m);
	} else if (is_on_root(r)) {
		TEXT(m, "leave the root read-only and write elsewhere: /tmp, or a volume");
	} else {
		TEXT(m, "mount the volume on %s without ro (readOnly: false)", r->mount);
		if (is_plain(r->mount)) {
			KUBERNETES(m, "spec: {containers: [{name: CONTAINER, volumeMounts: "
				   "[{mountPath: %s, readOnly: false}]}]}", r->mount);
			both(m, "--volume SOURCE:%s:rw", r->mount);
		}
	}
}

static void cure_of_noexec(struct making *m)
{
	const struct reason *r = m->r;

	TEXT(m, "put the program into the image, or mount %s without noexec", r->mount);
	if (!is_plain(r->mount) || is_on_root(r))
		return;
	if (!strcmp(r->type, "tmpfs")) {
		char name[64];

		volume_name(name, sizeof(name), r->mount);
		put_tmpfs(m, r->mount, "exec,");
		KUBERNETES(m, "spec: {volumes: [{name: %s, emptyDir: {}}], containers: [{name: "
			   "CONTAINER, volumeMounts: [{name: %s, mountPath: %s}]}]}", name, name,
			   r->mount);
	} else {
		say(m->cure->podman, "--volume SOURCE:%s:exec", r->mount);
	}
}

static bool cure_of_mounts(struct making *m)
{
	switch (m->r->kind) {
	case WHY_READ_ONLY_MOUNT:
	case WHY_READ_ONLY_FS:
		cure_of_read_only(m);
		return true;
	case WHY_SYSCTL:
		cure_of_sysctl(m);
		return true;
	case WHY_NOEXEC:
		cure_of_noexec(m);
		return true;
	case WHY_NODEV:
	case WHY_DEVICE:
		TEXT(m, "let the runtime make the device in the container's /dev (in Kubernetes a "
		     "device plugin does)");
		if (is_plain(m->r->path) && m->r->path[0])
			both(m, "--device %s", m->r->path);
		return true;
	case WHY_CROSS_DEVICE:
		TEXT(m, "copy and remove instead of a rename; or use a directory of one mount for "
		     "both");
		return true;
	case WHY_MASKED:
		TEXT(m, "the runtime hides it from containers: the program has to do without");
		return true;
	case WHY_NOSUID:
	case WHY_NO_NEW_PRIVS:
		TEXT(m, "do without setuid programs: start the process as the user that it needs");
		return true;
	default:
		return false;
	}
}

/* ---- programs ---- */

static void cure_of_interpreter(struct making *m)
{
	const char *name = m->r->word;
	size_t len = strlen(name);

	if (len && name[len - 1] == '\r')
		TEXT(m, "its first line ends as on Windows: convert the file (dos2unix)");
	else if (strstr(name, "/ld-linux") || strstr(name, "/ld64") || strstr(name, "/ld-musl"))
		TEXT(m, "link it statically (CGO_ENABLED=0, -static), or use an image with that "
		     "loader%s", strstr(name, "musl") ? ": alpine's libc" : ": glibc's");
	else
		TEXT(m, "start the program itself instead of through a script (entrypoint as a "
		     "list, not as a string), or use an image that has it");
}

static bool cure_of_programs(struct making *m)
{
	const struct reason *r = m->r;

	switch (r->kind) {
	case WHY_INTERPRETER:
		cure_of_interpreter(m);
		return true;
	case WHY_FORMAT:
		TEXT(m, "begin a script with #! and its interpreter; build a program for Linux");
		return true;
	case WHY_ARCH:
		TEXT(m, "use an image for this machine, or a node for that image");
		if (is_plain(r->word))
			KUBERNETES(m, "spec: {nodeSelector: {kubernetes.io/arch: %s}}",
				   !strcmp(r->word, "aarch64") ? "arm64" :
				   !strcmp(r->word, "x86-64") ? "amd64" : r->word);
		return true;
	case WHY_LIBRARY:
		TEXT(m, "put the library into the image, or link the program statically");
		return true;
	default:
		return false;
	}
}

/* ---- beside files ---- */

static void cure_of_rlimit(struct making *m)
{
	if (!strcmp(m->r->word, "as")) {
		TEXT(m, "no engine sets this limit, but the program or its shell (ulimit -v): "
		     "raise it there, or use less");
		return;
	}
	TEXT(m, "raise the limit where the container is started, or use less");
	put_ulimit(m, m->r->limit ? m->r->limit * 2 : 1024);
}

static bool cure_of_limits(struct making *m)
{
	const struct reason *r = m->r;

	switch (r->kind) {
	case WHY_RLIMIT:
		cure_of_rlimit(m);
		return true;
	case WHY_PIDS:
		TEXT(m, "raise the pids limit (of the kubelet: podPidsLimit), or start less");
		/* a limit of 0 is none */
		if (r->limit)
			both(m, "--pids-limit %llu", LLU(r->limit * 2));
		return true;
	case WHY_MEMORY:
		TEXT(m, "raise the memory limit, or use less");
		if (!r->limit)
			return true;
		KUBERNETES(m, "spec: {containers: [{name: CONTAINER, resources: {limits: {memory: "
			   "%llu}}}]}", LLU(r->limit * 2));
		both(m, "--memory %llu", LLU(r->limit * 2));
		return true;
	default:
		return false;
	}
}

static void cure_of_rest(struct making *m)
{
	const struct reason *r = m->r;

	switch (r->kind) {
	case WHY_PORT:
		TEXT(m, "listen on a port from %llu on, such as %llu, and map %llu to it; or let "
		     "low ports be for all in this network namespace", LLU(r->limit),
		     LLU(r->number + 8000), LLU(r->number));
		KUBERNETES(m, "spec: {securityContext: {sysctls: [{name: "
			   "net.ipv4.ip_unprivileged_port_start, value: \"%llu\"}]}}",
			   LLU(r->number));
		both(m, "--sysctl net.ipv4.ip_unprivileged_port_start=%llu", LLU(r->number));
		break;
	case WHY_SECCOMP:
		TEXT(m, "add %s to the container's seccomp profile, or to the program's own filter "
		     "if it has made one; if it is really needed",
		     r->word[0] ? r->word : "the call");
		KUBERNETES(m, "spec: {containers: [{name: CONTAINER, securityContext: "
			   "{seccompProfile: {type: Localhost, localhostProfile: FILE}}}]}");
		both(m, "--security-opt seccomp=FILE");
		break;
	case WHY_LSM:
		TEXT(m, "look into the node's audit log for the profile that refused it, and allow "
		     "it there");
		break;
	case WHY_MAGIC:
		TEXT(m, "write to the descriptor that is open already instead of opening it anew "
		     "by its name");
		break;
	case WHY_ABSENT:
		if (m->op != OP_EXEC)
			break;
		TEXT(m, "put it into the image, or name where it is");
		break;
	default:
		break;
	}
}

void cure_of(const struct reason *r, const struct creds *c, enum access_op op,
	     uint32_t inside_uid, uint32_t inside_gid, struct cure *ret)
{
	struct making m = { .r = r, .c = c, .op = op, .uid = inside_uid, .gid = inside_gid,
		.cure = ret };

	*ret = (struct cure){ 0 };
	find_dir(&m);
	if (!cure_of_rights(&m) && !cure_of_mounts(&m) && !cure_of_programs(&m) &&
	    !cure_of_limits(&m))
		cure_of_rest(&m);
}
