/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/why/confirm.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/mem.h"
#include "nsdebug/base/own.h"
#include "nsdebug/base/str.h"
#include "nsdebug/out/col.h"
#include "nsdebug/sys/passwd.h"
#include "nsdebug/target/ending.h"
#include "nsdebug/why/find.h"
#include "nsdebug/why/finding.h"
#include "nsdebug/why/reason.h"

#define LL(n) ((long long)(n))

static void say(struct findings *f, const struct ending *x, struct finding *s, const char *what)
{
	s->what = finding_text(f, "it ended by itself, with %lld: %s", LL(x->exit_code), what);
}

/* ---- users ---- */

/* Behind these, and blanks, quotes and the like, a name stands. */
static const struct mark {
	const char *words;
	bool group;
} marks[] = {
	{ "getpwnam(): name not found", false }, { "getgrnam(): name not found", true },
	{ "getpwnam", false }, { "getgrnam", true }, { "unknown user", false },
	{ "unknown group", true }, { "invalid user", false }, { "invalid group", true },
	{ "bad user name", false }, { "bad group name", true }, { "find user", false },
	{ "find group", true }, { "no such user", false }, { "no such group", true },
};

static bool is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* The name that a line is about, and of which sort it is; false: none is told. */
static bool find_name(const char *line, struct bytes *name, bool *group)
{
	for (size_t i = 0; i < ARRAY_SIZE(marks); i++) {
		const char *at = strcasestr(line, marks[i].words);

		if (!at)
			continue;
		at += strlen(marks[i].words);
		at += strspn(at, " :=\"'`(");
		*name = (struct bytes){ at, 0 };
		while (is_name(at[name->len]))
			name->len++;
		*group = marks[i].group;
		return name->len && !isdigit((unsigned char)*at);
	}
	return false;
}

/* -1: that cannot be told. */
static int has_name(const struct place_of *p, const char *path, struct bytes name)
{
	struct file_at at = { .fd = -1 };
	enum found got = find_file(p, path, &at);
	auto_close int fd = got == FOUND_THERE ? find_open(p, &at) : -1;
	auto_buf struct buf b = { 0 };
	struct passwd_entry e;
	struct bytes text;

	own_close(&at.fd);
	if (got == FOUND_ABSENT)
		return 0;
	if (fd < 0 || fd_read_all(fd, &b, PASSWD_BYTES_MAX) != 0)
		return -1;
	text = (struct bytes){ b.bytes, b.len };
	while (passwd_next(&text, &e))
		if (bytes_same(e.name, name))
			return 1;
	return 0;
}

static void say_user(struct findings *f, const struct ending *x, const struct place_of *p,
		     struct finding *s)
{
	const char *path, *word;
	struct bytes name;
	bool group;
	int has;

	if (!find_name(s->evidence, &name, &group))
		return;
	path = group ? "/etc/group" : "/etc/passwd";
	word = group ? "group" : "user";
	has = has_name(p, path, name);
	if (has < 0)
		return;
	if (has) {
		say(f, x, s, finding_text(f, "it looked for the %s %.*s in vain, which is in %s of "
					  "its image", word, (int)name.len, name.p, path));
		s->cure = "is that file readable for its user, and does the C library find what "
			"it needs to look there (/etc/nsswitch.conf; libnss_files.so of a static "
			"glibc program)?";
		return;
	}
	say(f, x, s, finding_text(f, "the %s %.*s that it looked for is not in %s of its image",
				  word, (int)name.len, name.p, path));
	s->cure = finding_text(f, "started nonroot, it need not become another: take the "
			       "name out of its configuration (nginx: the line 'user'), or add it "
			       "where the image is built (a line of %s with its number, without a "
			       "password)", path);
}

/* ---- certificates ---- */

/* Where Go (crypto/x509, root_linux.go), OpenSSL of distributions, and curl look. */
static const char *const bundles[] = {
	"/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
	"/etc/ssl/ca-bundle.pem", "/etc/pki/tls/cacert.pem",
	"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", "/etc/ssl/cert.pem",
};

static enum found find_bundle(const struct place_of *p, const char **path)
{
	bool hidden = false;

	for (size_t i = 0; i < ARRAY_SIZE(bundles); i++) {
		struct file_at at = { .fd = -1 };
		enum found got = find_file(p, bundles[i], &at);

		own_close(&at.fd);
		*path = bundles[i];
		if (got == FOUND_THERE)
			return got;
		hidden |= got == FOUND_HIDDEN;
	}
	return hidden ? FOUND_HIDDEN : FOUND_ABSENT;
}

static void say_authority(struct findings *f, const struct ending *x, const struct place_of *p,
			  struct finding *s)
{
	const char *path, *named = find_env(x, "SSL_CERT_FILE");
	struct file_at at = { .fd = -1 };
	enum found got = named ? find_file(p, named, &at) : find_bundle(p, &path);

