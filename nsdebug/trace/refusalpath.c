/* SPDX-License-Identifier: Apache-2.0 */
/*
 * refusalpath - of a system call, what it wants to do with which path.
 */
#include <fcntl.h>
#include <linux/openat2.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/sys/ids.h"
#include "nsdebug/trace/refusal.h"
#include "nsdebug/why/action.h"

/* Newer than the headers that we are built with: Linux 6.6, 6.13, 6.15. */
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif
#ifndef SYS_setxattrat
#define SYS_setxattrat 463
#define SYS_getxattrat 464
#define SYS_listxattrat 465
#define SYS_removexattrat 466
#endif
#ifndef SYS_open_tree_attr
#define SYS_open_tree_attr 467
#endif
#define NO -1

/* Which argument is what; NO: none. */
struct path_call {
	uint16_t nr;
	uint8_t op;
	int8_t dir, path, dir2, path2;
	int8_t flags;		/* AT_* */
	int8_t mode, ids, dev;
	bool nofollow;		/* always */
};

#define PATH(n, o, d, p, ...) \
	{ .nr = SYS_##n, .op = OP_##o, .dir = (d), .path = (p), .dir2 = NO, .path2 = NO, \
	  .flags = NO, .mode = NO, .ids = NO, .dev = NO, ##__VA_ARGS__ }
#define FILE(n, o, d, ...) PATH(n, o, d, NO, ##__VA_ARGS__)

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
static const struct path_call calls[] = {
	PATH(open, OPEN, NO, 0), PATH(creat, OPEN, NO, 0),
	PATH(openat, OPEN, 0, 1), PATH(openat2, OPEN, 0, 1),
	PATH(stat, STAT, NO, 0), PATH(lstat, STAT, NO, 0, .nofollow = true),
	PATH(newfstatat, STAT, 0, 1, .flags = 3), PATH(statx, STAT, 0, 1, .flags = 2),
	PATH(readlink, STAT, NO, 0, .nofollow = true),
	PATH(readlinkat, STAT, 0, 1, .nofollow = true),
	PATH(statfs, STAT, NO, 0),
	PATH(access, ACCESS, NO, 0, .mode = 1), PATH(faccessat, ACCESS, 0, 1, .mode = 2),
	PATH(faccessat2, ACCESS, 0, 1, .mode = 2, .flags = 3),
	PATH(execve, EXEC, NO, 0), PATH(execveat, EXEC, 0, 1, .flags = 4),
	PATH(chdir, CHDIR, NO, 0), FILE(fchdir, CHDIR, 0), PATH(chroot, CHROOT, NO, 0),
	PATH(truncate, TRUNCATE, NO, 0),
	PATH(mkdir, MKDIR, NO, 0, .mode = 1), PATH(mkdirat, MKDIR, 0, 1, .mode = 2),
	PATH(mknod, MKNOD, NO, 0, .mode = 1, .dev = 2),
	PATH(mknodat, MKNOD, 0, 1, .mode = 2, .dev = 3),
	PATH(symlink, SYMLINK, NO, 1), PATH(symlinkat, SYMLINK, 1, 2),
	PATH(unlink, UNLINK, NO, 0), PATH(unlinkat, UNLINK, 0, 1, .flags = 2),
	PATH(rmdir, RMDIR, NO, 0),
	PATH(rename, RENAME, NO, 0, .path2 = 1),
	PATH(renameat, RENAME, 0, 1, .dir2 = 2, .path2 = 3),
	PATH(renameat2, RENAME, 0, 1, .dir2 = 2, .path2 = 3),
	PATH(link, LINK, NO, 0, .path2 = 1, .nofollow = true),
	PATH(linkat, LINK, 0, 1, .dir2 = 2, .path2 = 3, .flags = 4),
	PATH(chmod, CHMOD, NO, 0, .mode = 1), PATH(fchmodat, CHMOD, 0, 1, .mode = 2),
	PATH(fchmodat2, CHMOD, 0, 1, .mode = 2, .flags = 3), FILE(fchmod, CHMOD, 0, .mode = 1),
	PATH(chown, CHOWN, NO, 0, .ids = 1), PATH(lchown, CHOWN, NO, 0, .ids = 1, .nofollow = true),
	PATH(fchownat, CHOWN, 0, 1, .ids = 2, .flags = 4), FILE(fchown, CHOWN, 0, .ids = 1),
	PATH(utime, UTIMES, NO, 0), PATH(utimes, UTIMES, NO, 0), PATH(futimesat, UTIMES, 0, 1),
	PATH(utimensat, UTIMES, 0, 1, .flags = 3),
	PATH(setxattr, SETXATTR, NO, 0, .path2 = 1),
	PATH(lsetxattr, SETXATTR, NO, 0, .path2 = 1, .nofollow = true),
	FILE(fsetxattr, SETXATTR, 0, .path2 = 1),
	PATH(removexattr, SETXATTR, NO, 0, .path2 = 1),
	PATH(lremovexattr, SETXATTR, NO, 0, .path2 = 1, .nofollow = true),
	FILE(fremovexattr, SETXATTR, 0, .path2 = 1),
	PATH(getxattr, GETXATTR, NO, 0, .path2 = 1),
	PATH(lgetxattr, GETXATTR, NO, 0, .path2 = 1, .nofollow = true),
	FILE(fgetxattr, GETXATTR, 0, .path2 = 1),
	PATH(listxattr, STAT, NO, 0), PATH(llistxattr, STAT, NO, 0, .nofollow = true),
	FILE(flistxattr, STAT, 0),
	PATH(setxattrat, SETXATTR, 0, 1, .flags = 2, .path2 = 3),
	PATH(getxattrat, GETXATTR, 0, 1, .flags = 2, .path2 = 3),
	PATH(listxattrat, STAT, 0, 1, .flags = 2),
	PATH(removexattrat, SETXATTR, 0, 1, .flags = 2, .path2 = 3),
	PATH(name_to_handle_at, STAT, 0, 1, .flags = 4, .nofollow = true),
	PATH(open_tree, STAT, 0, 1, .flags = 2), PATH(open_tree_attr, STAT, 0, 1, .flags = 2),
	PATH(inotify_add_watch, WATCH, NO, 1),
};
#pragma GCC diagnostic pop

static const struct path_call *call_of(unsigned int nr)
{
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].nr == nr)
			return &calls[i];
	return NULL;
}

