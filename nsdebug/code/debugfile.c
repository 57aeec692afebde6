/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/code/debugfile.h"

#include <limits.h>
#include <lzma.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "nsdebug/base/clock.h"
#include "nsdebug/base/err.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"
#include "nsdebug/code/work.h"
#include "nsdebug/enter/emit.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/enter/root.h"
#include "nsdebug/sys/ids.h"
#include "nsdebug/sys/mounts.h"
#include "nsdebug/sys/proc.h"

#define PIECE 65536u
#define LINKS_MAX 40	/* as the kernel */
#define STEPS_MAX 256	/* of one walk: each link and ".." begins it anew */
#define DEBUG "/usr/lib/debug"
#define CLOCKS_APART_S 1	/* seconds; the clocks are read one after the other, and whole */

/* ---- the reader: opens, and looks into nothing ---- */

static bool is_id(const char *id, size_t room)
{
	size_t n = strnlen(id, room);

	return n >= 16 && n < room && n % 2 == 0 && strspn(id, "0123456789abcdef") == n;
}

static bool is_name(const char *name, size_t room)
{
	size_t n = strnlen(name, room);

	return n && n < room && !strchr(name, '/') && strcmp(name, ".") && strcmp(name, "..");
}

bool debugfile_path(const struct debugfile_ask *a, char *path, unsigned long room)
{
	size_t dir = strnlen(a->dir, sizeof(a->dir));
	int n = -1;

	if (a->where <= BY_ID_ON_HOST) {
		if (is_id(a->build_id, sizeof(a->build_id)))
			n = snprintf(path, room, "%s/.build-id/%.2s/%s.debug",
				     a->where == BY_ID ? DEBUG : "", a->build_id, a->build_id + 2);
	} else if (a->where == PERF_MAP) {
		n = snprintf(path, room, "/tmp/perf-%u.map", a->pid);
	} else if (a->where < PERF_MAP && is_name(a->name, sizeof(a->name)) &&
		   a->dir[0] == '/' && dir < sizeof(a->dir)) {
		n = snprintf(path, room, "%s%s/%s%s", a->where == BY_LINK_GLOBAL ? DEBUG : "",
			     a->dir, a->where == BY_LINK_BELOW ? ".debug/" : "", a->name);
	}
	return n > 0 && (unsigned long)n < room;
}

/*
 * Who asks a dead server for a name may have to be left behind for ever. So the walk is made name
 * by name, each below a directory that is known not to ask one, and links are put into the path:
 * what is before `at` in it is without links, and open.
 */
struct walk {
	struct root at;		/* fd: the directory so far */
	const struct mounts *mounts;
	char path[PATH_MAX], next[PATH_MAX];
	unsigned int links, steps;
	bool no_link;		/* where it leads to is none */
};

static bool is_served(const struct walk *w, int fd)
{
	struct statx st;

	return root_stat(fd, "", &st) < 0 ||
		(w->mounts && mounts_served(w->mounts, st.stx_dev_major, st.stx_dev_minor));
}

/* path[0] ... path[done - 1] are directories; `name` after them gives way to where it leads. */
static bool put_link(struct walk *w, const char *name, size_t done, const char *rest)
{
	char to[1024];
	long n = root_readlink(w->at.fd, name, to, sizeof(to) - 1);
	int len;

	if (n <= 0 || n >= (long)sizeof(to) - 1 || w->links++ >= LINKS_MAX)
		return false;
	to[n] = '\0';
	len = snprintf(w->next, sizeof(w->next), "%.*s/%s%s", to[0] == '/' ? 0 : (int)done, w->path,
		       to, rest);
	if (len < 0 || len >= (int)sizeof(w->next))
		return false;
	memcpy(w->path, w->next, (size_t)len + 1);
	return true;
}

/* "/a/b/../c" as "/a/c", which it is where no link is before "..". */
static void take_up(char *path, size_t done, size_t end)
{
	while (done && path[done - 1] != '/')
		done--;
	memmove(path + (done ? done - 1 : 0), path + end, strlen(path + end) + 1);
}

enum step { STEP_ON, STEP_ANEW, STEP_END };

/* The name at path + done, which ends before path + end: *fd is it. */
static enum step step(struct walk *w, size_t done, size_t end, int *fd)
{
	char name[NAME_MAX + 1];
	size_t from = done + strspn(w->path + done, "/"), len = end - from;
	struct err e;
	mode_t mode;
	int next;

