/* SPDX-License-Identifier: Apache-2.0 */
/* base/str: numbers, sizes and times out of text; and how far two words are apart. base/buf:
 * numbers into text. */
#include "nsdebug/base/str.h"

#include <stdio.h>

#include "nsdebug/base/buf.h"
#include "tests/unit/check.h"

static void numbers(void)
{
	static const struct { const char *text; bool good; uint64_t n; } rows[] = {
		{ "0", true, 0 }, { "42", true, 42 }, { "007", true, 7 },
		{ "18446744073709551615", true, UINT64_MAX }, { "18446744073709551616", false, 0 },
		{ "99999999999999999999999", false, 0 }, { "", false, 0 }, { "-1", false, 0 },
		{ "+1", false, 0 }, { " 1", false, 0 }, { "1 ", false, 0 }, { "0x1", false, 0 },
		{ "1\n", false, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t n = 1;
		bool good = str_u64(rows[i].text, &n);

		ok(good == rows[i].good && (!good || n == rows[i].n), rows[i].text);
	}
}

static void sizes(void)
{
	static const struct { const char *text; bool good; uint64_t n; } rows[] = {
		{ "0", true, 0 }, { "10", true, 10 }, { "10B", true, 10 }, { "1K", true, 1024 },
		{ "1k", true, 1024 }, { "1KB", true, 1024 }, { "1KiB", true, 1024 },
		{ "4M", true, 4 << 20 }, { "1GiB", true, 1 << 30 }, { "2T", true, 2ull << 40 },
		{ "1P", true, 1ull << 50 }, { "16383P", true, 16383ull << 50 },
		{ "16384P", false, 0 }, { "99999999999999999999P", false, 0 }, { "K", false, 0 },
		{ "1X", false, 0 }, { "1KK", false, 0 }, { "1.5K", false, 0 }, { "-1K", false, 0 },
		{ "1KBx", false, 0 }, { "1 K", false, 0 }, { "1\xff", false, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t n = 1;
		bool good = str_size(rows[i].text, &n);

		ok(good == rows[i].good && (!good || n == rows[i].n), rows[i].text);
	}
}

static void durations(void)
{
	static const struct { const char *text; bool good; uint64_t ns; } rows[] = {
		{ "2", true, 2000000000 }, { "1.5s", true, 1500000000 },
		{ "10ms", true, 10000000 },
		{ "1.25ms", true, 1250000 }, { "7us", true, 7000 }, { "3ns", true, 3 },
		{ "5m", true, 300000000000 }, { "1h", true, 3600000000000 },
		{ "0.5", true, 500000000 },
		{ "0.0000000001", true, 0 }, { "0", true, 0 },
		{ "1.5m", true, 90000000000 },
		{ "18446744073709551615", false, 0 },
		{ "18446744073709551615ns", false, 0 },
		{ "9223372036854775807ns", true, INT64_MAX },
		{ "1.", false, 0 }, { ".5", false, 0 }, { "s", false, 0 }, { "1 s", false, 0 },
		{ "-1", false, 0 }, { "1d", false, 0 }, { "1.5.5", false, 0 }, { "", false, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t ns = 1;
		bool good = str_duration(rows[i].text, &ns);

		ok(good == rows[i].good && (!good || ns == rows[i].ns), rows[i].text);
	}
}

static void scans(void)
{
	const char *p = "12:ff,";
	uint64_t n;

	ok(scan_u64(&p, &n) && n == 12 && *p == ':', "a number is taken, no more");
	p++;
	ok(scan_hex(&p, &n) && n == 255 && *p == ',', "and one in hexadecimal");
	ok(!scan_u64(&p, &n) && *p == ',', "what is none moves nothing");
	p = "ffffffffffffffff0";
	ok(!scan_hex(&p, &n) && *p == 'f', "65 bits are too many");
}

static void distances(void)
{
	ok(str_distance("web", "web", 3) == 0, "the same");
	ok(str_distance("web", "wbe", 3) == 1, "two swapped");
	ok(str_distance("web", "we", 3) == 1, "one less");
	ok(str_distance("web", "webb", 3) == 1, "one more");
	ok(str_distance("web", "wet", 3) == 1, "another one");
	ok(str_distance("", "abc", 3) == 3, "from nothing");
	ok(str_distance("abcdef", "uvwxyz", 3) == 4, "far: one more than asked for");
	ok(str_distance("a", "01234567890123456789012345678901234567890123456789"
			"01234567890123456789", 3) == 4, "too long to compare: far");
}

/* Is the second name of the two the one that was meant? */
static bool second(const char *word, const char *first, const char *name)
{
	struct str_near n = { .word = word };

	str_nearer(&n, first);
	return str_nearer(&n, name);
}

static void nearest(void)
{
	ok(second("deny", "dns", "denied"), "a beginning before fewer edits");
	ok(second("goroutins", "fields", "goroutines"), "an edit");
	ok(!second("list", "lisp", "lost"), "as near as the first: the first");
	ok(!second("x", "ls", "y"), "one letter is near nothing");
	ok(second("sl", "mem", "ls"), "two are near one edit");
	ok(!second("yaml", "", "name"), "half of it");
	ok(!second("", "", "denied"), "nothing is the beginning of nothing");
}

static void writes(void)
{
	static const long long all[] = { 0, 1, 9, 10, -1, -10, 255, 4096, -4095, INT64_MAX,
		INT64_MIN };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		auto_buf struct buf b = { 0 };
		char want[128];

		buf_i64(&b, all[i]);
		buf_char(&b, ' ');
		buf_u64(&b, (unsigned long long)all[i]);
		buf_char(&b, ' ');
		buf_hex(&b, (unsigned long long)all[i]);
		snprintf(want, sizeof(want), "%lld %llu %#llx", all[i], (unsigned long long)all[i],
			 (unsigned long long)all[i]);
		ok(!strcmp(b.bytes, want) && b.len == strlen(want), want);
	}
}

int main(void)
{
	numbers();
	writes();
	sizes();
	durations();
	scans();
	distances();
	nearest();
	return done();
}
