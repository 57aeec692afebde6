/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/perm.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "nsdebug/why/creds.h"
#include "nsdebug/why/reason.h"

/* linux/posix_acl_xattr.h: all little-endian, as are the machines that we run on. */
#define ACL_VERSION 2u
enum { TAG_USER_OBJ = 1, TAG_USER = 2, TAG_GROUP_OBJ = 4, TAG_GROUP = 8, TAG_MASK = 16,
	TAG_OTHER = 32 };

struct acl_entry {
	uint16_t tag, perm;
	uint32_t id;
};

struct acl {
	const uint8_t *at;
	size_t count;
};

enum verdict { NO, YES, NOT_ASKED };

static struct acl_entry entry_of(const struct acl *a, size_t i)
{
	struct acl_entry e;

	memcpy(&e, a->at + i * sizeof(e), sizeof(e));
	return e;
}

static bool open_acl(struct acl *a, const struct perm_file *f)
{
	uint32_t version;

	if (!f->acl || f->acl_len < sizeof(version) ||
	    (f->acl_len - sizeof(version)) % sizeof(struct acl_entry))
		return false;
	memcpy(&version, f->acl, sizeof(version));
	a->at = (const uint8_t *)f->acl + sizeof(version);
	a->count = (f->acl_len - sizeof(version)) / sizeof(struct acl_entry);
	return version == ACL_VERSION && a->count;
}

static uint32_t mask_of(const struct acl *a, size_t from)
{
	for (size_t i = from; i < a->count; i++)
		if (entry_of(a, i).tag == TAG_MASK)
			return entry_of(a, i).perm & 7u;
	return 7;
}

static enum verdict decide(struct reason *r, const struct acl *a, size_t i, enum why_class whose,
			   uint32_t need)
{
	struct acl_entry e = entry_of(a, i);

	r->kind = WHY_ACL;
	r->whose = whose;
	r->id = e.id;
	r->number = e.perm & 7u;
	r->mask = e.tag == TAG_OTHER ? 7 : mask_of(a, i + 1);
	return (e.perm & r->mask & need) == need ? YES : NO;
}

static bool is_own(const struct creds *c, const struct perm_file *f)
{
	return !f->uid_lost && c->fsuid == f->uid;
}

static bool is_in_group(const struct creds *c, const struct perm_file *f)
{
	return !f->gid_lost && creds_in_group(c, f->gid);
}

static bool is_of_group(const struct acl_entry *e, const struct perm_file *f, const struct creds *c)
{
	return (e->tag == TAG_GROUP_OBJ && is_in_group(c, f)) ||
		(e->tag == TAG_GROUP && creds_in_group(c, e->id));
}

/* The first group that one is in and that grants it decides; if none does, the first one says
 * why, and "other" is not asked any more. */
static enum verdict judge_acl(const struct perm_file *f, const struct creds *c, uint32_t need,
			      struct reason *r)
{
	size_t group = SIZE_MAX;
	struct acl a;

	if (!open_acl(&a, f))
		return NOT_ASKED;
	for (size_t i = 0; i < a.count; i++) {
		struct acl_entry e = entry_of(&a, i);
		enum why_class whose = e.tag == TAG_GROUP ? CLASS_ACL_GROUP :
			CLASS_ACL_OWNER_GROUP;

		if (e.tag == TAG_USER && e.id == c->fsuid)
			return decide(r, &a, i, CLASS_ACL_USER, need);
		if (is_of_group(&e, f, c)) {
			if ((e.perm & need) == need)
				return decide(r, &a, i, whose, need);
			if (group == SIZE_MAX)
				group = i;
		}
		if (e.tag == TAG_OTHER && group == SIZE_MAX)
			return decide(r, &a, i, CLASS_ACL_OTHER, need);
	}
	if (group == SIZE_MAX)
		return NOT_ASKED;
	return decide(r, &a, group, entry_of(&a, group).tag == TAG_GROUP ? CLASS_ACL_GROUP :
		      CLASS_ACL_OWNER_GROUP, need);
}

