/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/cli/hostfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/sig.h"
#include "nsdebug/cli/tool.h"
#include "nsdebug/out/sink.h"

#define MODE 0600	/* it may hold secrets */
#define HOLES_MAX (1ll << 30)	/* bytes of them that stdout is given */

static int err_file(struct err *e, const char *what, const char *path)
{
	err_sys(e, "%s %s", what, path);
	e->status = errno == ENOSPC || errno == EROFS ? ST_FAILED : e->status;
	return -1;
}

static int open_dir(struct hostfile *h, const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char dir[4096];
	int n = snprintf(dir, sizeof(dir), "%.*s", slash ? (int)(slash - path + 1) : 1,
			 slash ? path : ".");

	h->name = slash ? slash + 1 : path;
	if (!h->name[0] || n >= (int)sizeof(dir))
		return err_set(e, ST_USAGE, "'%s' is no name of a file", path);
	h->dir = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return h->dir < 0 ? err_file(e, "open the directory of", path) : 0;
}

static int err_exists(struct err *e, const char *name)
{
	return err_set(e, ST_REFUSED, "%s is there already: another name, or --force to replace it",
		       name);
}

/* A file system may have no modes, or not of each file. */
static int check_mode(int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && !(st.st_mode & 077))
		return 0;
	return err_set(e, ST_REFUSED, "others could read or write %s: its file system does not "
		       "keep it to its owner: another one, or mount it with umask=077", path);
}

/* A file system without O_TMPFILE. */
static int open_partial(struct hostfile *h, const char *path, struct err *e)
{
	int n = snprintf(h->partial, sizeof(h->partial), "%s.partial", h->name);

	if (n >= (int)sizeof(h->partial))
		return err_set(e, ST_USAGE, "the name is too long: %s", path);
	h->fd = openat(h->dir, h->partial, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		       MODE);
	if (h->fd >= 0)
		return check_mode(h->fd, path, e);
	if (errno == EEXIST)	/* not replaced: who writes it may be at it */
		err_set(e, ST_REFUSED, "%s.partial is there already: another one writes it, or "
			"was killed: wait, or remove it", path);
	else
		err_file(e, "make", h->partial);
	h->partial[0] = '\0';
	return -1;
}

static int open_new(struct hostfile *h, const char *path, struct err *e)
{
	struct stat st;

	if (open_dir(h, path, e) < 0)
		return -1;
	if (fstatat(h->dir, h->name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		if (!h->force)
			return err_exists(e, path);
		if (!S_ISREG(st.st_mode))
			return err_set(e, ST_REFUSED, "%s is no regular file: not replaced", path);
	}
	h->fd = openat(h->dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, MODE);
	if (h->fd >= 0)
		return 0;
	if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT)
		return err_file(e, "make", path);
	return open_partial(h, path, e);
}

