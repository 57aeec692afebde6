/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/base/esc.h"

#include <stdint.h>

#include "nsdebug/base/buf.h"

/*
 * Length of the UTF-8 sequence at p (1..4) and its code point, or 0 if it is not one: overlong,
 * surrogate, beyond U+10FFFF, cut. Unicode 15.0, table 3-7.
 */
static size_t utf8(const unsigned char *p, size_t len, uint32_t *ret)
{
	size_t n;
	uint32_t c;

	if (p[0] < 0x80) {
		*ret = p[0];
		return 1;
	}
	if (p[0] >= 0xc2 && p[0] <= 0xdf)
		n = 2, c = p[0] & 0x1f;
	else if ((p[0] & 0xf0) == 0xe0)
		n = 3, c = p[0] & 0x0f;
	else if (p[0] >= 0xf0 && p[0] <= 0xf4)
		n = 4, c = p[0] & 0x07;
	else
		return 0;
	if (n > len)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3f);
	}
	if ((n == 3 && c < 0x800) || (n == 4 && (c < 0x10000 || c > 0x10ffff)) ||
	    (c >= 0xd800 && c <= 0xdfff))
		return 0;
	*ret = c;
	return n;
}

struct range {
	uint32_t first, last;
};

static bool in(const struct range *r, size_t n, uint32_t c)
{
	for (size_t i = 0; i < n; i++)
		if (c >= r[i].first && c <= r[i].last)
			return true;
	return false;
}

/* Valid but not shown: controls, bidi, zero width and other format characters, line and paragraph
 * separators, private use, tags, non-characters. Unicode 15.0, general categories Cc Cf Zl Zp Co,
 * and the blank or invisible ones that are used to deceive. */
static bool unprintable(uint32_t c)
{
	static const struct range hidden[] = {
		{ 0x00, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x34f, 0x34f },
		{ 0x600, 0x605 }, { 0x61c, 0x61c }, { 0x6dd, 0x6dd }, { 0x70f, 0x70f },
		{ 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x890, 0x891 },
		{ 0x8e2, 0x8e2 }, { 0x180b, 0x180f }, { 0x200b, 0x200f },
		{ 0x110cd, 0x110cd },
		{ 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0x2800, 0x2800 }, { 0x3164, 0x3164 },
		{ 0xe000, 0xf8ff }, { 0xfdd0, 0xfdef }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0x110bd, 0x110bd },
		{ 0x13430, 0x1345f }, { 0x1bca0, 0x1bca3 }, { 0x1d173, 0x1d17a },
		{ 0xe0000, 0x10ffff },
	};

	return in(hidden, sizeof(hidden) / sizeof(hidden[0]), c) || (c & 0xfffe) == 0xfffe;
}

static bool combining(uint32_t c)
{
	static const struct range marks[] = {
		{ 0x300, 0x36f }, { 0x483, 0x489 }, { 0x591, 0x5bd }, { 0x610, 0x61a },
		{ 0x64b, 0x65f }, { 0x6d6, 0x6dc }, { 0x900, 0x902 }, { 0x93c, 0x93c },
		{ 0x941, 0x948 }, { 0xe31, 0xe31 }, { 0xe34, 0xe3a }, { 0xe47, 0xe4e },
		{ 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x20d0, 0x20ff }, { 0xfe20, 0xfe2f },
	};

	return in(marks, sizeof(marks) / sizeof(marks[0]), c);
}

static bool wide(uint32_t c)
{
	static const struct range two[] = {
		{ 0x1100, 0x115e }, { 0x231a, 0x231b }, { 0x23e9, 0x23f3 }, { 0x2e80, 0x303e },
		{ 0x3041, 0x33ff }, { 0x3400, 0x4dbf }, { 0x4e00, 0x9fff }, { 0xa000, 0xa4cf },
		{ 0xa960, 0xa97f }, { 0xac00, 0xd7a3 }, { 0xf900, 0xfaff }, { 0xfe30, 0xfe6f },
		{ 0xff01, 0xff60 }, { 0xffe0, 0xffe6 }, { 0x16fe0, 0x18cff }, { 0x1b000, 0x1b2ff },
		{ 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f900, 0x1f9ff },
		{ 0x20000, 0x3fffd },
	};

	return in(two, sizeof(two) / sizeof(two[0]), c);
}

static bool plain(unsigned char c)
{
	return c >= 0x20 && c < 0x7f && c != '\\';
}

