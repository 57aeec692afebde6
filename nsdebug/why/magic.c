/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/magic.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/sys/cover.h"
#include "nsdebug/sys/mounts.h"
#include "nsdebug/target/target.h"
#include "nsdebug/why/access.h"
#include "nsdebug/why/capable.h"
#include "nsdebug/why/owner.h"
#include "nsdebug/why/peek.h"
#include "nsdebug/why/perm.h"
#include "nsdebug/why/reason.h"

static bool is_gone(const char *path)
{
	static const char mark[] = " (deleted)";
	size_t len = strlen(path), more = sizeof(mark) - 1;

	return len >= more && !strcmp(path + len - more, mark);
}

static bool read_path(int dir, const char *link, char *ret, size_t room)
{
	ssize_t n = readlinkat(dir, link, ret, room - 1);

	if (n <= 0 || n >= (ssize_t)room - 1 || ret[0] != '/')
		return false;
	ret[n] = '\0';
	return true;
}

bool magic_path(int dir, const char *link, char *ret, unsigned long room)
{
	char root[PATH_MAX], path[PATH_MAX];
	const char *below;

	if (!read_path(dir, "root", root, sizeof(root)) ||
	    !read_path(dir, link, path, sizeof(path)) || is_gone(path))
		return false;
	below = cover_below(path, root);
	if (!below || strlen(below) + 2 > room)
		return false;
	snprintf(ret, room, "%s", *below ? below : "/");
	return true;
}

/* ---- what is open ---- */

struct link {
	uint64_t pid;
	char name[32];		/* "exe", "fd/7" */
};

/* And files that procfs lets few look into. Nothing else: the path comes from who walked, and must
 * lead nowhere but where it says. */
static bool is_link(const char *name)
{
	uint64_t fd;

	if (str_prefix(name, "fd/"))
		return str_u64(name + strlen("fd/"), &fd);
	return peek_asks(name) || !strcmp(name, "exe") || !strcmp(name, "cwd") ||
		!strcmp(name, "root");
}

static bool parse(struct link *l, const struct reason *r)
{
	const char *p = cover_below(r->path, r->mount);
	uint64_t tid;

	if (!p || *p++ != '/' || !scan_u64(&p, &l->pid) || *p++ != '/')
		return false;
	if (str_prefix(p, "task/")) {
		p += strlen("task/");
		if (!scan_u64(&p, &tid) || *p++ != '/')
			return false;
	}
	return snprintf(l->name, sizeof(l->name), "%s", p) < (int)sizeof(l->name) && is_link(p);
}

static const struct mount *mount_of(const struct target *t, int dir, const char *fd)
{
	char path[64], text[256];
	const char *p;
	uint64_t id;

	snprintf(path, sizeof(path), "fdinfo/%.32s", fd);
	if (fd_read_at(dir, path, text, sizeof(text)) <= 0 || !(p = strstr(text, "mnt_id:")))
		return NULL;
	p += strlen("mnt_id:");
	p += strspn(p, " \t");
	if (!scan_u64(&p, &id))
		return NULL;
	for (size_t i = 0; i < t->mounts.count; i++)
		if (t->mounts.items[i].id == id)
			return &t->mounts.items[i];
	return NULL;
}

static void refuse(struct reason *r, enum why_kind kind, int err, const char *word)
{
	r->kind = kind;
	r->err = err;
	snprintf(r->word, sizeof(r->word), "%s", word);
}

static void put_file(struct reason *r, const struct statx *st, const struct mount *m)
{
	r->mode = st->stx_mode;
	r->uid = st->stx_uid;
	r->gid = st->stx_gid;
	snprintf(r->mount, sizeof(r->mount), "%s", m ? m->point : "");
	snprintf(r->type, sizeof(r->type), "%s", m ? m->type : "");
}

struct opened {
	const struct mount *mount;
	struct statx st;
	char what[128];
};

