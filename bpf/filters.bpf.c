/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#include "bpf/filters.h"

#include "bpf/visit.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

__u32 found;	/* the thread is there; it did not change its filters meanwhile */
__u32 mode;	/* 0 none, 1 strict, 2 filter */
__u32 count;	/* of the first of `filters`, the newest first */
__u32 more;	/* there are more */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, FILTERS_MAX);
	__type(key, __u32);
	__type(value, struct filter_code);
} filters SEC(".maps");

static __always_inline void copy(struct filter_code *to, struct seccomp_filter *f)
{
	struct sock_fprog_kern *prog = BPF_CORE_READ(f, prog, orig_prog);
	__u32 len = prog ? BPF_CORE_READ(prog, len) : 0;
	__u64 bytes = (__u64)len * sizeof(to->code[0]);

	to->len = len;
	to->whole = 0;
	asm volatile("" : "+r"(bytes));
	if (prog && bytes && bytes <= sizeof(to->code))
		to->whole = !bpf_probe_read_kernel(to->code, bytes, BPF_CORE_READ(prog, filter));
}

SEC("iter/task")
int on_task(struct bpf_iter__task *ctx)
{
	struct task_struct *t = ctx->task;
	struct seccomp_filter *first, *f;

	if (!t || !is_wanted(t))
		return 0;
	f = first = BPF_CORE_READ(t, seccomp.filter);
	for (__u32 i = 0; i < FILTERS_MAX && f; i++) {
		__u32 key = i;
		struct filter_code *to = bpf_map_lookup_elem(&filters, &key);

		if (!to)
			break;
		copy(to, f);
		count = i + 1;
		f = BPF_CORE_READ(f, prev);
	}
	more = f != NULL;
	mode = (__u32)BPF_CORE_READ(t, seccomp.mode);
	found = first == BPF_CORE_READ(t, seccomp.filter);
	return 0;
}
