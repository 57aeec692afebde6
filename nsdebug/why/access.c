/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/access.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/root.h"
#include "nsdebug/sys/cover.h"
#include "nsdebug/sys/mounts.h"
#include "nsdebug/why/change.h"
#include "nsdebug/why/fill.h"
#include "nsdebug/why/peek.h"
#include "nsdebug/why/reason.h"
#include "nsdebug/why/run.h"
#include "nsdebug/why/stand.h"
#include "nsdebug/why/walk.h"

bool access_check(struct access_ask *a)
{
	struct creds *c = &a->creds;

	if (a->op >= OP_COUNT || c->ngroups > CREDS_GROUPS_MAX)
		return false;
	/* what is no 0 or 1 is no bool either */
	c->groups_cut = *(uint8_t *)&c->groups_cut != 0;
	c->host_user_ns = *(uint8_t *)&c->host_user_ns != 0;
	c->no_new_privs = *(uint8_t *)&c->no_new_privs != 0;
	return memchr(a->dir, '\0', sizeof(a->dir)) && memchr(a->path, '\0', sizeof(a->path)) &&
		memchr(a->path2, '\0', sizeof(a->path2));
}

/* ---- open ---- */

static bool is_special(mode_t mode)
{
	return S_ISCHR(mode) || S_ISBLK(mode) || S_ISFIFO(mode) || S_ISSOCK(mode);
}

/* may_create_in_sticky() */
static int existing_in_sticky(struct walk *w)
{
	const struct access_site *site = w->site;
	const struct step *dir = walk_parent(w), *s = &w->end;
	bool fifo = S_ISFIFO(s->st.stx_mode), file = S_ISREG(s->st.stx_mode);

	if (!(dir->st.stx_mode & S_ISVTX) || (file && !site->protected_regular) ||
	    (fifo && !site->protected_fifos) || stand_one_owner(w, s, dir) ||
	    stand_is_users(w, s, w->ask->creds.fsuid))
		return 0;
	if (dir->st.stx_mode & S_IWOTH ||
	    (dir->st.stx_mode & S_IWGRP && ((fifo && site->protected_fifos >= 2) ||
					    (file && site->protected_regular >= 2))))
		return stand_refuse(w, s, WHY_PROTECTED_CREATE, EACCES);
	return 0;
}

uint32_t access_need(uint32_t op, uint32_t flags)
{
	static const uint8_t of_open[] = { NEED_R, NEED_W, NEED_R | NEED_W, NEED_R | NEED_W };

	switch (op) {
	case OP_OPEN:
		return flags & O_PATH ? 0 :
			of_open[flags & O_ACCMODE] | (flags & O_TRUNC ? NEED_W : 0);
	case OP_ACCESS:
		return flags & 7;
	case OP_LIST: case OP_WATCH:
		return NEED_R;
	case OP_TRUNCATE: case OP_CONNECT:
		return NEED_W;
	case OP_EXEC: case OP_CHDIR: case OP_CHROOT:
		return NEED_X;
	default:
		return 0;
	}
}

/* What O_CREAT finds there already. */
static int open_existing(struct walk *w, uint32_t flags)
{
	if (w->slash)
		return stand_refuse(w, &w->end, WHY_IS_DIR, EISDIR);
	if (flags & O_EXCL)
		return stand_refuse(w, &w->end, WHY_EXISTS, EEXIST);
	if (S_ISDIR(w->end.st.stx_mode))
		return stand_refuse(w, &w->end, WHY_IS_DIR, EISDIR);
	return w->name[0] ? existing_in_sticky(w) : 0;
}

static int open_flags(struct walk *w, uint32_t flags)
{
	const struct step *s = &w->end;
	bool append = s->st.stx_attributes & STATX_ATTR_APPEND;

	if (append && (((flags & O_ACCMODE) != O_RDONLY && !(flags & O_APPEND)) ||
		       flags & O_TRUNC))
		return stand_refuse(w, s, WHY_APPEND_ONLY, EPERM);
	if (flags & O_NOATIME && !stand_owns(w, s))
		return stand_refuse_owner(w, s, WHY_OWNER, EPERM);
	if (S_ISSOCK(s->st.stx_mode)) {
		stand_refuse(w, s, WHY_RULE, ENXIO);
		strcpy(w->why->word, "a socket is connected to, not opened");
		return -1;
	}
	if (flags & (O_WRONLY | O_RDWR) && !is_special(s->st.stx_mode))
		return stand_writable(w, s);
	return 0;
}

