/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reason - why the kernel refuses something, as one flat value.
 *
 * It has a fixed size and no pointer, so it crosses a socket as it is; what came over one is passed
 * through reason_check() before anything else looks at it. The names of kinds are stable: JSON has
 * them. Paths are the target's own words, unescaped; whoever shows them escapes them (out/ does).
 * The zero value is "granted".
 */
#ifndef NSDEBUG_WHY_REASON_H
#define NSDEBUG_WHY_REASON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct idmap;

enum why_kind {
	WHY_GRANTED,		/* no rule that is known refuses it */
	WHY_UNKNOWN,		/* cannot be told, and word[] says why */
	/* ---- what is there is not what the call wants ---- */
	WHY_ABSENT,		/* path: the component that is not there */
	WHY_NOT_DIR,		/* path: the component that is no directory */
	WHY_IS_DIR,
	WHY_EXISTS,
	WHY_LOOP,		/* more than 40 symbolic links */
	WHY_BUSY,		/* a mount point, a program that runs, not empty */
	WHY_CHANGED,		/* it is not any more what it was when the call came */
	WHY_MAGIC,		/* path: a link of /proc that is no path; word: what is behind it */
	WHY_SERVER,		/* the server of the file system decides; type: which */
	/* ---- rights ---- */
	WHY_MODE,		/* path, mode, uid, gid, whose, need */
	WHY_ACL,		/* the same; whose says which entry, id of whom, mode its bits */
	WHY_STICKY,		/* a sticky directory: not its owner, not the file's */
	WHY_PROTECTED_SYMLINK,	/* fs.protected_symlinks */
	WHY_PROTECTED_HARDLINK,	/* fs.protected_hardlinks */
	WHY_PROTECTED_CREATE,	/* fs.protected_regular, fs.protected_fifos */
	WHY_OWNER,		/* only the owner may: chmod, utimes, O_NOATIME ... */
	WHY_CHOWN,		/* only with CAP_CHOWN */
	WHY_UNMAPPED,		/* id: one that the user namespace does not have: the host's, or
				 * without a path as the call gives it */
	WHY_IDMAPPED,		/* path is on a mount with mapped ids; word: which it has not */
	WHY_IMMUTABLE,		/* chattr +i */
	WHY_APPEND_ONLY,	/* chattr +a */
	WHY_CAPABILITY,		/* caps: any of these would help; host_ns: only in the host's;
				 * word: a limit whose hard one was to be raised to limit, and its
				 * soft one to number */
	WHY_PTRACE,		/* looking at another process: path */
	WHY_HIDEPID,		/* /proc is mounted with hidepid */
	WHY_SYSCTL,		/* a file below /proc/sys: no capability helps against its mode */
	/* ---- mounts: mount says where, type of what ---- */
	WHY_READ_ONLY_MOUNT,	/* the mount is read-only, its file system may not be */
	WHY_READ_ONLY_FS,	/* the file system itself is */
	WHY_NOEXEC,
	WHY_NODEV,
	WHY_NOSYMFOLLOW,
	WHY_MASKED,		/* the runtime has mounted something over it */
	WHY_CROSS_DEVICE,	/* path and mount: two mounts */
	WHY_RESOLVE,		/* path: where openat2(2) was not to go; word: by which flag */
	/* ---- programs ---- */
	WHY_INTERPRETER,	/* path: the program; word: its interpreter, which is not there */
	WHY_FORMAT,		/* no known format, or a script without "#!" */
	WHY_ARCH,		/* word: for which machine */
	WHY_FILE_CAPS,		/* path: a program whose capabilities (setcap) the process may not
				 * have; caps: which, and it takes all; word: the same */
	/* ---- beside files ---- */
	WHY_PORT,		/* number: the port; limit: net.ipv4.ip_unprivileged_port_start */
	WHY_IN_USE,		/* number: a port somebody has; word: who */
	WHY_PING,		/* net.ipv4.ping_group_range: number to limit, if they are known */
	WHY_SECCOMP,		/* word: the call; number: what the filter answers; caps: these it
				 * takes besides */
	WHY_RLIMIT,		/* word: which, as ulimit has it; limit; hard; number: asked for */
	WHY_PIDS,		/* mount: the cgroup; number, limit */
	WHY_MEMORY,		/* the same */
	WHY_DEVICE,		/* the device cgroup */
	WHY_LSM,		/* word: which, if it is known */
	WHY_RULE,		/* a hard rule of the call, by elimination; word: which, if known */
	WHY_KINDS
};

/* By which rights a file was judged: acl_permission_check(), posix_acl_permission(). */
enum why_class {
	CLASS_NONE, CLASS_OWNER, CLASS_GROUP, CLASS_OTHER,
	CLASS_ACL_USER, CLASS_ACL_GROUP, CLASS_ACL_OWNER_GROUP, CLASS_ACL_OTHER, CLASS_COUNT
};

/* Something is mounted over a directory: would that hide anything? */
enum dir_fill { DIR_UNKNOWN, DIR_EMPTY, DIR_FILLED };

/* Does the mount map ids (MOUNT_ATTR_IDMAP)? Then kept_uid is set, or it is not known. */
enum mount_ids { MOUNT_IDS_SAME, MOUNT_IDS_KNOWN, MOUNT_IDS_UNKNOWN };

