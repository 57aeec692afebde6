/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/owner.h"

#include <stddef.h>
#include <sys/stat.h>

#include "nsdebug/sys/ids.h"
#include "nsdebug/sys/mounts.h"
#include "nsdebug/why/access.h"
#include "nsdebug/why/perm.h"

static bool guess(const struct access_site *site)
{
	*site->unsure = true;
	return site->trusting;
}

/* Is what is shown of a file not what the mount could map to nothing? */
static bool is_true(const struct access_site *site, const struct idmap *ids, uint32_t shown)
{
	if (shown != ID_UNMAPPED)
		return true;
	return ids && !idmap_has(ids, shown) ? false : guess(site);
}

static bool has(const struct access_site *site, const struct idmap *ids, uint32_t shown,
		uint32_t id)
{
	if (id == UINT32_MAX)
		return true;
	if (ids)
		return idmap_has(ids, id);
	return id == shown && id != ID_UNMAPPED ? true : guess(site);
}

static void put_mapped(const struct access_site *site, const struct creds *c, struct perm_file *f)
{
	f->uid_mapped = f->gid_mapped = c->host_user_ns;
	if (c->host_user_ns || !c->user_ns || c->user_ns != site->user_ns)
		return;
	f->uid_mapped = idmap_has(site->uids, f->uid);
	f->uid_foreign = !f->uid_mapped;
	f->gid_mapped = idmap_has(site->gids, f->gid);
}

void owner_put(const struct access_site *site, const struct mount *m, const struct creds *c,
	       const struct statx *st, struct perm_file *ret)
{
	*ret = (struct perm_file){ .mode = st->stx_mode, .uid = st->stx_uid, .gid = st->stx_gid };
	put_mapped(site, c, ret);
	if (!m || !m->idmapped)
		return;
	ret->uid_lost = !is_true(site, m->uids, st->stx_uid);
	ret->gid_lost = !is_true(site, m->gids, st->stx_gid);
	ret->lost = ret->uid_lost || ret->gid_lost;
	ret->uid_mapped &= !ret->uid_lost;
	ret->gid_mapped &= !ret->gid_lost;
}

bool owner_can_be(const struct access_site *site, const struct mount *m, const struct statx *st,
		  uint32_t uid, uint32_t gid)
{
	return !m || !m->idmapped || (has(site, m->uids, st->stx_uid, uid) &&
				      has(site, m->gids, st->stx_gid, gid));
}
