/* SPDX-License-Identifier: Apache-2.0 */
#include "nsdebug/out/text.h"

#include <string.h>
#include <time.h>

#include "nsdebug/base/buf.h"
#include "nsdebug/base/clock.h"
#include "nsdebug/base/esc.h"
#include "nsdebug/base/map.h"

#define HALF_YEAR_S (31556952 / 2)

static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep",
	"Oct", "Nov", "Dec" };

static void put_two(struct buf *b, int n)
{
	char two[2] = { (char)('0' + n / 10 % 10), (char)('0' + n % 10) };

	buf_add(b, two, sizeof(two));
}

/* As ls does it: the year instead of the time when it is over six months away. */
/* Of events there are many in a second. */
static bool local_time(time_t t, struct tm *ret)
{
	static struct tm last;
	static time_t when;
	static bool known;

	if (!known || when != t)
		known = localtime_r(&t, &last);
	when = t;
	*ret = last;
	return known;
}

static void put_micro(struct buf *b, const struct tm *tm, uint32_t us)
{
	put_two(b, tm->tm_hour);
	buf_char(b, ':');
	put_two(b, tm->tm_min);
	buf_char(b, ':');
	put_two(b, tm->tm_sec);
	buf_char(b, '.');
	put_two(b, (int)(us / 10000));
	put_two(b, (int)(us / 100 % 100));
	put_two(b, (int)(us % 100));
}

static void put_time(struct buf *b, const struct cell *cell, bool full, bool clock)
{
	static int64_t now;
	struct tm tm;

	if (!now)
		now = time(NULL);
	if (!local_time((time_t)cell->i, &tm)) {
		buf_addf(b, "%lld", (long long)cell->i);
		return;
	}
	if (clock && !full) {
		put_micro(b, &tm, cell->nsec / 1000);
		return;
	}
	if (full) {
		char zone[16];

		strftime(zone, sizeof(zone), "%z", &tm);
		buf_addf(b, "%04ld-%02d-%02d %02d:%02d:%02d.%09u %s", tm.tm_year + 1900L,
			 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
			 cell->nsec, zone);
		return;
	}
	buf_add(b, months[tm.tm_mon], 3);
	buf_char(b, ' ');
	buf_char(b, tm.tm_mday < 10 ? ' ' : (char)('0' + tm.tm_mday / 10));
	buf_char(b, (char)('0' + tm.tm_mday % 10));
	buf_char(b, ' ');
	if (cell->i <= now && now - cell->i < HALF_YEAR_S) {
		put_two(b, tm.tm_hour);
		buf_char(b, ':');
		put_two(b, tm.tm_min);
	} else {
		buf_addf(b, "%5ld", tm.tm_year + 1900L);
	}
}

