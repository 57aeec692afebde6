/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/sysctl.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/sys/cover.h"
#include "nsdebug/sys/ids.h"
#include "nsdebug/sys/mounts.h"
#include "nsdebug/why/stand.h"
#include "nsdebug/why/walk.h"

/* Whose bits apply, which they are, and which capabilities would give more. */
struct rule {
	enum why_class whose;
	uint32_t bits;
	uint64_t caps;
	uint64_t owner;		/* over which these count: a user namespace; 0: one's own */
	uint32_t uid, gid;	/* of the host, whose file it is */
};

const char *sysctl_name(const struct walk *w, const struct step *s)
{
	static char path[2 * WALK_PATH];
	char at[WALK_PATH];
	const char *root, *name;

	if (!stand_in_procfs(s))
		return NULL;
	snprintf(at, sizeof(at), "%.*s", s->len ? (int)s->len : 1, s->len ? w->path : "/");
	root = s->mount->root;
	name = cover_below(at, s->mount->point);
	snprintf(path, sizeof(path), "%s%s", root[1] ? root : "", name ? name : "");
	name = cover_below(path, "/sys");
	return name ? name + (*name == '/') : NULL;
}

/* Not where it is known that it has them in another user namespace than this one. */
static bool has_over(const struct walk *w, uint64_t owner, uint64_t caps)
{
	const struct creds *c = &w->ask->creds;

	return c->cap_eff & caps && (c->host_user_ns || !owner || !c->user_ns ||
				     c->user_ns == owner);
}

static bool in_egroup(const struct creds *c, uint32_t gid)
{
	struct creds as = *c;

	as.fsgid = c->egid;
	return creds_in_group(&as, gid);
}

/* test_perm(): as of a file of these ids. */
static void rule_of_mode(const struct walk *w, const struct step *s, struct rule *r)
{
	const struct creds *c = &w->ask->creds;
	uint32_t mode = s->st.stx_mode;

	r->whose = c->euid == r->uid ? CLASS_OWNER : in_egroup(c, r->gid) ? CLASS_GROUP :
		CLASS_OTHER;
	r->bits = r->whose == CLASS_OWNER ? mode >> 6 : r->whose == CLASS_GROUP ? mode >> 3 : mode;
}

static void rule_of_caps(const struct walk *w, const struct step *s, struct rule *r)
{
	if (!has_over(w, r->owner, r->caps))
		return;
	r->whose = CLASS_OWNER;
	r->bits = s->st.stx_mode >> 6;
}

/* Root of the user namespace that the other one belongs to. */
static void take_root(const struct walk *w, uint64_t owner, struct rule *r)
{
	const struct access_site *site = w->site;

	if (owner != site->user_ns)
		return;
	r->uid = idmap_outside(site->uids, 0);
	r->gid = idmap_outside(site->gids, 0);
}

static bool is_ipc(const char *name)
{
	static const char *const names[] = { "shmmax", "shmall", "shmmni", "shm_rmid_forced",
		"msgmax", "msgmni", "auto_msgmni", "msgmnb", "sem", "sem_next_id", "msg_next_id",
		"shm_next_id" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_prefix(name, "kernel/") && !strcmp(name + strlen("kernel/"), names[i]))
			return true;
	return str_prefix(name, "fs/mqueue/");
}

static bool is_next_id(const char *name)
{
	size_t len = strlen(name), end = strlen("_next_id");

	return len > end && !strcmp(name + len - end, "_next_id");
}

static void rule_of_ipc(const struct walk *w, const struct step *s, const char *name,
			struct rule *r)
{
	const struct access_site *site = w->site;

	r->owner = site->ipc_owner;
	if (site->ipc_by_owner)
		take_root(w, site->ipc_owner, r);
	rule_of_mode(w, s, r);
	if (!is_next_id(name))
		return;
	r->caps = CREDS_CAP(CHECKPOINT_RESTORE) | CREDS_CAP(SYS_ADMIN);
	rule_of_caps(w, s, r);
}

/* What everybody may is to read; root is nobody in particular. */
static void rule_of_user(const struct walk *w, const struct step *s, struct rule *r)
{
	r->whose = CLASS_OTHER;
	r->bits = s->st.stx_mode & NEED_R;
	r->caps = CREDS_CAP(SYS_RESOURCE);
	rule_of_caps(w, s, r);
}

static void find_rule(const struct walk *w, const struct step *s, const char *name, struct rule *r)
{
	const struct access_site *site = w->site;

	if (S_ISDIR(s->st.stx_mode)) {
		rule_of_mode(w, s, r);
	} else if (str_prefix(name, "user/")) {
		rule_of_user(w, s, r);
	} else if (is_ipc(name)) {
		rule_of_ipc(w, s, name, r);
	} else if (str_prefix(name, "net/")) {
		rule_of_mode(w, s, r);
		r->owner = site->net_owner;
		r->caps = CREDS_CAP(NET_ADMIN);
		rule_of_caps(w, s, r);
	} else if (!strcmp(name, "kernel/pid_max") && site->pid_by_owner) {
		take_root(w, site->pid_owner, r);
		rule_of_mode(w, s, r);
		r->owner = site->pid_owner;
		r->caps = CREDS_CAP(SYS_ADMIN);
		rule_of_caps(w, s, r);
	} else {
		rule_of_mode(w, s, r);
	}
}

int sysctl_judge(const struct walk *w, const struct step *s, const char *name, uint32_t need)
{
	const struct creds *c = &w->ask->creds;
	struct rule r = { 0 };

	find_rule(w, s, name, &r);
	if ((need & ~r.bits & 7) == 0)
		return 0;
	stand_refuse(w, s, WHY_SYSCTL, EACCES);
	w->why->uid = r.uid;
	w->why->gid = r.gid;
	w->why->whose = r.whose;
	w->why->need = need;
	/* if its own bits would do */
	w->why->caps = (need & ~(s->st.stx_mode >> 6) & 7) == 0 ? r.caps & ~c->cap_eff : 0;
	w->why->host_ns = r.owner && !c->host_user_ns && c->user_ns && c->user_ns != r.owner;
	if (w->why->host_ns)
		w->why->caps = r.caps;
	return -1;
}
