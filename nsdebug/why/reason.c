/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/reason.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/ids.h"
#include "nsdebug/why/creds.h"

#define LLU(n) ((unsigned long long)(n))

static const char *const names[WHY_KINDS] = {
	[WHY_GRANTED] = "granted", [WHY_UNKNOWN] = "unknown",
	[WHY_ABSENT] = "absent", [WHY_NOT_DIR] = "not-a-directory",
	[WHY_IS_DIR] = "is-a-directory", [WHY_EXISTS] = "exists", [WHY_LOOP] = "too-many-links",
	[WHY_BUSY] = "busy", [WHY_CHANGED] = "changed", [WHY_MAGIC] = "magic-link",
	[WHY_SERVER] = "server",
	[WHY_MODE] = "mode", [WHY_ACL] = "acl", [WHY_STICKY] = "sticky",
	[WHY_PROTECTED_SYMLINK] = "protected-symlink",
	[WHY_PROTECTED_HARDLINK] = "protected-hardlink",
	[WHY_PROTECTED_CREATE] = "protected-create",
	[WHY_OWNER] = "owner", [WHY_CHOWN] = "chown", [WHY_UNMAPPED] = "unmapped-id",
	[WHY_IDMAPPED] = "idmapped-mount",
	[WHY_IMMUTABLE] = "immutable", [WHY_APPEND_ONLY] = "append-only",
	[WHY_CAPABILITY] = "capability", [WHY_PTRACE] = "ptrace", [WHY_HIDEPID] = "hidepid",
	[WHY_SYSCTL] = "sysctl",
	[WHY_READ_ONLY_MOUNT] = "read-only-mount", [WHY_READ_ONLY_FS] = "read-only-filesystem",
	[WHY_NOEXEC] = "noexec", [WHY_NODEV] = "nodev",
	[WHY_NOSYMFOLLOW] = "nosymfollow", [WHY_MASKED] = "masked",
	[WHY_CROSS_DEVICE] = "cross-device", [WHY_RESOLVE] = "resolve-flag",
	[WHY_INTERPRETER] = "missing-interpreter", [WHY_FORMAT] = "format",
	[WHY_ARCH] = "architecture", [WHY_FILE_CAPS] = "file-capabilities",
	[WHY_PORT] = "port", [WHY_IN_USE] = "in-use", [WHY_PING] = "ping-group",
	[WHY_SECCOMP] = "seccomp",
	[WHY_RLIMIT] = "rlimit",
	[WHY_PIDS] = "pids-limit", [WHY_MEMORY] = "memory-limit", [WHY_DEVICE] = "device-cgroup",
	[WHY_LSM] = "lsm", [WHY_RULE] = "rule",
};

static const char *const classes[CLASS_COUNT] = {
	[CLASS_NONE] = "", [CLASS_OWNER] = "owner", [CLASS_GROUP] = "group",
	[CLASS_OTHER] = "other", [CLASS_ACL_USER] = "acl-user", [CLASS_ACL_GROUP] = "acl-group",
	[CLASS_ACL_OWNER_GROUP] = "acl-owner-group", [CLASS_ACL_OTHER] = "acl-other",
};

const char *why_name(enum why_kind kind)
{
	return (unsigned int)kind < WHY_KINDS ? names[kind] : names[WHY_UNKNOWN];
}

enum why_verdict reason_verdict(const struct reason *r)
{
	if (r->kind == WHY_GRANTED)
		return WHY_ALLOWED;
	return r->kind == WHY_UNKNOWN || r->kind == WHY_CHANGED || r->kind == WHY_MAGIC ||
		(r->kind == WHY_SERVER && !r->err) ? WHY_OPEN : WHY_DENIED;
}

const char *why_class_name(enum why_class whose)
{
	return (unsigned int)whose < CLASS_COUNT ? classes[whose] : "";
}

