/* SPDX-License-Identifier: Apache-2.0 */
/*
 * podman, CRI-O - both keep their containers in containers/storage: ids and names of all in
 * GRAPH/DRIVER-containers/containers.json (containers/storage 1.43, containers.go), and for each
 * RUN/DRIVER-containers/ID/userdata/{pidfile,config.json}, whose annotation
 * io.container.manager says whose it is: "libpod" or "cri-o". libpod's own database is not read.
 *
 * RUN is a tmpfs: what has no directory there has not run since boot.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/target/k8s.h"
#include "nsdebug/target/oci.h"
#include "nsdebug/target/storage.h"

#define GRAPH "/var/lib/containers/storage"
#define RUN "/run/containers/storage"

extern const struct runtime runtime_podman, runtime_crio;

static const char *const drivers[] = {
	"overlay-containers", "vfs-containers", "btrfs-containers", "zfs-containers", NULL
};

struct walk {
	struct ask *ask;
	found_fn *found;
	void *ctx;
	const struct runtime *r;
	const char *root;	/* RUN/DRIVER-containers */
	struct container c;	/* being put together */
	bool enough;
};

const char *storage_image(struct arena *a, struct jvalue metadata)
{
	static const char key[] = "\"image-name\":\"";
	const char *at = memmem(metadata.text.p, metadata.text.len, key, strlen(key)), *end;

	if (!at || metadata.type != J_STRING)
		return NULL;
	at += strlen(key);
	end = memchr(at, '"', metadata.text.len - (size_t)(at - metadata.text.p));
	return end ? runtime_text(a, (struct jvalue){ J_STRING, { at, (size_t)(end - at) } }) :
		NULL;
}

bool storage_is_pause(const char *image)
{
	return image && str_prefix(image, "localhost/podman-pause:");
}

static bool tell(struct walk *w)
{
	struct container c = w->c;

	w->c.id = NULL;
	if (c.id && (!w->ask->id || !strcmp(c.id, w->ask->id)))
		w->enough = !w->found(w->ctx, &c);
	return !w->enough;
}

/* Items of an array; each begins with its "id". */
static bool take_item(void *ctx, const char *path, struct jvalue v)
{
	struct walk *w = ctx;
	struct arena *a = w->ask->arena;
	const char *text;

	if (!strcmp(path, "[].id")) {
		if (!tell(w))
			return false;
		text = runtime_text(a, v);
		w->c = container_new(w->r, w->root, text && !strchr(text, '/') ? text : NULL);
	} else if (w->c.id && !strcmp(path, "[].names[]")) {
		text = runtime_text(a, v);
		/* the first is its name; CRI-O adds others */
		if (text && w->c.name == w->c.id) {
			w->c.name = text;
			if (w->r == &runtime_crio)
				k8s_name(&w->c, a, text);
		}
	} else if (w->c.id && !strcmp(path, "[].metadata")) {
		w->c.kind = storage_is_pause(storage_image(a, v)) ? KIND_SANDBOX : w->c.kind;
	} else if (w->c.id && !strcmp(path, "[].created")) {
		w->c.created = runtime_text(a, v);
	}
	return true;
}

static int storage_each(const struct runtime *r, struct ask *ask, found_fn *found, void *ctx,
			struct err *e)
{
	struct walk w = { ask, found, ctx, r, NULL, { 0 }, false };

	if (!runtime_has_dir("/var/lib/containers", "storage"))
		return 0;
	for (size_t i = 0; drivers[i] && !w.enough; i++) {
		const char *graph = runtime_join(ask->arena, GRAPH, drivers[i]);
		auto_close int fd = runtime_open_file(runtime_join(ask->arena, graph,
								   "containers.json"), e);

		if (fd < 0 && e && e->status == ST_PRIVILEGE)
			return -1;
		w.root = runtime_join(ask->arena, RUN, drivers[i]);
		w.c = (struct container){ 0 };
		if (fd < 0)
			ask->broken += e && e->status != ST_TARGET;
		else if (jread(fd, STATE_MAX, take_item, &w, e) < 0)
			ask->broken++;	/* the last one may lack its name */
		else if (!w.enough)
			tell(&w);
	}
	return 0;
}

