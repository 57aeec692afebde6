/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#include "bpf/snap.h"

#include "bpf/visit.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define USER_CS 0x33		/* arch/x86/include/asm/segment.h */
#define VM_READ 1		/* include/linux/mm.h */
#define VM_UFFD_MISSING 0x200

__u32 want_depth;	/* of the target's pid namespace, the host's is 0 */
__u64 want_bytes;	/* of a stack at most, from the stack pointer on */
__u64 want_far;		/* of one that has more than those */

__u32 used;		/* pages */

struct page {
	__u8 bytes[SNAP_PAGE];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SNAP_PAGES);
	__type(key, __u32);
	__type(value, struct page);
} pages SEC(".maps");

static __always_inline __u32 tid_in_target(struct task_struct *t)
{
	struct pid *p = BPF_CORE_READ(t, thread_pid);

	return p && BPF_CORE_READ(p, level) >= want_depth ? pid_at(p, want_depth) : 0;
}

/* False: not one of a thread that we can unwind. */
static __always_inline bool fill_regs(struct snap_task *s, struct task_struct *t)
{
	struct pt_regs *p = (struct pt_regs *)bpf_task_pt_regs(t), r;

	if (bpf_probe_read_kernel(&r, sizeof(r), p) || (r.cs & 0xffff) != USER_CS)
		return false;
	s->flags = (__s64)r.orig_ax >= 0 ? SNAP_IN_CALL : 0;
	s->regs[0] = r.ax;
	s->regs[1] = r.dx;
	s->regs[2] = r.cx;
	s->regs[3] = r.bx;
	s->regs[4] = r.si;
	s->regs[5] = r.di;
	s->regs[6] = r.bp;
	s->regs[7] = r.sp;
	s->regs[8] = r.r8;
	s->regs[9] = r.r9;
	s->regs[10] = r.r10;
	s->regs[11] = r.r11;
	s->regs[12] = r.r12;
	s->regs[13] = r.r13;
	s->regs[14] = r.r14;
	s->regs[15] = r.r15;
	s->regs[16] = r.ip;
	return true;
}

struct range {
	__u64 sp, start, end;
};

/*
 * Only memory that no one has to be asked for: reading a page of a file may wait for a server, a
 * page of a userfaultfd for the target itself. /proc is the way to those, with a deadline.
 */
static long fill_range(struct task_struct *t, struct vm_area_struct *v, void *ctx)
{
	struct range *r = ctx;
	__u64 flags = BPF_CORE_READ(v, vm_flags);

	if (BPF_CORE_READ(v, vm_file) || !(flags & VM_READ) || flags & VM_UFFD_MISSING)
		return 0;
	r->start = BPF_CORE_READ(v, vm_start);
	r->end = BPF_CORE_READ(v, vm_end);
	return 0;
}

/* Where the stack is, and how much of it is wanted. */
static __always_inline bool fill_bounds(struct snap_task *s, struct task_struct *t)
{
	struct range r = { .sp = s->regs[7] };
	__u64 len;

	if (bpf_find_vma(t, r.sp, fill_range, &r, 0) || r.end <= r.sp)
		return false;
	s->stack_at = r.sp - r.start < SNAP_RED_ZONE ? r.start : r.sp - SNAP_RED_ZONE;
	len = r.end - s->stack_at;
	if (len > want_bytes + SNAP_RED_ZONE) {
		len = want_far + SNAP_RED_ZONE;
		s->flags |= SNAP_CUT;
	}
	if (len > SNAP_STACK_PAGES * SNAP_PAGE)
		return false;
	s->stack_len = (__u32)len;
	return true;
}

struct copy {
	struct task_struct *t;
	__u64 from, left;
	__u32 page;
};

static long copy_page(__u64 i, struct copy *c)
{
	__u32 key = c->page + (__u32)i;
	struct page *p = bpf_map_lookup_elem(&pages, &key);
	__u64 n = c->left < SNAP_PAGE ? c->left : SNAP_PAGE;

	asm volatile("" : "+r"(n));
	if (!p || !n || n > SNAP_PAGE ||
	    bpf_copy_from_user_task(p->bytes, (__u32)n, (void *)c->from, c->t, 0))
		return 1;
	c->from += n;
	c->left -= n;
	return !c->left;
}

static __always_inline bool copy_stack(const struct snap_task *s, struct task_struct *t)
{
	struct copy c = { t, s->stack_at, s->stack_len, s->page };

	bpf_loop(SNAP_STACK_PAGES, copy_page, &c, 0);
	return !c.left;
}

/*
 * The order decides. A thread that leaves a processor is counted before on_cpu is cleared
 * (__schedule, finish_task), and has on_cpu set before it runs. So who is off the processors at the
 * end, with the same count as at the beginning, did not run in between: what was read of it is one
 * moment's. Helper calls keep the order, and x86 loads are done in it.
 */
static __always_inline __u64 switches(struct task_struct *t)
{
	__u64 n = BPF_CORE_READ(t, nvcsw);

	return n + BPF_CORE_READ(t, nivcsw);
}

static __always_inline bool capture(struct snap_task *s, struct task_struct *t)
{
	__u64 before;

	if (BPF_CORE_READ(t, on_cpu))
		return false;
	before = switches(t);
	if (!fill_regs(s, t) || !fill_bounds(s, t) || !copy_stack(s, t))
		return false;
	s->switches = before;
	return !BPF_CORE_READ(t, on_cpu) && switches(t) == before;
}

SEC("iter.s/task")
int on_task(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;
	struct snap_task s = { 0 };

	if (!t || !is_wanted(t))
		return 0;
	if (used > SNAP_PAGES - SNAP_STACK_PAGES)
		return 1;	/* come again when what is there was read */
	s.page = used;
	if (capture(&s, t)) {
		s.flags |= SNAP_TAKEN;
		used += (s.stack_len + SNAP_PAGE - 1) / SNAP_PAGE;
	}
	s.tid = (__u32)BPF_CORE_READ(t, pid);
	s.ns_tid = tid_in_target(t);
	s.start = BPF_CORE_READ(t, start_boottime);
	s.state = BPF_CORE_READ(t, __state) | (__u32)BPF_CORE_READ(t, exit_state);
	BPF_CORE_READ_INTO(&s.comm, t, comm);
	bpf_seq_write(ctx->meta->seq, &s, sizeof(s));
	return 0;
}
