/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/refusal.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/sys/ids.h"
#include "nsdebug/sys/rlimits.h"
#include "nsdebug/trace/callwhy.h"
#include "nsdebug/why/judging.h"
#include "nsdebug/why/socket.h"

/* Asked for because a mode or an ACL had refused, which the judge knows better. */
#define CAPS_OF_MODES (CREDS_CAP(DAC_OVERRIDE) | CREDS_CAP(DAC_READ_SEARCH))
/* The same, and because it is another's. */
#define CAPS_OF_FILES (CAPS_OF_MODES | CREDS_CAP(FOWNER))

void refusal_say(struct reason *r, enum why_kind kind, const char *word)
{
	*r = (struct reason){ .kind = kind, .err = r->err, .mask = 7 };
	if (word)
		snprintf(r->word, sizeof(r->word), "%s", word);
}

/* ---- seccomp ---- */

static void say_seccomp(const struct refusal *f, struct reason *r)
{
	uint32_t flags = f->kept->as.flags;
	char room[16];
	bool host;

	refusal_say(r, WHY_SECCOMP, f->view.def ? sysdef_name(f->view.call->nr, room) : NULL);
	if (f->view.def)
		reason_call(r, f->view.call->nr);
	if (flags & DENIED_KILLED)
		r->number = 0x80000000;	/* SECCOMP_RET_KILL_PROCESS */
	else if (flags & DENIED_TRAPPED)
		r->number = 0x00030000;	/* SECCOMP_RET_TRAP */
	else if (flags & DENIED_SUPERVISED)
		r->number = 0x7fc00000;	/* SECCOMP_RET_USER_NOTIF */
	else
		r->number = 0x00050000 | (uint32_t)r->err;	/* SECCOMP_RET_ERRNO */
	r->caps = refusal_caps_always(&f->view, &host);
	if (r->caps & (host ? creds_counting(&f->creds) : f->creds.cap_eff))
		r->caps = 0;
	r->host_ns = host && !f->creds.host_user_ns;
	/* who traces or supervises it can answer as well */
	r->guess = (flags & DENIED_TRACED) || r->number == 0x7fc00000;
}

/* Was the capability asked for in the host's user namespace, which is not the thread's? */
static bool is_hosts(const struct refusal *f)
{
	const struct denied_as *a = &f->kept->as;

	return !f->creds.host_user_ns && a->last_ns == f->host_ns && a->flags & DENIED_CAPS;
}

/* ---- ports ---- */

static bool say_port(const struct refusal *f, struct reason *r)
{
	const struct denied_as *a = &f->kept->as;
	struct bytes s = sysview_part(&f->view, 1, SYS_ITSELF);
	struct sockaddr_in in = { 0 };	/* family and port are where in6 has them */
	uint16_t port;

	if (f->view.call->nr != SYS_bind || r->err != EACCES || s.len < 4)
		return false;
	memcpy(&in, s.p, s.len < sizeof(in) ? s.len : sizeof(in));
	port = ntohs(in.sin_port);
	if ((in.sin_family != AF_INET && in.sin_family != AF_INET6) || !port ||
	    port >= a->port_start)
		return false;
	/* it was not even asked for: another rule */
	if (a->flags & DENIED_CAPS && !(a->refused & CREDS_CAP(NET_BIND_SERVICE)))
		return false;
	refusal_say(r, WHY_PORT, NULL);
	r->number = port;
	r->limit = (uint64_t)a->port_start;
	r->host_ns = is_hosts(f);
	/* who has it has it elsewhere: the network is of another user namespace */
	if (r->host_ns || !creds_has(&f->creds, CAP_NET_BIND_SERVICE))
		r->caps = CREDS_CAP(NET_BIND_SERVICE);
	return true;
}

/* An ICMP socket for which no capability is asked. */
static bool say_ping(const struct refusal *f, struct reason *r)
{
	const __u64 *a = f->view.call->args;
	const uint64_t args[SOCKET_ARGS] = { a[0], a[1], a[2] };

	if (f->view.call->nr != SYS_socket || r->err != EACCES || !socket_is_ping(args))
		return false;
	refusal_say(r, WHY_PING, NULL);
	r->guess = f->modules[0] != 0;
	return true;
}

/* ---- ids that the user namespace does not have ---- */

const struct idmap *refusal_uids(const struct refusal *f)
{
	return f->uids ? f->uids : f->judging->known ? &f->judging->uids : NULL;
}

const struct idmap *refusal_gids(const struct refusal *f)
{
	return f->gids ? f->gids : f->judging->known ? &f->judging->gids : NULL;
}

