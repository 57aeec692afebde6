/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/target/userow.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/emit.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/sys/sockname.h"
#include "nsdebug/target/target.h"

#define ARENA_ROWS 256		/* rows made before their memory is given back */

#define W(t, f, fl, h, ...) COL(t, struct watch_row, f, fl, h, ##__VA_ARGS__)

static const struct col watch_col[] = {
	W(COL_U64, fd, 0, "epoll: the descriptor, in the process that added it"),
	W(COL_U64, wd, 0, "inotify: number of the watch"),
	W(COL_BYTES, events, 0, "events that are waited for"),
	W(COL_U64, inode, 0, "inode of what is watched"),
	W(COL_STR, device, 0, "and its file system, major:minor"),
	W(COL_U64, mount_id, 0, "fanotify: a whole mount"),
	COL_END
};

#define P(t, f, fl, h, ...) COL(t, struct peer_row, f, fl, h, ##__VA_ARGS__)

static const struct col peer_col[] = {
	P(COL_U64, pid, 0, "its number in the container; none: it is not in it"),
	P(COL_U64, host_pid, 0, "its number on the host"),
	P(COL_U64, fd, 0, "its descriptor"),
	P(COL_STR, container, 0, "another container that it is in, as a target is named"),
	P(COL_BYTES, comm, COL_CLAIMED, "its name"),
	COL_END
};

#define C(t, f, fl, h, ...) COL(t, struct use_row, f, fl, h, ##__VA_ARGS__)

const struct col use_cols[] = {
	C(COL_U64, pid, 0, "process, its number in the container"),
	C(COL_U64, host_pid, COL_WIDE, "its number on the host", .head = "HOSTPID"),
	C(COL_BYTES, comm, COL_CLAIMED, "name that it gave itself", .head = "COMMAND"),
	C(COL_U64, fd, COL_HIDE, "number of the descriptor"),
	C(COL_STR, assoc, 0, "the same, or cwd, root, exe, mem (mapped)", .head = "FD"),
	C(COL_STR, type, 0, "file, dir, socket, pipe, epoll ..."),
	C(COL_STR, mode, 0, "r, w, u (both), - (O_PATH)"),
	C(COL_LIST, flags, COL_WIDE, "CLOEXEC, NONBLOCK, APPEND ..."),
	C(COL_STR, state, 0, "of a socket; or deleted"),
	C(COL_SIZE, size, 0, "of a file, in bytes"),
	C(COL_SIZE, allocated, COL_HIDE, "bytes of the disk that it takes"),
	C(COL_U64, pos, COL_WIDE, "position in a file"),
	C(COL_U64, nlink, COL_HIDE, "names that a file has"),
	C(COL_BOOL, deleted, COL_HIDE, "a file or directory that has no name any more"),
	C(COL_U64, inode, COL_WIDE, "inode number; of sockets and pipes too"),
	C(COL_STR, device, COL_WIDE, "its file system, major:minor"),
	C(COL_STR, rdev, COL_HIDE, "of a device: which one, major:minor"),
	C(COL_U64, mount_id, COL_HIDE, "mount through which it was opened"),
	C(COL_BYTES, mount, COL_WIDE | COL_CLAIMED, "where that is mounted in the container"),
	C(COL_STR, family, COL_HIDE, "of a socket: inet, inet6, unix, netlink, packet, vsock"),
	C(COL_STR, protocol, COL_HIDE, "tcp, udp; route ... of netlink"),
	C(COL_STR, sock_type, COL_HIDE, "stream, dgram, seqpacket, raw"),
	C(COL_BYTES, local, COL_HIDE | COL_CLAIMED, "address; of unix a path or @name"),
	C(COL_U64, local_port, COL_HIDE, "its port"),
	C(COL_BYTES, remote, COL_HIDE, "address of the other end"),
	C(COL_U64, remote_port, COL_HIDE, "its port"),
	C(COL_U64, rqueue, COL_WIDE, "bytes not read yet; listening: connections that wait",
	  .head = "RECVQ"),
	C(COL_U64, wqueue, COL_WIDE, "bytes not sent yet; listening: connections that may wait",
	  .head = "SENDQ"),
	C(COL_U64, bound_inode, COL_HIDE, "unix: inode of the name in a file system"),
	C(COL_STR, bound_device, COL_HIDE, "and its device, major:minor"),
	C(COL_U64, netns, COL_HIDE, "network namespace of a socket"),
	C(COL_U64, interface, COL_HIDE, "number of the interface it is bound to"),
	C(COL_U64, peer_inode, COL_HIDE, "inode of the socket at the other end"),
	C(COL_STR, odd, COL_WIDE, "what is out of the ordinary", .head = "NOTE"),
	C(COL_BYTES, peer, COL_NOJSON | COL_CLAIMED,
	  "process at the other end, pid/name; of another container CONTAINER:pid/name, of none "
	  "host:pid/name, by its number on the host"),
	C(COL_ROWS, peers, COL_HIDE, "processes at the other end, at most 64", .sub = peer_col),
	C(COL_U64, peer_count, COL_HIDE, "how many there are"),
	C(COL_U64, count, COL_HIDE, "eventfd: its value"),
	C(COL_BOOL, semaphore, COL_HIDE, "eventfd: it counts down by one"),
	C(COL_STR, clock, COL_HIDE, "timerfd: realtime, monotonic ..."),
	C(COL_DUR, left_s, COL_HIDE, "timerfd: until it expires; 0: it is not armed"),
	C(COL_DUR, interval_s, COL_HIDE, "timerfd: and then every"),
	C(COL_U64, expired, COL_HIDE, "timerfd: times it expired and nobody read it"),
	C(COL_LIST, signals, COL_HIDE, "signalfd: what it takes"),
	C(COL_U64, of_pid, COL_HIDE, "pidfd: the process, if it is one of the container"),
	C(COL_U64, of_host_pid, COL_HIDE, "pidfd: its number on the host"),
	C(COL_U64, bpf_type, COL_HIDE, "number of the map's or program's type"),
	C(COL_U64, bpf_id, COL_HIDE, "its id"),
	C(COL_U64, watch_count, COL_HIDE, "epoll, inotify, fanotify: how many it watches"),
	C(COL_ROWS, watches, COL_HIDE, "and which, at most 4096", .sub = watch_col),
	C(COL_LIST, locks, COL_HIDE, "held on the file: kind, mode, first and last byte"),
	C(COL_STR, ref, COL_HIDE | COL_NAME, "what nsdebug cat calls it: fd:PID/N"),
	C(COL_BYTES, path, COL_HIDE | COL_CLAIMED,
	  "of a file: its path; else what the kernel calls it"),
	C(COL_BYTES, name, COL_NOJSON | COL_CLAIMED, "path, addresses, or what it is about"),
	COL_END
};