/* may_open(), and what do_open() and do_dentry_open() ask before and after it. */
static int open_found(struct walk *w, uint32_t flags)
{
	const struct step *s = &w->end;
	uint32_t need = access_need(OP_OPEN, flags);
	mode_t mode = s->st.stx_mode;

	if (flags & O_CREAT && open_existing(w, flags) < 0)
		return -1;
	if ((flags & O_DIRECTORY || w->slash) && !S_ISDIR(mode))
		return stand_refuse(w, s, WHY_NOT_DIR, ENOTDIR);
	if (flags & O_PATH)
		return 0;
	if (S_ISREG(mode) && flags & O_TRUNC && stand_writable(w, s) < 0)
		return -1;
	if (S_ISLNK(mode))
		return stand_refuse(w, s, WHY_LOOP, ELOOP);
	if (S_ISDIR(mode) && need & NEED_W)
		return stand_refuse(w, s, WHY_IS_DIR, EISDIR);
	if ((S_ISCHR(mode) || S_ISBLK(mode)) && stand_nodev(s))
		return stand_refuse(w, s, WHY_NODEV, EACCES);
	if (stand_inode(w, s, need) < 0 || open_flags(w, flags) < 0)
		return -1;
	return peek_file(w, s);
}

static int judge_open(struct walk *w)
{
	uint32_t flags = w->ask->flags;
	bool temporary = (flags & O_TMPFILE) == O_TMPFILE, create = flags & O_CREAT && !temporary;
	bool follow = !(flags & O_NOFOLLOW) && !(create && flags & O_EXCL);

	if (flags & O_PATH)
		flags &= O_PATH | O_DIRECTORY | O_NOFOLLOW;
	if (walk_to(w, w->ask->path, (follow ? WALK_FOLLOW : 0) | (create ? WALK_ABSENT : 0)) < 0)
		return -1;
	if (temporary)
		return change_below(w, &w->end);
	if (w->end.fd >= 0)
		return open_found(w, create ? flags : flags & ~(uint32_t)O_CREAT);
	if (w->slash)
		return stand_refuse(w, &w->end, WHY_IS_DIR, EISDIR);
	return change_below(w, walk_parent(w));
}

/* ---- what only looks ---- */

static int judge_stat(struct walk *w)
{
	return walk_to(w, w->ask->path, w->ask->nofollow ? 0 : WALK_FOLLOW);
}

static int judge_dir(struct walk *w, uint32_t need)
{
	if (walk_to(w, w->ask->path, WALK_FOLLOW) < 0)
		return -1;
	if (!S_ISDIR(w->end.st.stx_mode))
		return stand_refuse(w, &w->end, WHY_NOT_DIR, ENOTDIR);
	return stand_permission(w, &w->end, need) < 0 ? -1 : peek_file(w, &w->end);
}

static int judge_chroot(struct walk *w)
{
	if (judge_dir(w, NEED_X) < 0)
		return -1;
	if (creds_has(&w->ask->creds, CAP_SYS_CHROOT))
		return 0;
	stand_refuse(w, &w->end, WHY_CAPABILITY, EPERM);
	w->why->caps = CREDS_CAP(SYS_CHROOT);
	return -1;
}

/* do_faccessat() */
static int judge_access(struct walk *w)
{
	const struct step *s = &w->end;
	uint32_t need = w->ask->flags & 7;

	if (judge_stat(w) < 0)
		return -1;
	if (need & NEED_X && S_ISREG(s->st.stx_mode) && stand_noexec(s))
		return stand_refuse(w, s, WHY_NOEXEC, EACCES);
	if (stand_inode(w, s, need) < 0)
		return -1;
	return need & NEED_W && !is_special(s->st.stx_mode) ? stand_writable(w, s) : 0;
}

