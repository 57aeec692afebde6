/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#include "bpf/life.h"

#include "bpf/capable.h"
#include "bpf/changes.h"
#include "bpf/checks.h"
#include "bpf/end.h"
#include "bpf/ender.h"
#include "bpf/filter.h"
#include "bpf/looking.h"
#include "bpf/next.h"
#include "bpf/regs.h"
#include "bpf/stack.h"
#include "bpf/walking.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define SIGKILL 9
#define SIGCHLD 17
#define SI_KERNEL 0x80

const volatile __u32 nr_execve, nr_execveat;	/* as sys_exit has them */

/* Processes of the target that the kernel itself has just killed, by pid. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct life_oom);
} killed SEC(".maps");

static __always_inline struct task_struct *current(void)
{
	return (struct task_struct *)bpf_get_current_task();
}

static __always_inline void fill(struct life_event *e, enum life_kind kind, struct task_struct *t)
{
	e->at = bpf_ktime_get_boot_ns();
	e->kind = kind;
	e->ret = 0;
	e->sig = e->flags = e->stack = 0;
	e->code = 0;
	e->since = e->stack_at = 0;
	e->stack_tid = e->stack_ns_tid = 0;
	fill_who(&e->who, t);
	__builtin_memset(&e->other, 0, sizeof(e->other));
}

static __always_inline void fill_args(struct life_exec *x, struct task_struct *t)
{
	unsigned long from = BPF_CORE_READ(t, mm, arg_start), to = BPF_CORE_READ(t, mm, arg_end);
	__u64 len = to - from;

	x->args_len = 0;
	if (to <= from)
		return;
	if (len > LIFE_ARGS_MAX)
		len = LIFE_ARGS_MAX;
	asm volatile("" : "+r"(len));
	if (len <= LIFE_ARGS_MAX && bpf_probe_read_user(x->args, len, (void *)from) == 0)
		x->args_len = (__u32)len;
}

SEC("raw_tp/sched_process_exec")
int on_exec(struct raw_tracepoint *ctx)
{
	struct task_struct *t = current();
	struct linux_binprm *b = (struct linux_binprm *)ctx->args[2];
	struct life_exec *x;

	if (!is_current_target())
		return 0;
	x = reserve(sizeof(*x));
	if (!x)
		return 0;
	fill(&x->e, LIFE_EXEC, t);
	fill_who(&x->e.other, BPF_CORE_READ(t, real_parent));
	x->file[0] = x->interp[0] = '\0';
	bpf_probe_read_kernel_str(x->file, sizeof(x->file), BPF_CORE_READ(b, filename));
	bpf_probe_read_kernel_str(x->interp, sizeof(x->interp), BPF_CORE_READ(b, interp));
	x->e.stack = STACK_NEW;
	fill_args(x, t);
	fill_cwd(&x->cwd, t);
	submit(x);
	return 0;
}

/* An exec that failed: its words are where the caller has them. */
static __always_inline void fill_given(struct life_exec *x, const char *file,
				       const char *const *argv)
{
	const char *arg;
	__u32 at = 0;

	x->file[0] = x->interp[0] = '\0';
	bpf_probe_read_user_str(x->file, sizeof(x->file), file);
	for (int i = 0; i < 64 && at < LIFE_ARGS_MAX - 256; i++) {
		long n;

		if (bpf_probe_read_user(&arg, sizeof(arg), &argv[i]) || !arg)
			break;
		asm volatile("" : "+r"(at));
		if (at >= LIFE_ARGS_MAX - 256)
			break;
		n = read_user_str(x->args + at, 256, arg);
		if (n <= 0)
			break;
		at += (__u32)n;
	}
	x->args_len = at;
}

