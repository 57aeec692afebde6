/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * changes - writes the log of bpf/change.h. Included in front of what sends stacks, so that it is
 * attached in front of it, too: a call has ended when its own event is sent. Loaded only if stacks
 * are asked for.
 *
 * A call is noted before it does anything, for it may take long after it has done it: who maps may
 * be kept waiting for a page by a file system of the target's own.
 */
#ifndef BPF_CHANGES_H
#define BPF_CHANGES_H

#include "bpf/change.h"
#include "bpf/filter.h"

#define CHANGE_EVER (~0ull)
#define CHANGE_PAGE 4096
#define CHANGE_EXEC 4			/* PROT_EXEC */
#define CHANGE_READ_IS_EXEC 0x0400000	/* personality(2) */
#define CHANGE_FIXED 0x10		/* MAP_FIXED */
#define CHANGE_HUGE 0x40000		/* MAP_HUGETLB: another size of pages */
#define CHANGE_X32 0x40000000

enum change_call {
	CHANGE_MMAP = 9, CHANGE_MPROTECT = 10, CHANGE_MREMAP = 25, CHANGE_SHMAT = 30,
	CHANGE_EXECVE = 59, CHANGE_ARCH_PRCTL = 158, CHANGE_REMAP = 216, CHANGE_EXECVEAT = 322,
	CHANGE_PKEY_MPROTECT = 329, CHANGE_X32_EXECVE = 520, CHANGE_X32_EXECVEAT = 545,
};

struct change_log changes;

/* Of threads in such a call: its number in the log, twice; and 1 once it is not there any more.
 * 0: it has just ended. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 8192);
	__type(key, __u32);
	__type(value, __u64);
} changing SEC(".maps");

/* By 32-bit numbers: execve, old_mmap, ipc, mprotect, mremap, mmap2, remap_file_pages, execveat,
 * pkey_mprotect, arch_prctl, shmat. */
static __always_inline bool changes_compat(__u64 nr)
{
	return nr == 11 || nr == 90 || nr == 117 || nr == 125 || nr == 163 || nr == 192 ||
		nr == 257 || nr == 358 || nr == 380 || nr == 384 || nr == 397;
}

static __always_inline bool gives_exec(__u64 prot)
{
	struct task_struct *t = (struct task_struct *)bpf_get_current_task();

	return prot & CHANGE_EXEC ||
		(prot && BPF_CORE_READ(t, personality) & CHANGE_READ_IS_EXEC);
}

/* May this call bring code to an address? */
static __always_inline bool changes_code(__u64 nr, struct pt_regs *r)
{
	switch (nr) {
	case CHANGE_MMAP:
	case CHANGE_MPROTECT:
	case CHANGE_PKEY_MPROTECT:
		return gives_exec(BPF_CORE_READ(r, dx));
	case CHANGE_SHMAT:	/* SHM_EXEC; the address of the segment is only known later */
	case CHANGE_ARCH_PRCTL:	/* ARCH_MAP_VDSO_* */
		return nr == CHANGE_SHMAT || BPF_CORE_READ(r, di) - 0x2001 < 3;
	case CHANGE_MREMAP:
	case CHANGE_EXECVE:
	case CHANGE_REMAP:
	case CHANGE_EXECVEAT:
	case CHANGE_X32_EXECVE:
	case CHANGE_X32_EXECVEAT:
		return true;
	}
	return false;
}

static __always_inline bool is_exec_call(__u64 nr, bool compat)
{
	if (compat)
		return nr == 11 || nr == 358;
	return nr == CHANGE_EXECVE || nr == CHANGE_EXECVEAT || nr == CHANGE_X32_EXECVE ||
		nr == CHANGE_X32_EXECVEAT;
}

static __always_inline void cover(struct change *c, __u64 start, __u64 len)
{
	__u64 end = start + len + CHANGE_PAGE - 1;

	c->start = start & ~(CHANGE_PAGE - 1ull);
	c->end = end < start || end < len ? CHANGE_EVER : end & ~(CHANGE_PAGE - 1ull);
}

/* As far as the arguments say it: all of the memory if they do not. */
static __always_inline void cover_args(struct change *c, __u64 nr, struct pt_regs *r)
{
	__u64 flags = BPF_CORE_READ(r, r10);

	c->start = 0;
	c->end = CHANGE_EVER;
	if (nr == CHANGE_MPROTECT || nr == CHANGE_PKEY_MPROTECT || nr == CHANGE_REMAP ||
	    (nr == CHANGE_MMAP && flags & CHANGE_FIXED && !(flags & CHANGE_HUGE)))
		cover(c, BPF_CORE_READ(r, di), BPF_CORE_READ(r, si));
}

static __always_inline struct change *change_slot(__u64 number)
{
	return &changes.slots[number & (CHANGES - 1)];
}

/* Whoever raises it, it is never lowered: the next one may be done before this one is noted. */
static __always_inline void raise(__u64 *time, __u64 to)
{
	for (int i = 0; i < 64; i++) {
		__u64 old = *(volatile __u64 *)time;

		if (old >= to || __sync_val_compare_and_swap(time, old, to) == old)
			return;
	}
}

