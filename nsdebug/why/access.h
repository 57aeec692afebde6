/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access - would the kernel let these credentials do this with this path, and if not, why not.
 *
 * Runs in a ROLE_READER child. The path is walked as the kernel walks it, name by name, links put
 * into it, from the container's root, and at each step is asked what the kernel asks, in its order
 * (fs/namei.c, fs/attr.c, fs/posix_acl.c). Ids are compared as the host's; a capability counts only
 * where both ids of the file are mapped into the user namespace of who asks. The reader's own copy
 * of the mounts is read-only everywhere, so what a mount forbids is taken from the container's
 * table, by the mounts that the walk went through; where that table and the reader's tree do not
 * agree, the answer is that it has changed.
 *
 * Bounded: 40 links, some 2000 names, ACCESS_DEPTH directories, paths of PATH_MAX, names of
 * NAME_MAX. Of programs only the first bytes are looked at. A file system that asks a server, or an
 * overlay on one, is asked only if `named`, or if it is the container's root.
 *
 * What is not known here: LSMs, Landlock, the device cgroup's BPF program (sys/devrules.h), what a
 * server decides.
 * Of a mount with mapped ids, which ones it has where the kernel does not tell it (sys/mountids.h):
 * then the path is walked once as if it had them and once as if not.
 */
#ifndef NSDEBUG_WHY_ACCESS_H
#define NSDEBUG_WHY_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "nsdebug/why/creds.h"

struct cover;
struct devrules;
struct idmap;
struct made;
struct mounts;
struct reason;
struct root;

enum access_op {
	OP_OPEN,	/* flags: of open(2) */
	OP_ACCESS,	/* flags: R_OK | W_OK | X_OK; of real ids, which is what creds then has */
	OP_EXEC,
	OP_STAT,	/* and all else that only has to get there: stat, readlink, statfs */
	OP_LIST,	/* open a directory */
	OP_CHDIR,
	OP_CHROOT,
	OP_TRUNCATE,
	OP_MKDIR, OP_MKNOD, OP_SYMLINK, OP_BIND,	/* of mknod: mode, number */
	OP_UNLINK, OP_RMDIR,
	OP_RENAME,	/* path to path2 */
	OP_LINK,	/* path is the old one, path2 the new */
	OP_CHMOD,	/* mode */
	OP_CHOWN,	/* uid, gid; UINT32_MAX: not changed */
	OP_UTIMES,	/* flags 1: to now */
	OP_SETXATTR, OP_GETXATTR,	/* word in path2: the name */
	OP_CONNECT,	/* to a socket in the file system */
	OP_WATCH,	/* inotify_add_watch */
	OP_COUNT
};

#define ACCESS_DEPTH 200
#define ACCESS_ANOTHER (UINT32_MAX - 1)	/* of chown: any user but its own */
#define ACCESS_PATH 4096

/* What is asked. Flat, and as little believed as a reason: access_check(). */
struct access_ask {
	struct creds creds;
	uint32_t op;			/* enum access_op */
	uint32_t flags, mode;
	uint32_t uid, gid;		/* of OP_CHOWN */
	uint64_t number;		/* device of mknod */
	uint32_t pid;			/* of the thread's process in the container: /proc/self */
	uint32_t tid;
	uint8_t nofollow;		/* the last link is not followed: lstat, O_NOFOLLOW */
	uint8_t resolve;		/* of openat2(2); of _IN_ROOT .dir is the root. _NO_XDEV is
					 * only asked about where it has refused something */
	uint8_t named;			/* the user has named the path: servers are asked */
	char dir[ACCESS_PATH];		/* where relative paths begin: cwd or dirfd, from the root;
					 * "" is the root itself */
	char path[ACCESS_PATH];
	char path2[ACCESS_PATH];
};

/* Where it is asked: the container, and the node's rules that it cannot change for itself. */
struct access_site {
	const struct mounts *mounts;
	const struct cover *cover;	/* of these */
	const struct made *made;	/* of one that does not run; or NULL */
	const struct devrules *devices;	/* NULL: its device cgroup is not asked */
	const struct idmap *uids, *gids;
	uint64_t user_ns;		/* which these maps are of */
	/* user namespaces that those of the container's first process belong to; 0: not known */
	uint64_t net_owner, ipc_owner, pid_owner;
	bool ipc_by_owner, pid_by_owner;	/* whose root has their sysctls */
	uint32_t protected_symlinks, protected_hardlinks, protected_regular, protected_fifos;
	bool truncate_by_mode;		/* truncate(2) asks for the mode before the mount */
	bool misc_formats;		/* binfmt_misc has some: other programs may run, too */
	bool trusting;			/* ids of which it is not known whether their mount has them
					 * are taken for what they seem to be */
	bool *unsure;			/* such a one was met; never NULL while a path is walked */
};

/* Does what came over a socket make sense? */
bool access_check(struct access_ask *a);
/* Which rights over what is there an operation asks for: NEED_*. flags: as of struct access_ask. */
uint32_t access_need(uint32_t op, uint32_t flags);
/* *r holds if a mount has the ids that are not known, *otherwise if not: *r becomes what holds
 * whichever it is. */
void access_unsure(struct reason *r, const struct reason *otherwise);
/* Always fills *ret, of an ask that access_check() let pass; WHY_GRANTED if nothing refuses. */
void access_judge(const struct root *root, const struct access_site *s,
		  const struct access_ask *a, struct reason *ret);

#endif
