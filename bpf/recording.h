/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * recording - puts calls into the box of this processor (box.h), which only its programs write.
 */
#ifndef BPF_RECORDING_H
#define BPF_RECORDING_H

#include "bpf/box.h"
#include "bpf/filter.h"

#define BOX_KNOWN 64	/* threads that are known to be told in a chunk */

const volatile bool recording;
const volatile __u32 box_chunks;	/* of each processor */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);		/* box_chunks times the number of processors */
	__type(key, __u32);
	__type(value, struct box_chunk);
} box SEC(".maps");

struct box_cursor {
	__u64 number;		/* of the chunk that is filled */
	struct {
		__u64 number, forgotten;
		__u32 tid, unused;
	} known[BOX_KNOWN];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct box_cursor);
} cursors SEC(".maps");

static __always_inline struct box_chunk *chunk_at(__u64 number)
{
	__u32 key = bpf_get_smp_processor_id() * box_chunks + ((__u32)number & (box_chunks - 1));

	return bpf_map_lookup_elem(&box, &key);
}

/* The next chunk, whose calls are the oldest there are. Its number is taken away before the first
 * byte is changed, and given anew after the last. */
static __always_inline struct box_chunk *next_chunk(struct box_cursor *c)
{
	struct box_chunk *b = chunk_at(c->number + 1);

	if (!b)
		return NULL;
	c->number++;
	*(volatile __u64 *)&b->number = 0;
	asm volatile("" : : : "memory");
	b->gone = b->last;
	b->used = 0;
	asm volatile("" : : : "memory");
	*(volatile __u64 *)&b->number = c->number;
	return b;
}

/* The chunk for the next record, and where in it; NULL: there is none. */
static __always_inline struct box_chunk *find_room(struct box_cursor *c, __u64 *ret)
{
	struct box_chunk *b = c->number ? chunk_at(c->number) : NULL;

	if (!b || b->used >= BOX_ROOM)
		b = next_chunk(c);
	if (b)
		*ret = b->used;
	return b;
}

/* Is the thread told in this chunk? From now on it is. */
static __always_inline bool is_told_here(struct box_cursor *c, __u32 tid, __u64 now)
{
	__u32 i = tid & (BOX_KNOWN - 1);

	if (c->known[i].tid == tid && c->known[i].number == c->number &&
	    c->known[i].forgotten == now)
		return true;
	c->known[i].tid = tid;
	c->known[i].number = c->number;
	c->known[i].forgotten = now;
	return false;
}

/* Puts a call with `len` bytes behind it; `before` counts how often a thread was forgotten.
 * Returns true if its thread was told, too. */
static __always_inline bool record(const struct sys_call *call, __u32 len, __u64 before)
{
	__u32 zero = 0;
	struct box_cursor *c = bpf_map_lookup_elem(&cursors, &zero);
	struct box_chunk *b;
	struct sys_who *w;
	__u64 at = 0, size;
	bool tell;

	b = c ? find_room(c, &at) : NULL;
	asm volatile("" : "+r"(at));
	if (!b || at >= BOX_ROOM || len > SYS_DATA_MAX + SYS_STRING_MAX)
		return false;
	w = (void *)(b->bytes + at);
	tell = !is_told_here(c, call->tid, before);
	size = sizeof(*call) + len;
	/* again: Linux 6.1 forgets how large a number is that had to wait in memory */
	asm volatile("" : "+r"(size));
	if (size > sizeof(*call) + SYS_DATA_MAX + SYS_STRING_MAX)
		return false;
	if (tell) {
		w->record = SYS_WHO;
		w->generation = 0;
		bpf_probe_read_kernel(w + 1, size, call);
		fill_who(&w->who, (struct task_struct *)bpf_get_current_task());
		size += sizeof(*w);
	} else {
		bpf_probe_read_kernel(w, size, call);
	}
	b->last = call->at;
	asm volatile("" : : : "memory");
	*(volatile __u64 *)&b->used = at + ((size + 7) & ~7ull);
	return tell;
}

#endif
