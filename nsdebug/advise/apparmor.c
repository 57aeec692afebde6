/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/advise/apparmor.h"

#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "nsdebug/advise/fold.h"
#include "nsdebug/advise/needs.h"
#include "nsdebug/base/buf.h"
#include "nsdebug/base/map.h"
#include "nsdebug/base/own.h"
#include "nsdebug/target/target.h"
#include "nsdebug/trace/used.h"
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

		/* a backslash before the end of the quotes would be theirs */
		if (c && strchr("*?[]{}^,", c))
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

/* Where the first such digits begin, and the last ones end; false: there are none. */
static bool find_digits(struct bytes s, size_t *from, size_t *to)
{
	*to = 0;
	for (size_t i = 0; i < s.len; i++) {
		size_t n = 0;

		while (i + n < s.len && is_digit(s.p[i + n]))
			n++;
		if (n < DIGITS && !(n && n == s.len))
			continue;
		if (!*to)
			*from = i;
		i += n;
		*to = i;
	}
	return *to;
}

/* A name that was made may be another one next time, from its first digits to its last: with more
 * than one star in a name, and many such names, a parser would not end. */
static void put_made(struct buf *b, struct bytes s)
{
	size_t from = 0, to;

	if (!find_digits(s, &from, &to)) {
		apparmor_quote(b, s);
		return;
	}
	apparmor_quote(b, (struct bytes){ s.p, from });
	buf_str(b, "[0-9]*");
	apparmor_quote(b, (struct bytes){ s.p + to, s.len - to });
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

void apparmor_rights(struct buf *b, uint32_t access)
{
	static const struct {
		uint32_t access;
		char letter;
	} letters[] = {
		{ USED_MAP, 'm' }, { USED_READ, 'r' }, { MAKES, 'w' }, { USED_LOCK, 'k' },
		{ USED_LINK, 'l' },
	};

	for (size_t i = 0; i < ARRAY_SIZE(letters); i++)
		if (access & letters[i].access)
			buf_char(b, letters[i].letter);
	if (access & USED_EXEC)
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

#define STARS_MAX 8	/* different names with a star in one directory: for a parser, too */

/* Its directory, or NULL. */
static struct used_path *dir_of(const struct used *u, const struct used_path *p)
{
	const char *slash = memrchr(p->path.p, '/', p->path.len);
	size_t n = slash ? (size_t)(slash - p->path.p) : 0;

	return n ? used_find(u, (struct bytes){ p->path.p, n }) : NULL;
}

/* The directory of what was made there by a name with a number of its own, or NULL. */
static struct used_path *like_others(const struct used *u, const struct used_path *p)
{
	struct used_path *dir = dir_of(u, p);
	size_t n = dir ? dir->path.len + 1 : 0, from = 0, to;

	if (!dir || p->many || (!p->deleted && !(p->access & (USED_CREATE | USED_REMOVE))))
		return NULL;
	return find_digits((struct bytes){ p->path.p + n, p->path.len - n }, &from, &to) ? dir :
		NULL;
}

/* Of what is itself there. False: that takes no right, or there is that rule. */
static bool put_one(struct buf *b, struct map *rules, const struct used_path *p, bool made)
{
	size_t from = b->len, rights;
	static char yes;
	uint64_t hash;

	buf_str(b, "  \"");
	put_path(b, p->path, made);
	if (S_ISDIR(p->mode))
		buf_str(b, p->path.len > 1 ? "/" : "");
	else if (!p->mode && p->access & MAKES)
		buf_str(b, "{,/}");	/* only its name is known: it may be a directory */
	buf_str(b, "\" ");
	rights = b->len;
	apparmor_rights(b, p->access);
	hash = map_hash(MAP_HASH, b->bytes + from, b->len - from);
	if (b->len == rights || map_get(rules, hash)) {
		b->len = from;
		return false;
	}
	map_put(rules, hash, &yes);
	buf_str(b, ",\n");
	return true;
}

/* It has none if it takes no right, if another name of it or a directory has the right, or if that
 * is of all that was made there. */
static bool has_rule(const struct used *u, const struct used_path *p)
{
	const struct used_path *dir = dir_of(u, p);

	if (is_temporary(p) || p->alias || !(p->access & ~(uint32_t)(USED_TOUCH | USED_BEFORE)))
		return false;
	return !dir || !dir->many || dir->alias || p->access & (USED_MAP | USED_EXEC);
}

static void put_rule(struct buf *b, const struct used *u, struct map *rules,
		     const struct used_path *p)
{
	struct used_path *dir = like_others(u, p);

	if (dir && dir->stars == STARS_MAX)
		dir = NULL;
	if (put_one(b, rules, p, dir) && dir)
		dir->stars++;
}

/* In the place of those of many files, once. */
static void put_fold(struct buf *b, struct fold *f)
{
	static const char *const behind[] = {
		[FOLD_FILES] = "/*", [FOLD_DIRS] = "/*/", [FOLD_NAMES] = "/*{,/}",
		[FOLD_BELOW] = "/**",
	};

	if (f->put)
		return;
	f->put = true;
	buf_addf(b, "  # widened: %u of these were used\n  \"", f->files);
	put_path(b, f->dir, false);
	buf_addf(b, "%s\" ", behind[f->kind]);
	apparmor_rights(b, f->access);
	buf_str(b, ",\n");
}

/* Of what else was made in it. */
static void put_many(struct buf *b, const struct used_path *p)
{
	if (!p->many || p->alias)
		return;
	buf_addf(b, "  # widened: more than %u files were made here\n  \"", USED_MADE_MAX);
	put_path(b, p->path, false);
	buf_str(b, p->path.len > 1 ? "/*{,/}\" rwkl,\n" : "*{,/}\" rwkl,\n");
}

static void put_temporary(struct buf *b, const struct used *u)
{
	bool used[ARRAY_SIZE(temporary)] = { false };

	for (size_t i = 0; i < u->count; i++)
		for (size_t j = 0; j < ARRAY_SIZE(temporary); j++)
			used[j] |= is_temporary(u->paths[i]) &&
				starts(u->paths[i]->path, temporary[j]);
	for (size_t j = 0; j < ARRAY_SIZE(temporary); j++)
		if (used[j])
			buf_addf(b, "  \"%s**\" rwkl,\n", temporary[j]);
}

/* How many rules are of directories. */
static size_t put_files(struct buf *b, const struct used *u, size_t most)
{
	auto_folds struct folds folds = { 0 };
	auto_map struct map rules = { 0 };
	size_t widened;

	for (size_t i = 0; i < u->count; i++)
		if (has_rule(u, u->paths[i]))
			fold_add(&folds, u->paths[i]);
	widened = fold_settle(&folds, most);
	for (size_t i = 0; i < u->count; i++) {
		const struct used_path *p = u->paths[i];
		struct fold *f = has_rule(u, p) ? fold_of(&folds, p) : NULL;

		if (f)
			put_fold(b, f);
		else if (has_rule(u, p))
			put_rule(b, u, &rules, p);
		put_many(b, p);
		widened += p->many && !p->alias;
	}
	put_temporary(b, u);
	if (folds.rules > APPARMOR_RULES)
		buf_addf(b, "  # %zu rules of files: a parser takes long for them, and may give "
			 "up\n", folds.rules);
	return widened;
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

static const char *type_name(unsigned int type)
{
	static const char *const names[16] = {
		[1] = "stream", [2] = "dgram", [3] = "raw", [4] = "rdm", [5] = "seqpacket",
		[10] = "packet",
	};

	return names[type];
}

bool apparmor_has_names(const struct used *u)
{
	for (unsigned int f = 0; f < 64; f++)
		for (unsigned int t = 0; t < 16; t++)
			if (u->families[f] >> t & 1 && !(family_name(f) && type_name(t)))
				return false;
	return true;
}

static void put_network(struct buf *b, const struct used *u)
{
	for (unsigned int f = 0; f < 64; f++)
		for (unsigned int t = 0; t < 16; t++)
			if (u->families[f] >> t & 1 && family_name(f) && type_name(t))
				buf_addf(b, "  network %s %s,\n", family_name(f), type_name(t));
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

size_t apparmor_profile(struct buf *b, const struct advice *a, const struct apparmor *how)
{
	size_t widened;

	buf_addf(b, "# What %.*s used, as nsdebug advise saw it. To load it: apparmor_parser -r "
		 "FILE\n", (int)strcspn(a->target->name, "\n"), a->target->name);
	buf_add(b, how->comments.p, how->comments.len);
	buf_addf(b, "abi <abi/3.0>,\ninclude <tunables/global>\n\n"
		 "profile %s flags=(attach_disconnected,mediate_deleted) {\n", how->name);
	put_signals(b, how->name);
	put_calls(b, a->u, how->name);
	put_caps(b, a->caps);
	put_network(b, a->u);
	/* what it may have been given by its runtime to read and write */
	buf_str(b, "  \"/dev/null\" rw,\n  \"/dev/console\" rw,\n  \"/dev/pts/[0-9]*\" rw,\n");
	widened = put_files(b, a->u, how->exact ? SIZE_MAX : APPARMOR_RULES);
	buf_str(b, "}\n");
	return widened;
}
