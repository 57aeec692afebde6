/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/root.h"
#include "nsdebug/sys/cover.h"
#include "nsdebug/sys/mounts.h"
#include "nsdebug/why/made.h"
#include "nsdebug/why/peek.h"
#include "nsdebug/why/stand.h"

#define LINKS_MAX 40	/* MAXSYMLINKS of the kernel */
#define NAMES_MAX 2100	/* of a path and its links: a path alone has 2047 at most */

void walk_init(struct walk *w, const struct root *root, const struct access_site *s,
	       const struct access_ask *a, struct reason *why)
{
	w->root = root;
	w->site = s;
	w->ask = a;
	w->why = why;
	w->depth = 0;
	w->end = (struct step){ .fd = -1 };
	w->links = w->names = w->base = 0;
	w->slash = w->quiet = w->guess = false;
	w->name[0] = w->path[0] = w->rest[0] = '\0';
	w->note = NULL;
}

void walk_free(struct walk *w)
{
	while (w->depth)
		own_close(&w->dirs[--w->depth].fd);
	own_close(&w->end.fd);
}

struct step *walk_parent(struct walk *w)
{
	return &w->dirs[w->depth - 1];
}

/* ---- steps ---- */

/*
 * Where it is comes from the table, what it is from the reader's tree, which was copied a moment
 * apart: both say of each directory whether something is mounted on it.
 */
static int place(struct walk *w, struct step *s)
{
	uint32_t at = cover_holding(w->site->cover, w->path[0] ? w->path : "/");
	const struct mount *m = at == NO_MOUNT ? NULL : &w->site->cover->mounts->items[at];
	bool is_root = s->st.stx_attributes & STATX_ATTR_MOUNT_ROOT;

	s->mount = m;
	s->len = (uint32_t)strlen(w->path);
	if (!s->len || !(s->st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) ||
	    is_root == (m && !strcmp(m->point, w->path)))
		return 0;
	return stand_refuse(w, s, WHY_CHANGED, 0);
}

static int unknown(const struct walk *w, const struct step *s, const char *what)
{
	stand_refuse(w, s, WHY_UNKNOWN, 0);
	snprintf(w->why->word, sizeof(w->why->word), "%s", what);
	return -1;
}

static int enter(struct walk *w, struct step *s)
{
	if (w->depth == ACCESS_DEPTH)
		return unknown(w, s, "its path is too deep");
	w->dirs[w->depth++] = *s;
	s->fd = -1;
	return 0;
}

/* What openat2(2) was asked not to do. */
static int refuse_flag(const struct walk *w, const struct step *s, int err, const char *what)
{
	stand_refuse(w, s, WHY_RESOLVE, err);
	snprintf(w->why->word, sizeof(w->why->word), "%s", what);
	return -1;
}

static bool has_flag(const struct walk *w, uint8_t flag)
{
	return !w->quiet && w->ask->resolve & flag;
}

static int cross(const struct walk *w, const struct step *from, const struct step *to)
{
	return has_flag(w, RESOLVE_NO_XDEV) && from->mount != to->mount ?
		refuse_flag(w, to, EXDEV, "RESOLVE_NO_XDEV: it is on another mount") : 0;
}

static int to_root(struct walk *w)
{
	struct step s = { .fd = -1 };

	while (w->depth > w->base)
		own_close(&w->dirs[--w->depth].fd);
	if (w->base) {
		w->path[walk_parent(w)->len] = '\0';
		return 0;
	}
	w->path[0] = '\0';
	s.fd = dup(w->root->fd);
	if (s.fd < 0 || root_stat(s.fd, "", &s.st) < 0)
		return unknown(w, &s, "the root cannot be looked at");
	if (place(w, &s) < 0 || enter(w, &s) < 0) {
		own_close(&s.fd);
		return -1;
	}
	return 0;
}

static int up(struct walk *w)
{
	struct step *dir = walk_parent(w);

	if (w->depth == w->base && has_flag(w, RESOLVE_BENEATH))
		return refuse_flag(w, dir, EXDEV, "RESOLVE_BENEATH: \"..\" leads above the "
				   "directory that the path begins at");
	if (w->depth < 2 || w->depth == w->base)
		return 0;
	if (cross(w, dir, dir - 1) < 0)
		return -1;
	own_close(&w->dirs[--w->depth].fd);
	w->path[w->dirs[w->depth - 1].len] = '\0';
	return 0;
}

/* nd_jump_root() of a link */
static int may_jump(const struct walk *w, const struct step *link)
{
	if (has_flag(w, RESOLVE_BENEATH))
		return refuse_flag(w, link, EXDEV, "RESOLVE_BENEATH: it is an absolute link");
	return cross(w, link, &w->dirs[w->base ? w->base - 1 : 0]);
}