SEC("raw_tp/sys_exit")
int on_exec_failed(struct raw_tracepoint *ctx)
{
	struct pt_regs *regs = (struct pt_regs *)ctx->args[0];
	long ret = (long)ctx->args[1];
	__u64 nr, now;
	__u32 stack;
	struct life_exec *x;
	struct task_struct *t;
	bool at;

	if (ret >= 0 || ret < -4095)
		return 0;
	nr = BPF_CORE_READ(regs, orig_ax);
	at = nr == nr_execveat;
	if ((nr != nr_execve && !at) || is_compat() || !is_current_target())
		return 0;
	/* a ring is read in the order of what was reserved */
	now = bpf_ktime_get_boot_ns();
	stack = send_stack((__u32)bpf_get_current_pid_tgid(), now);
	x = reserve(sizeof(*x));
	if (!x)
		return 0;
	t = current();
	fill(&x->e, LIFE_EXEC, t);
	x->e.at = now;
	x->e.stack = stack;
	fill_who(&x->e.other, BPF_CORE_READ(t, real_parent));
	x->e.ret = (__s32)ret;
	fill_cwd(&x->cwd, t);
	/* the last, for the verifier follows what is behind it from every turn of its loop */
	fill_given(x, (void *)(at ? BPF_CORE_READ(regs, si) : BPF_CORE_READ(regs, di)),
		   (void *)(at ? BPF_CORE_READ(regs, dx) : BPF_CORE_READ(regs, si)));
	submit(x);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int on_exit(struct raw_tracepoint *ctx)
{
	struct task_struct *t = (struct task_struct *)ctx->args[0];
	struct ender by = { .stack = STACK_NONE };
	struct life_event *e;

	if (!is_current_target() || !is_end(t))
		return 0;
	if (stack_bytes) {
		find_ender(&by, t, exit_code(t));
		forget_enders(process_key(t));
	}
	e = reserve(sizeof(*e));
	if (!e)
		return 0;
	fill(e, LIFE_EXIT, BPF_CORE_READ(t, group_leader));
	e->stack = by.stack;
	e->stack_at = by.at;
	e->stack_tid = by.tid;
	e->stack_ns_tid = by.ns_tid;
	fill_who(&e->other, BPF_CORE_READ(t, real_parent));
	e->code = exit_code(t);
	e->since = BPF_CORE_READ(t, group_leader, start_boottime);
	submit(e);
	return 0;
}

static __always_inline __u32 signal_flags(struct task_struct *to, __u32 sig, bool group)
{
	return (is_blocked(to, sig) ? LIFE_BLOCKED : 0) |
		(handler_of(to, sig) > 1 ? LIFE_HANDLED : 0) | (group ? LIFE_GROUP : 0);
}

/* Does the running task tell who waits for it? Timers and files may be set up to send SIGCHLD, and
 * files give it codes that mean the end of a child: those interrupt whoever runs. */
static __always_inline bool tells_parent(struct task_struct *to)
{
	struct task_struct *t = BPF_CORE_READ(current(), group_leader);
	struct signal_struct *of = BPF_CORE_READ(to, signal);

	return BPF_CORE_READ(t, real_parent, signal) == of ||
		BPF_CORE_READ(t, parent, signal) == of;
}

#define CLD_EXITED 1
#define CLD_CONTINUED 6
#define SI_USER 0
#define SI_QUEUE -1

/* The kernel's timers and faults interrupt whoever runs: that is no sender. What a child's end
 * sends comes from the child. */
static __always_inline bool has_sender(const struct life_event *e, struct task_struct *to)
{
	if (e->sig == SIGCHLD && e->code >= CLD_EXITED && e->code <= CLD_CONTINUED)
		return tells_parent(to);
	return e->code == SI_USER || e->code == SI_QUEUE || e->code <= SI_TKILL;
}

#define NR_SIGQUEUE 129
#define NR_TGSIGQUEUE 297
#define NR_PIDFD_SIGNAL 424

/* In a call whose siginfo is the caller's own words. Elsewhere 32-bit calls have these numbers. */
static __always_inline bool is_queue_call(__u32 nr, bool compat)
{
	if (compat)
		return nr == 178 || nr == 335 || nr == NR_PIDFD_SIGNAL;
	return nr == NR_SIGQUEUE || nr == NR_TGSIGQUEUE || (nr & ~CHANGE_X32) == NR_PIDFD_SIGNAL ||
		nr == (CHANGE_X32 | 524) || nr == (CHANGE_X32 | 536);
}

/* The receiver's number, as the running task knows it. */
static __always_inline __u32 pid_for_current(struct task_struct *to)
{
	struct pid *p = BPF_CORE_READ(to, thread_pid);
	__u32 level = BPF_CORE_READ(current(), thread_pid, level);

	return level <= BPF_CORE_READ(p, level) ? pid_at(p, level) : 0;
}

/* Its third word is si_code. */
static __always_inline bool fits(__u64 sig, __u64 info, const struct life_event *e)
{
	__s32 words[3];

	return (__u32)sig == e->sig && !bpf_probe_read_user(words, sizeof(words), (void *)info) &&
		words[2] == e->code;
}

/* Does the call that the running task is in send this signal? An interrupt may come meanwhile. */
static __always_inline bool is_queued_by(const struct regs *r, const struct life_event *e,
					 struct task_struct *to)
{
	__u32 nr = (__u32)r->orig_ax;

	if (nr == NR_SIGQUEUE)
		return (__u32)r->di == pid_for_current(to) && fits(r->si, r->dx, e);
	if (nr == NR_TGSIGQUEUE)
		return (__u32)r->si == pid_for_current(to) && fits(r->dx, r->r10, e);
	return nr == NR_PIDFD_SIGNAL && fits(r->si, r->dx, e);
}

/* Whoever queues a signal says by himself what it is: to another process all that is negative, to
 * his own anything. */
static __always_inline __u32 who_claims(const struct life_event *e, struct task_struct *to)
{
	bool compat = is_compat();
	struct regs r;

	if (has_sender(e, to))
		return 0;
	if (!BPF_CORE_READ(current(), mm) || !get_regs(&r, is_modern ? NULL : old_regs()) ||
	    !is_queue_call((__u32)r.orig_ax, compat))
		return LIFE_NO_SENDER;
	return !compat && is_queued_by(&r, e, to) ? 0 : LIFE_NO_SENDER | LIFE_CLAIMED;
}

/* What the thread that runs has done itself, with this call or this instruction. */
static __always_inline bool is_own(const struct life_event *e)
{
	return !(e->flags & LIFE_NO_SENDER) ||
		(e->code > 0 && e->sig < 32 && FAULTS >> e->sig & 1 && e->who.tid == e->other.tid);
}

static __always_inline __u32 stack_of_sender(const struct life_event *e)
{
	if (!stack_bytes)
		return STACK_NONE;
	if (!is_own(e))
		return e->flags & LIFE_CLAIMED ? STACK_CLAIMED : STACK_KERNEL;
	return is_current_target() ? send_stack(e->other.tid, e->at) : STACK_OUTSIDE;
}

SEC("raw_tp/signal_generate")
int on_signal(struct raw_tracepoint *ctx)
{
	struct kernel_siginfo *info = (struct kernel_siginfo *)ctx->args[1];
	struct task_struct *to = (struct task_struct *)ctx->args[2];
	struct life_event e;

	if (!is_target(to))
		return 0;
	fill(&e, LIFE_SIGNAL, to);
	fill_who(&e.other, current());
	e.sig = (__u32)ctx->args[0];
	e.flags = signal_flags(to, e.sig, ctx->args[3]);
	/* instead of a siginfo, 0 means a process, and 1 the kernel: SEND_SIG_NOINFO, _PRIV */
	if (ctx->args[1] > 1)
		e.code = BPF_CORE_READ(info, si_code);
	else
		e.code = ctx->args[1] ? SI_KERNEL : 0;
	if (ctx->args[1] > 1)
		e.flags |= who_claims(&e, to);
	else if (ctx->args[1] || !has_sender(&e, to))
		e.flags |= LIFE_NO_SENDER;
	e.ret = (__s32)ctx->args[4];
	e.stack = stack_of_sender(&e);
	if (bpf_ringbuf_output(&ring, &e, sizeof(e), BPF_RB_NO_WAKEUP))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}

/* A macro, for the index must be a constant where the compiler notes what is to be relocated. */
#define RSS(mm, n) \
	(bpf_core_field_exists(struct mm_struct, rss_stat[0].count) ? \
	 BPF_CORE_READ(mm, rss_stat[n].count) : \
	 BPF_CORE_READ((struct mm_struct___before_6_2 *)(mm), rss_stat.count[n].counter))

/* The tightest limit of its memory cgroup and those above: a page_counter without one is full of
 * ones. None is left 0. */
static __always_inline void fill_limit(struct life_oom *o, struct task_struct *t)
{
	struct css_set *set = BPF_CORE_READ(t, cgroups);
	struct cgroup_subsys_state *css = NULL;
	struct page_counter *c;
	__u64 at = bpf_core_field_offset(struct css_set, subsys) + sizeof(css) *
		bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);

	bpf_probe_read_kernel(&css, sizeof(css), (char *)set + at);
	if (!css)
		return;
	c = (void *)((char *)css + bpf_core_field_offset(struct mem_cgroup, memory));
	for (int i = 0; c && i < CGROUP_DEPTH_MAX; i++) {
		__u64 max = BPF_CORE_READ(c, max);

		if (max < 1ull << 50 && (!o->limit || max < o->limit)) {
			o->limit = max;
			o->usage = (__u64)BPF_CORE_READ(c, usage.counter);
		}
		c = BPF_CORE_READ(c, parent);
	}
	if (c)
		o->e.flags |= LIFE_DEEP;
}

