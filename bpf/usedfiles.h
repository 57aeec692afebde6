/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * usedfiles - files and names that are made use of, each told once. A part of bpf/used.bpf.c.
 */
#ifndef BPF_USEDFILES_H
#define BPF_USEDFILES_H

#include "bpf/capable.h"
#include "bpf/filter.h"
#include "bpf/home.h"
#include "bpf/used.h"
#include "bpf/walking.h"

#define SB_NOUSER (1ul << 31)	/* include/linux/fs.h: pipes, sockets, memfd ... */
#define FMODE_READ 1
#define FMODE_WRITE 2
#define FMODE_PATH 0x4000
#define FMODE_CREATED 0x100000
#define FMODE_BACKING 0x3000000		/* one bit or, since 6.14, the other */
#define AF_UNIX 1
#define ADDRESS_MAX 110		/* struct sockaddr_un */

__u64 left_out;			/* of a runtime that enters */
__u64 too_long;			/* names of which a part was left out */

/* What has been told: of files and names the address, and how they are called. */
struct seen {
	__u64 what, where, how;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct seen);
	__type(value, __u32);		/* enum used_access */
} seen SEC(".maps");

/* The first for what the target does, the second for who looks at what is there: on the way that
 * one may be interrupted by the other. */
struct scratch {
	union {
		struct used_file file;
		struct used_name name;
	} head;
	__u8 bytes[USED_PATH_MAX + USED_STRING_MAX + 256];
	__u32 at;		/* where the next name goes: here nothing is known of it, so the
				 * verifier follows one way through a loop and not all */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, struct scratch);
} scratches SEC(".maps");

static __always_inline struct task_struct *current(void)
{
	return (struct task_struct *)bpf_get_current_task();
}

/*
 * Functions that are not static are verified once, each by itself; in line, or static, they would
 * be at every call, which takes seconds. They may only be given numbers: addresses of the
 * kernel's, which are not trusted anyway.
 */

/* Is it a runtime on its way into the container? That is no need of the container's. */
__attribute__((noinline)) int is_runtimes(void)
{
	if (!is_entering(current()))
		return 0;
	__sync_fetch_and_add(&left_out, 1);
	return 1;
}

/* As a number, for functions that are not static: what an iterator or fexit is given is a
 * pointer. */
static __always_inline __u64 address_of(const void *p)
{
	const void *const volatile copy = p;
	__u64 address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), (const void *)&copy);
	return address;
}

enum scratch_slot { SCRATCH_LIVE, SCRATCH_LOOK };

/* Is there something to tell? Not if all of these bits of it have been told, or a runtime's program
 * makes use of it: that will not keep the container's own from being told. */
static __always_inline bool is_new(const struct seen *key, __u32 access, __u32 slot)
{
	__u32 *had = bpf_map_lookup_elem(&seen, key);

	if ((had && (*had & access) == access) || (slot == SCRATCH_LIVE && is_runtimes()))
		return false;
	if (had)
		*had |= access;		/* what is lost between two is told again */
	else
		bpf_map_update_elem(&seen, key, &access, BPF_ANY);
	return true;
}

/* What is lost is told when it is met again. */
static __always_inline void tell(const struct seen *key, void *record, __u64 size)
{
	if (!bpf_ringbuf_output(&ring, record, size, BPF_RB_NO_WAKEUP))
		return;
	__sync_fetch_and_add(&lost, 1);
	bpf_map_delete_elem(&seen, key);
}

/* ---- files, as the kernel has them ---- */

#define STEPS 64

#define WAY_CUT 0x80000000u

/*
 * The names from a dentry up to where its mounts end, in the scratch: how many bytes, and WAY_CUT
 * if there are more. What is above the root of a task that has changed it is told, too: a profile
 * is about the whole container.
 */
__attribute__((noinline)) __u32 put_way(__u32 slot, __u64 vfsmount, __u64 dentry)
{
	struct scratch *s = bpf_map_lookup_elem(&scratches, &slot);
	struct mount *m = mount_of((struct vfsmount *)vfsmount);
	struct dentry *d = (struct dentry *)dentry;

	if (!s)
		return WAY_CUT;
	s->at = 0;
#pragma clang loop unroll(disable)
	for (int i = 0; i < STEPS; i++) {
		const unsigned char *name = NULL;
		__u32 at = s->at;

		if (at > USED_PATH_MAX - 256)
			break;
		s->bytes[at] = '\0';
		if (d == BPF_CORE_READ(m, mnt.mnt_root)) {
			struct mount *above = BPF_CORE_READ(m, mnt_parent);

			if (above == m)
				return at;
			d = BPF_CORE_READ(m, mnt_mountpoint);
			m = above;
			s->at = at + 1;
			continue;
		}
		name = BPF_CORE_READ(d, d_name.name);
		s->at = at + (__u32)bpf_probe_read_kernel_str(s->bytes + at, 256, name);
		if (d == BPF_CORE_READ(d, d_parent))
			break;
		d = BPF_CORE_READ(d, d_parent);
	}
	return s->at | WAY_CUT;
}

