/* SPDX-License-Identifier: Apache-2.0 */
/*
 * perm - mode bits, ACLs and the capabilities that stand above them, of one file. Pure.
 *
 * As generic_permission() of Linux fs/namei.c and posix_acl_permission() of fs/posix_acl.c do it:
 * the owner's bits, if he asks, and no others; then the ACL, unless the group bits, which are its
 * mask, are empty; then group or other. What these refuse a capability may still allow, if both ids
 * of the file are mapped into the user namespace of who asks. A file whose ids its own mount does
 * not map is written to by nobody (inode_permission(), Linux 5.12).
 */
#ifndef NSDEBUG_WHY_PERM_H
#define NSDEBUG_WHY_PERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct creds;
struct reason;

struct perm_file {
	uint32_t mode, uid, gid;	/* the host's ids */
	const void *acl;		/* system.posix_acl_access, in the host's ids; or NULL */
	size_t acl_len;
	bool uid_mapped, gid_mapped;	/* in the user namespace of who asks */
	bool uid_foreign;		/* it is known that its owner is not */
	bool lost;			/* its mount has mapped ids, and not these: uid_lost or */
	bool uid_lost, gid_lost;	/* gid_lost, which are then nobody's */
};

/*
 * 0, or -1: then kind, err, mode, uid, gid, whose, need, id, mask, number and caps of *r are set.
 * need: of enum { NEED_R ... }.
 */
int perm_judge(const struct perm_file *f, const struct creds *c, uint32_t need, struct reason *r);
/* Would the ACL change who may do what? Only then it is worth being read. */
bool perm_wants_acl(const struct perm_file *f, const struct creds *c);

#endif
