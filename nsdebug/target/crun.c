/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crun - /run/crun/ID/status, and the whole OCI spec beside it in config.json.
 *
 * libcrun_container_status_s (crun 1.8, src/libcrun/status.c): "pid", "process-start-time",
 * "created", "bundle" and more, flat. The id is the directory's name. Labels are the annotations
 * of the spec.
 */
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/out/jread.h"
#include "nsdebug/target/runtime.h"

#define WHERE "/run/crun"
#define ANNOTATIONS "annotations."

static int crun_each(const struct runtime *r, bool (*found)(void *ctx, const char *id), void *ctx,
		     struct err *e)
{
	return runtime_each_dir(r->where, found, ctx, e);
}

static bool take_status(void *ctx, const char *path, struct jvalue v)
{
	struct container *c = ctx;
	uint64_t n;

	if (!strcmp(path, "pid") && jvalue_u64(v, &n))
		c->pid = n <= INT32_MAX ? (pid_t)n : 0;
	else if (!strcmp(path, "process-start-time") && jvalue_u64(v, &n))
		c->start = n;
	else if (!strcmp(path, "created"))
		jvalue_str(v, c->created, sizeof(c->created));
	else if (!strcmp(path, "bundle"))
		jvalue_str(v, c->bundle, sizeof(c->bundle));
	return true;
}

static int crun_load(const struct runtime *r, const char *id, struct container *ret,
		     struct err *e)
{
	auto_close int fd = runtime_open(r->where, id, "status", e);

	if (fd < 0)
		return -1;
	*ret = (struct container){ .runtime = r };
	memcpy(ret->id, id, strnlen(id, ID_MAX - 1));
	if (jread(fd, STATE_MAX, take_status, ret, e) < 0)
		return err_wrap(e, "%s/%s/status", r->where, id);
	return 0;
}

static bool take_annotation(void *ctx, const char *path, struct jvalue v)
{
	char label[1024];
	int n;

	if (v.type == J_STRING && str_prefix(path, ANNOTATIONS)) {
		n = snprintf(label, sizeof(label), "%s=%.*s", path + strlen(ANNOTATIONS),
			     (int)v.text.len, v.text.p);
		if (n > 0 && (size_t)n < sizeof(label))
			runtime_add_label(ctx, label, (size_t)n);
	}
	return true;
}

static int crun_labels(const struct runtime *r, struct container *c, struct buf *labels,
		       struct err *e)
{
	auto_close int fd = runtime_open(r->where, c->id, "config.json", e);

	return fd < 0 ? -1 : jread(fd, STATE_MAX, take_annotation, labels, e);
}

extern const struct runtime runtime_crun;
const struct runtime runtime_crun = {
	.name = "crun", .where = WHERE, .each = crun_each, .load = crun_load,
	.labels = crun_labels,
};
