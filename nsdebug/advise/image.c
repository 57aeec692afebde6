/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/advise/image.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/map.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/enter/root.h"
#include "nsdebug/sys/mounts.h"

#define LINKS_MAX 40		/* MAXSYMLINKS of the kernel */
#define FILES_MAX 2000000u
#define DEPTH_MAX 64u
#define WALK_NS (20ull * NS_PER_S)
#define USED_MAX 200000u

/* ---- the reader ---- */

struct reader {
	int peer;
	struct emit *emit;
	struct root root;
	const struct mounts *mounts;
	struct map used;	/* hashes of paths */
	size_t nused;
	struct image_message m;
	uint32_t major, minor;	/* of the root's mount */
	uint64_t until_ns, files, bytes;
	bool cut;
};

static bool say(struct reader *r, enum image_what what, struct bytes path)
{
	r->m.what = what;
	r->m.len = (uint32_t)path.len;
	if (path.len >= IMAGE_PATH)
		return false;
	memcpy(r->m.path, path.p, path.len);
	r->m.path[path.len] = '\0';
	emit_tick(r->emit);
	return fd_give(r->peer, &r->m, sizeof(r->m), -1);
}

static bool is_on_root(const struct reader *r, const struct statx *st)
{
	return st->stx_dev_major == r->major && st->stx_dev_minor == r->minor;
}

/* ---- names ---- */

struct way {
	char done[IMAGE_PATH];	/* without links */
	size_t len;
	char rest[2 * IMAGE_PATH];
	unsigned int links;
};

static void go_up(struct way *w)
{
	while (w->len && w->done[w->len - 1] != '/')
		w->len--;
	if (w->len)
		w->len--;
	w->done[w->len] = '\0';
}

/* Puts what a link says in front of the rest. */
static bool follow(struct way *w, const char *text, size_t n)
{
	size_t rest = strlen(w->rest);

	if (++w->links > LINKS_MAX || n + 1 + rest >= sizeof(w->rest))
		return false;
	memmove(w->rest + n + 1, w->rest, rest + 1);
	memcpy(w->rest, text, n);
	w->rest[n] = '/';
	if (*text == '/')
		w->len = 0;
	w->done[w->len] = '\0';
	return true;
}

/* One name further. False: it leads nowhere. */
static bool step(struct reader *r, struct way *w, bool last_is_plain)
{
	char text[IMAGE_PATH], *name = w->rest + strspn(w->rest, "/");
	size_t n = strcspn(name, "/"), before = w->len;
	bool last = !name[n + strspn(name + n, "/")];
	struct err e;
	long len;

	if (n == 2 && name[0] == '.' && name[1] == '.')
		go_up(w);
	else if (n && !(n == 1 && name[0] == '.')) {
		if (w->len + n + 2 > sizeof(w->done))
			return false;
		w->done[w->len] = '/';
		memcpy(w->done + w->len + 1, name, n);
		w->len += n + 1;
		w->done[w->len] = '\0';
	}
	memmove(w->rest, name + n, strlen(name + n) + 1);
	if (w->len <= before || (last && last_is_plain))
		return true;
	auto_close int fd = root_open(&r->root, w->done, true, &e);

	if (fd < 0)
		return false;
	len = root_readlink(fd, "", text, sizeof(text) - 1);
	if (len <= 0)
		return true;
	if (!say(r, IMAGE_LINK, (struct bytes){ w->done, w->len }))
		return false;
	w->len = before;
	return follow(w, text, (size_t)len);
}

/* What it is, and whether it is the image's. */
static void look_up(struct reader *r, const char *path)
{
	struct err e;
	auto_close int fd = root_open(&r->root, path, true, &e);
	struct statfs fs;
	struct statx st;

	if (fd < 0 || root_stat(fd, "", &st) < 0)
		return;
	r->m.files = st.stx_mode;
	r->m.whole = is_on_root(r, &st);
	if (path[1] && st.stx_attributes & STATX_ATTR_MOUNT_ROOT &&
	    !mounts_served(r->mounts, st.stx_dev_major, st.stx_dev_minor) &&
	    root_statfs(fd, &fs) == 0)
		r->m.bytes = (uint64_t)fs.f_type;
}

