/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/made.h"

#include <string.h>
#include <unistd.h>

#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/root.h"
#include "nsdebug/sys/cover.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/why/access.h"
#include "nsdebug/why/fill.h"
#include "nsdebug/why/walk.h"

#define MADE_MODE 0755		/* MkdirAll() of runc */

/* ---- the table ---- */

/* Where it is without links: those on the way are the container's. What of it is not there has
 * none. */
static const char *point_of(const struct root *root, const char *at, struct arena *a)
{
	char real[ACCESS_PATH], path[ACCESS_PATH];
	size_t len = strlen(at), have;

	while (len > 1 && at[len - 1] == '/')
		len--;
	if (len >= sizeof(path))
		return arena_dup(a, at, len);
	memcpy(path, at, len);
	have = len;
	while (have > 1) {
		auto_close int fd = -1;
		long n;

		path[have] = '\0';
		fd = root_open(root, path, false, NULL);
		n = fd < 0 ? -1 : root_path(root, fd, real, sizeof(real) - 1);
		if (n > 0 && *real == '/' && (size_t)n + len - have < sizeof(real)) {
			n = n == 1 ? 0 : n;
			memcpy(real + n, at + have, len - have);
			return arena_dup(a, real, (size_t)n + len - have);
		}
		while (have > 1 && at[have - 1] != '/')
			have--;
		have--;
	}
	return arena_dup(a, at, len);
}

static struct made_mount *add(struct made *t, const struct ending_mount *m, const char *point)
{
	uint64_t id = t->mounts.count + 1, parent = 0;
	size_t most = 0;

	for (size_t i = 0; i < t->mounts.count; i++) {
		const struct mount *at = &t->mounts.items[i];
		size_t len = strlen(at->point);

		if (len >= most && cover_below(point, at->point)) {
			most = len;
			parent = at->id;
		}
	}
	t->mounts.items[t->mounts.count] = (struct mount){
		.id = id, .parent = parent, .root = "/", .point = point, .source = "",
		.type = m->type ? m->type : "bind",
		.fs_options = m->fs_options ? m->fs_options : "rw",
		.options = mountflags_text(m->flags.set),
	};
	t->doubts |= m->flags.unsure ? MADE_FLAGS : 0;
	t->of[t->mounts.count] = (struct made_mount){ .m = m, .flags = &m->flags };
	return &t->of[t->mounts.count++];
}

/* Who made the image says when it was written, but not when it came here; and what an overlay has
 * copied was there before. */
static bool is_of_start(const struct ending *x, const struct statx *st)
{
	return ending_is_later(x, st->stx_mtime.tv_sec, st->stx_mtime.tv_nsec) &&
		ending_is_later(x, st->stx_ctime.tv_sec, st->stx_ctime.tv_nsec);
}

/* What it hides decides which mode it has, and whether it is empty. */
static void look_below(struct made *t, struct made_mount *of, const struct ending *x,
		       const struct root *root, const char *point)
{
	const struct tmpfs *tmpfs = &of->m->tmpfs;
	auto_close int fd = root_open(root, point, true, NULL);
	struct statx st;

	of->anew = true;
	of->mode = of->other = tmpfs->has_mode ? tmpfs->mode : TMPFS_MODE;
	if (fd < 0)
		return;
	if (root_stat(fd, "", &st) < 0 || !S_ISDIR(st.stx_mode) ||
	    (tmpfs->copies && (fill_look(root, point) != DIR_EMPTY || st.stx_uid != tmpfs->uid ||
			       st.stx_gid != tmpfs->gid)))
		of->anew = false;
	else if (!is_of_start(x, &st) || fill_look(root, point) != DIR_EMPTY)
		of->other = st.stx_mode & 07777;
	t->doubts |= of->anew && of->mode != of->other ? MADE_MODES : 0;
}

