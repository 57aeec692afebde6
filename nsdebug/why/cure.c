/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/cure.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/why/curing.h"

#define LLU(n) ((unsigned long long)(n))

void curing_say(char *to, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(to, CURE_TEXT, fmt, ap) >= CURE_TEXT)
		to[0] = '\0';
	va_end(ap);
}

void curing_both(struct making *m, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	if (vsnprintf(m->cure->docker, CURE_TEXT, fmt, ap) >= CURE_TEXT)
		m->cure->docker[0] = '\0';
	va_end(ap);
	memcpy(m->cure->podman, m->cure->docker, CURE_TEXT);
}

bool curing_plain(const char *s)
{
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("/._-+", *s))
			return false;
	return true;
}

/* ---- capabilities ---- */

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

/* Who may become any user is root, whatever its number is now. */
static bool makes_root(struct making *m, unsigned int cap)
{
	if (cap == CAP_SETUID)
		TEXT(m, "who may become any user is root, and that is not given: the "
		     "program has to do without, and is started as the user that it is to be "
		     "(runAsUser, --user)");
	else if (cap == CAP_SETGID)
		TEXT(m, "who may join any group is root's too, and that is not given: the program "
		     "has to do without, and is started in the groups that it needs "
		     "(supplementalGroups, --group-add)");
	return cap == CAP_SETUID || cap == CAP_SETGID;
}

/* Who has one of these in the host's user namespace is root on the node, by what stands here; of
 * the worst none is offered. */
static const struct root_cap {
	uint8_t cap;
	bool worst;
	const char *does;
} root_caps[] = {
	{ CAP_SYS_MODULE, true, "it loads code into the node's kernel" },
	{ CAP_SYS_RAWIO, true, "it writes the node's memory and disks" },
	{ CAP_DAC_READ_SEARCH, true, "it opens every file of the node, by handles" },
	{ CAP_MAC_ADMIN, true, "it changes the node's security policy" },
	{ CAP_MAC_OVERRIDE, true, "it stands above the node's security policy" },
	{ CAP_SYS_ADMIN, false, "it mounts the node's disks" },
	{ CAP_SYS_PTRACE, false, "it becomes each process that it sees" },
	{ CAP_SYS_BOOT, false, "it starts another kernel" },
	{ CAP_DAC_OVERRIDE, false, "it writes every file that it reaches" },
	{ CAP_BPF, false, "it loads programs into the node's kernel" },
	{ CAP_PERFMON, false, "it reads the node's kernel" },
};

static const struct root_cap *root_cap_of(const struct making *m, unsigned int cap)
{
	for (size_t i = 0; m->c->host_user_ns && i < ARRAY_SIZE(root_caps); i++)
		if (root_caps[i].cap == cap)
			return &root_caps[i];
	return NULL;
}

bool curing_is_root(const struct making *m, unsigned int cap)
{
	return cap == CAP_SETUID || cap == CAP_SETGID || root_cap_of(m, cap);
}

/* "...; leave it to the node: ..." of one that is as good as root. */
static const char *warning(const char *instead, unsigned int cap, const struct root_cap *root)
{
	static char text[320];

	snprintf(text, sizeof(text), "%s%sleave it to the node: %s is as good as root there, %s",
		 instead, instead[0] ? "; or " : "", cap_name(cap), root->does);
	return text;
}

/* Whose user is 0 has what the container has; others raise it by a program that has it. */
static void say_capability(struct making *m, unsigned int cap, const char *instead)
{
	const char *name = cap_name(cap), *sep = instead[0] ? "; or " : "";

	if (!m->uid)
		TEXT(m, "%s%sleave this one capability to the container: %s", instead, sep, name);
	else if (m->c->cap_bnd >> cap & 1)
		TEXT(m, "%s%sthe container may have %s already, but the program does not have it: "
		     "give it to the program (setcap %s+ep in the image%s); with podman the "
		     "option does that", instead, sep, name, name,
		     m->c->no_new_privs ? "; without no_new_privs, which disables setcap" : "");
	else
		TEXT(m, "%s%sleave this one capability to the container and, but for podman, give "
		     "it to the program (setcap %s+ep in the image%s)%s", instead, sep, name,
		     is_new_to_docker(m, cap) ?
		     "; CAP_SYS_ADMIN where docker does not know it" : "", m->c->no_new_privs ?
		     "; without no_new_privs, which disables setcap" : "");
}

/* Options, and a patch, give who is not root half of it. */
static void put_setcap(struct making *m, const char *cap)
{
	if (!m->uid)
		return;
	curing_say(m->cure->image, "RUN setcap CAP_%s+ep PROGRAM", cap);
	if (m->c->no_new_privs)
		strncat(m->cure->docker, " --security-opt no-new-privileges=false",
			CURE_TEXT - strlen(m->cure->docker) - 1);
}

