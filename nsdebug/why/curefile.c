/* SPDX-License-Identifier: Apache-2.0 */
/*
 * curefile - cures of what files and mounts refuse.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/sys/ids.h"
#include "nsdebug/sys/mounts.h"
#include "nsdebug/why/curing.h"

/* ---- where ---- */

/* A volume there would hide what the program needs, or is impossible. */
static bool is_systems(const char *dir)
{
	static const char *const all[] = { "/bin", "/sbin", "/lib", "/lib64", "/usr", "/etc",
		"/proc", "/sys", "/dev", "/boot" };
	const char *end = strchrnul(dir + 1, '/');

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if ((size_t)(end - dir) == strlen(all[i]) &&
		    !strncmp(dir, all[i], strlen(all[i])))
			return true;
	return !dir[0] || !dir[1];
}

void curing_find_dir(struct making *m)
{
	if (!reason_dir(m->r, m->dir, sizeof(m->dir)) || is_systems(m->dir) ||
	    !curing_plain(m->dir))
		m->dir[0] = '\0';
}

static bool is_on_root(const struct reason *r)
{
	return !r->mount[0] || !strcmp(r->mount, "/");
}

static bool is_below(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return !strncmp(path, dir, len) && (!path[len] || path[len] == '/');
}

/* What the kernel shows there is no volume, whatever mounts it. */
static bool is_kernels(const struct reason *r)
{
	return mounts_of_kernel(r->type) || is_below(r->path, "/proc") || is_below(r->path, "/sys");
}

/* /dev itself is the runtime's; what is mounted below it need not be. */
static bool is_devs(const struct reason *r)
{
	return is_below(r->path, "/dev") && (is_on_root(r) || !strcmp(r->mount, "/dev"));
}

bool curing_kernels(struct making *m)
{
	const struct reason *r = m->r;

	if (is_kernels(r))
		TEXT(m, "it is the kernel's%s%s, and so the node's: leave it to the node, or to a "
		     "daemon of its own", r->type[0] ? ": " : "", r->type);
	else if (is_devs(r))
		TEXT(m, "/dev is made by the runtime: let it make a device there (--device, in "
		     "Kubernetes a device plugin); write files elsewhere: /dev/shm or /tmp");
	else
		return false;
	return true;
}

/* ---- something to write to ---- */

/* runc gives it the mode of the directory that it hides, whatever is asked for, and root as its
 * owner; podman takes no ids, but U for those of who runs. */
static void put_tmpfs(struct making *m, const char *dir, const char *options)
{
	curing_say(m->cure->docker, "--tmpfs %s:%suid=%u,gid=%u", dir, options, m->uid, m->gid);
	curing_say(m->cure->podman, "--tmpfs %s:%sU", dir, options);
}

/* group: 0: as it is. */
static void put_empty_dir(struct making *m, const char *dir, uint32_t group)
{
	char name[CURING_NAME], all[48] = "";

	curing_volume_name(name, dir);
	if (group)
		snprintf(all, sizeof(all), "securityContext: {fsGroup: %u}, ", group);
	KUBERNETES(m, "spec: {%svolumes: [{name: %s, emptyDir: {}}], containers: [{name: "
		   "CONTAINER, volumeMounts: [{name: %s, mountPath: %s}]}]}", all, name, name, dir);
}

/* Something that can be written to, and is gone with the container. */
static void put_scratch(struct making *m)
{
	put_empty_dir(m, m->dir, 0);
	put_tmpfs(m, m->dir, "");
}

/* Would it be its own to write to, were it not for the mount? */
static bool is_writers(const struct making *m)
{
	const struct reason *r = m->r;
	unsigned int shift = r->uid == m->c->fsuid ? 6 : creds_in_group(m->c, r->gid) ? 3 : 0;

	return r->mode >> shift & NEED_W;
}

