/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/trace/dnsmsg.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include "nsdebug/base/own.h"

#define HEADER 12
#define WIRE_NAME_MAX 255	/* RFC 1035 2.3.4 */
#define STRINGS_SHOWN 64	/* bytes of a TXT */

enum { T_A = 1, T_NS = 2, T_CNAME = 5, T_PTR = 12, T_MX = 15, T_TXT = 16, T_AAAA = 28,
       T_SRV = 33, T_DNAME = 39 };

struct reader {
	const uint8_t *p;
	size_t len, at;
	bool bad;
};

static uint16_t get16(struct reader *r)
{
	uint16_t v = 0;

	if (r->bad || r->len - r->at < 2) {
		r->bad = true;
		return 0;
	}
	v = (uint16_t)(r->p[r->at] << 8 | r->p[r->at + 1]);
	r->at += 2;
	return v;
}

static void skip(struct reader *r, size_t n)
{
	if (r->bad || r->len - r->at < n)
		r->bad = true;
	else
		r->at += n;
}

/* ---- names ---- */

struct text {
	char *p;
	size_t len, room;
};

static void put(struct text *t, const char *s, size_t n)
{
	if (t->room - t->len <= n)
		n = t->room - t->len - 1;
	memcpy(t->p + t->len, s, n);
	t->len += n;
	t->p[t->len] = '\0';
}

static void put_byte(struct text *t, uint8_t c)
{
	char s[5];
	int n;

	if (c <= ' ' || c >= 0x7f)
		n = snprintf(s, sizeof(s), "\\%03u", c);
	else
		n = snprintf(s, sizeof(s), c == '.' || c == '\\' ? "\\%c" : "%c", c);
	put(t, s, (size_t)n);
}

/* Labels from `at` on, to their end or a pointer: where that leads, or 0; *after is behind them. */
static size_t get_labels(struct reader *r, size_t at, size_t *wire, struct text *t, size_t *after)
{
	for (;;) {
		uint8_t n;

		if (at >= r->len)
			break;
		n = r->p[at++];
		if (n >= 0xc0) {
			if (at >= r->len)
				break;
			*after = at + 1;
			return (size_t)(n & 0x3f) << 8 | r->p[at];
		}
		*wire += n + 1u;
		if (n >= 0x40 || n > r->len - at || *wire > WIRE_NAME_MAX)
			break;
		if (!n) {
			*after = at;
			return 0;
		}
		if (t->len)
			put(t, ".", 1);
		for (uint8_t i = 0; i < n; i++)
			put_byte(t, r->p[at + i]);
		at += n;
	}
	r->bad = true;
	return 0;
}

static void get_name(struct reader *r, struct text *t)
{
	size_t from = r->at, wire = 0, after = 0, begin = t->len;
	bool first = true;

	/* the text of the name alone decides where dots stand */
	struct text own = { t->p + begin, 0, t->room - begin };

	while (!r->bad) {
		size_t to = get_labels(r, from, &wire, &own, &after);

		if (r->bad)
			break;
		if (first)
			r->at = after;
		first = false;
		if (!to)
			break;
		/* only backwards, so that there is an end */
		if (to >= from || to < HEADER)
			r->bad = true;
		from = to;
	}
	if (!r->bad && !own.len)
		put(&own, ".", 1);
	t->len += own.len;
}

/* ---- records ---- */

static void get_address(struct reader *r, int family, size_t size, struct text *t)
{
	char s[INET6_ADDRSTRLEN];

	if (r->len - r->at < size) {
		r->bad = true;
		return;
	}
	inet_ntop(family, r->p + r->at, s, sizeof(s));
	put(t, s, strlen(s));
}

static void get_strings(struct reader *r, size_t end, struct text *t)
{
	put(t, "\"", 1);
	while (r->at < end && t->len < STRINGS_SHOWN) {
		size_t n = r->p[r->at++];

		if (n > end - r->at) {
			r->bad = true;
			return;
		}
		for (size_t i = 0; i < n && t->len < STRINGS_SHOWN; i++)
			put_byte(t, r->p[r->at + i]);
		r->at += n;
	}
	put(t, "\"", 1);
}

static void put_u16(struct reader *r, struct text *t)
{
	char s[8];

	put(t, s, (size_t)snprintf(s, sizeof(s), "%u ", get16(r)));
}

/* What a record says, in at most `len` bytes from here; nothing if that is not known. */
static void get_data(struct reader *whole, uint16_t type, size_t len, struct text *t)
{
	struct reader r = { whole->p, whole->at + len, whole->at, false };

	switch (type) {
	case T_A:
		get_address(&r, AF_INET, 4, t);
		break;
	case T_AAAA:
		get_address(&r, AF_INET6, 16, t);
		break;
	case T_SRV:
		put_u16(&r, t);
		put_u16(&r, t);
		__attribute__((fallthrough));
	case T_MX:
		put_u16(&r, t);
		__attribute__((fallthrough));
	case T_NS:
	case T_CNAME:
	case T_PTR:
	case T_DNAME:
		get_name(&r, t);
		break;
	case T_TXT:
		get_strings(&r, r.len, t);
		break;
	}
	whole->bad |= r.bad;
}