/* The reader's own failures, and those of who asks as little as of the kernel. */
static int refuse_errno(struct walk *w, const struct step *at, int err)
{
	if (err == ENOTDIR)
		return stand_refuse(w, at, WHY_NOT_DIR, err);
	if (err == ESTALE)
		return stand_refuse(w, at, WHY_CHANGED, err);
	if (stand_served(walk_parent(w)))
		return stand_refuse(w, at, WHY_SERVER, err);
	if (stand_hidden(w, at))
		return stand_refuse(w, at, WHY_HIDEPID, err);
	/* no capability of the reader's counts there, either */
	if (err == EACCES && stand_is_lost(w, walk_parent(w)))
		return unknown(w, at, "nobody may look at it whom its mode does not let: its mount "
			       "has mapped ids, and not its owner's");
	return unknown(w, at, errno_name(err));
}

/* /proc/self is who reads it; the reader is nobody there. */
static long read_link(struct walk *w, const struct step *link, char *to, size_t room)
{
	const char *at = stand_in_proc(w, link);

	if (at && w->ask->pid && !strcmp(at, "/self"))
		return snprintf(to, room, "%u", w->ask->pid);
	if (at && w->ask->pid && !strcmp(at, "/thread-self"))
		return snprintf(to, room, "%u/task/%u", w->ask->pid,
				w->ask->tid ? w->ask->tid : w->ask->pid);
	return root_readlink(walk_parent(w)->fd, w->name, to, room);
}

/* What a process has open, and the like: no path leads there. */
static int follow_magic(struct walk *w, const struct step *link, size_t at)
{
	if (peek_link(w, link) < 0 && w->why->kind == WHY_PTRACE)
		return -1;
	if (has_flag(w, RESOLVE_NO_MAGICLINKS))
		return refuse_flag(w, link, ELOOP, "RESOLVE_NO_MAGICLINKS: it is a link of "
				   "/proc to what a process has open");
	if (has_flag(w, RESOLVE_BENEATH | RESOLVE_IN_ROOT))
		return refuse_flag(w, link, EXDEV, "RESOLVE_BENEATH and _IN_ROOT: it is a link of "
				   "/proc to what a process has open");
	/* who asks with it has been told EXDEV, and what is open is hardly on this mount */
	if (has_flag(w, RESOLVE_NO_XDEV)) {
		refuse_flag(w, link, EXDEV, "RESOLVE_NO_XDEV: it is a link of /proc to what is on "
			    "another mount");
		w->why->guess = true;
		return -1;
	}
	stand_refuse(w, link, WHY_MAGIC, 0);
	snprintf(w->why->word, sizeof(w->why->word), "%s", w->rest + at);
	return -1;
}

/* may_follow_link(): the trap of /tmp. */
static bool is_trap(struct walk *w, const struct step *link)
{
	const struct step *dir = walk_parent(w);
	uint32_t open = S_ISVTX | S_IWOTH;

	return w->site->protected_symlinks && (dir->st.stx_mode & open) == open &&
		!stand_is_users(w, link, w->ask->creds.fsuid) && !stand_one_owner(w, dir, link);
}

/* rest[at...] is what comes after the link. */
static int follow(struct walk *w, const struct step *link, size_t at)
{
	static char next[WALK_PATH];
	static char to[PATH_MAX];
	bool last = w->rest[at + strspn(w->rest + at, "/")] == '\0';
	long n;
	int len;

	if (w->links++ >= LINKS_MAX)
		return stand_refuse(w, link, WHY_LOOP, ELOOP);
	if (last && !w->quiet && is_trap(w, link))
		return stand_refuse(w, link, WHY_PROTECTED_SYMLINK, EACCES);
	if (has_flag(w, RESOLVE_NO_SYMLINKS))
		return refuse_flag(w, link, ELOOP, "RESOLVE_NO_SYMLINKS: it is a symbolic link");
	if (stand_mount_says(link, "nosymfollow"))
		return stand_refuse(w, link, WHY_NOSYMFOLLOW, ELOOP);
	if (stand_of_process(w, link))
		return follow_magic(w, link, at);
	n = read_link(w, link, to, sizeof(to) - 1);
	if (n <= 0 || n >= (long)sizeof(to) - 1)
		return n ? refuse_errno(w, link, n < 0 ? errno : ENAMETOOLONG) :
			stand_refuse(w, link, WHY_ABSENT, ENOENT);
	to[n] = '\0';
	if (to[0] == '/' && may_jump(w, link) < 0)
		return -1;
	len = snprintf(next, sizeof(next), "%s%s", to, w->rest + at);
	if (len < 0 || len >= (int)sizeof(next))
		return unknown(w, link, "its links are too long");
	memcpy(w->rest, next, (size_t)len + 1);
	w->path[walk_parent(w)->len] = w->name[0] = '\0';
	w->last = WALK_ROOT;
	return to[0] == '/' ? to_root(w) : 0;
}

