/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/advise/needs.h"

#include <linux/capability.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/sysdef.h"
#include "nsdebug/trace/words.h"
#include "nsdebug/why/creds.h"

#define WELL_KNOWN 1024		/* net.ipv4.ip_unprivileged_port_start, the same */
#define CHANGES (USED_WRITE | USED_CREATE | USED_REMOVE)

/* ---- users ---- */

/* The host's id as the container has it; where it is waited for, what the programs said of it. */
static uint64_t inside(const struct advice *a, const struct idmap *m, uint32_t host, uint32_t ns)
{
	if (a->target->next)
		return ns == UINT32_MAX ? NEEDS_UNKNOWN : ns;
	return idmap_has(m, host) ? idmap_inside(m, host) : NEEDS_UNKNOWN;
}

static uint64_t inside_uid(const struct advice *a, const struct used_cred *c)
{
	return inside(a, &a->target->uids, c->euid, c->ns_euid);
}

static uint64_t inside_gid(const struct advice *a, const struct used_cred *c)
{
	return inside(a, &a->target->gids, c->egid, c->ns_egid);
}

/* Of a container that is waited for its groups are not mapped: they are only known where they are
 * the host's. */
static void take_groups(struct advice *a, const struct used_cred *c)
{
	a->users_cut |= c->ngroups > USED_GROUPS;
	for (uint32_t i = 0; i < c->ngroups && i < USED_GROUPS; i++) {
		uint64_t gid = inside(a, &a->target->gids, c->groups[i],
				      c->ns_egid == c->egid ? c->groups[i] : UINT32_MAX);

		if (gid != a->gid && gid != NEEDS_UNKNOWN)
			a->groups[a->ngroups++] = gid;
	}
}

static void add_user(struct advice *a, const struct used_cred *c)
{
	uint64_t uid = inside_uid(a, c), gid = inside_gid(a, c);

	for (size_t i = 0; i < a->nusers; i++)
		if (a->users[i].uid == uid && a->users[i].gid == gid)
			return;
	if (a->nusers < NEEDS_USERS)
		a->users[a->nusers++] = (struct needs_user){ uid, gid, c->ns_pid == 1 };
	else
		a->users_cut = true;
}

static void find_users(struct advice *a)
{
	const struct used *u = a->u;
	const struct used_cred *first = u->ncreds ? &u->creds[0] : NULL;

	a->uid = a->gid = NEEDS_UNKNOWN;
	for (size_t i = u->ncreds; i-- > 0;)
		if (u->creds[i].ns_pid == 1 && !u->creds[i].inner)
			first = &u->creds[i];
	if (first) {
		a->uid = inside_uid(a, first);
		a->gid = inside_gid(a, first);
		take_groups(a, first);
	}
	/* what it is in a user namespace that it has made it is by itself */
	for (size_t i = 0; i < u->ncreds; i++) {
		if (u->creds[i].inner)
			continue;
		add_user(a, &u->creds[i]);
		a->held |= u->creds[i].prm;
		a->gains |= u->creds[i].uid != u->creds[i].euid && !u->creds[i].nnp;
	}
	a->gains |= *u->gains > 0;
}

/* ---- capabilities ---- */

bool needs_is_server(const struct used_port *p)
{
	return p->listens || (p->protocol == 17 && !p->chosen);
}

static void guess(struct advice *a, unsigned int cap)
{
	if (a->caps >> cap & 1 || !(a->held >> cap & 1))
		return;
	a->caps |= 1ull << cap;
	a->guessed |= 1ull << cap;
}

/* What is there says what must have been used before we came. */
static void guess_caps(struct advice *a)
{
	bool uids = false, gids = false;

	for (size_t i = 0; i < a->u->nports; i++) {
		const struct used_port *p = &a->u->ports[i];

		if (p->before && needs_is_server(p) && p->port < WELL_KNOWN)
			guess(a, CAP_NET_BIND_SERVICE);
	}
	for (size_t i = 0; i < a->nusers; i++) {
		uids |= a->users[i].uid != a->users[0].uid;
		gids |= a->users[i].gid != a->users[0].gid;
	}
	if (uids)
		guess(a, CAP_SETUID);
	if (gids)
		guess(a, CAP_SETGID);
}

static void find_caps(struct advice *a)
{
	a->caps_known = a->u->capable.hook != CAPABLE_NONE;
	for (unsigned int cap = 0; cap < CAP_MAX; cap++)
		if (used_cap(a->u, cap, CAP_USED) && cap_name(cap))
			a->caps |= 1ull << cap;
	if (!a->caps_known)
		a->caps = a->guessed = a->held;
	else if (!a->whole)
		guess_caps(a);
	/* a program whose file has one that may not be given is not started at all */
	for (unsigned int cap = 0; cap < CAP_MAX; cap++)
		if (*a->u->gained >> cap & 1)
			guess(a, cap);
}

