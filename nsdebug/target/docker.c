/* SPDX-License-Identifier: Apache-2.0 */
/*
 * docker - DATA/containers/ID/config.v2.json (moby 20.10, container/container.go: State, ID,
 * Created, Config with Labels and Image, Name "/web").
 *
 * The file outlives the daemon, the machine's boot and the process, so its pid counts only if the
 * OCI runtime's state below /run says the same, which also has the start time; with another
 * runtime (Kata), if containerd's shim wrote it down. A process that the daemon does not know of,
 * having died before it wrote that down, is found there too.
 *
 * DATA is data-root in daemon.json; with userns-remap it is DATA/UID.GID (dockerd(8)).
 */
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/target/k8s.h"
#include "nsdebug/target/oci.h"

#define DATA "/var/lib/docker"
#define NAMESPACE "moby"

struct walk {
	const struct runtime *r;
	struct ask *ask;
	found_fn *found;
	void *ctx;
	const char *data;	/* DATA, not NULL */
	const char *root;	/* "containers" in it */
	bool remap, enough;
};

struct reading {
	struct container *c;
	struct arena *arena;
	struct buf *labels;
	bool running;
};

static bool take_state(struct reading *r, const char *key, struct jvalue v)
{
	struct container *c = r->c;
	uint64_t n;

	if (!strcmp(key, "Running"))
		r->running = jvalue_is(v, "true");
	else if (!strcmp(key, "Pid") && jvalue_u64(v, &n))
		c->pid = n <= INT32_MAX ? (pid_t)n : 0;
	else if (!strcmp(key, "ExitCode") && jvalue_u64(v, &n) && n <= INT32_MAX)
		c->exit_code = (int64_t)n;
	else if (!strcmp(key, "StartedAt") && v.type == J_STRING && v.text.len > 4 &&
		 !memcmp(v.text.p, "0001", 4))
		c->recorded = REC_CREATED;
	return true;
}

static bool take_value(void *ctx, const char *path, struct jvalue v)
{
	struct reading *r = ctx;
	struct container *c = r->c;
	const char *text;

	if (str_prefix(path, "State."))
		return take_state(r, path + strlen("State."), v);
	if (!strcmp(path, "Created")) {
		c->created = runtime_text(r->arena, v);
	} else if (!strcmp(path, "Config.Image")) {
		c->image = runtime_text(r->arena, v);
	} else if (str_prefix(path, "Config.Labels.")) {
		if (r->labels)
			runtime_add_label(r->labels, path + strlen("Config.Labels."), v);
	} else if (!strcmp(path, "Name")) {
		text = runtime_text(r->arena, v);
		c->name = text && strcmp(text, "/") ? text + (*text == '/') : c->id;
		return false;	/* what follows is of no use here */
	}
	return true;
}

static int read_config(struct container *c, struct arena *a, struct buf *labels, struct err *e)
{
	auto_close int fd = runtime_open(c->root, c->id, "config.v2.json", e);
	struct reading r = { c, a, labels, false };

	if (fd < 0)
		return -1;
	if (jread(fd, STATE_MAX, take_value, &r, e) < 0)
		return err_wrap(e, "%s/%s/config.v2.json", c->root, c->id);
	if (!r.running) {
		c->pid = 0;
		if (c->recorded != REC_CREATED)
			c->recorded = REC_EXITED;
	}
	if (r.running || c->recorded == REC_CREATED)
		c->exit_code = INT64_MIN;
	k8s_name(c, a, c->name);
	c->read = true;
	return 0;
}

static bool take_id(void *ctx, const char *id)
{
	struct walk *w = ctx;
	struct container c = container_new(w->r, w->root, runtime_join(w->ask->arena, id, NULL));
	struct err e;

	if (w->ask->names && read_config(&c, w->ask->arena, NULL, &e) < 0) {
		w->ask->broken += e.status != ST_TARGET;
		return true;
	}
	w->enough = !w->found(w->ctx, &c);
	return !w->enough;
}

static bool take_setting(void *ctx, const char *path, struct jvalue v)
{
	struct walk *w = ctx;
	const char *text = runtime_text(w->ask->arena, v);

	if ((!strcmp(path, "data-root") || !strcmp(path, "graph")) && text && *text == '/')
		w->data = text;
	else if (!strcmp(path, "userns-remap"))
		w->remap = text;
	return true;
}

/* dockerd.json(5): "data-root", formerly "graph". What dockerd's command line says is not known
 * here. */
static void read_settings(struct walk *w)
{
	struct err e;
	auto_close int fd = runtime_open_file("/etc/docker/daemon.json", &e);

	if (fd < 0 ? e.status != ST_TARGET : jread(fd, STATE_MAX, take_setting, w, &e) < 0)
		w->ask->broken++;
}

static int take_root(struct walk *w, const char *data, struct err *e)
{
	w->root = runtime_join(w->ask->arena, data, "containers");
	if (!w->ask->id)
		return runtime_each_dir(w->root, take_id, w, e);
	if (runtime_has_dir(w->root, w->ask->id))
		take_id(w, w->ask->id);
	return 0;
}

static bool take_remapped(void *ctx, const char *name)
{
	struct walk *w = ctx;
	const char *p = name;
	uint64_t n;

	if (!scan_u64(&p, &n) || *p++ != '.' || !scan_u64(&p, &n) || *p)
		return true;
	w->ask->broken += take_root(w, runtime_join(w->ask->arena, w->data, name), NULL) < 0;
	return !w->enough;
}

static int docker_each(const struct runtime *r, struct ask *ask, found_fn *found, void *ctx,
		       struct err *e)
{
	struct walk w = { r, ask, found, ctx, DATA, NULL, false, false };

	read_settings(&w);
	if (take_root(&w, w.data, e) < 0)
		return -1;
	return w.remap && !w.enough ? runtime_each_dir(w.data, take_remapped, &w, e) : 0;
}

static int docker_load(struct container *c, struct arena *a, struct err *e)
{
	static const char *const states[] = {
		"/run/docker/runtime-runc/" NAMESPACE, "/run/containerd/runc/" NAMESPACE, NULL
	};
	static const char *const shims[] = {
		"/run/containerd/io.containerd.runtime.v2.task/" NAMESPACE,
		"/run/docker/containerd/daemon/io.containerd.runtime.v2.task/" NAMESPACE, NULL
	};
	struct container shim = { 0 };

	if (!c->read && read_config(c, a, NULL, e) < 0)
		return -1;
	if (oci_confirm(c, a, states, e) < 0)
		return -1;
	for (size_t i = 0; c->pid && !c->start && !shim.noted && shims[i]; i++)
		runtime_read_pid(&shim, shims[i], c->id, "init.pid", NULL);
	if (c->start || (c->pid && shim.pid == c->pid)) {
		c->noted = shim.noted;
		c->recorded = REC_STARTED;
		return 0;
	}
	/* the record of a daemon that did not see the end of it */
	c->pid = 0;
	if (c->recorded == REC_STARTED)
		c->recorded = REC_EXITED;
	return 0;
}

static int docker_detail(struct container *c, struct arena *a, struct buf *labels, struct err *e)
{
	struct container again = *c;

	if (read_config(&again, a, labels, e) < 0)
		return -1;
	c->image = again.image;
	return 0;
}

extern const struct runtime runtime_docker;
const struct runtime runtime_docker = {
	.name = "docker", .where = DATA "/containers", .named = true, .labels = true,
	.each = docker_each, .load = docker_load, .detail = docker_detail,
	.ending = docker_ending,
};