/* Who pings needs no raw socket. */
static const char *instead_of_raw(const struct making *m)
{
	static char text[240];

	if (m->r->hint & HINT_PINGS)
		return "if it only pings: its groups may have a socket of SOCK_DGRAM for that as "
			"things are, which not every ping asks for";
	snprintf(text, sizeof(text), "if it only pings: a socket of SOCK_DGRAM does, which not "
		 "every ping asks for, once group %u may have one (%s'net.ipv4.ping_group_range=%u "
		 "%u')", m->gid, m->r->hint & HINT_HOST_NET ? "of the node, whose network it has: "
		 "sysctl -w " : "--sysctl ", m->gid, m->gid);
	return text;
}

static void put_capability(struct making *m, unsigned int cap)
{
	const char *word = cap_name(cap) + strlen("CAP_");
	const char *drop = m->uid ? "--cap-drop ALL " : "";

	/* root may live by the others that it has */
	KUBERNETES(m, "spec: {containers: [{name: CONTAINER, securityContext: {%scapabilities: "
		   "{%sadd: [%s]}}}]}", m->uid ? "allowPrivilegeEscalation: true, " : "",
		   m->uid ? "drop: [ALL], " : "", word);
	curing_both(m, "%s--cap-add %s", drop, word);
	if (is_new_to_docker(m, cap))
		curing_say(m->cure->docker, "%s--cap-add SYS_ADMIN", drop);
	put_setcap(m, word);
}

void curing_capability(struct making *m, const char *instead)
{
	unsigned int cap = least_cap(m->r->caps);
	const char *name = cap_name(cap);
	const struct root_cap *root;

	if (m->r->kind == WHY_CAPABILITY && m->r->word[0]) {
		curing_hard_limit(m);
		return;
	}
	if (m->r->hint & HINT_PING)
		instead = instead_of_raw(m);
	else if (!instead[0])
		instead = curing_nodes(m, cap);
	if (name && m->r->host_ns && !instead[0])
		instead = "it counts only in the host's user namespace, and the process is in "
			"another one, the container's or its own: leave it to the node, or to who "
			"is in none";
	if (!name || m->r->host_ns) {
		TEXT(m, "%s", instead);
		return;
	}
	if (makes_root(m, cap))
		return;
	root = root_cap_of(m, cap);
	if (root)
		instead = warning(instead, cap, root);
	if (root && root->worst) {
		TEXT(m, "%s", instead);
		return;
	}
	say_capability(m, cap, instead);
	put_capability(m, cap);
}

/* ---- programs ---- */

/* "/lib64/ld-linux-x86-64.so.2", "/libexec/ld.so.1" */
static bool is_loader(const char *path)
{
	const char *name = strrchr(path, '/');

	return name && str_prefix(name, "/ld") && strstr(name, ".so");
}

static void cure_of_interpreter(struct making *m)
{
	const char *name = m->r->word;
	size_t len = strlen(name);

	if (len && name[len - 1] == '\r')
		TEXT(m, "its first line ends as on Windows: convert the file (dos2unix)");
	else if (is_loader(name))
		TEXT(m, "link it statically (CGO_ENABLED=0, -static), or use an image with that "
		     "loader%s", strstr(name, "/ld-musl") ? ": alpine's libc" :
		     strstr(name, "/ld-linux") || strstr(name, "/ld64") ? ": glibc's" : "");
	else
		TEXT(m, "start the program itself instead of through a script (entrypoint as a "
		     "list, not as a string), or use an image that has it");
}

#define FORMAT_CURE "begin a script with #! and its interpreter; build a program for Linux"

static bool cure_of_programs(struct making *m)
{
	const struct reason *r = m->r;

	if (r->hint & HINT_NO_PROGRAM) {
		TEXT(m, "to let it be executed is not enough, it is no program: name the right "
		     "file, or " FORMAT_CURE ", and make it executable (chmod 755)");
		return true;
	}
	switch (r->kind) {
	case WHY_INTERPRETER:
		cure_of_interpreter(m);
		return true;
	case WHY_FORMAT:
		TEXT(m, FORMAT_CURE);
		return true;
	case WHY_FILE_CAPS:
		curing_file_caps(m);
		return true;
	case WHY_ARCH:
		TEXT(m, "use an image for this machine, or a node for that image");
		if (curing_plain(r->word))
			KUBERNETES(m, "spec: {nodeSelector: {kubernetes.io/arch: %s}}",
				   !strcmp(r->word, "aarch64") ? "arm64" :
				   !strcmp(r->word, "x86-64") ? "amd64" : r->word);
		return true;
	default:
		return false;
	}
}