bool refusal_is_nested(const struct refusal *f)
{
	uint64_t own = f->user_ns ? f->user_ns : f->judging->known ? f->judging->user_ns : 0;
	const struct creds *c = &f->creds;

	return !c->host_user_ns && c->user_ns && own && c->user_ns != own;
}

static bool is_mapped(const struct idmap *m, uint32_t id)
{
	return !m || id == UINT32_MAX || idmap_outside(m, id) != UINT32_MAX;
}

/* EINVAL of the calls that take ids: it is a refusal only if one is not mapped. */
static bool say_unmapped(const struct refusal *f, struct reason *r)
{
	const struct sysview *v = &f->view;
	bool nested;

	if (!f->uids)
		judging_renew(f->judging);
	nested = refusal_is_nested(f);
	for (unsigned int i = 0; i < SYS_ARGS; i++) {
		uint32_t id = (uint32_t)v->call->args[i];

		if (v->def->args[i].what != W_ID || (nested ? id == UINT32_MAX :
		    is_mapped(refusal_uids(f), id) && is_mapped(refusal_gids(f), id)))
			continue;
		refusal_say(r, WHY_UNMAPPED, NULL);
		r->id = id;
		r->nested = r->guess = nested;
		return true;
	}
	return false;
}

/* ---- paths ---- */

/* Does what the judge says refuse the call with this very error? */
static bool is_answer(const struct reason *judged, int err)
{
	if (judged->kind == WHY_GRANTED || judged->kind == WHY_UNKNOWN)
		return false;
	return !judged->err || judged->err == err;
}

/* The judge begins where the container's first process does. NULL: so did the thread. */
static const char *elsewhere(const struct refusal *f)
{
	const struct denied_as *a = &f->kept->as;
	const struct judging *j = f->judging;

	if (!j->known)
		return NULL;
	if (a->mnt_ns != j->mnt)
		return "it has other mounts than the container's first process";
	if (j->root_mount && (a->root_mount != j->root_mount || a->root_ino != j->root_ino))
		return "it has another root than the container's first process";
	return j->changed ? "the mounts changed since they were last looked at" : NULL;
}

#define FRESH_NS (100 * NS_PER_MS)

/* Who is refused tries again: the latest answer is good for a moment. */
static bool ask_judge(const struct refusal *f, const struct access_ask *a, struct reason *ret)
{
	static struct access_ask asked;
	static struct reason answer;
	static uint64_t when, by;

	if (when && clock_ns() - when < FRESH_NS && by == f->judging->count &&
	    !memcmp(&asked, a, sizeof(asked))) {
		*ret = answer;
		return true;
	}
	if (!judging_ask(f->judging, a, ret))
		return false;
	memcpy(&asked, a, sizeof(asked));
	answer = *ret;
	when = clock_ns();
	by = f->judging->count;
	return true;
}

/* Where nobody can walk the path: two errors are proof enough, but of which mount; a third, of
 * what may be executed, is hardly ever another's. */
static bool is_by_errno(const struct refusal *f, const struct access_ask *a, struct reason *r)
{
	if (r->err == EROFS)
		refusal_say(r, WHY_READ_ONLY_MOUNT, NULL);
	else if (r->err == EXDEV && (a->op == OP_RENAME || a->op == OP_LINK) && f->view.def)
		refusal_say(r, WHY_CROSS_DEVICE, NULL);
	else if (r->err == EPERM && a->op == OP_EXEC)
		refusal_say(r, WHY_FILE_CAPS, "as it seems");
	else
		return false;
	r->guess |= r->kind == WHY_FILE_CAPS;
	if (a->path[0] == '/')
		reason_path(r, a->path);
	reason_hint(r, a->path);
	return true;
}

/* With a judge comes what ids of the container are on the host. */
static enum refusal_path question(const struct refusal *f, struct access_ask *a, const char **why)
{
	enum refusal_path found = refusal_ask(f, a, why);

	return found == REFUSAL_PATH && judging_renew(f->judging) ? refusal_ask(f, a, why) : found;
}

static bool say_path(const struct refusal *f, struct reason *r, enum access_op *op,
		     struct reason *judged)
{
	static struct access_ask a;
	const char *why = NULL;
	enum refusal_path found = question(f, &a, &why);
	int err = r->err;

