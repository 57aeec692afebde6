/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * stack - registers and stack of the thread that an event is about, in a record before its own.
 *
 * Included behind bpf/filter.h. Only pages that are in memory are copied, which those that a
 * thread has just used are; where the kernel does not have one, the copy ends.
 */
#ifndef BPF_STACK_H
#define BPF_STACK_H

#include "bpf/shared.h"
#include "bpf/types.h"

const volatile __u32 stack_bytes;	/* to be copied at most; 0: no stacks */

#define STACK_RED_ZONE 128		/* x86_64 psABI 3.2.2 */
#define STACK_PAGE 4096
#define STACK_USER_CS 0x33		/* arch/x86/include/asm/segment.h */

struct stack_scratch {
	struct thread_stack stack;
	__u8 bytes[STACK_MAX + STACK_PAGE];
};

/* By processor: of those that are, each has one. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);		/* the front says how many */
	__type(key, __u32);
	__type(value, struct stack_scratch);
} stacks SEC(".maps");

static __always_inline void fill_stack(struct thread_stack *s, struct task_struct *t)
{
	struct pt_regs *p = (struct pt_regs *)bpf_task_pt_regs(t);
	struct mm_struct *mm = BPF_CORE_READ(t, mm);

	s->pid = (__u32)BPF_CORE_READ(t, tgid);
	s->exec = BPF_CORE_READ(mm, arg_start);
	s->code = BPF_CORE_READ(mm, exec_vm);
	s->mm = (__u64)mm;
	s->start = BPF_CORE_READ(t, group_leader, start_boottime);
	s->regs[0] = p->ax;
	s->regs[1] = p->dx;
	s->regs[2] = p->cx;
	s->regs[3] = p->bx;
	s->regs[4] = p->si;
	s->regs[5] = p->di;
	s->regs[6] = p->bp;
	s->regs[7] = p->sp;
	s->regs[8] = p->r8;
	s->regs[9] = p->r9;
	s->regs[10] = p->r10;
	s->regs[11] = p->r11;
	s->regs[12] = p->r12;
	s->regs[13] = p->r13;
	s->regs[14] = p->r14;
	s->regs[15] = p->r15;
	s->regs[16] = p->ip;
	/* the page below may never have been touched, and then there is nothing to see there */
	s->at = (p->sp & (STACK_PAGE - 1)) < STACK_RED_ZONE ? p->sp & ~(STACK_PAGE - 1ull) :
		p->sp - STACK_RED_ZONE;
	s->len = 0;
}

/* Who is interrupted is in no call, and may run 32-bit code. */
static __always_inline bool has_long_regs(struct task_struct *t)
{
	return (((struct pt_regs *)bpf_task_pt_regs(t))->cs & 0xffff) == STACK_USER_CS;
}

/* Returns enum stack_state. A global function is verified once, by itself; it may only be given
 * numbers. */
__attribute__((noinline)) int put_stack(__u32 tid, __u64 now)
{
	__u32 key = bpf_get_smp_processor_id();
	struct stack_scratch *s;
	__u64 from;

	if (!stack_bytes)	/* nor is the map there, or on older kernels what is asked below */
		return STACK_NONE;
	if (!bpf_get_current_task_btf()->mm)
		return STACK_GONE;
	if (is_compat() || !has_long_regs(bpf_get_current_task_btf()))
		return STACK_COMPAT;
	s = bpf_map_lookup_elem(&stacks, &key);
	if (!s)
		return STACK_NONE;
	s->stack.record = RECORD_STACK;
	s->stack.tid = tid;
	s->stack.when = now;
	fill_stack(&s->stack, bpf_get_current_task_btf());
	from = s->stack.at;
	for (__u32 i = 0; i <= STACK_MAX / STACK_PAGE; i++) {
		__u64 n = STACK_PAGE - (from & (STACK_PAGE - 1)), at = s->stack.len;

		if (n > stack_bytes - at)
			n = stack_bytes - at;
		asm volatile("" : "+r"(n), "+r"(at));
		if (at > STACK_MAX || !n || n > STACK_PAGE ||
		    bpf_probe_read_user(s->bytes + at, (__u32)n, (void *)from))
			break;
		s->stack.len += n;
		from += n;
	}
	key = s->stack.len;
	asm volatile("" : "+r"(key));
	if (key <= STACK_MAX &&
	    bpf_ringbuf_output(&ring, s, sizeof(s->stack) + key, BPF_RB_NO_WAKEUP))
		__sync_fetch_and_add(&lost, 1);
	return STACK_COPIED;
}

static __always_inline __u32 send_stack(__u32 tid, __u64 now)
{
	return stack_bytes ? (__u32)put_stack(tid, now) : STACK_NONE;
}

#endif
