/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#include "bpf/used.h"

#include "bpf/checks.h"
#include "bpf/end.h"
#include "bpf/filter.h"
#include "bpf/home.h"
#include "bpf/next.h"
#include "bpf/regs.h"
#include "bpf/uring.h"
#include "bpf/usedfiles.h"
#include "bpf/usedsocks.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define NR_RT_SIGRETURN 15
#define NR_CLONE 56
#define NR_VFORK 58
#define NR_EXECVE 59
#define NR_MPROTECT 10
#define NR_PKEY_MPROTECT 329
#define NR_UNSHARE 272
#define NR_SETNS 308
#define NR_CLONE3 435
#define PROT_EXEC 4
#define MAP_ANONYMOUS 0x20
#define VM_EXEC 4
#define CLONE_NEWNS USED_NEW_MOUNTS

const volatile struct used_call known_calls[USED_CALLS];

__u8 entered[USED_CALLS];	/* the kernel ran it */
__u16 refused[USED_CALLS];	/* it was answered with this error, and not run */
__u64 signals;			/* sent: bit n: number n */
__u64 compat, strange;		/* calls of another table; of none */
__u64 spaces;			/* CLONE_NEW... that it made */
__u64 leaves;			/* where that cannot be followed: it may have left our sight */
__u64 gains;			/* programs that gave who started them more than he had */
__u64 gained;			/* capabilities that their files gave */
__u64 unsure;			/* times that it was not seen of which file pages are made to run */
struct used_end outcome;
bool settled;			/* what there was when we came has been looked at */

static __always_inline bool is_error(__s64 ret)
{
	return ret < 0 && ret >= -4095;
}

/* ---- users ---- */

__attribute__((noinline)) int note_cred(__u64 task, __u32 before)
{
	struct task_struct *t = (struct task_struct *)task;
	const struct cred *c = BPF_CORE_READ(t, cred);
	struct group_info *groups = BPF_CORE_READ(c, group_info);
	struct used_cred u = { .record = USED_CRED };
	struct seen key;
	struct who w;

	u.uid = BPF_CORE_READ(c, uid.val);
	u.gid = BPF_CORE_READ(c, gid.val);
	u.euid = w.uid = BPF_CORE_READ(c, euid.val);
	u.egid = w.gid = BPF_CORE_READ(c, egid.val);
	BPF_CORE_READ_INTO(&u.prm, c, cap_permitted);
	BPF_CORE_READ_INTO(&u.eff, c, cap_effective);
	BPF_CORE_READ_INTO(&u.bnd, c, cap_bset);
	u.ns_pid = pid_in_target(BPF_CORE_READ(t, group_leader));
	u.ngroups = (__u32)BPF_CORE_READ(groups, ngroups);
	u.nnp = BPF_CORE_READ(t, atomic_flags) & 1;
	u.seccomp = (__u8)BPF_CORE_READ(t, seccomp.mode);
	u.before = (__u8)before;
	u.inner = (__u8)is_inner((__u64)BPF_CORE_READ(c, user_ns));
	key = (struct seen){
		.what = USED_CRED | (__u64)u.ngroups << 32 | (u.ns_pid == 1) << 8,
		.where = ((__u64)u.uid << 32 | u.gid) * 0x9e3779b97f4a7c15ull ^
			((__u64)u.euid << 32 | u.egid),
		.how = u.prm * 0x9e3779b97f4a7c15ull ^ u.eff ^ (__u64)u.inner << 63,
	};
	if (!is_new(&key, USED_TOUCH, before ? SCRATCH_LOOK : SCRATCH_LIVE))
		return 0;
	fill_ids(&w, t);
	u.ns_euid = w.ns_uid;
	u.ns_egid = w.ns_gid;
	if (u.ngroups > USED_GROUPS)
		u.ngroups = USED_GROUPS + 1;
	bpf_probe_read_kernel(u.groups, sizeof(u.groups), (char *)groups +
			      bpf_core_field_offset(struct group_info, gid));
	tell(&key, &u, sizeof(u));
	return 0;
}

/* ---- calls ---- */