	judged->kind = WHY_KINDS;
	if (found == REFUSAL_NO_PATH)
		return false;
	*op = a.op;
	if (found == REFUSAL_PATH && (why = elsewhere(f)))
		found = REFUSAL_LOST_PATH;
	if (found == REFUSAL_LOST_PATH) {
		refusal_say(judged, WHY_UNKNOWN, why);
		return false;
	}
	if (!ask_judge(f, &a, judged)) {
		if (is_by_errno(f, &a, r))
			return true;
		refusal_say(judged, WHY_UNKNOWN, f->kept->as.refused & CAPS_OF_MODES ?
			    "the mode or an ACL of a component of its path, which could not be "
			    "looked at" :
			    "its path could not be looked at");
		judged->hint = HINT_UNSEEN;
		return false;
	}
	if (!is_answer(judged, err))
		return false;
	*r = *judged;
	r->err = err;
	reason_hint(r, a.path);
	return true;
}

/* ---- capabilities ---- */

/* In these the kernel only wants to know whether the last pages are for who asks, which the
 * programs leave out where the kernel tells its functions' addresses. */
static bool asks_for_pages(unsigned int nr)
{
	return nr == SYS_mmap || nr == SYS_mremap || nr == SYS_mprotect || nr == SYS_execve ||
		nr == SYS_execveat;
}

/* Which limit was to be raised above its hard one, and to what. */
static void name_limit(const struct refusal *f, struct reason *r)
{
	unsigned int nr = f->view.call->nr, at = nr == SYS_prlimit64;
	uint64_t which = f->view.call->args[at], wanted[2];	/* soft, hard */
	struct bytes b;

	if ((nr != SYS_prlimit64 && nr != SYS_setrlimit) || which >= RL_COUNT)
		return;
	b = sysview_part(&f->view, at + 1, SYS_ITSELF);
	if (b.len < sizeof(wanted))
		return;
	memcpy(wanted, b.p, sizeof(wanted));
	snprintf(r->word, sizeof(r->word), "%s", rlimit_kinds[which].name);
	r->number = wanted[0];
	r->limit = wanted[1];
}

static bool is_raw_ping(const struct refusal *f)
{
	const __u64 *a = f->view.call->args;
	const uint64_t args[SOCKET_ARGS] = { a[0], a[1], a[2] };

	return socket_is_raw_ping(args);
}

/* A file whose path is not known refused it: a capability stands above its mode, but is not what
 * is missing. */
static bool say_hidden(const struct refusal *f, struct reason *r, enum access_op op)
{
	const struct denied_as *a = &f->kept->as;

	if (op != OP_COUNT || (r->err != EPERM && r->err != EACCES) ||
	    !(a->flags & DENIED_CAPS) || a->refused & refusal_caps(&f->view) ||
	    !(a->refused & 1ull << (a->last & 63) & CAPS_OF_FILES))
		return false;
	refusal_say(r, WHY_UNKNOWN, a->last == CAP_FOWNER ?
		    "only the owner of the file may, of which the path is not told" :
		    "the mode or an ACL of a component of its path, which the call does not tell");
	r->guess = true;
	return true;
}

static bool say_capability(const struct refusal *f, struct reason *r, enum access_op op,
			   const struct reason *judged)
{
	const struct denied_as *a = &f->kept->as;
	uint64_t named = refusal_caps(&f->view), missing = named & ~creds_counting(&f->creds);
	uint64_t refused = a->refused;

	if (asks_for_pages(f->view.call->nr))
		refused &= ~CREDS_CAP(SYS_ADMIN);
	if (op != OP_COUNT &&
	    refused & (judged->kind == WHY_UNKNOWN ? CAPS_OF_FILES : CAPS_OF_MODES))
		return false;
	if (a->flags & DENIED_CAPS)
		missing = refused & named ? refused & named : refused ? 1ull << (a->last & 63) : 0;
	else if (missing != named)	/* it has one of which any would do */
		missing = 0;
	if (!missing || (r->err != EPERM && r->err != EACCES))
		return false;
	/* userfaultfd(2) is about no process */
	refusal_say(r, named & CREDS_CAP(SYS_PTRACE) && f->view.call->nr != SYS_userfaultfd ?
		    WHY_PTRACE : WHY_CAPABILITY, NULL);
	reason_call(r, f->view.call->nr);
	r->caps = missing;
	r->host_ns = !f->creds.host_user_ns && (a->flags & DENIED_CAPS ?
		a->last_ns == f->host_ns : (missing & ~CREDS_OF_HOST) == 0);
	name_limit(f, r);
	if (f->view.call->nr == SYS_socket && is_raw_ping(f))
		r->hint |= HINT_PING | (socket_pings(&f->creds, a->ping_first, a->ping_last) ?
					HINT_PINGS : 0);
	return true;
}

/* ---- what is left ---- */

static bool is_device(const struct reason *judged)
{
	return S_ISCHR(judged->mode) || S_ISBLK(judged->mode) ||
		str_prefix(judged->path, "/dev/");
}

