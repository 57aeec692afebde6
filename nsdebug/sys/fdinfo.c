/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/sys/fdinfo.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <time.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/clock.h"
#include "nsdebug/base/own.h"

/* ---- numbers behind a word ---- */

static void blanks(const char **p)
{
	while (**p == ' ' || **p == '\t')
		(*p)++;
}

static bool scan_octal(const char **p, uint64_t *ret)
{
	uint64_t n = 0;
	const char *s = *p;

	for (; *s >= '0' && *s <= '7' && n >> 60 == 0; s++)
		n = n << 3 | (uint64_t)(*s - '0');
	if (s == *p)
		return false;
	*ret = n;
	*p = s;
	return true;
}

typedef bool scan_fn(const char **p, uint64_t *ret);

/* "word 12": the number behind `word`, up to the end of the line. */
static bool number_at(const char *line, const char *end, const char *word, scan_fn *scan,
		      uint64_t *ret)
{
	size_t len = strlen(word);
	const char *p = memmem(line, (size_t)(end - line), word, len);

	if (!p)
		return false;
	p += len;
	blanks(&p);
	return p < end && scan(&p, ret);
}

/* ---- what kinds of descriptors say about themselves ---- */

static const struct field {
	const char *key;
	size_t offset;
	scan_fn *scan;
} fields[] = {
	{ "pos:", offsetof(struct fdinfo, pos), scan_u64 },
	{ "flags:", offsetof(struct fdinfo, flags), scan_octal },
	{ "mnt_id:", offsetof(struct fdinfo, mount), scan_u64 },
	{ "ino:", offsetof(struct fdinfo, inode), scan_u64 },
	{ "eventfd-count:", offsetof(struct fdinfo, count), scan_hex },
	{ "eventfd-id:", offsetof(struct fdinfo, count_id), scan_u64 },
	{ "sigmask:", offsetof(struct fdinfo, sigmask), scan_hex },
	{ "clockid:", offsetof(struct fdinfo, clock), scan_u64 },
	{ "ticks:", offsetof(struct fdinfo, expired), scan_u64 },
	{ "map_type:", offsetof(struct fdinfo, bpf_type), scan_u64 },
	{ "map_id:", offsetof(struct fdinfo, bpf_id), scan_u64 },
	{ "prog_type:", offsetof(struct fdinfo, bpf_type), scan_u64 },
	{ "prog_id:", offsetof(struct fdinfo, bpf_id), scan_u64 },
	{ "link_id:", offsetof(struct fdinfo, bpf_id), scan_u64 },
	{ "SQEs:", offsetof(struct fdinfo, sq), scan_u64 },
	{ "CQEs:", offsetof(struct fdinfo, cq), scan_u64 },
};

/* "(99, 998181509)": seconds and nanoseconds. */
static uint64_t timespec_at(const char *p, const char *end)
{
	uint64_t s, ns;

	blanks(&p);
	if (p >= end || *p++ != '(' || !scan_u64(&p, &s) || *p++ != ',')
		return FDINFO_NONE;
	blanks(&p);
	if (!scan_u64(&p, &ns) || ns >= NS_PER_S || s > INT64_MAX / NS_PER_S - 1)
		return FDINFO_NONE;
	return s * NS_PER_S + ns;
}

static void take_pid(struct fdinfo *f, const char *p)
{
	bool minus;
	uint64_t n;

	blanks(&p);
	minus = *p == '-';
	p += minus;
	if (scan_u64(&p, &n))
		f->pid = minus ? -1 : (int64_t)n;
}

static void take_odd(struct fdinfo *f, const char *line, const char *end)
{
	uint64_t n;

	if (str_prefix(line, "it_value:"))
		f->left_ns = timespec_at(line + 9, end);
	else if (str_prefix(line, "it_interval:"))
		f->interval_ns = timespec_at(line + 12, end);
	else if (str_prefix(line, "Pid:"))
		take_pid(f, line + 4);
	else if (str_prefix(line, "lock:"))
		f->locks++;
	else if (str_prefix(line, "iff:\t"))
		f->tun = (struct bytes){ line + 5, (size_t)(end - line - 5) };
	else if (number_at(line, end, "eventfd-semaphore:", scan_u64, &n))
		f->semaphore = n != 0;
}

static bool take_watch(const char *line, const char *end, struct fdinfo_watch *w)
{
	*w = (struct fdinfo_watch){ FDINFO_NONE, FDINFO_NONE, FDINFO_NONE, FDINFO_NONE,
		FDINFO_NONE, FDINFO_NONE };
	if (str_prefix(line, "tfd:")) {
		number_at(line, end, "tfd:", scan_u64, &w->fd);
		number_at(line, end, "events:", scan_hex, &w->events);
	} else if (str_prefix(line, "inotify wd:") || str_prefix(line, "fanotify ino:") ||
		   str_prefix(line, "fanotify mnt_id:") || str_prefix(line, "fanotify sdev:")) {
		number_at(line, end, "wd:", scan_hex, &w->wd);
		number_at(line, end, " mask:", scan_hex, &w->events);
		number_at(line, end, "mnt_id:", scan_hex, &w->mount);
	} else {
		return false;
	}
	number_at(line, end, "ino:", scan_hex, &w->inode);
	number_at(line, end, "sdev:", scan_hex, &w->dev);
	return true;
}

static bool take_field(struct fdinfo *f, const char *line, const char *end)
{
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		const char *p = line + strlen(fields[i].key);

		if (!str_prefix(line, fields[i].key))
			continue;
		blanks(&p);
		if (p < end)
			fields[i].scan(&p, (uint64_t *)((char *)f + fields[i].offset));
		return true;
	}
	return false;
}

