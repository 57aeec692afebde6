/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/dnssearch.h"

#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/fd.h"
#include "nsdebug/base/own.h"
#include "nsdebug/enter/enter.h"
#include "nsdebug/enter/root.h"
#include "nsdebug/trace/dnsmsg.h"

#define FILE_NAME "/etc/resolv.conf"
#define PATIENCE_MS 1000	/* a file system of its own may not answer */
#define SPACE " \t\r"

/* ---- the file ---- */

void dns_search_serve(struct inside *in, void *arg)
{
	auto_close int fd = -1;
	auto_buf struct buf b = { 0 };
	struct root root;

	(void)arg;
	root_init(&root, in);
	fd = root_open_file(&root, FILE_NAME, NULL);
	/* an empty file is one, too */
	if (fd >= 0 && fd_read_all(fd, &b, DNS_SEARCH_BYTES - 1) >= 0)
		fd_write_all(in->peer, b.len ? b.bytes : "\n", b.len ? b.len : 1);
}

void dns_search_take(struct dns_search *s, int peer)
{
	struct pollfd p = { .fd = peer, .events = POLLIN };
	ssize_t n = 0;

	s->known = false;
	s->count = 0;
	if (peer >= 0 && poll(&p, 1, PATIENCE_MS) == 1)
		n = read(peer, s->text, sizeof(s->text) - 1);
	s->known = n > 0;
	s->text[n > 0 ? n : 0] = '\0';
}

/* The words behind "search" or "domain" are suffixes, none with a byte that names would show as
 * another one. */
static void take_words(struct dns_search *s, char *line)
{
	char *rest, *word = strtok_r(line, SPACE, &rest);

	if (!word || (strcmp(word, "search") && strcmp(word, "domain")))
		return;
	s->count = 0;	/* the last such line counts */
	while ((word = strtok_r(NULL, SPACE, &rest)) && s->count < DNS_SEARCH_MAX) {
		size_t len = strlen(word);

		if (len && word[len - 1] == '.')
			word[--len] = '\0';
		if (len && !strchr(word, '\\'))
			s->suffixes[s->count++] = word;
	}
}

void dns_search_parse(struct dns_search *s)
{
	char *rest;

	for (char *l = strtok_r(s->text, "\n", &rest); l; l = strtok_r(NULL, "\n", &rest))
		take_words(s, l);
}

/* ---- names ---- */

/* How long the part is that this suffix was added to; all of it for none; 0: it was not. */
static size_t base_of(const char *name, const char *suffix)
{
	size_t at = 0;

	if (!suffix)
		return strlen(name);
	for (;;) {
		at += dns_label_len(name + at);
		if (!name[at])
			return 0;
		if (dns_same_name(name + at + 1, suffix))
			return at;
		at++;
	}
}

static bool same_base(const char *a, const char *b, size_t len)
{
	char one[DNS_NAME_MAX], other[DNS_NAME_MAX];

	if (len >= sizeof(one))
		return false;
	memcpy(one, a, len);
	memcpy(other, b, len);
	one[len] = other[len] = '\0';
	return dns_same_name(one, other);
}

/* By the list: the same words, with a suffix each or without one. */
static bool is_in_list(const struct dns_search *s, const char *earlier, const char *later)
{
	for (size_t i = 0; i <= s->count; i++) {
		size_t len = base_of(earlier, i < s->count ? s->suffixes[i] : NULL);

		for (size_t k = 0; len && k <= s->count; k++)
			if (k != i &&
			    base_of(later, k < s->count ? s->suffixes[k] : NULL) == len &&
			    same_base(earlier, later, len))
				return true;
	}
	return false;
}

static const char *behind(const char *name, unsigned int labels)
{
	while (labels--) {
		name += dns_label_len(name);
		name += *name == '.';
	}
	return name;
}

static bool ends_with(const char *name, const char *end)
{
	while (*name) {
		name = behind(name, 1);
		if (dns_same_name(name, end))
			return true;
	}
	return false;
}

enum dns_step dns_search_step(const struct dns_search *s, const char *earlier, const char *later)
{
	unsigned int same = dns_common_labels(earlier, later);
	const char *a, *b;

	if (!same || dns_same_name(earlier, later))
		return DNS_STEP_NONE;
	if (is_in_list(s, earlier, later))
		return DNS_STEP;
	a = behind(earlier, same);
	b = behind(later, same);
	/* one is the other with a suffix */
	if (!*a || !*b)
		return DNS_STEP_PERHAPS;
	/* without a list: a.b.example, then b.example, as clusters have them */
	return !s->known && strchr(b, '.') && ends_with(a, b) ? DNS_STEP_PERHAPS : DNS_STEP_NONE;
}