/* ---- words ---- */

static struct bytes keep(struct userow *j, const void *p, size_t len)
{
	return (struct bytes){ arena_dup(j->arena, p, len), len };
}

static struct bytes keep_buf(struct userow *j, const struct buf *b)
{
	return b->len ? keep(j, b->bytes, b->len) : (struct bytes){ NULL, 0 };
}

/* "7/web"; of others "runc://db:4711/postgres", "host:4711/sshd" */
static void put_person(struct buf *b, const struct person *p)
{
	if (!p->pid)
		buf_addf(b, "%s:", p->container ? p->container : "host");
	buf_addf(b, "%d/%s", (int)(p->pid ? p->pid : p->host_pid), p->comm);
}

static const char *keep_text(struct userow *j, const char *s)
{
	return arena_dup(j->arena, s, strlen(s));
}

static const char *device(struct userow *j, uint32_t major, uint32_t minor)
{
	char text[24];

	snprintf(text, sizeof(text), "%u:%u", major, minor);
	return keep_text(j, text);
}

/* As the kernel keeps it, major << 20 | minor. */
static const char *kernel_device(struct userow *j, uint64_t dev)
{
	return dev == FDINFO_NONE ? NULL :
		device(j, (uint32_t)(dev >> 20), (uint32_t)dev & 0xfffff);
}

static struct col_list words(struct userow *j, const struct buf *b)
{
	struct bytes *items;
	size_t n = 0;

	if (!b->len)
		return (struct col_list){ NULL, 0 };
	for (size_t i = 0; i < b->len; i++)
		n += b->bytes[i] == ' ';
	items = arena_alloc(j->arena, (n + 1) * sizeof(*items));
	n = 0;
	for (const char *p = arena_dup(j->arena, b->bytes, b->len); *p; n++) {
		size_t len = strcspn(p, " ");

		items[n] = (struct bytes){ p, len };
		p += len + (p[len] == ' ');
	}
	return (struct col_list){ items, n };
}

/* ---- a row ---- */