static __always_inline void fill_oom(struct life_oom *o, struct task_struct *t)
{
	struct mm_struct *mm = BPF_CORE_READ(t, mm);

	__builtin_memset(o, 0, sizeof(*o));
	fill(&o->e, LIFE_OOM, t);
	fill_who(&o->e.other, current());
	o->file = RSS(mm, 0);
	o->anon = RSS(mm, 1);
	o->swap = RSS(mm, 2);
	o->shmem = RSS(mm, 3);
	o->score_adj = BPF_CORE_READ(t, signal, oom_score_adj);
	if (bpf_core_type_exists(struct mem_cgroup))
		fill_limit(o, t);
}

/*
 * mark_victim tells a pid before Linux 6.8, and the task since; a task cannot be found by its pid
 * in here before 6.2. But in all of them the victim is sent SIGKILL by the kernel right before.
 */
SEC("raw_tp/signal_generate")
int on_kill(struct raw_tracepoint *ctx)
{
	struct task_struct *t = (struct task_struct *)ctx->args[2];
	struct life_oom o;
	__u32 pid;

	if (ctx->args[0] != SIGKILL || ctx->args[1] != 1 || !is_target(t))
		return 0;
	pid = (__u32)BPF_CORE_READ(t, pid);
	fill_oom(&o, t);
	o.e.stack = !stack_bytes ? STACK_NONE : !is_current_target() ? STACK_OUTSIDE :
		send_stack(o.e.other.tid, o.e.at);
	bpf_map_update_elem(&killed, &pid, &o, BPF_ANY);
	return 0;
}

