/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/next.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/sys/cgroup.h"
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
	const struct container *of;
	struct next *next;
	int procfs;
};

static bool equal(const char *a, const char *b)
{
	return !strcmp(a ? a : "", b ? b : "");
}

/* Of one of its containers that lives, mostly its sandbox: what the cgroup above is called. */
static bool add_pod(void *ctx, struct container *c)
{
	struct pod *p = ctx;
	auto_close int dir = -1;
	struct cgroup cgroup;
	struct proc_stat st;
	char *slash;

	if (!equal(c->pod, p->of->pod) || !equal(c->pod_space, p->of->pod_space) || c->pid <= 0)
		return true;
	dir = proc_open(p->procfs, c->pid);
	if (dir < 0 || proc_stat(dir, &st) < 0 || container_began(c, st.start) != BEGAN_THEN ||
	    !cgroup_read(&cgroup, dir))
		return true;
	slash = strrchr(cgroup.path, '/');
	*slash = '\0';
	slash = strrchr(cgroup.path, '/');
	if (!slash || !slash[1])
		return true;
	add(p->next, "%s", slash + 1);
	p->next->below = true;
	return false;
}

static int wait_for_pod(struct next *n, const struct container *of, struct arena *a,
			struct err *e)
{
	auto_close int procfs = target_procfs(e);
	struct pod p = { of, n, procfs };
	unsigned int broken = 0;

	if (procfs < 0 || target_each(a, add_pod, &p, &broken, e) < 0)
		return -1;
	if (n->count)
		return 0;
	return err_set(e, ST_TARGET, "--next: no container of the pod '%s' runs, so its cgroup is "
		       "not known: give its name, pod and the pod's uid", of->pod);
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

static bool is_cgroup_of_pod(const char *word)
{
	return str_prefix(word, "kubepods-") || (str_prefix(word, "pod") && strlen(word) > 32);
}

/* A prefix finds only what somebody cannot have meant to call something new. */
static bool is_it(const struct container *c, const char *word)
{
	const char *slash = strrchr(word, '/');

	word = slash ? slash + 1 : word;
	return equal(c->id, word) || equal(c->name, word) || is_generated_id(c->id);
}

int target_next(struct target *t, struct next *n, const char *word, const struct target_want *want,
		struct err *e)
{
	auto_arena struct arena *arena = arena_new();
	struct container c;
	const char *id = NULL;

	*t = (struct target){ .place = { -1, -1, -1, -1, false }, .next = n };
	*n = (struct next){ .count = 0 };
	snprintf(t->name, sizeof(t->name), "%s", word);
	if (str_prefix(word, "pid://"))
		return err_set(e, ST_USAGE, "--next '%s': a process has no name to wait for", word);
	if (target_look_up(&c, arena, word, want, e) == 0) {
		if (c.pod)
			return wait_for_pod(n, &c, arena, e);
		id = is_it(&c, word) ? c.id : NULL;
	} else if (e->status != ST_TARGET) {
		return -1;
	}
	if (!id)
		id = chosen_id(word, e);
	if (!id)
		return -1;
	if (is_cgroup_of_pod(id)) {
		add(n, "%s", id);
		n->below = true;
	} else {
		add_id(n, id);
	}
	/* the longest of them is the last that fits */
	return strlen(id) + sizeof("cri-containerd-.scope") <= NEXT_ROOM ? 0 :
		err_set(e, ST_USAGE, "--next: a name of more than %zu bytes is none of a container",
			NEXT_ROOM - sizeof("cri-containerd-.scope"));
}
