/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/advise/apparmor.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "nsdebug/advise/needs.h"
#include "nsdebug/base/buf.h"
#include "nsdebug/base/own.h"
#include "nsdebug/target/target.h"
#include "nsdebug/why/creds.h"

#define DIGITS 3	/* so many make a number that another file will have another of */

/* ---- names ---- */

static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		strchr("-_./+:=@%~ ", c);
}

void apparmor_quote(struct buf *b, struct bytes name)
{
	for (size_t i = 0; i < name.len; i++) {
		unsigned char c = (unsigned char)name.p[i];

		if (c && strchr("*?[]{}^,\\", c))
			buf_addf(b, "\\%c", c);
		else if (c && is_plain((char)c))
			buf_char(b, (char)c);
		else
			buf_addf(b, "\\%03o", c);
	}
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_number(struct bytes s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_digit(s.p[i]))
			return false;
	return s.len;
}

/* A name that was made may be another one next time, as far as it is digits. */
static void put_made(struct buf *b, struct bytes s)
{
	for (size_t i = 0; i < s.len;) {
		size_t n = 0;

		while (i + n < s.len && is_digit(s.p[i + n]))
			n++;
		if (n >= DIGITS || (n && n == s.len)) {
			buf_str(b, "[0-9]*");
		} else {
			n = n ? n : 1;
			apparmor_quote(b, (struct bytes){ s.p + i, n });
		}
		i += n;
	}
}

static bool starts(struct bytes path, const char *with)
{
	size_t n = strlen(with);

	return path.len >= n && !memcmp(path.p, with, n);
}

/* Component by component, behind a slash each. */
static void put_path(struct buf *b, struct bytes path, bool made)
{
	bool proc = starts(path, "/proc/");
	const char *last = memrchr(path.p, '/', path.len), *p = path.p, *end = path.p + path.len;

	while (p < end) {
		const char *next = memchr(p + 1, '/', (size_t)(end - p - 1));
		struct bytes s = { p + 1, (size_t)((next ? next : end) - p - 1) };

		if (proc && p == path.p) {
			buf_str(b, "@{PROC}");
		} else {
			buf_char(b, '/');
			if (proc && is_number(s))
				buf_str(b, "@{pid}");
			else if (made && p == last)
				put_made(b, s);
			else
				apparmor_quote(b, s);
		}
		p = next ? next : end;
	}
}

/* ---- files ---- */

#define MAKES (USED_WRITE | USED_CREATE | USED_REMOVE)

void apparmor_rights(struct buf *b, const struct used_path *p)
{
	static const struct {
		uint32_t access;
		char letter;
	} letters[] = {
		{ USED_MAP, 'm' }, { USED_READ, 'r' }, { MAKES, 'w' }, { USED_LOCK, 'k' },
		{ USED_LINK, 'l' },
	};

	for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
		if (p->access & letters[i].access)
			buf_char(b, letters[i].letter);
	if (p->access & USED_EXEC)
		buf_str(b, "ix");
}

static const char *const temporary[] = { "/tmp/", "/var/tmp/", "/dev/shm/" };

/* One that was made where everybody makes files, by names that are made up. */
static bool is_temporary(const struct used_path *p)
{
	for (size_t i = 0; i < ARRAY_SIZE(temporary); i++)
		if (starts(p->path, temporary[i]) && p->access & (USED_CREATE | USED_REMOVE))
			return true;
	return false;
}

static void put_rule(struct buf *b, const struct used_path *p)
{
	size_t from = b->len, rights;

	if (is_temporary(p) || p->alias)
		return;
	buf_str(b, "  \"");
	put_path(b, p->path, p->access & (USED_CREATE | USED_REMOVE));
	if (p->many)
		buf_str(b, "/*");
	else if (S_ISDIR(p->mode))
		buf_str(b, p->path.len > 1 ? "/" : "");
	else if (!p->mode && p->access & MAKES)
		buf_str(b, "{,/}");	/* only its name is known: it may be a directory */
	buf_str(b, "\" ");
	rights = b->len;
	apparmor_rights(b, p);
	if (p->many)
		buf_str(b, p->access & USED_READ ? "w" : "rw");
	if (b->len == rights)	/* looked at: that takes no right */
		b->len = from;
	else
		buf_str(b, ",\n");
}

