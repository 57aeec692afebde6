/* SPDX-License-Identifier: Apache-2.0 */
/*
 * owner - whose a file is for who asks: as the mount that it is on maps ids, and as the user
 * namespace of who asks has them. i_uid_into_vfsuid(), HAS_UNMAPPED_ID(), fsuidgid_has_mapping() of
 * Linux include/linux/fs.h.
 *
 * statx(2) through such a mount shows the mapped ids, and of those that it does not map
 * ID_UNMAPPED, which is also an id like any other. Where it cannot be known which it is, the site
 * says what to take it for, and is told.
 */
#ifndef NSDEBUG_WHY_OWNER_H
#define NSDEBUG_WHY_OWNER_H

#include <stdbool.h>
#include <stdint.h>

struct access_site;
struct creds;
struct mount;
struct perm_file;
struct statx;

/* mode, ids and whether they are mapped; without an ACL. m may be NULL. */
void owner_put(const struct access_site *site, const struct mount *m, const struct creds *c,
	       const struct statx *st, struct perm_file *ret);
/* Does the mount, on which a file has the ids of st, have these? UINT32_MAX: that one is not
 * asked for. Only such ids can be a file's there. */
bool owner_can_be(const struct access_site *site, const struct mount *m, const struct statx *st,
		  uint32_t uid, uint32_t gid);

#endif