/* What goes to stdout is written out of its order, so there is a file first. */
static int open_stdout(struct hostfile *h, struct err *e)
{
	if (isatty(1))
		return err_set(e, ST_REFUSED, "not for a terminal: give it a file, or a pipe");
	h->fd = open("/var/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, MODE);
	return h->fd < 0 ? err_file(e, "make a file in", "/var/tmp") : 0;
}

int hostfile_open(struct hostfile *h, const struct tool_file *f, struct err *e)
{
	struct stat st;

	*h = (struct hostfile)HOSTFILE_NONE;
	h->force = f->force;
	h->write = f->write;
	if (f->write)
		return strcmp(f->path, "-") ? open_new(h, f->path, e) : open_stdout(h, e);
	h->fd = open(f->path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (h->fd < 0)
		return err_file(e, "open", f->path);
	if (fstat(h->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return err_set(e, ST_REFUSED, "%s is no regular file", f->path);
	return 0;
}

/* Bytes that are in no hole; -1 where that is not known. */
static off_t data_of(int fd)
{
	off_t sum = 0, from, to = 0;

	while ((from = lseek(fd, to, SEEK_DATA)) >= 0 && (to = lseek(fd, from, SEEK_HOLE)) >= 0)
		sum += to - from;
	return from < 0 && errno == ENXIO ? sum : -1;
}

/* A pipe has no holes: their zeros would be made, and may be so many that they never end. */
static int check_holes(int fd, struct err *e)
{
	off_t size = lseek(fd, 0, SEEK_END), data = size > HOLES_MAX ? data_of(fd) : -1;

	if (data < 0 || size - data <= HOLES_MAX || size / 4 <= data)
		return 0;
	return err_set(e, ST_REFUSED, "not to stdout: it would be given %llu MiB of zeros with "
		       "%llu MiB of data: --write FILE leaves them out",
		       (unsigned long long)(size - data) >> 20, (unsigned long long)data >> 20);
}

/* Between two pieces: stdout may be a file, which is never waited for. */
static int check_end(int signals, uint64_t until_ns, struct err *e)
{
	if (sig_take(signals))
		return err_set(e, ST_INTERRUPTED, "%s", "");
	if (until_ns && clock_ns() >= until_ns)
		return err_set(e, ST_DEADLINE, "--max-time is over: stdout is incomplete");
	return 0;
}

static int put_out(int fd, int signals, uint64_t until_ns, struct err *e)
{
	struct sink s;
	int n = check_holes(fd, e);

	sink_init(&s, 1, signals);
	if (n == 0 && lseek(fd, 0, SEEK_SET) < 0)
		n = err_sys(e, "read it again");
	for (bool more = true; n == 0 && more && !s.closed;) {
		int got = sink_splice(&s, fd, e);

		more = got > 0;
		n = got < 0 ? -1 : more ? check_end(signals, until_ns, e) : 0;
	}
	buf_free(&s.out);
	return n;
}

static int rename_partial(struct hostfile *h, const char *name, unsigned int flags)
{
	if (renameat2(h->dir, h->partial, h->dir, name, flags) < 0)
		return -1;
	h->partial[0] = '\0';
	return 0;
}

/* Who has no hard links either: the name is made ours, with nothing in it, and then replaced. */
static int take_name(struct hostfile *h, const char *name)
{
	auto_close int fd = openat(h->dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW |
				   O_CLOEXEC, MODE);
	int err;

	if (fd < 0)
		return -1;
	if (rename_partial(h, name, 0) == 0)
		return 0;
	err = errno;
	unlinkat(h->dir, name, 0);
	errno = err;
	return -1;
}

/* FAT has no hard links; FUSE may not know how to rename only to a name that is not there. */
static int name_partial(struct hostfile *h, const char *name)
{
	if (rename_partial(h, name, RENAME_NOREPLACE) == 0)
		return 0;
	if (errno != EINVAL && errno != ENOSYS)
		return -1;
	if (linkat(h->dir, h->partial, h->dir, name, 0) == 0)
		return 0;
	if (errno != EPERM && errno != ENOSYS && errno != EOPNOTSUPP)
		return -1;
	return take_name(h, name);
}

/* Under a name that is not there. -1 with errno. */
static int name_it(struct hostfile *h, const char *name)
{
	char own[64];

	if (h->partial[0])
		return name_partial(h, name);
	snprintf(own, sizeof(own), "/proc/self/fd/%d", h->fd);
	return linkat(AT_FDCWD, own, h->dir, name, AT_SYMLINK_FOLLOW);
}

/* Over what is there, which is there until the new one is: that has another name first. */
static int replace(struct hostfile *h)
{
	char other[300];

	if (h->partial[0])
		return rename_partial(h, h->name, 0);
	snprintf(other, sizeof(other), ".nsdebug-%d.new", (int)getpid());
	unlinkat(h->dir, other, 0);
	if (name_it(h, other) < 0)
		return -1;
	if (renameat(h->dir, other, h->dir, h->name) == 0)
		return 0;
	unlinkat(h->dir, other, 0);
	return -1;
}

int hostfile_keep(struct hostfile *h, int signals, uint64_t until_ns, struct err *e)
{
	if (h->fd < 0 || !h->write)
		return 0;
	if (!h->name)
		return put_out(h->fd, signals, until_ns, e);
	if (name_it(h, h->name) == 0)
		return 0;
	if (errno == EEXIST && !h->force)
		return err_exists(e, h->name);
	if (errno != EEXIST || replace(h) < 0)
		return err_file(e, "name", h->name);
	return 0;
}

void hostfile_close(struct hostfile *h)
{
	own_close(&h->fd);	/* first: FUSE keeps what is open, by another name */
	if (h->partial[0])
		unlinkat(h->dir, h->partial, 0);
	h->partial[0] = '\0';
	own_close(&h->dir);
}
