/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runc, crun - containers that somebody started with the OCI runtime itself: a directory an id
 * below its root.
 */
#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/target/oci.h"

/* Where engines have the OCI runtime keep its state; a directory a namespace of containerd. */
static const char *const engines[] = { "/run/containerd/runc", "/run/docker/runtime-runc", NULL };

struct walk {
	const struct runtime *r;
	found_fn *found;
	void *ctx;
	struct arena *arena;
	const char *root, *id;	/* of an engine, and what is looked for there */
};

static bool take_dir(void *ctx, const char *id)
{
	const struct walk *w = ctx;
	struct container c = container_new(w->r, w->r->where, runtime_join(w->arena, id, NULL));

	return w->found(w->ctx, &c);
}

static bool take_space(void *ctx, const char *space)
{
	const struct walk *w = ctx;
	const char *dir = runtime_join(w->arena, w->root, space);
	struct container c = container_new(w->r, dir, runtime_join(w->arena, w->id, NULL));

	return !runtime_has_dir(dir, w->id) || w->found(w->ctx, &c);
}

static void each_engine(struct walk *w, const char *id)
{
	w->id = id;
	for (size_t i = 0; engines[i]; i++) {
		w->root = engines[i];
		runtime_each_dir(engines[i], take_space, w, NULL);
	}
}

static int each_dir(const struct runtime *r, struct ask *ask, found_fn *found, void *ctx,
		    struct err *e)
{
	struct walk w = { r, found, ctx, ask->arena, NULL, NULL };

	if (!ask->id)
		return runtime_each_dir(r->where, take_dir, &w, e);
	if (runtime_has_dir(r->where, ask->id))
		take_dir(&w, ask->id);
	else if (ask->inner)
		each_engine(&w, ask->id);
	return 0;
}

static int runc_load(struct container *c, struct arena *a, struct err *e)
{
	return oci_runc(c, a, c->root, e);
}

static int runc_detail(struct container *c, struct arena *a, struct buf *labels, struct err *e)
{
	return oci_runc_labels(c, a, c->root, labels, e);
}

static int crun_load(struct container *c, struct arena *a, struct err *e)
{
	return oci_crun(c, a, c->root, e);
}

static bool add_label(void *ctx, const char *key, struct jvalue v)
{
	runtime_add_label(ctx, key, v);
	return true;
}

static int crun_detail(struct container *c, struct arena *a, struct buf *labels, struct err *e)
{
	auto_close int fd = runtime_open(c->root, c->id, "config.json", e);

	(void)a;
	return fd < 0 ? -1 : oci_annotations(fd, add_label, labels, e);
}

extern const struct runtime runtime_runc, runtime_crun;
const struct runtime runtime_runc = {
	.name = "runc", .where = "/run/runc", .each = each_dir, .load = runc_load,
	.detail = runc_detail, .labels = true, .ending = bundle_ending,
};
const struct runtime runtime_crun = {
	.name = "crun", .where = "/run/crun", .each = each_dir, .load = crun_load,
	.detail = crun_detail, .labels = true, .ending = bundle_ending,
};
