/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/sys/mounts.h"

#define DEPTH_MAX 256		/* the kernel has no such limit; what is deeper is said */

static int rank(const char *controllers)
{
	if (!controllers[0])
		return 0;
	if (!strcmp(controllers, "name=systemd"))
		return 1;
	return strcmp(controllers, "pids") ? 3 : 2;
}

bool cgroup_next(const char **text, struct cgroup *c)
{
	while (**text) {
		const char *line = *text, *end = strchrnul(line, '\n');
		const char *name = memchr(line, ':', (size_t)(end - line));
		const char *path = name ? memchr(name + 1, ':', (size_t)(end - name - 1)) : NULL;

		*text = *end ? end + 1 : end;
		if (!path)
			continue;
		size_t nlen = (size_t)(path - ++name), plen = (size_t)(end - ++path);

		if (!plen || path[0] != '/' || plen >= sizeof(c->path) ||
		    nlen >= sizeof(c->controllers))
			continue;
		memcpy(c->controllers, name, nlen);
		c->controllers[nlen] = '\0';
		memcpy(c->path, path, plen);
		c->path[plen] = '\0';
		return true;
	}
	return false;
}

bool cgroup_parse(struct cgroup *c, const char *text)
{
	int best = 4;
	struct cgroup one;

	*c = (struct cgroup){ .path = "/" };
	while (cgroup_next(&text, &one)) {
		int r = rank(one.controllers);

		if (one.path[1] && r < best) {
			best = r;
			*c = one;
		}
	}
	return best < 4;
}

bool cgroup_read(struct cgroup *c, int dir)
{
	auto_buf struct buf b = { 0 };

	if (fd_read_file(dir, "cgroup", &b, 256 * 1024) < 0) {
		*c = (struct cgroup){ .path = "/" };
		return false;
	}
	return cgroup_parse(c, b.bytes);
}

/* Is this mountinfo line ("... - TYPE SOURCE OPTIONS") the hierarchy we look for? */
static bool is_hierarchy(const char *tail, const struct cgroup *c)
{
	const char *p;
	size_t len;

	if (!c->controllers[0])
		return str_prefix(tail, " - cgroup2 ");
	if (!str_prefix(tail, " - cgroup "))
		return false;
	len = strlen(c->controllers);
	for (p = tail; (p = strstr(p, c->controllers)); p++)
		if ((p[-1] == ',' || p[-1] == ' ') &&
		    (p[len] == ',' || p[len] == '\n' || !p[len]))
			return true;
	return false;
}

bool cgroup_mount_point(const char *text, const struct cgroup *c, char *point, size_t room)
{
	for (const char *line = text; *line;) {
		const char *end = strchrnul(line, '\n');
		char copy[2048], root[3], word[1024];

		if ((size_t)(end - line) < sizeof(copy)) {
			memcpy(copy, line, (size_t)(end - line));
			copy[end - line] = '\0';
			const char *tail = strstr(copy, " - cgroup");

			/* only a mount of the whole hierarchy: its root field is "/" */
			if (tail && is_hierarchy(tail, c) &&
			    sscanf(copy, "%*u %*u %*u:%*u %2s %1023s", root, word) == 2 &&
			    !strcmp(root, "/")) {
				mounts_unescape(word);
				snprintf(point, room, "%s", word);
				return true;
			}
		}
		line = *end ? end + 1 : end;
	}
	return false;
}

int cgroup_mounts_read(struct cgroup_mounts *m, int self)
{
	return fd_read_file(self, "mountinfo", &m->text, 4u << 20) < 0 ? -1 : 0;
}

void cgroup_mounts_free(struct cgroup_mounts *m)
{
	for (unsigned int i = 0; i < m->count; i++)
		own_close(&m->tops[i].dir);
	m->count = 0;
	buf_free(&m->text);
}

