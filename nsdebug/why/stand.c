/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/stand.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/enter/root.h"
#include "nsdebug/sys/cover.h"
#include "nsdebug/sys/devrules.h"
#include "nsdebug/sys/ids.h"
#include "nsdebug/sys/mounts.h"
#include "nsdebug/why/owner.h"
#include "nsdebug/why/perm.h"
#include "nsdebug/why/sysctl.h"
#include "nsdebug/why/walk.h"

#define ACL_BYTES 65536		/* XATTR_SIZE_MAX */

/* ---- saying so ---- */

/* On disk who asks is another one, where a mount maps ids. */
static void put_kept(struct reason *r, const struct mount *m, uint32_t uid)
{
	r->mapping = !m->idmapped ? MOUNT_IDS_SAME : m->uids && idmap_has(m->uids, uid) ?
		MOUNT_IDS_KNOWN : MOUNT_IDS_UNKNOWN;
	if (r->mapping == MOUNT_IDS_KNOWN)
		r->kept_uid = idmap_inside(m->uids, uid);
}

static void put_place(struct reason *r, const struct walk *w, const struct step *s)
{
	if (!s->mount)
		return;
	put_kept(r, s->mount, w->ask->creds.fsuid);
	snprintf(r->mount, sizeof(r->mount), "%s", s->mount->point);
	snprintf(r->type, sizeof(r->type), "%s", s->mount->type);
	/* who connects changes nothing there */
	r->ro = w->ask->op != OP_CONNECT && mounts_option(s->mount->options, "ro");
}

static void put_path(struct reason *r, const struct walk *w, const struct step *s)
{
	char path[REASON_PATH];
	int n = snprintf(path, sizeof(path), "%.*s", s->len ? (int)s->len : 1,
			 s->len ? w->path : "/");

	reason_path(r, path);
	r->path_cut = n >= (int)sizeof(path);
}

int stand_refuse(const struct walk *w, const struct step *s, enum why_kind kind, int err)
{
	struct reason *r = w->why;

	*r = (struct reason){ .kind = kind, .err = err, .mask = 7, .mode = s->st.stx_mode,
		.uid = s->st.stx_uid, .gid = s->st.stx_gid };
	put_path(r, w, s);
	put_place(r, w, s);
	return -1;
}

static bool is_kernels_place(const struct mount *m)
{
	return cover_below(m->point, "/proc") || cover_below(m->point, "/sys");
}

/* Elsewhere it is told from a read-only tmpfs that somebody wanted: engines make those nosuid. That
 * of runc 1.1 is read-only itself and has no option, that of crun 1.8 has no room. */
static bool is_mask_of(const struct mount *m)
{
	return !strcmp(m->source, "tmpfs") && !strcmp(m->root, "/") &&
		!mounts_option(m->options, "nosuid") && !mounts_option(m->options, "nodev") &&
		(mounts_option(m->fs_options, "size=0k") ||
		 (mounts_option(m->fs_options, "ro") && !strstr(m->fs_options, "size=") &&
		  !strstr(m->fs_options, "mode=")));
}

/* What a runtime masks it hides below an empty file system that nobody can write to. */
static bool is_mask(const struct mount *m)
{
	return m && !strcmp(m->type, "tmpfs") && mounts_option(m->options, "ro") &&
		(is_kernels_place(m) || is_mask_of(m));
}

int stand_absent(const struct walk *w, const struct step *s)
{
	if (stand_hidden(w, s))
		return stand_refuse(w, s, WHY_HIDEPID, ENOENT);
	return stand_refuse(w, s, is_mask(s->mount) ? WHY_MASKED : WHY_ABSENT, ENOENT);
}

/* ---- mounts ---- */

bool stand_mount_says(const struct step *s, const char *word)
{
	return s->mount && mounts_option(s->mount->options, word);
}

static bool is_type(const struct step *s, const char *type)
{
	return s->mount && !strcmp(s->mount->type, type);
}

bool stand_served(const struct step *s)
{
	return s->mount && s->mount->served;
}

bool stand_waits(const struct access_site *site, const struct access_ask *a, const struct mount *m)
{
	const struct cover *c = site->cover;

	return m && !a->named && (m->served || m->stacked) &&
		(c->root == NO_MOUNT || m != &c->mounts->items[c->root]);
}

/* These have no programs and no devices whatever their mounts say. */
static bool is_kernels(const struct step *s)
{
	return is_type(s, "proc") || is_type(s, "sysfs") || is_type(s, "mqueue");
}

bool stand_noexec(const struct step *s)
{
	return stand_mount_says(s, "noexec") || is_kernels(s);
}

bool stand_nodev(const struct step *s)
{
	return stand_mount_says(s, "nodev") || is_kernels(s);
}

/* The first word is the kernel's; what follows may hold the target's, and commas in them. */
static bool is_read_only_fs(const struct step *s)
{
	return s->mount && str_prefix(s->mount->fs_options, "ro") &&
		(!s->mount->fs_options[2] || s->mount->fs_options[2] == ',');
}