/* What engines mount later lies in what they mounted before, or on it. */
void made_init(struct made *t, const struct ending *x, const struct root *root, struct arena *a)
{
	struct ending_mount *of_root = arena_alloc(a, sizeof(*of_root));

	*of_root = x->root;
	of_root->flags.set |= x->read_only_root ? MOUNT_RO : 0;
	if (!of_root->type)
		of_root->type = x->image.count > 1 ? "overlay" : "";
	*t = (struct made){ .mounts.root = 1 };
	t->mounts.items = arena_alloc(a, (x->nmounts + 1) * sizeof(*t->mounts.items));
	t->of = arena_alloc(a, (x->nmounts + 1) * sizeof(*t->of));
	add(t, of_root, "/")->m = NULL;
	for (size_t i = 0; i < x->nmounts; i++) {
		const struct ending_mount *m = &x->mounts[i];
		struct made_mount *of;
		const char *point;

		if (!m->at || *m->at != '/' || !m->at[1])
			continue;
		point = point_of(root, m->at, a);
		of = add(t, m, point);
		if (ending_mount_anew(m))
			look_below(t, of, x, root, point);
	}
}

void made_choose(struct made *t, unsigned int other)
{
	t->other = other;
	for (size_t i = 0; i < t->mounts.count; i++) {
		const struct mountflags *f = t->of[i].flags;

		t->mounts.items[i].options = mountflags_text(f->set |
							     (other & MADE_FLAGS ? f->unsure : 0));
	}
}

/* ---- on the way ---- */

/* No file: the descriptor is there to be one, and asked for nothing. */
static bool put(struct step *s, const struct root *root, uint32_t mode, uint32_t uid, uint32_t gid)
{
	s->fd = dup(root->fd);
	s->made = true;
	s->st = (struct statx){ .stx_mode = (uint16_t)(S_IFDIR | mode), .stx_uid = uid,
		.stx_gid = gid, .stx_nlink = 2 };
	return s->fd >= 0;
}

/* The last one there is what is seen. */
static const struct made_mount *mount_at(const struct made *m, const char *path)
{
	for (size_t i = m->mounts.count; i-- > 1;)
		if (!strcmp(m->mounts.items[i].point, path))
			return &m->of[i];
	return NULL;
}

/* What is in it is not known, but what is mounted there: all may pass. */
static bool is_dev(const struct ending_mount *m)
{
	return !strcmp(m->at, "/dev") && m->type && !strcmp(m->type, "tmpfs");
}

static bool look_bind(const struct imagefs_bind *b, const struct root *root, const char *path,
		      struct step *s)
{
	s->fd = b->there ? root_open(root, path, true, NULL) : dup(b->tree);
	return s->fd >= 0 && root_stat(s->fd, "", &s->st) == 0;
}

int made_look(const struct made *m, const struct root *root, const struct step *dir,
	      const char *path, struct step *s)
{
	const struct made_mount *of = mount_at(m, path);
	const struct imagefs_bind *b = of ? of->m->bind : NULL;
	const struct tmpfs *tmpfs;

	if (of && of->anew) {
		tmpfs = &of->m->tmpfs;
		return put(s, root, m->other & MADE_MODES ? of->other : of->mode, tmpfs->uid,
			   tmpfs->gid) ? 1 : -1;
	}
	if (of && is_dev(of->m))
		return put(s, root, MADE_MODE, 0, 0) ? 1 : -1;
	if (b && (b->there ? dir->made : b->tree >= 0))
		return look_bind(b, root, path, s) ? 1 : -1;
	return !dir->made ? 0 : made_way(m, root, path, s) ? 1 : -1;
}

bool made_way(const struct made *m, const struct root *root, const char *path, struct step *s)
{
	for (size_t i = 1; i < m->mounts.count; i++)
		if (cover_below(m->mounts.items[i].point, path))
			return put(s, root, MADE_MODE, 0, 0);
	return false;
}

bool made_seen(const struct made *m, uint32_t at)
{
	for (uint64_t id = at + 1; id > 1; id = m->mounts.items[id - 1].parent) {
		const struct made_mount *of = &m->of[id - 1];
		const struct imagefs_bind *b = of->m->bind;

		if (!of->anew && !(b && (b->there || b->tree >= 0)) &&
		    (id == at + 1 || !is_dev(of->m)))
			return false;
	}
	return true;
}
