/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/runtime.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"

extern const struct runtime runtime_podman, runtime_docker, runtime_crio, runtime_containerd,
	runtime_runc, runtime_crun, runtime_machine, runtime_rootless, runtime_lxc,
	runtime_nspawn, runtime_plain;

/* The outermost owner first. */
const struct runtime *const runtimes[] = {
	&runtime_podman, &runtime_docker, &runtime_crio, &runtime_containerd, &runtime_runc,
	&runtime_crun, &runtime_machine, &runtime_rootless, &runtime_lxc, &runtime_nspawn,
	&runtime_plain, NULL
};

const char *runtime_scheme(const struct runtime *r)
{
	return r->scheme ? r->scheme : r->name;
}

#define GENERATED_LEN 64
#define HEX_MIN 6

bool is_hex_id(const char *text)
{
	return strlen(text) >= HEX_MIN && !text[strspn(text, "0123456789abcdef")];
}

bool is_generated_id(const char *id)
{
	return strlen(id) == GENERATED_LEN && is_hex_id(id);
}

struct container container_new(const struct runtime *r, const char *root, const char *id)
{
	return (struct container){
		.runtime = r, .root = root, .id = id, .name = id, .exit_code = INT64_MIN,
	};
}

static int err_state(struct err *e, const char *dir, const char *id, const char *file)
{
	const char *slash = *id ? "/" : "";

	switch (errno) {
	case ENOENT:
	case ENOTDIR:
	case EXDEV:	/* moved away on the way there; ".." and links are not in what we ask for */
		return err_set(e, ST_TARGET, "no container '%s' in %s", id, dir);
	case EUCLEAN:	/* ours: see is_roots_own() */
		return err_set(e, ST_REFUSED, "%s%s%s is not only root's to write: not believed",
			       dir, slash, id);
	case EACCES:
	case EPERM:
		return err_set(e, ST_PRIVILEGE, "%s%s%s is not readable: run nsdebug as root on "
			       "the node, or give it CAP_DAC_READ_SEARCH", dir, slash, id);
	case ELOOP:
		return err_set(e, ST_REFUSED, "%s%s%s/%s is reached through a symbolic link: not "
			       "believed", dir, slash, id, file);
	case ENOSYS:
		return err_set(e, ST_REFUSED, "openat2 is missing: Linux 5.6 or newer is needed to "
			       "read safely");
	default:
		return err_sys(e, "open %s%s%s/%s", dir, slash, id, file);
	}
}

/* Who can write to a directory can give a container's files the name of another. EUCLEAN if not. */
static bool is_roots_own(int fd, mode_t type)
{
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	errno = EUCLEAN;
	return (st.st_mode & S_IFMT) == type && st.st_uid == 0 &&
		!(st.st_mode & (S_IWGRP | S_IWOTH));
}

/* What leads to it is the administrator's own word, a link perhaps; the last step is none. */
static int open_top(const char *path, int flags)
{
	auto_close int fd = open(path, flags | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0 && errno == ENOTDIR)
		errno = ELOOP;
	return is_roots_own(fd, S_IFDIR) ? take_fd(&fd) : -1;
}

int runtime_each_dir(const char *path, bool (*found)(void *ctx, const char *id), void *ctx,
		     struct err *e)
{
	int fd = open_top(path, O_RDONLY);
	struct dirent *de;
	DIR *d;

	if (fd < 0)
		return errno == ENOENT ? 0 : err_state(e, path, "", "");
	d = fdopendir(fd);
	if (!d) {
		close(fd);
		return err_set(e, ST_INTERNAL, "out of memory");
	}
	/* a link is none, which is for runtime_open() to say */
	while ((de = readdir(d)))
		if (de->d_name[0] != '.' && strlen(de->d_name) < ID_MAX &&
		    (de->d_type == DT_DIR || de->d_type == DT_UNKNOWN || de->d_type == DT_LNK) &&
		    !found(ctx, de->d_name))
			break;
	closedir(d);
	return 0;
}

