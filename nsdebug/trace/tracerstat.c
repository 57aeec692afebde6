/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tracerstat - what the kernel counts of a tracer's programs.
 */
#include <string.h>
#include <unistd.h>

#include "nsdebug/base/str.h"
#include "nsdebug/trace/tracer.h"

/* What the kernel says of a program, by its fdinfo. */
static uint64_t stat_of(int stats, const char *key)
{
	char text[1024], *at;
	ssize_t n = stats < 0 ? -1 : pread(stats, text, sizeof(text) - 1, 0);
	const char *p;
	uint64_t count;

	if (n <= 0)
		return 0;
	text[n] = '\0';
	at = strstr(text, key);
	if (!at)
		return 0;
	p = at + strlen(key);
	p += strspn(p, " \t");
	return scan_u64(&p, &count) ? count : 0;
}

uint64_t tracer_misses(const struct tracer *t)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < t->count; i++)
		sum += stat_of(t->stats[i], "recursion_misses:");
	return sum;
}

uint64_t tracer_programs_ns(const struct tracer *t)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < t->count; i++)
		sum += stat_of(t->stats[i], "run_time_ns:");
	return sum;
}