/* ---- names ---- */

static bool is_last(const struct walk *w, size_t at)
{
	return w->rest[at + strspn(w->rest + at, "/")] == '\0';
}

/* These look no name up that is longer than they say; others ask a server, or only say that it is
 * not there. */
static bool has_limit(const struct step *dir, struct statfs *st)
{
	static const unsigned long types[] = { EXT4_SUPER_MAGIC, XFS_SUPER_MAGIC,
		BTRFS_SUPER_MAGIC, F2FS_SUPER_MAGIC, OVERLAYFS_SUPER_MAGIC, TMPFS_MAGIC,
		SQUASHFS_MAGIC, EROFS_SUPER_MAGIC_V1 };

	if (stand_served(dir) || root_statfs(dir->fd, st) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if ((unsigned long)st->f_type == types[i])
			return true;
	return false;
}

/* What goes is looked up after its mount was asked whether it may be written to. */
static int refuse_long(struct walk *w, size_t len, bool last)
{
	const struct step *dir = walk_parent(w);
	uint32_t op = w->ask->op;
	struct statfs st;

	if (last && (op == OP_UNLINK || op == OP_RMDIR || op == OP_RENAME) &&
	    stand_writable(w, dir) < 0)
		return -1;
	if (!has_limit(dir, &st) || len <= (size_t)st.f_namelen) {
		stand_refuse(w, dir, WHY_UNKNOWN, 0);
		strcpy(w->why->word, "whether its file system has names as long as the path's");
	} else {
		stand_refuse(w, dir, WHY_RULE, ENAMETOOLONG);
		snprintf(w->why->word, sizeof(w->why->word), "a name has at most %lu bytes there",
			 (unsigned long)st.f_namelen);
	}
	return -1;
}

/* Cuts the next name off rest into w->name: what is behind it in rest. */
static int cut_name(struct walk *w, size_t *ret)
{
	size_t from = strspn(w->rest, "/"), len = strcspn(w->rest + from, "/");

	if (len > NAME_MAX)
		return refuse_long(w, len, is_last(w, from + len));
	memcpy(w->name, w->rest + from, len);
	w->name[len] = '\0';
	*ret = from + len;
	return 0;
}

static int add_name(struct walk *w)
{
	size_t len = walk_parent(w)->len, more = strlen(w->name);

	if (len + more + 2 > sizeof(w->path))
		return unknown(w, walk_parent(w), "its path is too long");
	w->path[len] = '/';
	memcpy(w->path + len + 1, w->name, more + 1);
	return 0;
}

/* Among its files. 1: it is not there. */
static int open_name(struct walk *w, struct step *s)
{
	const struct made *made = w->site->made;
	struct root at = *w->root;
	struct err e;

	at.fd = walk_parent(w)->fd;
	s->fd = root_open(&at, w->name, true, &e);
	if (s->fd < 0 && e.sys == ENOENT)
		return !made || !made_way(made, w->root, w->path, s);
	if (s->fd >= 0 && root_stat(s->fd, "", &s->st) == 0)
		return 0;
	return refuse_errno(w, s, s->fd < 0 ? e.sys : errno);
}

/* Opens and looks at w->name. 1: it is not there. */
static int look_up(struct walk *w, struct step *s)
{
	const struct made *made = w->site->made;
	int n;

	s->mount = walk_parent(w)->mount;
	s->len = (uint32_t)strlen(w->path);
	n = made ? made_look(made, w->root, walk_parent(w), w->path, s) : 0;
	n = n ? n < 0 : open_name(w, s);
	if (n)
		return n;
	return place(w, s) < 0 ? -1 : cross(w, walk_parent(w), s);
}

static int search(struct walk *w)
{
	struct step *dir = walk_parent(w);

	if (stand_waits(w->site, w->ask, dir->mount))
		return stand_served(dir) ? stand_refuse(w, dir, WHY_SERVER, 0) :
			unknown(w, dir, "it is in an overlay above a file system whose server "
				"might not answer: it was not looked at");
	return w->quiet ? 0 : stand_permission(w, dir, NEED_X);
}

static bool is_making(const struct access_ask *a)
{
	return (a->op == OP_OPEN && a->flags & O_CREAT) || a->op == OP_MKDIR ||
		a->op == OP_MKNOD || a->op == OP_SYMLINK || a->op == OP_BIND;
}

static int end_absent(struct walk *w, const struct step *s, bool last, unsigned int flags)
{
	/* procfs knows no name that could be made */
	if (last && flags & WALK_ABSENT && !stand_in_procfs(s)) {
		w->end.mount = s->mount;
		w->end.len = s->len;
		return 1;
	}
	stand_absent(w, s);
	w->why->dir = !last && w->why->kind == WHY_ABSENT;
	w->why->need = w->why->dir ? (is_making(w->ask) ? NEED_W : 0) :
		access_need(w->ask->op, w->ask->flags) & NEED_W;
	return -1;
}

/* One name: 1 at the end of the path, 0 if it goes on. */
static int go(struct walk *w, unsigned int flags)
{
	struct step s = { .fd = -1 };
	size_t at = 0;
	bool last;
	int n;

	if (w->names++ == NAMES_MAX)
		return unknown(w, walk_parent(w), "too many links and components");
	if (search(w) < 0 || cut_name(w, &at) < 0)
		return -1;
	last = is_last(w, at);
	if (!strcmp(w->name, ".") || !strcmp(w->name, "..")) {
		w->last = w->name[1] ? WALK_DOTDOT : WALK_DOT;
		if (w->name[1] && up(w) < 0)
			return -1;
		w->name[0] = '\0';
		memmove(w->rest, w->rest + at, strlen(w->rest + at) + 1);
		return last;
	}
	if (add_name(w) < 0)
		return -1;
	w->last = WALK_NAME;
	w->slash = last && w->rest[at];
	n = look_up(w, &s);
	if (n)
		n = n < 0 ? -1 : end_absent(w, &s, last, flags);
	else if (S_ISLNK(s.st.stx_mode) &&
		 (!last || flags & WALK_FOLLOW || (w->slash && !(flags & WALK_ABSENT))))
		n = follow(w, &s, at);
	else {
		memmove(w->rest, w->rest + at, strlen(w->rest + at) + 1);
		if (last && (!w->slash || S_ISDIR(s.st.stx_mode) || flags & WALK_ABSENT)) {
			w->end = s;
			return 1;
		}
		if (!S_ISDIR(s.st.stx_mode))
			n = stand_refuse(w, &s, WHY_NOT_DIR, ENOTDIR);
		else
			n = enter(w, &s);
	}
	own_close(&s.fd);
	return n;
}

/* The path ended with a directory that is on the way: it is what it leads to. */
static int end_at_dir(struct walk *w)
{
	struct step *dir = walk_parent(w);

	w->name[0] = '\0';
	w->end = *dir;
	w->end.fd = dup(dir->fd);
	return w->end.fd < 0 ? unknown(w, dir, "too many open files") : 0;
}

static int run(struct walk *w, const char *path, unsigned int flags)
{
	size_t len = strlen(path);
	int n = 0;

	if (len >= PATH_MAX)
		return stand_refuse(w, walk_parent(w), WHY_UNKNOWN, ENAMETOOLONG);
	memcpy(w->rest, path, len + 1);
	w->name[0] = '\0';
	w->last = WALK_ROOT;
	while (w->rest[strspn(w->rest, "/")] && !n)
		n = go(w, flags);
	if (n < 0)
		return -1;
	return w->name[0] ? 0 : end_at_dir(w);
}

/* The directory that relative paths begin at: how it got there is not asked. */
static int to_start(struct walk *w)
{
	int n;

	w->quiet = true;
	n = run(w, w->ask->dir, WALK_FOLLOW);
	w->quiet = false;
	if (n < 0)
		return -1;
	if (!S_ISDIR(w->end.st.stx_mode))
		return stand_refuse(w, &w->end, WHY_CHANGED, ENOTDIR);
	w->links = 0;
	if (!w->name[0]) {
		own_close(&w->end.fd);
		return 0;
	}
	n = enter(w, &w->end);
	own_close(&w->end.fd);
	return n;
}

int walk_to(struct walk *w, const char *path, unsigned int flags)
{
	if (to_root(w) < 0)
		return -1;
	if (!*path)
		return stand_refuse(w, walk_parent(w), WHY_ABSENT, ENOENT);
	if (*path == '/' && has_flag(w, RESOLVE_BENEATH))
		return refuse_flag(w, walk_parent(w), EXDEV,
				   "RESOLVE_BENEATH: the path is absolute");
	if ((*path != '/' || has_flag(w, RESOLVE_IN_ROOT)) && w->ask->dir[0] && to_start(w) < 0)
		return -1;
	if (has_flag(w, RESOLVE_BENEATH | RESOLVE_IN_ROOT))
		w->base = w->depth;
	return run(w, path, flags);
}
