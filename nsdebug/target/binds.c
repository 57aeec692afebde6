/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/binds.h"

#include <string.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/sys/cover.h"
#include "nsdebug/sys/layers.h"
#include "nsdebug/sys/mounts.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/target/volumes.h"

struct plan {
	struct ending *x;
	struct arena *a;
	struct cover host;
	size_t asked;		/* volumes whose engine's files were read */
};

/* An absolute path that no word of it leads elsewhere; not the root. */
static bool is_plain(const char *path)
{
	if (!path || *path != '/')
		return false;
	while (*path) {
		size_t n = strcspn(path + 1, "/");

		if (!n || (n <= 2 && !strncmp(path + 1, "..", n)))
			return false;
		path += n + 1;
	}
	return true;
}

/* Who walks there would ask a server on the way, or at its end. */
static bool asks(const struct plan *p, const char *source)
{
	const struct mounts *host = p->host.mounts;

	for (uint32_t i = 0; i < p->host.reachable; i++) {
		const struct mount *m = &host->items[p->host.by_path[i]];

		if ((m->served || m->stacked) && cover_below(source, m->point))
			return true;
	}
	return false;
}

/* What is mounted below it on the node was so in the container, too, or hid nothing there: of that
 * nothing is known. False: there is too much. */
static bool add_below(struct plan *p, const struct ending_mount *m)
{
	const struct mounts *host = p->host.mounts;

	for (uint32_t i = 0; i < p->host.reachable; i++) {
		const char *point = host->items[p->host.by_path[i]].point;
		const char *rest = cover_below(point, m->source);
		struct ending_mount *more;

		if (!rest || !*rest)
			continue;
		more = ending_mount_add(p->x, p->a);
		if (!more)
			return false;
		*more = (struct ending_mount){ .source = point,
			.at = runtime_join(p->a, m->at, rest + 1) };
	}
	return true;
}

static const struct mount *mount_of(const struct plan *p, const char *source)
{
	uint32_t at = cover_holding(&p->host, source);

	return at == NO_MOUNT ? NULL : &p->host.mounts->items[at];
}

/* Engines mount a tmpfs on that directory of theirs, and bind it, while the container runs. */
static bool is_shm(const struct ending_mount *m, const struct mount *on)
{
	const char *name = strrchr(m->source, '/');

	return !strcmp(m->at, "/dev/shm") && !strcmp(name, "/shm") &&
		strcmp(on->point, m->source) != 0;
}

/* It is bound with all that is mounted below it. */
static void plan_root(struct plan *p)
{
	struct ending *x = p->x;
	struct ending_mount m = { .at = "", .source = x->image.layers[0],
		.flags.set = x->read_only_root ? MOUNT_RO : 0, .flags.named = x->read_only_root };
	const struct mount *on = x->own_root && is_plain(m.source) ? mount_of(p, m.source) : NULL;

	if (!on)
		return;
	m.type = on->type;
	m.fs_options = on->fs_options;
	mountflags_node(&m.flags, on->options, x->runc);
	add_below(p, &m);
	x->root = m;
}

static void plan_one(struct plan *p, size_t i)
{
	struct ending_mount m = p->x->mounts[i];
	struct imagefs *image = &p->x->image;
	const struct mount *on;

	if (!m.volume || m.mapped || m.part || !is_plain(m.source) || !is_plain(m.at) ||
	    image->nbinds == IMAGE_BINDS_MAX || asks(p, m.source))
		return;
	p->x->mounts[i].on_demand = p->asked++ >= IMAGE_BINDS_MAX ||
		volumes_on_demand(m.source, p->a);
	if (p->x->mounts[i].on_demand)
		return;
	on = mount_of(p, m.source);
	/* what the kernel says is another thing to us than it was to the container */
	if (!on || mounts_of_kernel(on->type) || is_shm(&m, on) || !add_below(p, &m))
		return;
	m.type = on->type;
	m.fs_options = on->fs_options;
	mountflags_node(&m.flags, on->options, p->x->runc);
	m.bind = arena_alloc(p->a, sizeof(*m.bind));
	*m.bind = (struct imagefs_bind){ .source = m.source, .at = m.at,
		.tree = -1 };
	image->binds[image->nbinds++] = m.bind;
	p->x->mounts[i] = m;
}

/* As engines do it: a directory before what is mounted in it. */
static void sort_binds(struct imagefs *image)
{
	for (size_t i = 1; i < image->nbinds; i++) {
		struct imagefs_bind *b = image->binds[i];
		size_t k = i;

		for (; k && ending_depth(image->binds[k - 1]->at) > ending_depth(b->at); k--)
			image->binds[k] = image->binds[k - 1];
		image->binds[k] = b;
	}
}

void binds_plan(struct ending *x, const struct mounts *host, struct arena *a)
{
	struct plan p = { .x = x, .a = a };
	size_t count = x->nmounts;

	if (!x->image.count)
		return;
	layers_mark(host, host);
	cover_make(&p.host, host, a);
	x->image.binds = arena_alloc(a, IMAGE_BINDS_MAX * sizeof(*x->image.binds));
	for (size_t i = 0; i < count; i++)
		plan_one(&p, i);
	plan_root(&p);
	sort_binds(&x->image);
}
