/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * types - the few kernel structs that our programs read, by hand.
 *
 * Only the fields that are read, in any order: CO-RE finds each where the running kernel has it
 * (Documentation/bpf/libbpf, "CO-RE relocations"). A struct whose name ends in ___SOMETHING is the
 * same struct as another kernel has it. Every name must be one of every kernel: for one that it
 * does not find, libbpf would look through the types of modules, which takes CAP_SYS_ADMIN. Names
 * and types as of Linux 6.1, include/linux.
 */
#ifndef BPF_TYPES_H
#define BPF_TYPES_H

#include <linux/types.h>
#include <linux/bpf.h>
#define __VMLINUX_H__ 1		/* bpf_tracing.h then knows the kernel's names of registers */
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#ifndef NULL
#define NULL ((void *)0)
#endif
typedef _Bool bool;
#define true 1
#define false 0

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct { int counter; } atomic_t;
typedef struct { long counter; } atomic_long_t;
typedef struct { __u32 val; } kuid_t;
typedef struct { __u32 val; } kgid_t;

struct ns_common {
	unsigned int inum;
};

struct mnt_namespace {
	struct ns_common ns;
};

struct pid_namespace {
	struct ns_common ns;
};

struct ping_group_range {
	kgid_t range[2];
};

struct netns_ipv4 {
	int sysctl_ip_prot_sock;
	struct ping_group_range ping_group_range;
};

struct net {
	struct netns_ipv4 ipv4;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
	struct net *net_ns;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

struct uid_gid_extent {
	__u32 first, lower_first, count;
};

struct uid_gid_map {
	__u32 nr_extents;
	struct uid_gid_extent extent[5];
};

struct user_namespace {
	struct uid_gid_map uid_map, gid_map;
	int level;			/* 0: the host's */
	struct user_namespace *parent;
	struct ns_common ns;
};

struct group_info {
	int ngroups;
	kgid_t gid[1];
};

/* An u64 since 6.3. */
typedef struct { __u32 cap[2]; } kernel_cap_t;

struct cred {
	kuid_t uid, euid, fsuid;
	kgid_t gid, egid, fsgid;
	kernel_cap_t cap_permitted, cap_effective, cap_bset, cap_ambient;
	struct user_namespace *user_ns;
	struct group_info *group_info;
};

struct kernfs_node {
	__u64 id;
	const char *name;
};

struct cgroup_root {
	int hierarchy_id;		/* 0: v2 */
};

struct cgroup;

struct cgroup_subsys_state {
	struct cgroup *cgroup;
	struct cgroup_subsys_state *parent;
};

struct cgroup {
	struct cgroup_subsys_state self;
	struct kernfs_node *kn;
	int level;
	struct cgroup *ancestors[1];	/* since 6.1 */
	struct cgroup_root *root;
	struct cgroup_subsys_state *subsys[1];
};

struct cgroup___before_6_1 {
	__u64 ancestor_ids[1];
};

struct css_set {
	struct cgroup_subsys_state *subsys[1];
	struct cgroup *dfl_cgrp;
};

/* Each kernel numbers them by itself. */
enum cgroup_subsys_id { memory_cgrp_id = 4, pids_cgrp_id = 10 };

typedef struct { __s64 counter; } atomic64_t;

struct pids_cgroup {
	struct cgroup_subsys_state css;
	atomic64_t counter, limit;
};

struct page_counter {
	atomic_long_t usage;
	unsigned long max;
	struct page_counter *parent;
};

struct mem_cgroup {
	struct cgroup_subsys_state css;
	struct page_counter memory;
};

struct qstr {
	__u64 hash_len;
	const unsigned char *name;
};

struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
};

struct hlist_bl_node {
	struct hlist_bl_node **pprev;
};

struct super_block {
	unsigned long s_flags, s_magic;
};

struct dentry {
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct inode *d_inode;
	struct qstr d_name;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
};

