/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/next.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/sys/cgroup.h"
#include "nsdebug/sys/ns.h"
#include "nsdebug/sys/proc.h"
#include "nsdebug/target/find.h"
#include "nsdebug/target/target.h"

/* Longer than any of these would be cut, and then be another's name. */
static void __attribute__((format(printf, 2, 3))) add(struct next *n, const char *fmt, ...)
{
	va_list args;
	int len;

	if (n->count == NEXT_MAX)
		return;
	va_start(args, fmt);
	len = vsnprintf(n->names[n->count], NEXT_ROOM, fmt, args);
	va_end(args);
	n->count += len > 0 && len < NEXT_ROOM;
}

/* By cgroupfs and by systemd. */
static void add_id(struct next *n, const char *id)
{
	static const char *const managers[] = {
		"libpod", "docker", "cri-containerd", "crio", "runc", "crun",
	};

	add(n, "%s", id);
	add(n, "libpod-%s", id);
	add(n, "crio-%s", id);
	add(n, "lxc.payload.%s", id);
	for (size_t i = 0; i < ARRAY_SIZE(managers); i++)
		add(n, "%s-%s.scope", managers[i], id);
}

/* ---- a pod ---- */

struct pod {
	const char *name, *space;	/* any, if space is NULL */
	struct next *next;
	int procfs;
	const char *seen, *other;	/* namespaces with a pod of that name */
};