static void fill_use(struct userow *j, struct use_row *row, const struct use *u)
{
	char text[48];

	row->host_pid = (uint64_t)u->who->host_pid;
	row->pid = u->who->pid ? (uint64_t)u->who->pid : NONE_U64;
	row->comm = (struct bytes){ u->who->comm, strlen(u->who->comm) };
	row->assoc = use_word(u);
	if (row->assoc)
		return;
	row->fd = (uint64_t)u->fd;
	snprintf(text, sizeof(text), "%d", u->fd);
	row->assoc = keep_text(j, text);
	snprintf(text, sizeof(text), "fd:%d/%d", (int)u->who->pid, u->fd);
	row->ref = keep_text(j, text);
}

static void fill_stat(struct userow *j, struct use_row *row)
{
	const struct descr *d = j->d;
	bool disk = d->type == DESCR_FILE || d->type == DESCR_DIR;

	row->inode = d->inode;
	row->deleted = d->deleted;
	if (d->deleted)
		row->state = "deleted";
	if (d->link.len && d->link.bytes[0] != '/')
		return;
	row->nlink = d->nlink;
	row->device = device(j, d->dev_major, d->dev_minor);
	if (d->type == DESCR_CHR || d->type == DESCR_BLK)
		row->rdev = device(j, d->rdev_major, d->rdev_minor);
	if (disk || d->type == DESCR_MEMFD || d->type == DESCR_SHM) {
		row->size = d->size;
		row->allocated = d->blocks * 512;
	}
	if (d->ends_deleted)
		row->odd = "its name ends in (deleted), or this one of its names is gone";
}

/* Of a file system that is mounted somewhere. */
static bool is_file(const struct descr *d)
{
	return d->link.len && d->link.bytes[0] == '/' && d->type != DESCR_MEMFD &&
		d->type != DESCR_SHM && d->type != DESCR_SECRETMEM && d->type != DESCR_DMABUF;
}

static void fill_mount(struct userow *j, struct use_row *row)
{
	const struct mount *m;

	row->mount_id = j->d->mount ? j->d->mount : j->d->has_info ? j->d->info.mount : NONE_U64;
	m = map_get(&j->uses->mounts, row->mount_id);
	if (m)
		row->mount = (struct bytes){ m->point, strlen(m->point) };
	if (!row->mount.p && is_file(j->d))
		row->odd = "on no mount of the container";
}

static void fill_locks(struct userow *j, struct use_row *row)
{
	struct bytes *items = arena_alloc(j->arena, j->d->info.locks * sizeof(*items));
	auto_buf struct buf b = { 0 };
	size_t at = 0, n = 0;

	while (n < j->d->info.locks && fdinfo_next_lock(j->d->text.bytes, &at, &b))
		items[n++] = keep(j, b.bytes, b.len);
	row->locks = (struct col_list){ items, n };
}

struct watching {
	struct userow *j;
	struct watch_row *rows;
	size_t count;
};

static void add_watch(void *ctx, const struct fdinfo_watch *w)
{
	struct watching *s = ctx;
	auto_buf struct buf b = { 0 };
	struct watch_row *row = &s->rows[s->count];

	if (s->count == USEROW_WATCHES_MAX)
		return;
	s->count++;
	if (w->events != FDINFO_NONE && w->fd != FDINFO_NONE)
		fdinfo_put_epoll(&b, w->events);
	else if (w->events != FDINFO_NONE)
		fdinfo_put_inotify(&b, w->events);
	*row = (struct watch_row){
		.fd = w->fd, .wd = w->wd, .inode = w->inode, .mount_id = w->mount,
		.events = keep_buf(s->j, &b), .device = kernel_device(s->j, w->dev),
	};
}

static void fill_watches(struct userow *j, struct use_row *row)
{
	struct watching s = { j, NULL, 0 };
	struct fdinfo again;
	uint64_t n = j->d->info.watches, room = n < USEROW_WATCHES_MAX ? n : USEROW_WATCHES_MAX;

	s.rows = arena_alloc(j->arena, room * sizeof(*s.rows));
	fdinfo_parse(j->d->text.bytes, &again, add_watch, &s);
	row->watch_count = n;
	row->watches = (struct col_rows){ s.rows, s.count, sizeof(*s.rows) };
	j->cut_watches += s.count < n || j->d->cut;
}

