/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/filecaps.h"

#include <endian.h>
#include <linux/capability.h>
#include <linux/xattr.h>
#include <stdio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "nsdebug/enter/root.h"
#include "nsdebug/why/creds.h"

static bool parse(const struct vfs_ns_cap_data *d, long n, struct filecaps *ret)
{
	uint32_t magic = le32toh(d->magic_etc), revision = magic & VFS_CAP_REVISION_MASK;
	bool wide = revision != VFS_CAP_REVISION_1;

	if (!(revision == VFS_CAP_REVISION_1 && n == XATTR_CAPS_SZ_1) &&
	    !(revision == VFS_CAP_REVISION_2 && n == XATTR_CAPS_SZ_2) &&
	    !(revision == VFS_CAP_REVISION_3 && n == XATTR_CAPS_SZ_3))
		return false;
	*ret = (struct filecaps){
		.permitted = le32toh(d->data[0].permitted),
		.inheritable = le32toh(d->data[0].inheritable),
		.effective = magic & VFS_CAP_FLAGS_EFFECTIVE,
		.rootid = revision == VFS_CAP_REVISION_3 ? le32toh(d->rootid) : 0,
	};
	if (wide) {
		ret->permitted |= (uint64_t)le32toh(d->data[1].permitted) << 32;
		ret->inheritable |= (uint64_t)le32toh(d->data[1].inheritable) << 32;
	}
	/* CAP_VALID_MASK */
	ret->permitted &= (1ull << CREDS_CAPS) - 1;
	ret->inheritable &= (1ull << CREDS_CAPS) - 1;
	return true;
}

/* A link of our own names the descriptor, so what it is cannot be exchanged. */
bool filecaps_read(const struct root *root, int fd, struct filecaps *ret)
{
	struct vfs_ns_cap_data d = { 0 };
	char name[16];
	long n;

	snprintf(name, sizeof(name), "%d", fd);
	if (fd < 0 || fchdir(root->own_fds) < 0)
		return false;
	n = getxattr(name, XATTR_NAME_CAPS, &d, sizeof(d));
	return n > 0 && parse(&d, n, ret);
}

uint64_t filecaps_missing(const struct filecaps *f, uint64_t bounding)
{
	return f->effective ? f->permitted & ~bounding : 0;
}