static bool answer_name(struct reader *r, bool last_is_plain)
{
	static struct way w;
	bool good = true;

	w.len = w.links = 0;
	w.done[0] = '\0';
	memcpy(w.rest, r->m.path, r->m.len + 1);
	while (good && w.rest[strspn(w.rest, "/")])
		good = step(r, &w, last_is_plain);
	if (good && !w.len)
		w.done[w.len++] = '/';
	r->m.files = r->m.bytes = 0;
	if (good)
		look_up(r, w.done);
	return say(r, IMAGE_PATH_IS, (struct bytes){ w.done, good ? w.len : 0 });
}

/* ---- files that are not used ---- */

struct found {
	uint64_t files, bytes;	/* not used, below */
	bool used;		/* something below is */
};

struct inner {
	char *name;
	struct found found;
};

static bool is_used(const struct reader *r, const char *path, size_t len)
{
	return map_get(&r->used, map_hash(MAP_HASH, path, len));
}

static void say_unused(struct reader *r, const char *path, size_t len, const struct found *f,
		       bool whole)
{
	if (!f->files)
		return;
	r->m.files = f->files;
	r->m.bytes = f->bytes;
	r->m.whole = whole;
	if (!say(r, IMAGE_UNUSED, (struct bytes){ path, len }))
		r->cut = true;
}

static struct found look_in(struct reader *r, char path[IMAGE_PATH], size_t len,
			    unsigned int depth);

/* What is mounted there is not the image's. */
static bool is_same(const struct reader *r, const struct statx *st)
{
	return is_on_root(r, st) && !(st->stx_attributes & STATX_ATTR_MOUNT_ROOT);
}

/* One name of a directory; a directory is a child, whose words are kept until all is known. */
static void look_at(struct reader *r, const struct root_dir *d, const struct root_name *name,
		    char path[IMAGE_PATH], size_t len, unsigned int depth, struct found *own,
		    struct inner **children, size_t *count)
{
	size_t n = strlen(name->name);
	struct statx st;

	if (++r->files > FILES_MAX || clock_ns() > r->until_ns || len + n + 2 > IMAGE_PATH) {
		r->cut = true;
		return;
	}
	if (root_stat(d->fd, name->name, &st) < 0 || !is_same(r, &st))
		return;
	path[len] = '/';
	memcpy(path + len + 1, name->name, n + 1);
	if (S_ISDIR(st.stx_mode)) {
		*children = mem_more(*children, *count);
		(*children)[*count].name = mem_strdup(name->name);
		(*children)[(*count)++].found = look_in(r, path, len + 1 + n, depth + 1);
	} else if (S_ISREG(st.stx_mode) || S_ISLNK(st.stx_mode)) {
		r->bytes += st.stx_size;
		if (is_used(r, path, len + 1 + n)) {
			own->used = true;
		} else {
			own->files++;
			own->bytes += st.stx_size;
		}
	}
	path[len] = '\0';
}

/* Below a directory of which nothing is used, no directory is told by itself. */
static struct found sum_up(struct reader *r, char path[IMAGE_PATH], size_t len,
			   const struct found *own, struct inner *children, size_t count)
{
	struct found sum = *own;

	for (size_t i = 0; i < count; i++) {
		sum.used |= children[i].found.used;
		sum.files += children[i].found.files;
		sum.bytes += children[i].found.bytes;
	}
	for (size_t i = 0; i < count; i++) {
		size_t n = strlen(children[i].name);

		if (sum.used && !children[i].found.used) {
			path[len] = '/';
			memcpy(path + len + 1, children[i].name, n + 1);
			say_unused(r, path, len + 1 + n, &children[i].found, true);
		}
		free(children[i].name);
	}
	path[len] = '\0';
	free(children);
	if (sum.used)
		say_unused(r, len ? path : "/", len ? len : 1, own, false);
	return sum;
}