static void fill_info(struct userow *j, struct use_row *row)
{
	static const char *const modes[] = { "r", "w", "u", "-" };
	const struct fdinfo *f = &j->d->info;
	auto_buf struct buf flags = { 0 }, signals = { 0 }, about = { 0 };

	fdinfo_put_flags(&flags, f->flags);
	row->flags = words(j, &flags);
	row->mode = modes[f->flags & O_PATH ? 3 : f->flags & O_ACCMODE];
	if (j->d->link.len && j->d->link.bytes[0] == '/')
		row->pos = f->pos;
	row->count = f->count;
	row->semaphore = f->count != FDINFO_NONE ? f->semaphore : NONE_U64;
	row->expired = f->expired;
	row->bpf_type = f->bpf_type;
	row->bpf_id = f->bpf_id;
	if (f->clock != FDINFO_NONE) {
		row->clock = fdinfo_clock(f->clock);
		row->left_s = (int64_t)f->left_ns;
		row->interval_s = (int64_t)f->interval_ns;
	}
	if (f->sigmask != FDINFO_NONE) {
		fdinfo_put_signals(&signals, f->sigmask);
		row->signals = words(j, &signals);
	}
	if (f->pid > 0) {
		const struct person *of = ends_person(&j->uses->ends, (pid_t)f->pid);

		row->of_host_pid = (uint64_t)f->pid;
		row->of_pid = of->pid ? (uint64_t)of->pid : NONE_U64;
		put_person(&about, of);
		row->name = keep_buf(j, &about);
	}
	if (f->locks)
		fill_locks(j, row);
	if (f->watches)
		fill_watches(j, row);
}

/* ---- sockets, and other ends ---- */

static void fill_peers(struct userow *j, struct use_row *row, size_t count)
{
	size_t n = count < USEROW_PEERS_MAX ? count : USEROW_PEERS_MAX;
	struct peer_row *rows = arena_alloc(j->arena, n * sizeof(*rows));
	auto_buf struct buf b = { 0 };

	for (size_t i = 0; i < n; i++) {
		const struct person *p = j->peers[i].person;

		rows[i] = (struct peer_row){
			.pid = p->pid ? (uint64_t)p->pid : NONE_U64, .fd = j->peers[i].fd,
			.host_pid = (uint64_t)p->host_pid, .container = p->container,
			.comm = { p->comm, strlen(p->comm) },
		};
		if (i < 2) {
			buf_str(&b, i ? "," : "");
			put_person(&b, p);
		}
	}
	if (count > 2)
		buf_addf(&b, ",+%zu", count - 2);
	row->peers = (struct col_rows){ rows, n, sizeof(*rows) };
	row->peer = keep_buf(j, &b);
	row->peer_count = count;
	j->cut_peers += count > n;
}

/* What the kernel calls the protocol of a socket that it does not list. */
static void name_protocol(struct userow *j, struct use_row *row, int dir, const char *name)
{
	auto_close int fd = openat(dir, name, O_PATH | O_CLOEXEC);
	char path[40], text[64];
	struct statx st;
	ssize_t n;

	/* a file that has come in its place would ask its server */
	if (fd < 0 || statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, STATX_TYPE, &st) < 0 ||
	    !S_ISSOCK(st.stx_mode))
		return;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = getxattr(path, "system.sockprotoname", text, sizeof(text) - 1);
	if (n <= 0)
		return;
	text[n] = '\0';
	row->protocol = keep_text(j, text);
}

static struct bytes address(struct userow *j, const struct sock *s,
			    void (*put)(struct buf *b, const struct sock *s))
{
	auto_buf struct buf b = { 0 };

	put(&b, s);
	return keep_buf(j, &b);
}

static uint64_t told(uint32_t n)
{
	return n == SOCK_NOT_TOLD ? NONE_U64 : n;
}

static void fill_sock(struct userow *j, struct use_row *row, const struct known_sock *k)
{
	const struct sock *s = &k->s;

	row->family = sock_family(s->family);
	row->protocol = sock_protocol(s);
	row->sock_type = sock_type(s->type);
	row->state = sock_state(s);
	row->local = address(j, s, sock_put_local);
	row->remote = address(j, s, sock_put_remote);
	if (s->family == AF_INET || s->family == AF_INET6) {
		row->local_port = s->local.port;
		row->remote_port = s->remote.port ? s->remote.port : NONE_U64;
	}
	row->rqueue = told(s->rqueue);
	row->wqueue = told(s->wqueue);
	row->interface = s->ifindex ? s->ifindex : NONE_U64;
	row->netns = k->net;
	if (s->un.vfs_inode) {
		row->bound_inode = s->un.vfs_inode;
		row->bound_device = kernel_device(j, s->un.vfs_dev);
	}
	row->peer_inode = k->peer ? k->peer : NONE_U64;
}

