/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/change.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/sys/cover.h"
#include "nsdebug/sys/devrules.h"
#include "nsdebug/sys/mounts.h"
#include "nsdebug/why/fill.h"
#include "nsdebug/why/stand.h"
#include "nsdebug/why/walk.h"

#define CHANGE_DIR (NEED_W | NEED_X)
#define FIXED (STATX_ATTR_IMMUTABLE | STATX_ATTR_APPEND)

static int refuse_fixed(struct walk *w, const struct step *s)
{
	return stand_refuse(w, s, s->st.stx_attributes & STATX_ATTR_IMMUTABLE ? WHY_IMMUTABLE :
			    WHY_APPEND_ONLY, EPERM);
}

static int refuse_capability(struct walk *w, const struct step *s, enum why_kind kind, uint64_t cap)
{
	stand_refuse(w, s, kind, EPERM);
	w->why->caps = cap;
	return -1;
}

/* ---- names ---- */

/* The directory is what refuses; that it is one is said of it. */
static int may_change_dir(struct walk *w, const struct step *dir)
{
	int n = stand_inode(w, dir, CHANGE_DIR);

	w->why->dir = n < 0;
	return n;
}

/* may_create(): what is new is of who makes it */
static int may_make(struct walk *w, const struct step *dir)
{
	const struct creds *c = &w->ask->creds;

	if (stand_can_be(w, dir, c->fsuid, c->fsgid) < 0) {
		w->why->dir = true;
		return -1;
	}
	return may_change_dir(w, dir);
}

/* A mount that refuses all hides whether the directory would do so as well. */
static int want_write(struct walk *w, const struct step *dir)
{
	struct reason kept;

	if (stand_writable(w, dir) == 0)
		return 0;
	kept = *w->why;
	kept.rights = may_change_dir(w, dir) < 0 &&
		(w->why->kind == WHY_MODE || w->why->kind == WHY_ACL);
	*w->why = kept;
	return -1;
}

/* i_op of directories: what these have no call for nobody does. Names that are not in /proc are not
 * looked up, either. */
static int refuse_kind(struct walk *w, const struct step *dir)
{
	static const struct { const char *type; uint32_t can; } kinds[] = {
		{ "proc", 0 }, { "sysfs", 0 }, { "devpts", 0 },
		{ "mqueue", 1u << OP_OPEN | 1u << OP_UNLINK },
		{ "cgroup", 1u << OP_MKDIR | 1u << OP_RMDIR | 1u << OP_RENAME },
		{ "cgroup2", 1u << OP_MKDIR | 1u << OP_RMDIR },
	};

	for (size_t i = 0; dir->mount && i < ARRAY_SIZE(kinds); i++) {
		if (strcmp(dir->mount->type, kinds[i].type) || kinds[i].can >> w->ask->op & 1)
			continue;
		stand_refuse(w, dir, WHY_RULE, w->ask->op == OP_OPEN ? EACCES : EPERM);
		snprintf(w->why->word, sizeof(w->why->word), "%s has it for nobody", kinds[i].type);
		return -1;
	}
	return 0;
}

int change_below(struct walk *w, const struct step *dir)
{
	if (!S_ISDIR(dir->st.stx_mode))
		return stand_refuse(w, dir, WHY_NOT_DIR, ENOTDIR);
	if (want_write(w, dir) < 0) {
		w->why->dir = true;
		return -1;
	}
	return may_make(w, dir) < 0 ? -1 : refuse_kind(w, dir);
}

/* filename_create(): that it is there already is said before anything else. */
static int to_new(struct walk *w, const char *path)
{
	if (walk_to(w, path, WALK_ABSENT) < 0)
		return -1;
	if (w->end.fd >= 0)
		return stand_refuse(w, &w->end, WHY_EXISTS,
				    w->ask->op == OP_BIND ? EADDRINUSE : EEXIST);
	return w->slash && w->ask->op != OP_MKDIR ? stand_absent(w, &w->end) : 0;
}

static int make(struct walk *w)
{
	if (to_new(w, w->ask->path) < 0)
		return -1;
	return change_below(w, walk_parent(w));
}

/* A device is made by who has the capability in the host's user namespace; 0:0 is a whiteout. */
static int make_node(struct walk *w)
{
	const struct access_ask *a = w->ask;
	bool device = S_ISBLK(a->mode) || (S_ISCHR(a->mode) && a->number);

	if (make(w) < 0)
		return -1;
	if (!device || (creds_has(&a->creds, CAP_MKNOD) && a->creds.host_user_ns))
		return stand_rules(w, walk_parent(w), a->mode, a->number, DEV_MKNOD);
	refuse_capability(w, walk_parent(w), WHY_CAPABILITY, CREDS_CAP(MKNOD));
	w->why->host_ns = !a->creds.host_user_ns;
	return -1;
}