/* Of a clone(2), or at where clone3(2) has them. */
static __always_inline __u64 flags_of(__u64 arg, bool is_struct)
{
	__u64 flags = arg;

	if (is_struct && bpf_probe_read_user(&flags, sizeof(flags), (void *)arg))
		return 0;
	return flags;
}

/* Only by their mount namespace, processes are no more the target's in a new one. */
static __always_inline void note_leaving(__u64 nr, struct pt_regs *p)
{
	struct regs r;

	if ((nr != NR_CLONE && nr != NR_CLONE3 && nr != NR_UNSHARE && nr != NR_SETNS) ||
	    !is_current_target() || !get_regs(&r, p) || is_runtimes())
		return;
	if (nr == NR_SETNS ? !r.si || r.si & CLONE_NEWNS :
	    flags_of(r.di, nr == NR_CLONE3) & CLONE_NEWNS)
		__sync_fetch_and_add(&leaves, 1);
}

SEC("raw_tp/sys_enter")
int used_enter(struct raw_tracepoint *ctx)
{
	__u64 nr = ctx->args[1];

	if (filter_kind == FILTER_MNTNS)
		note_leaving(nr, (struct pt_regs *)ctx->args[0]);
	if (nr >= USED_CALLS || entered[nr & (USED_CALLS - 1)] || !is_current_target() ||
	    is_compat() || is_runtimes())
		return 0;
	entered[nr & (USED_CALLS - 1)] = 1;
	return 0;
}

static __always_inline __u64 arg_of(const struct regs *r, __u32 n)
{
	switch (n) {
	case 1: return r->di;
	case 2: return r->si;
	case 3: return r->dx;
	case 4: return r->r10;
	case 5: return r->r8;
	}
	return r->r9;
}

static __always_inline void note_names(const struct regs *r, const volatile struct used_call *c,
				       __u32 nr)
{
	for (__u32 i = 0; i < 2; i++) {
		__s32 base = c->base[i] ? (__s32)arg_of(r, c->base[i]) : -1;

		if (c->name[i])
			note_name(arg_of(r, c->name[i]), nr | i << 16, base);
	}
}

static __always_inline void note_fd(__u32 fd, __u32 access)
{
	struct task_struct *t = current();
	struct file *f = file_at(t, fd);

	if (f)
		note_file((__u64)t, (__u64)f, access ? access : access_of(f), SCRATCH_LIVE);
}

/* F_SETLK, F_SETLKW and the same for open files: include/uapi/asm-generic/fcntl.h */
static __always_inline bool is_lock(__u32 command)
{
	return command == 6 || command == 7 || command == 37 || command == 38;
}

const volatile bool visits_vma;	/* Linux 5.12: look_mapping */

#define MAPPINGS 1024

/* Where neither is there, mappings are a list. ip: only the one that it is in; or 0. */
__attribute__((noinline)) int note_mapped(__u64 task, __u64 ip, __u32 slot)
{
	struct task_struct *t = (struct task_struct *)task;
	struct mm_struct___before_6_1 *mm = (void *)BPF_CORE_READ(t, mm);
	struct vm_area_struct___before_6_1 *v;
	__u32 access = USED_READ | USED_MAP | (slot == SCRATCH_LOOK ? USED_BEFORE : 0);

	if (!bpf_core_field_exists(mm->mmap))
		return 0;
	v = BPF_CORE_READ(mm, mmap);
#pragma clang loop unroll(disable)
	for (int i = 0; i < MAPPINGS && v; i++) {
		struct file *f = BPF_CORE_READ(v, vm_file);
		bool here = ip - BPF_CORE_READ(v, vm_start) <
			BPF_CORE_READ(v, vm_end) - BPF_CORE_READ(v, vm_start);

		if (f && (ip ? here : !!(BPF_CORE_READ(v, vm_flags) & VM_EXEC)))
			note_file(task, (__u64)f, access, slot);
		v = BPF_CORE_READ(v, vm_next);
	}
	return 0;
}

/* Of the part of a file that is mapped, and where that ends. */
static long note_part(struct task_struct *t, struct vm_area_struct *v, __u64 *end)
{
	struct file *f = BPF_CORE_READ(v, vm_file);

	if (f)
		note_file((__u64)current(), (__u64)f, USED_READ | USED_MAP, SCRATCH_LIVE);
	*end = BPF_CORE_READ(v, vm_end);
	return 0;
}

