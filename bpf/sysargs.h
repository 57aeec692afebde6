/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * sysargs - what the arguments of a system call point to, copied behind its record.
 */
#ifndef BPF_SYSARGS_H
#define BPF_SYSARGS_H

#include "bpf/filter.h"
#include "bpf/regs.h"
#include "bpf/sys.h"
#include "bpf/walking.h"

#define WORDS_MAX 16
#define WORD_MAX 128

const volatile struct sys_arg table[SYS_NR_MAX][SYS_ARGS];
const volatile __u8 pointing[SYS_NR_MAX];	/* bit i: argument i is not only a number */
const volatile bool files;	/* also which file a first argument is, if it is a descriptor: */
const volatile __u8 descriptors[SYS_NR_MAX];	/* enum sys_descriptor; 0: it is none */

struct scratch {
	struct sys_call call;
	__u8 data[SYS_DATA_MAX + SYS_STRING_MAX];
	/* sys.bpf.c: who was last seen to be told on this processor; valid while nobody is
	 * forgotten */
	__u32 tid, generation;
	__u64 forgotten;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

static __always_inline bool is_error(__s64 ret)
{
	return ret < 0 && ret >= -4095;
}

static __always_inline __u64 arg_of(const struct sys_call *c, __u32 n)
{
	n &= 7;
	asm volatile("" : "+r"(n));
	return n < SYS_ARGS ? c->args[n] : 0;
}

/* Where the bytes of the next part go, or NULL: there is no room. */
static __always_inline struct sys_data *next(struct scratch *s, __u32 arg, enum sys_part part)
{
	__u32 at = s->call.len;
	struct sys_data *d;

	asm volatile("" : "+r"(at));
	if (at > SYS_DATA_MAX - sizeof(*d)) {
		s->call.flags |= SYS_CUT;
		return NULL;
	}
	d = (void *)(s->data + at);
	d->arg = (__u8)arg;
	d->part = (__u8)part;
	return d;
}

static __always_inline void finish(struct scratch *s, struct sys_data *d, __u64 len)
{
	d->len = (__u16)len;
	s->call.len += (__u32)(sizeof(*d) + ((len + 3) & ~3ull));
}

static __always_inline void put_bytes(struct scratch *s, __u32 arg, enum sys_part part,
				      const void *from, __u64 len)
{
	struct sys_data *d = next(s, arg, part);

	if (!d || !from || !len)
		return;
	if (len > SYS_BYTES_MAX) {
		len = SYS_BYTES_MAX;
		s->call.flags |= SYS_CUT;
	}
	asm volatile("" : "+r"(len));
	if (len <= SYS_BYTES_MAX && !bpf_probe_read_user(d + 1, len, from))
		finish(s, d, len);
}

static __always_inline void put_string(struct scratch *s, __u32 arg, const void *from)
{
	struct sys_data *d = next(s, arg, SYS_ITSELF);
	long n = d && from ? read_user_str(d + 1, SYS_STRING_MAX, from) : 0;

	if (n > 0 && n <= SYS_STRING_MAX)
		finish(s, d, (__u64)n);
}

/* The vectors themselves and the bytes of the first; `most` is what was really read. */
static __always_inline void put_vectors(struct scratch *s, __u32 arg, struct vector *v, __u64 n,
					__u64 most)
{
	struct vector first = { 0 };

	if (!v || !n)
		return;
	bpf_probe_read_user(&first, sizeof(first), v);
	put_bytes(s, arg, SYS_IOVECS, v, n * sizeof(*v));
	put_bytes(s, arg, SYS_BYTES, first.base, first.len < most ? first.len : most);
}

static __always_inline void put_message(struct scratch *s, __u32 arg, void *from, __u64 most)
{
	struct message m;

	if (bpf_probe_read_user(&m, sizeof(m), from))
		return;
	put_bytes(s, arg, SYS_ITSELF, from, sizeof(m));
	put_bytes(s, arg, SYS_NAME, m.name, m.name_len);
	put_vectors(s, arg, m.vectors, m.count, most);
}

static __always_inline void put_words(struct scratch *s, __u32 arg, void *const *from)
{
	void *word;

	for (int i = 0; i < WORDS_MAX; i++) {
		struct sys_data *d;
		long n;

		if (bpf_probe_read_user(&word, sizeof(word), &from[i]) || !word)
			return;
		d = next(s, arg, SYS_ITSELF);
		n = d ? read_user_str(d + 1, WORD_MAX, word) : 0;
		if (n <= 0 || n > WORD_MAX)
			return;
		finish(s, d, (__u64)n);
	}
	s->call.flags |= SYS_CUT;
}

static __always_inline __u64 bytes_of(const struct sys_call *c, const volatile struct sys_arg *a)
{
	__u32 n = 0;

	switch (a->kind & ~SYS_OUT) {
	case SYS_FIXED:
		return a->size;
	case SYS_BY_ARG:
		return (__u32)arg_of(c, a->from) * (__u64)a->size;
	case SYS_BY_RET:
		return c->ret > 0 ? (__u32)c->ret * (__u64)a->size : 0;
	case SYS_BY_POINTER:
		bpf_probe_read_user(&n, sizeof(n), (void *)arg_of(c, a->from));
		return n;
	}
	return 0;
}

/*
 * What argument i of the call in the scratch points to, behind what is there already. A global
 * function is verified once, by itself; inlined, it would be six times, and that would take longer
 * than all the rest of a start. It may only be given numbers, so it finds the scratch by itself.
 */
__attribute__((noinline)) int put_arg(__u32 nr, __u32 i)
{
	const volatile struct sys_arg *a;
	__u32 zero = 0;
	struct scratch *s = bpf_map_lookup_elem(&scratches, &zero);
	__u32 kind;
	__u64 most;
	void *from;

	if (!s || i >= SYS_ARGS || nr >= SYS_NR_MAX)
		return 0;
	a = &table[nr][i];
	from = (void *)arg_of(&s->call, i);
	kind = a->kind & ~SYS_OUT;
	/* of a vector that was not filled there is still the vector */
	if (!kind || !from || (a->kind & SYS_OUT && is_error(s->call.ret) && kind != SYS_VECTOR &&
			       kind != SYS_MESSAGE))
		return 0;
	most = !(a->kind & SYS_OUT) ? ~0ull : s->call.ret > 0 ? (__u64)s->call.ret : 0;
	switch (kind) {
	case SYS_STRING:
		put_string(s, i, from);
		break;
	case SYS_VECTOR:
		put_vectors(s, i, from, arg_of(&s->call, a->from), most);
		break;
	case SYS_MESSAGE:
		put_message(s, i, from, most);
		break;
	case SYS_WORDS:
		put_words(s, i, from);
		break;
	default:
		put_bytes(s, i, SYS_ITSELF, from, bytes_of(&s->call, a));
	}
	return 0;
}

/* The path of the file that the call in the scratch had as its first argument; in the same way. */
__attribute__((noinline)) int put_file(__u32 nr)
{
	__u32 zero = 0, at;
	struct scratch *s = bpf_map_lookup_elem(&scratches, &zero);
	struct path_names *n;
	struct sys_data *d;

	if (!files || !s || nr >= SYS_NR_MAX || !descriptors[nr] ||
	    (descriptors[nr] == SYS_NO_NAME && s->call.args[1]))
		return 0;
	at = s->call.len;
	asm volatile("" : "+r"(at));
	if (at > SYS_DATA_MAX + SYS_STRING_MAX - sizeof(*d) - sizeof(*n)) {
		s->call.flags |= SYS_CUT;
		return 0;
	}
	d = (void *)(s->data + at);
	d->arg = 0;
	d->part = SYS_FILE;
	n = (void *)(d + 1);
	if (fill_fd(n, (struct task_struct *)bpf_get_current_task(), (__u32)s->call.args[0]))
		finish(s, d, sizeof(*n));
	return 0;
}

static __always_inline void put_args(struct scratch *s, __u32 nr)
{
	__u32 todo = pointing[nr & (SYS_NR_MAX - 1)];

	if (!(s->call.flags & SYS_COMPAT))
		for (__u32 i = 0; i < SYS_ARGS; i++)
			if (todo >> i & 1)
				put_arg(nr, i);
	if (files && !(s->call.flags & SYS_COMPAT))
		put_file(nr);
}

static __always_inline void fill_args(struct sys_call *c, const struct regs *r)
{
	c->args[0] = r->di;
	c->args[1] = r->si;
	c->args[2] = r->dx;
	c->args[3] = r->r10;
	c->args[4] = r->r8;
	c->args[5] = r->r9;
}

#endif