static bool is_tmp_read_only(const struct reason *r)
{
	return r->hint & HINT_TMP_ON_ROOT && is_on_root(r) &&
		(r->ro || r->kind == WHY_READ_ONLY_MOUNT || r->kind == WHY_READ_ONLY_FS);
}

/* A named volume of an engine begins with what the image has there, and its owners. */
static void put_copy(struct making *m, const char *before)
{
	bool own = is_writers(m);
	char name[CURING_NAME];

	TEXT(m, "%swrite elsewhere: %sa new directory, with something mounted on it. %s is not "
	     "empty: a tmpfs or emptyDir would hide what is in it; a named volume of docker or "
	     "podman copies that%s", before, is_below(m->dir, "/tmp") ? "" : "/tmp or ", m->dir,
	     own ? "" : " with its owners: let it belong to the user in the image, or option U");
	curing_volume_name(name, m->dir);
	if (own)
		curing_say(m->cure->docker, "--volume %s:%s", name, m->dir);
	curing_say(m->cure->podman, "--volume %s:%s:U", name, m->dir);
}

static void put_place(struct making *m, const char *before)
{
	if (!m->dir[0] && is_tmp_read_only(m->r)) {
		TEXT(m, "%swrite elsewhere: /tmp, with something mounted on it, for it is on the "
		     "read-only root, too; or a volume", before);
		snprintf(m->dir, sizeof(m->dir), "/tmp");
		put_scratch(m);
	} else if (!m->dir[0]) {
		TEXT(m, "%swrite elsewhere: /tmp, if the image has it, or a volume", before);
	} else if (m->r->filled == DIR_FILLED) {
		put_copy(m, before);
	} else {
		TEXT(m, "%smount something that can be written to on %s%s", before, m->dir,
		     m->r->filled == DIR_EMPTY ? "" :
		     ", if it is empty: what the image has there would be hidden");
		put_scratch(m);
	}
}

/* What the image has below a mount is not seen. */
void curing_absent(struct making *m)
{
	const char *where = is_on_root(m->r) ? "in the image" : m->r->hint & HINT_TMPFS ?
		"in the program, anew with each start," : "where the volume comes from";

	if (curing_kernels(m))
		return;
	if (!(m->r->need & NEED_W) || !m->dir[0]) {
		TEXT(m, "make the directory %s, or mount a volume there", where);
		return;
	}
	TEXT(m, "make the directory %s for user %u, or mount something that can be written to on "
	     "%s", where, m->uid, m->dir);
	put_scratch(m);
}

/* ---- rights ---- */

/* The group bits would do. Root's group is no other's: what it may use is root's. */
bool curing_group_does(const struct making *m)
{
	const struct reason *r = m->r;
	bool mapped = m->group != ID_UNMAPPED || r->gid == ID_UNMAPPED;

	return r->kind == WHY_MODE && r->whose == CLASS_OTHER && r->gid && m->group &&
		mapped && (r->mode >> 3 & r->need & 7) == r->need;
}

/* "user 7", and where the host has another number for it, or what is on disk, that. */
static const char *host_user(const struct making *m)
{
	static char text[80];

	if (m->r->mapping == MOUNT_IDS_KNOWN)
		snprintf(text, sizeof(text), "%u, its number on disk: the mount maps ids",
			 m->r->kept_uid);
	else if (m->r->mapping == MOUNT_IDS_UNKNOWN)
		snprintf(text, sizeof(text), "what the mount, which maps ids, makes %u of",
			 m->c->fsuid);
	else if (m->c->fsuid == m->uid)
		snprintf(text, sizeof(text), "%u", m->uid);
	else
		snprintf(text, sizeof(text), "%u, its number there", m->c->fsuid);
	return text;
}

/* It changes the owner of all that is there. */
#define OPTION_U ", option U of podman, which takes all that is there from whoever has it"

static void put_owned_volume(struct making *m)
{
	if (curing_plain(m->r->mount))
		curing_say(m->cure->podman, "--volume SOURCE:%s:U", m->r->mount);
}

