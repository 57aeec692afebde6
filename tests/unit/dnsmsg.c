/* SPDX-License-Identifier: Apache-2.0 */
/* trace/dnsmsg, dnssearch, dnsstream: names, answers, what is cut, searches, streams in pieces. */
#include "nsdebug/trace/dnsmsg.h"

#include "nsdebug/trace/dnssearch.h"
#include "nsdebug/trace/dnsstream.h"
#include "tests/unit/check.h"

#define M(text) ((struct bytes){ text, sizeof(text) - 1 })
#define HEAD(flags, answers) "\0\7" flags "\0\1\0" answers "\0\0\0\0"
#define QUESTION "\3www\4test\0\0\1\0\1"
#define RECORD(name, type, len) name "\0" type "\0\1\0\0\0\x3c\0" len

static struct dnsmsg m;

static bool says(struct bytes b, unsigned int count, const char *last)
{
	return dnsmsg_parse(b, &m) && m.count == count &&
		(!count || !strcmp(m.text[count - 1], last));
}

static void messages(void)
{
	ok(says(M(HEAD("\1\0", "\0") QUESTION), 0, NULL) && !m.response && m.id == 7 &&
	   m.type == 1 && !strcmp(m.name, "www.test") && !m.cut, "a question");
	ok(says(M(HEAD("\x81\x83", "\0") QUESTION), 0, NULL) && m.response && m.rcode == 3,
	   "no such name");
	ok(says(M(HEAD("\x83\x80", "\1") QUESTION RECORD("\xc0\x0c", "\1", "\4") "\1\2\3\4"), 1,
		"1.2.3.4") && m.truncated, "an address, and the name by a pointer");
	ok(says(M(HEAD("\x81\x80", "\1") QUESTION RECORD("\xc0\x0c", "\5", "\4") "\1a\xc0\x10"),
		1, "CNAME a.test"), "a name that ends elsewhere");
	ok(says(M(HEAD("\x81\x80", "\1") QUESTION RECORD("\xc0\x0c", "\x10", "\4") "\3a\x1b\""),
		1, "TXT \"a\\027\"\""), "text");
	ok(says(M(HEAD("\x81\x80", "\1") QUESTION RECORD("\xc0\x1a", "\1", "\4") "\1\2\3\4"), 0,
		NULL) && m.cut, "a name that leads to itself");
	ok(says(M(HEAD("\x81\x80", "\1") QUESTION RECORD("\xc0\xff", "\1", "\4") "\1\2\3\4"), 0,
		NULL) && m.cut, "a name that leads behind the end");
	ok(says(M(HEAD("\x81\x80", "\2") QUESTION RECORD("\xc0\x0c", "\1", "\4") "\1\2\3\4"
		  RECORD("\xc0\x0c", "\1", "\4") "\1\2"), 1, "1.2.3.4") && m.cut, "cut short");
	ok(says(M(HEAD("\x81\x80", "\1") QUESTION RECORD("\xc0\x0c", "\1", "\3") "\1\2\3"), 0,
		NULL) && m.cut, "an address of three bytes");
	ok(!dnsmsg_parse(M(HEAD("\1\0", "\0")), &m) && !dnsmsg_parse(M("\0\7\1"), &m) &&
	   !dnsmsg_parse(M(""), &m), "no question");
	ok(!dnsmsg_parse(M(HEAD("\1\0", "\0") "\xc0\x0c\0\1\0\1"), &m), "a question of itself");
	ok(!dnsmsg_parse(M(HEAD("\x28\0", "\0") QUESTION), &m), "an update is no question");
}

static void names(void)
{
	char room[16];

	ok(dns_same_name("WWW.test", "www.TEST") && !dns_same_name("www.test", "www.tes") &&
	   !dns_same_name("www", "www.test"), "names are the same in both cases");
	ok(dns_common_labels("db.one.example", "db.two.example") == 1, "a step");
	ok(dns_common_labels("db.one.example", "DB") == 1, "to the name itself");
	ok(dns_common_labels("a.b.one", "a.b.two") == 2, "of two labels");
	ok(!dns_common_labels("db1.example", "db.example") && !dns_common_labels("", "x"), "none");
	ok(!dns_common_labels("a\\.b.x", "a.b.x"), "a dot inside of a label");
	ok(!strcmp(dns_type(65, room), "HTTPS") && !strcmp(dns_type(65280, room), "TYPE65280") &&
	   !strcmp(dns_rcode(5, room), "REFUSED") && !strcmp(dns_rcode(15, room), "RCODE15"),
	   "words");
}

static enum dns_step step(const char *file, const char *earlier, const char *later)
{
	static struct dns_search s;

	s = (struct dns_search){ .known = file };
	snprintf(s.text, sizeof(s.text), "%s", file ? file : "");
	dns_search_parse(&s);
	return dns_search_step(&s, earlier, later);
}

static void searches(void)
{
	const char *file = "domain x\nnameserver 1.2.3.4\nsearch one.example TWO.example. \n#end";

	ok(step(file, "db.one.example", "db.two.example") == DNS_STEP &&
	   step(file, "db.two.example", "db") == DNS_STEP &&
	   step(file, "a.b", "A.b.one.example") == DNS_STEP, "steps by the list");
	ok(!step(file, "db.one.example", "db.three.example") &&
	   !step(file, "db.one.example", "web.two.example") &&
	   !step(file, "db.one.example", "db.one.example") &&
	   !step(file, "www.a.com", "www.b.org") && !step(file, "xone.example", "x") &&
	   !step(file, "db.a.b.c", "db.b.c"), "none by the list");
	ok(step(file, "db.x", "db") == DNS_STEP_PERHAPS, "only its last list counts");
	ok(step("domain x", "db.x", "db") == DNS_STEP, "a domain is one");
	ok(!step(NULL, "www.a.com", "www.b.org") && !step(NULL, "www.a.com", "www.com") &&
	   step(NULL, "db.ns.svc.local", "db.svc.local") == DNS_STEP_PERHAPS &&
	   step(NULL, "db.svc.local", "db") == DNS_STEP_PERHAPS, "without a list");
}

static char got[64];

static void note(void *ctx, struct bytes b)
{
	size_t at = strlen(got);

	(void)ctx;
	snprintf(got + at, sizeof(got) - at, "<%.*s>", (int)b.len, b.p);
}

static void streams(void)
{
	struct dns_streams s = { 0 };
	struct bytes two = M("\0\3abc\0\2de");

	for (size_t i = 0; i < two.len; i++)
		dns_streams_feed(&s, 1, (struct bytes){ two.p + i, 1 }, 0, note, NULL);
	ok(!strcmp(got, "<abc><de>"), "byte by byte");
	got[0] = '\0';
	dns_streams_feed(&s, 1, two, 0, note, NULL);
	ok(!strcmp(got, "<abc><de>"), "at once");
	got[0] = '\0';
	dns_streams_feed(&s, 2, M("\0\5ab"), 3, note, NULL);
	dns_streams_feed(&s, 2, M("\0\1x"), 0, note, NULL);
	ok(!strcmp(got, "<ab><x>"), "bytes that were not seen");
	got[0] = '\0';
	dns_streams_feed(&s, 3, M("\0"), 1, note, NULL);
	dns_streams_feed(&s, 3, M("\0\1y"), 0, note, NULL);
	ok(!strcmp(got, "<y>"), "a length that was not seen: begun anew");
	dns_streams_free(&s);
}

int main(void)
{
	messages();
	names();
	searches();
	streams();
	return done();
}