#define PARTS 8

/* Pages are made to run: of a file, that is a right to it. */
static __always_inline void note_protected(__u64 at, __u64 end)
{
	for (int i = 0; i < PARTS && at < end; i++) {
		__u64 before = at;

		/* somebody is about to change what is mapped */
		if (bpf_find_vma(bpf_get_current_task_btf(), at, note_part, &at, 0) ||
		    at <= before) {
			__sync_fetch_and_add(&unsure, 1);
			break;
		}
	}
}

/* finds: there is bpf_find_vma. */
static __always_inline void note_call(const struct regs *r, __u32 nr, __s64 ret, bool finds)
{
	const volatile struct used_call *c = &known_calls[nr & (USED_CALLS - 1)];
	struct file *f;

	switch (c->kind) {
	case USED_OPENS:
		note_fd((__u32)ret, 0);
		note_names(r, c, nr);
		break;
	case USED_NAMES:
		note_names(r, c, nr);
		break;
	case USED_MAPS:
		if (r->dx & PROT_EXEC && !(r->r10 & MAP_ANONYMOUS))
			note_fd((__u32)r->r8, USED_READ | USED_MAP);
		break;
	case USED_PROTECTS:
		if (r->dx & PROT_EXEC && finds)
			note_protected(r->di, r->di + r->si);
		else if (r->dx & PROT_EXEC)
			note_mapped((__u64)current(), r->di, SCRATCH_LIVE);
		break;
	case USED_RECEIVES:
		note_received(r->si);
		break;
	case USED_FD_WRITES:
		note_fd((__u32)r->di, USED_WRITE);
		break;
	case USED_LOCKS:
		if (!c->arg || is_lock((__u32)r->si))
			note_fd((__u32)r->di, USED_LOCK);
		break;
	case USED_SOCKET:
		if (!is_runtimes())
			note_family((__u32)r->di, (__u32)r->si);
		break;
	case USED_BINDS:
		f = file_at(current(), (__u32)r->di);
		if (f)
			note_socket((__u64)f, false);
		break;
	case USED_SENDS:
		note_sending(r, nr, c->arg);
		break;
	case USED_SPACES:
		if (!is_runtimes())
			spaces |= flags_of(r->di, c->arg) & USED_NEW_ALL;
		break;
	case USED_SIGNALS:
		if (!is_runtimes())
			signals |= 1ull << (arg_of(r, c->arg) & 63);
		break;
	case USED_CREDS:
		note_cred((__u64)current(), false);
		break;
	}
	if (c->kind == USED_ADDRESS || (c->kind == USED_BINDS && c->arg))
		note_address(r->si, (__u32)r->dx, nr);
}

#define EINTR 4
#define EAGAIN 11
#define EINPROGRESS 115
#define ETIMEDOUT 110
#define ERESTARTSYS 512

/* One that nobody entered is one that a filter answered; or it began before we came. */
static __always_inline void note_failure(__u32 nr, __s64 ret)
{
	asm volatile("" : "+r"(nr));
	nr &= USED_CALLS - 1;
	if (entered[nr] || refused[nr])
		return;
	if (ret == -EINTR || ret == -EAGAIN || ret == -ETIMEDOUT || ret <= -ERESTARTSYS)
		entered[nr] = 1;
	else if (!is_runtimes())
		refused[nr] = (__u16)-ret;
}

/* It returns well and nobody has seen it begin: that was before we came, or it never did. True: it
 * was not run, so it did nothing. */
static __always_inline bool note_unentered(__u64 nr)
{
	asm volatile("" : "+r"(nr));
	nr &= USED_CALLS - 1;
	if (settled)
		refused[nr] = USED_ANSWERED;
	else
		entered[nr] = 1;
	return settled;
}

