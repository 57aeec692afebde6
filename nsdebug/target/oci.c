/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/oci.h"

#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"

struct reading {
	struct container *c;
	struct arena *arena;
	struct buf *labels;
};

static void take_pid(struct container *c, struct jvalue v)
{
	uint64_t n;

	if (jvalue_u64(v, &n))
		c->pid = n <= INT32_MAX ? (pid_t)n : 0;
}

static bool take_runc(void *ctx, const char *path, struct jvalue v)
{
	const struct reading *r = ctx;

	if (!strcmp(path, "init_process_pid"))
		take_pid(r->c, v);
	else if (!strcmp(path, "init_process_start"))
		jvalue_u64(v, &r->c->start);
	else if (!strcmp(path, "created"))
		r->c->created = runtime_text(r->arena, v);
	else if (str_prefix(path, "config."))
		return false;
	return true;
}

static bool take_crun(void *ctx, const char *path, struct jvalue v)
{
	const struct reading *r = ctx;

	if (!strcmp(path, "pid"))
		take_pid(r->c, v);
	else if (!strcmp(path, "process-start-time"))
		jvalue_u64(v, &r->c->start);
	else if (!strcmp(path, "created"))
		r->c->created = runtime_text(r->arena, v);
	else if (!strcmp(path, "bundle"))
		r->c->bundle = runtime_text(r->arena, v);
	return true;
}

static int read_state(struct container *c, struct arena *a, const char *dir, const char *file,
		      jread_fn *fn, struct err *e)
{
	auto_close int fd = runtime_open(dir, c->id, file, e);
	struct reading r = { c, a, NULL };

	if (fd < 0)
		return -1;
	if (jread(fd, STATE_MAX, fn, &r, e) < 0)
		return err_wrap(e, "%s/%s/%s", dir, c->id, file);
	c->state_dir = runtime_join(a, dir, c->id);
	return 0;
}

int oci_runc(struct container *c, struct arena *a, const char *dir, struct err *e)
{
	return read_state(c, a, dir, "state.json", take_runc, e);
}

int oci_crun(struct container *c, struct arena *a, const char *dir, struct err *e)
{
	return read_state(c, a, dir, "status", take_crun, e);
}

int oci_confirm(struct container *c, struct arena *a, const char *const *dirs, struct err *e)
{
	for (; *dirs; dirs++) {
		struct container state = { .id = c->id };

		if (oci_runc(&state, a, *dirs, e) < 0 &&
		    (e->status != ST_TARGET || oci_crun(&state, a, *dirs, e) < 0)) {
			if (e->status != ST_TARGET)
				return -1;
			continue;
		}
		if (c->pid && state.pid != c->pid)
			return err_set(e, ST_REFUSED, "%s: its engine says process %d, %s/%s says "
				       "%d: not believed", c->id, (int)c->pid, *dirs, c->id,
				       (int)state.pid);
		c->pid = state.pid;
		c->start = state.start;
		c->state_dir = state.state_dir;
		if (!c->created)
			c->created = state.created;
		return 0;
	}
	return 0;
}

static bool take_label(void *ctx, const char *path, struct jvalue v)
{
	const struct reading *r = ctx;

	if (v.type == J_STRING && !strcmp(path, "config.labels[]")) {
		runtime_add_line(r->labels, v.text.p, v.text.len);
		if (v.text.len > 7 && !memcmp(v.text.p, "bundle=", 7)) {
			v.text.p += 7;
			v.text.len -= 7;
			r->c->bundle = runtime_text(r->arena, v);
		}
	}
	return true;
}

int oci_runc_labels(struct container *c, struct arena *a, const char *dir, struct buf *labels,
		    struct err *e)
{
	auto_close int fd = runtime_open(dir, c->id, "state.json", e);
	struct reading r = { c, a, labels };

	return fd < 0 ? -1 : jread(fd, STATE_MAX, take_label, &r, e);
}

struct annotations {
	bool (*fn)(void *ctx, const char *key, struct jvalue v);
	void *ctx;
};

static bool take_annotation(void *ctx, const char *path, struct jvalue v)
{
	const struct annotations *n = ctx;

	if (str_prefix(path, "annotations."))
		return v.type != J_STRING || n->fn(n->ctx, path + strlen("annotations."), v);
	return !str_prefix(path, "linux.");
}

int oci_annotations(int fd, bool (*fn)(void *ctx, const char *key, struct jvalue v), void *ctx,
		    struct err *e)
{
	struct annotations n = { fn, ctx };

	return jread(fd, STATE_MAX, take_annotation, &n, e);
}