static uint64_t arg(const struct refusal *f, int n)
{
	return n >= 0 ? f->view.call->args[n] : 0;
}

/* False: it could not be read, or may be longer than was copied. */
static bool take_string(const struct refusal *f, int n, char *ret, size_t room)
{
	struct bytes s = sysview_part(&f->view, (unsigned int)n, SYS_ITSELF);
	size_t len = s.len ? strnlen(s.p, s.len) : 0;

	if (!s.len || len >= room || len >= SYS_STRING_MAX - 1)
		return false;
	memcpy(ret, s.p, len);
	ret[len] = '\0';
	return true;
}

/* Where a relative path of the argument behind descriptor argument `dir` begins. */
static bool take_dir(const struct refusal *f, int dir, char *ret, size_t room)
{
	return denials_path(f->kept, dir >= 0 ? (unsigned int)dir : DENIED_CWD, ret, room);
}

/* The second path has no directory of its own in the question: it is made absolute. */
static bool take_second(const struct refusal *f, const struct path_call *c, char *ret, size_t room)
{
	char path[SYS_STRING_MAX], dir[SYS_STRING_MAX];
	int n;

	if (!take_string(f, c->path2, path, sizeof(path)))
		return false;
	if (path[0] == '/' || c->op == OP_SETXATTR || c->op == OP_GETXATTR)
		n = snprintf(ret, room, "%s", path);
	else if (take_dir(f, c->dir2, dir, sizeof(dir)))
		n = snprintf(ret, room, "%s/%s", dir, path);
	else
		return false;
	return n >= 0 && (size_t)n < room;
}

/* Those that change where it leads, and those that may have refused it with this very error. */
static uint8_t flags_of(const struct refusal *f, uint64_t resolve)
{
	int err = (int)-f->view.call->ret;

	if (err != EXDEV)
		resolve &= ~(uint64_t)RESOLVE_NO_XDEV;
	if (err != ELOOP)
		resolve &= ~(uint64_t)REFUSAL_NO_LINKS;
	return (uint8_t)resolve;
}