/* fsGroup is one of the process's groups then, whatever its first one is; never root's. */
static uint32_t fs_group(const struct making *m)
{
	return m->gid ? m->gid : m->uid;
}

/* The kubelet gives the group to volumes of its own only. */
static const char *by_group(const struct making *m)
{
	return m->r->hint & HINT_HOST_PATH ? "chgrp and chmod g+rwX on the host, fsGroup leaves a "
		"hostPath as it is" : "fsGroup; by hand chgrp and chmod g+rwX";
}

static void put_fs_group(struct making *m)
{
	if (fs_group(m) && !(m->r->hint & HINT_HOST_PATH))
		KUBERNETES(m, "spec: {securityContext: {fsGroup: %u}}", fs_group(m));
}

/* What the group of a volume may is not all: it may be read-only besides. */
static void put_group_and_mount(struct making *m)
{
	char group[48] = "";

	if (fs_group(m) && !(m->r->hint & HINT_HOST_PATH))
		snprintf(group, sizeof(group), "securityContext: {fsGroup: %u}, ", fs_group(m));
	KUBERNETES(m, "spec: {%scontainers: [{name: CONTAINER, volumeMounts: [{mountPath: %s, "
		   "readOnly: false}]}]}", group, m->r->mount);
}

/* "belong to group 7 (fsGroup), or its files to"; nothing is given to root's group. */
static const char *to_group(const struct making *m)
{
	static char text[160];

	if (!fs_group(m))
		return "belong to";
	snprintf(text, sizeof(text), "belong to group %u (%s), or its files to", fs_group(m),
		 by_group(m));
	return text;
}

static void put_memory(struct making *m, const char *options, uint32_t group)
{
	if (!curing_plain(m->r->mount))
		return;
	put_tmpfs(m, m->r->mount, options);
	put_empty_dir(m, m->r->mount, group);
	strncat(m->cure->text, "; its other options, such as size, are to be kept",
		CURE_TEXT - strlen(m->cure->text) - 1);
}

/* A tmpfs of the container's own is new with each start: nothing of it is on the host, and what is
 * below it the container has made. */
static bool cure_of_tmpfs(struct making *m)
{
	const struct reason *r = m->r;
	uint32_t group = r->kind == WHY_OWNER ? 0 : fs_group(m);

	if (!(r->hint & HINT_TMPFS))
		return false;
	TEXT(m, "it is in memory, and new with each start: mount %s%s for user %u (--tmpfs with "
	     "uid, gid or mode; with podman U%s)%s", r->mount, r->rights || (r->ro &&
	     r->need & NEED_W) ? " without ro, and" : "", m->uid, group ?
	     "; an emptyDir with fsGroup" : "", !r->rights && strcmp(r->path, r->mount) ?
	     "; and let who makes this in it do so as that user, or give it to it" : "");
	put_memory(m, "", group);
	if (!group)
		m->cure->kubernetes[0] = '\0';
	return true;
}

/* Besides what its files are: the mount. */
static void cure_of_both(struct making *m)
{
	if (cure_of_tmpfs(m))
		return;
	put_owned_volume(m);
	TEXT(m, "two things: mount the volume on %s without ro (readOnly: false); and let it %s "
	     "user %u: chown on the host to %s" OPTION_U, m->r->mount, to_group(m), m->uid,
	     host_user(m));
	if (curing_plain(m->r->mount) && fs_group(m))
		put_group_and_mount(m);
}

