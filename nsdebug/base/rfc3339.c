/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/base/rfc3339.h"

static bool digits(const char **p, unsigned int count, char behind, int *ret)
{
	*ret = 0;
	for (; count; count--, (*p)++) {
		if (**p < '0' || **p > '9')
			return false;
		*ret = *ret * 10 + **p - '0';
	}
	return !behind || *(*p)++ == behind;
}

/* Days from 1970-01-01 in the calendar of RFC 3339 (H. Hinnant's days_from_civil). */
static int64_t days(int y, int m, int d)
{
	y -= m <= 2;
	return (int64_t)(y / 400) * 146097 + (y % 400) * 365 + y % 400 / 4 - y % 400 / 100 +
		(153 * (m + (m > 2 ? -3 : 9)) + 2) / 5 + d - 1 - 719468;
}

bool time_parse(const char *p, int64_t *ret, uint32_t *nsec)
{
	int y, m, d, h, min, sec;

	if (!digits(&p, 4, '-', &y) || !digits(&p, 2, '-', &m) || !digits(&p, 2, 'T', &d) ||
	    !digits(&p, 2, ':', &h) || !digits(&p, 2, ':', &min) || !digits(&p, 2, '\0', &sec) ||
	    y < 1 || m < 1 || m > 12 || d < 1 || d > 31 || h > 23 || min > 59 || sec > 60)
		return false;
	*ret = ((days(y, m, d) * 24 + h) * 60 + min) * 60 + sec;
	*nsec = 0;
	if (*p == '.') {
		uint32_t unit = 100000000;

		for (p++; *p >= '0' && *p <= '9'; p++, unit /= 10)
			*nsec += unit * (uint32_t)(*p - '0');
	}
	if (*p == '+' || *p == '-') {
		int sign = *p++ == '-' ? 1 : -1;

		if (!digits(&p, 2, ':', &h) || !digits(&p, 2, '\0', &min) || h > 23 || min > 59)
			return false;
		*ret += sign * (h * 60 + min) * 60;
		return !*p;
	}
	p += *p == 'Z';
	return !*p;
}