SEC("raw_tp/mark_victim")
int on_oom(struct raw_tracepoint *ctx)
{
	struct task_struct *t = (struct task_struct *)ctx->args[0];
	__u32 pid = ctx->args[0] > 0xffffffff ? (__u32)BPF_CORE_READ(t, pid) : (__u32)ctx->args[0];
	struct life_oom *o = bpf_map_lookup_elem(&killed, &pid);

	if (!o)
		return 0;
	if (bpf_ringbuf_output(&ring, o, sizeof(*o), BPF_RB_NO_WAKEUP))
		__sync_fetch_and_add(&lost, 1);
	bpf_map_delete_elem(&killed, &pid);
	return 0;
}

/* ---- checks of capabilities ---- */

const volatile bool cap_count_only;
const volatile bool cap_all;	/* also what is neither used nor refused */

__u64 cap_left_out;	/* of a runtime */

static __attribute__((noinline)) int take_check(const struct check *k)
{
	struct task_struct *t = current();
	struct user_namespace *held = k->ns;
	__u32 ns = cap_ns_of(t, held), call = call_of(t);
	__u32 sort = sort_of(k, t, call);
	struct life_cap c;

	if (cap_count_only) {
		count_check(call, k->cap, ns, sort);
		return 0;
	}
	if (!cap_all && sort != CAP_USED && sort != CAP_REFUSED) {
		if (sort == CAP_RUNTIME)
			__sync_fetch_and_add(&cap_left_out, 1);
		return 0;
	}
	fill(&c.e, LIFE_CAP, t);
	c.e.ret = k->ret;
	c.cap = k->cap;
	c.call = call;
	c.ns = ns;
	c.sort = sort;
	c.ns_inum = BPF_CORE_READ(held, ns.inum);
	c.unused = 0;
	c.e.stack = send_stack(c.e.who.tid, c.e.at);
	if (bpf_ringbuf_output(&ring, &c, sizeof(c), BPF_RB_NO_WAKEUP))
		__sync_fetch_and_add(&lost, 1);
	return 0;
}