static void put_ends(struct buf *b, const struct use_row *row)
{
	if (row->family && !strcmp(row->family, "netlink"))
		buf_str(b, "netlink ");
	buf_str(b, row->protocol ? row->protocol : row->family ? row->family : "socket");
	if (row->local.len) {
		buf_char(b, ' ');
		buf_add(b, row->local.p, row->local.len);
	}
	if (row->remote.len) {
		buf_str(b, " -> ");
		buf_add(b, row->remote.p, row->remote.len);
	}
	if (row->odd)
		buf_addf(b, " (%s)", row->odd);
}

static const char *why_not_found(const struct userow *j, const char *protocol)
{
	bool binds = protocol && (strstr(protocol, "TCP") || strstr(protocol, "UDP"));

	if (!protocol || !socks_told(&j->uses->ends.socks, protocol))
		return "this kernel does not list sockets of its kind";
	if (!j->node || j->uses->in->nets_cut)
		return binds ? "not bound, or of another network namespace" :
			"of another network namespace";
	return binds ? "not bound, or of a network namespace that no process is in" :
		"of a network namespace that no process is in";
}

static void fill_socket(struct userow *j, struct use_row *row, int dir, const char *name)
{
	const struct known_sock *k = socks_get(&j->uses->ends.socks, j->d->inode);
	const struct inside *in = j->uses->in;
	auto_buf struct buf b = { 0 };

	if (k && k->s.inode)
		fill_sock(j, row, k);
	else
		name_protocol(j, row, dir, name);
	if (k && k->s.inode && k->net != in->nets[0].id)
		row->odd = "of another network namespace";
	else if (k && !k->s.inode && in->nnets)
		row->odd = why_not_found(j, row->protocol);
	put_ends(&b, row);
	row->name = keep_buf(j, &b);
	if (k && k->peer)
		fill_peers(j, row, ends_of_socket(&j->uses->ends, k->peer, j->peers,
						  USEROW_PEERS_MAX));
}

static void fill_pipe(struct userow *j, struct use_row *row, const struct use *u)
{
	uint64_t mode = j->d->info.flags & O_ACCMODE;
	struct holder own = {
		.inode = j->d->inode, .pid = u->who->host_pid, .fd = (uint32_t)u->fd,
		.reads = mode != O_WRONLY, .writes = mode != O_RDONLY,
	};

	fill_peers(j, row, ends_of_pipe(&j->uses->ends, &own, j->peers, USEROW_PEERS_MAX));
}

/* ---- one use ---- */

static void fill_about(struct userow *j, struct use_row *row)
{
	auto_buf struct buf b = { 0 };

	row->type = descr_word(j->d->type);
	row->path = keep_buf(j, &j->d->link);
	descr_about(j->d, &b);
	row->name = keep_buf(j, &b);
	if (!j->d->has_stat)
		row->odd = "it could not be looked at: it changes all the time, or its file "
			"system does not let us";
}

void userow_fill(struct userow *j, struct use_row *row, const struct use *u, int dir,
		 const char *name, const struct descr *d)
{
	if (j->made++ % ARENA_ROWS == 0) {
		arena_free(&j->arena);
		j->arena = arena_new();
	}
	j->d = d;
	row_none(use_cols, row);
	fill_use(j, row, u);
	fill_about(j, row);
	fill_mount(j, row);
	if (d->has_info)
		fill_info(j, row);
	if (d->has_stat)
		fill_stat(j, row);
	if (d->type == DESCR_SOCKET)
		fill_socket(j, row, dir, name);
	else if (d->type == DESCR_PIPE && d->has_info)
		fill_pipe(j, row, u);
}

void userow_say_cuts(const struct userow *j)
{
	struct emit *emit = &j->uses->in->emit;

	if (j->cut_peers)
		emit_cut(emit, "descriptors with more than %u processes at the other end, of which "
			 "the others are not named: %zu", USEROW_PEERS_MAX, j->cut_peers);
	if (j->cut_watches)
		emit_cut(emit, "descriptors that watch more than %u others, of which the rest is "
			 "not named: %zu", USEROW_WATCHES_MAX, j->cut_watches);
}

void userow_free(struct userow *j)
{
	arena_free(&j->arena);
}
