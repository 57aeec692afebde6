/* SPDX-License-Identifier: GPL-2.0 OR MIT */
#include "bpf/sys.h"

#include "bpf/changes.h"
#include "bpf/denying.h"
#include "bpf/end.h"
#include "bpf/filter.h"
#include "bpf/holding.h"
#include "bpf/next.h"
#include "bpf/recording.h"
#include "bpf/regs.h"
#include "bpf/stack.h"
#include "bpf/sysargs.h"
#include "bpf/syscount.h"
#include "bpf/uring.h"

char LICENSE[] SEC("license") = "Dual MIT/GPL";

#define NR_RT_SIGRETURN 15
#define NR_CLONE 56
#define NR_VFORK 58
#define NR_EXECVE 59
#define NR_EXIT 60
#define NR_SETUID 105
#define NR_SETGID 106
#define NR_SETREUID 113
#define NR_SETREGID 114
#define NR_SETRESUID 117
#define NR_SETRESGID 119
#define NR_EXIT_GROUP 231
#define NR_EXECVEAT 322
#define NR_CLONE3 435
#define NR_EXECVE_32 11		/* of either execve into a 32-bit program */

const volatile __u64 wanted[SYS_NR_MAX / 64];	/* bit n: call n is asked for */
const volatile bool timed, failed_only, count_only, life;
const volatile __u64 slower_ns;

/* Of threads in a call: when it began; 0: in none. The first one where the kernel is_modern. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, __u64);
} began SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u64);
} began_by_tid SEC(".maps");

/* Threads that the reader has been told of, and in which generation: it forgets older ones. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, __u32);
	__type(value, __u32);
} told SEC(".maps");

__u32 generation;	/* the reader counts it up */
__u64 forgotten;	/* how often a thread has been taken out of it */

__u64 strange;		/* of the target: calls by a number that is none */

static __always_inline bool is_wanted(__u64 nr)
{
	return nr < SYS_NR_MAX && (wanted[(nr >> 6) & (SYS_NR_MAX / 64 - 1)] >> (nr & 63)) & 1;
}

/* Where the time is kept at which the running thread's call began, or NULL. Else it is `tid`. */
static __always_inline __u64 *began_of(__u32 tid)
{
	if (is_modern)
		return bpf_task_storage_get(&began, bpf_get_current_task_btf(), 0, 0);
	return bpf_map_lookup_elem(&began_by_tid, &tid);
}

