/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#include "bpf/prof.h"

#include "bpf/filter.h"
#include "bpf/stack.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define STATE_DEAD 0x80		/* include/linux/sched.h: it does not come back */

/* struct bpf_perf_event_data: the registers in the order of struct pt_regs. */
struct sample {
	__u64 regs[21];
	__u64 period, addr;
};

#define REG_CS 17

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct prof_event);
} events SEC(".maps");

/* Of threads that wait: since when. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PROF_WAITS_MAX);
	__type(key, __u32);
	__type(value, __u64);
} waits SEC(".maps");

__u64 crowded;	/* waits that found no room there */

/* What a process is called in the innermost of its pid namespaces. */
static __always_inline __u32 own_pid(struct task_struct *t)
{
	struct pid *p = BPF_CORE_READ(t, group_leader, thread_pid);

	return pid_at(p, BPF_CORE_READ(p, level));
}

static __always_inline struct prof_event *begin(enum prof_record record, __u64 now)
{
	struct task_struct *t = (struct task_struct *)bpf_get_current_task();
	struct prof_event *e;
	__u32 zero = 0;

	e = bpf_map_lookup_elem(&events, &zero);
	if (!e)
		return NULL;
	e->record = record;
	e->tid = (__u32)bpf_get_current_pid_tgid();
	e->at = now;
	e->value = 0;
	e->pid = (__u32)(bpf_get_current_pid_tgid() >> 32);
	e->ns_tid = pid_in_target(t);
	e->ns_pid = pid_in_target(BPF_CORE_READ(t, group_leader));
	e->own_pid = own_pid(t);
	e->euid = BPF_CORE_READ(t, cred, euid.val);
	e->flags = e->count = 0;
	bpf_get_current_comm(e->comm, sizeof(e->comm));
	return e;
}

static __always_inline void put_kernel(struct prof_event *e, void *ctx)
{
	long n = bpf_get_stack(ctx, e->kernel, sizeof(e->kernel), 0);

	if (n > 0)
		e->count = (__u32)n / sizeof(e->kernel[0]);
	if (e->count == PROF_KERNEL_MAX)
		e->flags |= PROF_CUT;
}

/* In a system call the program is behind its instruction; in a fault or an interrupt it is where
 * that came, and has no such number. */
static __always_inline void put_where(struct prof_event *e)
{
	struct pt_regs *p = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());

	if ((__s64)p->orig_ax < 0)
		e->flags |= PROF_ANYWHERE;
}

static __always_inline bool output(struct prof_event *e)
{
	__u32 count = e->count;

	asm volatile("" : "+r"(count));
	if (count <= PROF_KERNEL_MAX &&
	    !bpf_ringbuf_output(&ring, e, PROF_HEAD + count * sizeof(e->kernel[0]),
				BPF_RB_NO_WAKEUP))
		return true;
	__sync_fetch_and_add(&lost, 1);
	return false;
}

SEC("perf_event")
int on_sample(struct sample *ctx)
{
	struct prof_event *e;

	if (!is_current_target())
		return 0;
	e = begin(PROF_SAMPLE, bpf_ktime_get_boot_ns());
	if (!e)
		return 0;
	e->value = ctx->period;
	if ((ctx->regs[REG_CS] & 3) == 3) {
		e->flags = PROF_ANYWHERE;
	} else {
		put_kernel(e, ctx);
		put_where(e);
	}
	e->stack = send_stack(e->tid, e->at);
	output(e);
	return 0;
}

static __always_inline void leave(void *ctx)
{
	__u64 now = bpf_ktime_get_boot_ns();
	struct prof_event *e = begin(PROF_WAIT, now);
	__u32 tid;

	if (!e)
		return;
	tid = e->tid;
	if (bpf_map_update_elem(&waits, &tid, &now, BPF_ANY)) {
		__sync_fetch_and_add(&crowded, 1);
		return;
	}
	put_kernel(e, ctx);
	put_where(e);
	e->stack = send_stack(e->tid, e->at);
	/* of one that nobody knows of no end is told */
	if (!output(e))
		bpf_map_delete_elem(&waits, &tid);
}

static __always_inline void come_back(struct task_struct *t)
{
	__u32 tid = (__u32)BPF_CORE_READ(t, pid), zero = 0;
	__u64 *from = bpf_map_lookup_elem(&waits, &tid);
	struct prof_event *e;

	if (!from)	/* nearly all that the node switches to */
		return;
	e = bpf_map_lookup_elem(&events, &zero);
	if (!e)
		return;
	e->record = PROF_BACK;
	e->tid = tid;
	e->at = *from;
	e->value = bpf_ktime_get_boot_ns() - *from;
	e->count = 0;
	bpf_map_delete_elem(&waits, &tid);
	output(e);
}

/* The thread that runs makes room for another one. If it was only made to, it does not wait. */
SEC("raw_tp/sched_switch")
int on_switch(struct raw_tracepoint *ctx)
{
	struct task_struct *t = (struct task_struct *)bpf_get_current_task();
	__u32 state;

	if (!ctx->args[0] && is_current_target()) {
		state = BPF_CORE_READ(t, __state);
		if (state && !(state & STATE_DEAD) && BPF_CORE_READ(t, mm))
			leave(ctx);
	}
	come_back((struct task_struct *)ctx->args[2]);
	return 0;
}

/* Read once, at the end: who waits still. That a thread is back may have found no room. */
SEC("iter/bpf_map_elem")
int on_open(struct bpf_iter__bpf_map_elem *ctx)
{
	struct prof_open open = { 0 };
	__u32 *tid = ctx->key;
	__u64 *from = ctx->value;

	if (!tid || !from)
		return 0;
	open.tid = *tid;
	open.from = *from;
	bpf_seq_write(ctx->meta->seq, &open, sizeof(open));
	return 0;
}
