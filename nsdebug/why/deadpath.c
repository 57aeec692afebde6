/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/deadpath.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/root.h"
#include "nsdebug/sys/cover.h"
#include "nsdebug/sys/ids.h"
#include "nsdebug/sys/mounts.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/why/access.h"
#include "nsdebug/why/creds.h"
#include "nsdebug/why/find.h"
#include "nsdebug/why/look.h"
#include "nsdebug/why/reason.h"

#define SHELL_NO_EXEC 126

/* ---- as whom ---- */

static uint64_t caps_of(const struct words_list *names)
{
	uint64_t caps = 0;

	for (size_t i = 0; i < names->count; i++) {
		int cap = cap_of(names->items[i]);

		caps |= cap < 0 ? 0 : 1ull << cap;
	}
	return caps;
}

/* Those that no file can add any to. */
static uint64_t most_caps(const struct ending *x)
{
	uint64_t all = (1ull << CREDS_CAPS) - 1;

	if (x->all_caps)
		return all;
	return caps_of(&x->bounding) & (x->no_new_privs ? caps_of(&x->permitted) : all);
}

/* What execve(2) leaves, of a file that gives none: cap_bprm_creds_from_file(). An ambient one that
 * is not permitted and inheritable was not to be had. */
static void take_caps(const struct ending *x, struct creds *c)
{
	c->cap_bnd = x->all_caps ? most_caps(x) : caps_of(&x->bounding);
	c->cap_eff = !c->uid ? most_caps(x) : caps_of(&x->ambient) &
		caps_of(&x->permitted) & caps_of(&x->inheritable);
	c->cap_prm = c->cap_eff;
	c->no_new_privs = x->no_new_privs;
}

static const char *why_nobody(const struct ending *x, const struct look_ids *as)
{
	if (!x->spec)
		return x->no_files ? x->no_files : "its configuration is not on disk any more";
	if (x->other_ids)
		return "its ids are not those of its files: a user namespace";
	if (as->uid == UINT32_MAX)
		return "the number of its user is not known";
	return as->uid || x->caps_told ? NULL :
		"it ran as root, whose capabilities are not recorded";
}

const struct creds *deadpath_creds(const struct ending *x, const struct look_ids *as,
				   struct arena *a, const char **why_not)
{
	*why_not = x->no_files ? x->no_files : "its files are not on disk any more";
	return as->root && x->image.count ? deadpath_who(x, as, a, why_not) : NULL;
}

const struct creds *deadpath_who(const struct ending *x, const struct look_ids *as,
				 struct arena *a, const char **why_not)
{
	struct creds *c;

	*why_not = why_nobody(x, as);
	if (*why_not)
		return NULL;
	c = arena_alloc(a, sizeof(*c));
	*c = (struct creds){
		.uid = as->uid, .euid = as->uid, .suid = as->uid, .fsuid = as->uid, .gid = as->gid,
		.egid = as->gid, .sgid = as->gid, .fsgid = as->gid, .host_user_ns = true,
		.ngroups = as->ngroups, .groups_cut = as->groups_cut || as->gid == UINT32_MAX,
	};
	memcpy(c->groups, as->groups, as->ngroups * sizeof(*as->groups));
	take_caps(x, c);
	return c;
}

/* ---- the mounts that it had ---- */

struct table {
	struct mounts mounts;
	const struct ending_mount **of;	/* what each of them is; NULL: the root */
};

/* Where it is without links: those on the way are the container's. */
static const char *point_of(const struct root *root, const char *at, struct arena *a)
{
	auto_close int fd = root_open(root, at, false, NULL);
	char real[ACCESS_PATH];
	long n = fd < 0 ? -1 : root_path(root, fd, real, sizeof(real) - 1);
	size_t len = strlen(at);

	if (n > 0 && *real == '/')
		return arena_dup(a, real, (size_t)n);
	while (len > 1 && at[len - 1] == '/')
		len--;
	return arena_dup(a, at, len);
}

static void add(struct table *t, const struct ending_mount *m, const char *point)
{
	static const char *const options[] = { "rw", "ro", "rw,noexec", "ro,noexec",
		"rw,nodev", "ro,nodev", "rw,nodev,noexec", "ro,nodev,noexec" };
	uint64_t id = t->mounts.count + 1, parent = 0;
	size_t most = 0;

	for (size_t i = 0; i < t->mounts.count; i++) {
		const struct mount *at = &t->mounts.items[i];
		size_t len = strlen(at->point);

		if (len >= most && cover_below(point, at->point)) {
			most = len;
			parent = at->id;
		}
	}
	t->of[t->mounts.count] = m;
	t->mounts.items[t->mounts.count++] = (struct mount){
		.id = id, .parent = parent, .root = "/", .point = point, .source = "",
		.type = m->type ? m->type : "bind",
		.fs_options = m->fs_options ? m->fs_options : "rw",
		.options = options[m->read_only + 2 * m->noexec + 4 * m->nodev],
	};
}

/* What engines mount later lies in what they mounted before, or on it. */
static void make_table(struct table *t, const struct ending *x, const struct root *root,
		       struct arena *a)
{
	const struct ending_mount *all = x->mounts;
	/* what a directory of the node is on is not looked at */
	struct ending_mount of_root = { .read_only = x->read_only_root,
		.type = x->image.count > 1 ? "overlay" : "" };

	*t = (struct table){ .mounts.root = 1 };
	t->mounts.items = arena_alloc(a, (x->nmounts + 1) * sizeof(*t->mounts.items));
	t->of = arena_alloc(a, (x->nmounts + 1) * sizeof(*t->of));
	add(t, &of_root, "/");
	t->of[0] = NULL;
	for (size_t i = 0; i < x->nmounts; i++)
		if (all[i].at && *all[i].at == '/' && all[i].at[1])
			add(t, &all[i], point_of(root, all[i].at, a));
}