#define PARENTS 12

/* The same file under the same name, below the same names: a dentry says it, but for those above
 * it, which may be renamed. */
static __always_inline void fill_key(struct seen *key, struct vfsmount *mnt, struct dentry *d)
{
	key->what = (__u64)d;
	key->where = (__u64)mnt;
	key->how = BPF_CORE_READ(d, d_inode, i_ino);
#pragma clang loop unroll(disable)
	for (int i = 0; i < PARENTS; i++) {
		key->how = (key->how ^ BPF_CORE_READ(d, d_name.hash_len)) * 0x9e3779b97f4a7c15ull;
		d = BPF_CORE_READ(d, d_parent);
	}
}

__attribute__((noinline)) int note_file(__u64 task, __u64 file, __u32 access, __u32 slot)
{
	struct file *f = (struct file *)file;
	struct task_struct *t = (struct task_struct *)task;
	struct mnt_namespace *ns = BPF_CORE_READ(t, nsproxy, mnt_ns);
	struct backing_file *backing = (void *)f;
	struct dentry *d = BPF_CORE_READ(f, f_path.dentry);
	struct vfsmount *mnt = BPF_CORE_READ(f, f_path.mnt);
	struct super_block *sb;
	struct scratch *s = bpf_map_lookup_elem(&scratches, &slot);
	struct seen key;
	__u32 way;

	/* a layer is mounted nowhere; what is no such file has no mount of the task's there */
	if (bpf_core_field_exists(backing->user_path) &&
	    BPF_CORE_READ(f, f_mode) & FMODE_BACKING &&
	    BPF_CORE_READ(mount_of(mnt), mnt_ns) != ns) {
		d = BPF_CORE_READ(backing, user_path.dentry);
		mnt = BPF_CORE_READ(backing, user_path.mnt);
	}
	sb = BPF_CORE_READ(mnt, mnt_sb);
	if (!s || BPF_CORE_READ(sb, s_flags) & SB_NOUSER ||
	    BPF_CORE_READ(mount_of(mnt), mnt_ns) != ns)
		return 0;
	fill_key(&key, mnt, d);
	if (!is_new(&key, access, slot))
		return 0;
	way = put_way(slot, (__u64)mnt, (__u64)d);
	s->head.file = (struct used_file){
		.record = USED_FILE, .magic = BPF_CORE_READ(sb, s_magic),
		.mode = BPF_CORE_READ(d, d_inode, i_mode),
		.deleted = !BPF_CORE_READ(d, d_hash.pprev) && d != BPF_CORE_READ(d, d_parent),
		.cut = way >> 31, .len = way & ~WAY_CUT,
		.access = access | (is_elsewhere(t, mnt) ? USED_ELSEWHERE : 0),
	};
	way &= ~WAY_CUT;
	/* the head is as large as its larger half, and bytes follow it */
	if (way <= USED_PATH_MAX)
		tell(&key, s, sizeof(s->head) + way);
	return 0;
}

static __always_inline __u32 access_of(struct file *f)
{
	__u32 mode = BPF_CORE_READ(f, f_mode), access = 0;

	if (mode & FMODE_READ)
		access |= USED_READ;
	if (mode & FMODE_WRITE)
		access |= USED_WRITE;
	if (mode & FMODE_CREATED)
		access |= USED_CREATE;
	return mode & FMODE_PATH || !access ? access | USED_TOUCH : access;
}

/* ---- names, as programs say them ---- */

/* Eight bytes at a time: behind its end, which is in the scratch, zeros are put. */
static __always_inline __u64 hash_of(__u8 *p, __u32 len)
{
	__u64 h = len;

	asm volatile("" : "+r"(len));
	if (len > USED_STRING_MAX)
		return 0;
	__builtin_memset(p + len, 0, 8);
#pragma clang loop unroll(disable)
	for (__u32 i = 0; i < USED_STRING_MAX / 8; i++) {
		h = (h ^ *(const __u64 *)(p + i * 8)) * 0x9e3779b97f4a7c15ull;
		h ^= h >> 29;
		if (i * 8 + 8 >= len)
			break;
	}
	return h;
}

