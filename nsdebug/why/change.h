/* SPDX-License-Identifier: Apache-2.0 */
/*
 * change - what changes a directory, or what a file is beside its contents: fs/namei.c (may_create,
 * may_delete, vfs_rename, vfs_link), fs/attr.c (setattr_prepare), fs/xattr.c.
 */
#ifndef NSDEBUG_WHY_CHANGE_H
#define NSDEBUG_WHY_CHANGE_H

struct step;
struct walk;

/* The operations of w->ask that change something; other: for the second path of two. */
int change_judge(struct walk *w, struct walk *other);
/* Making a name in a directory: its mount, its file system, its attributes, its mode. */
int change_below(struct walk *w, const struct step *dir);

#endif