/* An exec says no memory. */
static __always_inline void forget_at(__u64 mm, __u32 pid, __u64 done)
{
	if (mm)
		raise(&changes.forgotten[change_hash(mm)], done);
	raise(&changes.forgotten[change_hash(pid)], done);
}

static __always_inline void count_lasting(__u64 mm, __u32 pid, __u64 by)
{
	if (mm)
		__sync_fetch_and_add(&changes.lasting[change_hash(mm)], by);
	__sync_fetch_and_add(&changes.lasting[change_hash(pid)], by);
}

/* What is in the slot gives way to another. Who is in that call still takes it back at its end. */
static __always_inline void give_way(struct change *c)
{
	__u64 mm = c->mm, *p, number = c->number;
	__u32 pid = c->pid, tid = c->tid;

	if (!number)
		return;
	if (c->done) {
		forget_at(mm, pid, c->done);
		return;
	}
	count_lasting(mm, pid, 1);
	p = bpf_map_lookup_elem(&changing, &tid);
	if (p && __sync_val_compare_and_swap(p, number << 1, number << 1 | 1) == number << 1)
		return;
	/* it is done by now; or there was no room to note it, then nobody will say when it is */
	if (p || *(volatile __u64 *)&c->done) {
		forget_at(mm, pid, bpf_ktime_get_boot_ns());
		count_lasting(mm, pid, -1ull);
	}
}

SEC("raw_tp/sys_enter")
int change_enter(struct raw_tracepoint *ctx)
{
	struct pt_regs *r = (struct pt_regs *)ctx->args[0];
	struct task_struct *t = (struct task_struct *)bpf_get_current_task();
	__u64 nr = ctx->args[1] & ~(__u64)CHANGE_X32, number, noted;
	bool compat = is_compat();
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	struct change *c;

	if (!(compat ? changes_compat(nr) : changes_code(nr, r)) || !is_current_target())
		return 0;
	number = __sync_fetch_and_add(&changes.latest, 1) + 1;
	c = change_slot(number);
	give_way(c);
	__sync_lock_test_and_set(&c->number, 0);
	c->began = bpf_ktime_get_boot_ns();
	c->done = 0;
	/* that memory stays as it is, for who shares it: who has called vfork() */
	c->mm = is_exec_call(nr, compat) ? 0 : (__u64)BPF_CORE_READ(t, mm);
	c->pid = (__u32)BPF_CORE_READ(t, tgid);
	c->tid = tid;
	cover_args(c, compat ? 0 : nr, r);
	/* before it may be forgotten; where there is no room it is never done */
	noted = number << 1;
	bpf_map_update_elem(&changing, &tid, &noted, BPF_ANY);
	__sync_lock_test_and_set(&c->number, number);
	return 0;
}

/* The call of this thread is done: what the log has of it, if it has it still. */
static __always_inline struct change *change_of(__u32 tid, __u64 mm, bool exec)
{
	__u64 *p = bpf_map_lookup_elem(&changing, &tid), noted;
	__u32 pid = (__u32)(bpf_get_current_pid_tgid() >> 32);
	struct change *c;

	if (!p)
		return NULL;
	noted = __sync_lock_test_and_set(p, 0);
	c = change_slot(noted >> 1);
	if (!(noted & 1) && c->number == noted >> 1)
		return c;
	if (noted & 1) {
		forget_at(exec ? 0 : mm, pid, bpf_ktime_get_boot_ns());
		count_lasting(exec ? 0 : mm, pid, -1ull);
	}
	bpf_map_delete_elem(&changing, &tid);
	return NULL;
}

static __always_inline void end_change(struct change *c, __u32 tid)
{
	c->done = bpf_ktime_get_boot_ns();
	bpf_map_delete_elem(&changing, &tid);
}

SEC("raw_tp/sys_exit")
int change_exit(struct raw_tracepoint *ctx)
{
	struct pt_regs *r = (struct pt_regs *)ctx->args[0];
	__u64 nr = BPF_CORE_READ(r, orig_ax) & ~(__u64)CHANGE_X32;
	struct task_struct *t = (struct task_struct *)bpf_get_current_task();
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	bool compat = is_compat();
	struct change *c;

	if (!(compat ? changes_compat(nr) : nr == ~(__u64)CHANGE_X32 || changes_code(nr, r)))
		return 0;
	c = change_of(tid, (__u64)BPF_CORE_READ(t, mm), is_exec_call(nr, compat));
	if (!c)
		return 0;
	if (!compat && (__s64)ctx->args[1] >= 0) {
		if (nr == CHANGE_MMAP && !(BPF_CORE_READ(r, r10) & CHANGE_HUGE))
			cover(c, ctx->args[1], BPF_CORE_READ(r, si));
		else if (nr == CHANGE_MREMAP)
			cover(c, ctx->args[1], BPF_CORE_READ(r, dx));
	} else if (!compat && (nr == CHANGE_EXECVE || nr == CHANGE_EXECVEAT)) {
		c->end = 0;	/* it runs what it ran */
	}
	end_change(c, tid);
	return 0;
}

/* A thread that was not the first has the number of the first now. */
SEC("raw_tp/sched_process_exec")
int change_exec(struct raw_tracepoint *ctx)
{
	struct change *c = change_of((__u32)ctx->args[1], 0, true);

	if (c)
		end_change(c, (__u32)ctx->args[1]);
	return 0;
}

#endif
