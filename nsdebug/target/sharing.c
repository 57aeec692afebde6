/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/sharing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/emit.h"
#include "nsdebug/sys/members.h"
#include "nsdebug/sys/ns.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/target/near.h"
#include "nsdebug/target/owner.h"
#include "nsdebug/target/target.h"

#define PEERS_MAX (1u << 16)

static const char *const bases[NS_BASES] = {
	"cgroup", "ipc", "mnt", "net", "pid", "time", "user", "uts",
};

const char *ns_base_name(unsigned int base)
{
	return bases[base];
}

/* A process that is in a namespace of the target's which is not the host's. */
struct peer {
	pid_t pid;
	uint64_t mnt;
	uint32_t spaces;	/* bits: which ones */
	bool listed;		/* among the container's processes */
};

struct search {
	struct sharing *s;
	const struct target *t;
	int procfs;
	pid_t *members;		/* ascending */
	size_t nmembers;
	struct peer *peers;
	size_t npeers;
	struct owners owners;
	struct arena *a;
};

/* ---- what the process itself is in ---- */

static void add_space(struct sharing *s, const char *name, unsigned int base, uint64_t id,
		      uint64_t host)
{
	if (id)
		s->spaces[s->count++] = (struct space){ .name = name, .base = base, .id = id,
			.host = host };
}

/* Kernels before 5.6 have no time namespaces; a zombie has left most. */
static int read_spaces(struct search *x, int dir, struct err *e)
{
	for (unsigned int b = 0; b < NS_BASES; b++) {
		char path[32];
		uint64_t id = ns_id(dir, bases[b]), host;

		snprintf(path, sizeof(path), "self/ns/%s", bases[b]);
		host = ns_id_at(x->procfs, path);
		add_space(x->s, bases[b], b, id, host);
		if (b != NS_PID && b != NS_TIME)
			continue;
		snprintf(path, sizeof(path), "%s_for_children", bases[b]);
		if (ns_id(dir, path) != id)
			add_space(x->s, b == NS_PID ? "pid_for_children" : "time_for_children", b,
				  ns_id(dir, path), host);
	}
	return x->s->count ? 0 :
		err_set(e, ST_TARGET, "its process has no namespaces any more: it has exited");
}

/* ---- all processes of the node ---- */

static void note_elsewhere(struct search *x, struct space *s, pid_t pid, uint64_t id)
{
	for (size_t i = 0; i < s->nelsewhere; i++)
		if (s->elsewhere[i].id == id) {
			s->elsewhere[i].count++;
			return;
		}
	if (s->nelsewhere == ELSEWHERE_MAX)
		x->s->cut = true;
	else
		s->elsewhere[s->nelsewhere++] = (struct elsewhere){ id, 1, pid };
}

static uint32_t note_process(struct search *x, pid_t pid, const uint64_t *ids, bool member)
{
	uint32_t mask = 0;

	for (unsigned int i = 0; i < x->s->count; i++) {
		struct space *s = &x->s->spaces[i];
		uint64_t id = ids[s->base];

		if (id == s->id) {
			if (!s->count++ || pid < s->first)
				s->first = pid;
			if (s->id != s->host)
				mask |= 1u << i;
		} else if (member && id && s->name == bases[s->base]) {
			note_elsewhere(x, s, pid, id);
		}
	}
	return mask;
}

static void add_peer(struct search *x, const struct peer *p)
{
	if (x->npeers == PEERS_MAX) {
		x->s->cut = true;
		return;
	}
	x->peers = mem_more(x->peers, x->npeers);
	x->peers[x->npeers++] = *p;
}

/* /proc says EACCES of a process that is no more, too. */
static void note_unreadable(struct search *x, pid_t pid)
{
	auto_close int dir = proc_open(x->procfs, pid);
	struct proc_status status;
	struct proc_stat st;

	if (dir < 0 || proc_stat(dir, &st) < 0 || st.state == 'Z' || st.state == 'X' ||
	    proc_status(dir, &status) < 0)
		return;
	if (status.levels > 1)
		x->s->unreadable++;
	else if (!x->s->barred++)
		x->s->first_barred = pid;
}