	if (len > NAME_MAX)
		return STEP_END;
	memcpy(name, w->path + from, len);
	name[len] = '\0';
	if (!strcmp(name, "..")) {
		take_up(w->path, done, end);
		return STEP_ANEW;
	}
	if (!strcmp(name, ".")) {
		memmove(w->path + done, w->path + end, strlen(w->path + end) + 1);
		return STEP_ANEW;
	}
	next = root_open(&w->at, name, true, &e);
	if (next < 0)
		return STEP_END;
	if (is_served(w, next) || root_type(next, name, &mode, &e) < 0 ||
	    (w->path[end] && !S_ISDIR(mode) && !S_ISLNK(mode))) {
		close(next);
		return STEP_END;
	}
	if (S_ISLNK(mode)) {
		close(next);
		if (w->no_link && !w->path[end])
			return STEP_END;
		return put_link(w, name, done, w->path + end) ? STEP_ANEW : STEP_END;
	}
	own_close(fd);
	*fd = next;
	w->at.fd = next;
	return STEP_ON;
}

/* An O_PATH descriptor of what is at w->path below the root, or -1. */
static int walk(struct walk *w, const struct root *root)
{
	auto_close int fd = -1;
	size_t done = 0;

	w->at = *root;
	while (w->path[done + strspn(w->path + done, "/")]) {
		size_t end = done + strspn(w->path + done, "/");

		end += strcspn(w->path + end, "/");
		if (w->steps++ >= STEPS_MAX)
			return -1;
		switch (step(w, done, end, &fd)) {
		case STEP_ON:
			done = end;
			break;
		case STEP_ANEW:
			own_close(&fd);
			w->at = *root;
			done = 0;
			break;
		default:
			return -1;
		}
	}
	return take_fd(&fd);
}

/* Was it written after a process began, which says so in clock ticks after boot? */
static bool is_since(const struct statx *st, uint64_t start)
{
	struct timespec real, boot;
	int64_t began;

	clock_gettime(CLOCK_REALTIME, &real);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	began = real.tv_sec - boot.tv_sec + (int64_t)(start / (NS_PER_S / PROC_TICK_NS));
	return st->stx_mtime.tv_sec >= began - CLOCKS_APART_S;
}

/* /tmp is everybody's, and may be older than the container. */
static bool is_theirs(int fd, const struct debugfile_ask *a, const struct idmap *uids)
{
	struct statx st;

	return root_stat(fd, "", &st) == 0 && !(st.stx_mode & 022) && is_since(&st, a->start) &&
		(st.stx_uid == a->euid || idmap_inside(uids, st.stx_uid) == 0);
}

static int open_asked(const struct inside *in, const struct debugfile_server *s,
		      const struct debugfile_ask *a)
{
	bool host = a->where == BY_ID_ON_HOST;
	struct root r = { .fd = host ? in->debug : in->root, .own_fds = in->own_fds };
	struct walk w = { .mounts = host ? NULL : s->mounts, .no_link = a->where == PERF_MAP };
	auto_close int fd = -1;
	struct err e;
	mode_t mode;

	if (r.fd < 0 || is_served(&w, r.fd) || !debugfile_path(a, w.path, sizeof(w.path)))
		return -1;
	fd = walk(&w, &r);
	if (fd < 0 || root_type(fd, w.path, &mode, &e) < 0 || !S_ISREG(mode) ||
	    (a->where == PERF_MAP && !is_theirs(fd, a, s->uids)))
		return -1;
	return root_read(&r, fd, w.path, &e);
}

void debugfile_serve(struct inside *in, void *arg)
{
	struct debugfile_ask a;

	for (unsigned int i = 0; i < DEBUGFILE_ASKS_MAX &&
	     recv(in->peer, &a, sizeof(a), 0) == sizeof(a); i++) {
		auto_close int fd = open_asked(in, arg, &a);
		char found = fd >= 0;

		if (!fd_give(in->peer, &found, 1, fd))
			return;
	}
}

/* ---- the parser: asks ---- */

static void ask_no_more(struct debugfiles *f)
{
	own_close(&f->peer);
	if (work.emit)
		emit_cut(work.emit, "debug files take too long, or are too many: names from "
			 "them are missing");
}

static int receive(struct debugfiles *f)
{
	struct pollfd p = { .fd = f->peer, .events = POLLIN };
	int fd = -1, ms = (int)(f->wait_ns / (int64_t)NS_PER_MS);
	uint64_t from = clock_ns();
	char found;

	if (poll(&p, 1, ms > 0 ? ms : 0) <= 0 || !fd_take(f->peer, &found, 1, &fd))
		ask_no_more(f);		/* what comes later would be of another question */
	f->wait_ns -= (int64_t)(clock_ns() - from);
	return fd;
}

