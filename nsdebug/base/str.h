/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str - numbers and words out of text, without locale, sign surprises or overflow.
 *
 * Parsers of whole strings return false when anything is left over. The scan_* forms advance *p
 * over what they took; the text must be NUL terminated, or they are given its end.
 */
#ifndef NSDEBUG_BASE_STR_H
#define NSDEBUG_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that need not be text and may hold NULs; never owns them. { NULL, 0 } is "none". */
struct bytes {
	const char *p;
	size_t len;
};

bool bytes_same(struct bytes a, struct bytes b);
bool bytes_is(struct bytes b, const char *text);
/* Of a path what is behind its last slash. */
struct bytes bytes_base(struct bytes path);

bool str_u64(const char *s, uint64_t *ret);		/* decimal */
bool str_size(const char *s, uint64_t *ret);		/* 10, 10K, 4M, 1GiB: powers of 1024 */
bool str_duration(const char *s, uint64_t *ret_ns);	/* 2, 1.5s, 10ms, 5m, 1h: seconds */
bool scan_u64(const char **p, uint64_t *ret);
bool scan_hex(const char **p, uint64_t *ret);

/* Is it a word to a shell, in which nothing means anything else? */
bool str_is_plain(const char *s);

static inline bool str_prefix(const char *s, const char *prefix)
{
	for (; *prefix; s++, prefix++)
		if (*s != *prefix)
			return false;
	return true;
}

/* Number of edits (insert, delete, replace, swap) from a to b, at most max + 1: "did you mean". */
unsigned int str_distance(const char *a, const char *b, unsigned int max);

/*
 * "Did you mean": of names that are tried one after another, the nearest to a word. A third of the
 * word may be wrong, or all behind its beginning: "deny" means "denied".
 */
struct str_near {
	const char *word;
	unsigned int edits;	/* of the nearest so far, and one more; 0: none was near */
};

/* Is it nearer than all before it? */
bool str_nearer(struct str_near *n, const char *name);

#endif