static bool equal(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

/* By cgroupfs and by systemd, wherever the kubelet is told to put them. */
static bool is_cgroup_of_pod(const char *name)
{
	return strstr(name, "kubepods-") || (str_prefix(name, "pod") && strlen(name) > 32);
}

/* What the cgroup above that of the container is called, which may have made others below its own;
 * NULL: that is no pod's. */
static const char *cgroup_above(struct cgroup *cgroup, const struct container *c)
{
	char *own = strstr(cgroup->path, c->id), *name;

	if (!own)
		return NULL;
	while (*own != '/')
		own--;
	*own = '\0';
	name = strrchr(cgroup->path, '/');
	return name && is_cgroup_of_pod(name + 1) ? name + 1 : NULL;
}

static void add_pod(struct next *n, const char *name)
{
	for (unsigned int i = 0; i < n->count; i++)
		if (!strcmp(n->names[i], name))
			return;
	add(n, "%s", name);
	n->below = true;
}

/* Its directory of /proc, or -1: it does not run. */
static int open_running(int procfs, const struct container *c)
{
	auto_close int dir = c->pid > 0 ? proc_open(procfs, c->pid) : -1;
	struct proc_stat st;

	if (dir < 0 || proc_stat(dir, &st) < 0 || container_began(c, st.start) != BEGAN_THEN)
		return -1;
	return take_fd(&dir);
}

/* Of its containers that live, its sandbox among them: what the cgroup above is called. A pod that
 * goes and its successor have the same name. */
static bool look_above(void *ctx, struct container *c)
{
	struct pod *p = ctx;
	auto_close int dir = -1;
	struct cgroup cgroup;
	const char *name;

	if (!c->pod || strcmp(c->pod, p->name) || !container_is_in(c, p->space, NULL))
		return true;
	if (!p->seen)
		p->seen = c->pod_space;
	else if (strcmp(p->seen, c->pod_space))
		p->other = c->pod_space;
	dir = open_running(p->procfs, c);
	if (dir < 0 || !cgroup_read(&cgroup, dir))
		return true;
	name = cgroup_above(&cgroup, c);
	if (name)
		add_pod(p->next, name);
	return true;
}

/* 1: there is no such pod. */
static int wait_for_pod(struct next *n, const char *space, const char *name, struct arena *a,
			struct err *e)
{
	auto_close int procfs = target_procfs(e);
	struct pod p = { .name = name, .space = space, .next = n, .procfs = procfs };
	unsigned int broken = 0;

	if (procfs < 0 || target_each(a, look_above, &p, &broken, e) < 0)
		return -1;
	if (p.other)
		return err_set(e, ST_USAGE, "--next: pod '%s' is ambiguous: %s/%s, %s/%s", name,
			       p.seen, name, p.other, name);
	if (p.seen && !n->count)
		return err_set(e, ST_TARGET, "--next: no container of the pod '%s' runs in the "
			       "cgroup of a pod, so that is not known: give its name, pod and the "
			       "pod's uid", name);
	return !p.seen;
}

/* ---- the word ---- */

static int err_made_up(const char *word, const char *engine, struct err *e)
{
	return err_set(e, ST_USAGE, "--next '%s': %s makes up the id, which names the cgroup, when "
		       "the container is created: '%s create --name ...' first, then this, then "
		       "'%s start'", word, engine, engine, engine);
}

/* What follows the scheme; NULL: there is none of that kind, or of a kind that has names. */
static const char *chosen_id(const char *word, struct err *e)
{
	static const char *const schemes[] = { "runc://", "crun://", "lxc://", "containerd://" };
	const char *slash = strrchr(word, '/'), *at = strstr(word, "://");

	if (!at && !slash)
		return word;
	for (size_t i = 0; at && i < ARRAY_SIZE(schemes); i++)
		if (str_prefix(word, schemes[i]) && slash[1])
			return slash + 1;
	if (str_prefix(word, "docker://"))
		err_made_up(word, "docker", e);
	else if (str_prefix(word, "podman://"))
		err_made_up(word, "podman", e);
	else
		err_set(e, ST_USAGE, "--next '%s': the name of its cgroup cannot be known before "
			"it is there; an id of runc, crun or ctr can, a container that docker or "
			"podman has created, and a pod's cgroup: pod and the pod's uid", word);
	return NULL;
}

/* A prefix finds only what somebody cannot have meant to call something new. */
static bool is_it(const struct container *c, const char *word)
{
	const char *slash = strrchr(word, '/');

	word = slash ? slash + 1 : word;
	return equal(c->id, word) || equal(c->name, word) || is_generated_id(c->id);
}

static bool runs(const struct container *c)
{
	struct err ignored;
	auto_close int procfs = target_procfs(&ignored);
	auto_close int dir = procfs < 0 ? -1 : open_running(procfs, c);

	return dir >= 0;
}

/* 1: it is no pod, nor in one, and *id is what its cgroup is called after. */
static int find_pod(struct next *n, const char **id, struct arena *a, const char *word,
		    const struct target_want *want, struct err *e)
{
	const char *space, *pod;
	struct container c;
	int ret = 1;

	*id = NULL;
	if (target_pod_word(&space, &pod, a, word, want, e) < 0)
		return -1;
	if (pod) {
		ret = wait_for_pod(n, space, pod, a, e);
	} else if (target_look_up(&c, a, word, want, e) < 0) {
		if (e->status != ST_TARGET)
			return -1;
	} else if (c.pod) {
		return wait_for_pod(n, c.pod_space, c.pod, a, e);
	} else if (is_it(&c, word)) {
		*id = c.id;
		n->runs = runs(&c);
	}
	if (ret == 1 && !*id)
		*id = chosen_id(word, e);
	return ret == 1 && !*id ? -1 : ret;
}

int target_next(struct target *t, struct next *n, const char *word, const struct target_want *want,
		struct err *e)
{
	auto_arena struct arena *arena = arena_new();
	const char *id;
	int ret;

	*t = (struct target){ .place = { -1, -1, -1, -1, false }, .next = n };
	*n = (struct next){ .count = 0 };
	snprintf(t->name, sizeof(t->name), "%s", word);
	t->host.pid = ns_id_at(AT_FDCWD, "/proc/self/ns/pid");
	t->host.user = ns_id_at(AT_FDCWD, "/proc/self/ns/user");
	if (!t->host.pid || !t->host.user)
		return err_sys(e, "ask for our own namespaces");
	if (str_prefix(word, "pid://"))
		return err_set(e, ST_USAGE, "--next '%s': a process has no name to wait for", word);
	ret = find_pod(n, &id, arena, word, want, e);
	if (ret <= 0)
		return ret;
	if (is_cgroup_of_pod(id))
		add_pod(n, id);
	else
		add_id(n, id);
	/* the longest of them is the last that fits */
	return strlen(id) + sizeof("cri-containerd-.scope") <= NEXT_ROOM ? 0 :
		err_set(e, ST_USAGE, "--next: a name of more than %zu bytes is none of a container",
			NEXT_ROOM - sizeof("cri-containerd-.scope"));
}