const char *why_need(uint32_t need)
{
	static const char *const words[] = { "", "x", "w", "wx", "r", "rx", "rw", "rwx" };

	return words[need & 7];
}

static bool ends(const char *s, size_t room)
{
	return memchr(s, '\0', room) != NULL;
}

bool reason_check(struct reason *r)
{
	if (r->kind >= WHY_KINDS || r->whose >= CLASS_COUNT || r->err < 0 || r->err > 4095)
		return false;
	r->guess = r->guess != 0;
	r->host_ns = r->host_ns != 0;
	r->dir = r->dir != 0;
	r->path_cut = r->path_cut != 0;
	r->ro = r->ro != 0;
	r->rights = r->rights != 0;
	r->filled = r->filled > DIR_FILLED ? DIR_UNKNOWN : r->filled;
	r->mapping = r->mapping > MOUNT_IDS_UNKNOWN ? MOUNT_IDS_UNKNOWN : r->mapping;
	r->nested = r->nested != 0;
	r->inside = r->inside != 0;
	r->hint &= HINT_ALL;
	r->need &= 7;
	r->mask &= 7;
	r->mode &= S_IFMT | 07777;
	return ends(r->path, sizeof(r->path)) && ends(r->mount, sizeof(r->mount)) &&
		ends(r->type, sizeof(r->type)) && ends(r->word, sizeof(r->word));
}

void reason_path(struct reason *r, const char *path)
{
	size_t len = strnlen(path, sizeof(r->path));

	r->path_cut = len == sizeof(r->path);
	if (r->path_cut)
		len--;
	memcpy(r->path, path, len);
	r->path[len] = '\0';
}

bool reason_dir(const struct reason *r, char *ret, size_t room)
{
	size_t len = strnlen(r->path, sizeof(r->path));
	const char *slash = memrchr(r->path, '/', len);

	if (slash && !r->dir && !S_ISDIR(r->mode))
		len = (size_t)(slash - r->path);
	if (r->path_cut || r->path[0] != '/' || len >= room)
		return false;
	memcpy(ret, r->path, len);
	ret[len] = '\0';
	return true;
}

void reason_inside(struct reason *r, const struct idmap *uids, const struct idmap *gids)
{
	bool group = r->whose == CLASS_ACL_GROUP;

	r->inside = true;
	r->in_uid = idmap_inside(uids, r->uid);
	r->in_gid = idmap_inside(gids, r->gid);
	r->in_id = idmap_inside(group ? gids : uids, r->id);
}

void reason_hint(struct reason *r, const char *path)
{
	const char *at = strstr(path, "/__pycache__");
	bool refused = r->kind == WHY_MODE || r->kind == WHY_READ_ONLY_MOUNT ||
		r->kind == WHY_READ_ONLY_FS;

	if (refused && at && strchr("/", at[strlen("/__pycache__")]))
		r->hint |= HINT_PYCACHE;
}

void reason_call(struct reason *r, unsigned int nr)
{
	r->hint |= nr == SYS_sethostname ? HINT_HOSTNAME :
		nr == SYS_setdomainname ? HINT_DOMAINNAME :
		nr == SYS_userfaultfd ? HINT_FAULTS : 0;
}

/* ---- in words ---- */

static void put_need(struct buf *b, uint32_t need)
{
	buf_addf(b, "%c%c%c", need & NEED_R ? 'r' : '-', need & NEED_W ? 'w' : '-',
		 need & NEED_X ? 'x' : '-');
}

static void put_path(struct buf *b, const struct reason *r)
{
	buf_addf(b, "%s%s", r->path[0] ? r->path : "it", r->path_cut ? "..." : "");
}

/* "0700 0:0", "0700 0:0 (165536:165536 on the host)" */
static void put_rights(struct buf *b, const struct reason *r)
{
	buf_addf(b, "0%03o %u:%u", r->mode & 07777, r->inside ? r->in_uid : r->uid,
		 r->inside ? r->in_gid : r->gid);
	if (r->inside && (r->in_uid != r->uid || r->in_gid != r->gid))
		buf_addf(b, " (%u:%u on the host)", r->uid, r->gid);
}