/* A mount table is long where there are many containers: it is searched once a hierarchy. */
static int open_top(const struct cgroup *c, struct cgroup_mounts *m)
{
	struct cgroup_top *top = m->tops;
	char point[1024];

	for (; top < m->tops + m->count; top++)
		if (!strcmp(top->controllers, c->controllers))
			return top->dir;
	if (m->count == CGROUP_TOPS_MAX || !m->text.len)
		return -1;
	m->count++;
	memcpy(top->controllers, c->controllers, sizeof(top->controllers));
	top->dir = cgroup_mount_point(m->text.bytes, c, point, sizeof(point)) ?
		open(point, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	return top->dir;
}

int cgroup_open(const struct cgroup *c, struct cgroup_mounts *m)
{
	int top = open_top(c, m);

	if (top < 0) {
		errno = ENOENT;
		return -1;
	}
	return fd_openat2(top, c->path[1] ? c->path + 1 : ".", O_PATH | O_DIRECTORY,
			  RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
}

static int add_procs(int dir, pid_t **pids, size_t *count, size_t cap)
{
	auto_buf struct buf b = { 0 };
	const char *p;
	uint64_t pid;

	if (fd_read_file(dir, "cgroup.procs", &b, 16u << 20) < 0) {
		/* a v2 cgroup in threaded mode has its processes listed at its domain */
		return errno == EOPNOTSUPP ? 0 : -1;
	}
	for (p = b.bytes; p && scan_u64(&p, &pid); p += *p == '\n') {
		if (*count >= cap)
			return 1;
		*pids = mem_more(*pids, *count);
		(*pids)[(*count)++] = (pid_t)pid;
	}
	return 0;
}

static int add_below(int dir, pid_t **pids, size_t *count, size_t cap, int depth)
{
	auto_close int list = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_Alignas(8) char bytes[4096];
	int more = add_procs(dir, pids, count, cap);
	long n;

	if (list < 0)
		return more;
	if (depth == DEPTH_MAX)
		return 1;
	while (!more && (n = syscall(SYS_getdents64, list, bytes, sizeof(bytes))) > 0)
		for (long at = 0; at < n && !more;) {
			struct dirent64 *de = (void *)(bytes + at);

			at += de->d_reclen;
			if (de->d_type != DT_DIR || !strcmp(de->d_name, ".") ||
			    !strcmp(de->d_name, ".."))
				continue;
			auto_close int sub = openat(dir, de->d_name,
						    O_PATH | O_DIRECTORY | O_CLOEXEC);

			/* a cgroup that goes away meanwhile has no processes */
			if (sub >= 0 && add_below(sub, pids, count, cap, depth + 1) > 0)
				more = 1;
		}
	return more;
}

int cgroup_pids(int dir, pid_t **pids, size_t *count, size_t cap)
{
	return add_below(dir, pids, count, cap, 0);
}

/* The path in the hierarchy whose controller list is exactly `controllers`. */
static bool find_path(const char *text, const char *controllers, struct cgroup *c)
{
	while (cgroup_next(&text, c))
		if (!strcmp(c->controllers, controllers))
			return c->path[1] != '\0';
	return false;
}

/* Has the file of this cgroup these words? */
static bool says(const struct cgroup *c, struct cgroup_mounts *m, const char *file,
		 const char *words)
{
	int top = open_top(c, m);
	char path[sizeof(c->path) + 32], text[256];
	auto_close int fd = -1;
	ssize_t n;

	if (top < 0)
		return false;
	snprintf(path, sizeof(path), "%s/%s", c->path + 1, file);
	fd = fd_openat2(top, path, O_RDONLY, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	return strstr(text, words);
}

bool cgroup_frozen(int dir, struct cgroup_mounts *m)
{
	static const struct { const char *controllers, *file, *says; } kinds[] = {
		{ "freezer", "freezer.state", "FROZEN" },
		{ "", "cgroup.events", "frozen 1" },
	};
	auto_buf struct buf b = { 0 };
	struct cgroup c = { 0 };

	if (fd_read_file(dir, "cgroup", &b, 256 * 1024) < 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (find_path(b.bytes, kinds[i].controllers, &c) &&
		    says(&c, m, kinds[i].file, kinds[i].says))
			return true;
	return false;
}
