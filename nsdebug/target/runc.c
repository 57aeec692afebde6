/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runc - /run/runc/ID/state.json.
 *
 * libcontainer's State (runc 1.1, libcontainer/container_linux.go and container.go): "id",
 * "init_process_pid", "init_process_start" and "created" come first, the large "config" after
 * them, so a lookup reads the first block of the file only. config.labels is an array of
 * "key=value"; the bundle is the label "bundle".
 */
#include <string.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/out/jread.h"
#include "nsdebug/target/runtime.h"

#define WHERE "/run/runc"

static int runc_each(const struct runtime *r, bool (*found)(void *ctx, const char *id), void *ctx,
		     struct err *e)
{
	return runtime_each_dir(r->where, found, ctx, e);
}

static bool take_head(void *ctx, const char *path, struct jvalue v)
{
	struct container *c = ctx;
	uint64_t n;

	if (!strcmp(path, "init_process_pid") && jvalue_u64(v, &n))
		c->pid = n <= INT32_MAX ? (pid_t)n : 0;
	else if (!strcmp(path, "init_process_start") && jvalue_u64(v, &n))
		c->start = n;
	else if (!strcmp(path, "created"))
		jvalue_str(v, c->created, sizeof(c->created));
	else if (!strncmp(path, "config.", 7))
		return false;
	return true;
}

static int runc_load(const struct runtime *r, const char *id, struct container *ret,
		     struct err *e)
{
	auto_close int fd = runtime_open(r->where, id, "state.json", e);

	if (fd < 0)
		return -1;
	*ret = (struct container){ .runtime = r };
	memcpy(ret->id, id, strnlen(id, ID_MAX - 1));
	if (jread(fd, STATE_MAX, take_head, ret, e) < 0)
		return err_wrap(e, "%s/%s/state.json", r->where, id);
	return 0;
}

struct reading {
	struct container *c;
	struct buf *labels;
};

static bool take_label(void *ctx, const char *path, struct jvalue v)
{
	const struct reading *r = ctx;

	if (v.type == J_STRING && !strcmp(path, "config.labels[]")) {
		runtime_add_label(r->labels, v.text.p, v.text.len);
		if (v.text.len > 7 && !memcmp(v.text.p, "bundle=", 7)) {
			v.text.p += 7;
			v.text.len -= 7;
			jvalue_str(v, r->c->bundle, sizeof(r->c->bundle));
		}
	}
	return true;
}

static int runc_labels(const struct runtime *r, struct container *c, struct buf *labels,
		       struct err *e)
{
	auto_close int fd = runtime_open(r->where, c->id, "state.json", e);
	struct reading reading = { c, labels };

	return fd < 0 ? -1 : jread(fd, STATE_MAX, take_label, &reading, e);
}

extern const struct runtime runtime_runc;
const struct runtime runtime_runc = {
	.name = "runc", .where = WHERE, .each = runc_each, .load = runc_load,
	.labels = runc_labels,
};
