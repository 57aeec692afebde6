/* SPDX-License-Identifier: Apache-2.0 */
/* base/esc: what may be shown, how wide it is, and the inside of JSON strings. */
#include "nsdebug/base/esc.h"
#include "tests/unit/check.h"

static const struct {
	const char *bytes, *name, *text;
	size_t width;
} rows[] = {
	{ "", "nothing", "", 0 },
	{ "plain ~!", "ASCII", "plain ~!", 8 },
	{ "a\\b", "a backslash", "a\\\\b", 4 },
	{ "\n\t\r\x1b\x7f", "controls", "\\x0a\\x09\\x0d\\x1b\\x7f", 20 },
	{ "\xc3\xa4", "two bytes", "\xc3\xa4", 1 },
	{ "\xe2\x82\xac", "three bytes", "\xe2\x82\xac", 1 },
	{ "\xe6\x97\xa5", "a wide character", "\xe6\x97\xa5", 2 },
	{ "\xf0\x9f\x98\x80", "an emoji", "\xf0\x9f\x98\x80", 2 },
	{ "e\xcc\x81", "a combining mark", "e\xcc\x81", 1 },
	{ "\xc2\x9b", "C1", "\\xc2\\x9b", 8 },
	{ "\x9b", "a raw C1 byte", "\\x9b", 4 },
	{ "\xc0\xaf", "overlong, two bytes", "\\xc0\\xaf", 8 },
	{ "\xe0\x80\xaf", "overlong, three bytes", "\\xe0\\x80\\xaf", 12 },
	{ "\xf0\x80\x80\xaf", "overlong, four bytes", "\\xf0\\x80\\x80\\xaf", 16 },
	{ "\xed\xa0\x80", "a surrogate", "\\xed\\xa0\\x80", 12 },
	{ "\xf4\x90\x80\x80", "beyond U+10FFFF", "\\xf4\\x90\\x80\\x80", 16 },
	{ "\xf8\x88\x80\x80\x80", "five bytes", "\\xf8\\x88\\x80\\x80\\x80", 20 },
	{ "\xe2\x82", "cut off", "\\xe2\\x82", 8 },
	{ "\xe2\x80\xae", "right-to-left override", "\\xe2\\x80\\xae", 12 },
	{ "\xe2\x81\xa6", "isolate", "\\xe2\\x81\\xa6", 12 },
	{ "\xe2\x80\x8b", "zero width space", "\\xe2\\x80\\x8b", 12 },
	{ "\xef\xbb\xbf", "byte order mark", "\\xef\\xbb\\xbf", 12 },
	{ "\xe2\x80\xa8", "line separator", "\\xe2\\x80\\xa8", 12 },
	{ "\xee\x80\x80", "private use", "\\xee\\x80\\x80", 12 },
	{ "\xef\xbf\xbe", "a non-character", "\\xef\\xbf\\xbe", 12 },
	{ "\xf3\xa0\x81\x81", "a tag", "\\xf3\\xa0\\x81\\x81", 16 },
};

static void text(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct buf b = { 0 };
		size_t len = strlen(rows[i].bytes);

		esc_text(&b, rows[i].bytes, len, ESC_NAME);
		is(&b, rows[i].text, rows[i].name);
		ok(esc_width(rows[i].bytes, len) == rows[i].width, "its width");
		buf_free(&b);
	}
}

static void modes(void)
{
	struct buf b = { 0 };

	esc_text(&b, "a\n\tb\r\0c", 7, ESC_TEXT);
	is(&b, "a\n\tb\\x0d\\x00c", "in a text, newline and tab stay, NUL does not");
	buf_free(&b);
}

static void json(void)
{
	struct buf b = { 0 };

	ok(!esc_json(&b, "a\"b\\\n\xe2\x82\xac", 8), "nothing is lost of UTF-8");
	is(&b, "a\\\"b\\\\\\u000a\xe2\x82\xac", "quotes, backslash and controls in JSON");
	buf_clear(&b);
	ok(esc_json(&b, "\xff" "a\xed\xa0\x80", 5), "a loss is told");
	is(&b, "\xef\xbf\xbd" "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", "one U+FFFD a byte");
	buf_clear(&b);
	ok(!esc_json(&b, "\xe2\x80\xae\xf3\xa0\x81\x81", 7), "hidden characters are no loss");
	is(&b, "\\u202e\\udb40\\udc41", "but are escaped, as a pair beyond the BMP");
	buf_free(&b);
}

static void base64(void)
{
	static const char *const want[] = { "", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=",
		"Zm9vYmFy" };

	for (size_t n = 0; n < 7; n++) {
		struct buf b = { 0 };

		esc_base64(&b, "foobar", n);
		is(&b, want[n], "base64 of RFC 4648");
		buf_free(&b);
	}
}

static void torn(void)
{
	ok(esc_torn("", 0) == 0, "nothing is not torn");
	ok(esc_torn("ab", 2) == 0, "nor ASCII");
	ok(esc_torn("a\xe2\x82\xac", 4) == 0, "nor a whole character");
	ok(esc_torn("a\xe2\x82", 3) == 2, "two of three bytes");
	ok(esc_torn("a\xe2", 2) == 1, "one of three bytes");
	ok(esc_torn("\xf0\x9f\x98", 3) == 3, "three of four bytes");
	ok(esc_torn("\x82\x82\x82\x82", 4) == 0, "what cannot become one is not waited for");
	ok(esc_torn("\xc0", 1) == 0, "nor what is never a beginning");
	ok(esc_is_utf8("\xe2\x82\xac", 3) && !esc_is_utf8("\xe2\x82", 2), "is it UTF-8");
}

int main(void)
{
	text();
	modes();
	json();
	base64();
	torn();
	return done();
}
