/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * denying - the programs of bpf/denied.h. What was refused is known when the call returns. That
 * seccomp did it, by what is not there: such a call ends without ever having begun. Loaded only if
 * asked for, and then nothing else of sys.bpf.c is.
 */
#ifndef BPF_DENYING_H
#define BPF_DENYING_H

#include "bpf/capable.h"
#include "bpf/denied.h"
#include "bpf/filter.h"
#include "bpf/next.h"
#include "bpf/regs.h"
#include "bpf/stack.h"
#include "bpf/sysargs.h"
#include "bpf/walking.h"

#define SIGSYS 31
#define SYS_SECCOMP 1		/* asm-generic/siginfo.h */
#define ENOSYS 38
#define EDQUOT 122
#define ERRNO_MAX 4095
#define FILTERS_DEPTH 32		/* of a thread, that are looked at */
#define AT_FDCWD -100
#define NO_NEW_PRIVS 1

const volatile __u64 deny_any;		/* bit n: an error n may be a refusal */
const volatile __u64 deny_all;		/* and is one of every call */
const volatile __u64 deny_more[SYS_NR_MAX];	/* and of this one */
const volatile __u8 deny_files[SYS_NR_MAX];	/* bit i: argument i is a file; 6: it has names */

__u32 deny_ready;		/* all programs are attached */
__u32 deny_caps;		/* and among them deny_capable, which Linux 6.14 and later have */
__u64 compat;			/* of the target: 32-bit calls */

struct mark {
	__u8 inside;		/* it is in a call, and under a seccomp filter */
	__u8 seen;		/* all its calls are seen to begin */
	__u8 told;		/* that seccomp ends it */
	__u8 last;		/* the latest capability in .refused */
	__u32 last_ns;
	__u64 refused;		/* in this call */
};

/* Of threads that were seen to begin or end a call. The first one where the kernel is_modern. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct mark);
} marks SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, struct mark);
} marks_by_tid SEC(".maps");

static __always_inline struct mark *mark_of(void)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	if (is_modern)
		return bpf_task_storage_get(&marks, bpf_get_current_task_btf(), 0, 0);
	return bpf_map_lookup_elem(&marks_by_tid, &tid);
}

static __always_inline struct mark *new_mark(void)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct mark fresh = { 0 };

	if (is_modern)
		return bpf_task_storage_get(&marks, bpf_get_current_task_btf(), 0,
					    BPF_LOCAL_STORAGE_GET_F_CREATE);
	bpf_map_update_elem(&marks_by_tid, &tid, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&marks_by_tid, &tid);
}

/* Most of the node's processes have no filter: whoever has none is asked nothing more. */
static __always_inline bool is_filtered(void)
{
	struct task_struct *t;

	if (is_modern)
		return bpf_get_current_task_btf()->seccomp.mode;
	t = (struct task_struct *)bpf_get_current_task();
	return BPF_CORE_READ(t, seccomp.mode);
}

/* Who has a mark was of the target when it got it, so of them that is not asked each time. */
static __always_inline struct mark *mark_of_target(void)
{
	struct mark *m = mark_of();

	return m ? m : is_current_target() ? new_mark() : NULL;
}

SEC("raw_tp/sys_enter")
int deny_enter(struct raw_tracepoint *ctx)
{
	struct mark *m;

	if (!deny_ready || !is_filtered())
		return 0;
	m = mark_of_target();
	if (!m)
		return 0;
	m->inside = m->seen = 1;
	m->refused = 0;
	return 0;
}

/* A page that is missing between two calls is no part of the next one: there is no number then. */
static __always_inline bool is_in_call(void)
{
	struct regs r;

	return get_regs(&r, is_modern ? NULL : old_regs()) && (__s64)r.orig_ax >= 0;
}

SEC("raw_tp/cap_capable")
int deny_capable(struct raw_tracepoint *ctx)
{
	struct user_namespace *ns = (struct user_namespace *)ctx->args[1];
	__u8 cap = ctx->args[3] & 63;
	struct mark *m;

	if (!(int)ctx->args[4] || !deny_ready)
		return 0;
	m = mark_of_target();
	if (!m || !is_in_call() || is_only_asked(ctx))
		return 0;
	m->refused |= 1ull << cap;
	m->last = cap;
	m->last_ns = BPF_CORE_READ(ns, ns.inum);
	return 0;
}

/* ---- the records ---- */