static enum verdict judge_bits(struct reason *r, enum why_class whose, uint32_t bits, uint32_t need)
{
	r->kind = WHY_MODE;
	r->whose = whose;
	return (bits & need) == need ? YES : NO;
}

bool perm_wants_acl(const struct perm_file *f, const struct creds *c)
{
	return !is_own(c, f) && (f->mode & S_IRWXG) && !S_ISLNK(f->mode);
}

static enum verdict judge_file(const struct perm_file *f, const struct creds *c, uint32_t need,
			       struct reason *r)
{
	enum verdict v;

	if (is_own(c, f))
		return judge_bits(r, CLASS_OWNER, f->mode >> 6, need);
	if (perm_wants_acl(f, c)) {
		v = judge_acl(f, c, need, r);
		if (v != NOT_ASKED)
			return v;
	}
	if (is_in_group(c, f))
		return judge_bits(r, CLASS_GROUP, f->mode >> 3, need);
	return judge_bits(r, CLASS_OTHER, f->mode, need);
}

/* Which capabilities the kernel would ask for. */
static uint64_t helping(const struct perm_file *f, uint32_t need)
{
	uint64_t caps = 0;

	if (S_ISDIR(f->mode))
		return CREDS_CAP(DAC_OVERRIDE) |
			(need & NEED_W ? 0 : CREDS_CAP(DAC_READ_SEARCH));
	if (need == NEED_R)
		caps |= CREDS_CAP(DAC_READ_SEARCH);
	/* what nobody may execute root may not, either */
	if (!(need & NEED_X) || f->mode & (S_IXUSR | S_IXGRP | S_IXOTH))
		caps |= CREDS_CAP(DAC_OVERRIDE);
	return caps;
}

/* Nothing in the user namespace changes its mode, or makes it another's. A group can still do. */
static bool is_foreign(const struct perm_file *f, const struct reason *r)
{
	return f->uid_foreign && r->kind == WHY_MODE && r->whose == CLASS_OTHER &&
		!(f->gid_mapped && (f->mode >> 3 & r->need) == r->need);
}

/* What is nobody's is not written to: whose it is would have to be written, too. */
static bool is_lost_to(const struct perm_file *f, uint32_t need)
{
	return f->lost && need & NEED_W;
}

/* No capability helps; where the mode would refuse it whosever it were, that is the reason. */
static void judge_lost(const struct perm_file *f, const struct creds *c, struct reason *why)
{
	bool open = (f->mode >> 6 & why->need) == why->need ||
		(f->mode >> 3 & why->need) == why->need;

	if (is_lost_to(f, why->need) || c->cap_eff & why->caps || open) {
		why->kind = WHY_IDMAPPED;
		why->whose = CLASS_NONE;
	}
	why->caps = 0;
}

int perm_judge(const struct perm_file *f, const struct creds *c, uint32_t need, struct reason *r)
{
	bool mapped = f->uid_mapped && f->gid_mapped;
	struct reason why = { .mask = 7, .mode = f->mode, .uid = f->uid, .gid = f->gid,
		.need = need, .err = EACCES };

	if (!need || (!is_lost_to(f, need) && judge_file(f, c, need, &why) == YES))
		return 0;
	why.caps = helping(f, need);
	if (mapped && c->cap_eff & why.caps)
		return 0;
	if (f->lost) {
		judge_lost(f, c, &why);
	} else if (!mapped && (c->cap_eff & why.caps || is_foreign(f, &why))) {
		why.kind = WHY_UNMAPPED;
		why.id = f->uid_mapped ? f->gid : f->uid;
	}
	why.host_ns = !mapped && !f->lost;
	r->kind = why.kind;
	r->err = why.err;
	r->mode = why.mode;
	r->uid = why.uid;
	r->gid = why.gid;
	r->whose = why.whose;
	r->need = why.need;
	r->id = why.id;
	r->mask = why.mask;
	r->number = why.number;
	r->caps = why.caps;
	r->host_ns = why.host_ns;
	/* one of the groups that are not known may be the right one */
	r->guess = c->groups_cut && why.whose != CLASS_OWNER;
	return -1;
}