struct mount {
	int mnt_id;
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct mnt_namespace *mnt_ns;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct fs_struct {
	struct path root, pwd;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	unsigned int f_mode;
	void *private_data;
};

/* Since 6.7: what is mapped of an overlay is a file of its layer. */
struct backing_file {
	struct file file;
	struct path user_path;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

struct files_struct {
	struct fdtable *fdt;
};

struct percpu_counter {
	__s64 count;
};

struct mm_struct {
	unsigned long arg_start, arg_end, exec_vm, total_vm, data_vm, locked_vm;
	int map_count;
	struct file *exe_file;
	struct percpu_counter rss_stat[4];	/* since 6.2 */
};

struct mm_rss_stat {
	atomic_long_t count[4];
};

struct mm_struct___before_6_2 {
	struct mm_rss_stat rss_stat;
};

typedef struct { unsigned long sig[1]; } sigset_t;

struct sigpending {
	sigset_t signal;
};

struct rlimit {
	unsigned long rlim_cur, rlim_max;
};

struct signal_struct {
	struct rlimit rlim[16];
	atomic_t live;
	unsigned int flags;
	int group_exit_code;
	int nr_threads;
	short oom_score_adj;
	struct mm_struct *oom_mm;
};

struct sigaction {
	void *sa_handler;
};

struct k_sigaction {
	struct sigaction sa;
};

struct sighand_struct {
	struct k_sigaction action[64];
};

struct sock_filter;

struct sock_fprog_kern {
	__u16 len;
	struct sock_filter *filter;
};

struct bpf_prog {
	struct sock_fprog_kern *orig_prog;	/* with CONFIG_CHECKPOINT_RESTORE */
};

struct seccomp_filter {
	struct seccomp_filter *prev;
	struct bpf_prog *prog;
	struct notification *notif;	/* since 5.0 */
};

struct seccomp {
	int mode;
	struct seccomp_filter *filter;
};

struct task_struct {
	int pid, tgid;
	int exit_code, exit_state;
	unsigned int personality, flags, ptrace;
	unsigned long atomic_flags;	/* no_new_privs is the first */
	struct seccomp seccomp;
	unsigned int __state;		/* since 5.14 */
	int on_cpu;
	unsigned long nvcsw, nivcsw;
	void *stack;
	__u64 start_boottime;		/* since 5.5 */
	char comm[16];
	sigset_t blocked;
	struct sigpending pending;
	struct sighand_struct *sighand;
	struct task_struct *real_parent, *parent, *group_leader;
	const struct cred *cred, *real_cred;
	struct nsproxy *nsproxy;
	struct css_set *cgroups;
	struct fs_struct *fs;
	struct files_struct *files;
	struct mm_struct *mm;
	struct signal_struct *signal;
	struct pid *thread_pid;
};

struct linux_binprm {
	const char *filename, *interp;
};

struct kernel_siginfo {
	int si_signo, si_errno, si_code;
};

struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax,
		ip, cs, flags, sp, ss;
};

struct thread_info {
	__u32 status;
};

struct task_struct___x86 {
	struct thread_info thread_info;
};

struct vm_area_struct {
	unsigned long vm_start, vm_end, vm_flags;
	struct file *vm_file;
};

struct vm_area_struct___before_6_1 {
	unsigned long vm_start, vm_end, vm_flags;
	struct file *vm_file;
	struct vm_area_struct___before_6_1 *vm_next;
};

struct mm_struct___before_6_1 {
	struct vm_area_struct___before_6_1 *mmap;
};

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

struct bpf_iter__task_file {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	__u32 fd;
	struct file *file;
};

struct bpf_iter__task_vma {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
	struct vm_area_struct *vma;
};

struct bpf_iter__bpf_map_elem {
	struct bpf_iter_meta *meta;
	struct bpf_map *map;
	void *key, *value;
};

#pragma clang attribute pop

/* Where a pid that is known so many levels down has its number there, and the namespace. */
static __always_inline char *upid_at(struct pid *p, __u32 level)
{
	return (char *)p + bpf_core_field_offset(struct pid, numbers) +
		level * (__u64)bpf_core_type_size(struct upid);
}

static __always_inline __u32 pid_at(struct pid *p, __u32 level)
{
	__u32 nr = 0;

	bpf_probe_read_kernel(&nr, sizeof(nr), upid_at(p, level) +
			      bpf_core_field_offset(struct upid, nr));
	return nr;
}

static __always_inline __u32 pidns_at(struct pid *p, __u32 level)
{
	struct pid_namespace *ns = NULL;

	bpf_probe_read_kernel(&ns, sizeof(ns), upid_at(p, level) +
			      bpf_core_field_offset(struct upid, ns));
	return BPF_CORE_READ(ns, ns.inum);
}

/*
 * Before Linux 6.13 an empty string had no byte at all: 0, where its NUL counts now. Without a
 * branch, or the verifier would follow two ways from each string of a list.
 */
static __always_inline long read_user_str(void *to, __u32 size, const void *from)
{
	long n;

	*(char *)to = '\0';
	n = bpf_probe_read_user_str(to, size, from);
	return n + (long)((__u64)(n - 1) >> 63);
}

struct raw_tracepoint {
	__u64 args[8];
};

/* ---- of programs, in their memory ---- */

struct vector {
	void *base;
	__u64 len;
};

/* struct user_msghdr of include/linux/socket.h */
struct message {
	void *name;
	__u32 name_len, unused;
	struct vector *vectors;
	__u64 count;
	void *control;
	__u64 control_len, flags;
};

#endif