/* The file behind a descriptor is the path itself. */
static enum refusal_path take_first(const struct refusal *f, const struct path_call *c,
				    struct access_ask *a, const char **why)
{
	if (c->path >= 0 && arg(f, c->path) && !take_string(f, c->path, a->path, sizeof(a->path))) {
		*why = "its path could not be read, or is too long";
		return REFUSAL_LOST_PATH;
	}
	if (f->view.call->nr == SYS_openat2)
		a->resolve = flags_of(f, sysview_how(&f->view).resolve);
	if (a->path[0] == '/' && !(a->resolve & RESOLVE_IN_ROOT))
		return REFUSAL_PATH;
	if (!a->path[0]) {
		if (!take_dir(f, c->dir, a->path, sizeof(a->path)))
			return REFUSAL_NO_PATH;	/* a socket, a pipe, a file without a name */
		return REFUSAL_PATH;
	}
	if (take_dir(f, c->dir, a->dir, sizeof(a->dir)))
		return REFUSAL_PATH;
	*why = "the directory that its path begins at is outside of the container's tree, or "
		"too deep in it";
	return REFUSAL_LOST_PATH;
}

static uint32_t outside(const struct idmap *m, uint64_t id)
{
	return m ? idmap_outside(m, (uint32_t)id) : (uint32_t)id;
}

/* Of a user namespace that is not known any id may be meant. */
static uint32_t owner(const struct refusal *f, const struct idmap *m, uint64_t id)
{
	return refusal_is_nested(f) && (uint32_t)id != UINT32_MAX ? ACCESS_ANOTHER : outside(m, id);
}

