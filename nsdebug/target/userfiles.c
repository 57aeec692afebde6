/* SPDX-License-Identifier: Apache-2.0 */
/*
 * userfiles - the child of scan.h that looks into the files of users' podman: containers.json of
 * their storage, and config.json of each bundle, whose path their conmon gave.
 *
 * A file is opened if no link leads to it and it is a regular file of the user in whose name it is
 * read; so he can have nothing read that is not his. It is opened with the rights of root, and read
 * after they were given up.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/target/k8s.h"
#include "nsdebug/target/oci.h"
#include "nsdebug/target/scan.h"
#include "nsdebug/target/storage.h"

#define FILES_MAX 2048		/* half of the descriptors that a child may have */

struct opened {
	const struct container *c;
	bool storage;		/* containers.json, of all of this user's containers there */
	const char *path;
	int fd;
};

struct files {
	struct inside *in;
	const struct scan_job *job;
	struct arena *arena;
	struct opened *items;
	size_t count;
};

/* ---- with rights, to open ---- */

/* Component after component, none of them a link. O_PATH or -1. */
static int walk(const char *path)
{
	auto_close int dir = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	while (dir >= 0 && *path) {
		size_t len = strcspn(path, "/");
		char name[256];
		int next;

		if (len >= sizeof(name))
			return -1;
		snprintf(name, sizeof(name), "%.*s", (int)len, path);
		path += len + (path[len] == '/');
		if (!len || !strcmp(name, "."))
			continue;
		if (!strcmp(name, ".."))
			return -1;
		next = openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		own_close(&dir);
		dir = next;
	}
	return take_fd(&dir);
}

static int open_file(const struct files *f, const char *path, uid_t uid)
{
	auto_close int fd = walk(path);
	struct statx st;
	char name[32];

	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_UID,
			    &st) < 0 || !S_ISREG(st.stx_mode) || st.stx_uid != uid)
		return -1;
	snprintf(name, sizeof(name), "self/fd/%d", fd);
	return openat(f->in->procfs, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static bool is_open(const struct files *f, const char *path)
{
	for (size_t i = f->count; i-- > 0;)
		if (!strcmp(f->items[i].path, path))
			return true;
	return false;
}

static void add(struct files *f, const struct container *c, const char *path, bool storage)
{
	struct opened o = { c, storage, path, -1 };

	if (storage && is_open(f, path))
		return;
	if (f->count == FILES_MAX) {
		emit_cut(&f->in->emit, "more than %u files of users: not all are read", FILES_MAX);
		return;
	}
	scan_say_at(&f->in->emit, c->pid, c->owner);
	o.fd = open_file(f, path, c->owner);
	if (o.fd >= 0) {
		f->items = mem_more(f->items, f->count);
		f->items[f->count++] = o;
	}
}

/* STORAGE/DRIVER-containers/ID/userdata is the bundle. */
static void open_of(struct files *f, const struct container *c)
{
	char *path = arena_dup(f->arena, c->bundle, strlen(c->bundle)), *slash;

	add(f, c, runtime_join(f->arena, path, "config.json"), false);
	for (int i = 0; i < 2; i++) {
		slash = strrchr(path, '/');
		if (!slash || slash == path)
			return;
		*slash = '\0';
	}
	add(f, c, runtime_join(f->arena, path, "containers.json"), true);
}

/* ---- without any, to read ---- */

struct reading {
	const struct files *f;
	const struct container *c;	/* whose values these are; NULL: of none that runs */
	struct container said;
	struct buf labels;
};

static struct bytes text_of(const char *s)
{
	return (struct bytes){ s, s ? strlen(s) : 0 };
}

static void send(struct reading *r)
{
	struct scan_row row = { .what = SCAN_FILES, .image = text_of(r->said.image),
		.created = text_of(r->said.created), .sandbox = r->said.kind == KIND_SANDBOX,
		.labels = { r->labels.bytes, r->labels.len } };

	if (!r->c)
		return;
	row.pid = (uint64_t)r->c->pid;
	emit_row(&r->f->in->emit, &row);
	r->c = NULL;
}

static bool take_annotation(void *ctx, const char *key, struct jvalue v)
{
	struct reading *r = ctx;

	k8s_annotation(&r->said, r->f->arena, key, v);
	runtime_add_label(&r->labels, key, v);
	return true;
}

static const struct container *container_of(const struct files *f, uid_t uid, struct jvalue id)
{
	for (size_t i = 0; i < f->job->count; i++) {
		const struct container *c = &f->job->items[i].c;

		if (c->claimed && c->bundle && c->owner == uid && jvalue_is(id, c->id))
			return c;
	}
	return NULL;
}

static bool take_item(void *ctx, const char *path, struct jvalue v)
{
	struct reading *r = ctx;
	uid_t uid = r->said.owner;

	if (!strcmp(path, "[].id")) {
		send(r);
		r->said = (struct container){ .owner = uid };
		r->c = container_of(r->f, uid, v);
	} else if (r->c && !strcmp(path, "[].metadata")) {
		r->said.image = storage_image(r->f->arena, v);
		if (storage_is_pause(r->said.image))
			r->said.kind = KIND_SANDBOX;
	} else if (r->c && !strcmp(path, "[].created")) {
		r->said.created = runtime_text(r->f->arena, v);
	}
	return true;
}

static void read_file(struct files *f, const struct opened *o)
{
	struct reading r = { .f = f, .c = o->storage ? NULL : o->c,
		.said = { .owner = o->c->owner } };
	struct err e;
	int ret;

	scan_say_at(&f->in->emit, o->c->pid, o->c->owner);
	if (o->storage)
		ret = jread(o->fd, STATE_MAX, take_item, &r, &e);
	else
		ret = oci_annotations(o->fd, take_annotation, &r, &e);
	if (ret < 0)
		emit_cut(&f->in->emit, "%s of user %u cannot be read: %s", o->path,
			 (unsigned int)o->c->owner, e.msg);
	else
		send(&r);
	buf_free(&r.labels);
}

void userfiles_live(struct inside *in, void *arg)
{
	struct files f = { .in = in, .job = arg, .arena = arena_new() };
	auto_free int *keep = NULL;
	struct err e;

	for (size_t i = 0; i < f.job->count; i++) {
		const struct container *c = &f.job->items[i].c;

		if (c->claimed && c->bundle && !scan_skips(f.job, c->pid, c->owner))
			open_of(&f, c);
	}
	keep = mem_alloc((f.count + 1) * sizeof(*keep));
	for (size_t i = 0; i < f.count; i++)
		keep[i] = f.items[i].fd;
	if (enter_become_parser(in, keep, f.count, &e) < 0) {
		emit_err(&in->emit, &e);
		return;
	}
	for (size_t i = 0; i < f.count; i++)
		read_file(&f, &f.items[i]);
}
