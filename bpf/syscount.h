/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * syscount - how many calls, how long they took, how many failed: without telling of each.
 */
#ifndef BPF_SYSCOUNT_H
#define BPF_SYSCOUNT_H

#include "bpf/sys.h"
#include "bpf/types.h"

/* An array of our own for each processor: the reader has mapped it, and is behind its seal. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SYS_NR_MAX);	/* times the number of processors */
	__type(key, __u32);
	__type(value, struct sys_count);
} counts SEC(".maps");

/* The number of its highest bit. */
static __always_inline __u32 slot_of(__u64 ns)
{
	__u32 n = 0;

#pragma unroll
	for (int i = 4; i >= 0; i--)
		if (ns >> (n + (1 << i)))
			n += 1 << i;
	return n & (SYS_SLOTS - 1);
}

static __always_inline void count(__u32 nr, __s64 ret, __u64 took)	/* 0: not known */
{
	__u32 key = bpf_get_smp_processor_id() * SYS_NR_MAX + nr;
	struct sys_count *c = bpf_map_lookup_elem(&counts, &key);

	if (!c)
		return;
	c->calls++;
	c->errors += is_error(ret);
	if (!took)
		return;
	c->took += took;
	if (took > c->longest)
		c->longest = took;
	c->slots[slot_of(took)]++;
}

#endif
