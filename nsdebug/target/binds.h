/* SPDX-License-Identifier: Apache-2.0 */
/*
 * binds - which mounts of a container that has ended can be looked into: directories and files of
 * the node that were mounted in it, as its configuration names them.
 *
 * Not those on a file system that asks a server, or whose volume an engine mounts only while it is
 * used (volumes.h); and not what the node has mounted below them, which is another file system's:
 * it is added to x->mounts, as one whose files are not here. Nothing of them is opened here.
 */
#ifndef NSDEBUG_TARGET_BINDS_H
#define NSDEBUG_TARGET_BINDS_H

struct arena;
struct ending;
struct mounts;

/* Fills x->image.binds, the .bind of mounts, and x->root. host: the node's mount table. */
void binds_plan(struct ending *x, const struct mounts *host, struct arena *a);

#endif