void text_json_time(struct buf *b, const struct cell *cell)
{
	time_t t = (time_t)cell->i;
	struct tm tm;

	/* RFC 3339 has four digits for the year */
	if (!gmtime_r(&t, &tm) || tm.tm_year < -1900 || tm.tm_year > 9999 - 1900) {
		buf_str(b, "null");
		return;
	}
	buf_addf(b, "\"%04d-%02d-%02dT%02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1,
		 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
	if (cell->nsec)
		buf_addf(b, ".%09u", cell->nsec);
	buf_str(b, "Z\"");
}

void text_json_seconds(struct buf *b, int64_t ns)
{
	uint64_t n = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;

	buf_addf(b, "%s%llu.%09llu", ns < 0 ? "-" : "", (unsigned long long)(n / NS_PER_S),
		 (unsigned long long)(n % NS_PER_S));
	while (b->bytes[b->len - 1] == '0')
		b->len--;
	if (b->bytes[b->len - 1] == '.')
		b->len--;
}

static void put_clock(struct buf *b, uint64_t s)
{
	if (s >= 86400)
		buf_addf(b, "%llu-", (unsigned long long)(s / 86400));
	buf_addf(b, "%02u:%02u:%02u", (unsigned int)(s / 3600 % 24), (unsigned int)(s / 60 % 60),
		 (unsigned int)(s % 60));
}

static void put_duration(struct buf *b, int64_t ns, bool clock)
{
	if (clock)
		put_clock(b, (uint64_t)ns / NS_PER_S);
	else if (ns < 1000000)
		buf_addf(b, "%.3g us", (double)ns / 1e3);
	else if (ns < 1000000000)
		buf_addf(b, "%.3g ms", (double)ns / 1e6);
	else
		buf_addf(b, "%.3f s", (double)ns / 1e9);
}

void text_human(struct buf *b, uint64_t n)
{
	static const char units[] = "KMGTPE";
	unsigned int unit = 0;
	uint64_t tenths;

	if (n < 1024) {
		buf_u64(b, n);
		return;
	}
	while (unit < 5 && n >> (10 * (unit + 1)) >= 1024)
		unit++;
	n = (n + ((1ull << (10 * unit)) - 1)) >> (10 * unit);	/* in the next smaller unit */
	tenths = (n * 10 + 1023) / 1024;
	if (tenths < 100)
		buf_addf(b, "%u.%u%c", (unsigned int)tenths / 10, (unsigned int)tenths % 10,
			 units[unit]);
	else
		buf_addf(b, "%u%c", (unsigned int)((tenths + 9) / 10), units[unit]);
}

static void put_id(struct buf *b, uint64_t id, const struct map *names, bool numeric)
{
	const char *name = numeric ? NULL : map_get(names, id + 1);

	if (name)
		esc_text(b, name, strlen(name), ESC_NAME);
	else
		buf_u64(b, id);
}

static enum esc_mode mode_of(const struct col *c)
{
	return c->flags & COL_CODE ? ESC_CODE : ESC_NAME;
}

static void put_list(struct buf *b, const struct col *c, const struct cell *cell)
{
	struct bytes rest = cell->s, item;
	bool first = true;

	for (; list_next(&rest, &item); first = false) {
		if (!first)
			buf_char(b, ' ');
		esc_text(b, item.p, item.len, mode_of(c));
	}
}

static void put_number(struct buf *b, const struct col *c, const struct cell *cell,
		       const struct text_style *s)
{
	switch (c->type) {
	case COL_I64:
		buf_addf(b, "%lld", (long long)cell->i);
		break;
	case COL_SIZE:
		if (s->layout->human)
			text_human(b, cell->u);
		else
			buf_u64(b, cell->u);
		break;
	case COL_HEX:
		buf_addf(b, "0x%llx", (unsigned long long)cell->u);
		break;
	case COL_BOOL:
		buf_str(b, cell->u ? "yes" : "no");
		break;
	default:
		buf_u64(b, cell->u);
	}
}

/* Of escaped text. Wide characters in user names and lists are taken as one column. */
static size_t characters(const char *p, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++)
		n += ((unsigned char)p[i] & 0xc0) != 0x80;
	return n;
}

size_t text_cell(struct buf *b, const struct col *c, const struct cell *cell,
		 const struct text_style *s)
{
	size_t start = b->len;

	if (!cell->set) {
		if (!(c->flags & COL_GLUE))
			buf_char(b, '-');
		return b->len - start;
	}
	switch (c->type) {
	case COL_STR:
	case COL_BYTES:
		esc_text(b, cell->s.p, cell->s.len, mode_of(c));
		if (c->flags & COL_CODE)
			break;
		return esc_width(cell->s.p, cell->s.len);
	case COL_UID:
		put_id(b, cell->u, s->users, s->layout->numeric);
		break;
	case COL_GID:
		put_id(b, cell->u, s->groups, s->layout->numeric);
		break;
	case COL_TIME:
		put_time(b, cell, s->layout->full_time, c->flags & COL_CLOCK);
		break;
	case COL_DUR:
		put_duration(b, cell->i, c->flags & COL_CLOCK);
		break;
	case COL_LIST:
		put_list(b, c, cell);
		break;
	case COL_ROWS:
		buf_u64(b, cell->count);
		break;
	default:
		put_number(b, c, cell, s);
	}
	return characters(b->bytes + start, b->len - start);
}

bool text_right(const struct col *c)
{
	return (c->flags & COL_RIGHT) || c->type == COL_U64 || c->type == COL_I64 ||
		c->type == COL_SIZE || c->type == COL_HEX || c->type == COL_DUR;
}

const char *text_paint(uint64_t paint)
{
	static const char *const sgr[] = {
		[PAINT_DIR] = "\033[1;34m", [PAINT_LINK] = "\033[1;36m",
		[PAINT_EXEC] = "\033[1;32m", [PAINT_SPECIAL] = "\033[1;33m",
		[PAINT_BAD] = "\033[1;31m", [PAINT_SETID] = "\033[37;41m",
	};

	return paint < sizeof(sgr) / sizeof(sgr[0]) ? sgr[paint] : NULL;
}