/* Modes are asked before them. */
static bool may_be_module(const struct refusal *f, int err)
{
	return f->modules[0] && !(f->kept->as.refused & CAPS_OF_MODES) &&
		(err == EACCES || err == EPERM);
}

static bool ends_with(const char *s, const char *end)
{
	size_t a = strlen(s), b = strlen(end);

	return a >= b && !strcmp(s + a - b, end);
}

/* Files of the kernel's are not sealed, they take what they want. */
static const char *rule_of(const struct refusal *f, int err)
{
	unsigned int nr = f->view.call->nr;
	char path[SYS_STRING_MAX];

	if (err != EPERM || (nr != SYS_write && nr != SYS_writev && nr != SYS_pwrite64) ||
	    !denials_path(f->kept, 0, path, sizeof(path)))
		return refusal_rule(&f->view);
	if (ends_with(path, "/uid_map") || ends_with(path, "/gid_map"))
		return "a map of ids is written once: with CAP_SETUID or CAP_SETGID above the user "
			"namespace, or of one's own id alone, by its maker, once setgroups is "
			"\"deny\"";
	if (str_prefix(path, "/proc/") || str_prefix(path, "/sys/"))
		return "a file of the kernel's, which takes this from nobody here";
	return refusal_rule(&f->view);
}

/* Nothing that is known refuses it: who can it have been? */
static void say_rest(const struct refusal *f, struct reason *r, enum access_op op,
		     const struct reason *judged)
{
	const char *rule = rule_of(f, r->err);
	bool granted = judged->kind == WHY_GRANTED;

	if (judged->kind == WHY_UNKNOWN && !rule) {
		refusal_say(r, WHY_UNKNOWN, judged->word);
		r->hint = judged->hint;
	} else if (r->err == EPERM && granted && is_device(judged) &&
		   (op == OP_OPEN || op == OP_MKNOD)) {
		*r = *judged;
		r->kind = WHY_DEVICE;
		r->err = EPERM;
	} else if (f->kept->as.flags & DENIED_FIRST && f->kept->as.seccomp) {
		say_seccomp(f, r);
	} else if (rule) {
		refusal_say(r, WHY_RULE, rule);
	} else if (may_be_module(f, r->err)) {
		refusal_say(r, WHY_LSM, f->modules);
	} else if (granted || judged->kind < WHY_KINDS) {
		*r = *judged;
		r->kind = WHY_CHANGED;
	} else {
		refusal_say(r, WHY_RULE, NULL);
	}
	r->guess = true;
}

/* What programs try and do without: Go waits for plain files otherwise, and C libraries have
 * clone where a filter answers that clone3 is none of the kernel's. */
static bool is_tried(const struct refusal *f, int err)
{
	unsigned int nr = f->view.call->nr;

	return (nr == SYS_clone3 && err == ENOSYS) ||
		(nr == SYS_epoll_ctl && err == EPERM && !(f->kept->as.flags & DENIED_UNENTERED));
}

/* Links are refused only by flags: else there were too many, or the last one was not meant. */
static bool is_loop(const struct refusal *f, int err)
{
	return err == ELOOP && f->view.call->nr == SYS_openat2 &&
		!(sysview_how(&f->view).resolve & REFUSAL_NO_LINKS);
}

bool refusal_reason(const struct refusal *f, struct reason *r, enum access_op *op)
{
	struct reason judged = { .kind = WHY_KINDS };
	bool none = false;

	*op = OP_COUNT;
	*r = (struct reason){ .err = (int32_t)-f->view.call->ret };
	if (!f->kept) {
		refusal_say(r, WHY_UNKNOWN, "who asked was lost: the ring was full");
		return true;
	}
	if (is_tried(f, r->err))
		return false;
	if (f->kept->as.flags & DENIED_UNENTERED) {
		say_seccomp(f, r);
		return true;
	}
	if (!f->view.def) {
		refusal_say(r, WHY_UNKNOWN, "a 32-bit call is not decoded");
		return true;
	}
	if (refusal_limit(f, r, &none))
		return true;
	if (r->err == EINVAL)
		return say_unmapped(f, r);
	if (none || is_loop(f, r->err))
		return false;
	if (say_port(f, r) || say_ping(f, r) || say_path(f, r, op, &judged))
		/* of a program that is not there nothing was refused */
		return r->kind != WHY_ABSENT && r->kind != WHY_NOT_DIR;
	if (r->err == ENOENT)
		return false;
	if (!say_hidden(f, r, *op) && !say_capability(f, r, *op, &judged))
		say_rest(f, r, *op, &judged);
	return true;
}