/* ---- beside files ---- */

/* The engine's own profile follows the capabilities that a container may have. */
static bool cure_of_own_profile(struct making *m)
{
	uint64_t both = m->r->caps & m->r->opens;
	unsigned int cap = both ? least_cap(both) : 0;
	const struct root_cap *root = root_cap_of(m, cap);

	/* what it may have already is let through by that: another filter refuses it */
	if (!both || m->c->cap_bnd & both || m->r->host_ns || (root && root->worst))
		return false;
	say_capability(m, cap, root ? warning(curing_nodes(m, cap), cap, root) :
		       curing_nodes(m, cap));
	strncat(m->cure->text, "; its seccomp profile, the engine's own, then lets it through",
		CURE_TEXT - strlen(m->cure->text) - 1);
	put_capability(m, cap);
	return true;
}

/* Of a call that takes none, or not always. */
static const char *or_capability(const struct making *m)
{
	static char text[160];

	text[0] = '\0';
	if (m->r->opens && !m->r->caps && !(m->c->cap_bnd & m->r->opens))
		snprintf(text, sizeof(text), ", or, which gives it more, leave %s to the container "
			 "(--cap-add): the engine's own profile then lets the call through",
			 cap_name(least_cap(m->r->opens)));
	return text;
}

/* A call that also takes a capability is refused for that next: where none that a container can be
 * given helps, no option is whole. */
static void cure_of_seccomp(struct making *m)
{
	const struct reason *r = m->r;
	const char *name = r->caps ? cap_name(least_cap(r->caps)) : NULL;
	const char *cap = name ? name + strlen("CAP_") : "";
	const struct root_cap *root = name ? root_cap_of(m, least_cap(r->caps)) : NULL;

	if (cure_of_own_profile(m))
		return;
	if (root && root->worst) {
		TEXT(m, "%s", warning("the seccomp profile refuses it for a reason",
				      least_cap(r->caps), root));
		return;
	}
	TEXT(m, "add %s to the container's seccomp profile, or the program's own filter if it "
	     "has made one%s; if it is really needed%s%s%s%s",
	     r->word[0] ? r->word : "the call", or_capability(m),
	     name ? ": it also takes " : "", name ? name : "",
	     name && r->host_ns ? " in the host's user namespace, which a container with one of "
	     "its own does not get" :
	     name && m->uid ? ", which the program needs (setcap in the image, but for "
	     "podman)" : "",
	     root ? ", and is as good as root on the node: rather leave it to that" : "");
	/* the first rule of a call counts; of rules for a capability the OCI form has none */
	strncat(m->cure->text, "; FILE: with it in an SCMP_ACT_ALLOW rule and in no SCMP_ACT_ERRNO "
		"one, the seccomp.json of 'nsdebug advise --next NAME --for 5m --write DIR', or, "
		"not in Kubernetes, podman's default (/usr/share/containers/seccomp.json)",
		CURE_TEXT - strlen(m->cure->text) - 1);
	if (name && r->host_ns)
		return;
	KUBERNETES(m, "spec: {containers: [{name: CONTAINER, securityContext: {%s%s%s%s"
		   "seccompProfile: {type: Localhost, localhostProfile: FILE}}}]}",
		   name && m->uid ? "allowPrivilegeEscalation: true, " : "",
		   !name ? "" : m->uid ? "capabilities: {drop: [ALL], add: [" :
		   "capabilities: {add: [", cap, name ? "]}, " : "");
	curing_both(m, "--security-opt seccomp=FILE%s%s%s", name && m->uid ? " --cap-drop ALL" : "",
		    name ? " --cap-add " : "", cap);
	if (name)
		put_setcap(m, cap);
}

/* Of the node's network no container sets sysctls: engines and the kubelet refuse it. */
static void cure_of_port(struct making *m)
{
	const struct reason *r = m->r;
	char instead[160];

	snprintf(instead, sizeof(instead), "listen on a port from %llu on, such as %llu: the "
		 "network, and so net.ipv4.ip_unprivileged_port_start, is the node's",
		 LLU(r->limit), LLU(r->number + 8000));
	if (r->hint & HINT_HOST_NET && r->caps) {
		curing_capability(m, instead);
		return;
	}
	TEXT(m, "listen on a port from %llu on, such as %llu, and map %llu to it; or let low ports "
	     "be for all in this network namespace", LLU(r->limit), LLU(r->number + 8000),
	     LLU(r->number));
	KUBERNETES(m, "spec: {securityContext: {sysctls: [{name: "
		   "net.ipv4.ip_unprivileged_port_start, value: \"%llu\"}]}}", LLU(r->number));
	curing_both(m, "--sysctl net.ipv4.ip_unprivileged_port_start=%llu", LLU(r->number));
}