SEC("raw_tp/sys_enter")
int on_enter(struct raw_tracepoint *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();
	__u64 now, *at;

	if (!is_current_target() || !is_wanted(ctx->args[1]))
		return 0;
	now = bpf_ktime_get_boot_ns();
	if (!is_modern) {
		bpf_map_update_elem(&began_by_tid, &tid, &now, BPF_ANY);
		return 0;
	}
	at = bpf_task_storage_get(&began, bpf_get_current_task_btf(), 0,
				  BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (at)
		*at = now;
	return 0;
}

/* Each thread once, and again when it may have another name or user, or is another. False if there
 * was no room: its call could be taken for that of who had the number before. */
static __always_inline bool tell_who(struct scratch *s)
{
	__u32 tid = s->call.tid, now = generation, *when;
	__u64 before = forgotten;
	struct sys_who *w;

	if (recording || (s->tid == tid && s->generation == now && s->forgotten == before))
		return true;
	when = bpf_map_lookup_elem(&told, &tid);
	if (!when || *when != now) {
		w = reserve(sizeof(*w));
		if (!w)
			return false;
		w->record = SYS_WHO;
		w->generation = now;
		fill_who(&w->who, (struct task_struct *)bpf_get_current_task());
		submit(w);
		bpf_map_update_elem(&told, &tid, &now, BPF_ANY);
	}
	s->tid = tid;
	s->generation = now;
	s->forgotten = before;
	return true;
}

static __always_inline void forget(__u32 tid)
{
	/* also if it was not there: the scratch may have it still */
	bpf_map_delete_elem(&told, &tid);
	__sync_fetch_and_add(&forgotten, 1);
}

static __always_inline void output(struct scratch *s)
{
	__u32 len = s->call.len, zero = 0;

	asm volatile("" : "+r"(len));
	if (recording) {
		/* that its name has changed is only noticed of a thread that is noted as told */
		if (record(&s->call, len, forgotten))
			bpf_map_update_elem(&told, &s->call.tid, &zero, BPF_ANY);
	} else if (len <= SYS_DATA_MAX + SYS_STRING_MAX &&
		   bpf_ringbuf_output(&ring, s, sizeof(s->call) + len, ring_flags()))
		__sync_fetch_and_add(&lost, 1);
}

static __always_inline void send(struct scratch *s, __u32 nr)
{
	if (!tell_who(s))
		return;
	send_stack(s->call.tid, s->call.at);
	put_args(s, nr);
	output(s);
}

/* 0 of a call that began before we did, and in a new thread. */
static __always_inline __u64 time_taken(__u32 tid, __u64 now)
{
	__u64 *from = began_of(tid), took = 0;

	if (from && *from) {
		took = now - *from;
		*from = 0;
	}
	return took;
}

/* The record of a call that is wanted, or NULL. */
static __always_inline struct scratch *begin(const struct regs *r, __u64 nr, __s64 ret, __u16 flags,
					     __u64 now, __u64 took)
{
	__u32 zero = 0;
	struct scratch *s = bpf_map_lookup_elem(&scratches, &zero);

	if (!s)
		return NULL;
	s->call.record = SYS_CALL;
	s->call.tid = (__u32)bpf_get_current_pid_tgid();
	s->call.at = now;
	s->call.took = took;
	s->call.ret = ret;
	s->call.nr = (__u16)nr;
	s->call.flags = flags | (took ? SYS_TIMED : 0);
	s->call.len = 0;
	fill_args(&s->call, r);
	return s;
}

#define GIVES(name) (1ull << (NR_SET##name - NR_SETUID))

/* Another effective user or group. */
static __always_inline bool gives_user(__u64 nr)
{
	nr -= NR_SETUID;
	return nr < 64 && (GIVES(UID) | GIVES(GID) | GIVES(REUID) | GIVES(REGID) |
			   GIVES(RESUID) | GIVES(RESGID)) >> nr & 1;
}

/* A call that is not asked for. Of a 32-bit one that cannot be said: its number is another table's,
 * so a program that wants to be missed would only have to make such calls. */
static __always_inline void pass_over(__u64 nr)
{
	if (is_compat())
		__sync_fetch_and_add(&compat, 1);
	else if (nr >= SYS_NR_MAX)
		__sync_fetch_and_add(&strange, 1);
	else if (!gives_user(nr))
		return;
	forget((__u32)bpf_get_current_pid_tgid());
}

/* A new thread comes out of the call that made it, which it has not made. */
static __always_inline bool is_birth(__u64 nr, __s64 ret)
{
	return !ret && ((nr >= NR_CLONE && nr <= NR_VFORK) || nr == NR_CLONE3);
}

SEC("raw_tp/sys_exit")
int on_exit(struct raw_tracepoint *ctx)
{
	__s64 ret = (__s64)ctx->args[1];
	bool good = !is_error(ret), is32;
	__u64 nr, now = 0, took = 0;
	struct scratch *s;
	struct regs r;

	/* first of all: every process of the node comes here */
	if (!is_current_target() || !get_regs(&r, (struct pt_regs *)ctx->args[0]))
		return 0;
	nr = r.orig_ax;
	if (nr == ~0ull)	/* it has put other registers in their place */
		nr = NR_RT_SIGRETURN;
	if (!is_wanted(nr)) {
		pass_over(nr);
		return 0;
	}
	if (is_birth(nr, ret))
		return 0;
	if (gives_user(nr))
		forget((__u32)bpf_get_current_pid_tgid());
	if (timed || !count_only)
		now = bpf_ktime_get_boot_ns();
	if (timed)
		took = time_taken((__u32)bpf_get_current_pid_tgid(), now);
	if ((failed_only && good) || (slower_ns && took < slower_ns))
		return 0;
	is32 = is_compat();
	if (is32)
		__sync_fetch_and_add(&compat, 1);
	if (count_only) {
		if (!is32)
			count((__u32)nr, ret, took);
		return 0;
	}
	if (good && (is32 ? nr == NR_EXECVE_32 && is_wanted(NR_EXECVE) :
		     nr == NR_EXECVE || nr == NR_EXECVEAT))
		return 0;	/* on_exec has told it */
	s = begin(&r, nr, ret, is32 ? SYS_COMPAT : 0, now, took);
	if (s)
		send(s, (__u32)nr);
	return 0;
}

/* Where an argument was in user memory, its bytes are the kernel's here. */
SEC("raw_tp/sched_process_exec")
int on_exec(struct raw_tracepoint *ctx)
{
	struct task_struct *t = (struct task_struct *)bpf_get_current_task();
	struct linux_binprm *b = (struct linux_binprm *)ctx->args[2];
	__u64 now = bpf_ktime_get_boot_ns(), took = 0, from, len;
	struct scratch *s;
	struct sys_data *d;
	__u32 zero = 0;
	long n;

	if (!is_current_target() || (failed_only && !life))
		return 0;
	/* a thread that was not the first has the number of the first now; it began as itself */
	if (timed)
		took = time_taken((__u32)ctx->args[1], now);
	s = bpf_map_lookup_elem(&scratches, &zero);
	if (!s || (slower_ns && took < slower_ns && !life))
		return 0;
	s->call = (struct sys_call){
		.record = SYS_CALL, .tid = (__u32)bpf_get_current_pid_tgid(),
		.at = now, .took = took, .nr = NR_EXECVE,
		.flags = took ? SYS_TIMED : 0,
	};
	if (!tell_who(s))
		return 0;
	d = next(s, 0, SYS_ITSELF);
	n = d ? bpf_probe_read_kernel_str(d + 1, SYS_STRING_MAX, BPF_CORE_READ(b, filename)) : 0;
	if (n <= 0 || n > SYS_STRING_MAX)
		return 0;
	finish(s, d, (__u64)n);
	from = BPF_CORE_READ(t, mm, arg_start);
	len = BPF_CORE_READ(t, mm, arg_end) - from;
	put_bytes(s, 1, SYS_BYTES, (void *)from, len);
	output(s);
	return 0;
}

SEC("raw_tp/sched_process_exit")
int on_end(struct raw_tracepoint *ctx)
{
	struct scratch *s;
	struct regs r;
	__u64 nr;

	if (!is_current_target() || !get_regs(&r, is_modern ? NULL : old_regs()))
		return 0;
	nr = r.orig_ax;
	if ((nr != NR_EXIT && nr != NR_EXIT_GROUP) || !is_wanted(nr) || is_compat())
		return 0;
	if (count_only) {
		count((__u32)nr, 0, 0);
		return 0;
	}
	s = begin(&r, nr, 0, SYS_NO_RETURN, bpf_ktime_get_boot_ns(), 0);
	if (s)
		send(s, (__u32)nr);
	return 0;
}

/* With `life`: the end of a process, whatever else is asked for. */
SEC("raw_tp/sched_process_exit")
int on_last(struct raw_tracepoint *ctx)
{
	struct task_struct *t = (struct task_struct *)ctx->args[0];
	__u32 zero = 0;
	struct scratch *s;

	if (!is_current_target() || !is_end(t))
		return 0;
	s = bpf_map_lookup_elem(&scratches, &zero);
	if (!s)
		return 0;
	s->call = (struct sys_call){
		.record = SYS_CALL, .tid = (__u32)bpf_get_current_pid_tgid(),
		.at = bpf_ktime_get_boot_ns(), .ret = exit_code(t), .nr = NR_EXIT_GROUP,
		.flags = SYS_NO_RETURN | SYS_ENDED,
	};
	if (tell_who(s))
		output(s);
	return 0;
}

/* Of exec(2), of prctl(2), and of a write to the comm of another thread. */
SEC("raw_tp/task_rename")
int on_renamed(struct raw_tracepoint *ctx)
{
	struct task_struct *t = (struct task_struct *)ctx->args[0];

	forget((__u32)BPF_CORE_READ(t, pid));
	return 0;
}

/*
 * A thread that was not the first runs another program, as which it has the number of the first:
 * its own is another's from now on, and no exit tells of that. Of an exec by the first thread
 * on_renamed knows. Behind on_exec in this file, so it is attached behind it, too.
 */
SEC("raw_tp/sched_process_exec")
int on_renumbered(struct raw_tracepoint *ctx)
{
	__u32 before = (__u32)ctx->args[1];

	if (before == (__u32)bpf_get_current_pid_tgid())
		return 0;
	forget(before);
	if (timed && !is_modern)
		bpf_map_delete_elem(&began_by_tid, &before);
	return 0;
}

/* Its number will be another's. Behind on_end in this file, so it is attached behind it, too. */
SEC("raw_tp/sched_process_exit")
int on_gone(struct raw_tracepoint *ctx)
{
	__u32 tid = (__u32)bpf_get_current_pid_tgid();

	forget(tid);
	if (timed && !is_modern)
		bpf_map_delete_elem(&began_by_tid, &tid);
	forget_slot((struct task_struct *)bpf_get_current_task());
	return 0;
}