/* fsGroup gives a group the right to read and write, not to run, and makes no owner. */
static void cure_of_volume(struct making *m)
{
	const struct reason *r = m->r;
	bool runs = r->need & NEED_X && !S_ISDIR(r->mode);

	if (cure_of_tmpfs(m))
		return;
	put_owned_volume(m);
	if (r->ro && r->need & NEED_W) {
		cure_of_both(m);
	} else if (r->kind == WHY_OWNER) {
		TEXT(m, "only an owner may: let what is on %s belong to user %u (chown on the host "
		     "to %s" OPTION_U "); a group (fsGroup) is not enough", r->mount, m->uid,
		     host_user(m));
	} else if (runs) {
		TEXT(m, "chmod a+x where the volume on %s comes from, or let it belong to user %u "
		     "(chown on the host to %s)", r->mount, m->uid, host_user(m));
	} else {
		TEXT(m, "let the volume on %s %s user %u: chown on the host to %s" OPTION_U,
		     r->mount, to_group(m), m->uid, host_user(m));
		put_fs_group(m);
	}
}

/* Of the root: in the image. It may be read-only besides, for the mount is asked last. */
static void cure_of_image(struct making *m)
{
	const struct reason *r = m->r;
	char before[160];

	if (!(r->need & NEED_W)) {
		TEXT(m, "in the image: let it belong to user %u (COPY --chown=%u), or chmod %c+%s",
		     m->uid, m->uid, r->whose == CLASS_GROUP ? 'g' : 'o', why_need(r->need));
	} else if (r->ro) {
		snprintf(before, sizeof(before), "to let it belong to user %u in the image (COPY "
			 "--chown=%u) is not enough, the root is read-only besides: ", m->uid,
			 m->uid);
		put_place(m, before);
	} else {
		snprintf(before, sizeof(before), "let it belong to user %u in the image (COPY "
			 "--chown=%u where it is first made there), or ", m->uid, m->uid);
		put_place(m, before);
	}
}

static void put_mount_besides(struct making *m)
{
	size_t len = strlen(m->cure->text);

	if (m->r->ro && m->r->need & NEED_W && !is_on_root(m->r))
		snprintf(m->cure->text + len, sizeof(m->cure->text) - len, "; and mount the %s on "
			 "%.100s without ro besides", m->r->hint & HINT_TMPFS ? "tmpfs" : "volume",
			 m->r->mount);
}

/* Another group would be of no use: it is in this one, and others have nothing to say. */
static void cure_of_own_group(struct making *m)
{
	TEXT(m, "its group is one of the process's own: chmod g+%s where the volume on %s comes "
	     "from, or let it belong to user %u: chown on the host to %s" OPTION_U,
	     why_need(m->r->need), m->r->mount, m->uid, host_user(m));
	put_owned_volume(m);
	put_mount_besides(m);
}

static void cure_of_mode(struct making *m)
{
	const struct reason *r = m->r;

	if (curing_powers(m))
		return;
	if (curing_group_does(m)) {
		TEXT(m, "put the process into group %u, which may%s", m->group, S_ISCHR(r->mode) ?
		     ": so it may use every device of that group" :
		     S_ISSOCK(r->mode) && !r->uid ? ": it can then ask of root's server what "
		     "that group may; look at what that is" : "");
		KUBERNETES(m, "spec: {securityContext: {supplementalGroups: [%u]}}", m->group);
		curing_both(m, "--group-add %u", m->group);
		put_mount_besides(m);
	} else if (curing_kernels(m)) {
		return;
	} else if (r->whose != CLASS_OWNER && (r->mode >> 6 & r->need) != r->need) {
		TEXT(m, "nobody may: chmod a+%s, %s", why_need(r->need),
		     is_on_root(r) ? "in the image" : r->hint & HINT_TMPFS ?
		     "where the container makes it" : "where the volume comes from");
		put_mount_besides(m);
	} else if (r->whose == CLASS_OWNER) {
		TEXT(m, "it is its own: chmod u+%s, %s", why_need(r->need), r->hint & HINT_TMPFS ?
		     "by the program" : !is_on_root(r) ?
		     "where the volume comes from or by the program" : r->ro ? "in the image" :
		     "in the image or by the program");
		put_mount_besides(m);
	} else if (is_on_root(r)) {
		cure_of_image(m);
	} else if (r->whose == CLASS_GROUP && !(r->hint & HINT_TMPFS)) {
		cure_of_own_group(m);
	} else {
		cure_of_volume(m);
	}
}