static void judge_with(const struct access_site *site, const struct access_ask *a,
		       const struct opened *o, struct reason *r)
{
	uint32_t need = access_need(a->op, a->flags);
	mode_t mode = o->st.stx_mode;
	struct perm_file f;

	owner_put(site, o->mount, &a->creds, &o->st, &f);
	put_file(r, &o->st, o->mount);
	refuse(r, WHY_GRANTED, 0, o->what);
	if (S_ISSOCK(mode) && a->op == OP_OPEN)
		refuse(r, WHY_RULE, ENXIO, "a socket is connected to, not opened");
	else if (perm_judge(&f, &a->creds, need, r) == 0 && need & NEED_W && o->mount &&
		 S_ISREG(mode) && mounts_option(o->mount->options, "ro"))
		refuse(r, WHY_READ_ONLY_MOUNT, EROFS, o->what);
	r->guess = S_ISREG(mode) && mode & S_IRWXG;
}

/* Opened anew it is judged as any file, but for the way to it. Its ACL cannot be read from here. */
static void judge_open_file(const struct target *t, const struct access_ask *a, struct reason *r,
			    int dir, const char *name)
{
	bool unsure = false;
	struct access_site site = { .uids = &t->uids, .gids = &t->gids, .user_ns = t->ns.user,
		.trusting = true, .unsure = &unsure };
	struct opened o = { .mount = mount_of(t, dir, name + strlen("fd/")) };
	ssize_t n;

	if (statx(dir, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT, STATX_BASIC_STATS, &o.st) < 0) {
		refuse(r, errno == ENOENT ? WHY_ABSENT : WHY_UNKNOWN, errno == ENOENT ? ENOENT : 0,
		       errno == ENOENT ? "nothing is open there" : errno_name(errno));
		return;
	}
	n = readlinkat(dir, name, o.what, sizeof(o.what) - 1);
	o.what[n < 0 ? 0 : n] = '\0';
	judge_with(&site, a, &o, r);
	if (unsure) {
		struct reason other = *r;

		site.trusting = false;
		judge_with(&site, a, &o, &other);
		access_unsure(r, &other);
	}
}

/* NULL: it may look into it. */
static const char *refused_by(const struct target *t, int dir, const struct access_ask *a)
{
	struct creds other;
	struct peek p = { .creds = &other, .caps = capable_over(dir, &a->creds) };
	struct statx st;

	if (creds_read(dir, t->host.user, &other) < 0 ||
	    statx(dir, "status", AT_STATX_DONT_SYNC, STATX_UID | STATX_GID, &st) < 0)
		return NULL;
	p.uid = st.stx_uid;
	p.gid = st.stx_gid;
	return peek_refused(&p, &a->creds);
}

/* True: that decides it. */
static bool judge_peek(const struct target *t, const struct link *l, int dir,
		       const struct access_ask *a, struct reason *r)
{
	const char *why = l->pid == a->pid ? NULL : refused_by(t, dir, a);

	if (why) {
		refuse(r, WHY_PTRACE, EACCES, why);
		r->caps = CREDS_CAP(SYS_PTRACE);
	} else if (peek_asks(l->name)) {
		refuse(r, WHY_GRANTED, 0, "");
		if (l->pid != a->pid && r->uid == idmap_outside(&t->uids, 0)) {
			strcpy(r->word, "but if it is not to be dumped, which is not seen of "
			       "root's");
			r->guess = 1;
		}
	}
	return why || peek_asks(l->name);
}

bool magic_judge(const struct target *t, const struct inside *in, const struct access_ask *a,
		 struct access_ask *next, struct reason *r)
{
	auto_close int dir = -1;
	char path[ACCESS_PATH];
	struct link l = { 0 };
	struct err e;

	if (r->kind != WHY_MAGIC || r->path_cut || !parse(&l, r))
		return true;
	dir = target_process(t, in, l.pid, &e);
	if (dir < 0) {
		refuse(r, WHY_ABSENT, ENOENT, "no such process");
		return true;
	}
	if (judge_peek(t, &l, dir, a, r))
		return true;
	if (str_prefix(l.name, "fd/") && !r->word[strspn(r->word, "/")]) {
		judge_open_file(t, a, r, dir, l.name);
		return true;
	}
	if (!magic_path(dir, l.name, path, sizeof(path))) {
		refuse(r, WHY_UNKNOWN, 0, "the link leads out of the container, or to no path");
		return true;
	}
	*next = *a;
	if (snprintf(next->path, sizeof(next->path), "%s%s", path, r->word) <
	    (int)sizeof(next->path))
		return false;
	refuse(r, WHY_UNKNOWN, 0, "the path is too long");
	return true;
}
