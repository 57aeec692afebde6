/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/cgset.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/cgroup.h"
#include "nsdebug/sys/proc.h"

static unsigned int depth_of(const char *path)
{
	unsigned int n = 0;

	for (; *path; path++)
		n += path[0] == '/' && path[1] && path[1] != '/';
	return n;
}

int cgset_open(struct cgset *s, int proc, struct cgroup_mounts *m, struct arena *a)
{
	auto_close int dir = proc_open_living(proc);
	auto_buf struct buf b = { 0 };
	struct cgroup c;
	const char *text;

	s->count = 0;
	if (fd_read_file(dir >= 0 ? dir : proc, "cgroup", &b, 256 * 1024) < 0)
		return -1;
	for (text = b.len ? b.bytes : ""; s->count < CGSET_MAX && cgroup_next(&text, &c);)
		s->at[s->count++] = (struct cgset_at){
			.controllers = arena_dup(a, c.controllers, strlen(c.controllers)),
			.path = arena_dup(a, c.path, strlen(c.path)),
			.depth = depth_of(c.path), .dir = cgroup_open(&c, m),
		};
	return 0;
}

void cgset_close(struct cgset *s)
{
	for (size_t i = 0; i < s->count; i++)
		own_close(&s->at[i].dir);
	s->count = 0;
}

static bool has_word(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; p; p = strchr(p, ','), p = p ? p + 1 : NULL)
		if (!strncmp(p, word, len) && (!p[len] || p[len] == ','))
			return true;
	return false;
}

const struct cgset_at *cgset_v2(const struct cgset *s)
{
	for (size_t i = 0; i < s->count; i++)
		if (!s->at[i].controllers[0] && s->at[i].dir >= 0)
			return &s->at[i];
	return NULL;
}

const struct cgset_at *cgset_find(const struct cgset *s, const char *controller)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->at[i].dir >= 0 && has_word(s->at[i].controllers, controller))
			return &s->at[i];
	return cgset_v2(s);
}

int cgset_level(const struct cgset_at *at, unsigned int up)
{
	char path[3 * CGSET_DEPTH_MAX + 2] = ".";

	if (up > at->depth || up > CGSET_DEPTH_MAX) {
		errno = ENOENT;
		return -1;
	}
	for (unsigned int i = 0; i < up; i++)
		memcpy(path + 3 * i, "../", 4);
	return openat(at->dir, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

struct bytes cgset_path(const struct cgset_at *at, unsigned int up)
{
	size_t len = strlen(at->path);

	for (; up && len > 1; up--)
		while (len > 1 && at->path[--len] != '/')
			;
	return (struct bytes){ at->path, len ? len : 1 };
}
