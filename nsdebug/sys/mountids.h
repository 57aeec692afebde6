/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mountids - which ids the mounts with mapped ids of a table have (mount_setattr(2),
 * MOUNT_ATTR_IDMAP, Linux 5.12).
 *
 * mountinfo says of a mount only that it is one: "idmapped". Its maps are told by statmount(2),
 * STATMOUNT_MNT_UIDMAP, since Linux 6.15 (linux/mount.h); before that they are not known.
 */
#ifndef NSDEBUG_SYS_MOUNTIDS_H
#define NSDEBUG_SYS_MOUNTIDS_H

struct arena;
struct mounts;

/* Sets .uids and .gids of the idmapped mounts of a table that was read of the directory /proc/PID,
 * as far as the kernel tells them, and within bounds of time and bytes: others stay unknown. Maps
 * are in the arena. Needs CAP_SYS_ADMIN. */
void mountids_read(const struct mounts *m, int dir, struct arena *a);

#endif