/* A name that is one component of a path, and a directory that is not reached by a link. */
static int open_dir(const char *dir, const char *id)
{
	auto_close int top = -1, sub = -1;

	if (!id[0] || id[0] == '.' || strchr(id, '/') || strlen(id) >= ID_MAX) {
		errno = ENOENT;
		return -1;
	}
	top = open_top(dir, O_PATH);
	if (top >= 0)
		sub = fd_openat2(top, id, O_PATH | O_DIRECTORY,
				 RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	return is_roots_own(sub, S_IFDIR) ? take_fd(&sub) : -1;
}

bool runtime_has_dir(const char *dir, const char *id)
{
	auto_close int fd = open_dir(dir, id);

	return fd >= 0 || (errno != ENOENT && errno != ENOTDIR && errno != EXDEV);
}

/* A file in it that only root can write; opening a FIFO does not wait, and is no use. */
static int open_file(int dir, const char *file)
{
	auto_close int fd = fd_openat2(dir, file, O_RDONLY | O_NONBLOCK | O_NOCTTY,
				       RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);

	return is_roots_own(fd, S_IFREG) ? take_fd(&fd) : -1;
}

int runtime_open(const char *dir, const char *id, const char *file, struct err *e)
{
	auto_close int sub = open_dir(dir, id);
	auto_close int fd = sub < 0 ? -1 : open_file(sub, file);

	if (sub >= 0 && fd < 0 && errno == EUCLEAN)
		return err_set(e, ST_REFUSED, "%s/%s/%s is not a file that only root can write: "
			       "not believed", dir, id, file);
	return fd < 0 ? err_state(e, dir, id, file) : take_fd(&fd);
}

int runtime_open_file(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');
	char dir[NAME_BYTES_MAX];
	auto_close int top = -1, fd = -1;

	snprintf(dir, sizeof(dir), "%.*s", (int)(slash - path), path);
	top = open_top(dir, O_PATH);
	if (top >= 0)
		fd = open_file(top, slash + 1);
	if (top >= 0 && fd < 0 && errno == EUCLEAN)
		return err_set(e, ST_REFUSED, "%s is not a file that only root can write: not "
			       "believed", path);
	return fd < 0 ? err_state(e, dir, "", slash + 1) : take_fd(&fd);
}

int runtime_open_told(const char *dir, const char *path)
{
	auto_close int top = open_top(dir, O_PATH);

	return top < 0 ? -1 : open_file(top, path);
}

int runtime_read_pid(struct container *c, const char *dir, const char *id, const char *file,
		     struct err *e)
{
	auto_close int fd = runtime_open(dir, id, file, e);
	char text[24];
	ssize_t n;
	uint64_t pid;
	struct stat st;

	if (fd < 0)
		return -1;
	n = read(fd, text, sizeof(text));
	if (n < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "read %s/%s/%s", dir, id, file);
	if (n && text[n - 1] == '\n')
		n--;
	text[n < (ssize_t)sizeof(text) ? n : 0] = '\0';
	if (strlen(text) != (size_t)n || !str_u64(text, &pid) || pid > INT32_MAX)
		return err_set(e, ST_FAILED, "%s/%s/%s holds no pid (half-written?)", dir, id,
			       file);
	c->pid = (pid_t)pid;
	c->noted = st.st_mtime;
	return 0;
}

const char *runtime_text(struct arena *a, struct jvalue v)
{
	if (v.type != J_STRING || !v.text.len || v.text.len > NAME_BYTES_MAX ||
	    memchr(v.text.p, '\0', v.text.len))
		return NULL;
	return arena_dup(a, v.text.p, v.text.len);
}

const char *runtime_join(struct arena *a, const char *dir, const char *below)
{
	size_t len = strlen(dir), more = below ? strlen(below) : 0;
	char *path = arena_alloc(a, len + more + 2);

	memcpy(path, dir, len);
	if (below) {
		path[len] = '/';
		memcpy(path + len + 1, below, more);
	}
	return path;
}

void runtime_add_line(struct buf *labels, const char *text, size_t len)
{
	if (len >= LABELS_MAX - labels->len || memchr(text, '\n', len))
		return;
	buf_add(labels, text, len);
	buf_char(labels, '\n');
}

void runtime_add_label(struct buf *labels, const char *key, struct jvalue v)
{
	auto_buf struct buf line = { 0 };

	if (v.type != J_STRING || strlen(key) + v.text.len >= LABELS_MAX)
		return;
	buf_str(&line, key);
	buf_char(&line, '=');
	buf_add(&line, v.text.p, v.text.len);
	runtime_add_line(labels, line.bytes, line.len);
}