static bool get_answer(struct reader *r, struct dnsmsg *m)
{
	char owner[DNS_NAME_MAX], room[16];
	struct text name = { owner, 0, sizeof(owner) };
	struct text t = { m->text[m->count], 0, DNS_TEXT_MAX };
	uint16_t type, len;

	get_name(r, &name);
	type = get16(r);
	skip(r, 2 + 4);
	len = get16(r);
	if (r->bad || r->len - r->at < len)
		return false;
	if (m->count == DNS_ANSWERS_MAX)
		return false;
	*t.p = '\0';
	if (type != m->type) {
		const char *word = dns_type(type, room);

		put(&t, word, strlen(word));
		put(&t, " ", 1);
	}
	get_data(r, type, len, &t);
	if (r->bad)
		return false;
	m->count++;
	skip(r, len);
	return true;
}

bool dnsmsg_parse(struct bytes bytes, struct dnsmsg *m)
{
	struct reader r = { (const uint8_t *)bytes.p, bytes.len, 0, false };
	struct text name = { m->name, 0, sizeof(m->name) };
	uint16_t flags, questions;

	m->id = get16(&r);
	flags = get16(&r);
	questions = get16(&r);
	m->answers = get16(&r);
	skip(&r, 4);
	m->response = flags >> 15;
	m->opcode = flags >> 11 & 15;
	m->truncated = flags >> 9 & 1;
	m->rcode = flags & 15;
	m->count = 0;
	m->cut = false;
	m->name[0] = '\0';
	if (r.bad || !questions || m->opcode)
		return false;
	get_name(&r, &name);
	m->type = get16(&r);
	skip(&r, 2);
	if (r.bad)
		return false;
	for (unsigned int i = 1; i < questions && !r.bad && i < 4; i++) {
		char other[DNS_NAME_MAX];
		struct text t = { other, 0, sizeof(other) };

		get_name(&r, &t);
		skip(&r, 4);
	}
	while (m->count < m->answers && get_answer(&r, m))
		;
	m->cut = m->count < m->answers;
	return true;
}

/* ---- words ---- */

const char *dns_type(uint16_t type, char room[16])
{
	static const char *const names[] = {
		[T_A] = "A", [T_NS] = "NS", [T_CNAME] = "CNAME", [6] = "SOA", [T_PTR] = "PTR",
		[13] = "HINFO", [T_MX] = "MX", [T_TXT] = "TXT", [T_AAAA] = "AAAA",
		[29] = "LOC", [T_SRV] = "SRV", [35] = "NAPTR", [T_DNAME] = "DNAME", [41] = "OPT",
		[43] = "DS", [44] = "SSHFP", [46] = "RRSIG", [47] = "NSEC", [48] = "DNSKEY",
		[50] = "NSEC3", [52] = "TLSA", [64] = "SVCB", [65] = "HTTPS", [99] = "SPF",
		[251] = "IXFR", [252] = "AXFR", [255] = "ANY", [257] = "CAA",
	};

	if (type < ARRAY_SIZE(names) && names[type])
		return names[type];
	snprintf(room, 16, "TYPE%u", type);
	return room;
}

const char *dns_rcode(uint8_t rcode, char room[16])
{
	static const char *const names[] = {
		"NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED", "YXDOMAIN",
		"YXRRSET", "NXRRSET", "NOTAUTH", "NOTZONE",
	};

	if (rcode < ARRAY_SIZE(names))
		return names[rcode];
	snprintf(room, 16, "RCODE%u", rcode);
	return room;
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool dns_same_name(const char *a, const char *b)
{
	while (*a && lower(*a) == lower(*b)) {
		a++;
		b++;
	}
	return lower(*a) == lower(*b);
}

size_t dns_label_len(const char *s)
{
	size_t n = 0;

	while (s[n] && s[n] != '.')
		n += s[n] == '\\' && s[n + 1] ? 2 : 1;
	return n;
}

unsigned int dns_common_labels(const char *a, const char *b)
{
	unsigned int count = 0;

	for (;;) {
		size_t n = dns_label_len(a);

		if (!n || n != dns_label_len(b))
			return count;
		for (size_t i = 0; i < n; i++)
			if (lower(a[i]) != lower(b[i]))
				return count;
		count++;
		a += n;
		b += n;
		if (!*a || !*b)
			return count;
		a++;
		b++;
	}
}