static struct found look_in(struct reader *r, char path[IMAGE_PATH], size_t len,
			    unsigned int depth)
{
	struct inner *children = NULL;
	struct found own = { 0 };
	struct root_name name;
	struct root_dir d;
	size_t count = 0;
	struct err e;

	if (depth > DEPTH_MAX || root_dir_open(&d, &r->root, len ? path : "/", &e) < 0) {
		r->cut = true;
		return (struct found){ .used = true };
	}
	while (!r->cut && root_dir_next(&d, &name, &e) > 0)
		look_at(r, &d, &name, path, len, depth, &own, &children, &count);
	root_dir_close(&d);
	return sum_up(r, path, len, &own, children, count);
}

static bool answer_walk(struct reader *r)
{
	static char path[IMAGE_PATH];
	struct found all;

	r->until_ns = clock_ns() + WALK_NS;
	path[0] = '\0';
	all = look_in(r, path, 0, 0);
	if (!all.used)
		say_unused(r, "/", 1, &all, true);
	r->m.files = r->files;
	r->m.bytes = r->bytes;
	r->m.cut = r->cut;
	return say(r, IMAGE_DONE, (struct bytes){ "", 0 });
}

static bool take(struct reader *r)
{
	static char yes;

	if (r->m.len >= IMAGE_PATH || r->m.path[r->m.len])
		return false;
	switch (r->m.what) {
	case IMAGE_USED:
		if (r->nused++ < USED_MAX)
			map_put(&r->used, map_hash(MAP_HASH, r->m.path, r->m.len), &yes);
		return true;
	case IMAGE_NAME:
	case IMAGE_LAST:
		return answer_name(r, r->m.what == IMAGE_LAST);
	case IMAGE_WALK:
		return answer_walk(r);
	}
	return false;
}

void image_serve(struct inside *in, void *arg)
{
	static struct reader r;
	struct statx st;
	int none = -1;

	r.peer = in->peer;
	r.emit = &in->emit;
	r.mounts = arg;
	root_init(&r.root, in);
	if (root_stat(r.root.fd, "", &st) < 0)
		return;
	r.major = st.stx_dev_major;
	r.minor = st.stx_dev_minor;
	while (fd_take(r.peer, &r.m, sizeof(r.m), &none) && take(&r))
		emit_tick(&in->emit);
	own_close(&none);
	map_free(&r.used);
}

/* ---- who asks ---- */

static bool give_up(struct image *i)
{
	own_close(i->peer);
	return false;
}

bool image_ask(struct image *i, enum image_what what, struct bytes path)
{
	if (*i->peer < 0)
		return false;
	if (path.len >= IMAGE_PATH)
		return false;
	i->m = (struct image_message){ .what = what, .len = (uint32_t)path.len };
	memcpy(i->m.path, path.p, path.len);
	emit_tick(i->emit);
	return send(*i->peer, &i->m, sizeof(i->m), MSG_NOSIGNAL) == sizeof(i->m) || give_up(i);
}

bool image_used(struct image *i, struct bytes path)
{
	return image_ask(i, IMAGE_USED, path);
}

bool image_next(struct image *i)
{
	uint64_t until = clock_ns() + IMAGE_WAIT_NS;
	struct pollfd p = { .fd = *i->peer, .events = POLLIN };
	int none = -1;

	if (*i->peer < 0)
		return false;
	while (poll(&p, 1, 50) == 0) {
		emit_tick(i->emit);
		if (clock_ns() > until)
			return give_up(i);
	}
	if (!fd_take(*i->peer, &i->m, sizeof(i->m), &none) || i->m.len >= IMAGE_PATH)
		return give_up(i);
	own_close(&none);
	i->m.path[i->m.len] = '\0';
	return true;
}
