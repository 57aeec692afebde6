/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/descr.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/sys/maps.h"
#include "nsdebug/sys/mounts.h"

#define LINK_MAX_ 4096		/* the kernel gives no longer one: ENAMETOOLONG */
#define DELETED " (deleted)"
#define TRIES 4

#ifndef SECRETMEM_MAGIC
#define SECRETMEM_MAGIC 0x5345434d	/* Linux 5.14 */
#endif
#ifndef DMA_BUF_MAGIC
#define DMA_BUF_MAGIC 0x444d4142
#endif

static const char *const words[DESCR_TYPES] = {
	[DESCR_UNKNOWN] = "unknown", [DESCR_FILE] = "file", [DESCR_DIR] = "dir",
	[DESCR_LINK] = "link", [DESCR_CHR] = "chr", [DESCR_BLK] = "blk", [DESCR_FIFO] = "fifo",
	[DESCR_SOCKFILE] = "sockfile", [DESCR_SOCKET] = "socket", [DESCR_PIPE] = "pipe",
	[DESCR_MEMFD] = "memfd", [DESCR_SHM] = "shm", [DESCR_DMABUF] = "dmabuf",
	[DESCR_SECRETMEM] = "secretmem", [DESCR_NS] = "ns", [DESCR_EVENTFD] = "eventfd",
	[DESCR_EPOLL] = "epoll", [DESCR_INOTIFY] = "inotify", [DESCR_FANOTIFY] = "fanotify",
	[DESCR_TIMERFD] = "timerfd", [DESCR_SIGNALFD] = "signalfd", [DESCR_PIDFD] = "pidfd",
	[DESCR_IO_URING] = "io_uring", [DESCR_USERFAULTFD] = "userfaultfd",
	[DESCR_PERF] = "perf", [DESCR_BPF_MAP] = "bpf-map", [DESCR_BPF_PROG] = "bpf-prog",
	[DESCR_BPF_LINK] = "bpf-link", [DESCR_BPF] = "bpf", [DESCR_KVM] = "kvm",
	[DESCR_ANON] = "anon",
};

const char *descr_word(enum descr_type t)
{
	return words[t < DESCR_TYPES ? t : DESCR_UNKNOWN];
}

static bool begins(const struct buf *b, const char *with)
{
	size_t len = strlen(with);

	return b->len >= len && !memcmp(b->bytes, with, len);
}

static bool is_path(const struct buf *b)
{
	return b->len && b->bytes[0] == '/';
}

/* ---- what the kernel calls its own ---- */

static enum descr_type anon_type(const struct buf *link)
{
	static const struct { const char *name; enum descr_type type; } names[] = {
		{ "[eventfd", DESCR_EVENTFD }, { "[eventpoll", DESCR_EPOLL },
		{ "inotify", DESCR_INOTIFY }, { "[fanotify", DESCR_FANOTIFY },
		{ "[timerfd", DESCR_TIMERFD }, { "[signalfd", DESCR_SIGNALFD },
		{ "[pidfd", DESCR_PIDFD }, { "[io_uring", DESCR_IO_URING },
		{ "[userfaultfd", DESCR_USERFAULTFD }, { "[perf_event", DESCR_PERF },
		{ "bpf-map", DESCR_BPF_MAP }, { "bpf-prog", DESCR_BPF_PROG },
		{ "bpf_link", DESCR_BPF_LINK }, { "bpf", DESCR_BPF }, { "kvm-", DESCR_KVM },
		/* Linux 6.18 writes them in brackets too */
		{ "[bpf-map", DESCR_BPF_MAP }, { "[bpf-prog", DESCR_BPF_PROG },
		{ "[bpf_link", DESCR_BPF_LINK }, { "[kvm-", DESCR_KVM },
	};
	static const char prefix[] = "anon_inode:";
	const char *name = link->bytes + sizeof(prefix) - 1;

	if (!begins(link, prefix))
		return DESCR_ANON;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (str_prefix(name, names[i].name))
			return names[i].type;
	return DESCR_ANON;
}

static enum descr_type kernel_type(const struct descr *d)
{
	switch (d->mode & S_IFMT) {
	case S_IFSOCK: return DESCR_SOCKET;
	case S_IFIFO: return DESCR_PIPE;
	default: break;
	}
	/* "net:[4026531840]" */
	if (S_ISREG(d->mode) && memmem(d->link.bytes, d->link.len, ":[", 2) &&
	    !begins(&d->link, "anon_inode:"))
		return DESCR_NS;
	return anon_type(&d->link);
}

/* ---- files ---- */