static void take_open(const struct refusal *f, struct access_ask *a)
{
	struct open_how how = sysview_how(&f->view);

	a->flags = (uint32_t)how.flags;
	a->mode = (uint32_t)how.mode;
	a->nofollow = (a->flags & O_NOFOLLOW) != 0 ||
		(a->flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
}

/* access(2) asks as the real user, with capabilities only if that is root. */
static void ask_as_real(const struct refusal *f, struct access_ask *a)
{
	struct creds *c = &a->creds;

	if (a->flags & AT_EACCESS && f->view.call->nr == SYS_faccessat2)
		return;
	c->fsuid = c->uid;
	c->fsgid = c->gid;
	c->cap_eff = c->uid == outside(refusal_uids(f), 0) ? c->cap_prm : 0;
}

/* utimensat(2) takes two times of UTIME_NOW for none. */
static bool is_now(const struct refusal *f, int n)
{
	struct bytes s = sysview_part(&f->view, (unsigned int)n, SYS_ITSELF);
	struct timespec times[2];

	if (!arg(f, n))
		return true;
	if (f->view.call->nr != SYS_utimensat || s.len < sizeof(times))
		return false;
	memcpy(times, s.p, sizeof(times));
	return times[0].tv_nsec == UTIME_NOW && times[1].tv_nsec == UTIME_NOW;
}

static void take_rest(const struct refusal *f, const struct path_call *c, struct access_ask *a)
{
	a->flags = (uint32_t)arg(f, c->flags);
	a->mode = (uint32_t)arg(f, c->mode);
	a->number = arg(f, c->dev);
	a->nofollow = c->nofollow;
	switch (c->op) {
	case OP_OPEN:
		take_open(f, a);
		return;
	case OP_ACCESS:
		ask_as_real(f, a);
		a->nofollow = (a->flags & AT_SYMLINK_NOFOLLOW) != 0;
		a->flags = a->mode;
		return;
	case OP_UNLINK:
		if (a->flags & AT_REMOVEDIR)
			a->op = OP_RMDIR;
		break;
	case OP_LINK:
		a->nofollow = !(a->flags & AT_SYMLINK_FOLLOW);
		break;
	case OP_CHOWN:
		a->uid = owner(f, refusal_uids(f), arg(f, c->ids));
		a->gid = owner(f, refusal_gids(f), arg(f, c->ids + 1));
		a->nofollow |= (a->flags & AT_SYMLINK_NOFOLLOW) != 0;
		break;
	case OP_UTIMES:
		a->nofollow = (a->flags & AT_SYMLINK_NOFOLLOW) != 0;
		a->flags = is_now(f, c->path + 1);
		return;
	case OP_STAT:
		if (f->view.call->nr == SYS_name_to_handle_at && a->flags & AT_SYMLINK_FOLLOW)
			a->nofollow = false;
		a->nofollow |= (a->flags & AT_SYMLINK_NOFOLLOW) != 0;
		break;
	default:
		a->nofollow |= (a->flags & AT_SYMLINK_NOFOLLOW) != 0;
	}
	a->flags = 0;
}

/* Where a socket is bound or connected to, or a datagram is sent to; empty if it is not told. */
static struct bytes address_of(const struct refusal *f)
{
	switch (f->view.call->nr) {
	case SYS_bind: case SYS_connect:
		return sysview_part(&f->view, 1, SYS_ITSELF);
	case SYS_sendto:
		return sysview_part(&f->view, 4, SYS_ITSELF);
	case SYS_sendmsg: case SYS_sendmmsg:
		return sysview_part(&f->view, 1, SYS_NAME);
	default:
		return (struct bytes){ 0 };
	}
}

/* A socket in the file system. */
static enum refusal_path ask_socket(const struct refusal *f, struct access_ask *a, const char **why)
{
	struct bytes s = address_of(f);
	size_t at = offsetof(struct sockaddr_un, sun_path);
	uint16_t family = 0;

	if (s.len > at)
		memcpy(&family, s.p, sizeof(family));
	if (family != AF_UNIX || !s.p[at])
		return REFUSAL_NO_PATH;
	a->op = f->view.call->nr == SYS_bind ? OP_BIND : OP_CONNECT;
	snprintf(a->path, sizeof(a->path), "%.*s", (int)(s.len - at), s.p + at);
	if (a->path[0] == '/' || take_dir(f, NO, a->dir, sizeof(a->dir)))
		return REFUSAL_PATH;
	*why = "the directory that its path begins at is not known";
	return REFUSAL_LOST_PATH;
}

enum refusal_path refusal_ask(const struct refusal *f, struct access_ask *a, const char **why)
{
	unsigned int nr = f->view.call->nr;
	const struct path_call *c = call_of(nr);
	enum refusal_path ret;

	*a = (struct access_ask){
		.creds = f->creds, .uid = UINT32_MAX, .gid = UINT32_MAX,
		.pid = f->kept->as.who.ns_pid, .tid = f->kept->as.who.ns_tid,
	};
	if (!c)
		return ask_socket(f, a, why);
	a->op = c->op;
	ret = take_first(f, c, a, why);
	if (ret != REFUSAL_PATH)
		return ret;
	take_rest(f, c, a);
	if (c->path2 < 0 || take_second(f, c, a->path2, sizeof(a->path2)))
		return REFUSAL_PATH;
	*why = "its second path could not be read, or is too long";
	return REFUSAL_LOST_PATH;
}

/* ---- who can tell afterwards ---- */

static const char *open_word(uint32_t flags)
{
	if (flags & O_CREAT)
		return "create";
	return (flags & O_ACCMODE) != O_RDONLY ? "write" : flags & O_DIRECTORY ? "list" : "read";
}

/* The word by which 'why --path --for' asks the same, or NULL. */
static const char *word_of(const struct access_ask *a)
{
	const struct action *x;

	if (a->op == OP_OPEN)
		return open_word(a->flags);
	for (size_t i = 0; action_word(i); i++) {
		x = action_of(action_word(i));
		if (x->op == a->op && x->flags == a->flags && x->nofollow == a->nofollow &&
		    !action_of_two(x) && (!x->mode || x->mode == (a->mode & S_IFMT)))
			return x->word;
	}
	return NULL;
}

void refusal_way_on(const struct refusal *f, const struct reason *r, const char *word, char *ret,
		    size_t room)
{
	static struct access_ask a;
	const char *name = str_is_plain(word) ? word : "NAME", *why, *what = NULL;
	bool relative, path = false;

	ret[0] = '\0';
	if (r->kind != WHY_UNKNOWN)
		return;
	if (r->hint & HINT_UNSEEN && refusal_ask(f, &a, &why) == REFUSAL_PATH) {
		what = word_of(&a);
		path = str_is_plain(a.path) && str_is_plain(a.dir);
	}
	relative = path && a.path[0] != '/';
	if (what)
		snprintf(ret, room, "when it has ended, 'nsdebug why %s --path %s%s%s --for %s' "
			 "judges it by the files that it has left, and 'nsdebug why %s' tells how "
			 "it ended; both, if its runtime keeps it then", name,
			 relative ? a.dir : "", relative ? "/" : "", path ? a.path : "PATH", what,
			 name);
	else
		snprintf(ret, room, "when it has ended, 'nsdebug why %s' tells how, by its last "
			 "words, too, if its runtime keeps it then", name);
}