struct reading {
	struct container *c;
	struct arena *arena;
	struct buf *labels;
	const char *manager;
};

static bool take_annotation(void *ctx, const char *key, struct jvalue v)
{
	struct reading *r = ctx;

	if (!strcmp(key, "io.container.manager"))
		r->manager = runtime_text(r->arena, v);
	k8s_annotation(r->c, r->arena, key, v);
	if (r->labels)
		runtime_add_label(r->labels, key, v);
	return true;
}

/* Of the running time, or else what the graph keeps of one that has ended. */
static int read_spec(struct container *c, struct arena *a, struct reading *r, struct err *e)
{
	const char *below = "userdata/config.json", *driver = strrchr(c->root, '/') + 1;
	struct err why;
	auto_close int fd = runtime_open(c->root, c->id, below, &why);

	if (fd < 0 && why.status == ST_TARGET)
		fd = runtime_open(runtime_join(a, GRAPH, driver), c->id, below, &why);
	if (fd < 0) {
		if (e)
			*e = why;
		return -1;
	}
	return oci_annotations(fd, take_annotation, r, e);
}

/* conmon was there to start it, and never wrote down a process of it: podman calls it created. */
static bool failed_first(const struct container *c, struct arena *a)
{
	const char *run = runtime_join(a, c->root, c->id);

	return access(runtime_join(a, run, "userdata/conmon.pid"), F_OK) == 0 &&
		access(runtime_join(a, run, "userdata/pidfile"), F_OK) < 0 && errno == ENOENT;
}

static int load(struct container *c, struct arena *a, const char *manager, struct err *e)
{
	static const char *const states[] = { "/run/runc", "/run/crun", NULL };
	struct reading r = { c, a, NULL, NULL };

	/* made and never started: no spec yet, and nothing that tells whose it is */
	if (read_spec(c, a, &r, e) < 0 && e->status != ST_TARGET)
		return -1;
	if (r.manager ? strcmp(r.manager, manager) != 0 : manager[0] != 'l')
		return err_set(e, ST_TARGET, "%s is not one of %s", c->id, c->runtime->name);
	k8s_settle(c);
	if (runtime_read_pid(c, c->root, c->id, "userdata/pidfile", e) < 0 &&
	    e->status != ST_TARGET)
		return -1;
	if (oci_confirm(c, a, states, e) < 0)
		return -1;
	if (!c->pid)
		c->recorded = !r.manager || failed_first(c, a) ? REC_CREATED : REC_EXITED;
	return 0;
}

static int podman_load(struct container *c, struct arena *a, struct err *e)
{
	return load(c, a, "libpod", e);
}

static int crio_load(struct container *c, struct arena *a, struct err *e)
{
	return load(c, a, "cri-o", e);
}

struct image {
	struct container *c;
	struct arena *arena;
	bool mine;
};

static bool take_metadata(void *ctx, const char *path, struct jvalue v)
{
	struct image *m = ctx;
	const char *text;

	if (!strcmp(path, "[].id"))
		m->mine = jvalue_is(v, m->c->id);
	if (!m->mine || strcmp(path, "[].metadata"))
		return true;
	text = storage_image(m->arena, v);
	if (text)
		m->c->image = text;
	return false;
}

static int storage_detail(struct container *c, struct arena *a, struct buf *labels, struct err *e)
{
	const char *graph = runtime_join(a, GRAPH, strrchr(c->root, '/') + 1);
	auto_close int fd = runtime_open_file(runtime_join(a, graph, "containers.json"), e);
	struct reading r = { c, a, labels, NULL };
	struct image m = { c, a, false };

	c->bundle = runtime_join(a, runtime_join(a, c->root, c->id), "userdata");
	if (fd < 0 || jread(fd, STATE_MAX, take_metadata, &m, e) < 0)
		return -1;
	return read_spec(c, a, &r, e);
}

const struct runtime runtime_podman = {
	.name = "podman", .where = GRAPH, .named = true, .each = storage_each,
	.load = podman_load, .detail = storage_detail, .ending = podman_ending,
};
const struct runtime runtime_crio = {
	.name = "cri-o", .where = GRAPH, .named = true, .each = storage_each,
	.load = crio_load, .detail = storage_detail, .ending = podman_ending,
};