/* As whom an ACL on the host names who asks. */
static const char *entry_user(const struct making *m)
{
	static char text[16];

	if (m->r->mapping == MOUNT_IDS_UNKNOWN)
		return "ID";
	snprintf(text, sizeof(text), "%u", m->r->mapping ? m->r->kept_uid : m->c->fsuid);
	return text;
}

/* An entry of one's own stands above the group, and above what the owner's group may. */
static void cure_of_acl(struct making *m)
{
	const struct reason *r = m->r;
	bool own = r->whose == CLASS_ACL_USER;

	if (curing_powers(m) || curing_kernels(m) || cure_of_tmpfs(m))
		return;
	TEXT(m, "%s: setfacl -m u:%s:%s, or let it belong to user %u (chown to %s); %s",
	     is_on_root(r) ? "in the image" : "where the volume comes from, on the host",
	     entry_user(m), why_need(r->need), m->uid, host_user(m),
	     own ? "no group helps against an entry of the user's own" :
	     "an entry for the user stands above those of groups");
	put_mount_besides(m);
	if (!is_on_root(r))
		put_owned_volume(m);
}

static void cure_of_owner(struct making *m)
{
	bool has_group = creds_in_group(m->c, m->r->gid), memory = m->r->hint & HINT_TMPFS;

	if (curing_kernels(m))
		return;
	if (m->r->kind == WHY_CHOWN)
		curing_capability(m, is_on_root(m->r) ? "do not chown at run time: set the owner "
				  "in the image (COPY --chown)" : memory ?
				  "do not chown at run time: let who makes it be its owner (of "
				  "the mount itself: --tmpfs with uid and gid)" : has_group ?
				  "do not chown at run time: set the owner where the volume comes "
				  "from" : "do not chown at run time: set the owner where the "
				  "volume comes from, or its group (fsGroup)");
	else if (!is_on_root(m->r))
		cure_of_volume(m);
	else
		TEXT(m, "let it belong to user %u in the image (COPY --chown=%u)%s", m->uid, m->uid,
		     m->r->ro ? "; the root is read-only besides: then it is to be right in the "
		     "image" : "");
	if (m->r->kind == WHY_CHOWN && !is_on_root(m->r) && !has_group && !memory)
		put_fs_group(m);
}

static void cure_of_unmapped(struct making *m)
{
	const struct reason *r = m->r;

	if (!r->path[0] && !r->nested) {
		TEXT(m, "let the program use an id that the container has, or give the container "
		     "more of them where it is made (podman: --uidmap, --gidmap; /etc/subuid)");
		return;
	}
	if (curing_powers(m) || curing_kernels(m))
		return;
	if (r->nested) {
		TEXT(m, "what a user namespace of the process's own (unshare, a sandbox) gives it "
		     "counts for the ids that it has mapped there, not for this one: do it before, "
		     "or outside of it");
		return;
	}
	TEXT(m, "its owner, %u on the host, does not exist in this user namespace: chown it on the "
	     "host to %s%s", r->id, host_user(m), is_on_root(r) ? "" : OPTION_U);
	put_mount_besides(m);
	if (!is_on_root(r))
		put_owned_volume(m);
}