/* Where a name of argument `arg` begins, or what an operation on it is about. */
__attribute__((noinline)) int put_path(__u32 arg, __s32 fd, __u64 now)
{
	struct task_struct *t = (struct task_struct *)bpf_get_current_task();
	bool cwd = arg == DENIED_CWD || fd == AT_FDCWD;
	struct file *f = cwd ? NULL : file_at(t, (__u32)fd);
	struct fs_struct *fs = BPF_CORE_READ(t, fs);
	struct denied_path *p;

	if (!cwd && !f)
		return 0;
	p = reserve(sizeof(*p));
	if (!p)
		return 0;
	p->record = DENIED_PATH;
	p->tid = (__u32)bpf_get_current_pid_tgid();
	p->at = now;
	p->arg = arg;
	p->unused = 0;
	fill_path(&p->names, t, cwd ? BPF_CORE_READ(fs, pwd.mnt) : BPF_CORE_READ(f, f_path.mnt),
		  cwd ? BPF_CORE_READ(fs, pwd.dentry) : BPF_CORE_READ(f, f_path.dentry));
	submit(p);
	return 0;
}

static __always_inline void fill_groups(struct denied_as *a, const struct cred *cred)
{
	struct group_info *g = BPF_CORE_READ(cred, group_info);
	__u32 n = (__u32)BPF_CORE_READ(g, ngroups);

	a->ngroups = n;
	n = (n > DENIED_GROUPS_MAX ? DENIED_GROUPS_MAX : n) * sizeof(a->groups[0]);
	asm volatile("" : "+r"(n));
	if (n <= sizeof(a->groups))
		bpf_probe_read_kernel(a->groups, n, (char *)g +
				      bpf_core_field_offset(struct group_info, gid));
}

/* The first on the way up to which no process can be added. */
static __always_inline void fill_pids(struct denied_as *a, struct task_struct *t)
{
	struct css_set *set = BPF_CORE_READ(t, cgroups);
	struct cgroup_subsys_state *css = NULL;
	__u64 at = bpf_core_field_offset(struct css_set, subsys);

	if (!bpf_core_enum_value_exists(enum cgroup_subsys_id, pids_cgrp_id) ||
	    !bpf_core_type_exists(struct pids_cgroup))
		return;
	at += sizeof(css) * bpf_core_enum_value(enum cgroup_subsys_id, pids_cgrp_id);
	bpf_probe_read_kernel(&css, sizeof(css), (char *)set + at);
	for (int i = 0; css && i < CGROUP_DEPTH_MAX; i++) {
		struct pids_cgroup *p = (void *)((char *)css -
						 bpf_core_field_offset(struct pids_cgroup, css));
		__s64 count = BPF_CORE_READ(p, counter.counter);
		__s64 most = BPF_CORE_READ(p, limit.counter);

		if (count >= most) {
			a->pids = (__u64)count;
			a->pids_max = (__u64)most;
			bpf_probe_read_kernel_str(a->pids_cgroup, sizeof(a->pids_cgroup),
						  BPF_CORE_READ(css, cgroup, kn, name));
			return;
		}
		css = BPF_CORE_READ(css, parent);
	}
}

static __always_inline void fill_root(struct denied_as *a, struct task_struct *t)
{
	struct fs_struct *fs = BPF_CORE_READ(t, fs);
	struct vfsmount *mnt = BPF_CORE_READ(fs, root.mnt);
	struct dentry *root = BPF_CORE_READ(fs, root.dentry);
	struct mount *m = mount_of(mnt);

	a->mnt_ns = BPF_CORE_READ(t, nsproxy, mnt_ns, ns.inum);
	a->root_mount = (__u32)BPF_CORE_READ(m, mnt_id);
	if (root != BPF_CORE_READ(mnt, mnt_root))
		a->root_ino = BPF_CORE_READ(root, d_inode, i_ino);
}

static __always_inline void fill_memory(struct denied_as *a, struct task_struct *t)
{
	struct mm_struct *mm = BPF_CORE_READ(t, mm);

	a->total_vm = BPF_CORE_READ(mm, total_vm);
	a->data_vm = BPF_CORE_READ(mm, data_vm);
	a->locked_vm = BPF_CORE_READ(mm, locked_vm);
	a->map_count = (__u64)BPF_CORE_READ(mm, map_count);
}

