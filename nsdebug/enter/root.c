/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/enter/root.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "nsdebug/base/err.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/sys/dirent.h"

void root_init(struct root *r, const struct inside *in)
{
	r->fd = in->root;
	r->own_fds = in->own_fds;
}

/* Whatever goes wrong with a file of the target is the target's: never "a privilege is missing". */
static int err_path(struct err *e, const char *path)
{
	int err = errno;

	if (!e)
		return -1;
	if (err == ENOSYS)
		return err_set(e, ST_REFUSED, "%s: openat2 is missing: Linux 5.6 or newer is "
			       "needed to read safely", path);
	if (err == ELOOP)
		err_set(e, ST_FAILED, "%s: too many symbolic links, or a magic link, which is "
			"never followed", path);
	else if (err == EXDEV)
		err_set(e, ST_FAILED, "%s: leads out of the container through a magic link: not "
			"followed", path);
	else
		err_sys(e, "%s", path);
	e->status = ST_FAILED;
	e->sys = err;
	return -1;
}

int root_open(const struct root *r, const char *path, bool nofollow, struct err *e)
{
	int fd = fd_openat2(r->fd, path, O_PATH | (nofollow ? O_NOFOLLOW : 0),
			    RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);

	return fd < 0 ? err_path(e, path) : fd;
}

int root_type(int fd, const char *path, mode_t *ret, struct err *e)
{
	struct statx st;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
		  STATX_TYPE | STATX_MODE, &st) < 0)
		return err_path(e, path);
	*ret = st.stx_mode;
	return 0;
}

int root_open_file(const struct root *r, const char *path, struct err *e)
{
	auto_close int fd = root_open(r, path, false, e);
	mode_t mode;

	if (fd < 0 || root_type(fd, path, &mode, e) < 0)
		return -1;
	if (S_ISDIR(mode))
		return err_set(e, ST_FAILED, "%s: is a directory", path);
	return root_read(r, fd, path, e);
}

int root_stat(int dir, const char *name, struct statx *ret)
{
	return statx(dir, name, AT_SYMLINK_NOFOLLOW | AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT |
		     (*name ? 0 : AT_EMPTY_PATH), STATX_BASIC_STATS, ret);
}

long root_xattrs(int dir, const char *name, char *names, size_t room)
{
	/* there is no llistxattrat(2) before Linux 6.13; the directory is one that we walked to */
	long n = fchdir(dir) < 0 ? -1 : llistxattr(name, names, room);

	return n < 0 ? 0 : n;
}

long root_readlink(int dir, const char *name, char *text, size_t room)
{
	return readlinkat(dir, name, text, room);
}

long root_path(const struct root *r, int fd, char *text, size_t room)
{
	char name[16];

	snprintf(name, sizeof(name), "%d", fd);
	return readlinkat(r->own_fds, name, text, room);
}

int root_statfs(int fd, struct statfs *ret)
{
	return fstatfs(fd, ret);
}

const char *root_type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFIFO:
		return "a FIFO";
	case S_IFCHR:
		return "a character device";
	case S_IFBLK:
		return "a block device";
	case S_IFSOCK:
		return "a socket";
	case S_IFLNK:
		return "a symbolic link";
	case S_IFDIR:
		return "a directory";
	default:
		return "a regular file";
	}
}

int root_read(const struct root *r, int fd, const char *path, struct err *e)
{
	char name[16];
	mode_t mode;
	int opened;

	if (root_type(fd, path, &mode, e) < 0)
		return -1;
	if (!S_ISREG(mode) && !S_ISDIR(mode))
		return err_set(e, ST_REFUSED, "%s: is %s: only regular files and directories are "
			       "opened", path, root_type_name(mode));
	snprintf(name, sizeof(name), "%d", fd);
	opened = openat(r->own_fds, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	return opened < 0 ? err_path(e, path) : opened;
}

#define DIR_BYTES (32 * 1024)

int root_dir_open_fd(struct root_dir *d, const struct root *r, int fd, const char *path,
		     struct err *e)
{
	*d = (struct root_dir){ .fd = root_read(r, fd, path, e) };
	if (d->fd < 0)
		return -1;
	d->bytes = mem_resize(NULL, DIR_BYTES, 1);
	return 0;
}

int root_dir_open(struct root_dir *d, const struct root *r, const char *path, struct err *e)
{
	auto_close int fd = root_open(r, path, false, e);

	*d = (struct root_dir){ .fd = -1 };
	return fd < 0 ? -1 : root_dir_open_fd(d, r, fd, path, e);
}

int root_dir_next(struct root_dir *d, struct root_name *ret, struct err *e)
{
	for (;;) {
		const struct dirent_raw *de;

		if (d->at >= d->len) {
			d->len = syscall(SYS_getdents64, d->fd, d->bytes, DIR_BYTES);
			d->at = 0;
			if (d->len < 0)
				return err_path(e, "read directory");
			if (d->len == 0)
				return 0;
		}
		de = (const void *)(d->bytes + d->at);
		d->at += de->reclen;
		if (de->name[0] == '.' && (!de->name[1] || (de->name[1] == '.' && !de->name[2])))
			continue;
		*ret = (struct root_name){ de->name, DTTOIF(de->type), de->ino };
		return 1;
	}
}

void root_dir_close(struct root_dir *d)
{
	own_close(&d->fd);
	free(d->bytes);
	d->bytes = NULL;
}
