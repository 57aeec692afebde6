/* SPDX-License-Identifier: Apache-2.0 */
/*
 * image - the root of a reader whose container has no process any more: its layers, put together by
 * an overlay without an upper directory. The mount is in a namespace of the reader's own, so nobody
 * else sees it and it goes with him; the layers are only read.
 *
 * mount(2), since fsconfig(2) takes strings of 255 bytes before Linux 6.7; and names of
 * descriptors, since mount(2) takes one page of options.
 */
#include <fcntl.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/seal.h"

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

static int mount_layers(struct inside *in, const struct imagefs *image, struct err *e)
{
	/* what the host unmounts meanwhile goes here, too: nothing of it is kept busy */
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return seal_err(e, -1, "make a mount namespace", caps);
	if (image->count && stack_layers(image, e) < 0)
		return -1;
	if (!image->count && mount("none", "/proc", "tmpfs", MS_RDONLY | MS_NODEV | MS_NOSUID |
				   MS_NOEXEC, "mode=0555") < 0)
		return seal_err(e, -1, "make an empty directory", caps);
	in->root = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return in->root < 0 ? seal_err(e, -1, "open the container's files", caps) : 0;
}

int seal_image(struct inside *in, const struct imagefs *image, struct err *e)
{
	in->own_fds = (int)syscall(SYS_open_tree, in->procfs, "self/fd",
				   OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (in->own_fds < 0)
		return seal_err(e, -1, "mount the reader's own descriptors", caps);
	if (image->count == 1) {
		in->root = open_layer(image->layers[0], e);
		if (in->root < 0)
			return -1;
	} else if (mount_layers(in, image, e) < 0) {
		return -1;
	}
	/* not what is mounted below it: that is the host's */
	if (seal_clone(in, 0) < 0)
		return seal_err(e, -1, "copy the mount of the container's files (Linux 5.12)",
				caps);
	if (fchdir(in->root) < 0 || chroot(".") < 0)
		return seal_err(e, -1, "change to the container's root", caps);
	return 0;
}