/* What is known of who asks, or of what is asked for, that makes another cure. */
enum why_hint {
	HINT_PING = 1,		/* a raw socket of ICMP */
	HINT_PYCACHE = 2,	/* what Python keeps of modules that it has compiled */
	HINT_CONTROL = 4,	/* a socket by which a runtime of the node is told what to do */
	HINT_HOST_NET = 8,	/* its network namespace is the node's */
	HINT_HOST_PATH = 16,	/* of a pod: the mount is of a directory of the node */
	HINT_PINGS = 32,	/* and its group may have a socket that pings without one */
	HINT_TMPFS = 64,	/* the mount is a tmpfs of the container's own */
	HINT_TMP_ON_ROOT = 128,	/* /tmp is no mount of its own */
	HINT_HOSTNAME = 256,	/* the call sets the host's name, or */
	HINT_DOMAINNAME = 512,	/* the domain's */
	HINT_HOST_UTS = 1024,	/* its UTS namespace is the node's */
	HINT_NO_PROGRAM = 2048,	/* what may not be executed could not be, either */
	HINT_FAULTS = 4096,	/* the call is userfaultfd(2) */
	HINT_ALL = 8191,	/* those that are about what was found */
	HINT_UNSEEN = 8192,	/* nobody could look at the path */
};

enum { NEED_X = 1, NEED_W = 2, NEED_R = 4 };	/* as the kernel's MAY_EXEC ... */

#define REASON_PATH 4096
#define REASON_MOUNT 1024
#define REASON_WORD 256
#define REASON_TYPE 32

struct reason {
	uint32_t kind;			/* enum why_kind */
	int32_t err;			/* errno that the kernel says; 0: none, or not known */
	uint32_t mode;			/* type and permission bits of path */
	uint32_t uid, gid;		/* of its owner: the host's ids */
	uint32_t in_uid, in_gid, in_id;	/* what the container has for these and id, if `inside` */
	uint32_t whose;			/* enum why_class that applied */
	uint32_t need;			/* NEED_R | NEED_W | NEED_X of which one is not granted */
	uint32_t id;			/* of an ACL's entry, or the one that is not mapped */
	uint32_t mask;			/* of the ACL, if it takes rights away; else 7 */
	uint64_t caps;			/* any one of them would have helped */
	uint64_t opens;			/* of WHY_SECCOMP: with any one of them the profile, the
					 * engine's own, would let it through */
	uint64_t number, limit;
	uint32_t kept_uid;		/* what who asks is on disk, below mapped ids */
	uint64_t hard;			/* of WHY_RLIMIT: that the process may raise it to */
	uint64_t most;			/* of a limit: the highest that a runtime of this node could
					 * set; 0: not known */
	uint8_t guess;			/* by elimination: nothing proves it */
	uint8_t host_ns;		/* caps count only in the host's user namespace */
	uint8_t dir;			/* path is the directory of what was asked for */
	uint8_t ro;			/* the mount is read-only, whatever else refuses it */
	uint8_t rights;			/* of a read-only mount: the directory refuses it, too */
	uint8_t filled;			/* enum dir_fill of the directory, reason_dir() */
	uint8_t mapping;		/* enum mount_ids */
	uint8_t nested;			/* who asks is in a user namespace of its own, which is
					 * neither the container's nor the host's */
	uint8_t inside;			/* reason_inside() was told */
	uint16_t hint;			/* any of enum why_hint */
	uint8_t path_cut;		/* path is longer than shown: its end is missing */
	char path[REASON_PATH];		/* "" if it is about none */
	char mount[REASON_MOUNT];	/* mount point, as the container sees it */
	char type[REASON_TYPE];		/* of the file system */
	char word[REASON_WORD];
};

/* "read-only-mount"; never NULL. */
const char *why_name(enum why_kind kind);
/* Is it refused? WHY_OPEN: that cannot be told. */
enum why_verdict { WHY_DENIED, WHY_ALLOWED, WHY_OPEN };
enum why_verdict reason_verdict(const struct reason *r);
const char *why_class_name(enum why_class whose);
/* "rx" of NEED_R | NEED_X; "" of none. */
const char *why_need(uint32_t need);
/* Text and numbers of another process: every string has an end, every word is one of its table. */
bool reason_check(struct reason *r);
/* Cuts what is too long; sets path_cut. */
void reason_path(struct reason *r, const char *path);
/* The directory that it is about, or that is about it: false if it is not known. */
bool reason_dir(const struct reason *r, char *ret, size_t room);
/* Of ids: what the container has for them, which is then told first. */
void reason_inside(struct reason *r, const struct idmap *uids, const struct idmap *gids);
/* Of what was asked for by this path: HINT_PYCACHE? */
void reason_hint(struct reason *r, const char *path);
/* Of this call: HINT_HOSTNAME, HINT_DOMAINNAME? */
void reason_call(struct reason *r, unsigned int nr);
/* "/etc/shadow is 0600 0:0; as other it has ---, needs r--": one line, without an end. Ids are the
 * container's, and the host's in addition where they differ. */
void reason_text(struct buf *b, const struct reason *r);

#endif
