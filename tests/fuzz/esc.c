/* SPDX-License-Identifier: Apache-2.0 */
/* What esc_text() lets through is printable, reversible, and as wide as esc_width() says. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/esc.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static int digit(char c)
{
	return c <= '9' ? c - '0' : c - 'a' + 10;
}

static void reverse(const struct buf *text, struct buf *back)
{
	for (size_t i = 0; i < text->len; i++) {
		const char *p = text->bytes + i;

		if (*p != '\\') {
			buf_char(back, *p);
		} else if (p[1] == '\\') {
			buf_char(back, '\\');
			i++;
		} else {
			if (p[1] != 'x')
				abort();
			buf_char(back, (char)(digit(p[2]) << 4 | digit(p[3])));
			i += 3;
		}
	}
}

static void check_plain(const struct buf *b, bool lines)
{
	if (!esc_is_utf8(b->bytes, b->len))
		abort();
	for (size_t i = 0; i < b->len; i++) {
		unsigned char c = (unsigned char)b->bytes[i];

		if ((c < 0x20 && !(lines && (c == '\n' || c == '\t'))) || c == 0x7f ||
		    (c == 0xc2 && (unsigned char)b->bytes[i + 1] < 0xa0))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
	struct buf text = { 0 }, back = { 0 }, again = { 0 };
	const char *p = (const char *)bytes;

	esc_text(&text, p, len, ESC_NAME);
	check_plain(&text, false);
	reverse(&text, &back);
	if (back.len != len || (len && memcmp(back.bytes, p, len)))
		abort();
	if (text.len == len && esc_width(p, len) > 2 * len)
		abort();
	buf_clear(&back);
	esc_text(&back, p, len, ESC_TEXT);
	check_plain(&back, true);
	buf_clear(&text);
	if (esc_json(&text, p, len) == esc_is_utf8(p, len))
		abort();
	check_plain(&text, false);
	/* in blocks, the text is the same wherever they end */
	for (size_t cut = 0; cut <= len && cut < 8; cut++) {
		size_t torn = esc_torn(p, cut);

		buf_clear(&again);
		esc_text(&again, p, cut - torn, ESC_TEXT);
		esc_text(&again, p + cut - torn, len - cut + torn, ESC_TEXT);
		if (again.len != back.len ||
		    (again.len && memcmp(again.bytes, back.bytes, again.len)))
			abort();
	}
	buf_free(&text);
	buf_free(&back);
	buf_free(&again);
	return 0;
}