void needs_cap_why(struct buf *b, const struct advice *a, unsigned int cap)
{
	const char *sep = "in ";
	char room[16];

	if (a->guessed >> cap & 1) {
		buf_str(b, !a->caps_known ? "held; this kernel does not tell which are used" :
			*a->u->gained >> cap & 1 ? "its use was not seen, but a program's file has "
			"it, which is not started without" :
			cap == CAP_NET_BIND_SERVICE ? "its use was not seen, but it has a port "
			"below 1024" : "its use was not seen, but its processes have different "
			"users or groups");
		return;
	}
	for (unsigned int call = 0; call < CAP_CALLS; call++) {
		if (!used_cap_in(a->u, cap, CAP_USED, call))
			continue;
		buf_addf(b, "%s%s", sep, call == CAP_NO_CALL ? "no call (a fault, io_uring)" :
			 sysdef_name(call, room));
		sep = ", ";
	}
}

/* ---- where it writes ---- */

const char *needs_place(enum place_on on)
{
	static const char *const words[] = {
		[PLACE_IMAGE] = "image", [PLACE_MEMORY] = "tmpfs", [PLACE_VOLUME] = "volume",
	};

	return words[on];
}

static bool is_below(struct bytes path, struct bytes dir)
{
	if (dir.len == 1)
		return path.len > 1;
	return path.len > dir.len && !memcmp(path.p, dir.p, dir.len) && path.p[dir.len] == '/';
}

bool needs_is_kernels(const struct used_path *p)
{
	static const char *const dirs[] = { "/proc", "/sys", "/dev/pts", "/dev/mqueue" };
	static const char dev[] = "/dev", shm[] = "/dev/shm";

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		if (is_below(p->path, (struct bytes){ dirs[i], strlen(dirs[i]) }))
			return true;
	/* what is in /dev itself its runtime has made, but for shared memory */
	return is_below(p->path, (struct bytes){ dev, 4 }) &&
		!is_below(p->path, (struct bytes){ shm, 8 });
}

/* Where something is mounted, as far as files told of it. */
struct mounted {
	struct bytes at;
	uint64_t magic;
};

#define MOUNTED_MAX 256

struct mounteds {
	struct mounted items[MOUNTED_MAX];
	size_t count;
};

static void find_mounts(struct mounteds *m, const struct used *u)
{
	for (size_t i = 0; i < u->count && m->count < MOUNTED_MAX; i++) {
		const struct used_path *p = u->paths[i];
		struct bytes at = { p->path.p, p->mount };
		size_t j = 0;

		while (j < m->count && !bytes_same(m->items[j].at, at))
			j++;
		if (p->here && p->mount && j == m->count)
			m->items[m->count++] = (struct mounted){ at, p->magic };
	}
}

/* What a path is on: the longest way to it. */
static const struct mounted *mount_of(const struct mounteds *m, struct bytes path)
{
	static const struct mounted root = { { "/", 1 }, 0 };
	const struct mounted *best = &root;

	for (size_t i = 0; i < m->count; i++)
		if (m->items[i].at.len > best->at.len &&
		    (bytes_same(path, m->items[i].at) || is_below(path, m->items[i].at)))
			best = &m->items[i];
	return best;
}

static struct bytes dir_of(const struct used_path *p)
{
	struct bytes d = p->path;

	if (p->many)
		return d;
	while (d.len > 1 && d.p[d.len - 1] != '/')
		d.len--;
	if (d.len > 1)
		d.len--;
	/* a file that is mounted by itself is its own place */
	return p->mount > d.len ? p->path : d;
}

static bool has_below(const struct used *u, struct bytes dir)
{
	for (size_t i = 0; i < u->count; i++)
		if (is_below(u->paths[i]->path, dir))
			return true;
	return false;
}

/* Who gives a directory another owner or mode writes to it, and not to the one above. */
static struct bytes place_of(const struct used *u, const struct mounteds *m,
			     const struct used_path *p)
{
	bool dir = p->mode ? S_ISDIR(p->mode) : has_below(u, p->path);

	if (bytes_same(mount_of(m, p->path)->at, p->path) ||
	    (dir && !(p->access & (USED_CREATE | USED_REMOVE))))
		return p->path;
	return dir_of(p);
}

