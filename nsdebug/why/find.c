/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/find.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/enter/root.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/why/program.h"

#define SCRIPTS_MAX 5		/* exec_binprm(): scripts of scripts */

bool find_join(char *ret, const char *dir, const char *name)
{
	size_t len = strlen(dir);
	int n;

	while (str_prefix(name, "./"))
		name += 2;
	n = *name == '/' ? snprintf(ret, FIND_PATH, "%s", name) :
		snprintf(ret, FIND_PATH, "%s%s%s", dir, len && dir[len - 1] == '/' ? "" : "/",
			 name);
	return n > 0 && n < FIND_PATH;
}

const char *find_env(const struct ending *x, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < x->env.count; i++)
		if (str_prefix(x->env.items[i], name) && x->env.items[i][len] == '=')
			return x->env.items[i] + len + 1;
	return NULL;
}

/* At a mount whose files are not here, or below it. */
static const char *hidden_by(const struct ending *x, const char *path)
{
	const struct ending_mount *m = ending_mount_of(x, path);

	return m && !ending_mount_seen(m) ? m->at : NULL;
}

/* The same for what is not there: where nothing is at all, it may have been before. */
static const char *emptied_by(const struct ending *x, const char *path)
{
	const struct ending_mount *m = ending_mount_of(x, path);

	return m && (!ending_mount_seen(m) || m->bind->empty) ? m->at : NULL;
}

/* What is not there would be in a directory that a link may lead to. */
const char *find_mount(const struct place_of *p, const char *path)
{
	char dir[FIND_PATH], real[FIND_PATH];
	const char *at = emptied_by(p->ending, path);

	if (at || !find_join(dir, "/", path))
		return at;
	for (char *slash; (slash = strrchr(dir, '/')) && slash > dir;) {
		auto_close int fd = -1;
		long n;

		*slash = '\0';
		fd = root_open(p->root, dir, false, NULL);
		n = fd < 0 ? -1 : root_path(p->root, fd, real, sizeof(real) - 1);
		if (n <= 0)
			continue;
		real[n] = '\0';
		return emptied_by(p->ending, real);
	}
	return NULL;
}

enum found find_file(const struct place_of *p, const char *path, struct file_at *ret)
{
	auto_close int fd = root_open(p->root, path, false, NULL);
	struct statx st;
	long n;

	ret->fd = -1;
	n = fd < 0 ? -1 : root_path(p->root, fd, ret->path, sizeof(ret->path) - 1);
	if (n <= 0 || root_stat(fd, "", &st) < 0)
		return find_mount(p, path) ? FOUND_HIDDEN : FOUND_ABSENT;
	ret->path[n] = '\0';
	if (hidden_by(p->ending, ret->path) || hidden_by(p->ending, path))
		return FOUND_HIDDEN;
	ret->mode = st.stx_mode;
	ret->uid = st.stx_uid;
	ret->gid = st.stx_gid;
	ret->changed = ending_is_later(p->ending, st.stx_ctime.tv_sec, st.stx_ctime.tv_nsec);
	ret->fd = take_fd(&fd);
	return FOUND_THERE;
}

/* By its path: we are chrooted there, and of a descriptor without rights none are told. */
int find_caps(const struct file_at *f)
{
	if (lgetxattr(f->path, "security.capability", NULL, 0) >= 0)
		return 1;
	return errno == ENODATA || errno == EOPNOTSUPP ? 0 : -1;
}

int find_open(const struct place_of *p, const struct file_at *f)
{
	return S_ISREG(f->mode) ? root_read(p->root, f->fd, f->path, NULL) : -1;
}

bool find_run(const struct place_of *p, struct file_at *ret)
{
	static struct program program;
	const char *cwd = p->ending->cwd;
	char path[FIND_PATH];

	for (int deep = 0; deep <= SCRIPTS_MAX; deep++) {
		auto_close int fd = find_open(p, ret);

		own_close(&ret->fd);
		program.kind = PROGRAM_UNREAD;
		if (fd >= 0)
			program_read(fd, &program);
		if (program.kind != PROGRAM_SCRIPT)
			return program.kind == PROGRAM_ELF;
		if (!find_join(path, cwd ? cwd : "/", program.interpreter) ||
		    find_file(p, path, ret) != FOUND_THERE)
			return false;
	}
	own_close(&ret->fd);
	return false;
}