static __always_inline void fill_cred(struct denied_as *a, const struct cred *cred)
{
	a->uid = BPF_CORE_READ(cred, uid.val);
	a->gid = BPF_CORE_READ(cred, gid.val);
	a->fsuid = BPF_CORE_READ(cred, fsuid.val);
	a->fsgid = BPF_CORE_READ(cred, fsgid.val);
	a->user_ns = BPF_CORE_READ(cred, user_ns, ns.inum);
	/* not as the kernel calls the fields of a kernel_cap_t, which is one since Linux 6.3 */
	bpf_probe_read_kernel(&a->effective, sizeof(a->effective), (char *)cred +
			      bpf_core_field_offset(struct cred, cap_effective));
	bpf_probe_read_kernel(&a->permitted, sizeof(a->permitted), (char *)cred +
			      bpf_core_field_offset(struct cred, cap_permitted));
	bpf_probe_read_kernel(&a->bounding, sizeof(a->bounding), (char *)cred +
			      bpf_core_field_offset(struct cred, cap_bset));
	fill_groups(a, cred);
}

/* Is there a filter of the thread that leaves its answer to another process? */
static __always_inline bool is_supervised(struct task_struct *t)
{
	struct seccomp_filter *f = BPF_CORE_READ(t, seccomp.filter);

	if (!bpf_core_field_exists(f->notif))
		return false;
	for (int i = 0; i < FILTERS_DEPTH && f; i++) {
		if (BPF_CORE_READ(f, notif))
			return true;
		f = BPF_CORE_READ(f, prev);
	}
	return false;
}

static __always_inline void put_as(__u32 flags, __u64 now)
{
	struct task_struct *t = (struct task_struct *)bpf_get_current_task();
	struct mark *m = mark_of();
	struct denied_as *a = reserve(sizeof(*a));

	if (!a)
		return;
	__builtin_memset(a, 0, sizeof(*a));
	a->record = DENIED_AS;
	a->tid = (__u32)bpf_get_current_pid_tgid();
	a->at = now;
	a->flags = flags;
	if (BPF_CORE_READ(t, atomic_flags) & NO_NEW_PRIVS)
		a->flags |= DENIED_NNP;
	if (BPF_CORE_READ(t, ptrace))
		a->flags |= DENIED_TRACED;
	if (flags & (DENIED_UNENTERED | DENIED_FIRST) && is_supervised(t))
		a->flags |= DENIED_SUPERVISED;
	if (deny_caps && !(flags & DENIED_FIRST))
		a->flags |= DENIED_CAPS;
	if (m && !(flags & DENIED_UNENTERED)) {	/* else they are of the call before */
		a->refused = m->refused;
		a->last = m->last;
		a->last_ns = m->last_ns;
	}
	a->seccomp = (__u32)BPF_CORE_READ(t, seccomp.mode);
	a->port_start = BPF_CORE_READ(t, nsproxy, net_ns, ipv4.sysctl_ip_prot_sock);
	a->ping_first = BPF_CORE_READ(t, nsproxy, net_ns, ipv4.ping_group_range.range[0].val);
	a->ping_last = BPF_CORE_READ(t, nsproxy, net_ns, ipv4.ping_group_range.range[1].val);
	fill_cred(a, BPF_CORE_READ(t, cred));
	bpf_probe_read_kernel(a->limits, sizeof(a->limits), (char *)BPF_CORE_READ(t, signal) +
			      bpf_core_field_offset(struct signal_struct, rlim));
	fill_pids(a, t);
	fill_root(a, t);
	fill_memory(a, t);
	fill_who(&a->who, t);
	submit(a);
}