static void forget(struct reason *r, const char *why)
{
	r->kind = WHY_UNKNOWN;
	r->err = 0;
	r->caps = 0;
	r->guess = 0;
	snprintf(r->word, sizeof(r->word), "%s", why);
}

/* Its files are not here, so what was said of them is not true. */
static void check_seen(const struct table *t, const struct cover *c, struct reason *r)
{
	uint32_t at = cover_holding(c, r->path[0] ? r->path : "/");
	const struct ending_mount *m = at == NO_MOUNT ? NULL : t->of[at];
	bool seen = !m || ending_mount_seen(m);
	char word[sizeof(r->word)];

	if (!m || (seen && !(r->kind == WHY_ABSENT && m->bind->empty)))
		return;
	snprintf(word, sizeof(word), "it is in what was mounted at %.120s, %s", m->at, seen ?
		 "in which nothing is any more" : "which is not among its files");
	forget(r, word);
}

/* Would one of the groups that are not known help? */
static void check_groups(const struct creds *c, struct reason *r)
{
	bool mode = r->kind == WHY_MODE;

	if (!c->groups_cut || !r->guess || (!mode && r->kind != WHY_ACL))
		return;
	r->guess = mode && (r->mode >> 3 & r->need) != r->need ? 0 : 1;
	if (r->guess)
		forget(r, "not all groups that it was in are known");
}

void deadpath_ask(const struct ending *x, const struct look_ids *as,
		  const struct access_site *rules, const struct access_ask *ask, struct arena *a,
		  struct reason *ret)
{
	static const struct idmap same = { .identity = true };
	struct access_site site = *rules;
	struct cover cover;
	struct table t;

	make_table(&t, x, as->root, a);
	cover_make(&cover, &t.mounts, a);
	site.mounts = &t.mounts;
	site.cover = &cover;
	site.uids = site.gids = &same;
	access_judge(as->root, &site, ask, ret);
	check_seen(&t, &cover, ret);
	check_groups(&ask->creds, ret);
}

/* ---- what the file of its program may have given to it, or taken ---- */

/* bprm_fill_uid() */
static bool is_setid(const struct file_at *f, const struct creds *c)
{
	return (f->mode & S_ISUID && f->uid != c->uid) || (f->mode & S_ISGID && f->gid != c->gid);
}

/* A file that has capabilities takes the ambient ones. To root it gives none that he has not. */
static bool by_file_caps(const struct creds *c, const struct reason *r, uint64_t most)
{
	return c->uid && (reason_verdict(r) == WHY_DENIED ? r->caps & most : c->cap_eff);
}

bool deadpath_doubt(const struct ending *x, const struct look_ids *as, const struct creds *c,
		    struct reason *r)
{
	bool right = r->kind == WHY_CAPABILITY || r->kind == WHY_PORT, ids = !c->no_new_privs, seen;
	bool caps = by_file_caps(c, r, most_caps(x));
	struct place_of p = { as->root, x };
	struct file_at f;

	if (r->kind == WHY_UNKNOWN || r->kind == WHY_SECCOMP || (!ids && !caps) ||
	    (right && !(r->caps & most_caps(x))))
		return false;
	if (!look_program(&p, &f)) {
		r->guess = 1;
		return false;
	}
	seen = find_run(&p, &f);
	if (!seen)
		forget(r, "its program is a script, or of another machine, and what runs it was "
		       "not found: that may be setuid, or have capabilities (setcap)");
	else if (ids && is_setid(&f, c))
		forget(r, "its program is setuid or setgid: it was somebody else");
	else if (caps && find_caps(&f))
		forget(r, "its program has capabilities of its own (setcap), or whether it has "
		       "cannot be read");
	return r->kind == WHY_UNKNOWN;
}

/* ---- what its own words say was refused ---- */

/* What is not there, or a link to that, says something else. */
static bool is_refused(const struct reason *r, int err)
{
	return reason_verdict(r) == WHY_DENIED &&
		(err ? r->err == err : r->err == EACCES || r->err == EPERM);
}

bool deadpath_judge(const struct ending *x, const struct look_ids *as, const char *path, int err,
		    struct arena *a, struct reason *ret, const char **why_not)
{
	static const uint32_t flags[] = { O_RDONLY, O_WRONLY | O_CREAT };
	/* a shell's word for what it could not execute */
	bool exec = x->exit_code == SHELL_NO_EXEC;
	const struct creds *c = deadpath_creds(x, as, a, why_not);
	struct access_ask *ask;

	if (!c || strlen(path) >= ACCESS_PATH)
		return false;
	ask = arena_alloc(a, sizeof(*ask));
	*ask = (struct access_ask){ .creds = *c, .op = exec ? OP_EXEC : OP_OPEN, .uid = UINT32_MAX,
		.gid = UINT32_MAX, .named = true };
	memcpy(ask->path, path, strlen(path) + 1);
	for (size_t i = 0; i < (exec ? 1 : ARRAY_SIZE(flags)); i++) {
		ask->flags = exec ? 0 : flags[i];
		deadpath_ask(x, as, as->rules, ask, a, ret);
		if (!is_refused(ret, err))
			continue;
		if (!deadpath_doubt(x, as, c, ret))
			return true;
		break;
	}
	if (ret->kind == WHY_UNKNOWN)
		*why_not = arena_dup(a, ret->word, strlen(ret->word));
	else if (ret->kind == WHY_ABSENT)
		*why_not = "what it leads to is not among its files";
	return false;
}