/* The device of the kernel's own tmpfs: that of shared memory of ours. */
static uint64_t own_shm_dev(int procfs)
{
	size_t size = (size_t)sysconf(_SC_PAGESIZE);
	auto_close int self = openat(procfs, "self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_arena struct arena *a = arena_new();
	const struct vma *v = NULL;
	struct maps maps;
	void *p;

	p = mmap(NULL, size, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (p == MAP_FAILED)
		return UINT64_MAX;
	if (self >= 0 && maps_read(&maps, self, a) == 0)
		v = maps_find(&maps, (uint64_t)(uintptr_t)p);
	munmap(p, size);
	return v ? (uint64_t)v->major << 32 | v->minor : UINT64_MAX;
}

static unsigned long magic_of(int dir, const char *name)
{
	auto_close int fd = openat(dir, name, O_PATH | O_CLOEXEC);
	struct statfs fs;

	return fd >= 0 && fstatfs(fd, &fs) == 0 ? (unsigned long)fs.f_type : 0;
}

/* A file on no mount of anyone's: its name is what the kernel gave it. */
static enum descr_type nameless_type(const struct descr *d, struct descr_of *of, int dir,
				     const char *name)
{
	if (d->nlink)
		return DESCR_FILE;
	if (!of->shm_dev)
		of->shm_dev = own_shm_dev(of->procfs);
	if (((uint64_t)d->dev_major << 32 | d->dev_minor) == of->shm_dev)
		return begins(&d->link, "/memfd:") ? DESCR_MEMFD : DESCR_SHM;
	if (begins(&d->link, "/memfd:") && magic_of(dir, name) == HUGETLBFS_MAGIC)
		return DESCR_MEMFD;
	if (begins(&d->link, "/secretmem") && magic_of(dir, name) == SECRETMEM_MAGIC)
		return DESCR_SECRETMEM;
	return DESCR_FILE;
}

static enum descr_type file_type(const struct descr *d, struct descr_of *of, int dir,
				 const char *name)
{
	switch (d->mode & S_IFMT) {
	case S_IFDIR: return DESCR_DIR;
	case S_IFLNK: return DESCR_LINK;
	case S_IFCHR: return DESCR_CHR;
	case S_IFBLK: return DESCR_BLK;
	case S_IFIFO: return DESCR_FIFO;
	case S_IFSOCK: return DESCR_SOCKFILE;
	case S_IFREG: break;
	default: return DESCR_ANON;
	}
	if (begins(&d->link, "/dmabuf:") && magic_of(dir, name) == DMA_BUF_MAGIC)
		return DESCR_DMABUF;
	return nameless_type(d, of, dir, name);
}

/* The kernel adds " (deleted)" to a name that is gone. With no link left it surely did. */
static void settle_name(struct descr *d)
{
	size_t len = strlen(DELETED);
	bool ends = d->link.len > len &&
		!memcmp(d->link.bytes + d->link.len - len, DELETED, len);

	if (!is_path(&d->link))
		return;
	if (d->nlink == 0 && ends) {
		d->link.len -= len;
		d->link.bytes[d->link.len] = '\0';
	}
	d->deleted = d->nlink == 0 && (d->type == DESCR_FILE || d->type == DESCR_DIR);
	d->ends_deleted = d->nlink && ends;
}

/* ---- reading ---- */

static int read_link(struct descr *d, int dir, const char *name)
{
	ssize_t n;

	buf_clear(&d->link);
	n = readlinkat(dir, name, buf_reserve(&d->link, LINK_MAX_ + 1), LINK_MAX_);
	if (n < 0 && errno != ENAMETOOLONG)
		return -1;
	d->link.len = n < 0 ? 0 : (size_t)n;
	d->link.bytes[d->link.len] = '\0';
	return 0;
}

static int read_info(struct descr *d, int dir, const char *name)
{
	char path[64];
	int more;

	buf_clear(&d->text);
	d->has_info = false;
	if (!str_prefix(name, "fd/"))
		return 0;
	snprintf(path, sizeof(path), "fdinfo/%s", name + 3);
	more = fd_read_file(dir, path, &d->text, FDINFO_BYTES_MAX);
	if (more < 0)
		return -1;
	d->cut = more > 0;
	d->has_info = d->text.len && fdinfo_parse(d->text.bytes, &d->info, NULL, NULL);
	return 0;
}

int descr_link(struct descr *d, int dir, const char *name)
{
	*d = (struct descr){ .text = d->text, .link = d->link };
	return read_info(d, dir, name) < 0 || read_link(d, dir, name) < 0 ? -1 : 0;
}

static int read_stat(struct descr *d, int dir, const char *name)
{
	struct statx st;

	if (statx(dir, name, AT_STATX_DONT_SYNC | AT_NO_AUTOMOUNT,
		  STATX_BASIC_STATS | STATX_MNT_ID, &st) < 0)
		return -1;
	d->mode = st.stx_mode;
	d->nlink = st.stx_nlink;
	d->inode = st.stx_ino;
	d->size = st.stx_size;
	d->blocks = st.stx_blocks;
	d->dev_major = st.stx_dev_major;
	d->dev_minor = st.stx_dev_minor;
	d->rdev_major = st.stx_rdev_major;
	d->rdev_minor = st.stx_rdev_minor;
	d->mount = st.stx_mask & STATX_MNT_ID ? st.stx_mnt_id : 0;
	d->has_stat = true;
	return 0;
}

static bool agree(const struct descr *d)
{
	if (!d->has_info)
		return true;
	return (d->info.inode == FDINFO_NONE || d->info.inode == d->inode) &&
		(!d->mount || d->info.mount == FDINFO_NONE || d->info.mount == d->mount);
}

/* Some file systems (overlay) have two numbers for one inode: the same two again are of one. */
static int read_agreeing(struct descr *d, int dir, const char *name)
{
	uint64_t before[2] = { 0, 0 };

	for (int try = 0; try < TRIES; try++) {
		if (read_stat(d, dir, name) < 0)
			return -1;
		if (agree(d) || (before[0] == d->inode && before[1] == d->info.inode))
			return 0;
		before[0] = d->inode;
		before[1] = d->info.inode;
		if (descr_link(d, dir, name) < 0)
			return -1;
	}
	errno = EAGAIN;		/* it is another one every time */
	return -1;
}

int descr_stat(struct descr *d, struct descr_of *of, int dir, const char *name)
{
	if (read_agreeing(d, dir, name) < 0)
		return -1;
	d->type = d->link.len && !is_path(&d->link) ? kernel_type(d) :
		file_type(d, of, dir, name);
	settle_name(d);
	return 0;
}

bool descr_may_wait(const struct descr *d, const struct mount *at)
{
	if (d->link.len && !is_path(&d->link))
		return false;
	return !d->has_info || !at || at->served;
}

/* ---- in words ---- */

#define FDS_SHOWN 12	/* of an epoll */

struct shown {
	struct buf *b;
	unsigned int count;
};

static void put_fd(void *ctx, const struct fdinfo_watch *w)
{
	struct shown *s = ctx;

	if (s->count++ < FDS_SHOWN && w->fd != FDINFO_NONE)
		buf_addf(s->b, " %llu", (unsigned long long)w->fd);
}

static void about_epoll(const struct descr *d, struct buf *b)
{
	struct shown s = { b, 0 };
	struct fdinfo again;

	if (!d->info.watches)
		buf_str(b, "watches nothing");
	else
		buf_str(b, "watches");
	fdinfo_parse(d->text.bytes, &again, put_fd, &s);
	if (s.count > FDS_SHOWN)
		buf_addf(b, " and %u more", s.count - FDS_SHOWN);
}

static void about_timer(const struct fdinfo *f, struct buf *b)
{
	buf_str(b, fdinfo_clock(f->clock));
	if (!f->left_ns)
		buf_str(b, ", not armed");
	else
		buf_addf(b, ", in %.3f s", (double)f->left_ns / 1e9);
	if (f->interval_ns)
		buf_addf(b, ", every %.3f s", (double)f->interval_ns / 1e9);
}

static void about_pid(const struct fdinfo *f, struct buf *b)
{
	if (f->pid > 0)
		buf_addf(b, "host pid %lld", (long long)f->pid);
	else
		buf_str(b, f->pid < 0 ? "a process that is gone" : "a process of elsewhere");
}

/* False if there is no more to say than what the kernel calls it. */
static bool about_object(const struct descr *d, struct buf *b)
{
	const struct fdinfo *f = &d->info;

	switch (d->type) {
	case DESCR_EPOLL:
		about_epoll(d, b);
		return true;
	case DESCR_INOTIFY:
	case DESCR_FANOTIFY:
		buf_addf(b, "watches %llu", (unsigned long long)f->watches);
		return true;
	case DESCR_EVENTFD:
		buf_addf(b, "count %llu", (unsigned long long)f->count);
		return f->count != FDINFO_NONE;
	case DESCR_TIMERFD:
		about_timer(f, b);
		return true;
	case DESCR_SIGNALFD:
		if (f->sigmask != FDINFO_NONE)
			fdinfo_put_signals(b, f->sigmask);
		return f->sigmask != FDINFO_NONE;
	case DESCR_PIDFD:
		about_pid(f, b);
		return f->pid != INT64_MIN;
	case DESCR_BPF_MAP:
	case DESCR_BPF_PROG:
	case DESCR_BPF_LINK:
		buf_addf(b, "id %llu", (unsigned long long)f->bpf_id);
		return f->bpf_id != FDINFO_NONE;
	default:
		return false;
	}
}

void descr_about(const struct descr *d, struct buf *b)
{
	size_t start = b->len;

	if (d->has_info && about_object(d, b))
		return;
	b->len = start;
	buf_add(b, d->link.bytes, d->link.len);
	if (d->has_info && d->info.tun.len) {
		buf_str(b, " ");
		buf_add(b, d->info.tun.p, d->info.tun.len);
	}
}

void descr_free(struct descr *d)
{
	buf_free(&d->text);
	buf_free(&d->link);
}

enum descr_type descr_object(int dir, const char *name, uint64_t *ret_inode)
{
	char text[40];
	ssize_t n = readlinkat(dir, name, text, sizeof(text) - 1);
	const char *p;

	if (n <= 0)
		return DESCR_UNKNOWN;
	text[n] = '\0';
	p = strchr(text, '[');
	if (text[0] == '/' || !p || (p++, !scan_u64(&p, ret_inode)) || *p != ']')
		return DESCR_UNKNOWN;
	if (str_prefix(text, "socket:["))
		return DESCR_SOCKET;
	return str_prefix(text, "pipe:[") ? DESCR_PIPE : DESCR_UNKNOWN;
}