/* All of a refusal of the running thread. A global function is verified once, by itself. */
__attribute__((noinline)) int tell_denied(__u64 nr, __s64 ret, __u32 flags)
{
	__u32 zero = 0, len;
	struct scratch *s = bpf_map_lookup_elem(&scratches, &zero);
	bool strange = nr >= SYS_NR_MAX, is32 = is_compat();
	__u32 todo = strange || is32 ? 0 : deny_files[nr & (SYS_NR_MAX - 1)];
	struct regs r;

	if (!s || !get_regs(&r, is_modern ? NULL : old_regs()))
		return 0;
	s->call = (struct sys_call){
		.record = SYS_CALL, .tid = (__u32)bpf_get_current_pid_tgid(),
		.at = bpf_ktime_get_boot_ns(), .took = strange ? nr : 0, .ret = ret,
		.nr = strange ? 0 : (__u16)nr,
		.flags = (is32 ? SYS_COMPAT : 0) | (strange ? SYS_STRANGE : 0),
	};
	fill_args(&s->call, &r);
	send_stack(s->call.tid, s->call.at);
	for (__u32 i = 0; i <= DENIED_CWD; i++)
		if (todo >> i & 1)
			put_path(i, (__s32)arg_of(&s->call, i), s->call.at);
	put_as(flags, s->call.at);
	if (!strange)
		put_args(s, (__u32)nr);
	len = s->call.len;
	asm volatile("" : "+r"(len));
	if (len <= SYS_DATA_MAX + SYS_STRING_MAX &&
	    bpf_ringbuf_output(&ring, s, sizeof(s->call) + len, BPF_RB_NO_WAKEUP))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

/* ---- what returned ---- */

static __always_inline __u64 bit_of(__u64 err)
{
	return err == EDQUOT ? DENIED_QUOTA : err;
}

/* Perhaps; of a call that never began whatever it returned. */
static __always_inline bool may_be_refusal(__u64 err, __u32 flags)
{
	if (flags & DENIED_UNENTERED)
		return err - 1 < ERRNO_MAX;
	err = bit_of(err);
	return err < 64 && deny_any >> err & 1;
}

static __always_inline bool is_refusal(__u64 nr, __u64 err)
{
	__u64 set = deny_all;

	if (!is_compat())	/* its number is another table's */
		set |= deny_more[nr & (SYS_NR_MAX - 1)];
	return nr < SYS_NR_MAX && set >> (bit_of(err) & 63) & 1;
}

static __always_inline void returned(__u64 err, __u32 flags)
{
	struct regs r;

	if (!get_regs(&r, is_modern ? NULL : old_regs()) || (__s32)r.orig_ax == -1)
		return;
	if (!(flags & DENIED_UNENTERED) && !is_refusal(r.orig_ax, err))
		return;
	if (is_compat())
		__sync_fetch_and_add(&compat, 1);
	tell_denied(r.orig_ax, -(__s64)err, flags);
}

SEC("raw_tp/sys_exit")
int deny_exit(struct raw_tracepoint *ctx)
{
	__u64 err = -ctx->args[1];
	bool filtered = is_filtered();
	__u32 flags = 0;
	struct mark *m;

	if (!deny_ready)
		return 0;
	m = filtered ? mark_of_target() : mark_of();
	if (m && filtered) {
		flags = m->inside ? 0 : m->seen ? DENIED_UNENTERED : DENIED_FIRST;
		m->inside = 0;
		m->seen = 1;
	} else if (filtered) {
		flags = DENIED_FIRST;
	}
	if (may_be_refusal(err, flags) && is_current_target())
		returned(err, flags);
	if (m)
		m->refused = 0;
	return 0;
}

static __always_inline void *sigsys_handler(struct task_struct *t)
{
	return BPF_CORE_READ(t, sighand, action[SIGSYS - 1].sa.sa_handler);
}

/* Before it does, the kernel has put the handler aside if there shall be none. */
SEC("raw_tp/signal_generate")
int deny_signal(struct raw_tracepoint *ctx)
{
	struct kernel_siginfo *info = (struct kernel_siginfo *)ctx->args[1];
	struct task_struct *t = (struct task_struct *)ctx->args[2];
	bool trapped;
	struct mark *m;
	struct regs r;

	if (ctx->args[0] != SIGSYS || ctx->args[1] <= 1 || !deny_ready || !is_current_target() ||
	    t != (struct task_struct *)bpf_get_current_task() ||
	    BPF_CORE_READ(info, si_code) != SYS_SECCOMP)
		return 0;
	trapped = sigsys_handler(t);
	m = mark_of();
	if (m && !trapped)
		m->told = 1;
	if (get_regs(&r, is_modern ? NULL : old_regs()))
		tell_denied(r.orig_ax, 0, DENIED_UNENTERED | (trapped ? DENIED_TRAPPED :
							      DENIED_KILLED));
	return 0;
}

/*
 * A thread that ends alone is sent no signal, and before Linux 5.16 none was; then its process may
 * end with it. Whose call it was has registers as at its begin; the others' say how theirs ended.
 */
SEC("raw_tp/sched_process_exit")
int deny_end(struct raw_tracepoint *ctx)
{
	struct task_struct *t = (struct task_struct *)ctx->args[0];
	struct mark *m = mark_of();
	struct regs r;
	__u64 ax;

	if (m && m->seen && !m->inside && !m->told && is_current_target() &&
	    (BPF_CORE_READ(t, exit_code) & 0x7f) == SIGSYS) {
		ax = BPF_CORE_READ(old_regs(), ax);
		if (get_regs(&r, is_modern ? NULL : old_regs()) &&
		    (ax == r.orig_ax || (__s64)ax == -ENOSYS))
			tell_denied(r.orig_ax, 0, DENIED_UNENTERED | DENIED_KILLED);
	}
	if (!is_modern)	/* its number will be another's */
		bpf_map_delete_elem(&marks_by_tid, &(__u32){ (__u32)bpf_get_current_pid_tgid() });
	return 0;
}

#endif