static int judge_with(struct walk *w, uint32_t need)
{
	if (judge_stat(w) < 0)
		return -1;
	return stand_inode(w, &w->end, need);
}

static int judge_connect(struct walk *w)
{
	if (judge_with(w, NEED_W) < 0)
		return -1;
	return S_ISSOCK(w->end.st.stx_mode) ? 0 :
		stand_refuse(w, &w->end, WHY_RULE, ECONNREFUSED);
}

static int judge_one(struct walk *w, struct walk *other)
{
	switch (w->ask->op) {
	case OP_OPEN:
		return judge_open(w);
	case OP_ACCESS:
		return judge_access(w);
	case OP_EXEC:
		return run_judge(w);
	case OP_STAT:
		return judge_stat(w);
	case OP_LIST:
		return judge_dir(w, NEED_R);
	case OP_CHDIR:
		return judge_dir(w, NEED_X);
	case OP_CHROOT:
		return judge_chroot(w);
	case OP_CONNECT:
		return judge_connect(w);
	case OP_WATCH:
		return judge_with(w, NEED_R);
	default:
		return change_judge(w, other);
	}
}

/* Would what is mounted over the directory hide anything? */
static enum dir_fill fill_of(const struct root *root, const struct access_site *s,
			     const struct access_ask *a, const struct reason *r)
{
	char dir[REASON_PATH];
	uint32_t at;

	if ((r->kind != WHY_READ_ONLY_MOUNT && r->kind != WHY_READ_ONLY_FS &&
	     r->kind != WHY_MODE) || !reason_dir(r, dir, sizeof(dir)))
		return DIR_UNKNOWN;
	at = cover_holding(s->cover, dir[0] ? dir : "/");
	if (at != NO_MOUNT && stand_waits(s, a, &s->cover->mounts->items[at]))
		return DIR_UNKNOWN;
	return fill_look(root, dir);
}

static void judge_all(const struct root *root, const struct access_site *s,
		      const struct access_ask *a, struct reason *ret)
{
	auto_free struct walk *w = mem_alloc(2 * sizeof(*w));

	*ret = (struct reason){ .mask = 7 };
	walk_init(&w[0], root, s, a, ret);
	walk_init(&w[1], root, s, a, ret);
	if (judge_one(&w[0], &w[1]) == 0) {
		stand_refuse(&w[0], &w[0].end, stand_served(&w[0].end) ? WHY_SERVER : WHY_GRANTED,
			     0);
		ret->guess = ret->kind == WHY_SERVER || w[0].guess;
		snprintf(ret->word, sizeof(ret->word), "%s", w[0].note ? w[0].note : "");
	} else {
		ret->filled = (uint8_t)fill_of(root, s, a, ret);
	}
	walk_free(&w[0]);
	walk_free(&w[1]);
}

/* It depends on what the kernel does not tell. */
void access_unsure(struct reason *r, const struct reason *otherwise)
{
	if (reason_verdict(r) == reason_verdict(otherwise)) {
		r->guess |= r->kind != otherwise->kind;
		return;
	}
	if (r->kind == WHY_GRANTED)
		*r = *otherwise;
	r->kind = WHY_UNKNOWN;
	r->err = 0;
	r->caps = 0;
	snprintf(r->word, sizeof(r->word), "whether the mapped ids of the mount on %.100s have the "
		 "ids that count: this kernel does not tell (Linux 6.15 does), or they are shown "
		 "as 65534", r->mount[0] ? r->mount : "/");
}

void access_judge(const struct root *root, const struct access_site *s,
		  const struct access_ask *a, struct reason *ret)
{
	struct access_site site = *s;
	bool unsure = false;

	site.unsure = &unsure;
	site.trusting = true;
	judge_all(root, &site, a, ret);
	if (unsure) {
		auto_free struct reason *other = mem_alloc(sizeof(*other));

		site.trusting = false;
		judge_all(root, &site, a, other);
		access_unsure(ret, other);
	}
	ret->nested = !a->creds.host_user_ns && a->creds.user_ns &&
		s->user_ns && a->creds.user_ns != s->user_ns;
}