static void cure_of_ping(struct making *m)
{
	if (m->r->hint & HINT_HOST_NET) {
		TEXT(m, "let the node's net.ipv4.ping_group_range have group %u: the network is "
		     "the node's", m->gid);
		return;
	}
	TEXT(m, "let group %u ping in this network namespace", m->gid);
	KUBERNETES(m, "spec: {securityContext: {sysctls: [{name: net.ipv4.ping_group_range, "
		   "value: \"%u %u\"}]}}", m->gid, m->gid);
	curing_both(m, "--sysctl 'net.ipv4.ping_group_range=%u %u'", m->gid, m->gid);
}

/* Of what is asked for by its last name. */
static void cure_of_absent(struct making *m)
{
	if (m->op == OP_EXEC)
		TEXT(m, "put it into the image, or name where it is");
	else if (m->r->dir)
		curing_absent(m);
	else if (m->op > OP_TRUNCATE || m->r->word[0] || curing_kernels(m))
		return;
	else if (m->op == OP_OPEN && m->r->need & NEED_W)
		TEXT(m, "a program that makes what is not there (O_CREAT) is another question: "
		     "--for create; for one that does not, put it into the image, or mount it");
	else
		TEXT(m, "put it into the image, or mount it there (a volume, a ConfigMap)");
}

/* Who listens may be the program itself. */
static void cure_of_use(struct making *m)
{
	const struct reason *r = m->r;
	char other[80] = "listen on another port of the node";

	if (!(r->hint & HINT_HOST_NET))
		snprintf(other, sizeof(other), "listen on another port, such as %llu, and map %llu "
			 "to it", LLU(r->number < 1024 ? r->number + 8000 : r->number ^ 1),
			 LLU(r->number));
	if (r->guess)
		TEXT(m, "close that connection first, or %s", other);
	else
		TEXT(m, "if that is the program itself: nothing is to be changed; else stop that "
		     "one, or %s", other);
}

static void cure_of_rest(struct making *m)
{
	const struct reason *r = m->r;

	switch (r->kind) {
	case WHY_PORT:
		cure_of_port(m);
		break;
	case WHY_PING:
		cure_of_ping(m);
		break;
	case WHY_SECCOMP:
		cure_of_seccomp(m);
		break;
	case WHY_UNKNOWN:
		if (r->caps)
			curing_capability(m, "");
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
		cure_of_absent(m);
		break;
	case WHY_IN_USE:
		cure_of_use(m);
		break;
	default:
		break;
	}
}

/* Python's own files, which it makes if it can. */
static bool cure_of_pycache(struct making *m)
{
	if (!(m->r->hint & HINT_PYCACHE) ||
	    (m->op != OP_MKDIR && m->op != OP_OPEN && m->op != OP_RENAME))
		return false;
	TEXT(m, "none is needed: Python keeps there what it has compiled, and goes on without; "
	     "PYTHONDONTWRITEBYTECODE=1 keeps it from trying");
	KUBERNETES(m, "spec: {containers: [{name: CONTAINER, env: [{name: PYTHONDONTWRITEBYTECODE, "
		   "value: \"1\"}]}]}");
	curing_both(m, "--env PYTHONDONTWRITEBYTECODE=1");
	return true;
}

/* Of a call. */
static bool cure_of_name(struct making *m)
{
	bool domain = m->r->hint & HINT_DOMAINNAME;

	if ((!domain && !(m->r->hint & HINT_HOSTNAME)) ||
	    (m->r->kind != WHY_SECCOMP && m->r->kind != WHY_CAPABILITY))
		return false;
	curing_uts(m, domain);
	return true;
}

void cure_of(const struct reason *r, const struct creds *c, enum access_op op,
	     uint32_t inside_uid, uint32_t inside_gid, uint32_t inside_group, struct cure *ret)
{
	struct making m = { .r = r, .c = c, .op = op, .uid = inside_uid, .gid = inside_gid,
		.group = inside_group, .cure = ret };

	*ret = (struct cure){ 0 };
	curing_find_dir(&m);
	if (!cure_of_name(&m) && !cure_of_pycache(&m) && !cure_of_programs(&m) &&
	    !curing_rights(&m) && !curing_mounts(&m) && !curing_limits(&m))
		cure_of_rest(&m);
}
