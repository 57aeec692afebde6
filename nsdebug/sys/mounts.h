/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mounts - a mount table, /proc/PID/mountinfo as the host reads it. Format: proc(5), and
 * show_mountinfo() of fs/proc_namespace.c.
 *
 * The kernel escapes space, tab, newline and backslash in it as octal; everything else of a mount
 * point is the target's word, and so are the source and the strings among the options of the file
 * system: whoever mounted it chose them. Ids, device, root, type, the options of the mount and
 * whom it propagates with are the kernel's words. Devices tell which file systems ask a server that
 * may not answer (fuse, network) without touching them.
 */
#ifndef NSDEBUG_SYS_MOUNTS_H
#define NSDEBUG_SYS_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;
struct idmap;
struct map;

struct mount {
	uint64_t id, parent;
	uint32_t major, minor;
	const char *root;	/* of the mount, within its file system; unescaped */
	const char *point;	/* relative to the process's root; unescaped */
	const char *type;	/* "overlay", "fuse.sshfs" */
	const char *options;	/* of the mount, "rw,nosuid": words of the kernel's */
	const char *source;	/* unescaped; "" if there is none */
	const char *fs_options;	/* of the file system, still escaped: a value may hold a comma */
	uint64_t shared, master, from;	/* peer groups it propagates in; 0: none */
	const struct idmap *uids, *gids;	/* of an idmapped one, from the ids that are kept
					 * on disk to those of the host; NULL: not known */
	bool idmapped;		/* shows other owners; of what it does not map, ID_UNMAPPED */
	bool unbindable;
	bool served;		/* answers come from a server: fuse, nfs, cifs, 9p, autofs ... */
	bool stacked;		/* an overlay, one of whose layers is so: after layers_mark() */
	bool deleted;		/* what `root` names is no more there */
};

struct mounts {
	struct mount *items;
	size_t count;
	uint64_t root;		/* id of the mount that the process's root is on; 0: not told */
	uint64_t root_ino;	/* its inode number; 0: it is the mount's own root */
	bool cut;		/* there were more than we read */
	bool unbindable;	/* some mount is: the tree cannot be cloned whole */
	uint64_t memory[4];	/* after mounts_memory(): mounts_device() */
	size_t memory_count;
};

/* Of the directory /proc/PID. Everything is in the arena. */
int mounts_read(struct mounts *m, int dir, struct arena *a, struct err *e);
/* text is NUL terminated and is cut up; lines that are not mounts are skipped. */
void mounts_parse(struct mounts *m, char *text, struct arena *a);
/* The devices of the kernel's own mounts, which are in no table: memfd, shared memory, huge
 * pages. */
void mounts_memory(struct mounts *m);
/* The device numbers of the table, as keys of *ret: for who asks often. */
void mounts_devices(const struct mounts *m, struct map *ret);

static inline uint64_t mounts_device(uint32_t major, uint32_t minor)
{
	return (uint64_t)major << 32 | minor;
}

/* True if a file system with this device number is one that asks a server. */
bool mounts_served(const struct mounts *m, uint32_t major, uint32_t minor);
/* Is `word` among the comma-separated options? */
bool mounts_option(const char *options, const char *word);
/* Does the kernel itself say what is there? */
bool mounts_of_kernel(const char *type);
/* "\040" back to a space, in place. */
void mounts_unescape(char *s);

#endif
