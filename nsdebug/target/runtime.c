/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/runtime.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"

extern const struct runtime runtime_runc, runtime_crun;

const struct runtime *const runtimes[] = { &runtime_runc, &runtime_crun, NULL };

const struct runtime *runtime_named(const char *name, size_t len)
{
	for (const struct runtime *const *r = runtimes; *r; r++)
		if (strlen((*r)->name) == len && !memcmp((*r)->name, name, len))
			return *r;
	return NULL;
}

static int err_state(struct err *e, const char *dir, const char *id, const char *file)
{
	const char *slash = *id ? "/" : "";

	switch (errno) {
	case ENOENT:
	case ENOTDIR:
		return err_set(e, ST_TARGET, "no container '%s' in %s", id, dir);
	case EACCES:
	case EPERM:
		return err_set(e, ST_PRIVILEGE, "%s%s%s is not readable: run nsdebug as root on "
			       "the node, or give it CAP_DAC_READ_SEARCH", dir, slash, id);
	case ELOOP:
	case EXDEV:
		return err_set(e, ST_REFUSED, "%s%s%s/%s is reached through a symbolic link: not "
			       "believed", dir, slash, id, file);
	case ENOSYS:
		return err_set(e, ST_REFUSED, "openat2 is missing: Linux 5.6 or newer is needed to "
			       "read safely");
	default:
		return err_sys(e, "open %s%s%s/%s", dir, slash, id, file);
	}
}

int runtime_each_dir(const char *path, bool (*found)(void *ctx, const char *id), void *ctx,
		     struct err *e)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	struct dirent *de;
	DIR *d;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_state(e, path, "", "");
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return err_set(e, ST_INTERNAL, "out of memory");
	}
	while ((de = readdir(d)))
		if (de->d_name[0] != '.' && strlen(de->d_name) < ID_MAX &&
		    (de->d_type == DT_DIR || de->d_type == DT_UNKNOWN) && !found(ctx, de->d_name))
			break;
	closedir(d);
	return 0;
}

static bool is_roots_own(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == 0 &&
		!(st.st_mode & (S_IWGRP | S_IWOTH));
}

int runtime_open(const char *dir, const char *id, const char *file, struct err *e)
{
	auto_close int top = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	auto_close int sub = -1, fd = -1;

	if (id[0] == '.' || strchr(id, '/'))
		return err_set(e, ST_TARGET, "no container '%s'", id);
	if (top >= 0)
		sub = fd_openat2(top, id, O_PATH | O_DIRECTORY,
				 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (sub >= 0)
		fd = fd_openat2(sub, file, O_RDONLY | O_NONBLOCK | O_NOCTTY,
				RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (fd < 0)
		return err_state(e, dir, id, file);
	if (!is_roots_own(fd))
		return err_set(e, ST_REFUSED, "%s/%s/%s is not a file that only root can write: "
			       "not believed", dir, id, file);
	return take_fd(&fd);
}

void runtime_add_label(struct buf *labels, const char *text, size_t len)
{
	if (len >= LABELS_MAX - labels->len || memchr(text, '\n', len))
		return;
	buf_add(labels, text, len);
	buf_char(labels, '\n');
}