static __always_inline struct scratch *live_scratch(void)
{
	__u32 slot = SCRATCH_LIVE;

	return bpf_map_lookup_elem(&scratches, &slot);
}

/* The name is in the scratch already, at its end; n: with its NUL. */
__attribute__((noinline)) int tell_name(__u32 what, __s32 base, __u32 n)
{
	struct scratch *s = live_scratch();
	__u8 *string;
	struct seen key = { .what = what };
	struct task_struct *t = current();
	struct vfsmount *mnt = NULL;
	struct dentry *d = NULL;
	struct file *f;
	__u32 way, cut;

	if (!s)
		return 0;
	string = s->bytes + USED_PATH_MAX;
	if (string[0] == '/') {
		mnt = BPF_CORE_READ(t, fs, root.mnt);
		d = BPF_CORE_READ(t, fs, root.dentry);
	} else if (base < 0) {
		mnt = BPF_CORE_READ(t, fs, pwd.mnt);
		d = BPF_CORE_READ(t, fs, pwd.dentry);
	} else {
		f = file_at(t, (__u32)base);
		if (!f)
			return 0;
		mnt = BPF_CORE_READ(f, f_path.mnt);
		d = BPF_CORE_READ(f, f_path.dentry);
	}
	key.where = (__u64)d;
	key.how = hash_of(string, n) ^ (__u64)mnt;
	if (!is_new(&key, USED_TOUCH, SCRATCH_LIVE))
		return 0;
	way = put_way(SCRATCH_LIVE, (__u64)mnt, (__u64)d);
	cut = way >> 31;
	way &= ~WAY_CUT;
	if (way > USED_PATH_MAX || n > USED_STRING_MAX)
		return 0;
	s->head.name = (struct used_name){
		.record = USED_NAME, .nr = (__u16)what, .arg = (__u8)(what >> 16),
		.cut = cut || n == USED_STRING_MAX, .string = way, .len = way + n,
		.elsewhere = is_elsewhere(t, mnt),
	};
	if (s->head.name.cut)
		__sync_fetch_and_add(&too_long, 1);
	asm volatile("" : "+r"(way));
	if (way > USED_PATH_MAX)
		return 0;
	bpf_probe_read_kernel(s->bytes + way, USED_STRING_MAX, string);
	way += n;
	asm volatile("" : "+r"(way));
	if (way <= USED_PATH_MAX + USED_STRING_MAX)
		tell(&key, s, sizeof(s->head) + way);
	return 0;
}

/* what: the call, and above it which of its names; base: a descriptor, or negative: cwd. */
__attribute__((noinline)) int note_name(__u64 from, __u32 what, __s32 base)
{
	struct scratch *s = live_scratch();
	long n = s && from ? read_user_str(s->bytes + USED_PATH_MAX, USED_STRING_MAX,
					   (void *)from) : 0;

	/* an empty one means the descriptor */
	if (s && n > 1 && n <= USED_STRING_MAX)
		tell_name(what, base, (__u32)n);
	return 0;
}

__attribute__((noinline)) int note_kernel_name(__u64 from, __u32 what)
{
	struct scratch *s = live_scratch();
	long n = s && from ? bpf_probe_read_kernel_str(s->bytes + USED_PATH_MAX, USED_STRING_MAX,
						       (void *)from) : 0;

	if (s && n > 1 && n <= USED_STRING_MAX)
		tell_name(what, -1, (__u32)n);
	return 0;
}

/* struct sockaddr_un with a name in a file system. */
__attribute__((noinline)) int note_address(__u64 from, __u32 len, __u32 what)
{
	struct scratch *s = live_scratch();
	__u16 family = 0;
	long n;

	asm volatile("" : "+r"(len));
	if (!s || !from || len < 3 || len > ADDRESS_MAX ||
	    bpf_probe_read_user(&family, sizeof(family), (void *)from) || family != AF_UNIX)
		return 0;
	n = read_user_str(s->bytes + USED_PATH_MAX, len - 1, (void *)(from + 2));
	if (n > 1 && n < ADDRESS_MAX)
		tell_name(what, -1, (__u32)n);
	return 0;
}

#endif