/* Of the target's. */
static __always_inline int note_exit(struct raw_tracepoint *ctx, bool finds)
{
	__s64 ret = (__s64)ctx->args[1];
	struct regs r;
	__u64 nr;

	if (!get_regs(&r, (struct pt_regs *)ctx->args[0]))
		return 0;
	nr = r.orig_ax == ~0ull ? NR_RT_SIGRETURN : r.orig_ax;
	if (is_compat() || nr >= USED_CALLS) {
		__sync_fetch_and_add(is_compat() ? &compat : &strange, 1);
		return 0;
	}
	/* a new thread comes out of the call that made it, which it has not made */
	if (!ret && ((nr >= NR_CLONE && nr <= NR_VFORK) || nr == NR_CLONE3))
		return 0;
	/* a connect that goes on is one */
	if (is_error(ret) && ret != -EINPROGRESS) {
		note_failure((__u32)nr, ret);
		return 0;
	}
	if (!entered[nr & (USED_CALLS - 1)] && !is_runtimes() && note_unentered(nr))
		return 0;
	if (known_calls[nr & (USED_CALLS - 1)].kind)
		note_call(&r, (__u32)nr, ret, finds);
	return 0;
}

/* Every process of the node comes here, so it is one program. The other one is for kernels that
 * know nothing of a function that is given to a helper, wherever it stands (before Linux 5.17). */
SEC("raw_tp/sys_exit")
int used_exit(struct raw_tracepoint *ctx)
{
	return is_current_target() ? note_exit(ctx, true) : 0;
}

SEC("raw_tp/sys_exit")
int used_exit_old(struct raw_tracepoint *ctx)
{
	return is_current_target() ? note_exit(ctx, false) : 0;
}

/* A program begins in its loader, if it has one: nobody opened that. The other one as above. */
SEC("raw_tp/sched_process_exec")
int used_loader(struct raw_tracepoint *ctx)
{
	struct pt_regs *p = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());

	__u64 end;

	if (is_current_target())
		bpf_find_vma(bpf_get_current_task_btf(), p->ip, note_part, &end, 0);
	return 0;
}

SEC("raw_tp/sched_process_exec")
int used_loader_old(struct raw_tracepoint *ctx)
{
	if (is_current_target())
		note_mapped((__u64)current(), BPF_CORE_READ(old_regs(), ip), SCRATCH_LIVE);
	return 0;
}

/* Is it setuid, setgid, or has its file capabilities? Nobody else has rights as a program starts
 * that are not ambient, but root. */
static __always_inline void note_gain(struct task_struct *t)
{
	const struct cred *c = BPF_CORE_READ(t, cred);
	struct user_namespace *ns = BPF_CORE_READ(c, user_ns);
	__u32 uid = BPF_CORE_READ(c, uid.val);
	__u64 prm = 0, amb = 0;

	if (BPF_CORE_READ(t, atomic_flags) & 1 || is_inner((__u64)ns))
		return;
	BPF_CORE_READ_INTO(&prm, c, cap_permitted);
	BPF_CORE_READ_INTO(&amb, c, cap_ambient);
	prm &= ~amb;
	if (!map_id((void *)((char *)ns + bpf_core_field_offset(struct user_namespace, uid_map)),
		    uid) || uid != BPF_CORE_READ(c, euid.val))
		prm = 0;
	if (prm || uid != BPF_CORE_READ(c, euid.val) || BPF_CORE_READ(c, gid.val) !=
	    BPF_CORE_READ(c, egid.val))
		__sync_fetch_and_add(&gains, 1);
	gained |= prm;
}

SEC("raw_tp/sched_process_exec")
int used_exec(struct raw_tracepoint *ctx)
{
	struct linux_binprm *b = (struct linux_binprm *)ctx->args[2];
	struct task_struct *t = current();
	struct file *exe = BPF_CORE_READ(t, mm, exe_file);

	if (!is_current_target())
		return 0;
	if (!outcome.first)
		outcome.first = (__u32)BPF_CORE_READ(t, tgid);
	come_home(t);
	entered[NR_EXECVE] = 1;
	note_gain(t);
	if (exe)
		note_file((__u64)t, (__u64)exe, USED_READ | USED_MAP | USED_EXEC, SCRATCH_LIVE);
	/* of a script these differ; of one that was opened, it is no name */
	note_kernel_name((__u64)BPF_CORE_READ(b, filename), NR_EXECVE);
	note_kernel_name((__u64)BPF_CORE_READ(b, interp), NR_EXECVE | 1 << 16);
	note_cred((__u64)t, false);
	return 0;
}

