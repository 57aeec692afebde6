/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * walking - up from a dentry to the root of a task, noting how each step is called.
 */
#ifndef BPF_WALKING_H
#define BPF_WALKING_H

#include "bpf/path.h"
#include "bpf/types.h"

static __always_inline struct mount *mount_of(struct vfsmount *mnt)
{
	return (void *)((char *)mnt - bpf_core_field_offset(struct mount, mnt));
}

/*
 * What lies outside of the task's root ends where mounts do, and is said to be outside. A function
 * and a loop: unrolled where it is used, this would be the largest part of all programs.
 */
static __attribute__((noinline)) int fill_path(struct path_names *n, struct task_struct *t,
					       struct vfsmount *mnt, struct dentry *d)
{
	struct fs_struct *fs = BPF_CORE_READ(t, fs);
	struct dentry *root = BPF_CORE_READ(fs, root.dentry);
	struct mount *m = mount_of(mnt), *root_mount = mount_of(BPF_CORE_READ(fs, root.mnt));
	bool ended = false;

	n->depth = 0;
	n->outside = 0;
	n->mode = BPF_CORE_READ(d, d_inode, i_mode);
#pragma clang loop unroll(disable)
	for (int i = 0; i < PATH_DEPTH_MAX; i++) {
		struct mount *above = BPF_CORE_READ(m, mnt_parent);
		bool top = d == BPF_CORE_READ(m, mnt.mnt_root);

		n->names[i][0] = '\0';
		if (ended)
			continue;
		ended = d == root && m == root_mount;
		if (!ended && top && above == m)
			n->outside = ended = true;
		if (ended)
			continue;
		n->depth = i + 1;
		if (top) {
			d = BPF_CORE_READ(m, mnt_mountpoint);
			m = above;
		} else {
			bpf_probe_read_kernel_str(n->names[i], PATH_NAME_MAX,
						  BPF_CORE_READ(d, d_name.name));
			d = BPF_CORE_READ(d, d_parent);
		}
	}
	return 0;
}

static __always_inline void fill_cwd(struct path_names *n, struct task_struct *t)
{
	struct fs_struct *fs = BPF_CORE_READ(t, fs);

	fill_path(n, t, BPF_CORE_READ(fs, pwd.mnt), BPF_CORE_READ(fs, pwd.dentry));
}

/* Of descriptor fd, or NULL. */
static __always_inline struct file *file_at(struct task_struct *t, __u32 fd)
{
	struct files_struct *files = BPF_CORE_READ(t, files);
	struct fdtable *table = BPF_CORE_READ(files, fdt);
	struct file **all = BPF_CORE_READ(table, fd), *f = NULL;

	if (fd >= BPF_CORE_READ(table, max_fds) ||
	    bpf_probe_read_kernel(&f, sizeof(f), &all[fd]))
		return NULL;
	return f;
}

/* False: there is none, and the names are not touched. */
static __always_inline bool fill_fd(struct path_names *n, struct task_struct *t, __u32 fd)
{
	struct file *f = file_at(t, fd);

	if (!f)
		return false;
	fill_path(n, t, BPF_CORE_READ(f, f_path.mnt), BPF_CORE_READ(f, f_path.dentry));
	return true;
}

#endif