/* One below another of the same mount needs no place of its own. */
static struct place_written *place_at(struct advice *a, const struct mounteds *mounts,
				      const struct used_path *p)
{
	struct bytes dir = place_of(a->u, mounts, p);
	const struct mounted *m = mount_of(mounts, dir);
	struct place_written *w;

	for (size_t i = 0; i < a->nplaces; i++) {
		w = &a->places[i];
		if (bytes_same(w->mount, m->at) &&
		    (bytes_same(w->path, dir) || is_below(dir, w->path)))
			return w;
	}
	if (a->nplaces == NEEDS_PLACES) {
		a->places_cut = true;
		return NULL;
	}
	w = &a->places[a->nplaces++];
	*w = (struct place_written){ .path = dir, .example = p->path, .mount = m->at };
	w->on = m->at.len == 1 ? PLACE_IMAGE : m->magic == TMPFS_MAGIC ? PLACE_MEMORY :
		PLACE_VOLUME;
	return w;
}

/* The topmost that has it below it, or NULL. */
static struct place_written *above_of(struct advice *a, const struct place_written *w)
{
	struct place_written *top = NULL;

	for (size_t i = 0; i < a->nplaces; i++) {
		struct place_written *p = &a->places[i];

		if (is_below(w->path, p->path) && bytes_same(w->mount, p->mount) &&
		    (!top || p->path.len < top->path.len))
			top = p;
	}
	return top;
}

/* A directory may have been noted before the one above it. */
static void join_places(struct advice *a)
{
	bool below[NEEDS_PLACES];
	size_t kept = 0;

	for (size_t i = 0; i < a->nplaces; i++) {
		struct place_written *above = above_of(a, &a->places[i]);

		below[i] = above;
		if (!above)
			continue;
		above->files += a->places[i].files;
		above->more |= a->places[i].more;
	}
	for (size_t i = 0; i < a->nplaces; i++)
		if (!below[i])
			a->places[kept++] = a->places[i];
	a->nplaces = kept;
}

static bool is_written(const struct used_path *p)
{
	return p->access & CHANGES && !p->alias && p->here && !needs_is_kernels(p) &&
		!S_ISCHR(p->mode) && !S_ISBLK(p->mode) && !S_ISFIFO(p->mode);
}

/* A directory that is not the place itself, and was there already. */
static bool is_in_dir(const struct used *u, const struct used_path *p, struct bytes place)
{
	struct bytes dir = dir_of(p);
	const struct used_path *d = used_find(u, dir);

	return is_below(dir, place) && !(d && d->access & USED_CREATE);
}

/* What is in the way of something else that is mounted there, and what that has to allow. */
static void look_below(const struct used *u, struct place_written *w)
{
	struct bytes at = w->on == PLACE_MEMORY ? w->mount : w->path;

	for (size_t i = 0; i < u->count; i++) {
		const struct used_path *p = u->paths[i];

		if (!p->here || !is_below(p->path, at))
			continue;
		w->code |= p->access & (USED_MAP | USED_EXEC);
		if (w->on != PLACE_IMAGE)
			continue;
		w->hidden += S_ISREG(p->mode) && p->mount <= 1 && !(p->access & USED_CREATE);
		w->dirs |= p->mode && is_in_dir(u, p, at);
	}
}

/* What Python has compiled, or the directory for that, on the container's own layer. */
static bool is_bytecode(const struct mounteds *m, const struct used_path *p)
{
	static const char name[] = "/__pycache__";
	const char *at = memmem(p->path.p, p->path.len, name, strlen(name));
	const char *end = p->path.p + p->path.len;

	return at && mount_of(m, p->path)->at.len == 1 &&
		(at + strlen(name) == end || at[strlen(name)] == '/');
}

static void find_places(struct advice *a)
{
	auto_free struct mounteds *mounts = mem_alloc(sizeof(*mounts));
	const struct used *u = a->u;

	find_mounts(mounts, u);
	for (size_t i = 0; i < u->count; i++) {
		const struct used_path *p = u->paths[i];
		struct place_written *w = NULL;

		if (is_written(p) && is_bytecode(mounts, p))
			a->bytecode = true;
		else if (is_written(p))
			w = place_at(a, mounts, p);
		if (!w)
			continue;
		w->files += !p->many;	/* those in it are noted, too, as far as they go */
		w->more |= p->many;
	}
	join_places(a);
	for (size_t i = 0; i < a->nplaces; i++)
		look_below(u, &a->places[i]);
}

void needs_of(struct advice *a, const struct used *u, const struct target *target, bool whole)
{
	*a = (struct advice){ .u = u, .target = target, .whole = whole };
	find_users(a);
	find_caps(a);
	find_places(a);
}