/* "directory /secret is 0700 0:0" */
static void put_owner(struct buf *b, const struct reason *r)
{
	if (S_ISDIR(r->mode))
		buf_str(b, "directory ");
	put_path(b, r);
	buf_str(b, " is ");
	put_rights(b, r);
}

/* "user 0", "user 0 (165536 on the host)"; of somebody's possession with an end. */
static void put_user(struct buf *b, const struct reason *r, const char *end)
{
	buf_addf(b, "user %u%s", r->inside ? r->in_uid : r->uid, end);
	if (r->inside && r->in_uid != r->uid)
		buf_addf(b, " (%u on the host)", r->uid);
}

static void put_caps(struct buf *b, const struct reason *r)
{
	if (!r->caps)
		return;
	buf_str(b, "; would pass with ");
	cap_list(b, r->caps, " or ");
	if (r->host_ns)
		buf_str(b, " in the host's user namespace");
}

/* Who writes meets two that refuse it: the one that comes first is the reason. */
static void put_besides(struct buf *b, const struct reason *r)
{
	bool mount = r->kind == WHY_READ_ONLY_MOUNT || r->kind == WHY_READ_ONLY_FS;

	if (r->hint & HINT_NO_PROGRAM)
		buf_str(b, "; and it is no program: neither an ELF file nor a script that begins "
			"with #!");
	if (mount && r->rights) {
		buf_str(b, "; and it is ");
		put_rights(b, r);
		buf_str(b, ", which refuses it besides");
	} else if (!mount && r->ro && r->need & NEED_W) {
		buf_addf(b, "; and %s is mounted read-only besides", r->mount[0] ? r->mount : "/");
	}
}

static uint32_t bits_of(const struct reason *r)
{
	switch (r->whose) {
	case CLASS_OWNER:
		return r->mode >> 6 & 7;
	case CLASS_GROUP:
		return r->mode >> 3 & 7;
	default:
		return r->mode & 7;
	}
}

static void put_mode(struct buf *b, const struct reason *r)
{
	put_owner(b, r);
	buf_addf(b, "; %s has ", why_class_name(r->whose));
	put_need(b, bits_of(r));
	buf_str(b, " there, needs ");
	put_need(b, r->need);
	if (S_ISDIR(r->mode) && r->need & NEED_X)
		buf_str(b, " to pass");
	put_caps(b, r);
}

static void put_acl(struct buf *b, const struct reason *r)
{
	static const char *const entries[] = {
		[CLASS_ACL_USER] = "user", [CLASS_ACL_GROUP] = "group",
		[CLASS_ACL_OWNER_GROUP] = "owning group", [CLASS_ACL_OTHER] = "other",
	};

	put_path(b, r);
	buf_str(b, " has an ACL: its entry for ");
	buf_str(b, r->whose >= CLASS_ACL_USER ? entries[r->whose] : "you");
	if (r->whose == CLASS_ACL_USER || r->whose == CLASS_ACL_GROUP)
		buf_addf(b, " %u", r->inside ? r->in_id : r->id);
	if (r->inside && r->in_id != r->id &&
	    (r->whose == CLASS_ACL_USER || r->whose == CLASS_ACL_GROUP))
		buf_addf(b, " (%u on the host)", r->id);
	buf_str(b, " has ");
	put_need(b, (uint32_t)r->number);
	if ((r->number & 7 & ~(uint64_t)r->mask) != 0) {
		buf_str(b, ", of which the mask leaves ");
		put_need(b, (uint32_t)r->number & r->mask);
	}
	buf_str(b, "; needs ");
	put_need(b, r->need);
	put_caps(b, r);
}

