/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock - the clocks of the machine and the times of others, in nanoseconds.
 */
#ifndef NSDEBUG_BASE_CLOCK_H
#define NSDEBUG_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#define NS_PER_S 1000000000ull
#define NS_PER_MS 1000000ull

static inline uint64_t clock_of(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* Since 1970, of a time that anybody may have written: the first or the last one that there is if
 * it does not fit. */
static inline int64_t time_ns(int64_t sec, uint32_t nsec)
{
	int64_t ns;

	if (__builtin_mul_overflow(sec, (int64_t)NS_PER_S, &ns) ||
	    __builtin_add_overflow(ns, (int64_t)nsec, &ns))
		return sec < 0 ? INT64_MIN : INT64_MAX;
	return ns;
}

static inline uint64_t clock_ns(void)
{
	return clock_of(CLOCK_MONOTONIC);
}

#endif