static void look_at(struct search *x, pid_t pid)
{
	bool listed = pids_find(x->members, x->nmembers, pid);
	uint64_t ids[NS_BASES];
	struct peer p = { .pid = pid, .listed = listed };

	for (unsigned int b = 0; b < NS_BASES; b++) {
		char path[48];

		snprintf(path, sizeof(path), "%d/ns/%s", (int)pid, bases[b]);
		ids[b] = ns_id_at(x->procfs, path);
		if (!ids[b] && (errno == EACCES || errno == EPERM)) {
			note_unreadable(x, pid);
			return;
		}
	}
	p.mnt = ids[NS_MNT];
	p.spaces = note_process(x, pid, ids, listed);
	if (p.spaces)
		add_peer(x, &p);
}

static int look_at_all(struct search *x, struct emit *tick, struct err *e)
{
	auto_close int list = openat(x->procfs, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct proc_dir d;
	pid_t pid;
	int more;

	if (list < 0)
		return err_sys(e, "open /proc");
	proc_dir_init(&d, list);
	while ((more = proc_dir_next(&d, &pid)) > 0) {
		look_at(x, pid);
		emit_tick(tick);
	}
	return more < 0 ? err_sys(e, "read /proc") : 0;
}

/* ---- whose they are ---- */

static void note_container(struct search *x, struct space *s, uint32_t i)
{
	size_t at = 0;

	while (at < s->ncontainers && s->containers[at] < i)
		at++;
	if (at < s->ncontainers && s->containers[at] == i)
		return;
	if (!s->containers)
		s->containers = arena_alloc(x->a,
					    x->owners.near->count * sizeof(*s->containers));
	memmove(s->containers + at + 1, s->containers + at,
		(s->ncontainers++ - at) * sizeof(*s->containers));
	s->containers[at] = i;
}

static void note_stranger(struct search *x, struct space *s, pid_t pid)
{
	if (!s->strangers)
		s->strangers = arena_alloc(x->a, STRANGERS_MAX * sizeof(*s->strangers));
	if (s->nstrangers < STRANGERS_MAX)
		s->strangers[s->nstrangers] = pid;
	s->nstrangers++;
}

/* Another container's process may be listed as the target's, where it has no cgroup of its own and
 * the pid namespace stands for it: so the mount namespace is asked first. */
static void find_owner(struct search *x, const struct peer *p)
{
	uint32_t owner = owner_by_mnt(&x->owners, p->mnt);
	bool own = owner == OWNER_NONE && (p->listed || p->mnt == x->t->ns.mnt);

	if (!own && owner == OWNER_NONE)
		owner = owner_by_cgroup(&x->owners, p->pid);
	for (unsigned int i = 0; i < x->s->count; i++) {
		struct space *s = &x->s->spaces[i];

		if (!(p->spaces & 1u << i))
			continue;
		if (own)
			s->members++;
		else if (owner != OWNER_NONE)
			note_container(x, s, owner);
		else
			note_stranger(x, s, p->pid);
	}
}

int sharing_find(struct sharing *s, const struct target *t, const struct inside *in, int dir,
		 const struct near *near, struct arena *a, struct emit *tick, struct err *e)
{
	struct search x = { .s = s, .t = t, .procfs = in->procfs, .a = a };
	struct members_want want = target_members(t, in);
	int ret;

	*s = (struct sharing){ 0 };
	if (members_list(&want, &x.members, &x.nmembers, &s->cut, e) < 0)
		return -1;
	ret = read_spaces(&x, dir, e);
	if (ret == 0)
		ret = look_at_all(&x, tick, e);
	owners_init(&x.owners, near, t, in->procfs, a);
	for (size_t i = 0; ret == 0 && i < x.npeers; i++) {
		find_owner(&x, &x.peers[i]);
		emit_tick(tick);
	}
	free(x.members);
	free(x.peers);
	return ret;
}