static void hex(struct buf *b, const unsigned char *p, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < n; i++) {
		char x[4] = { '\\', 'x', digits[p[i] >> 4], digits[p[i] & 15] };

		buf_add(b, x, sizeof(x));
	}
}

void esc_text(struct buf *b, const char *bytes, size_t len, enum esc_mode mode)
{
	const unsigned char *p = (const unsigned char *)bytes;

	for (size_t i = 0, n; i < len; i += n) {
		uint32_t c;

		for (n = 0; i + n < len && plain(p[i + n]); n++)
			;
		if (n) {
			buf_add(b, p + i, n);
			continue;
		}
		n = utf8(p + i, len - i, &c);
		if (n == 1 && c == '\\')
			buf_add(b, "\\\\", mode == ESC_CODE ? 1 : 2);
		else if (n == 1 && mode == ESC_TEXT && (c == '\n' || c == '\t'))
			buf_add(b, p + i, 1);
		else if (n && !unprintable(c))
			buf_add(b, p + i, n);
		else
			hex(b, p + i, n ? n : (n = 1));
	}
}

size_t esc_width(const char *bytes, size_t len)
{
	const unsigned char *p = (const unsigned char *)bytes;
	size_t width = 0;

	for (size_t i = 0, n; i < len; i += n) {
		uint32_t c;

		n = 1;
		if (plain(p[i])) {
			width++;
			continue;
		}
		n = utf8(p + i, len - i, &c);
		if (n == 1 && c == '\\')
			width += 2;
		else if (n && !unprintable(c))
			width += combining(c) ? 0 : wide(c) ? 2 : 1;
		else
			width += 4 * (n ? n : (n = 1));
	}
	return width;
}

bool esc_json(struct buf *b, const char *bytes, size_t len)
{
	const unsigned char *p = (const unsigned char *)bytes;
	bool lost = false;

	for (size_t i = 0, n; i < len; i += n) {
		uint32_t c;

		for (n = 0; i + n < len && plain(p[i + n]) && p[i + n] != '"'; n++)
			;
		if (n) {
			buf_add(b, p + i, n);
			continue;
		}
		n = utf8(p + i, len - i, &c);
		if (!n) {
			buf_add(b, "\xef\xbf\xbd", 3);
			lost = true;
			n = 1;
		} else if (c == '"' || c == '\\') {
			buf_addf(b, "\\%c", (char)c);
		} else if (c > 0xffff && unprintable(c)) {
			c -= 0x10000;
			buf_addf(b, "\\u%04x\\u%04x", 0xd800 + (c >> 10), 0xdc00 + (c & 0x3ff));
		} else if (unprintable(c)) {
			buf_addf(b, "\\u%04x", c);
		} else {
			buf_add(b, p + i, n);
		}
	}
	return lost;
}

void esc_listed(struct buf *b, const char *name)
{
	for (; *name; name++) {
		if (strchr("(),\\", *name))
			buf_addf(b, "\\x%02x", (unsigned char)*name);
		else
			buf_char(b, *name);
	}
}

void esc_base64(struct buf *b, const void *bytes, size_t len)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const unsigned char *p = bytes;

	for (size_t i = 0; i < len; i += 3) {
		size_t left = len - i;
		uint32_t v = (uint32_t)p[i] << 16 | (left > 1 ? (uint32_t)p[i + 1] << 8 : 0) |
			(left > 2 ? p[i + 2] : 0);
		char out[4] = { digits[v >> 18], digits[v >> 12 & 63],
			left > 1 ? digits[v >> 6 & 63] : '=', left > 2 ? digits[v & 63] : '=' };

		buf_add(b, out, sizeof(out));
	}
}

size_t esc_torn(const char *bytes, size_t len)
{
	for (size_t back = 1; back <= 3 && back <= len; back++) {
		unsigned char c = (unsigned char)bytes[len - back];

		if (c >= 0xc2 && c <= 0xf4)
			return back < (c >= 0xf0 ? 4u : c >= 0xe0 ? 3u : 2u) ? back : 0;
		if ((c & 0xc0) != 0x80)
			break;
	}
	return 0;
}

bool esc_is_utf8(const char *bytes, size_t len)
{
	const unsigned char *p = (const unsigned char *)bytes;
	uint32_t c;

	for (size_t i = 0, n; i < len; i += n)
		if (!(n = utf8(p + i, len - i, &c)))
			return false;
	return true;
}
