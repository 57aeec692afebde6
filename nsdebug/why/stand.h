/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stand - how who asks stands to one step of a walk: by its mode and ACL, its attributes, its
 * mount, and what procfs asks instead.
 */
#ifndef NSDEBUG_WHY_STAND_H
#define NSDEBUG_WHY_STAND_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/why/reason.h"

struct access_ask;
struct access_site;
struct mount;
struct step;
struct walk;

/* Fills *w->why with all that is known of the step, and is -1. */
int stand_refuse(const struct walk *w, const struct step *s, enum why_kind kind, int err);
/* It is not there, or what hides it. -1. */
int stand_absent(const struct walk *w, const struct step *s);
/* inode_permission() but for the file system's being read-only. need: NEED_*. */
int stand_permission(struct walk *w, const struct step *s, uint32_t need);
/* The same with what is asked of a writer first: -1 if the file system, not its mount, is read-only
 * or the file is immutable. */
int stand_inode(struct walk *w, const struct step *s, uint32_t need);
/* Would its device cgroup let it do this (DEV_READ ...) with a device of this number, or make it at
 * this step? Also 0 of what is none. -1 with WHY_UNKNOWN where that is not known. */
int stand_rules(struct walk *w, const struct step *s, uint32_t mode, uint64_t number,
		uint32_t access);
/* mnt_want_write(): is it on a mount that may be written to? */
int stand_writable(const struct walk *w, const struct step *s);

/* Does a capability of who asks count for this file: capable_wrt_inode_uidgid(). */
bool stand_capable(const struct walk *w, const struct step *s, unsigned int cap);
/* inode_owner_or_capable() */
bool stand_owns(const struct walk *w, const struct step *s);
/* Has its mount mapped ids, and not those of the file? Then nobody is its owner or in its group. */
bool stand_is_lost(const struct walk *w, const struct step *s);
/* -1 */
int stand_refuse_lost(const struct walk *w, const struct step *s, int err);
bool stand_is_users(const struct walk *w, const struct step *s, uint32_t uid);
bool stand_is_groups(const struct walk *w, const struct step *s, uint32_t gid);
bool stand_one_owner(const struct walk *w, const struct step *a, const struct step *b);
/* Could a file on this mount have these ids? UINT32_MAX: of this one it is not asked. -1 with
 * EOVERFLOW. */
int stand_can_be(const struct walk *w, const struct step *s, uint32_t uid, uint32_t gid);
/* -1 with who the owner is, and that CAP_FOWNER would help. */
int stand_refuse_owner(const struct walk *w, const struct step *s, enum why_kind kind, int err);

/* Is this word among the options of its mount? */
bool stand_mount_says(const struct step *s, const char *word);
bool stand_noexec(const struct step *s);
bool stand_nodev(const struct step *s);
/* A server answers for its file system. */
bool stand_served(const struct step *s);
/* Could who looks into a mount wait for a server that nobody has named? At the container's root
 * that is risked: all its files are there, and who was refused has just been answered. m may be
 * NULL. */
bool stand_waits(const struct access_site *site, const struct access_ask *a, const struct mount *m);
/* On any part of procfs? */
bool stand_in_procfs(const struct step *s);
/* On procfs, mounted from its root: its path below that. Else NULL. */
const char *stand_in_proc(const struct walk *w, const struct step *s);
/* Below /proc/PID? */
bool stand_of_process(const struct walk *w, const struct step *s);
/* Is it a process that hidepid hides, as it seems? */
bool stand_hidden(const struct walk *w, const struct step *s);

#endif