/* Of kinds whose words are about one mount: what it is, and what that forbids. */
static void put_mount(struct buf *b, const struct reason *r, const char *what)
{
	put_path(b, r);
	buf_addf(b, " is on %s, a %s mount%s%s", r->mount[0] ? r->mount : "/", what,
		 r->type[0] ? " of " : "", r->type);
}

static void put_level(struct buf *b, const struct reason *r, const char *what)
{
	buf_addf(b, "%s of cgroup %s: %llu of %llu", what, r->mount, LLU(r->number),
		 LLU(r->limit));
}

static void put_lsm(struct buf *b, const struct reason *r)
{
	if (r->word[0])
		buf_addf(b, "%s refused it%s", r->word, r->guess ? ", as it seems" : "");
	else
		buf_str(b, "no rule that can be seen refuses it: a security module (AppArmor, "
			"SELinux, Landlock ...), or a hard rule of the call");
}

static bool put_of_mounts(struct buf *b, const struct reason *r)
{
	switch (r->kind) {
	case WHY_READ_ONLY_MOUNT:
		if (r->mount[0]) {
			put_mount(b, r, "read-only");
		} else {
			put_path(b, r);
			buf_str(b, " is on a mount, or a file system, that is read-only");
		}
		return true;
	case WHY_READ_ONLY_FS:
		put_path(b, r);
		buf_addf(b, " is on %s, whose file system%s%s itself is read-only",
			 r->mount[0] ? r->mount : "/", r->type[0] ? " " : "", r->type);
		return true;
	case WHY_NOEXEC:
		put_mount(b, r, "noexec");
		return true;
	case WHY_NODEV:
		put_mount(b, r, "nodev");
		return true;
	case WHY_NOSYMFOLLOW:
		put_mount(b, r, "nosymfollow");
		return true;
	case WHY_MASKED:
		put_path(b, r);
		buf_addf(b, " is masked: something empty is mounted on %s", r->mount);
		return true;
	case WHY_CROSS_DEVICE:
		put_path(b, r);
		if (!r->mount[0]) {
			buf_str(b, " is on another mount than where it is to go: neither a rename "
				"nor a hard link leads from one to another");
			return true;
		}
		buf_addf(b, " and what is on %s are on two mounts: neither a rename nor a hard "
			 "link leads from one to another", r->mount);
		return true;
	default:
		return false;
	}
}

static bool put_of_files(struct buf *b, const struct reason *r)
{
	switch (r->kind) {
	case WHY_MODE:
		put_mode(b, r);
		return true;
	case WHY_ACL:
		put_acl(b, r);
		return true;
	case WHY_STICKY:
		put_path(b, r);
		buf_str(b, " is ");
		put_user(b, r, "'s");
		buf_str(b, ", in a sticky directory: only its owner, or the directory's, removes "
			"or renames it");
		break;
	case WHY_PROTECTED_SYMLINK:
		put_path(b, r);
		buf_str(b, " is a symbolic link of ");
		put_user(b, r, "");
		buf_str(b, " in a sticky directory that everybody may write to: "
			"fs.protected_symlinks lets only that user follow it");
		break;
	case WHY_PROTECTED_HARDLINK:
		put_path(b, r);
		buf_str(b, " is ");
		put_user(b, r, "'s");
		buf_str(b, ": fs.protected_hardlinks lets others link only to what they may read "
			"and write");
		break;
	case WHY_PROTECTED_CREATE:
		put_path(b, r);
		buf_str(b, " is there and is ");
		put_user(b, r, "'s");
		buf_str(b, ", in a sticky directory that others may write to: fs.protected_regular "
			"or _fifos refuses to open it with O_CREAT");
		break;
	case WHY_OWNER:
		put_owner(b, r);
		buf_str(b, ": only its owner may do this");
		break;
	case WHY_CHOWN:
		put_owner(b, r);
		buf_str(b, ": its owner cannot be changed, and its group only by its owner to one "
			"that he is in");
		break;
	case WHY_SYSCTL:
		put_mode(b, r);
		if (!r->caps)
			buf_str(b, "; no capability helps against the mode of this file");
		return true;
	default:
		return false;
	}
	put_caps(b, r);
	return true;
}