bool curing_rights(struct making *m)
{
	switch (m->r->kind) {
	case WHY_MODE:
		cure_of_mode(m);
		return true;
	case WHY_ACL:
		cure_of_acl(m);
		return true;
	case WHY_OWNER:
	case WHY_CHOWN:
		cure_of_owner(m);
		return true;
	case WHY_UNMAPPED:
		cure_of_unmapped(m);
		return true;
	case WHY_IDMAPPED:
		TEXT(m, "mount it with a map that has its owner, its group and user %s; or chown "
		     "it on the host to ids that the map has", host_user(m));
		return true;
	case WHY_PROTECTED_HARDLINK:
		TEXT(m, "copy it instead; or let the file belong to user %u, or be readable and "
		     "writable for it: only such files may be linked to", m->uid);
		return true;
	case WHY_STICKY:
	case WHY_PROTECTED_SYMLINK:
	case WHY_PROTECTED_CREATE:
		TEXT(m, "use a directory of its own instead of one that all write to: below it, "
		     "or mounted for it");
		return true;
	case WHY_IMMUTABLE:
		TEXT(m, "on the host: chattr -i, or write elsewhere");
		return true;
	case WHY_APPEND_ONLY:
		TEXT(m, "open it for appending (O_APPEND), or on the host: chattr -a");
		return true;
	case WHY_CAPABILITY:
		curing_capability(m, "");
		return true;
	case WHY_PTRACE:
		curing_capability(m, "run both processes as one user, with the same capabilities");
		return true;
	default:
		return false;
	}
}

/* ---- mounts ---- */

static void cure_of_read_only(struct making *m)
{
	const struct reason *r = m->r;

	if (str_prefix(r->path, "/proc/sys/")) {
		curing_sysctl(m);
	} else if (curing_kernels(m)) {
		return;
	} else if (is_on_root(r)) {
		put_place(m, "leave the root read-only and ");
	} else if (r->rights) {
		cure_of_both(m);
	} else if (r->hint & HINT_TMPFS) {
		TEXT(m, "mount %s without ro", r->mount);
		put_memory(m, "", 0);
	} else {
		TEXT(m, "mount the volume on %s without ro (readOnly: false)", r->mount);
		if (curing_plain(r->mount)) {
			KUBERNETES(m, "spec: {containers: [{name: CONTAINER, volumeMounts: "
				   "[{mountPath: %s, readOnly: false}]}]}", r->mount);
			curing_both(m, "--volume SOURCE:%s:rw", r->mount);
		}
	}
}

static void cure_of_noexec(struct making *m)
{
	const struct reason *r = m->r;

	if (!(r->hint & HINT_TMPFS) || !curing_plain(r->mount)) {
		TEXT(m, "put the program into the image, or what is mounted on %s where it may be "
		     "executed: another volume, or on the host remount,exec", r->mount);
		return;
	}
	TEXT(m, "put the program into the image, or mount %s without noexec", r->mount);
	put_memory(m, "exec,", 0);
}

bool curing_mounts(struct making *m)
{
	switch (m->r->kind) {
	case WHY_READ_ONLY_MOUNT:
	case WHY_READ_ONLY_FS:
		cure_of_read_only(m);
		return true;
	case WHY_SYSCTL:
		curing_sysctl(m);
		return true;
	case WHY_NOEXEC:
		cure_of_noexec(m);
		return true;
	case WHY_NODEV:
	case WHY_DEVICE:
		/* which one it is its name does not tell: the container may have made it */
		TEXT(m, "if it is a device that a container may have, let the runtime make it in "
		     "the container's /dev (--device, with the host's name of it; in Kubernetes a "
		     "device plugin does); a disk, or memory, is as good as root on the node: "
		     "leave that to the node");
		return true;
	case WHY_CROSS_DEVICE:
		TEXT(m, "copy and remove instead of a rename; or use a directory of one mount for "
		     "both");
		return true;
	case WHY_RESOLVE:
		TEXT(m, "the program itself asks for this: name what is below the directory that "
		     "it begins at, and on the same mount, or leave that flag out");
		return true;
	case WHY_MASKED:
		TEXT(m, "the runtime hides it from containers: %s", m->r->err != EROFS ? "the "
		     "program has to do without" : "take it out of maskedPaths (podman: mask=)");
		return true;
	default:
		return false;
	}
}