	own_close(&at.fd);
	path = named ? named : path;
	if (got == FOUND_THERE) {
		say(f, x, s, finding_text(f, "the certificate of who vouches for the other side is "
					  "not in %s, as it seems: the image has that", path));
		s->cure = "mount the certificate of that authority (a company's own, a cluster's) "
			"and name it in SSL_CERT_FILE, NODE_EXTRA_CA_CERTS or REQUESTS_CA_BUNDLE; "
			"if the image is old, take newer ones (package ca-certificates)";
	} else if (got == FOUND_ABSENT && named) {
		say(f, x, s, finding_text(f, "SSL_CERT_FILE names %s, which is not there", named));
		s->cure = "mount it there, or name another one";
	} else if (got == FOUND_ABSENT) {
		say(f, x, s, "the image has no certificates of authorities at all "
		    "(ca-certificates)");
	}
}

static void say_time(struct findings *f, const struct ending *x, struct finding *s)
{
	if (x->finished)
		s->what = finding_text(f, "%s; it was %s by the node's clock when it ended",
				       s->what, x->finished);
}

/* ---- limits ---- */

static const struct ending_limit *limit_of(const struct ending *x, const char *type)
{
	for (size_t i = 0; i < x->nlimits; i++)
		if (x->limits[i].type && !strcmp(x->limits[i].type, type) &&
		    x->limits[i].soft < INT64_MAX)
			return &x->limits[i];
	return NULL;
}

/* A limit of its configuration, with its cure. False: it has none. */
static bool say_limit(struct findings *f, const struct ending *x, struct finding *s,
		      const char *type, const char *word)
{
	const struct ending_limit *l = limit_of(x, type);
	struct reason r = { .kind = WHY_RLIMIT };

	if (!l)
		return false;
	r.limit = l->soft;
	r.hard = l->hard;
	r.most = l->fixed;
	snprintf(r.word, sizeof(r.word), "%s", word);
	finding_cure(f, s, &r, UINT32_MAX, UINT32_MAX);
	s->what = finding_text(f, "%s: its configuration has %s=%llu:%llu", s->what, word,
			       (unsigned long long)l->soft, (unsigned long long)l->hard);
	s->limit = l->soft;
	return true;
}

static void say_no_memory(struct findings *f, const struct ending *x, struct finding *s)
{
	static const char *const all[][2] = { { "RLIMIT_AS", "as" }, { "RLIMIT_DATA", "data" } };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (say_limit(f, x, s, all[i][0], all[i][1]))
			return;
}

static void say_network(struct findings *f, const struct ending *x, struct finding *s)
{
	const char *line = s->evidence;

	if (strstr(line, "[::") || strstr(line, "::1")) {
		s->what = finding_text(f, "%s: one of IPv6, which engines disable where it is not "
				       "asked for", s->what);
		s->cure = "let it listen at 0.0.0.0, or connect to 127.0.0.1; or let the container "
			"have IPv6";
		/* of the node's network engines set nothing */
		s->docker = x->host_net ? NULL : "--sysctl net.ipv6.conf.all.disable_ipv6=0";
	} else if (strstr(line, "connect") || strstr(line, "dial")) {
		s->cure = "do not connect from an address that is not its own; if it names none, "
			"all local ports are in use (net.ipv4.ip_local_port_range): keep "
			"connections open and use them again";
	} else if (x->host_net) {
		s->cure = "its network is the node's: let it listen at 0.0.0.0, or at an address "
			"that the node has ('ip addr')";
	}
}

void confirm(struct findings *f, const struct ending *x, const struct root *root,
	     struct finding *s)
{
	struct place_of p = { root, x };
	bool files = root && x->image.count;

	if (!strcmp(s->kind, "unknown-user") && files)
		say_user(f, x, &p, s);
	else if (!strcmp(s->kind, "no-authority") && files)
		say_authority(f, x, &p, s);
	else if (!strcmp(s->kind, "bad-time"))
		say_time(f, x, s);
	else if (!strcmp(s->kind, "locked-memory"))
		say_limit(f, x, s, "RLIMIT_MEMLOCK", "memlock");
	else if (!strcmp(s->kind, "too-many-processes"))
		say_limit(f, x, s, "RLIMIT_NPROC", "nproc");
	else if (!strcmp(s->kind, "too-many-files"))
		say_limit(f, x, s, "RLIMIT_NOFILE", "nofile");
	else if (!strcmp(s->kind, "no-memory"))
		say_no_memory(f, x, s);
	else if (!strcmp(s->kind, "no-address"))
		say_network(f, x, s);
}