static void put_unmapped(struct buf *b, const struct reason *r)
{
	const char *whose = r->nested ? "the process's own" : "the container's";

	if (!r->path[0]) {
		buf_addf(b, "id %u, which the call names, is none of %s user namespace", r->id,
			 whose);
		return;
	}
	put_path(b, r);
	buf_addf(b, " belongs to id %u of the host, which %s user namespace does not have: nobody "
		 "in it has rights over it but what everybody has", r->id, whose);
}

static bool put_of_flags(struct buf *b, const struct reason *r)
{
	switch (r->kind) {
	case WHY_UNMAPPED:
		put_unmapped(b, r);
		return true;
	case WHY_IDMAPPED:
		put_path(b, r);
		buf_addf(b, " is on %s, a mount with mapped ids, which does not have %s",
			 r->mount[0] ? r->mount : "/", r->word[0] ? r->word : "its owner");
		return true;
	case WHY_IMMUTABLE:
		put_path(b, r);
		buf_str(b, " is immutable (chattr +i)");
		return true;
	case WHY_APPEND_ONLY:
		put_path(b, r);
		buf_str(b, " is append-only (chattr +a)");
		return true;
	case WHY_CAPABILITY:
		if (r->word[0])
			buf_addf(b, "the hard limit of %s may not be raised", r->word);
		else
			buf_str(b, "a capability is missing");
		put_caps(b, r);
		return true;
	case WHY_PTRACE:
		put_path(b, r);
		buf_addf(b, " is about another process, to look into which %s",
			 r->word[0] ? "is refused: " : "its user, or a capability, is needed");
		buf_str(b, r->word);
		put_caps(b, r);
		return true;
	case WHY_HIDEPID:
		put_path(b, r);
		buf_str(b, " is hidden: /proc is mounted with hidepid");
		return true;
	default:
		return false;
	}
}

/* What cannot be seen is named: of a script of Windows it is the whole difference. */
static void put_interpreter(struct buf *b, const char *name)
{
	size_t len = strlen(name);
	bool windows = len && name[len - 1] == '\r';

	buf_addf(b, " needs %s to run, which is not there%s", name,
		 windows ? ": its name ends with a carriage return, as on Windows" : "");
}

static bool put_of_names(struct buf *b, const struct reason *r)
{
	static const char *const what[WHY_KINDS] = {
		[WHY_ABSENT] = " is not there", [WHY_NOT_DIR] = " is no directory",
		[WHY_IS_DIR] = " is a directory", [WHY_EXISTS] = " is there already",
		[WHY_LOOP] = " leads through more than 40 symbolic links",
		[WHY_BUSY] = " is in use",
		[WHY_CHANGED] = " has changed meanwhile: what refused it then is not there now",
		[WHY_FILE_CAPS] = " has capabilities (setcap) that the process may not have",
		[WHY_FORMAT] = " is no program: neither an ELF file nor a script that begins "
			"with #!",
	};

	switch (r->kind) {
	case WHY_MAGIC:
		put_path(b, r);
		buf_str(b, " is a link of /proc that leads to what a process has open");
		return true;
	case WHY_RESOLVE:
		put_path(b, r);
		buf_addf(b, " is where the flags of the call itself do not let it go: %s", r->word);
		return true;
	case WHY_SERVER:
		put_path(b, r);
		buf_addf(b, " is on %s, %s: its server decides", r->mount, r->type);
		break;
	case WHY_INTERPRETER:
		put_path(b, r);
		put_interpreter(b, r->word);
		return true;
	case WHY_ARCH:
		put_path(b, r);
		buf_addf(b, " is a program for another machine: %s", r->word);
		return true;
	default:
		if (!what[r->kind])
			return false;
		put_path(b, r);
		buf_str(b, r->err == ENOTEMPTY ? " is not empty" : what[r->kind]);
	}
	if (r->word[0])
		buf_addf(b, " (%s)", r->word);
	return true;
}

