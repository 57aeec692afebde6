/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/deadpath.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/root.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/why/creds.h"
#include "nsdebug/why/find.h"
#include "nsdebug/why/look.h"
#include "nsdebug/why/perm.h"
#include "nsdebug/why/reason.h"

struct dead {
	struct place_of place;
	struct creds creds;
	struct arena *a;
	struct reason *ret;
	const char *why_not;
};

enum answer { ANSWER_GRANTED, ANSWER_REFUSED, ANSWER_ABSENT, ANSWER_NONE };

static enum answer judge_file(struct dead *d, const struct file_at *f, uint32_t need)
{
	struct perm_file p = {
		.mode = f->mode, .uid = f->uid, .gid = f->gid, .uid_mapped = true,
		.gid_mapped = true,
	};

	if (perm_wants_acl(&p, &d->creds) &&
	    find_has_xattr(&d->place, f, "system.posix_acl_access")) {
		d->why_not = "an ACL of it decides, which is not read here";
		return ANSWER_NONE;
	}
	if (perm_judge(&p, &d->creds, need, d->ret) == 0)
		return ANSWER_GRANTED;
	reason_path(d->ret, f->path);
	return ANSWER_REFUSED;
}

/* need: of what is there; where it leads, in *real. */
static enum answer judge_name(struct dead *d, const char *path, uint32_t need, bool dir,
			      char real[FIND_PATH])
{
	struct file_at *f = arena_alloc(d->a, sizeof(*f));
	enum answer ret = ANSWER_GRANTED;

	switch (find_file(&d->place, path, f)) {
	case FOUND_ABSENT:
		return ANSWER_ABSENT;
	case FOUND_HIDDEN:
		d->why_not = "it is in what was mounted there, which is not among its files";
		return ANSWER_NONE;
	default:
		break;
	}
	memcpy(real, f->path, sizeof(f->path));
	if (need && (!dir || S_ISDIR(f->mode)))
		ret = judge_file(d, f, need);
	own_close(&f->fd);
	return ret;
}

/* Each directory above it has to be passed. */
static enum answer judge_above(struct dead *d, const char *path)
{
	char dir[FIND_PATH], real[FIND_PATH];

	if (!find_join(dir, "/", path))
		return ANSWER_GRANTED;
	for (char *slash = strchr(dir + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		enum answer got;

		*slash = '\0';
		got = judge_name(d, dir, NEED_X, true, real);
		*slash = '/';
		if (got != ANSWER_GRANTED)
			return got;
	}
	return ANSWER_GRANTED;
}

/* What is not there was to be made: in the directory above it, if that is there. */
static enum answer judge_making(struct dead *d, const char *path)
{
	auto_close int link = root_open(d->place.root, path, true, NULL);
	char dir[FIND_PATH], real[FIND_PATH], *slash;
	enum answer got;

	if (link >= 0) {
		d->why_not = "it is a link, and what it leads to is not among its files";
		return ANSWER_NONE;
	}
	if (!find_join(dir, "/", path))
		return ANSWER_ABSENT;
	slash = strrchr(dir, '/');
	slash[slash == dir] = '\0';
	got = judge_name(d, dir, NEED_W | NEED_X, true, real);
	d->ret->dir = got == ANSWER_REFUSED;
	return got;
}

/* As it is called, then as it is where links lead; what it was to be done with is not told: to be
 * read, or then to be written. */
static enum answer judge_all(struct dead *d, const char *path)
{
	char real[FIND_PATH];
	enum answer got = judge_above(d, path);

	if (got == ANSWER_GRANTED)
		got = judge_name(d, path, 0, false, real);
	if (got == ANSWER_ABSENT)
		return judge_making(d, path);
	if (got == ANSWER_GRANTED)
		got = judge_above(d, real);
	if (got == ANSWER_GRANTED)
		got = judge_name(d, real, NEED_R, false, real);
	return got == ANSWER_GRANTED ? judge_name(d, real, NEED_W, false, real) : got;
}

static const char *why_nobody(const struct ending *x, const struct look_ids *as)
{
	if (!as->root || !x->image.count)
		return x->no_files ? x->no_files : "its files are not on disk any more";
	if (x->other_ids)
		return "its ids are not those of its files: a user namespace";
	if (as->uid == UINT32_MAX)
		return "the number of its user is not known";
	return as->uid ? NULL : "it ran as root, whose capabilities are not recorded";
}

bool deadpath_judge(const struct ending *x, const struct look_ids *as, const char *path,
		    struct arena *a, struct reason *ret, const char **why_not)
{
	struct dead *d = arena_alloc(a, sizeof(*d));

	*d = (struct dead){
		.place = { as->root, x }, .a = a, .ret = ret, .why_not = why_nobody(x, as),
		.creds = { .uid = as->uid, .euid = as->uid, .fsuid = as->uid, .gid = as->gid,
			.egid = as->gid, .fsgid = as->gid },
	};
	*why_not = d->why_not;
	if (d->why_not)
		return false;
	*ret = (struct reason){ .mask = 7 };
	if (judge_all(d, path) == ANSWER_REFUSED) {
		/* whose group is not known may be in the file's */
		ret->guess = as->gid == UINT32_MAX;
		return true;
	}
	*why_not = d->why_not;
	return false;
}