static void put_files(struct buf *b, const struct advice *a)
{
	const struct used *u = a->u;
	bool used[ARRAY_SIZE(temporary)] = { false };

	for (size_t i = 0; i < u->count; i++) {
		put_rule(b, u->paths[i]);
		for (size_t j = 0; j < ARRAY_SIZE(temporary); j++)
			used[j] |= is_temporary(u->paths[i]) &&
				starts(u->paths[i]->path, temporary[j]);
	}
	for (size_t j = 0; j < ARRAY_SIZE(temporary); j++)
		if (used[j])
			buf_addf(b, "  \"%s**\" rwkl,\n", temporary[j]);
}

/* ---- the rest ---- */

static const char *family_name(unsigned int family)
{
	static const char *const names[64] = {
		[1] = "unix", [2] = "inet", [3] = "ax25", [4] = "ipx", [5] = "appletalk",
		[9] = "x25", [10] = "inet6", [15] = "key", [16] = "netlink", [17] = "packet",
		[21] = "rds", [29] = "can", [30] = "tipc", [31] = "bluetooth", [38] = "alg",
		[39] = "nfc", [40] = "vsock", [43] = "smc", [44] = "xdp",
	};

	return family < 64 ? names[family] : NULL;
}

static bool put_network(struct buf *b, const struct used *u)
{
	static const char *const types[16] = {
		[1] = "stream", [2] = "dgram", [3] = "raw", [4] = "rdm", [5] = "seqpacket",
		[10] = "packet",
	};
	bool good = true;

	for (unsigned int f = 0; f < 64; f++)
		for (unsigned int t = 0; t < 16; t++) {
			if (!(u->families[f] >> t & 1))
				continue;
			if (family_name(f) && types[t])
				buf_addf(b, "  network %s %s,\n", family_name(f), types[t]);
			else
				good = false;
		}
	return good;
}

static void put_caps(struct buf *b, uint64_t caps)
{
	for (unsigned int cap = 0; cap < CAP_MAX; cap++) {
		if (!(caps >> cap & 1) || !cap_name(cap))
			continue;
		buf_str(b, "  capability ");
		for (const char *c = cap_name(cap) + strlen("CAP_"); *c; c++)
			buf_char(b, *c == '_' ? '_' : (char)(*c | 0x20));
		buf_str(b, ",\n");
	}
}

/* As docker-default has it: whoever runs the container may end it, and its processes each other. */
static void put_signals(struct buf *b, const char *name)
{
	buf_addf(b, "  signal (receive) peer=unconfined,\n"
		 "  signal (receive) peer={runc,crun,docker,containerd*,podman},\n"
		 "  signal (send, receive) peer=%s,\n", name);
}

static bool is_called(const struct used *u, unsigned int nr)
{
	return u->entered[nr];
}

static void put_calls(struct buf *b, const struct used *u, const char *name)
{
	bool proc = false;

	for (size_t i = 0; i < u->count && !proc; i++)
		proc = starts(u->paths[i]->path, "/proc/") && u->paths[i]->path.len > 6 &&
			is_digit(u->paths[i]->path.p[6]) && u->paths[i]->access & USED_READ;
	if (proc || is_called(u, SYS_ptrace) || is_called(u, SYS_process_vm_readv))
		buf_addf(b, "  ptrace (%sread, readby) peer=%s,\n", is_called(u, SYS_ptrace) ?
			 "trace, tracedby, " : "", name);
	if (is_called(u, SYS_mount))
		buf_str(b, "  mount,\n");
	if (is_called(u, SYS_umount2))
		buf_str(b, "  umount,\n");
	if (is_called(u, SYS_pivot_root))
		buf_str(b, "  pivot_root,\n");
}

bool apparmor_profile(struct buf *b, const struct advice *a, const char *name)
{
	bool good;

	buf_addf(b, "# What %.*s used, as nsdebug advise saw it. To load it: apparmor_parser -r "
		 "FILE\n", (int)strcspn(a->target->name, "\n"), a->target->name);
	if (!a->whole)
		buf_str(b, "# It ran before it was watched: what its start took may be missing "
			"(--next has it).\n");
	buf_addf(b, "abi <abi/3.0>,\ninclude <tunables/global>\n\n"
		 "profile %s flags=(attach_disconnected,mediate_deleted) {\n", name);
	put_signals(b, name);
	put_calls(b, a->u, name);
	put_caps(b, a->caps);
	good = put_network(b, a->u);
	/* what it may have been given by its runtime to read and write */
	buf_str(b, "  \"/dev/null\" rw,\n  \"/dev/console\" rw,\n  \"/dev/pts/[0-9]*\" rw,\n");
	put_files(b, a);
	buf_str(b, "}\n");
	return good;
}