static void put_rlimit(struct buf *b, const struct reason *r)
{
	buf_addf(b, "limit %s of the process is %llu", r->word, LLU(r->limit));
	if (r->hard >= INT64_MAX)
		buf_str(b, ", its hard limit unlimited");
	else if (r->hard)
		buf_addf(b, ", its hard limit %llu", LLU(r->hard));
	if (r->number)
		buf_addf(b, strcmp(r->word, "memlock") ? "; %llu were asked for" :
			 "; %llu were to be locked in all", LLU(r->number));
}

static void put_seccomp(struct buf *b, const struct reason *r)
{
	const char *call = r->word[0] ? r->word : "the call";

	if (r->number == SECCOMP_RET_KILL_PROCESS)
		buf_addf(b, "the seccomp filter ends who makes %s", call);
	else if (r->number == SECCOMP_RET_TRAP)
		buf_addf(b, "the seccomp filter answers %s with SIGSYS", call);
	else if (r->number == SECCOMP_RET_ERRNO && !r->err && !r->guess)
		buf_addf(b, "the seccomp filter answers %s with 0, as if it were done", call);
	else
		buf_addf(b, "the seccomp filter%s answers %s%s%s",
			 r->number == SECCOMP_RET_USER_NOTIF ? ", or who supervises it," : "",
			 call, r->err ? " with " : "", r->err ? errno_name(r->err) : "");
	buf_str(b, r->guess ? ", as it seems" : "");
	if (!r->caps)
		return;
	buf_str(b, "; it also takes ");
	cap_list(b, r->caps, " or ");
}

static void put_rest(struct buf *b, const struct reason *r)
{
	switch (r->kind) {
	case WHY_GRANTED:
		buf_addf(b, "nothing refuses it%s%s", r->word[0] ? "; " : "", r->word);
		break;
	case WHY_PORT:
		buf_addf(b, "port %llu is below net.ipv4.ip_unprivileged_port_start (%llu)",
			 LLU(r->number), LLU(r->limit));
		put_caps(b, r);
		break;
	case WHY_IN_USE:
		buf_addf(b, "port %llu is in use%s%s", LLU(r->number), r->word[0] ? " by " : "",
			 r->word);
		break;
	case WHY_PING:
		buf_str(b, "net.ipv4.ping_group_range of its network namespace has none of its "
			"groups");
		if (r->number <= r->limit && r->limit)
			buf_addf(b, ": it is %llu to %llu", LLU(r->number), LLU(r->limit));
		else if (r->number)
			buf_str(b, ": it is nobody's");
		break;
	case WHY_SECCOMP:
		put_seccomp(b, r);
		break;
	case WHY_RLIMIT:
		put_rlimit(b, r);
		break;
	case WHY_PIDS:
		put_level(b, r, "pids limit");
		break;
	case WHY_MEMORY:
		put_level(b, r, "memory limit");
		break;
	case WHY_DEVICE:
		buf_str(b, "the device cgroup of the container does not allow this device");
		break;
	case WHY_LSM:
		put_lsm(b, r);
		break;
	case WHY_RULE:
		buf_addf(b, "a hard rule of the call%s%s%s", r->word[0] ? ": " : "", r->word,
			 r->guess ? "; no capability was asked for" : "");
		break;
	default:
		buf_addf(b, "not known%s%s", r->word[0] ? ": " : "", r->word);
		break;
	}
}

void reason_text(struct buf *b, const struct reason *r)
{
	if (!put_of_files(b, r) && !put_of_mounts(b, r) && !put_of_flags(b, r) &&
	    !put_of_names(b, r))
		put_rest(b, r);
	put_besides(b, r);
}
