/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/base/str.h"

#include <ctype.h>
#include <string.h>

bool bytes_same(struct bytes a, struct bytes b)
{
	return a.len == b.len && (!a.len || !memcmp(a.p, b.p, a.len));
}

bool bytes_is(struct bytes b, const char *text)
{
	return bytes_same(b, (struct bytes){ text, strlen(text) });
}

struct bytes bytes_base(struct bytes path)
{
	const char *slash = path.len ? memrchr(path.p, '/', path.len) : NULL;
	size_t skip = slash ? (size_t)(slash + 1 - path.p) : 0;

	return (struct bytes){ path.len ? path.p + skip : path.p, path.len - skip };
}

bool scan_u64(const char **p, uint64_t *ret)
{
	const char *s = *p;
	uint64_t n = 0;

	if (*s < '0' || *s > '9')
		return false;
	for (; *s >= '0' && *s <= '9'; s++)
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, (uint64_t)(*s - '0'), &n))
			return false;
	*p = s;
	*ret = n;
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool scan_hex(const char **p, uint64_t *ret)
{
	const char *s = *p;
	uint64_t n = 0;

	if (hex_digit(*s) < 0)
		return false;
	for (int d; (d = hex_digit(*s)) >= 0; s++) {
		if (n >> 60)
			return false;
		n = n << 4 | (uint64_t)d;
	}
	*p = s;
	*ret = n;
	return true;
}

bool str_u64(const char *s, uint64_t *ret)
{
	return scan_u64(&s, ret) && !*s;
}

bool str_size(const char *s, uint64_t *ret)
{
	static const char units[] = "KMGTP";
	const char *unit;
	uint64_t n;
	int shift = 0;

	if (!scan_u64(&s, &n))
		return false;
	if (*s && (unit = strchr(units, *s >= 'a' ? *s - 'a' + 'A' : *s))) {
		shift = 10 * (int)(unit - units + 1);
		s++;
		if (*s == 'i')
			s++;
	}
	if (*s == 'B')
		s++;
	if (*s || (shift && n >> (64 - shift)))
		return false;
	*ret = n << shift;
	return true;
}

static bool fraction(const char **p, uint64_t unit, uint64_t *ret)
{
	*ret = 0;
	if (**p != '.')
		return true;
	(*p)++;
	if (**p < '0' || **p > '9')
		return false;
	for (; **p >= '0' && **p <= '9'; (*p)++) {
		unit /= 10;
		*ret += unit * (uint64_t)(**p - '0');
	}
	return true;
}

bool str_duration(const char *s, uint64_t *ret_ns)
{
	static const struct { const char *name; uint64_t ns; } units[] = {
		{ "ms", 1000000 }, { "us", 1000 }, { "ns", 1 }, { "s", 1000000000 },
		{ "m", 60000000000 }, { "h", 3600000000000 }, { "", 1000000000 },
	};
	const char *digits = s;
	uint64_t whole, part;

	if (!scan_u64(&s, &whole))
		return false;
	if (!fraction(&s, 0, &part))
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (strcmp(s, units[i].name))
			continue;
		s = digits;
		scan_u64(&s, &whole);
		fraction(&s, units[i].ns, &part);
		return !__builtin_mul_overflow(whole, units[i].ns, ret_ns) &&
			!__builtin_add_overflow(*ret_ns, part, ret_ns) &&
			*ret_ns <= INT64_MAX;	/* added to a clock, it is a time still */
	}
	return false;
}

#define WORD_MAX 64

unsigned int str_distance(const char *a, const char *b, unsigned int max)
{
	unsigned int row[3][WORD_MAX + 1];
	size_t la = strlen(a), lb = strlen(b);

	if (la > WORD_MAX || lb > WORD_MAX)
		return max + 1;
	for (size_t j = 0; j <= lb; j++)
		row[0][j] = (unsigned int)j;
	for (size_t i = 1; i <= la; i++) {
		unsigned int *now = row[i % 3], *up = row[(i + 2) % 3], *up2 = row[(i + 1) % 3];

		now[0] = (unsigned int)i;
		for (size_t j = 1; j <= lb; j++) {
			unsigned int best = up[j - 1] + (a[i - 1] != b[j - 1]);

			if (up[j] + 1 < best)
				best = up[j] + 1;
			if (now[j - 1] + 1 < best)
				best = now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    up2[j - 2] + 1 < best)
				best = up2[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[la % 3][lb] > max ? max + 1 : row[la % 3][lb];
}

bool str_nearer(struct str_near *n, const char *name)
{
	size_t len = strlen(n->word), begin = len > 4 ? len - 1 : 3;
	unsigned int max = len > 8 ? 3 : len > 5 ? 2 : len > 1, edits;

	edits = str_distance(n->word, name, max) + 1;
	if (edits > 2 && len >= 3 && !strncmp(n->word, name, begin))
		edits = 2;
	if (edits > max + 1 || (n->edits && edits >= n->edits))
		return false;
	n->edits = edits;
	return true;
}

bool str_is_plain(const char *s)
{
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("/._-+:", *s))
			return false;
	return true;
}