/* ---- ends ---- */

#define SIGKILL 9
/* SIGILL, SIGTRAP, SIGABRT, SIGBUS, SIGFPE, SIGSEGV, SIGXCPU, SIGXFSZ, SIGSYS */
#define CRASHES (1ull << 4 | 1ull << 5 | 1ull << 6 | 1ull << 7 | 1ull << 8 | 1ull << 11 | \
		 1ull << 24 | 1ull << 25 | 1ull << 31)

SEC("raw_tp/sched_process_exit")
int used_ends(struct raw_tracepoint *ctx)
{
	struct task_struct *t = (struct task_struct *)ctx->args[0];
	__u32 sig, starved;

	if (!is_current_target() || !is_end(t))
		return 0;
	sig = (__u32)exit_code(t) & 0x7f;
	starved = sig == SIGKILL && BPF_CORE_READ(t, signal, oom_mm);
	if (outcome.over)
		return 0;
	if (outcome.first && outcome.first != (__u32)BPF_CORE_READ(t, tgid)) {
		if (starved || CRASHES >> sig & 1)
			outcome.crashed |= 1ull << sig;
		return 0;
	}
	outcome.code = exit_code(t);
	outcome.starved = starved;
	outcome.over = 1;
	return 0;
}

/* ---- what is there when we come ---- */

static __always_inline void note_waiting(struct task_struct *t)
{
	struct pt_regs *p = (struct pt_regs *)((char *)BPF_CORE_READ(t, stack) + THREAD_SIZE) - 1;
	struct task_struct___x86 *x = (void *)t;
	__u64 nr;

	if (is_modern)
		p = (struct pt_regs *)bpf_task_pt_regs(t);
	nr = BPF_CORE_READ(p, orig_ax);
	if (nr < USED_CALLS && !(BPF_CORE_READ(x, thread_info.status) & TS_COMPAT))
		entered[nr & (USED_CALLS - 1)] = 1;
}

SEC("iter/task")
int look_task(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;
	struct file *exe;

	if (!t || !BPF_CORE_READ(t, mm) || !is_target(t) || is_entering(t))
		return 0;
	come_home(t);
	note_waiting(t);
	if (!visits_vma)
		note_mapped(address_of(t), 0, SCRATCH_LOOK);
	note_cred(address_of(t), true);
	exe = BPF_CORE_READ(t, mm, exe_file);
	if (exe)
		note_file(address_of(t), (__u64)exe,
			  USED_READ | USED_MAP | USED_EXEC | USED_BEFORE, SCRATCH_LOOK);
	return 0;
}

SEC("iter/task_file")
int look_file(struct bpf_iter__task_file *ctx)
{
	struct task_struct *t = ctx->task;
	struct file *f = ctx->file;

	if (!t || !f || !is_target(t) || is_entering(t))
		return 0;
	note_socket(address_of(f), true);
	note_file(address_of(t), address_of(f), access_of(f) | USED_BEFORE, SCRATCH_LOOK);
	return 0;
}

/* Linux 5.12 */
SEC("iter/task_vma")
int look_mapping(struct bpf_iter__task_vma *ctx)
{
	struct task_struct *t = ctx->task;
	struct vm_area_struct *v = ctx->vma;
	struct file *f;

	if (!t || !v || !is_target(t) || is_entering(t))
		return 0;
	f = BPF_CORE_READ(v, vm_file);
	if (f)
		note_file(address_of(t), (__u64)f, USED_READ | USED_BEFORE |
			  (BPF_CORE_READ(v, vm_flags) & VM_EXEC ? USED_MAP : 0), SCRATCH_LOOK);
	return 0;
}

/* ---- capabilities ---- */

static __attribute__((noinline)) int take_check(const struct check *k)
{
	struct task_struct *t = current();
	__u32 call = call_of(t);
	__u32 ns = is_inner(address_of(k->ns)) ? CAP_NS_INNER : cap_ns_of(t, k->ns);

	count_check(call, k->cap, ns, sort_of(k, t, call));
	return 0;
}
