/* SPDX-License-Identifier: Apache-2.0 */
/*
 * code/demangle: names of Rust 1.95 as Rust's own demangler has them (demangle.names: programs of
 * odd types, and the compiler itself); those of libstdc++ as c++filt does; and hostile ones.
 */
#include "nsdebug/code/demangle.h"

#include <stdlib.h>

#include "nsdebug/base/own.h"
#include "nsdebug/code/work.h"
#include "tests/unit/check.h"

#define LINE 65536

/* Compares name and what it is to be, on lines "name<tab>text". Returns how many there are. */
static int compare(FILE *f, const char *what)
{
	auto_free char *line = malloc(LINE);
	int count = 0, wrong = 0;

	while (f && fgets(line, LINE, f)) {
		char *want = strchr(line, '\t');
		auto_buf struct buf b = { 0 };

		line[strcspn(line, "\n")] = '\0';
		if (!want)
			continue;
		*want++ = '\0';
		count++;
		if (!demangle(&b, line))
			buf_str(&b, line);
		if (strcmp(b.bytes, want) && !wrong++)
			printf("# %s\n#   got  %s\n#   want %s\n", line, b.bytes, want);
	}
	ok(count && !wrong, what);
	return count;
}

static void test_rust(void)
{
	FILE *f = fopen("tests/unit/demangle.names", "r");

	ok(compare(f, "Rust, as Rust has it") > 200, "and these are many");
	if (f)
		fclose(f);
}

static void test_cxx(void)
{
	FILE *p = popen("n=$(mktemp); nm -D --defined-only "
			"/usr/lib/x86_64-linux-gnu/libstdc++.so.6 | sed 's/.* //; s/@.*//' |\n"
			"grep '^_Z' | sort -u >$n; c++filt -i <$n | paste $n -; rm $n", "r");

	ok(compare(p, "C++, as c++filt has it") > 3000, "and these are many");
	if (p)
		pclose(p);
}

static void raw(const char *name, const char *what)
{
	auto_buf struct buf b = { 0 };

	buf_str(&b, "before");
	ok(!demangle(&b, name), what);
	is(&b, "before", "and nothing is left of it");
}

static void put_ref(struct buf *b, unsigned int n)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	if (n >= 36)
		buf_char(b, digits[n / 36]);
	buf_char(b, digits[n % 36]);
	buf_char(b, '_');
}

/* A type that holds itself twice, so many times over, in few bytes. */
static void put_doubled(struct buf *b, unsigned int times)
{
	buf_str(b, "1aI");
	for (unsigned int i = 0; i < times; i++)
		buf_str(b, "S0_I");
	buf_str(b, "iiE");
	for (unsigned int i = 0; i < times; i++) {
		buf_char(b, 'S');
		put_ref(b, i + 1);
		buf_char(b, 'E');
	}
}

static void test_bombs(void)
{
	auto_buf struct buf b = { 0 }, t = { 0 };

	buf_str(&b, "_Z1fIiEv");
	put_doubled(&b, 60);
	raw(b.bytes, "a name of 2^60 parts");
	b.len = 0;
	buf_str(&b, "_Z1fIJEEvDp");	/* each of them is asked for a pack, before a byte comes */
	put_doubled(&b, 60);
	raw(b.bytes, "one that is silent about it");
	ok(!work.said, "costs no more than it is worth");
	/* however slow this machine is, the time when there is as much again does not come */
	for (int i = 0; i < 200 && !work.said; i++, t.len = 0, work.since = clock_ns())
		demangle(&t, b.bytes);
	ok(work.said, "but many of them are too much work");
	ok(!demangle(&t, "_Z1fv"), "and then no name is worked on");
	work = (struct work){ 0 };
	ok(demangle(&t, "_Z1fv"), "until there is as much again");
	b.len = 0;
	buf_str(&b, "_RIC0TTTTuuEuE");	/* pairs of pairs, by reference */
	for (unsigned int i = 0; i < 60; i++)
		buf_str(&b, "TB5_B5_E");
	buf_str(&b, "E");
	raw(b.bytes, "references into themselves");
	b.len = 0;
	buf_str(&b, "_RIC0");
	for (int i = 0; i < 3000; i++)
		buf_char(&b, 'R');
	buf_str(&b, "uE");
	raw(b.bytes, "one that is too deep");
	b.len = 0;
	buf_str(&b, "_Z");
	for (int i = 0; i < 5000; i++)
		buf_char(&b, 'N');
	raw(b.bytes, "one that is too long");
}

int main(void)
{
	test_rust();
	test_cxx();
	raw("main", "what is no mangled name");
	raw("_ZN4main", "one that is cut");
	raw("_RNvC", "and of Rust");
	raw("_R", "nothing");
	test_bombs();
	return done();
}