bool fdinfo_parse(const char *text, struct fdinfo *ret,
		  void (*watch)(void *ctx, const struct fdinfo_watch *w), void *ctx)
{
	*ret = (struct fdinfo){ .locks = 0, .pid = INT64_MIN };
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		*(uint64_t *)((char *)ret + fields[i].offset) = FDINFO_NONE;
	ret->left_ns = ret->interval_ns = FDINFO_NONE;
	for (const char *line = text; *line;) {
		const char *end = strchrnul(line, '\n');
		struct fdinfo_watch w;

		if (take_watch(line, end, &w)) {
			ret->watches++;
			if (watch)
				watch(ctx, &w);
		} else if (!take_field(ret, line, end)) {
			take_odd(ret, line, end);
		}
		line = *end ? end + 1 : end;
	}
	return ret->pos != FDINFO_NONE && ret->flags != FDINFO_NONE;
}

/* "lock:\t1: POSIX  ADVISORY  WRITE 20050 fe:00:10952708 5 14": kind, mode, first and last byte. */
bool fdinfo_next_lock(const char *text, size_t *at, struct buf *ret)
{
	static const unsigned int wanted = 1 << 1 | 1 << 3 | 1 << 6 | 1 << 7;
	const char *line = text + *at, *end;
	unsigned int word = 0;

	while (*line && !str_prefix(line, "lock:"))
		line = *(end = strchrnul(line, '\n')) ? end + 1 : end;
	if (!*line)
		return false;
	end = strchrnul(line, '\n');
	buf_clear(ret);
	for (const char *p = line + 5; p < end; word++) {
		const char *from;

		blanks(&p);
		for (from = p; p < end && *p != ' ' && *p != '\t'; p++)
			;
		if (word >= 8 || !(wanted >> word & 1) || p == from)
			continue;
		if (ret->len)
			buf_char(ret, ' ');
		buf_add(ret, from, (size_t)(p - from));
	}
	*at = (size_t)((*end ? end + 1 : end) - text);
	return true;
}

/* ---- names ---- */

struct name {
	uint64_t bits;
	const char *name;
};

static void put_names(struct buf *b, uint64_t bits, const struct name *names, size_t count)
{
	bool first = true;

	for (size_t i = 0; i < count; i++) {
		if ((bits & names[i].bits) != names[i].bits)
			continue;
		bits &= ~names[i].bits;
		buf_addf(b, "%s%s", first ? "" : " ", names[i].name);
		first = false;
	}
}

#define N(prefix, x) { prefix##x, #x }

void fdinfo_put_flags(struct buf *b, uint64_t flags)
{
	/* the first of two that share bits is the larger one */
	static const struct name names[] = {
		N(O_, TMPFILE), N(O_, SYNC), N(O_, DSYNC), N(O_, APPEND), N(O_, NONBLOCK),
		N(O_, ASYNC), N(O_, DIRECT), N(O_, DIRECTORY), N(O_, NOFOLLOW), N(O_, NOATIME),
		N(O_, PATH), N(O_, CLOEXEC),
	};

	put_names(b, flags, names, ARRAY_SIZE(names));
}

void fdinfo_put_epoll(struct buf *b, uint64_t events)
{
	static const struct name names[] = {
		{ EPOLLIN, "IN" }, { EPOLLOUT, "OUT" }, { EPOLLPRI, "PRI" },
		{ EPOLLRDHUP, "RDHUP" }, { 1u << 31, "ET" }, { 1u << 30, "ONESHOT" },
		{ 1u << 29, "WAKEUP" }, { 1u << 28, "EXCLUSIVE" },
	};

	put_names(b, events, names, ARRAY_SIZE(names));
}

void fdinfo_put_inotify(struct buf *b, uint64_t mask)
{
	static const struct name names[] = {
		N(IN_, ACCESS), N(IN_, MODIFY), N(IN_, ATTRIB), N(IN_, CLOSE_WRITE),
		N(IN_, CLOSE_NOWRITE), N(IN_, OPEN), N(IN_, MOVED_FROM), N(IN_, MOVED_TO),
		N(IN_, CREATE), N(IN_, DELETE), N(IN_, DELETE_SELF), N(IN_, MOVE_SELF),
		N(IN_, ONLYDIR), N(IN_, DONT_FOLLOW), N(IN_, EXCL_UNLINK), { 1u << 31, "ONESHOT" },
	};

	put_names(b, mask, names, ARRAY_SIZE(names));
}

void fdinfo_put_signals(struct buf *b, uint64_t mask)
{
	static const char *const names[] = {
		"HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV",
		"USR2", "PIPE", "ALRM", "TERM", "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN",
		"TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO", "PWR", "SYS",
	};
	bool first = true;

	for (unsigned int i = 0; i < 64; i++) {
		if (!(mask >> i & 1))
			continue;
		buf_str(b, first ? "" : " ");
		if (i < ARRAY_SIZE(names))
			buf_str(b, names[i]);
		else
			buf_addf(b, "RT%u", i - (unsigned int)ARRAY_SIZE(names));
		first = false;
	}
}

const char *fdinfo_clock(uint64_t clock)
{
	switch (clock) {
	case CLOCK_REALTIME: return "realtime";
	case CLOCK_MONOTONIC: return "monotonic";
	case CLOCK_BOOTTIME: return "boottime";
	case CLOCK_REALTIME_ALARM: return "realtime-alarm";
	case CLOCK_BOOTTIME_ALARM: return "boottime-alarm";
	default: return "unknown clock";
	}
}
