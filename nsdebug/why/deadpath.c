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
#include "nsdebug/why/made.h"
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

uint64_t deadpath_bounding(const struct ending *x)
{
	return x->all_caps ? most_caps(x) : caps_of(&x->bounding);
}

/* What execve(2) leaves, of a file that gives none: cap_bprm_creds_from_file(). An ambient one that
 * is not permitted and inheritable was not to be had. */
static void take_caps(const struct ending *x, struct creds *c)
{
	c->cap_bnd = deadpath_bounding(x);
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
	if (x->caps_odd)
		return "its configuration names a capability in small letters, which crun knows "
			"and runc does not";
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
	c->seccomp = x->calls.unknown ? CREDS_SECCOMP_UNKNOWN : x->calls.action ? 2 : 0;
	return c;
}

/* ---- what is not known ---- */

static void forget(struct reason *r, const char *why)
{
	r->kind = WHY_UNKNOWN;
	r->err = 0;
	r->caps = 0;
	r->guess = 0;
	/* nor does any of that refuse it besides */
	r->ro = r->rights = 0;
	snprintf(r->word, sizeof(r->word), "%s", why);
}

/* Its files are not here, so what was said of them is not true. */
static void check_seen(const struct made *made, const struct cover *c, uint32_t op,
		       struct reason *r)
{
	uint32_t at = cover_holding(c, r->path[0] ? r->path : "/");
	const struct made_mount *of = at == NO_MOUNT ? NULL : &made->of[at];
	bool seen = !of || made_seen(made, at), absent = r->kind == WHY_ABSENT;
	char word[sizeof(r->word)];

	r->hint |= of && of->anew ? HINT_TMPFS : 0;
	if (!of || !of->m || (seen && !(absent && (of->anew || of->m->bind->empty))))
		return;
	/* whatever was put there later */
	if (op == OP_EXEC && absent && of->anew && mounts_option(c->mounts->items[at].options,
								 "noexec")) {
		r->kind = WHY_NOEXEC;
		r->err = EACCES;
		return;
	}
	snprintf(word, sizeof(word), "it is in what was mounted at %.120s, %s", of->m->at,
		 of->m->on_demand ? "a volume that its engine may mount only while it is used" :
		 of->m->masked ? "where its configuration masks it or makes it read-only" :
		 !seen ? "which is not among its files" : of->anew ?
		 "a tmpfs, which was empty when it began" : "a directory that is empty now");
	forget(r, word);
}

/* One runtime gives it the mode of what it hides, or the flags of the node's mount, and another one
 * does not. */
static void check_other(struct reason *r, const struct reason *otherwise, unsigned int other)
{
	char word[sizeof(r->word)];

	if (reason_verdict(r) == reason_verdict(otherwise) && r->err == otherwise->err &&
	    !strcmp(r->path, otherwise->path)) {
		r->guess |= r->kind != otherwise->kind;
		return;
	}
	snprintf(word, sizeof(word), "whether %.120s is mounted so that this is refused (ro, "
		 "noexec, nodev, nosymfollow) depends on its runtime, and on how the node has it",
		 otherwise->mount);
	forget(r, other & MADE_FLAGS ? word :
	       "the mode of the tmpfs that it is in depends on its runtime, and on whether it was "
	       "started before: what is asked for (else 1777), or that of the directory that it "
	       "hides");
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
	struct made made;
	struct reason *other = arena_alloc(a, sizeof(*other));

	made_init(&made, x, as->root, a);
	cover_make(&cover, &made.mounts, a);
	site.mounts = &made.mounts;
	site.cover = &cover;
	site.uids = site.gids = &same;
	site.made = &made;
	access_judge(as->root, &site, ask, ret);
	check_seen(&made, &cover, ask->op, ret);
	for (unsigned int i = 1; i < MADE_CHOICES && ret->kind != WHY_UNKNOWN; i++) {
		if (i & ~made.doubts)
			continue;
		made_choose(&made, i);
		access_judge(as->root, &site, ask, other);
		check_seen(&made, &cover, ask->op, other);
		check_other(ret, other, i);
	}
	check_groups(&ask->creds, ret);
}

/* ---- what the file of its program may have given to it, or taken ---- */

/* bprm_fill_uid() */
static bool is_setid(const struct file_at *f, const struct creds *c)
{
	return (f->mode & S_ISUID && f->uid != c->uid) ||
		((f->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && f->gid != c->gid);
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
	else if (f.changed)
		forget(r, "its program was changed after it had been started: it may have been "
		       "setuid, or have had capabilities (setcap)");
	else if (ids && is_setid(&f, c))
		forget(r, "its program is setuid or setgid: it was somebody else, unless its mount "
		       "is nosuid");
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
	/* nor may be executed what the mode lets pass */
	for (size_t i = 0; i < (exec ? 1 : ARRAY_SIZE(flags) + (err == EPERM)); i++) {
		ask->flags = exec || i == ARRAY_SIZE(flags) ? 0 : flags[i];
		ask->op = exec || i == ARRAY_SIZE(flags) ? OP_EXEC : OP_OPEN;
		deadpath_ask(x, as, as->rules, ask, a, ret);
		/* nobody opens a socket */
		if (ask->op == OP_OPEN && S_ISSOCK(ret->mode)) {
			ask->op = OP_CONNECT;
			deadpath_ask(x, as, as->rules, ask, a, ret);
		}
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
