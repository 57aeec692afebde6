/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/modules.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/memory.h"
#include "nsdebug/code/snapshot.h"
#include "nsdebug/enter/emit.h"

#define VDSO_BYTES_MAX (1u << 20)

struct identity {
	uint64_t dev, inode, mount;
	bool regular;
};

static uint64_t hash(uint64_t dev, uint64_t inode)
{
	return inode ^ dev * 0x9e3779b97f4a7c15;
}

static struct module *known(const struct snapshot *s, const struct identity *id)
{
	struct module *m = map_get(&s->files, hash(id->dev, id->inode));

	while (m && (m->dev != id->dev || m->inode != id->inode))
		m = m->next;
	return m;
}

static struct module *add(struct snapshot *s, const struct vma *v)
{
	struct module *m = arena_alloc(s->arena, sizeof(*m));

	m->path = v->path;
	m->fd = -1;
	s->modules = mem_more(s->modules, s->module_count);
	s->modules[s->module_count++] = m;
	return m;
}

static int open_range(const struct process *p, const struct vma *v)
{
	char name[64];

	snprintf(name, sizeof(name), "map_files/%llx-%llx", (unsigned long long)v->start,
		 (unsigned long long)v->end);
	return openat(snapshot_dir(p), name, O_PATH | O_CLOEXEC);
}

/* By an O_PATH descriptor, without asking the file system's server. */
static int identify(int fd, struct identity *ret)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO |
		  STATX_MNT_ID, &st) < 0)
		return -1;
	ret->dev = (uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor;
	ret->inode = st.stx_ino;
	ret->mount = st.stx_mask & STATX_MNT_ID ? st.stx_mnt_id : 0;
	ret->regular = S_ISREG(st.stx_mode);
	return 0;
}

/* The same file again, for reading: through our own descriptor, so that it is the one looked at. */
static int reopen(const struct snapshot *s, int fd)
{
	char name[32];

	snprintf(name, sizeof(name), "self/fd/%d", fd);
	return openat(s->procfs, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static void why(struct module *m, const char *text, int err)
{
	snprintf(m->why, sizeof(m->why), "%s%s%s", text, err ? ": " : "",
		 err ? errno_name(err) : "");
}

/* By its mount: a device may be no mount's, as with btrfs. */
static bool is_served(struct snapshot *s, const struct process *p, const struct vma *v,
		      const struct identity *id)
{
	return served_mount(&s->served, snapshot_dir(p), id->mount, v->major, v->minor);
}

static void open_module(struct snapshot *s, const struct process *p, const struct vma *v,
			struct module *m, int fd, const struct identity *id)
{
	m->dev = id->dev;
	m->inode = id->inode;
	m->next = map_get(&s->files, hash(id->dev, id->inode));
	map_put(&s->files, hash(id->dev, id->inode), m);
	if (!id->regular) {
		why(m, "not a regular file", 0);
	} else if (is_served(s, p, v, id)) {
		why(m, "on a file system that may ask a server", 0);
	} else if (s->module_count > SNAPSHOT_FILES_MAX) {
		s->cut = true;
		why(m, "too many files are open", 0);
	} else {
		m->fd = reopen(s, fd);
		if (m->fd < 0)
			why(m, "cannot be opened", errno);
	}
}

/* Overlays, and btrfs, have devices of their own besides what maps tells: then it is not known. */
static bool is_other(const struct vma *v, const struct identity *id)
{
	return id->dev == ((uint64_t)v->major << 32 | v->minor) && id->inode != v->inode;
}

static struct module *file_of(struct snapshot *s, const struct process *p, const struct vma *v)
{
	auto_close int fd = open_range(p, v);
	struct identity id;
	struct module *m;

	if (fd >= 0 && !identify(fd, &id) && is_other(v, &id)) {
		m = add(s, v);
		why(m, "another file was mapped there before it was opened", 0);
		return m;
	}
	if (fd >= 0 && !identify(fd, &id)) {
		m = known(s, &id);
		if (m)
			return m;
		m = add(s, v);
		open_module(s, p, v, m, fd, &id);
		return m;
	}
	m = add(s, v);
	if (errno == EPERM || errno == EACCES) {
		s->no_files = true;
		why(m, "cannot be opened without CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN", 0);
	} else {
		why(m, "cannot be opened", errno);
	}
	return m;
}

static struct module *vdso_of(struct snapshot *s, struct process *p, const struct vma *v)
{
	uint64_t len = v->end - v->start;
	struct memory *memory = snapshot_memory(p);
	struct module *m = add(s, v);
	void *to;

	if (len > VDSO_BYTES_MAX)
		len = VDSO_BYTES_MAX;
	to = arena_alloc(s->arena, len);
	if (!memory || !memory_of_kernel(memory, v->start, to, len)) {
		why(m, "cannot be read", errno);
		return m;
	}
	m->bytes = to;
	m->len = len;
	return m;
}

static bool is_vdso(const struct vma *v)
{
	return !v->inode && v->path.len == 6 && !memcmp(v->path.p, "[vdso]", 6);
}

void modules_open(struct snapshot *s, struct process *p)
{
	p->modules = arena_alloc(s->arena, (p->maps.count + 1) * sizeof(struct module *));
	for (size_t i = 0; i < p->maps.count; i++) {
		const struct vma *v = &p->maps.items[i];

		if (!v->exec)
			continue;
		if (is_vdso(v))
			p->modules[i] = vdso_of(s, p, v);
		else if (v->inode)
			p->modules[i] = file_of(s, p, v);
		if (s->emit)
			emit_tick(s->emit);
	}
}

bool modules_same(const struct process *p, size_t i)
{
	const struct module *m = p->modules[i];
	auto_close int fd = open_range(p, &p->maps.items[i]);
	struct identity id;

	/* one that could not be opened has no names */
	return !m || !m->inode ||
		(fd >= 0 && !identify(fd, &id) && id.dev == m->dev && id.inode == m->inode);
}
