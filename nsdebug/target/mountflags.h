/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mountflags - the flags of a mount that refuse something, by the options that a runtime is given
 * (runtime-spec, config.md, "Linux mount options") and by what the node's mount has that is bound.
 *
 * Where runtimes differ it is not told. Of two words for one flag the last one counts for runc,
 * crun 1.8 takes the one that sets it; a recursive one (rro) comes after all others. crun 1.8 does
 * not know nosymfollow. A bind has the flags of what is bound; with other flags asked for runc 1.1
 * takes these only (mountToRootfs() of libcontainer/rootfs_linux.go), later ones may keep both, and
 * crun always takes these only.
 */
#ifndef NSDEBUG_TARGET_MOUNTFLAGS_H
#define NSDEBUG_TARGET_MOUNTFLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MOUNT_RO = 1, MOUNT_NOEXEC = 2, MOUNT_NODEV = 4, MOUNT_NOSYMFOLLOW = 8,
	MOUNT_NOSUID = 16, MOUNT_ALL = 31 };

struct mountflags {
	uint8_t set;		/* of these */
	uint8_t unsure;		/* not set, but some runtime would */
	uint8_t unset, deep;	/* what words named: unset, or with all below */
	bool named;		/* some word is a flag, one of these or another */
};

/* One of its options. runc: of that, or of an engine that takes the last word, too. */
void mountflags_option(struct mountflags *f, const char *word, size_t len, bool runc);
/* It is a bind of what on the node is on a mount with these options. */
void mountflags_node(struct mountflags *f, const char *options, bool runc);
/* As options of a mount, for the life of the program. */
const char *mountflags_text(uint8_t flags);

#endif