/* check_sticky() */
static bool is_kept(const struct walk *w, const struct step *dir, const struct step *s)
{
	uint32_t asks = w->ask->creds.fsuid;

	return dir->st.stx_mode & S_ISVTX && !stand_is_users(w, s, asks) &&
		!stand_is_users(w, dir, asks) && !stand_capable(w, s, CAP_FOWNER);
}

/* may_delete() */
static int may_remove(struct walk *w, const struct step *dir, const struct step *s)
{
	if (stand_is_lost(w, s))
		return stand_refuse_lost(w, s, EOVERFLOW);
	if (may_change_dir(w, dir) < 0)
		return -1;
	if (dir->st.stx_attributes & STATX_ATTR_APPEND) {
		stand_refuse(w, dir, WHY_APPEND_ONLY, EPERM);
		w->why->dir = true;
		return -1;
	}
	if (is_kept(w, dir, s))
		return stand_refuse_owner(w, s, WHY_STICKY, EPERM);
	return s->st.stx_attributes & FIXED ? refuse_fixed(w, s) : 0;
}

/* Something is mounted on it: then it is another mount than its directory is on. */
static bool is_mounted_on(struct walk *w, const struct step *s)
{
	return s->mount && s->mount != walk_parent(w)->mount;
}

static int refuse_busy(struct walk *w, const struct step *s)
{
	stand_refuse(w, s, WHY_BUSY, EBUSY);
	strcpy(w->why->word, "it is a mount point");
	return -1;
}

