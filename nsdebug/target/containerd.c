/* SPDX-License-Identifier: Apache-2.0 */
/*
 * containerd - the tasks of every namespace, its own, docker's or the kubelet's.
 *
 * STATE/io.containerd.runtime.v2.task/NAMESPACE/ID (containerd 1.6, runtime/v2/bundle.go) is the
 * bundle: config.json, and init.pid as the shim wrote it. The runtime's own state, which has the
 * start time, is in /run/containerd/runc/NAMESPACE/ID whatever STATE is, for docker's namespace in
 * /run/docker/runtime-runc/moby/ID. Names of pods are annotations of the spec; an ID is unique
 * within its namespace only.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/target/ended.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/target/k8s.h"
#include "nsdebug/target/oci.h"

#define TASKS "/io.containerd.runtime.v2.task"

/* Where distributions put STATE: containerd's own default, dockerd's private one, k3s and RKE2,
 * MicroK8s. */
static const char *const roots[] = {
	"/run/containerd" TASKS, "/run/docker/containerd/daemon" TASKS,
	"/run/k3s/containerd" TASKS, "/var/snap/microk8s/common/run/containerd" TASKS, NULL
};

struct walk {
	const struct runtime *r;
	struct ask *ask;
	found_fn *found;
	void *ctx;
	const char *root, *space;
	bool enough;
};

struct reading {
	struct container *c;
	struct arena *arena;
	struct buf *labels;
	const char *uid;
};

static bool take_annotation(void *ctx, const char *key, struct jvalue v)
{
	struct reading *r = ctx;

	if (!strcmp(key, "io.kubernetes.cri.sandbox-uid"))
		r->uid = runtime_text(r->arena, v);
	k8s_annotation(r->c, r->arena, key, v);
	if (r->labels)
		runtime_add_label(r->labels, key, v);
	return true;
}

static int read_spec(struct container *c, struct arena *a, struct buf *labels, struct err *e)
{
	const char *dir = runtime_join(a, c->root, c->space);
	auto_close int fd = runtime_open(dir, c->id, "config.json", e);
	struct reading r = { c, a, labels, NULL };

	if (fd < 0 || oci_annotations(fd, take_annotation, &r, e) < 0)
		return -1;
	k8s_settle(c);
	if (r.uid)
		k8s_logs(c, a, r.uid);
	c->read = true;
	return 0;
}

/* Only the kubelet's containers have names beside their ids. */
static bool is_cri(const struct container *c)
{
	return !strcmp(c->space, "k8s.io");
}

static bool take_id(void *ctx, const char *id)
{
	struct walk *w = ctx;
	struct container c = container_new(w->r, w->root, runtime_join(w->ask->arena, id, NULL));
	struct err e;

	c.space = w->space;
	/* one that is being made has no spec yet, and no process */
	if (w->ask->names && is_cri(&c) && read_spec(&c, w->ask->arena, NULL, &e) < 0) {
		w->ask->broken += e.status != ST_TARGET;
		return true;
	}
	w->enough = !w->found(w->ctx, &c);
	return !w->enough;
}

static bool take_space(void *ctx, const char *space)
{
	struct walk *w = ctx;
	const char *dir = runtime_join(w->ask->arena, w->root, space);
	struct err e;

	w->space = runtime_join(w->ask->arena, space, NULL);
	if (!w->ask->id)
		w->ask->broken += runtime_each_dir(dir, take_id, w, &e) < 0;
	else if (runtime_has_dir(dir, w->ask->id))
		take_id(w, w->ask->id);
	return !w->enough;
}

static int containerd_each(const struct runtime *r, struct ask *ask, found_fn *found, void *ctx,
			   struct err *e)
{
	struct walk w = { r, ask, found, ctx, NULL, NULL, false };

	for (size_t i = 0; roots[i] && !w.enough; i++) {
		w.root = roots[i];
		if (runtime_each_dir(roots[i], take_space, &w, e) == 0)
			continue;
		if (e->status == ST_PRIVILEGE)
			return -1;
		ask->broken++;
	}
	return w.enough ? 0 : ended_each(r, ask, found, ctx, e);
}

static int containerd_load(struct container *c, struct arena *a, struct err *e)
{
	const char *dir = runtime_join(a, c->root, c->space);
	const char *const states[] = {
		runtime_join(a, "/run/containerd/runc", c->space),
		runtime_join(a, "/run/docker/runtime-runc", c->space), NULL,
	};

	if (c->recorded == REC_EXITED)
		return 0;
	if (is_cri(c) && !c->read && read_spec(c, a, NULL, e) < 0)
		return -1;
	if (runtime_read_pid(c, dir, c->id, "init.pid", e) < 0)
		return -1;
	return oci_confirm(c, a, states, e);
}

static int containerd_detail(struct container *c, struct arena *a, struct buf *labels,
			     struct err *e)
{
	const char *dir = runtime_join(a, c->root, c->space);

	if (c->recorded == REC_EXITED)
		return 0;
	c->bundle = runtime_join(a, dir, c->id);
	return read_spec(c, a, labels, e);
}

struct attempts {
	const struct container *of;
	struct container last;
};

static bool equal(const char *a, const char *b)
{
	return a && b && !strcmp(a, b);
}

/* The newest of those that have ended. */
static bool take_attempt(void *ctx, const struct container *c)
{
	struct attempts *s = ctx;

	if (equal(c->pod, s->of->pod) && equal(c->pod_space, s->of->pod_space) &&
	    equal(c->part, s->of->part) && strcmp(c->id, s->of->id) && c->created &&
	    (!s->last.id || strcmp(c->created, s->last.created) > 0))
		s->last = *c;
	return true;
}

/* A pod's container is made anew when it is started again; the kubelet keeps the one before. */
static void previous_ending(const struct container *c, struct ending *x, struct arena *a)
{
	struct ask ask = { .arena = a, .names = true };
	struct attempts s = { .of = c };

	if (!c->part || ended_each(c->runtime, &ask, take_attempt, &s, NULL) < 0 || !s.last.id)
		return;
	ended_ending(&s.last, x, a);
	x->exit_code = s.last.exit_code;
	x->previous = true;
}

static void containerd_ending(const struct container *c, struct ending *x, struct arena *a)
{
	if (c->recorded == REC_EXITED)
		ended_ending(c, x, a);
	bundle_ending(c, x, a);
	if (c->recorded != REC_EXITED)
		previous_ending(c, x, a);
	if (!c->bundle)
		x->no_files = "containerd took its task away, and tells where its image is only in "
			"its database (ended attempts of pods)";
	ending_pod_log(c, x, a);
}

extern const struct runtime runtime_containerd;
const struct runtime runtime_containerd = {
	.name = "containerd", .where = "/run/containerd", .named = true, .labels = true,
	.each = containerd_each, .load = containerd_load, .detail = containerd_detail,
	.ending = containerd_ending,
};