int stand_writable(const struct walk *w, const struct step *s)
{
	if (stand_mount_says(s, "ro"))
		return stand_refuse(w, s, S_ISDIR(s->st.stx_mode) && is_mask(s->mount) &&
				    !is_kernels_place(s->mount) ? WHY_MASKED :
				    WHY_READ_ONLY_MOUNT, EROFS);
	if (is_read_only_fs(s))
		return stand_refuse(w, s, WHY_READ_ONLY_FS, EROFS);
	return 0;
}

/* ---- servers ---- */

/* Does the server look at modes, and not this kernel? */
static bool server_judges(const struct step *s)
{
	static const char *const local[] = { "9p", "virtiofs", "autofs", "ceph" };

	if (!stand_served(s) || mounts_option(s->mount->fs_options, "default_permissions"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(local); i++)
		if (is_type(s, local[i]))
			return false;
	return true;
}

/* What follows "user_id=" among the options of a file system; NULL: it is none of them. */
static const char *option_of(const char *options, const char *key)
{
	for (const char *p = options; p; p = strchr(p, ','), p += p != NULL)
		if (str_prefix(p, key))
			return p + strlen(key);
	return NULL;
}

static bool option_number(const char *options, const char *key, uint64_t *ret)
{
	const char *p = option_of(options, key);

	return p && scan_u64(&p, ret);
}

/* fuse_allow_current_process(): who mounted it keeps all others out, root too. */
static bool keeps_out(const struct walk *w, const struct step *s, uint64_t *user)
{
	const struct creds *c = &w->ask->creds;
	uint64_t group;

	if (!stand_served(s) || !str_prefix(s->mount->type, "fuse") ||
	    mounts_option(s->mount->fs_options, "allow_other") ||
	    !option_number(s->mount->fs_options, "user_id=", user) ||
	    !option_number(s->mount->fs_options, "group_id=", &group))
		return false;
	return c->uid != *user || c->euid != *user || c->gid != group || c->egid != group;
}

/* ---- procfs ---- */

bool stand_in_procfs(const struct step *s)
{
	return is_type(s, "proc");
}

const char *stand_in_proc(const struct walk *w, const struct step *s)
{
	static char path[WALK_PATH];

	if (!is_type(s, "proc") || strcmp(s->mount->root, "/"))
		return NULL;
	snprintf(path, sizeof(path), "%.*s", s->len ? (int)s->len : 1, s->len ? w->path : "/");
	return cover_below(path, s->mount->point);
}

static bool is_number(const char *path)
{
	return path && path[0] == '/' && path[1] >= '1' && path[1] <= '9';
}

bool stand_of_process(const struct walk *w, const struct step *s)
{
	return is_type(s, "proc") &&
		(is_number(s->mount->root) || is_number(stand_in_proc(w, s)));
}

bool stand_hidden(const struct walk *w, const struct step *s)
{
	return stand_of_process(w, s) && option_of(s->mount->fs_options, "hidepid=");
}

/* "/7/fd" of the one who asks: proc_fd_permission() */
static bool is_own_fds(const struct walk *w, const struct step *s)
{
	const char *at = stand_in_proc(w, s);
	char own[32];

	snprintf(own, sizeof(own), "/%u/fd", w->ask->pid);
	return at && w->ask->pid && !strcmp(at, own);
}

/* ---- the owner and the mode ---- */

static struct perm_file file_of(const struct walk *w, const struct step *s)
{
	struct perm_file f;

	owner_put(w->site, s->mount, &w->ask->creds, &s->st, &f);
	return f;
}

bool stand_is_lost(const struct walk *w, const struct step *s)
{
	return file_of(w, s).lost;
}

int stand_refuse_lost(const struct walk *w, const struct step *s, int err)
{
	return stand_refuse(w, s, WHY_IDMAPPED, err);
}

bool stand_is_users(const struct walk *w, const struct step *s, uint32_t uid)
{
	return s->st.stx_uid == uid && !file_of(w, s).uid_lost;
}

bool stand_is_groups(const struct walk *w, const struct step *s, uint32_t gid)
{
	return s->st.stx_gid == gid && !file_of(w, s).gid_lost;
}

bool stand_one_owner(const struct walk *w, const struct step *a, const struct step *b)
{
	return stand_is_users(w, a, b->st.stx_uid) && !file_of(w, b).uid_lost;
}

int stand_can_be(const struct walk *w, const struct step *s, uint32_t uid, uint32_t gid)
{
	if (owner_can_be(w->site, s->mount, &s->st, uid, gid))
		return 0;
	stand_refuse(w, s, WHY_IDMAPPED, EOVERFLOW);
	if (uid == UINT32_MAX || owner_can_be(w->site, s->mount, &s->st, uid, UINT32_MAX))
		snprintf(w->why->word, sizeof(w->why->word), "group %u of the host", gid);
	else
		snprintf(w->why->word, sizeof(w->why->word), "user %u of the host", uid);
	return -1;
}

/* A link of our own names the descriptor, so what it is cannot be exchanged. */
static void read_acl(const struct walk *w, const struct step *s, struct perm_file *f)
{
	static char acl[ACL_BYTES];
	char name[16];
	long n;

	snprintf(name, sizeof(name), "%d", s->fd);
	if (s->fd < 0 || s->made || fchdir(w->root->own_fds) < 0)
		return;
	n = getxattr(name, "system.posix_acl_access", acl, sizeof(acl));
	if (n <= 0)
		return;
	f->acl = acl;
	f->acl_len = (size_t)n;
}

bool stand_capable(const struct walk *w, const struct step *s, unsigned int cap)
{
	struct perm_file f = file_of(w, s);

	return f.uid_mapped && f.gid_mapped && creds_has(&w->ask->creds, cap);
}

bool stand_owns(const struct walk *w, const struct step *s)
{
	struct perm_file f = file_of(w, s);

	return (!f.uid_lost && s->st.stx_uid == w->ask->creds.fsuid) ||
		(f.uid_mapped && creds_has(&w->ask->creds, CAP_FOWNER));
}

int stand_refuse_owner(const struct walk *w, const struct step *s, enum why_kind kind, int err)
{
	struct perm_file f = file_of(w, s);

	if (f.uid_lost)
		return stand_refuse_lost(w, s, err);
	stand_refuse(w, s, f.uid_mapped ? kind : WHY_UNMAPPED, err);
	w->why->caps = CREDS_CAP(FOWNER);
	w->why->host_ns = !f.uid_mapped;
	w->why->id = s->st.stx_uid;
	return -1;
}

int stand_rules(struct walk *w, const struct step *s, uint32_t mode, uint64_t number,
		uint32_t access)
{
	const struct devrules *rules = w->site->devices;

	if (!rules || !number || (!S_ISCHR(mode) && !S_ISBLK(mode)))
		return 0;
	switch (devrules_ask(rules, S_ISBLK(mode), major(number), minor(number), access)) {
	case DEVRULES_YES:
		if (rules->kind == DEVRULES_ALL)
			w->note = "its device cgroup allows all, but for what the kernel does not "
				"tell";
		w->guess = rules->kind == DEVRULES_ALL || rules->kind == DEVRULES_UNKNOWN ||
			rules->some;
		return 0;
	case DEVRULES_NO:
		stand_refuse(w, s, WHY_DEVICE, EPERM);
		w->why->guess = rules->some;
		return -1;
	default:
		stand_refuse(w, s, WHY_UNKNOWN, 0);
		strcpy(w->why->word, "its device cgroup may refuse this device, and its rules "
		       "cannot be read: what is refused 'nsdebug trace denied' tells");
		return -1;
	}
}

/* devcgroup_inode_permission() */
static int stand_device(struct walk *w, const struct step *s, uint32_t need)
{
	return stand_rules(w, s, s->st.stx_mode,
			   makedev(s->st.stx_rdev_major, s->st.stx_rdev_minor),
			   (need & NEED_R ? DEV_READ : 0) | (need & NEED_W ? DEV_WRITE : 0));
}

int stand_permission(struct walk *w, const struct step *s, uint32_t need)
{
	struct perm_file f = file_of(w, s);
	struct reason why = { 0 };
	const char *name;
	uint64_t user;

	if (keeps_out(w, s, &user)) {
		stand_refuse(w, s, WHY_SERVER, EACCES);
		snprintf(w->why->word, sizeof(w->why->word), "mounted without allow_other: only "
			 "user %llu may use it", (unsigned long long)user);
		return -1;
	}
	if (server_judges(s) || is_own_fds(w, s))
		return 0;
	name = sysctl_name(w, s);
	if (name)
		return sysctl_judge(w, s, name, need);
	if (perm_wants_acl(&f, &w->ask->creds) && !stand_served(s))
		read_acl(w, s, &f);
	if (perm_judge(&f, &w->ask->creds, need, &why) == 0)
		return stand_device(w, s, need);
	put_path(&why, w, s);
	put_place(&why, w, s);
	*w->why = why;
	return -1;
}

int stand_inode(struct walk *w, const struct step *s, uint32_t need)
{
	mode_t mode = s->st.stx_mode;

	if (need & NEED_W) {
		if (is_read_only_fs(s) && (S_ISREG(mode) || S_ISDIR(mode) || S_ISLNK(mode)))
			return stand_refuse(w, s, WHY_READ_ONLY_FS, EROFS);
		if (s->st.stx_attributes & STATX_ATTR_IMMUTABLE)
			return stand_refuse(w, s, WHY_IMMUTABLE, EPERM);
	}
	return stand_permission(w, s, need);
}