/* Is what lists there something that could not go with it? In a cgroup, and the like, it could. */
static bool has_own_rmdir(const struct step *s)
{
	static const char *const types[] = { "cgroup", "cgroup2", "configfs", "tracefs", "resctrl",
		"proc", "sysfs" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (s->mount && !strcmp(s->mount->type, types[i]))
			return true;
	return false;
}

/* What a container that has not been started has mounted below is not there yet. */
static enum dir_fill fill_of(const struct walk *w, const struct step *s)
{
	const struct mounts *m = w->site->mounts;

	for (size_t i = 0; w->site->made && i < m->count; i++)
		if (cover_below(m->items[i].point, w->path))
			return DIR_FILLED;
	return s->made ? DIR_UNKNOWN : fill_look_fd(w->root, s->fd);
}

/* The last that is asked of a directory that goes. What there was when a call was made is not known
 * any more, so it is asked for who names it only. */
static int refuse_filled(struct walk *w, const struct step *s)
{
	enum dir_fill fill;

	if (!w->ask->named || !S_ISDIR(s->st.stx_mode) || stand_served(s) || has_own_rmdir(s))
		return 0;
	fill = fill_of(w, s);
	if (fill == DIR_EMPTY)
		return 0;
	if (fill == DIR_FILLED)
		return stand_refuse(w, s, WHY_BUSY, ENOTEMPTY);
	stand_refuse(w, s, WHY_UNKNOWN, 0);
	strcpy(w->why->word, "whether it is empty could not be seen");
	return -1;
}

/* Where it is has to be there: that the mount may be written to is asked before it is looked up.
 * ".", ".." and "/" are no names that could go. */
static int to_old(struct walk *w, const char *path)
{
	if (walk_to(w, path, WALK_ABSENT) < 0)
		return -1;
	if (w->ask->op == OP_RMDIR && w->last == WALK_DOT)
		return stand_refuse(w, &w->end, WHY_RULE, EINVAL);
	if (w->ask->op == OP_RMDIR && w->last == WALK_DOTDOT)
		return stand_refuse(w, &w->end, WHY_BUSY, ENOTEMPTY);
	if (w->ask->op == OP_UNLINK && w->last != WALK_NAME)
		return stand_refuse(w, &w->end, WHY_IS_DIR, EISDIR);
	return w->last == WALK_NAME ? 0 : refuse_busy(w, &w->end);
}

/* With a slash behind it it is no name of a file, and rmdir(2) asks that later. */
static int is_there(struct walk *w)
{
	bool dir = S_ISDIR(w->end.st.stx_mode);

	if (w->end.fd < 0)
		return stand_absent(w, &w->end);
	if (!w->slash || w->ask->op == OP_RMDIR || (dir && w->ask->op == OP_RENAME))
		return 0;
	return dir ? stand_refuse(w, &w->end, WHY_IS_DIR, EISDIR) :
		stand_refuse(w, &w->end, WHY_NOT_DIR, ENOTDIR);
}

static int take_away(struct walk *w, bool want_dir)
{
	const struct step *s = &w->end;

	if (to_old(w, w->ask->path) < 0 || want_write(w, walk_parent(w)) < 0 ||
	    is_there(w) < 0 || may_remove(w, walk_parent(w), s) < 0)
		return -1;
	if (S_ISDIR(s->st.stx_mode) != want_dir)
		return want_dir ? stand_refuse(w, s, WHY_NOT_DIR, ENOTDIR) :
			stand_refuse(w, s, WHY_IS_DIR, EISDIR);
	if (refuse_kind(w, walk_parent(w)) < 0)
		return -1;
	return is_mounted_on(w, s) ? refuse_busy(w, s) : refuse_filled(w, s);
}

/* ---- two paths ---- */

static int refuse_apart(struct walk *w, const struct step *s, const struct step *to)
{
	stand_refuse(w, s, WHY_CROSS_DEVICE, EXDEV);
	snprintf(w->why->mount, sizeof(w->why->mount), "%s", to->mount ? to->mount->point : "/");
	return -1;
}

static int rename_to(struct walk *w, struct walk *to)
{
	const struct step *from = &w->end, *over = &to->end;

	if (may_remove(w, walk_parent(w), from) < 0)
		return -1;
	if (over->fd < 0)
		return may_make(to, walk_parent(to));
	if (may_remove(to, walk_parent(to), over) < 0)
		return -1;
	if (S_ISDIR(over->st.stx_mode) != S_ISDIR(from->st.stx_mode))
		return S_ISDIR(over->st.stx_mode) ? stand_refuse(to, over, WHY_IS_DIR, EISDIR) :
			stand_refuse(to, over, WHY_NOT_DIR, ENOTDIR);
	return is_mounted_on(to, over) ? refuse_busy(to, over) : 0;
}

static bool is_same(const struct statx *a, const struct statx *b)
{
	return a->stx_ino == b->stx_ino && a->stx_dev_major == b->stx_dev_major &&
		a->stx_dev_minor == b->stx_dev_minor;
}

/* Is it on the way to what is asked for? */
static bool is_above(const struct step *s, const struct walk *of)
{
	for (unsigned int i = 0; s->fd >= 0 && !s->made && i < of->depth; i++)
		if (!of->dirs[i].made && of->dirs[i].mount == s->mount &&
		    is_same(&of->dirs[i].st, &s->st))
			return true;
	return false;
}

/* What lock_rename() found out, and slashes, are asked before any right. */
static int may_move(struct walk *w, struct walk *to)
{
	if (!S_ISDIR(w->end.st.stx_mode) && to->slash)
		return stand_refuse(w, &w->end, WHY_NOT_DIR, ENOTDIR);
	if (is_above(&to->end, w))
		return stand_refuse(to, &to->end, WHY_BUSY, ENOTEMPTY);
	if (!is_above(&w->end, to))
		return 0;
	stand_refuse(w, &w->end, WHY_RULE, EINVAL);
	strcpy(w->why->word, "a directory is not moved into itself");
	return -1;
}

static int move(struct walk *w, struct walk *to)
{
	if (to_old(w, w->ask->path) < 0)
		return -1;
	if (walk_to(to, w->ask->path2, WALK_ABSENT) < 0)
		return -1;
	if (to->end.fd >= 0 && !to->name[0])
		return refuse_busy(to, &to->end);
	if (walk_parent(w)->mount != walk_parent(to)->mount)
		return refuse_apart(w, &w->end, walk_parent(to));
	if (want_write(w, walk_parent(w)) < 0 || is_there(w) < 0 || may_move(w, to) < 0)
		return -1;
	/* two names of one file stay both */
	if (to->end.fd >= 0 && !to->end.made && is_same(&w->end.st, &to->end.st))
		return 0;
	if (rename_to(w, to) < 0 || refuse_kind(w, walk_parent(w)) < 0)
		return -1;
	if (is_mounted_on(w, &w->end))
		return refuse_busy(w, &w->end);
	/* what ".." in it leads to is written */
	if (S_ISDIR(w->end.st.stx_mode) && !is_same(&walk_parent(w)->st, &walk_parent(to)->st) &&
	    stand_inode(w, &w->end, NEED_W) < 0)
		return -1;
	return to->end.fd < 0 ? 0 : refuse_filled(to, &to->end);
}

/* may_linkat() */
static int may_link(struct walk *w, const struct step *s)
{
	mode_t mode = s->st.stx_mode;
	struct reason kept = *w->why;
	bool safe;

	if (stand_is_lost(w, s))
		return stand_refuse_lost(w, s, EOVERFLOW);
	if (!w->site->protected_hardlinks || stand_owns(w, s))
		return 0;
	safe = S_ISREG(mode) && !(mode & S_ISUID) &&
		(mode & (S_ISGID | S_IXGRP)) != (S_ISGID | S_IXGRP) &&
		stand_inode(w, s, NEED_R | NEED_W) == 0;
	*w->why = kept;
	return safe ? 0 : stand_refuse_owner(w, s, WHY_PROTECTED_HARDLINK, EPERM);
}

static int link_to(struct walk *w, struct walk *to)
{
	const struct step *s = &w->end;

	if (walk_to(w, w->ask->path, w->ask->nofollow ? 0 : WALK_FOLLOW) < 0 ||
	    to_new(to, w->ask->path2) < 0 || want_write(to, walk_parent(to)) < 0)
		return -1;
	if (s->mount != walk_parent(to)->mount)
		return refuse_apart(w, s, walk_parent(to));
	if (may_link(w, s) < 0 || may_make(to, walk_parent(to)) < 0 ||
	    refuse_kind(to, walk_parent(to)) < 0)
		return -1;
	if (s->st.stx_attributes & FIXED)
		return refuse_fixed(w, s);
	if (!S_ISDIR(s->st.stx_mode))
		return 0;
	stand_refuse(w, s, WHY_RULE, EPERM);
	strcpy(w->why->word, "directories have no hard links");
	return -1;
}

/* ---- what a file is ---- */

static int to_file(struct walk *w)
{
	if (walk_to(w, w->ask->path, w->ask->nofollow ? 0 : WALK_FOLLOW) < 0)
		return -1;
	return stand_writable(w, &w->end);
}

/* proc_setattr(); its network's files are no such ones. */
static bool is_process_mode(const struct walk *w, const struct step *s)
{
	const char *at = stand_in_proc(w, s);

	return stand_of_process(w, s) && at && !strstr(at, "/net/");
}

static int change_mode(struct walk *w)
{
	const struct step *s = &w->end;

	if (to_file(w) < 0)
		return -1;
	if (s->st.stx_attributes & FIXED)
		return refuse_fixed(w, s);
	if (stand_is_lost(w, s))
		return stand_refuse_lost(w, s, EOVERFLOW);
	if (!is_process_mode(w, s))
		return stand_owns(w, s) ? 0 : stand_refuse_owner(w, s, WHY_OWNER, EPERM);
	stand_refuse(w, s, WHY_RULE, EPERM);
	strcpy(w->why->word, "what /proc has of a process keeps its mode");
	return -1;
}

/* chown_ok(), chgrp_ok(): what is nobody's is given by who may do so in the whole file system. */
static bool may_give(const struct walk *w, const struct step *s)
{
	const struct access_ask *a = w->ask;
	const struct creds *c = &a->creds;
	bool own = stand_is_users(w, s, c->fsuid);
	bool all = c->host_user_ns && creds_has(c, CAP_CHOWN);

	if (stand_capable(w, s, CAP_CHOWN))
		return true;
	if (a->uid != UINT32_MAX && !(own && a->uid == s->st.stx_uid) &&
	    !(all && !stand_is_users(w, s, s->st.stx_uid)))
		return false;
	return a->gid == UINT32_MAX ||
		(own && (stand_is_groups(w, s, a->gid) || creds_in_group(c, a->gid))) ||
		(all && !stand_is_groups(w, s, s->st.stx_gid));
}

/* notify_change(): what it is to be the mount has to have, and what it stays, too. */
static int can_be_given(struct walk *w, const struct step *s)
{
	const struct access_ask *a = w->ask;

	if (stand_can_be(w, s, a->uid == ACCESS_ANOTHER ? UINT32_MAX : a->uid, a->gid) < 0)
		return -1;
	return (a->uid == UINT32_MAX && !stand_is_users(w, s, s->st.stx_uid)) ||
		(a->gid == UINT32_MAX && !stand_is_groups(w, s, s->st.stx_gid)) ?
		stand_refuse_lost(w, s, EOVERFLOW) : 0;
}

static int change_owner(struct walk *w)
{
	const struct step *s = &w->end;
	bool had;

	if (to_file(w) < 0)
		return -1;
	if (s->st.stx_attributes & FIXED)
		return refuse_fixed(w, s);
	if (can_be_given(w, s) < 0)
		return -1;
	if (may_give(w, s))
		return 0;
	had = creds_has(&w->ask->creds, CAP_CHOWN);
	refuse_capability(w, s, had ? WHY_UNMAPPED : WHY_CHOWN, CREDS_CAP(CHOWN));
	w->why->id = s->st.stx_uid;
	w->why->host_ns = had;
	return -1;
}

static int change_times(struct walk *w)
{
	const struct step *s = &w->end;
	bool now = w->ask->flags & 1;

	if (to_file(w) < 0)
		return -1;
	if (s->st.stx_attributes & (now ? STATX_ATTR_IMMUTABLE : FIXED))
		return refuse_fixed(w, s);
	if (now && !stand_owns(w, s))
		return stand_permission(w, s, NEED_W);
	if (stand_is_lost(w, s))
		return stand_refuse_lost(w, s, EOVERFLOW);
	return stand_owns(w, s) ? 0 : stand_refuse_owner(w, s, WHY_OWNER, EPERM);
}

static int cut_short(struct walk *w)
{
	const struct step *s = &w->end;

	if (walk_to(w, w->ask->path, WALK_FOLLOW) < 0)
		return -1;
	if (S_ISDIR(s->st.stx_mode))
		return stand_refuse(w, s, WHY_IS_DIR, EISDIR);
	if (!S_ISREG(s->st.stx_mode)) {
		stand_refuse(w, s, WHY_RULE, EINVAL);
		snprintf(w->why->word, sizeof(w->why->word), "only files are truncated");
		return -1;
	}
	/* vfs_truncate() asks for the mount last since Linux 6.14 */
	if ((!w->site->truncate_by_mode && stand_writable(w, s) < 0) ||
	    stand_inode(w, s, NEED_W) < 0 || stand_writable(w, s) < 0)
		return -1;
	return s->st.stx_attributes & STATX_ATTR_APPEND ? refuse_fixed(w, s) : 0;
}

/* ---- extended attributes: xattr_permission() ---- */

static int of_user(struct walk *w, bool write)
{
	const struct step *s = &w->end;
	mode_t mode = s->st.stx_mode;

	if (!S_ISREG(mode) && !S_ISDIR(mode)) {
		stand_refuse(w, s, WHY_RULE, write ? EPERM : ENODATA);
		strcpy(w->why->word, "only files and directories have user attributes");
		return -1;
	}
	if (write && S_ISDIR(mode) && mode & S_ISVTX && !stand_owns(w, s))
		return stand_refuse_owner(w, s, WHY_OWNER, EPERM);
	return stand_inode(w, s, write ? NEED_W : NEED_R);
}

static int attribute(struct walk *w, bool write)
{
	const struct step *s = &w->end;
	const char *name = w->ask->path2;

	if (walk_to(w, w->ask->path, w->ask->nofollow ? 0 : WALK_FOLLOW) < 0)
		return -1;
	if (write && stand_writable(w, s) < 0)
		return -1;
	if (write && s->st.stx_attributes & FIXED)
		return refuse_fixed(w, s);
	if (write && stand_is_lost(w, s))
		return stand_refuse_lost(w, s, EPERM);
	if (str_prefix(name, "user."))
		return of_user(w, write);
	if (!write)
		return 0;
	if (!strcmp(name, "security.capability"))
		return stand_capable(w, s, CAP_SETFCAP) ? 0 :
			refuse_capability(w, s, WHY_CAPABILITY, CREDS_CAP(SETFCAP));
	if (str_prefix(name, "system.posix_acl_"))
		return stand_owns(w, s) ? 0 : stand_refuse_owner(w, s, WHY_OWNER, EPERM);
	if (creds_has(&w->ask->creds, CAP_SYS_ADMIN) && w->ask->creds.host_user_ns)
		return 0;
	return refuse_capability(w, s, WHY_CAPABILITY, CREDS_CAP(SYS_ADMIN));
}

int change_judge(struct walk *w, struct walk *other)
{
	switch (w->ask->op) {
	case OP_MKNOD:
		return make_node(w);
	case OP_UNLINK:
	case OP_RMDIR:
		return take_away(w, w->ask->op == OP_RMDIR);
	case OP_RENAME:
		return move(w, other);
	case OP_LINK:
		return link_to(w, other);
	case OP_CHMOD:
		return change_mode(w);
	case OP_CHOWN:
		return change_owner(w);
	case OP_UTIMES:
		return change_times(w);
	case OP_TRUNCATE:
		return cut_short(w);
	case OP_SETXATTR:
	case OP_GETXATTR:
		return attribute(w, w->ask->op == OP_SETXATTR);
	default:
		return make(w);
	}
}