static int ask(struct debugfiles *f, const struct debugfile_ask *a)
{
	if (f->peer < 0)
		return -1;
	if (f->asks++ >= DEBUGFILE_ASKS_MAX || f->open >= DEBUGFILE_OPEN_MAX ||
	    send(f->peer, a, sizeof(*a), MSG_NOSIGNAL) != sizeof(*a)) {
		ask_no_more(f);
		return -1;
	}
	return receive(f);
}

/* Name and checksum that a file's .gnu_debuglink says. */
static bool read_link(struct elf *of, struct debugfile_ask *a, uint32_t *sum)
{
	const struct elf_section *s = &of->debuglink;
	long n = elf_string(of, s->off, s->off + s->size, a->name, sizeof(a->name));
	uint64_t at = ((uint64_t)n + 4) & ~3ull;

	return n > 0 && n < (long)sizeof(a->name) - 1 && at + sizeof(*sum) <= s->size &&
		elf_read(of, s->off + at, sum, sizeof(*sum));
}

static bool has_sum(struct debugfiles *f, struct elf *file, uint32_t want)
{
	static uint8_t piece[PIECE];
	uint32_t sum = 0;
	uint64_t at = 0;
	size_t n;

	while ((n = elf_stream(file, at, piece, PIECE))) {
		sum = lzma_crc32(piece, n, sum);
		at += n;
		f->summed += n;
		work_tick(n);
		if (f->summed > DEBUGFILE_SUMMED_MAX)
			return false;
	}
	return sum == want;
}

static bool fits(struct debugfiles *f, struct elf *file, const struct elf *of, uint32_t where,
		 uint32_t sum)
{
	bool same = file->build_id[0] && !strcmp(file->build_id, of->build_id);

	if (file->machine != of->machine || !file->symtab.size)
		return false;
	if (where <= BY_ID_ON_HOST)
		return same;
	return (same || !file->build_id[0] || !of->build_id[0]) && has_sum(f, file, sum);
}

static bool try_one(struct debugfile *d, struct debugfiles *f, struct elf *of,
		    const struct debugfile_ask *a, uint32_t sum)
{
	static const char *const sources[] = {
		[BY_ID] = "debug file", [BY_ID_ON_HOST] = "debug file of the host",
		[BY_LINK] = "debuglink", [BY_LINK_BELOW] = "debuglink",
		[BY_LINK_GLOBAL] = "debuglink",
	};
	auto_close int fd = ask(f, a);
	struct err e;

	if (fd < 0 || elf_open(&d->elf, fd, &e) < 0)
		return false;
	if (!fits(f, &d->elf, of, a->where, sum)) {
		elf_close(&d->elf);
		return false;
	}
	d->fd = take_fd(&fd);
	d->open = true;
	d->source = sources[a->where];
	f->open++;
	return true;
}

static bool put_dir(struct debugfile_ask *a, struct bytes path)
{
	const char *slash = path.len ? memrchr(path.p, '/', path.len) : NULL;
	size_t n = slash ? (size_t)(slash - path.p) : 0;

	if (!slash || path.p[0] != '/' || n >= sizeof(a->dir) - 1)
		return false;
	memcpy(a->dir, path.p, n);
	if (!n)
		a->dir[0] = '/';
	return true;
}

struct elf *debugfile_open(struct debugfile *d, struct debugfiles *from, struct elf *of,
			   struct bytes path)
{
	struct debugfile_ask a = { 0 };
	uint32_t sum = 0;
	bool link;

	if (d->tried)
		return d->open ? &d->elf : NULL;
	d->tried = true;
	link = read_link(of, &a, &sum) && put_dir(&a, path);
	memcpy(a.build_id, of->build_id, sizeof(a.build_id));
	for (a.where = of->build_id[0] ? BY_ID : BY_LINK; a.where < PERF_MAP; a.where++) {
		if (a.where >= BY_LINK && !link)
			break;
		if (try_one(d, from, of, &a, sum))
			return &d->elf;
	}
	return NULL;
}

int debugfile_perf_map(struct debugfiles *from, pid_t pid, uint32_t euid, uint64_t start)
{
	struct debugfile_ask a = {
		.where = PERF_MAP, .pid = (uint32_t)pid, .euid = euid, .start = start,
	};

	return ask(from, &a);
}

void debugfile_close(struct debugfile *d)
{
	if (d->open) {
		elf_close(&d->elf);
		own_close(&d->fd);
	}
	*d = (struct debugfile){ 0 };
}

int debugfile_by_path(struct debugfiles *from, struct bytes path)
{
	struct debugfile_ask a = { .where = BY_LINK };
	struct bytes name = bytes_base(path);

	if (!name.len || name.len >= sizeof(a.name) || !put_dir(&a, path))
		return -1;
	memcpy(a.name, name.p, name.len);
	return ask(from, &a);
}
