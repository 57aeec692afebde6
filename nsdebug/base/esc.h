/* SPDX-License-Identifier: Apache-2.0 */
/*
 * esc - bytes of a target made safe to show.
 *
 * What comes out of esc_text() holds only printable ASCII and printable UTF-8: no C0 or C1
 * control, DEL, bidi control, zero-width or private-use character, no surrogate, no
 * non-character, nothing invalid. Every other byte becomes \xNN and a backslash \\, so that the
 * text can be turned back into the bytes. esc_json() makes the inside of a JSON string.
 */
#ifndef NSDEBUG_BASE_ESC_H
#define NSDEBUG_BASE_ESC_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

enum esc_mode {
	ESC_NAME,	/* newline and tab are escaped too */
	ESC_TEXT,	/* newline and tab stay: the contents of a file, for a terminal */
	ESC_CODE,	/* a backslash stays: the text has escapes of its own */
};

void esc_text(struct buf *b, const char *bytes, size_t len, enum esc_mode mode);
/* Number of columns that esc_text() would take (wide characters count two). */
size_t esc_width(const char *bytes, size_t len);
/* JSON string contents; bytes that are not UTF-8 become U+FFFD. True if some did. */
bool esc_json(struct buf *b, const char *bytes, size_t len);
/* A name that stands between brackets in a list: it cannot end itself or begin another. What was
 * a backslash is escaped too; show it as ESC_CODE. */
void esc_listed(struct buf *b, const char *name);
void esc_base64(struct buf *b, const void *bytes, size_t len);
/* How many bytes at the end are the beginning of a character whose rest may follow: 0 to 3. */
size_t esc_torn(const char *bytes, size_t len);
bool esc_is_utf8(const char *bytes, size_t len);

#endif
