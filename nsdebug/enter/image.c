/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image - the root of a reader whose container has no process any more: its layers, put together by
 * an overlay without an upper directory. The mount is in a namespace of the reader's own, so nobody
 * else sees it and it goes with him; the layers are only read.
 *
 * mount(2), since fsconfig(2) takes strings of 255 bytes before Linux 6.7; and names of
 * descriptors, since mount(2) takes one page of options.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/openat2.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/seal.h"
#include "nsdebug/sys/dirent.h"

static const char caps[] = "CAP_SYS_ADMIN, CAP_SYS_CHROOT and CAP_DAC_READ_SEARCH";

static int open_layer(const char *path, struct err *e)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	return fd < 0 && errno == ENOENT ?
		err_set(e, ST_TARGET, "%s is gone: its files were taken away", path) :
		fd < 0 ? seal_err(e, -1, path, caps) : fd;
}

/* Engines may use either of these, of which the kernel wants to be told; old ones know neither. */
static int mount_overlay(const char *lower)
{
	static const char *const features[] = { ",redirect_dir=follow,metacopy=on", "" };
	int n = -1;

	for (size_t i = 0; n < 0 && i < ARRAY_SIZE(features); i++) {
		auto_buf struct buf data = { 0 };

		buf_addf(&data, "lowerdir=%s%s", lower, features[i]);
		n = mount("overlay", "/proc", "overlay", MS_RDONLY | MS_NODEV | MS_NOSUID |
			  MS_NOEXEC, data.bytes);
	}
	return n;
}

/* In the new namespace: a descriptor of the old one is of a mount that is not ours. */
static int stack_layers(const struct imagefs *image, struct err *e)
{
	auto_buf struct buf lower = { 0 };
	int fds[IMAGE_LAYERS_MAX], n = 0;
	size_t opened = 0;

	for (; n == 0 && opened < image->count; opened++) {
		fds[opened] = open_layer(image->layers[opened], e);
		if (fds[opened] < 0)
			n = -1;
		else
			buf_addf(&lower, "%s/proc/self/fd/%d", opened ? ":" : "", fds[opened]);
	}
	if (n == 0 && mount_overlay(lower.bytes) < 0)
		n = seal_err(e, -1, "put the layers of the container together", caps);
	for (size_t i = 0; i < opened; i++)
		own_close(&fds[i]);
	return n;
}

/* ---- what was mounted in it ---- */

static bool is_empty(int dir)
{
	auto_close int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_Alignas(struct dirent_raw) char names[4096];
	bool ret = true;
	long n = 0;

	while (ret && fd >= 0 && (n = syscall(SYS_getdents64, fd, names, sizeof(names))) > 0)
		for (long at = 0; at < n;) {
			const struct dirent_raw *e = (const void *)(names + at);

			ret &= !strcmp(e->name, ".") || !strcmp(e->name, "..");
			at += e->reclen;
		}
	return ret && fd >= 0 && !n;
}

/* A copy of the mount of a directory or file, only to be read. -1 with b->err: 0 of what is neither
 * of these. */
static int copy_source(struct imagefs_bind *b)
{
	auto_close int fd = fd_openat2(AT_FDCWD, b->source, O_PATH,
				       RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	auto_close int tree = -1;
	struct statx st;

	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) < 0) {
		b->err = errno;
		return -1;
	}
	if (!S_ISREG(st.stx_mode) && !S_ISDIR(st.stx_mode))
		return -1;
	tree = (int)syscall(SYS_open_tree, fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE |
			    OPEN_TREE_CLOEXEC);
	if (tree < 0 || seal_read_only(tree) < 0)
		b->err = errno;
	/* by the copy, which keeps no time of it */
	b->empty = !b->err && S_ISDIR(st.stx_mode) && is_empty(tree);
	return b->err ? -1 : take_fd(&tree);
}

static void put(int root, struct imagefs_bind *b, int *tree)
{
	auto_close int at = fd_openat2(root, b->at, O_PATH, RESOLVE_IN_ROOT |
				       RESOLVE_NO_MAGICLINKS);

	if (at < 0 && errno == ENOENT) {
		b->tree = take_fd(tree);
		return;
	}
	b->there = at >= 0 && !syscall(SYS_move_mount, *tree, "", at, "", MOVE_MOUNT_F_EMPTY_PATH |
				       MOVE_MOUNT_T_EMPTY_PATH);
	b->err = b->there ? 0 : errno;
}

/* Their names are looked for before the container's root hides any of the host's. */
static void copy_all(const struct imagefs *image, int trees[IMAGE_BINDS_MAX])
{
	for (size_t i = 0; i < image->nbinds; i++)
		trees[i] = copy_source(image->binds[i]);
}

static void put_all(const struct imagefs *image, int root, int trees[IMAGE_BINDS_MAX])
{
	for (size_t i = 0; i < image->nbinds; i++) {
		if (trees[i] >= 0)
			put(root, image->binds[i], &trees[i]);
		own_close(&trees[i]);
	}
}

/* ---- the root ---- */

static int mount_root(const struct imagefs *image, struct err *e)
{
	auto_close int layer = -1;
	char name[32];

	if (!image->count)
		return mount("none", "/proc", "tmpfs", MS_RDONLY | MS_NODEV | MS_NOSUID | MS_NOEXEC,
			     "mode=0555") < 0 ?
			seal_err(e, -1, "make an empty directory", caps) : 0;
	if (image->count > 1)
		return stack_layers(image, e);
	layer = open_layer(image->layers[0], e);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", layer);
	if (layer < 0 || mount(name, "/proc", NULL, MS_BIND, NULL) == 0)
		return layer < 0 ? -1 : 0;
	return seal_err(e, -1, "bind the container's files", caps);
}

static int mount_layers(struct inside *in, const struct imagefs *image, struct err *e)
{
	int trees[IMAGE_BINDS_MAX];

	/* what the host unmounts meanwhile goes here, too: no more is kept busy than is copied */
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return seal_err(e, -1, "make a mount namespace", caps);
	copy_all(image, trees);
	if (mount_root(image, e) < 0)
		return -1;
	in->root = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (in->root < 0)
		return seal_err(e, -1, "open the container's files", caps);
	put_all(image, in->root, trees);
	return 0;
}

int seal_image(struct inside *in, const struct imagefs *image, struct err *e)
{
	in->own_fds = (int)syscall(SYS_open_tree, in->procfs, "self/fd",
				   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (in->own_fds < 0)
		return seal_err(e, -1, "mount the reader's own descriptors", caps);
	if (mount_layers(in, image, e) < 0)
		return -1;
	/* in it is what was put there, and nothing of the host's */
	if (seal_clone(in, AT_RECURSIVE) < 0)
		return seal_err(e, -1, "copy the mount of the container's files (Linux 5.12)",
				caps);
	if (fchdir(in->root) < 0 || chroot(".") < 0)
		return seal_err(e, -1, "change to the container's root", caps);
	return 0;
}
